"""The server asks for a client certificate and goes on only with one.

Hardly any mail server has a certificate to show as a client, so on port 25 nobody can deliver under TLS:
senders fall back to clear text or give up. Asking for one without insisting on it is harmless. On submission
it is the provider's own choice to demand certificates of its users.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    check,
    fail,
    not_applicable,
    passed,
    unreached,
)
from waxseal.checks.certificate._weighing import is_submission
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, spoken
from waxseal.facts import ClientCertificateRequest, EhloTls, Endpoint


@check(
    title="A client certificate is demanded",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 3207 §4.1", "RFC 7435 §3"),
    remedy=Remedy(
        general="Ask for client certificates at most, and do not demand them.",
        postfix="smtpd_tls_req_ccert = no",
        exim="tls_verify_hosts unset; tls_try_verify_hosts where certificates are wanted",
        dovecot="auth_ssl_require_client_cert = no; ssl_verify_client_cert = no",
    ),
    rows=("D11",),
)
def judge(
    endpoint: Endpoint, subject: Subject, request: ClientCertificateRequest, ehlo: EhloTls | None
) -> Judgement:
    """Judge whether the handshake stood without a certificate."""
    if not request.asked:
        return passed("No client certificate is asked for")
    line = f"asked for in {spoken(request.version)}, {len(request.authorities)} authorities named"
    if request.completed_without or (ehlo is not None and request.completed_without is None):
        return passed("A client certificate is asked for and not demanded", line)
    if request.completed_without is None:
        return unreached(
            "whether the server goes on without a client certificate was not seen", line, advice=FULL
        )
    if is_submission(endpoint, subject):
        return not_applicable("a client certificate is demanded; on submission that is the provider's choice")
    return fail("The server goes on only with a client certificate, which senders do not have", line)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def asked(completed: bool | None, asked: bool = True) -> ClientCertificateRequest:
        return ClientCertificateRequest(version="TLSv1.3", asked=asked, completed_without=completed)

    endpoint = samples.endpoint()
    yield Example("demanded", Verdict.FAIL, (endpoint, asked(completed=False)))
    yield Example("asked for", Verdict.PASS, (endpoint, asked(completed=True)))
    yield Example("EHLO was answered", Verdict.PASS, (endpoint, asked(completed=None), samples.ehlo_tls()))
    yield Example("not asked for", Verdict.PASS, (endpoint, asked(completed=None, asked=False)))
    yield Example("not seen", Verdict.INCONCLUSIVE, (endpoint, asked(completed=None)))
    submission = _samples.placed(587, endpoint, asked(completed=False))
    yield Example("demanded on submission", Verdict.NOT_APPLICABLE, submission)
