"""The chain stops at a certificate whose issuer was not sent and is no root of the store.

Nothing in the certificate says where that issuer could be fetched, so this is either a private authority
whose root is not sent, or an intermediate certificate that the server forgets. Clients that verify refuse
it. On port 25 this is a warning, on submission a failure. Where the certificate does name a place to
fetch the issuer from, certificate/intermediate-missing speaks instead.
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
    title="The issuer of the certificate is unknown",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §6.1", "RFC 8314 §4.4", "RFC 8461 §4.2"),
    remedy=Remedy(
        general="Send the intermediate certificates of your authority after your own. If it is a private "
        "authority, clients need its root, or the server a certificate of a public one.",
        postfix="smtpd_tls_chain_files = /path/key.pem, /path/fullchain.pem",
        exim="tls_certificate = /path/fullchain.pem",
        dovecot="ssl_cert = </path/fullchain.pem (from 2.4 on: ssl_server_cert_file = /path/fullchain.pem)",
    ),
    rows=("D1",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge whether every issuer is at hand."""
    nothing = shown.without_roots()
    if nothing is not None:
        return nothing
    found = shown.problems(ProblemCode.ISSUER_UNKNOWN)
    if found and not shown.problems(ProblemCode.UNPARSEABLE):
        return shown.unless_whole() or shown.broken(
            "The chain stops at a certificate whose issuer is unknown",
            *shown.lines(found),
            shown.store_line(),
        )
    if shown.problems(ProblemCode.INTERMEDIATE_MISSING):
        return not_applicable("the issuer could be fetched, see certificate/intermediate-missing")
    return shown.without_path() or passed("The issuer of every certificate is at hand")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("unknown issuer", Verdict.WARN, (samples.endpoint(), *sample("orphan")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("orphan", port=587))
    )
    cut = (samples.endpoint(), *cut_chain("orphan"))
    yield Example("not every one was kept", Verdict.INCONCLUSIVE, cut)
    yield Example("whole chain", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("private root sent", Verdict.PASS, (samples.endpoint(), *sample("private")))
    yield Example("self-signed", Verdict.NOT_APPLICABLE, (samples.endpoint(), *sample("self_signed")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
