"""The server sends an elliptic curve of its own making instead of the name of one.

Up to TLS 1.2 a server could describe a curve by its numbers. A client cannot tell a sound curve from one
that was made to be broken, so the form was withdrawn and clients refuse it; such senders fall back to clear
text or cannot deliver.
"""

from collections.abc import Iterator
from typing import Final

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    not_applicable,
    passed,
)
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import MAX_LINE, spoken
from waxseal.facts import TlsKeyExchanges
from waxseal.wire.tls_registry import group_name
from waxseal.wire.tls_suites import suite_name

_NAMED: Final = 3


@check(
    title="An elliptic curve is sent by its parameters",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 8422 §5.4",),
    remedy=Remedy(
        general="Use named curves: X25519, P-256, P-384.",
        postfix="tls_eecdh_auto_curves = X25519 prime256v1 secp384r1",
        exim="tls_eccurve = auto",
    ),
    rows=("E2",),
)
def judge(exchanges: TlsKeyExchanges) -> Judgement:
    """Judge the type of each curve that was sent."""
    curves = [p for p in exchanges.parameters if p.curve_type is not None]
    explicit = [p for p in curves if p.curve_type != _NAMED]
    if explicit:
        first = explicit[0]
        return fail(
            "The server sends a curve by its parameters, which clients refuse",
            f"{spoken(first.version)} {suite_name(first.suite)}: curve type {first.curve_type}",
        )
    if not curves:
        return not_applicable("no key exchange on an elliptic curve was seen up to TLS 1.2")
    names = dict.fromkeys(group_name(p.group) for p in curves if p.group is not None)
    return passed("Curves are sent by their names", ", ".join(names)[:MAX_LINE])


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    named = _samples.exchange(suite=_samples.GCM, group=23, curve_type=3, prime=b"", generator=b"")
    explicit = _samples.exchange(suite=_samples.GCM, curve_type=1, prime=b"", generator=b"")
    yield Example("explicit", Verdict.FAIL, (explicit,))
    yield Example("named", Verdict.PASS, (named,))
    yield Example("none", Verdict.NOT_APPLICABLE, (_samples.exchange(),))
