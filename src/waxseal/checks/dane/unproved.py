"""TLSA records were found, but nobody validated them whose word can be taken.

Whether senders use the records depends on DNSSEC, and that was not seen: the resolver that was asked does
not validate, or could not tell. The records are compared with the certificates all the same, but nothing
here counts as proved. This says nothing about the domain; it says what this run could not see.
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
    inconclusive,
    passed,
    unreached,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._tlsa import Published, unless_taken
from waxseal.checks.dns._lookup import shown
from waxseal.facts import Dnssec, TlsaLookup


@check(
    title="TLSA records were not validated",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 6698 §4.1", "RFC 7672 §2.1.1"),
    remedy=Remedy(
        general="Test with a validating resolver on this machine, or name one that you trust.",
        dns="delv TLSA _25._tcp.mx.example.org",
    ),
    rows=("A8", "G1"),
)
def judge(published: Published) -> Judgement:
    """Judge whether the records were validated at all."""
    return published.each(_judge)


def _judge(lookup: TlsaLookup) -> Judgement:
    if (elsewhere := unless_taken(lookup)) is not None:
        return elsewhere
    answer = lookup.answer
    if answer.dnssec is Dnssec.SECURE:
        return passed("The TLSA records are validated", shown(answer))
    if answer.dnssec is Dnssec.UNTRUSTED:
        return unreached(
            "TLSA records are published; whether they are signed was not seen",
            shown(answer),
            advice="name a validating resolver; see dnssec/validator-missing",
        )
    return inconclusive(
        "TLSA records are published; the validator could not tell whether they are signed",
        shown(answer),
        advice="test again, or name another validating resolver",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    nobody = _samples.tlsa(_samples.OTHER, dnssec=Dnssec.UNTRUSTED)
    yield Example("nobody validated", Verdict.INCONCLUSIVE, (nobody,))
    unsure = _samples.tlsa(_samples.OTHER, dnssec=Dnssec.INDETERMINATE)
    yield Example("the validator could not tell", Verdict.INCONCLUSIVE, (unsure,))
    yield Example("validated", Verdict.PASS, (_samples.tlsa(_samples.OTHER),))
    unsigned = _samples.tlsa(_samples.OTHER, dnssec=Dnssec.INSECURE)
    yield Example("unsigned", Verdict.NOT_APPLICABLE, (unsigned,))
    yield Example("none", Verdict.NOT_APPLICABLE, (_samples.no_tlsa(Dnssec.UNTRUSTED),))
