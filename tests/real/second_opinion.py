"""What Postfix and OpenSSL themselves make of a server with TLSA records.

`posttls-finger` is Postfix's own SMTP client without the mail: it looks up MX, addresses and TLSA records,
walks the hosts, and verifies as smtp(8) would. It runs in a sandbox whose resolver is the validating Unbound.
Ports 53 and 25 are relayed octet by octet on loopback addresses of their own, so that it needs no setting
that a user would not have.
"""

from __future__ import annotations

import re
import select
import socket
import socketserver
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from .packages import fetch
from .postfix import RECIPE
from .sandbox import Sandbox
from .signed_world import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .servers import RealServer
    from .signed_world import World

Place = tuple[str, int]

_LIMIT_S = 60.0
_ENDED = "the daemon ended with status"  # the sandbox's own word
_CIPHERS = {"": "", "rsa": "-p '>=TLSv1.2:<=TLSv1.2' -o tls_medium_cipherlist=aRSA"}


class Decision(Enum):
    """What smtp(8) does with a message at security level ``dane``."""

    VERIFIED = "delivers, server verified by DANE"
    REFUSED = "does not deliver here"
    UNAUTHENTICATED = "TLS is mandatory, the server is not authenticated"
    OPPORTUNISTIC = "DANE does not apply"


@dataclass(frozen=True)
class Opinion:
    """One run of posttls-finger at each of the levels ``dane`` and ``dane-only``.

    Attributes:
        decision: At level ``dane``.
        said: Everything that both wrote.
    """

    decision: Decision
    said: str


def ask_postfix(world: World, domain: str = DOMAIN, certificate: str = "") -> Opinion:
    """Let posttls-finger look at a domain's mail hosts.

    Args:
        world: Where.
        domain: Next hop.
        certificate: ``rsa`` for a client that takes RSA certificates alone.

    Raises:
        UnavailableError: Postfix or the sandbox cannot be had here.
    """
    command = f"posttls-finger -c -t 5 -T 5 {_CIPHERS[certificate]} -L summary,certmatch"
    start = f"{command} -l dane {domain} || true\necho ----\nexec {command} -l dane-only {domain}\n"
    with ExitStack() as stack:
        resolver = stack.enter_context(_port_53(world))
        stack.enter_context(_relay(_Stream, (world.server.host, 25), (world.server.host, world.server.port)))
        sandbox = Sandbox(
            fetch(RECIPE.packages),
            "probe.test",
            RECIPE.accounts,
            {
                "etc/resolv.conf": f"nameserver {resolver}\noptions timeout:3 attempts:2\n",
                "etc/postfix/main.cf": "compatibility_level = 3.6\ninet_protocols = ipv4\n",
                "etc/postfix/dynamicmaps.cf": "",
                "start": start,
            },
            {},
        )
        stack.callback(sandbox.close)
        until = time.monotonic() + _LIMIT_S
        while _ENDED not in sandbox.log:
            assert time.monotonic() < until, f"posttls-finger does not end: {sandbox.log}"
            time.sleep(0.05)
        said = sandbox.log
    return Opinion(_decision(said), said)


def _decision(said: str) -> Decision:
    """Read off both runs; `dane-only` tells whether DANE applies, `dane` what comes of it."""
    first, _, second = said.partition("----")
    if "Verified TLS connection established" in first:
        return Decision.VERIFIED
    if re.search(r"no TLSA records found|non DNSSEC destination|no DNSSEC", second):
        return Decision.OPPORTUNISTIC
    if "no usable TLSA records" in first:
        return Decision.UNAUTHENTICATED
    return Decision.REFUSED


_SIGNATURES = {
    "": (),
    "rsa": ("-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"),
    "ec": ("-sigalgs", "ECDSA+SHA256"),
}


def openssl_verifies(
    server: RealServer, base: str, records: tuple[str, ...], certificate: str = ""
) -> tuple[bool, str]:
    """Whether OpenSSL authenticates the server by the records, and what it wrote.

    Args:
        server: Which.
        base: TLSA base domain; the one reference identifier for usage 2.
        records: In presentation form, at least one of them usable.
        certificate: Type of certificate to take: ``rsa``, ``ec``, or any.
    """
    command = ["openssl", "s_client", "-brief", "-starttls", "smtp", "-name", "probe.test"]
    command += ["-connect", f"{server.host}:{server.port}", "-servername", base]
    # (RFC 7672 §3.1.1) names do not count with usage 3.
    command += ["-dane_tlsa_domain", base, "-dane_ee_no_namechecks", *_SIGNATURES[certificate]]
    for record in records:
        command += ["-dane_tlsa_rrdata", record]
    done = subprocess.run(command, input="QUIT\r\n", capture_output=True, text=True, timeout=20, check=False)
    said = done.stdout + done.stderr
    assert "Verification" in said, said
    return "Verification: OK" in said, said


@contextmanager
def _port_53(world: World) -> Iterator[str]:
    """An address at whose port 53 the validator answers."""
    host, _, port = world.tree.validator.rpartition(":")
    address = f"{world.server.host.rpartition('.')[0]}.1"  # nobody else's: listeners have 2 and above
    with (
        _relay(_Datagram, (address, 53), (host, int(port))),
        _relay(_Stream, (address, 53), (host, int(port))),
    ):
        yield address


class _Datagram(socketserver.BaseRequestHandler):
    """One query and its answer."""

    def handle(self) -> None:
        assert isinstance(self.server, _Datagrams)
        query, back = self.request
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as onward:
            onward.settimeout(5)
            onward.sendto(query, self.server.target)
            try:
                back.sendto(onward.recv(65535), self.client_address)
            except TimeoutError:
                pass


class _Stream(socketserver.BaseRequestHandler):
    """One connection, until either side ends it or is silent for half a minute."""

    def handle(self) -> None:
        assert isinstance(self.server, _Streams)
        near: socket.socket = self.request
        with socket.create_connection(self.server.target, 5) as far:
            other = {near: far, far: near}
            while ready := select.select([near, far], [], [], 30)[0]:
                for side in ready:
                    try:
                        octets = side.recv(65536)
                        other[side].sendall(octets)
                    except OSError:
                        return
                    if not octets:
                        return


class _Datagrams(socketserver.ThreadingUDPServer):
    daemon_threads = True
    target: Place


class _Streams(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    target: Place


@contextmanager
def _relay(handler: type[_Datagram | _Stream], at: Place, target: Place) -> Iterator[None]:
    server: _Datagrams | _Streams
    server = _Datagrams(at, handler) if handler is _Datagram else _Streams(at, handler)
    server.target = target
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
