"""Knot DNS with a signed zone, and Unbound that validates it, both on loopback ports of the kernel's choice.

Debian packages: knot, unbound. Without them the tests are skipped, but fail where CI is set.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

START_LIMIT_S = 20.0
STARTS = 5  # another process may take a port between its choice and its use


class NotStartedError(Exception):
    """A daemon ended, or did not answer in time; its log is the message."""


@dataclass(frozen=True)
class Servers:
    """The two servers, ``address:port`` each; `resolver_ipv6` is None where there is no ::1."""

    authority: str
    resolver: str
    resolver_ipv6: str | None


ZONE = """$ORIGIN {zone}.
$TTL 300
@ SOA ns root 1 3600 600 86400 60
@ NS ns
@ A 192.0.2.80
@ MX 20 mx2
@ MX 10 mx1
ns A 127.0.0.1
mx1 A 192.0.2.1
mx1 AAAA 2001:db8::1
mx2 A 192.0.2.2
alias CNAME alias2
alias2 CNAME mx1
old DNAME {zone}.
loop CNAME loop2
loop2 CNAME loop
gone CNAME nothing-here
outside CNAME www.example.net.
"""

KNOT = """
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
    udp-max-payload: 1232
database:
    storage: "{folder}"
log:
  - target: stdout
    any: info
policy:
  - id: signed
    algorithm: ecdsap256sha256
template:
  - id: default
    storage: "{folder}"
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: changes
    dnssec-signing: on
    dnssec-policy: signed
zone:
  - domain: example.test
  - domain: bogus.test
"""

UNBOUND = """
server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 1
    num-threads: 1
    so-reuseport: no
    interface: 127.0.0.1@{port}
    {ipv6}
    do-not-query-localhost: no
    harden-referral-path: no
    qname-minimisation: no
    ede: yes
    edns-buffer-size: 1232
    max-udp-size: 1232
    local-zone: "test." nodefault
    trust-anchor-file: "{folder}/anchors"
stub-zone:
    name: "example.test"
    stub-addr: 127.0.0.1@{authority}
stub-zone:
    name: "bogus.test"
    stub-addr: 127.0.0.1@{authority}
remote-control:
    control-enable: no
"""


def _program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is not None:
        return path
    message = f"{name} is not installed"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def _free_port() -> int:
    """A port that is free for UDP and TCP."""
    while True:
        with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            stream.bind(("127.0.0.1", 0))
            try:
                datagram.bind(stream.getsockname())
            except OSError:
                continue
            return int(stream.getsockname()[1])


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


@contextmanager
def _daemon(command: list[str], port: int, log: Path) -> Iterator[None]:
    """The daemon, from the time at which it answers for example.test."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        query = dns.message.make_query("example.test", "SOA")
        limit = time.monotonic() + START_LIMIT_S
        while True:
            try:
                if dns.query.udp(query, "127.0.0.1", 0.5, port).answer:
                    break
            except (OSError, dns.exception.DNSException):
                pass
            if process.poll() is not None or time.monotonic() > limit:
                raise NotStartedError(f"{command[0]}:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _start(stack: ExitStack, command: Callable[[int], list[str]], log: Path) -> int:
    """Start a daemon on a free port, which `command` is made for, and give the port."""
    problem = ""
    for _ in range(STARTS):
        port = _free_port()
        try:
            stack.enter_context(_daemon(command(port), port, log))
        except NotStartedError as error:
            problem = str(error)
        else:
            return port
    return pytest.fail(f"does not start: {problem}")


def _anchor(config: Path, zone: str) -> str:
    """The DS record of the zone's key."""
    shown = subprocess.run(
        [_program("keymgr"), "-c", str(config), zone, "ds"], check=True, capture_output=True, text=True
    )
    return next(line for line in shown.stdout.splitlines() if " 13 2 " in line)


@contextmanager
def real_servers() -> Iterator[Servers]:
    """Both servers, running; skips where one of them is not installed."""
    knotd, unbound = _program("knotd"), _program("unbound")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="waxseal-dns-")))
        for zone in ("example.test", "bogus.test"):
            text = ZONE.format(zone=zone)
            if zone == "example.test":
                text += "".join(f'big TXT "{number:02d} {"x" * 60}"\n' for number in range(60))
            (folder / f"{zone}.zone").write_text(text)
        config = folder / "knot.conf"

        def knot_on(port: int) -> list[str]:
            config.write_text(KNOT.format(folder=folder, port=port))
            return [knotd, "-c", str(config)]

        authority = _start(stack, knot_on, folder / "knot.log")
        # A wrong digest makes whatever the zone says bogus.
        right = _anchor(config, "example.test")
        wrong = _anchor(config, "bogus.test")
        wrong = wrong[:-8] + ("0" * 8 if wrong[-8:] != "0" * 8 else "1" * 8)
        (folder / "anchors").write_text(f"{right}\n{wrong}\n")
        ipv6 = _has_ipv6()

        def unbound_on(port: int) -> list[str]:
            interface = f"interface: ::1@{port}" if ipv6 else "do-ip6: no"
            text = UNBOUND.format(folder=folder, port=port, authority=authority, ipv6=interface)
            (folder / "unbound.conf").write_text(text)
            return [unbound, "-d", "-c", str(folder / "unbound.conf")]

        resolver = _start(stack, unbound_on, folder / "unbound.log")
        yield Servers(
            f"127.0.0.1:{authority}", f"127.0.0.1:{resolver}", f"[::1]:{resolver}" if ipv6 else None
        )
