"""The lab as a whole: everything started together, reached through one map, and stopped together.

Nothing leaves 127.0.0.1, and no port below 1024 is needed: clients dial documentation addresses (RFC 5737,
RFC 3849), and `net.dial.MappedDialer` leads them to free ports here.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.access_server import AccessServer
from waxseal.lab.behaviour import Behaviour
from waxseal.lab.ca import CertificateAuthority, pem
from waxseal.lab.dns_server import DnsServer
from waxseal.lab.domains import LabDomain, all_domains
from waxseal.lab.domains.table import AddressPlan
from waxseal.lab.listener import Listener
from waxseal.lab.published import BOGUS_NAME, dns_tree, web_hosts
from waxseal.lab.smtp_server import SmtpServer
from waxseal.lab.sts_host import StsHost
from waxseal.lab.tls import speaks_old_versions
from waxseal.lab.web import WebHost
from waxseal.net.dial import REFUSED, MappedDialer

if TYPE_CHECKING:
    from waxseal.net.clock import Clock
    from waxseal.net.network import Network

NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
"""Where all servers of the lab are, as far as its clients know."""
ROOT_FILE = "root.pem"
DIAL_MAP_FILE = "dial-map.json"
ANCHOR_FILE = "root.ds"
_STORE_NAME = "lab"
# Nothing is lost on loopback; but client and server share a process, which may be busy for a while.
_DNS_TIMEOUT_S = 3.0
_FIRST_SITE = 230


class LabWorld:
    """The simulated mail world.

    Args:
        domains: What is in it; None for the whole table, as far as this machine's OpenSSL can play it.
        now: The moment around which certificates are dated; None for the present.

    Attributes:
        domains: What is in it.
        time: The moment around which certificates are dated; aware UTC.
        dial_map: ``(address, port)`` as DNS says it, to the place on loopback or a word of ``net.dial``;
            complete once started.
        dns: The DNS server.
        servers: Every listening server, by the first address and port that lead to it.
    """

    def __init__(self, domains: tuple[LabDomain, ...] | None = None, now: datetime | None = None) -> None:
        self.domains = all_domains(old_tls=speaks_old_versions()) if domains is None else domains
        self.time = (now or datetime.now(UTC)).replace(microsecond=0)
        self.dial_map: dict[tuple[str, int], tuple[str, int] | str] = {}
        self.servers: dict[tuple[str, int], Listener] = {}
        self._ca = CertificateAuthority(self.time)
        self._sites = _placed(site for domain in self.domains for site in web_hosts(domain))
        self.dns = DnsServer(dns_tree(self.domains, self._sites, self._ca, self.time))

    @property
    def dns_address(self) -> str:
        """Where the lab's DNS answers, ``127.0.0.1:port``."""
        return self.dns.address

    @property
    def dns_anchor(self) -> str:
        """The DS record of the root zone: what a validator of the lab's DNS starts from."""
        return self.dns.zone.anchor

    @property
    def root_pem(self) -> bytes:
        """The root to trust."""
        return pem(self._ca.root_der)

    @property
    def roots_der(self) -> tuple[bytes, ...]:
        """The roots to trust: one."""
        return (self._ca.root_der,)

    async def start(self) -> None:
        """Start every server.

        Raises:
            ValueError: Two servers are at one address and port.
            OSError: No free port, or too many open files.
        """
        try:
            await self.dns.start()
            for domain in self.domains:
                for server in domain.servers:
                    if isinstance(server.behaviour, str):
                        self._lead(server.addresses, server.port, server.behaviour)
                    else:
                        listener = self._server(server.behaviour, server.addresses)
                        self._open(server.addresses, server.port, listener)
            self._open_sites()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop every server. May be called twice."""
        await asyncio.gather(*(server.stop() for server in self.servers.values()))
        await self.dns.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def network(self, clock: "Clock | None" = None) -> "Network":
        """The lab as the outside world of a run.

        Args:
            clock: Tells the time of the run; None for this machine's.
        """
        from waxseal.lab.validation import LabValidation
        from waxseal.net.clock import SystemClock
        from waxseal.net.dns import DnsClient
        from waxseal.net.guard import AddressGuard
        from waxseal.net.network import Network
        from waxseal.trust.anchors import RootStore

        return Network(
            resolver=DnsClient(servers=(self.dns_address,), timeout_s=_DNS_TIMEOUT_S, attempts=1),
            roots=RootStore(roots=self.roots_der, name=_STORE_NAME),
            dialer=MappedDialer(self.dial_map),
            guard=AddressGuard(allowed=NETWORKS),
            clock=clock or SystemClock(),
            validation=LabValidation(BOGUS_NAME, _DNS_TIMEOUT_S),
        )

    def save(self, folder: Path) -> None:
        """Write what another process needs to take part: both roots and the dial map.

        Raises:
            OSError: The folder is not there, or cannot be written to.
        """
        (folder / ROOT_FILE).write_bytes(self.root_pem)
        (folder / ANCHOR_FILE).write_text(self.dns_anchor + "\n", encoding="ascii")
        table = {
            _place(*key): place if isinstance(place, str) else _place(*place)
            for key, place in self.dial_map.items()
        }
        (folder / DIAL_MAP_FILE).write_text(json.dumps(table, indent=1) + "\n", encoding="ascii")

    def _server(self, behaviour: Behaviour | AccessBehaviour, addresses: tuple[str, ...]) -> Listener:
        """A mail server. It takes mail for the domains whose MX records name it, and for its addresses."""
        if isinstance(behaviour, AccessBehaviour):
            return AccessServer(behaviour, self._ca)
        named = (record for domain in self.domains for record in domain.records if record.rdtype == "MX")
        end = f" {behaviour.host}."
        literals = (f"[IPv6:{address}]" if ":" in address else f"[{address}]" for address in addresses)
        domains = (record.name for record in named if record.rdata.endswith(end))
        return SmtpServer(behaviour, self._ca, (*literals, *domains))

    def _open_sites(self) -> None:
        """One listener for each pair of addresses that HTTPS hosts are at."""
        by_addresses: dict[tuple[str, ...], list[WebHost]] = defaultdict(list)
        for site, addresses in self._sites.items():
            by_addresses[addresses].append(site)
        for addresses, sites in by_addresses.items():
            if sites[0].word:
                self._lead(addresses, 443, sites[0].word)
            else:
                self._open(addresses, 443, StsHost(sites, self._ca))

    def _open(self, addresses: tuple[str, ...], port: int, server: Listener) -> None:
        self._lead(addresses, port, REFUSED)
        server.start()
        self.servers[addresses[0], port] = server
        self.dial_map.update(dict.fromkeys(((address, port) for address in addresses), server.place))

    def _lead(self, addresses: tuple[str, ...], port: int, word: str) -> None:
        for address in addresses:
            if (address, port) in self.dial_map:
                raise ValueError(f"two servers of the lab are at {_place(address, port)}")
            self.dial_map[address, port] = word


def _placed(sites: Iterable[WebHost]) -> dict[WebHost, tuple[str, ...]]:
    """Where each HTTPS host is: all that can share one pair of addresses do."""
    plan = AddressPlan(1, first=_FIRST_SITE)
    shared = plan.pair()
    return {site: plan.pair() if site.alone else shared for site in dict.fromkeys(sites)}


def _place(address: str, port: int) -> str:
    """``192.0.2.1:25`` or ``[2001:db8::1]:25``."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
