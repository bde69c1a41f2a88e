"""The form of a lab domain, and the builders with which the tables are written.

One domain has one fault, so that a wrong finding shows; whatever is not said of it is sound: MX host with
IPv4 and IPv6 address, reverse names that lead back, the same name in greeting and EHLO answer, a certificate
from the lab's root, TLS 1.2 and 1.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from waxseal.checks.verdict import Verdict
from waxseal.facts import MailProtocol
from waxseal.grading.seal import State
from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.behaviour import Behaviour
from waxseal.lab.orders import LeafOrder, TlsaOrder, TlsOrder
from waxseal.lab.web import WebHost
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName, host_records, text_records

SPF = "v=spf1 mx -all"
DMARC = "v=DMARC1; p=reject; rua=mailto:dmarc@{domain}"
NONE_PUBLISHED = "policy/none-published"
"""The check that fires wherever mail is taken and nothing is published that would make senders use TLS."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What waxseal should say of a domain that is checked alone.

    Attributes:
        findings: Check id and verdict of exactly the WARN and FAIL findings.
        inconclusive: Check ids that must be among the INCONCLUSIVE ones: those that name the cause.
        sentence: The state that the headline tells.
    """

    sentence: State
    findings: frozenset[tuple[str, Verdict]] = frozenset()
    inconclusive: frozenset[str] = frozenset()

    def and_warns(self, *checks: str) -> "Expected":
        """The same, and WARN of these checks."""
        more = frozenset((check, Verdict.WARN) for check in checks)
        return replace(self, findings=self.findings | more)

    def differences(
        self, findings: set[tuple[str, Verdict]], inconclusive: set[str], state: State
    ) -> tuple[str, ...]:
        """What was said otherwise than expected, in words; empty where nothing was.

        Args:
            findings: Check id and verdict of the WARN and FAIL findings.
            inconclusive: Check ids of the INCONCLUSIVE findings.
            state: The state that the headline tells.
        """
        words = [f"{check} says {verdict.value}" for check, verdict in sorted(findings - self.findings)]
        words += [f"{check} does not {verdict.value}" for check, verdict in sorted(self.findings - findings)]
        words += [f"{check} is not inconclusive" for check in sorted(self.inconclusive - inconclusive)]
        if state is not self.sentence:
            words.append(f"the headline tells {state.value}, not {self.sentence.value}")
        return tuple(words)


@dataclass(frozen=True, kw_only=True)
class LabServer:
    """What is found at a port of some addresses.

    Attributes:
        addresses: The addresses that lead to it.
        behaviour: How it behaves; or a word of ``net.dial`` where no server is.
        port: The port that clients are told.
    """

    addresses: tuple[str, ...]
    behaviour: Behaviour | AccessBehaviour | str
    port: int = 25


@dataclass(frozen=True, kw_only=True)
class LabDomain:
    """One domain of the simulated mail world.

    Attributes:
        name: The domain, or the host where `port` is not 25; A-labels. Unique together with `port`.
        title: What is the matter with it, in a few words.
        expected: What waxseal should say.
        in_company: What it should say where the same run reaches other domains, if that tells it more; None
            for the same.
        records: Its DNS records.
        faults: What goes wrong with its DNS.
        servers: Its servers.
        signed: Its zone is signed (the zone of its last two labels).
        wrong_ds: The DS record of its zone fits none of the zone's keys.
        tlsa: Its TLSA records.
        policy: Its MTA-STS policy; None for none.
        policy_host: Its policy host, where that is not a sound one with `policy`.
        announcements: The TXT records at ``_mta-sts``; None for a sound one where there is a policy.
        tls_rpt: The TXT records at ``_smtp._tls``.
        spf: The SPF record; "" for none. Port 25 only, like `dmarc`.
        dmarc: The DMARC record, in which ``{domain}`` stands for the name; "" for none.
        web: More HTTPS hosts.
        none_published: Whether `NONE_PUBLISHED` is among what is expected; None to tell by `unprotected`.
        port: The port to check.
        typed: What a user types for it; "" for `target` out of name and port.
        needs_old_tls: It can only be shown where OpenSSL still speaks TLS 1.0 or 1.1.
        slow: Its check lasts until a time limit, because something stays silent.
    """

    name: str
    title: str
    expected: Expected
    in_company: Expected | None = None
    records: tuple[DnsRecord, ...] = ()
    faults: tuple[FaultyName, ...] = ()
    servers: tuple[LabServer, ...] = ()
    signed: bool = False
    wrong_ds: bool = False
    tlsa: tuple[TlsaOrder, ...] = ()
    policy: str | None = None
    policy_host: WebHost | None = None
    announcements: tuple[str, ...] | None = None
    tls_rpt: tuple[str, ...] = ()
    spf: str = SPF
    dmarc: str = DMARC
    web: tuple[WebHost, ...] = ()
    none_published: bool | None = None
    port: int = 25
    typed: str = ""
    needs_old_tls: bool = False
    slow: bool = False

    @property
    def target(self) -> str:
        """What to check, as it is typed on a command line."""
        return self.typed or (self.name if self.port == 25 else f"{self.name}:{self.port}")

    @property
    def zone(self) -> str:
        """The apex of the zone that it is in."""
        return ".".join(self.name.split(".")[-2:])

    @property
    def unprotected(self) -> bool:
        """Whether mail is taken here (its MX look-up names hosts, or none and the domain has an address) and
        neither MTA-STS nor TLSA is published."""
        if self.port != 25 or self.tlsa or self.policy is not None or self.announcements is not None:
            return False
        harmless = (DnsFault.TRUNCATED, DnsFault.ENDING)
        here = [fault for fault in self.faults if fault.name == self.name and fault.rdtype in ("", "MX")]
        if self.wrong_ds or any(fault.fault not in harmless for fault in here):
            return False
        own = [record for record in self.records if record.name == self.name]
        exchanges = [record.rdata.split()[-1] for record in own if record.rdtype == "MX"]
        return any(name != "." for name in exchanges) or (
            not exchanges and any(record.rdtype in ("A", "AAAA") for record in own)
        )

    def completed(self) -> "LabDomain":
        """The same, with what the rule of `NONE_PUBLISHED` adds to its expectations."""
        if not (self.unprotected if self.none_published is None else self.none_published):
            return self
        company = None if self.in_company is None else self.in_company.and_warns(NONE_PUBLISHED)
        return replace(self, expected=self.expected.and_warns(NONE_PUBLISHED), in_company=company)


_NETWORKS = {1: "192.0.2", 2: "198.51.100", 3: "203.0.113"}


class AddressPlan:
    """Hands out documentation addresses (RFC 5737, RFC 3849), a block for each table.

    Args:
        network: 1 for 192.0.2.0/24, 2 for 198.51.100.0/24, 3 for 203.0.113.0/24.
        first: The first last octet.
    """

    def __init__(self, network: int, first: int = 1) -> None:
        self._network = network
        self._next = first

    def pair(self) -> tuple[str, str]:
        """An unused IPv4 address and the IPv6 address that goes with it."""
        number = self._next
        if number > 254:
            raise ValueError("the network is used up; give the table another block")
        self._next += 1
        return f"{_NETWORKS[self._network]}.{number}", f"2001:db8:0:{self._network}::{number:x}"


def expect(
    sentence: State, *, fails: Iterable[str] = (), warns: Iterable[str] = (), inconclusive: Iterable[str] = ()
) -> Expected:
    """An expectation out of check ids."""
    findings = [(check, Verdict.FAIL) for check in fails] + [(check, Verdict.WARN) for check in warns]
    return Expected(sentence=sentence, findings=frozenset(findings), inconclusive=frozenset(inconclusive))


SEALED = expect(State.SEALED)


def exposed(*checks: str) -> Expected:
    """The server was heard, and TLS does not come to stand: FAIL of these checks."""
    return expect(State.EXPOSED, fails=checks)


def undeliverable(*checks: str) -> Expected:
    """Mail cannot be brought anywhere: FAIL of these checks."""
    return expect(State.UNDELIVERABLE, fails=checks)


def broken(*checks: str) -> Expected:
    """TLS stands, and something is broken beside it: FAIL of these checks."""
    return expect(State.MEND, fails=checks)


def slight(*checks: str) -> Expected:
    """Sealed; FAIL of these checks, which are about something beside the way of the mail."""
    return expect(State.SEALED, fails=checks)


def both(fails: str, warns: str) -> Expected:
    """TLS stands, and one fault is told twice: FAIL for those bound by a policy, WARN for all others."""
    return expect(State.MEND, fails=(fails,), warns=(warns,))


def warns(*checks: str) -> Expected:
    """TLS stands, with something of weight to mend: WARN of these checks."""
    return expect(State.MEND, warns=checks)


def minor(*checks: str) -> Expected:
    """Sealed, with something to mend that has little weight: WARN of these checks."""
    return expect(State.SEALED, warns=checks)


def unknown(*checks: str) -> Expected:
    """Not seen: INCONCLUSIVE, with the cause named by these checks."""
    return expect(State.UNKNOWN, inconclusive=checks)


def mx(domain: str, *hosts: str) -> tuple[DnsRecord, ...]:
    """MX records, preference 10, 20 and so on; "" is the root."""
    return tuple(
        DnsRecord(domain, "MX", f"{10 * number} {host}.") for number, host in enumerate(hosts, start=1)
    )


def mail_domain(
    name: str,
    title: str,
    plan: AddressPlan,
    expected: Expected,
    *,
    tls: TlsOrder | None = None,
    leaf: dict[str, Any] | None = None,
    needs_old_tls: bool = False,
    slow: bool = False,
    **changes: Any,
) -> LabDomain:
    """A domain with one MX host ``mx.<name>`` on two addresses, sound but for what is said.

    Args:
        name: The domain, A-labels.
        title: What is the matter.
        plan: Where its addresses come from.
        expected: What waxseal should say.
        tls: How the host shakes hands.
        leaf: Fields of the `LeafOrder` of its only certificate, in place of `tls`.
        needs_old_tls: See `LabDomain`.
        slow: See `LabDomain`.
        changes: Fields of its `Behaviour`.
    """
    host = f"mx.{name}"
    addresses = plan.pair()
    if leaf is not None:
        tls = TlsOrder(leaves=(LeafOrder(**{"names": (host,), **leaf}),))
    return LabDomain(
        name=name,
        title=title,
        expected=expected,
        records=(*mx(name, host), *host_records(host, *addresses)),
        servers=(LabServer(addresses=addresses, behaviour=Behaviour(host=host, tls=tls, **changes)),),
        needs_old_tls=needs_old_tls,
        slow=slow,
    )


SERVICES = {
    "imap": (MailProtocol.IMAP, 143),
    "imaps": (MailProtocol.IMAP, 993),
    "pop3": (MailProtocol.POP3, 110),
    "pop3s": (MailProtocol.POP3, 995),
    "lmtp": (MailProtocol.LMTP, 24),
    "sieve": (MailProtocol.SIEVE, 4190),
    "submission": (MailProtocol.SMTP, 587),
    "submissions": (MailProtocol.SMTP, 465),
}
"""What the schemes of targets mean: protocol and port."""
_IMPLICIT = ("imaps", "pop3s", "submissions")


def service_host(
    scheme: str, name: str, title: str, plan: AddressPlan, expected: Expected, **changes: Any
) -> LabDomain:
    """A host with one service on two addresses, sound but for what is said.

    Args:
        scheme: What it speaks, as in `SERVICES`.
        name: The host, A-labels.
        title: What is the matter.
        plan: Where its addresses come from.
        expected: What waxseal should say.
        changes: Fields of its `Behaviour` or `AccessBehaviour`; ``slow`` and ``needs_old_tls`` are the
            domain's.
    """
    protocol, port = SERVICES[scheme]
    addresses = plan.pair()
    own = {key: changes.pop(key) for key in ("slow", "needs_old_tls") if key in changes}
    mail = protocol in (MailProtocol.SMTP, MailProtocol.LMTP)
    kind = Behaviour if mail else AccessBehaviour
    behaviour = kind(host=name, protocol=protocol, implicit=scheme in _IMPLICIT, **changes)
    return LabDomain(
        name=name,
        title=title,
        expected=expected,
        records=tuple(host_records(name, *addresses)),
        servers=(LabServer(addresses=addresses, behaviour=behaviour, port=port),),
        port=port,
        typed=f"{scheme}://{name}",
        **own,
    )


def sound_host(name: str, plan: AddressPlan) -> tuple[tuple[DnsRecord, ...], LabServer]:
    """A sound MX host on two addresses: its records and its server."""
    addresses = plan.pair()
    server = LabServer(addresses=addresses, behaviour=Behaviour(host=name))
    return tuple(host_records(name, *addresses)), server


PROVIDER = "mx.provider.test"
"""A sound mail host in an unsigned zone, which takes mail for domains whose fault is elsewhere."""


def report_record(domain: str) -> str:
    """A TLS-RPT record with a mailbox of the domain itself."""
    return f"v=TLSRPTv1; rua=mailto:tls-reports@{domain}"


def reports_elsewhere(name: str, *records: DnsRecord) -> dict[str, Any]:
    """The fields of a `LabDomain` that takes no mail, and so has its DMARC reports sent to sound.test.

    Args:
        name: The domain.
        records: Its other records.
    """
    agreement = text_records(f"{name}._report._dmarc.sound.test", "v=DMARC1;")
    return {"dmarc": "v=DMARC1; p=reject; rua=mailto:dmarc@sound.test", "records": (*records, *agreement)}


def hosted_domain(name: str, title: str, expected: Expected, **changes: Any) -> LabDomain:
    """A domain whose mail is taken by `PROVIDER`, sound but for what is said.

    Args:
        name: The domain, A-labels.
        title: What is the matter.
        expected: What waxseal should say.
        changes: Fields of the `LabDomain`; `records` come behind the MX record.
    """
    records = (*mx(name, PROVIDER), *changes.pop("records", ()))
    return LabDomain(name=name, title=title, expected=expected, records=records, **changes)
