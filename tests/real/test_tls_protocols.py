"""``waxseal tls`` and Dovecot in every protocol that it speaks: to the end, and a polite farewell."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import program
from tests.cli.tls_server import CA, HOST, ORDER, write_root
from tests.net.loopback import LOOPBACK, free_port
from tests.real.packages import UnavailableError, fetch
from tests.real.sandbox import FILES, Sandbox, StartError, require_sandbox

pytestmark = pytest.mark.real
PACKAGES = ("dovecot-core", "dovecot-imapd", "dovecot-pop3d", "dovecot-managesieved", "dovecot-lmtpd")
PROTOCOLS = ("imap", "pop3", "sieve", "lmtp")
SERVICES = {"imap": "imap-login", "pop3": "pop3-login", "sieve": "managesieve-login", "lmtp": "lmtp"}
START = f"""set -eu
mkdir -p /etc/dovecot/private /var/lib/dovecot
cp -R /usr/share/dovecot/*.conf /usr/share/dovecot/*.ext /usr/share/dovecot/conf.d /etc/dovecot/
echo 'protocols = $protocols imap pop3 lmtp sieve' >/usr/share/dovecot/protocols.d/all.protocol
cp {FILES}/tls/server.pem /etc/dovecot/private/dovecot.pem
cp {FILES}/tls/server.pem /etc/dovecot/private/dovecot.key
exec dovecot -F
"""


def configuration(ports: dict[str, int]) -> str:
    held = f"<{FILES}/tls/server.pem"
    lines = ["log_path = /dev/stderr", "ssl = yes"]
    lines += [f"ssl_cert = {held}", f"ssl_key = {held}", "login_greeting = ready"]
    for protocol, port in ports.items():
        listener = f"inet_listener {protocol} {{\n address = {LOOPBACK}\n port = {port}\n }}"
        lines.append(f"service {SERVICES[protocol]} {{\n {listener}\n}}")
        if protocol in {"imap", "pop3"}:
            lines.append(
                f"service {SERVICES[protocol]} {{\n inet_listener {protocol}s {{\n port = 0\n }}\n}}"
            )
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    folder = tmp_path_factory.mktemp("tls")
    (folder / "server.pem").write_bytes(CA.leaf(ORDER.leaves[0]).pem())
    ports = {protocol: free_port() for protocol in PROTOCOLS}
    try:
        require_sandbox()
        tree = fetch(PACKAGES)
    except UnavailableError as error:
        pytest.skip(str(error))
    if not tree.upstream_version("dovecot-core").startswith("2.3."):
        pytest.skip("another configuration language than that of Dovecot 2.3")
    files = {"etc/dovecot/local.conf": configuration(ports), "start": START}
    sandbox = Sandbox(tree, HOST, ("dovecot", "dovenull"), files, {"tls": folder})
    try:
        sandbox.wait_until_listening([(LOOPBACK, port) for port in ports.values()])
        yield ports
    except StartError as error:
        pytest.fail(str(error))
    finally:
        sandbox.close()


def look(port: int, protocol: str, root: Path, *more: str) -> dict[str, Any]:
    place = ["--connect", f"{LOOPBACK}:{port}", "--roots", str(root), "--verify", "--json"]
    ran = program("tls", HOST, "--starttls", protocol, *place, *more)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_every_protocol(dovecot: dict[str, int], tmp_path: Path, protocol: str, version: str) -> None:
    began = time.monotonic()
    document = look(dovecot[protocol], protocol, write_root(tmp_path), "--versions", version, "--resume")
    assert document["handshake"]["version"] == f"TLSv{version}"
    assert document["chain"]["name_matches"] is True
    assert document["dialogue"][-1]["sender"] == "S"
    assert document["resumption"]["ended"]["cause"] == "completed"
    assert time.monotonic() - began < 15
