"""A signed private DNS tree around one real mail server, with an MTA-STS policy host, all on loopback.

`signed_world` starts the tree of ``tests.net.real_tree`` (Knot DNS, and an Unbound that validates it from its
own root) for one situation: the zone of the server's name, and what stands around it. waxseal then runs as
it does for a user, with port 25 and 443 led to the real ports. TLSA data is computed here from the
certificates by `cryptography`, not by what is tested.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.net.real_tree import Leaf, State, Tree, real_tree
from waxseal.api import Result, check
from waxseal.checks.api import Verdict
from waxseal.net.dial import MappedDialer
from waxseal.net.dns import DnsClient
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.roots import load_roots
from waxseal.net.validation import SystemValidation
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cryptography import x509

    from .pki import Identity
    from .servers import RealServer

DOMAIN = "real.test"
"""The mail domain of most situations; its zone holds the server's name (``servers.HOST_NAME``) too."""
POLICY_HOST = f"mta-sts.{DOMAIN}"
BOGUS = "never-holds"
"""A zone that is bogus in every tree, to try the validator with."""
SETTINGS = ProbeSettings(ehlo_name="probe.test", depth=Depth.GRADE, authentication=False)
REPORTS = '_smtp._tls 300 TXT "v=TLSRPTv1; rua=mailto:reports@example.test"\n'
"""For the zone of a mail domain; the tree has a zone of that name."""
_SOFTWARE = "tls/"
_LOOPBACK = ("dns/ipv6-missing", "dns/reverse-name-missing")
"""What is always found in such a world, and is about the server's software or about loopback addresses."""


def association(certificate: x509.Certificate, selector: int, matching_type: int) -> bytes:
    """The certificate association data (RFC 6698 §2.1.4)."""
    if selector == 0:
        octets = certificate.public_bytes(Encoding.DER)
    else:
        octets = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if matching_type == 0:
        return octets
    return hashlib.sha256(octets).digest() if matching_type == 1 else hashlib.sha512(octets).digest()


def tlsa(certificate: x509.Certificate, parameters: str = "3 1 1") -> str:
    """The record's data in presentation form; parameters are ``usage selector matching-type``."""
    _, selector, matching_type = map(int, parameters.split())
    return f"{parameters} {association(certificate, selector, matching_type).hex()}"


@dataclass
class PolicySite:
    """What the MTA-STS policy host serves, over TLS on a loopback port.

    Attributes:
        identity: Its certificate.
        body: The policy.
        asked: ``method path host`` of each request so far.
    """

    identity: Identity
    body: bytes
    asked: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """One situation, running.

    Attributes:
        tree: The DNS servers.
        server: The mail server that `DOMAIN` leads to.
        policy_port: Where the policy host listens on 127.0.0.1; 0 for nowhere.
        others: Mail servers at further addresses.
    """

    tree: Tree
    server: RealServer
    policy_port: int = 0
    others: tuple[RealServer, ...] = ()

    @property
    def dial_map(self) -> dict[tuple[str, int], tuple[str, int] | str]:
        """Where the ports that mail and policies are found at really are."""
        table: dict[tuple[str, int], tuple[str, int] | str] = {
            (one.host, 25): (one.host, one.port) for one in (self.server, *self.others)
        }
        if self.policy_port:
            table["127.0.0.1", 443] = ("127.0.0.1", self.policy_port)
        return table

    @property
    def network(self) -> Network:
        """waxseal's outside world; its resolver has still to prove that it validates."""
        return Network(
            resolver=DnsClient([self.tree.validator]),
            roots=load_roots(str(self.server.root_pem)),
            dialer=MappedDialer(self.dial_map),
            guard=AddressGuard(["127.0.0.0/8"]),
            validation=SystemValidation(bogus_name=f"{BOGUS}.test", libraries=()),
        )

    def check(self, target: str = DOMAIN, settings: ProbeSettings = SETTINGS) -> Result:
        """What ``waxseal check`` gives of a target."""
        return asyncio.run(check(target, network=self.network, settings=settings))


def mail_zone(server: RealServer, records: str = "", state: State = State.SECURE) -> Leaf:
    """The zone of `DOMAIN`: one MX, the server's own name, and the records given."""
    label = server.name.removesuffix(f".{DOMAIN}")
    text = f"@ 300 MX 10 {label}\n{label} 300 A {server.host}\n{REPORTS}{records}"
    return Leaf(DOMAIN.removesuffix(".test"), state, text)


def tlsa_records(*data: str, base: str = "mx") -> str:
    """TLSA records for port 25, in master file form."""
    return "".join(f"_25._tcp.{base} 300 TLSA {one}\n" for one in data)


@contextmanager
def signed_world(
    server: RealServer,
    leaves: Sequence[Leaf],
    site: PolicySite | None = None,
    others: tuple[RealServer, ...] = (),
) -> Iterator[World]:
    """The situation, until the end of the block; skips where Knot DNS or Unbound are not installed."""
    with ExitStack() as stack:
        port = stack.enter_context(_serving(site)) if site is not None else 0
        probe = Leaf(BOGUS, State.WRONG_DS, "@ 300 A 192.0.2.1\n")
        yield World(stack.enter_context(real_tree((*leaves, probe))), server, port, others)


@contextmanager
def _serving(site: PolicySite) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            site.asked.append(f"GET {self.path} {self.headers.get('Host')}")
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(site.body)))
            self.end_headers()
            self.wfile.write(site.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(site.identity.chain_pem, site.identity.key_pem)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


Findings = set[tuple[str, Verdict]]


def judged(result: Result, *verdicts: Verdict) -> Findings:
    """Each finding of the first target by check and verdict, what such a world always gives left out."""
    (report,) = result.reports
    crashed = [finding.check for finding in report.findings if finding.crashed]
    assert not crashed, f"checks crashed: {crashed}"
    return {
        (finding.check, finding.verdict)
        for finding in report.findings
        if finding.verdict in verdicts
        and not finding.check.startswith(_SOFTWARE)
        and finding.check not in _LOOPBACK
    }


def complaints(result: Result) -> Findings:
    """What waxseal objects to."""
    return judged(result, Verdict.WARN, Verdict.FAIL)
