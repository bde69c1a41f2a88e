"""The chain is whole and ends in a root that is not in the root store.

Usually it is a private authority, or a public one that has lost or not yet won its place. Clients that
verify against the public roots refuse it; those that were given this root by hand are content. On port 25
this is a warning, on submission a failure. If your clients do know the root, test with that root store.
Said only where the root itself was sent; where the chain just stops, see certificate/issuer-unknown.
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
from waxseal.checks.certificate._shown import ShownChain
from waxseal.trust.chain import ProblemCode
from waxseal.trust.proof import plain


@check(
    title="The chain ends in an unknown root",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §6.1", "RFC 8314 §4.4", "RFC 8461 §4.2"),
    remedy=Remedy(
        general="Get a certificate from an authority whose root the clients have, or give the root to the "
        "clients.",
        postfix="smtpd_tls_chain_files = /path/key.pem, /path/fullchain.pem",
        exim="tls_certificate = /path/fullchain.pem",
        dovecot="ssl_cert = </path/fullchain.pem (from 2.4 on: ssl_server_cert_file = /path/fullchain.pem)",
    ),
    rows=("D1", "D13"),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge the root at the end of the path."""
    nothing = shown.without_roots()
    if nothing is not None:
        return nothing
    found = shown.problems(ProblemCode.SELF_SIGNED_ROOT_UNTRUSTED)
    if found:
        return shown.broken(
            "The chain ends in a root that is not in the root store",
            *shown.lines(found),
            shown.store_line(),
        )
    if shown.problems(ProblemCode.ISSUER_UNKNOWN, ProblemCode.INTERMEDIATE_MISSING):
        return not_applicable("no root was reached, as an issuer is missing")
    return shown.without_path() or passed(
        "The chain ends in a root of the store",
        f"root: {plain(shown.proof.path[-1].subject, 100)}",
        shown.store_line(),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("private root", Verdict.WARN, (samples.endpoint(), *sample("private")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("private", port=587))
    )
    yield Example("known root", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("self-signed", Verdict.NOT_APPLICABLE, (samples.endpoint(), *sample("self_signed")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
