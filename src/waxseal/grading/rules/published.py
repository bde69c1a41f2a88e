"""The rule about what a domain has to publish: signed MX records, DANE, MTA-STS in force, TLS-RPT.

Checks judge what is published, and keep silent where nothing is, as RFC 7672 and RFC 8461 are voluntary;
guidelines ask for it to be there.
"""

from typing import Any, ClassVar, Final

from msgspec import Struct

from waxseal.checks.api import Judgement, Scope, not_applicable, passed, unreached
from waxseal.checks.dane._tlsa import usable_of
from waxseal.checks.dns._lookup import TRY_AGAIN, shown, unless_answered
from waxseal.checks.mta_sts._policy import PublishedPolicy
from waxseal.checks.tls_rpt._record import ReportRecord, is_told
from waxseal.facts import (
    Dnssec,
    DnsStatus,
    HostAddresses,
    MxRecords,
    StsFetch,
    StsRecord,
    Subject,
    TlsaRecords,
    TlsRptRecord,
)
from waxseal.grading.rules.classes import MAX_LINE, MAX_LINES, listed
from waxseal.grading.rules.outcome import expect_bad, of_class
from waxseal.grading.rules.scene import Scene
from waxseal.wire.mta_sts import Mode

WHAT: Final = {
    "signed-mx": "MX records signed with DNSSEC",
    "dane": "signed TLSA records for every mail host",
    "mta-sts": "an MTA-STS policy in mode enforce",
    "tls-rpt": "a TLS-RPT record",
}
SMTP: Final = 25
_VALIDATE: Final = "see dnssec/validator-missing"


class PublishedRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a domain that takes mail has to publish.

    Attributes:
        what: One of `WHAT`.
        missing: Class of a domain that does not: ``phase_out`` or ``insufficient``.
    """

    what: str
    missing: str = "insufficient"

    SCOPE: ClassVar[Scope] = Scope.DOMAIN

    def __post_init__(self) -> None:
        if self.what not in WHAT:
            raise ValueError(f"{self.what!r} in `what` is none of {', '.join(WHAT)}")
        expect_bad("missing", self.missing)

    def judge(self, scene: Scene) -> Judgement:
        """Judge a domain."""
        mx = scene.nearest(MxRecords)
        if (aside := _no_mail(scene, mx)) is not None:
            return aside
        match self.what:
            case "signed-mx":
                return scene.lacking(MxRecords) if mx is None else self._signed(mx)
            case "dane":
                return self._dane(scene, mx)
            case "mta-sts":
                return self._sts(scene, mx)
            case _:
                return self._reports(scene, mx)

    def _signed(self, mx: MxRecords) -> Judgement:
        answer = mx.answer
        if answer.dnssec is Dnssec.BOGUS:
            return of_class(self.missing, "The signatures over the MX records do not hold", shown(answer))
        if (aside := unless_answered(mx)) is not None:
            return aside
        if answer.dnssec is Dnssec.SECURE:
            return passed("The MX records are signed, and the signatures hold", shown(answer))
        if answer.dnssec is Dnssec.INSECURE:
            return of_class(self.missing, "The MX records are not signed", shown(answer))
        return unreached("nobody validated the MX records", shown(answer), advice=_VALIDATE)

    def _dane(self, scene: Scene, mx: MxRecords | None) -> Judgement:
        found = scene.facts.within(TlsaRecords, scene.subject)
        latest = {where.host or "": records for where, records in found if records.port == SMTP}
        if not latest:
            return scene.lacking(TlsaRecords)
        states = {host: _tlsa_state(records) for host, records in latest.items()}
        bare = {host: why for host, (covered, why) in states.items() if covered is False}
        left = {host: why for host, (covered, why) in states.items() if covered is None}
        left |= dict.fromkeys(_not_asked(scene, mx, set(latest)), "was not asked about")
        if bare:
            summary = f"{len(bare)} of {len(latest)} mail hosts have no signed TLSA records"
            return of_class(self.missing, summary, *_lines(bare))
        if left:
            why = "whether every mail host has signed TLSA records was not seen"
            return unreached(why, *_lines(left), advice=TRY_AGAIN)
        return passed("Every mail host has signed TLSA records", listed(latest))

    def _sts(self, scene: Scene, mx: MxRecords | None) -> Judgement:
        record = scene.nearest(StsRecord)
        if record is None:
            return scene.lacking(StsRecord)
        published = PublishedPolicy(record=record, fetch=scene.nearest(StsFetch), mx=mx)
        aside, obstacle, policy = published.aside(), published.obstacle, published.policy
        if aside is not None and not is_told(record.answer):
            return aside
        if aside is not None:
            return of_class(self.missing, "No MTA-STS policy is published", shown(record.answer))
        if obstacle is not None and not obstacle.seen:
            return obstacle.judgement()
        if policy is None:
            return of_class(self.missing, "Senders get no MTA-STS policy", published.why[:MAX_LINE])
        mode = f"mode: {policy.mode.value}"
        if policy.mode is Mode.ENFORCE:
            return passed("An MTA-STS policy is enforced", mode)
        return of_class(self.missing, "The MTA-STS policy is not enforced", mode)

    def _reports(self, scene: Scene, mx: MxRecords | None) -> Judgement:
        record = scene.nearest(TlsRptRecord)
        if record is None:
            return scene.lacking(TlsRptRecord)
        published = ReportRecord(record=record, mx=mx)
        if published.meant:
            return passed("A TLS-RPT record is published", shown(record.answer))
        if not is_told(record.answer):
            return published.unread()
        return of_class(self.missing, "No TLS-RPT record is published", shown(record.answer))

    def told(self) -> tuple[tuple[str, str], ...]:
        """What has to be there, and what its absence counts as."""
        return (("published", WHAT[self.what]), ("where it is not", self.missing.replace("_", "-")))


def _no_mail(scene: Scene, mx: MxRecords | None) -> Judgement | None:
    """The answer where the domain takes no mail at all; None where it does, or that was not seen."""
    if mx is not None and len(mx.exchanges) == 1 and not mx.exchanges[0].exchange:
        return not_applicable("the domain takes no mail (null MX)")
    if mx is not None and mx.answer.status is DnsStatus.NXDOMAIN and mx.answer.dnssec is not Dnssec.BOGUS:
        return not_applicable("the domain does not exist; see dns/domain-missing")
    found = scene.facts.within(HostAddresses, scene.subject)
    if found and not any(addresses.addresses for _, addresses in found):
        return not_applicable("no mail host has an address that mail could go to")
    return None


def _tlsa_state(records: TlsaRecords) -> tuple[bool | None, str]:
    """Whether senders take TLSA records of a host, and why not; None: that was not seen."""
    lookup = records.chosen
    if lookup is None:
        return False, "has no TLSA records"
    if lookup.answer.status is not DnsStatus.ANSWERED or lookup.answer.dnssec is Dnssec.BOGUS:
        return None, "the TLSA look-up failed"
    if lookup.answer.dnssec is Dnssec.INSECURE:
        return False, "the zone of its TLSA records is not signed"
    if not usable_of(lookup):
        return False, "none of its TLSA records can be used"
    if lookup.answer.dnssec is not Dnssec.SECURE:
        return None, "nobody validated its TLSA records"
    return True, ""


def _not_asked(scene: Scene, mx: MxRecords | None, asked: set[str]) -> list[str]:
    """Mail hosts with an address that nobody asked for TLSA records of."""
    named = [entry.exchange for entry in mx.exchanges] if mx is not None else []
    left = []
    for host in dict.fromkeys(named):
        addresses = scene.facts.nearest(HostAddresses, Subject(domain=scene.subject.domain, host=host))
        if host not in asked and (addresses is None or addresses.addresses):
            left.append(host)
    return left


def _lines(hosts: dict[str, str]) -> list[str]:
    return [f"{host}: {why}"[:MAX_LINE] for host, why in list(hosts.items())[:MAX_LINES]]


KINDS: Final[dict[str, type[Any]]] = {"published": PublishedRule}
