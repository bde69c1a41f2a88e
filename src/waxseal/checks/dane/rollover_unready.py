"""No TLSA record is published for a next key, so the next key change needs an unhurried wait first.

A new key may go live only after senders have let go of TLSA records that do not know it: publish the next
record, wait two TTLs, then change the key. Who keeps a record of the next key published at all times can
change at once when a key is lost. A record counts as a spare only where it matches none of the live
certificates of any address of the host: two records for an RSA and an ECDSA certificate that are both in use
are no spare. A record of usage 2 makes one needless, as keys may change under the authority that it names.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Each,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    inconclusive,
    passed,
    unreached,
    warn,
)
from waxseal.checks.certificate._samples import chain
from waxseal.checks.dane import _samples
from waxseal.checks.dane._live import is_of, unseen
from waxseal.checks.dane._tlsa import MEND, Published, short, unless_taken, unless_usable, usable_of
from waxseal.facts import (
    CertificateChain,
    CertificateTypeQuery,
    CertificateTypes,
    Endpoint,
    TlsaLookup,
    TlsaRecord,
)
from waxseal.trust import dane


@check(
    title="No TLSA record is ready for the next key",
    level=Level.ADVICE,
    scope=Scope.HOST,
    cites=("RFC 7672 §4", "RFC 7671 §8.1"),
    remedy=Remedy(
        general="Make the next key now, publish its record '3 1 1' beside the current one, and keep the key "
        "in a safe place until it is needed.",
        dns="'waxseal records --next CERTIFICATE' prints current and next records",
    ),
    rows=("G4",),
)
def judge(
    published: Published,
    chains: Each[CertificateChain],
    endpoints: Each[Endpoint],
    types: Each[CertificateTypes] | None,
) -> Judgement:
    """Judge whether a record is left that no live certificate matches."""

    def of_port(port: int, lookup: TlsaLookup) -> Judgement:
        if (elsewhere := unless_taken(lookup) or unless_usable(lookup)) is not None:
            return elsewhere
        live = [(where, shown) for where, shown in chains if where.port == port]
        left = unseen({where for where, _ in endpoints if where.port == port}, live, types or ())
        return _judge(usable_of(lookup), live, left)

    return published.by_port(of_port)


def _judge(
    records: tuple[TlsaRecord, ...], live: list[tuple[Subject, CertificateChain]], left: str
) -> Judgement:
    above = [record for record in records if record.usage == dane.DANE_TA]
    if above:
        return passed("A TLSA record names an authority, under which keys may change", short(above[0]))
    named = [shown for where, shown in live if where.server_name] or [shown for _, shown in live]
    if not all(any(is_of(record, shown) for record in records) for shown in named):
        return unreached("a live certificate has no TLSA record yet, see dane/mismatch", advice=MEND)
    spare = [record for record in records if not any(is_of(record, shown) for _, shown in live)]
    certificates = len({shown.leaf.sha256 for _, shown in live})
    if not spare:
        return warn(
            _all_live(len(records), certificates),
            *(short(record) for record in records[:6]),
        )
    if left:
        return inconclusive(
            f"a TLSA record matches no certificate that was seen, but {left}", short(spare[0]), advice=MEND
        )
    return passed(
        f"A TLSA record is of no live certificate ({certificates} seen), so it is ready for the next",
        *(short(record) for record in spare[:3]),
    )


def _all_live(records: int, certificates: int) -> str:
    of = "the live certificate" if certificates == 1 else f"one of the {certificates} live certificates"
    if records == 1:
        return f"The one usable TLSA record is of {of}, and none is of a next key"
    return f"Each of the {records} usable TLSA records is of {of}; none is of a next key"


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    good = _samples.record("3 1 1", "good")
    answers = (CertificateTypeQuery("rsa", False), CertificateTypeQuery("ec", True))
    server = (samples.endpoint(), chain("good")[0], CertificateTypes(queries=answers))
    yield Example("the live key alone", Verdict.WARN, (*server, _samples.tlsa(good)))
    yield Example("a next key", Verdict.PASS, (*server, _samples.tlsa(good, _samples.OTHER)))
    twin = chain("wildcard", certificate_type="ec")[0]
    pair = _samples.tlsa(good, _samples.record("3 1 1", "wildcard"))
    yield Example("a live pair is no spare", Verdict.WARN, (*server, twin, pair))
    second = (at(samples.endpoint(), address="192.0.2.26"), _samples.tlsa(good, _samples.OTHER))
    yield Example("an address was not seen", Verdict.INCONCLUSIVE, (*server, *second))
    spare = _samples.tlsa(good, _samples.OTHER)
    yield Example("types were not asked for", Verdict.INCONCLUSIVE, (*server[:2], spare))
    above = _samples.tlsa(_samples.record("2 0 1", "good", 1))
    yield Example("usage 2", Verdict.PASS, (*server, above))
    yield Example("no match at all", Verdict.INCONCLUSIVE, (*server, _samples.tlsa(_samples.OTHER)))
    yield Example("no records", Verdict.NOT_APPLICABLE, (*server, _samples.no_tlsa()))
