"""The server still speaks SSL 2.0.

SSL 2.0 was given up in 1996. Nobody has to use it for it to do harm: a server that answers it can be used to
decrypt recorded connections of today that were made with the same RSA key, on this or on any other server
(DROWN, CVE-2016-0800). So it is a failure on every port. A server that answers SSL 2.0 but has no cipher in
common with us is a warning, since some could be talked into one all the same (CVE-2015-3197). Silence tells
nothing.
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
    fail,
    passed,
    unreached,
    warn,
)
from waxseal.checks.tls import _samples
from waxseal.facts import Cause, Reaction, Ssl2Answer
from waxseal.wire.ssl2 import CIPHER_KINDS

_SOUND = frozenset({Cause.ALERT, Cause.CLOSED, Cause.RESET, Cause.NOT_TLS})


@check(
    title="SSL 2.0 is spoken",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 6176 §3", "RFC 9325 §3.1.1"),
    remedy=Remedy(
        general="Upgrade the TLS library to one without SSL 2.0 (OpenSSL from 1.1.0 on); make a new RSA key.",
        postfix="smtpd_tls_protocols = >=TLSv1.2; smtpd_tls_mandatory_protocols = >=TLSv1.2 (from 3.6 on)",
        exim="openssl_options = +no_sslv2 +no_sslv3",
        dovecot="ssl_min_protocol = TLSv1.2",
    ),
    rows=("C1", "F4"),
)
def judge(answer: Ssl2Answer) -> Judgement:
    """Judge the answer to an SSL 2.0 CLIENT-HELLO."""
    if answer.kinds:
        names = ", ".join(CIPHER_KINDS.get(kind, f"0x{kind:06X}") for kind in answer.kinds[:6])
        return fail("The server speaks SSL 2.0, with which other connections can be decrypted", names)
    if answer.answered:
        return warn(
            "The server answers SSL 2.0, but selected no cipher",
            f"answered with {answer.reaction.octets.hex()}",
        )
    if answer.reaction.cause in _SOUND:
        return passed("SSL 2.0 is refused")
    return unreached(
        f"no answer to the SSL 2.0 hello: {answer.reaction.cause.value} {answer.reaction.detail}".strip()[
            :200
        ],
        advice="test again; some servers wait in silence for a TLS hello",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    refused = Reaction(Cause.ALERT, alert=70)
    spoken = Ssl2Answer(answered=True, reaction=Reaction(Cause.COMPLETED), kinds=(0x010080,))
    yield Example("spoken", Verdict.FAIL, (spoken,))
    yield Example("an error of SSL 2.0", Verdict.WARN, (Ssl2Answer(answered=True, reaction=_samples.DONE),))
    yield Example("refused", Verdict.PASS, (Ssl2Answer(answered=False, reaction=refused),))
    yield Example("silence", Verdict.INCONCLUSIVE, (Ssl2Answer(answered=False, reaction=_samples.SILENT),))
