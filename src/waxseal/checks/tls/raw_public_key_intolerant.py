"""A client that would also take a bare key in place of a certificate is turned away.

Some senders with DANE say in their hello that a raw public key will do for them. A server that knows nothing
of that has to pass over it and show its certificate as usual. One that ends the handshake instead gets no
TLS from these senders. A server that shows its bare key is in order.
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
    passed,
    unreached,
    warn,
)
from waxseal.checks.tls import _samples
from waxseal.facts import Cause, RawPublicKeyAnswer
from waxseal.wire.tls_record import alert_name

_RAW: Final = 2


@check(
    title="A hello that takes raw public keys is refused",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 7250 §4.2", "RFC 8446 §9.3"),
    remedy=Remedy(general="Upgrade the TLS library, or the device before the server that ends TLS."),
    rows=("D12",),
)
def judge(answer: RawPublicKeyAnswer) -> Judgement:
    """Judge the answer to a hello that takes a raw public key and a certificate."""
    reaction = answer.reaction
    if answer.certificate_type == _RAW:
        return passed(
            "The server shows a raw public key to those who take one", f"SHA-256 {answer.spki_sha256}"
        )
    if reaction.cause is Cause.COMPLETED:
        return passed("The server shows its certificate as usual")
    if reaction.cause is Cause.ALERT and reaction.alert is not None:
        return warn(
            "A hello that also takes raw public keys is refused", f"alert {alert_name(reaction.alert)}"
        )
    return unreached(
        f"no answer to a hello that takes raw public keys: {reaction.cause.value}", advice="test again"
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    raw = RawPublicKeyAnswer(reaction=_samples.DONE, certificate_type=2, spki_sha256="00")
    yield Example("shown", Verdict.PASS, (raw,))
    yield Example("passed over", Verdict.PASS, (RawPublicKeyAnswer(reaction=_samples.DONE),))
    yield Example("refused", Verdict.WARN, (RawPublicKeyAnswer(reaction=_samples.ALERT),))
    yield Example("silence", Verdict.INCONCLUSIVE, (RawPublicKeyAnswer(reaction=_samples.SILENT),))
