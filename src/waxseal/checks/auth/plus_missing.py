"""SCRAM is offered under TLS without channel binding.

SCRAM keeps the password to itself. With channel binding (the variant whose name ends in -PLUS) it also
proves that client and server sit on the same TLS connection: a man in the middle with a certificate that
somebody wrongly issued to him cannot pass the login on. With TLS 1.3 the value bound is tls-exporter, below
that tls-unique. Few servers can do it yet; this is advice and no fault of security.
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
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.auth import _samples
from waxseal.checks.auth._mechanisms import binds, is_scram
from waxseal.checks.auth._offers import Offers


@check(
    title="SCRAM is offered without channel binding",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5802 §6", "RFC 9266 §3"),
    remedy=Remedy(
        general="Offer the -PLUS variants too, where the server software can bind logins to TLS.",
        dovecot="auth_mechanisms = plain scram-sha-256 scram-sha-256-plus (2.4)",
    ),
    rows=("J7",),
)
def judge(offers: Offers) -> Judgement:
    """Judge whether SCRAM comes with its -PLUS variant under TLS."""
    found = offers.under_tls()
    if isinstance(found, Judgement):
        return found
    scram = [name for name in found.mechanisms if is_scram(name)]
    bound = [name for name in scram if binds(name)]
    version = offers.handshake.version if offers.handshake is not None else ""
    value = "tls-exporter" if version == "TLSv1.3" else "tls-unique"
    over = f" over {version}" if version else ""
    if bound:
        return passed(f"SCRAM is offered with channel binding ({value}{over} unless the client says other)")
    unsure = found.unless_whole()
    if unsure is not None:
        return unsure
    if not scram:
        return not_applicable("SCRAM is not offered under TLS")
    return warn(f"SCRAM is offered without channel binding, which would be {value}{over}", found.line)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    both = "PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS"
    yield Example("with", Verdict.PASS, _samples.smtp(under_tls=both))
    yield Example("without", Verdict.WARN, _samples.smtp(under_tls="SCRAM-SHA-1 SCRAM-SHA-256"))
    yield Example("no SCRAM", Verdict.NOT_APPLICABLE, _samples.smtp(under_tls="PLAIN"))
    yield Example("TLS not reached", Verdict.INCONCLUSIVE, _samples.smtp("SCRAM-SHA-1")[:2])
