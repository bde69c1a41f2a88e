"""EXTERNAL is offered, and nothing external is there that could prove a user.

With EXTERNAL the user is whom something outside the login has proved, in mail a client certificate of the
TLS handshake. This server asks for none, so nobody can log in so; mail programs that try it fail, and a
server that accepts it all the same lets in whom it does not know. Where users are known by other means, such
as their IP addresses or IPsec, that cannot be seen from here, and nothing needs mending.
"""

from collections.abc import Iterator

from waxseal.checks import samples
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
    unreached,
    warn,
)
from waxseal.checks.auth import _samples
from waxseal.checks.auth._offers import Offers
from waxseal.facts import ClientCertificateRequest, TlsMode


@check(
    title="EXTERNAL is offered without client certificates",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 4422 §A", "RFC 8314 §4.2"),
    remedy=Remedy(
        general="Strike EXTERNAL from the mechanisms, or ask for client certificates in the TLS handshake.",
        postfix="smtpd_sasl_mechanism_filter = !external, static:rest",
        dovecot="ssl_verify_client_cert = yes; ssl_ca = </path/of/clients-ca.pem",
    ),
    rows=("J7",),
)
def judge(offers: Offers, request: ClientCertificateRequest | None) -> Judgement:
    """Judge EXTERNAL against what the handshake asked for."""
    if (offers.subject.address or "").startswith("unix:"):
        return not_applicable("a socket of this machine: the system itself knows who is at the other end")
    found = offers.under_tls()
    if isinstance(found, Judgement):
        return found
    if "EXTERNAL" not in found.mechanisms:
        return found.unless_whole() or not_applicable("EXTERNAL is not offered under TLS")
    if request is None:
        return unreached(
            "EXTERNAL is offered; whether a client certificate is asked for was not seen",
            found.line,
            advice="test with --depth standard",
        )
    if request.asked:
        return passed("EXTERNAL is offered, and a client certificate is asked for")
    return warn(
        "EXTERNAL is offered, but the handshake asks for no client certificate that could prove a user",
        found.line,
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    offered = _samples.smtp(under_tls="PLAIN EXTERNAL")
    asked = ClientCertificateRequest(version="TLSv1.3", asked=True)
    silent = ClientCertificateRequest(version="TLSv1.3", asked=False)
    yield Example("backed", Verdict.PASS, (*offered, asked))
    yield Example("unbacked", Verdict.WARN, (*offered, silent))
    yield Example("not seen", Verdict.INCONCLUSIVE, offered)
    yield Example("not offered", Verdict.NOT_APPLICABLE, (*_samples.smtp(under_tls="PLAIN"), silent))
    implicit = (samples.endpoint(TlsMode.IMPLICIT), samples.ehlo("AUTH PLAIN EXTERNAL"), silent)
    yield Example("implicit TLS", Verdict.WARN, implicit)
