"""A TLSA record authenticates the server, but one kind of record does so for no sender that knows only it.

Records differ in usage, selector and matching type, and no sender has to know every combination. So each
combination that is published has to match the live certificate by itself; a record for the next key has to
stand beside one of the same kind for the current key. A sender that knows only the kind that does not match
does not deliver.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    passed,
    unreached,
    warn,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._tlsa import MEND, ShownToSenders


@check(
    title="One kind of TLSA record does not match the certificate",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 7671 §8", "RFC 7671 §8.4"),
    remedy=Remedy(
        general="For each combination of usage, selector and matching type, publish a record of the live "
        "certificate, or take that combination away altogether.",
    ),
    rows=("G2", "G6"),
)
def judge(shown: ShownToSenders) -> Judgement:
    """Judge each combination by itself, where the server is authenticated at all."""
    proof = shown.proof
    if not proof.holds:
        return unreached(
            f"the TLSA records do not authenticate the server at all, see {shown.speaker()}", advice=MEND
        )
    failing = [str(combination) for combination in proof.combinations if not combination.holds]
    if failing:
        return warn(
            f"Records of the kind {', '.join(failing)} do not match the certificate, while others do",
            *shown.lines(),
        )
    kinds = ", ".join(str(combination) for combination in proof.combinations)
    return passed(f"Every kind of TLSA record matches the certificate ({kinds})")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    server, good = _samples.shown("good"), _samples.record("3 1 1", "good")
    future_kind = _samples.tlsa(good, _samples.record("3 0 1", "other_name"))
    yield Example("another kind for the next certificate", Verdict.WARN, (*server, future_kind))
    yield Example("the same kind twice", Verdict.PASS, (*server, _samples.tlsa(good, _samples.OTHER)))
    both = _samples.tlsa(good, _samples.record("3 1 2", "good"))
    yield Example("two digests of the same key", Verdict.PASS, (*server, both))
    alone = _samples.tlsa(_samples.record("3 1 2", "good"), _samples.OTHER)
    yield Example("only the stronger digest is of the live key", Verdict.WARN, (*server, alone))
    yield Example("nothing matches", Verdict.INCONCLUSIVE, (*server, _samples.tlsa(_samples.OTHER)))
