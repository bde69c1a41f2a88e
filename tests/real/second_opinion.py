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
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from .packages import UnavailableError, fetch
from .postfix import RECIPE
from .sandbox import Sandbox
from .signed_world import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .servers import RealServer
    from .signed_world import World

Place = tuple[str, int]

_LIMIT_S = 60.0
_ENDED = "the daemon ended with status"  # the sandbox's own word
_FINGER = "posttls-finger -t 5 -T 5 -L summary,certmatch"
_ONLY = "-p '>=TLSv1.2, <=TLSv1.2' -o tls_medium_cipherlist="
_CIPHERS = {"": "", "rsa": f"{_ONLY}aRSA", "ec": f"{_ONLY}aECDSA"}


class Decision(Enum):
    """What Postfix does with a message at security level ``dane``."""

    VERIFIED = "delivers to a server that DANE verifies"
    VERIFIED_HOST = "the same, but an unsigned MX record names the server"
    REFUSED = "does not deliver here"
    UNAUTHENTICATED = "insists on TLS, but authenticates nobody"
    OPPORTUNISTIC = "as without DANE"


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
        certificate: ``rsa`` or ``ec`` for a client that takes no others.

    Raises:
        UnavailableError: Postfix or the sandbox cannot be had here.
    """
    command = f"{_FINGER} {_CIPHERS[certificate]}"
    said = _run(world, f"{command} -l dane {domain} || true\necho ----\n{command} -l dane-only {domain}\n")
    return Opinion(_decision(said), said)


def postfix_delivers(world: World, names: tuple[str, ...], domain: str = DOMAIN) -> tuple[bool, str]:
    """Whether Postfix delivers at level ``secure``, which an enforced MTA-STS policy comes to.

    Args:
        world: Where.
        names: What the certificate may bear, as Postfix has it: ``.real.test`` for names below.
        domain: Next hop.
    """
    command = f"{_FINGER} -l secure -F /etc/root.pem {domain} {' '.join(names)}"
    said = _run(world, f"{command}\n")
    assert "TLS connection established" in said or re.search("< 250[ -]", said), said
    return "Verified TLS connection established" in said, said


def _run(world: World, start: str) -> str:
    """What a script writes that needs no more than posttls-finger."""
    return run_sandboxed(
        world,
        {
            "etc/postfix/main.cf": "compatibility_level = 3.6\ninet_protocols = ipv4\n",
            "etc/postfix/dynamicmaps.cf": "",
            "start": start,
        },
    )


def run_sandboxed(world: World, files: Mapping[str, str]) -> str:
    """Everything that Postfix writes, until its start script ends.

    Its resolver is the validator, and ``/etc/root.pem`` the root of the world's certificates.

    Raises:
        UnavailableError: Postfix or the sandbox cannot be had here.
    """
    system = {
        "etc/resolv.conf": f"nameserver {_resolver(world)}\noptions timeout:3 attempts:2\n",
        "etc/root.pem": world.server.root_pem.read_text(),
    }
    with ExitStack() as stack:
        stack.enter_context(_port_53(world))
        for server in (world.server, *world.others):
            stack.enter_context(_relay(_Stream, (server.host, 25), (server.host, server.port)))
        sandbox = Sandbox(fetch(RECIPE.packages), "probe.test", RECIPE.accounts, {**system, **files}, {})
        try:
            until = time.monotonic() + _LIMIT_S
            while _ENDED not in sandbox.log:
                assert time.monotonic() < until, f"it does not end: {sandbox.log}"
                time.sleep(0.05)
            return sandbox.log
        finally:
            sandbox.close()


def _decision(said: str) -> Decision:
    """Read it off both runs.

    ``dane-only`` tells, before it connects, whether DANE applies; where that is so, anything but a verified
    session means that smtp(8) does not deliver.
    """
    first, _, second = said.partition("----")
    assert _ENDED in second, said
    if "no TLSA records found, resorting to" in second:
        return Decision.OPPORTUNISTIC
    if "no usable TLSA records found, resorting to" in second:
        return Decision.UNAUTHENTICATED
    if "Verified TLS connection established" in first:
        return Decision.VERIFIED
    if "MX RRset insecure" in first and "Trusted TLS connection established" in first:
        return Decision.VERIFIED_HOST
    refused = (
        "Untrusted TLS connection established",
        "TLSA lookup error",
        "type=MX: Host not found, try again",
    )
    without_tls = re.search("< 250[ -]", first) and not re.search("< 250[ -]STARTTLS", first)
    assert without_tls or any(words in first for words in refused), said
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


def _resolver(world: World) -> str:
    """An address that is nobody else's: listeners have 2 and above at the end."""
    return f"{world.server.host.rpartition('.')[0]}.1"


@contextmanager
def _port_53(world: World) -> Iterator[None]:
    """The validator, at port 53 of `_resolver`."""
    host, _, port = world.tree.validator.rpartition(":")
    near, far = (_resolver(world), 53), (host, int(port))
    with _relay(_Datagram, near, far), _relay(_Stream, near, far):
        yield


class _Datagram(socketserver.BaseRequestHandler):
    """One query and its answer."""

    def handle(self) -> None:
        assert isinstance(self.server, _Datagrams)
        query, back = self.request
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as onward:
            onward.settimeout(5)
            onward.sendto(query, self.server.target)
            with suppress(TimeoutError):
                back.sendto(onward.recv(65535), self.client_address)


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
    try:
        server = _Datagrams(at, handler) if handler is _Datagram else _Streams(at, handler)
    except OSError as error:  # such as a daemon that holds the port on every address
        raise UnavailableError(f"{at[0]}:{at[1]} cannot be had: {error}") from error
    server.target = target
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
