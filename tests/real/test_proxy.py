"""Real proxies in front of a TLS server: microsocks (SOCKS5) and tinyproxy (CONNECT), with credentials."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.command import program
from tests.cli.tls_server import HOST, Served, serving
from tests.net.loopback import LOOPBACK, free_port
from tests.real.packages import UnavailableError, fetch

pytestmark = pytest.mark.real
USER, PASSWORD = "waxseal", "sesame"


@contextmanager
def running(package: str, binary: str, arguments: list[str], port: int) -> Iterator[None]:
    """A proxy from Debian, from its unpacked package, until the end of the block."""
    try:
        tree = fetch([package])
    except UnavailableError as error:
        pytest.skip(str(error))
    proxy = subprocess.Popen(
        [str(tree.root / binary), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as sock:
                if sock.connect_ex((LOOPBACK, port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        proxy.kill()
        proxy.wait(10)


@contextmanager
def microsocks(folder: Path) -> Iterator[str]:
    port = free_port()
    given = ["-i", LOOPBACK, "-p", str(port), "-u", USER, "-P", PASSWORD]
    with running("microsocks", "usr/bin/microsocks", given, port):
        yield f"socks5://{{}}127.0.0.1:{port}"


@contextmanager
def tinyproxy(folder: Path) -> Iterator[str]:
    port = free_port()
    file = folder / "tinyproxy.conf"
    file.write_text(f"Port {port}\nListen {LOOPBACK}\nBasicAuth {USER} {PASSWORD}\nMaxClients 10\n")
    with running("tinyproxy-bin", "usr/bin/tinyproxy", ["-d", "-c", str(file)], port):
        yield f"http://{{}}127.0.0.1:{port}"


def look(served: Served, proxy: str) -> "subprocess.CompletedProcess[bytes]":
    more = ["--sni", HOST, "--starttls", "smtp", "--proxy", proxy, "--json"]
    return program("tls", f"localhost:{served.port}", *more)


@pytest.mark.parametrize("kind", [microsocks, tinyproxy])
def test_handshake_through_a_real_proxy(tmp_path: Path, kind: object) -> None:
    assert callable(kind)
    with kind(tmp_path) as url, serving() as served:
        passed = look(served, url.format(f"{USER}:{PASSWORD}@"))
        assert passed.returncode == 0, passed.stdout
        assert b'"completed": true' in passed.stdout
        assert len(served.clients) == 1
        for wrong in (f"{USER}:wrong@", ""):
            refused = look(served, url.format(wrong))
            assert refused.returncode == 3
            assert b'"cause": "blocked-here"' in refused.stdout
            assert b"the proxy" in refused.stdout
            assert b"wrong" not in refused.stdout
        assert len(served.clients) == 1


def test_a_server_that_refuses_is_told_from_the_proxy(tmp_path: Path) -> None:
    with microsocks(tmp_path) as url:
        ran = program(
            "tls", f"127.0.0.1:{free_port()}", "--proxy", url.format(f"{USER}:{PASSWORD}@"), "--json"
        )
    assert ran.returncode == 3
    assert b'"cause": "refused"' in ran.stdout
