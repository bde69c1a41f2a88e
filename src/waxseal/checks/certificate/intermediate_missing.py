"""The server does not send an intermediate certificate that clients need to reach the root.

A server has to send everything between its own certificate and the root. Some clients fetch or remember
what is missing, so it seems to work, and fails for the others: mail servers almost never fetch. Typically
the file with the certificate alone (cert.pem) was configured in place of the whole chain (fullchain.pem).
On port 25 this is a warning, on submission a failure. The missing certificate names its place, so it is
one download away.
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
    at,
    check,
    not_applicable,
    passed,
)
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._samples import cut_chain
from waxseal.checks.certificate._shown import ShownChain
from waxseal.trust.chain import ProblemCode


@check(
    title="An intermediate certificate is missing",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 8446 §4.4.2", "RFC 5246 §7.4.2", "RFC 8314 §4.4"),
    remedy=Remedy(
        general="Configure the file with the whole chain, your own certificate first, then each issuer up "
        "to the root.",
        postfix="smtpd_tls_chain_files = /path/key.pem, /path/fullchain.pem",
        exim="tls_certificate = /path/fullchain.pem",
        dovecot="ssl_cert = </path/fullchain.pem (from 2.4 on: ssl_server_cert_file = /path/fullchain.pem)",
    ),
    rows=("D5",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge whether an issuer was left out."""
    nothing = shown.without_roots()
    if nothing is not None:
        return nothing
    found = shown.problems(ProblemCode.INTERMEDIATE_MISSING)
    if found:
        return shown.unless_whole() or shown.broken(
            "The server does not send an intermediate certificate that leads to the root",
            *shown.lines(found),
            f"certificates sent: {len(shown.chain.certificates)}",
            shown.store_line(),
        )
    if shown.problems(ProblemCode.ISSUER_UNKNOWN):
        return not_applicable("whether the missing issuer is an intermediate is not known")
    return shown.without_path() or passed("Every certificate that leads to the root was sent")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("leaf alone", Verdict.WARN, (samples.endpoint(), *sample("intermediate_missing")))
    yield Example(
        "on submission",
        Verdict.FAIL,
        (at(samples.endpoint(), port=587), *sample("intermediate_missing", port=587)),
    )
    cut = (samples.endpoint(), *cut_chain("intermediate_missing"))
    yield Example("not every one was kept", Verdict.INCONCLUSIVE, cut)
    yield Example("whole chain", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("self-signed", Verdict.NOT_APPLICABLE, (samples.endpoint(), *sample("self_signed")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
