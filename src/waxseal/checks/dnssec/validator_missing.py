"""Nobody was at hand to validate DNSSEC, so TLSA records were shown but not proved.

Every resolver can claim that it validates; waxseal takes the word of one only after it has been tried with
an answer that must be called secure and one that must be refused, and only of one on this machine, one that
you named, or one over an authenticated channel. This says nothing about the domains; it says what this run
could not see.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Everywhere,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dns._lookup import bounded
from waxseal.facts import DnsStatus, TlsaRecords, Validator, ValidatorKind, ValidatorProbe


@check(
    title="Nobody validates DNSSEC for this run",
    level=Level.MUST,
    scope=Scope.RUN,
    cites=("RFC 6698 §4.1", "RFC 7672 §2.1.1"),
    remedy=Remedy(
        general="Run a validating resolver on this machine (unbound does so as Debian installs it), install "
        "libunbound, or name a resolver that you trust with --trusted-resolver.",
    ),
    rows=("A8",),
)
def judge(validator: Validator, tlsa: Everywhere[TlsaRecords]) -> Judgement:
    """Judge whether there is a validator, where an answer needs one."""
    if validator.kind is not None:
        return passed("DNSSEC was validated", bounded(f"{validator.kind.value} {validator.place}"))
    shown = [where.host or "" for where, found in tlsa if any(lookup.records for lookup in found.lookups)]
    if not shown:
        return not_applicable("nobody validates DNSSEC, and no TLSA record was found that would need it")
    return inconclusive(
        f"TLSA records of {_hosts(len(set(shown)))} were found, and nobody could prove them",
        *(_line(probe) for probe in validator.probes[:6]),
        advice="run a validating resolver on this machine, install libunbound, or give --trusted-resolver",
    )


def _line(probe: ValidatorProbe) -> str:
    return bounded(f"{probe.kind.value} {probe.place}: {probe.detail or 'validates'}")


def _hosts(number: int) -> str:
    return "one host" if number == 1 else f"{number} hosts"


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    tried = ValidatorProbe(
        kind=ValidatorKind.LOOPBACK,
        place="127.0.0.1:53",
        root=DnsStatus.ANSWERED,
        root_authenticated=False,
        detail="the answer for the root did not carry AD",
    )
    nobody = Validator(probes=(tried,))
    records = _samples.tlsa(_samples.OTHER)
    yield Example("nobody, TLSA found", Verdict.INCONCLUSIVE, (nobody, records))
    yield Example("nobody, no TLSA", Verdict.NOT_APPLICABLE, (nobody, _samples.no_tlsa()))
    someone = Validator(kind=ValidatorKind.LIBUNBOUND, place="libunbound 1.17.1")
    yield Example("validated", Verdict.PASS, (someone, records))
