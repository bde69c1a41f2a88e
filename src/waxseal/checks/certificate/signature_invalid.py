"""A certificate names its issuer, and the issuer's key did not make its signature.

The certificate was altered or put together from parts that do not belong together: often an old
intermediate of the same name, whose key was replaced, was left in the chain file. Nobody who verifies
accepts it. On port 25 this is a warning, on submission a failure. Whether the algorithm of a good
signature is strong enough is another question, see certificate/signature-weak.
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
    passed,
)
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import ShownChain
from waxseal.trust.chain import ProblemCode


@check(
    title="A signature in the chain is wrong",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §6.1.3", "RFC 8314 §4.4"),
    remedy=Remedy(
        general="Install certificate and chain anew, both as your authority delivers them with this "
        "certificate.",
        postfix="smtpd_tls_chain_files = /path/key.pem, /path/fullchain.pem",
        exim="tls_certificate = /path/fullchain.pem",
        dovecot="ssl_cert = </path/fullchain.pem (from 2.4 on: ssl_server_cert_file = /path/fullchain.pem)",
    ),
    rows=("D1",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge the signatures along the path."""
    found = shown.problems(ProblemCode.SIGNATURE_INVALID)
    if found:
        return shown.broken(
            f"{shown.place(found[0].depth)} was not signed by the issuer that it names",
            *shown.lines(found),
        )
    return shown.without_path() or passed(
        f"Every signature of the path verifies ({len(shown.proof.path)} certificates)"
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("altered", Verdict.WARN, (samples.endpoint(), *sample("forged")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("forged", port=587))
    )
    yield Example("sound", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("issuer missing", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("orphan")))
    yield Example("self-signed", Verdict.NOT_APPLICABLE, (samples.endpoint(), *sample("self_signed")))
