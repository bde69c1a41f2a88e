"""The server's certificate is signed with its own key and by no authority.

It encrypts as well as any other, and keeps out whoever only listens. It proves nothing to a client that
does not know it already: mail programs warn or refuse, senders under MTA-STS do not deliver, and anyone
can make one like it. On port 25 this is a warning, because most senders do not ask for proof and DANE
(usage 3) may vouch for exactly such a certificate: where a signed TLSA record does, nothing is said. On
submission it is a failure. A certificate that was given as a root is not meant.
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
from waxseal.checks.certificate._shown import ShownChain, unread
from waxseal.checks.dane._samples import OTHER, record, tlsa
from waxseal.facts import Dnssec
from waxseal.trust.chain import ProblemCode
from waxseal.trust.proof import plain


@check(
    title="The certificate is self-signed",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 8314 §4.4", "RFC 8461 §4.2", "RFC 5280 §6.1"),
    remedy=Remedy(
        general="Get a certificate from an authority that clients trust, for instance by ACME at no cost.",
        postfix="smtpd_tls_chain_files = /path/key.pem, /path/fullchain.pem",
        exim="tls_certificate = /path/fullchain.pem",
        dovecot="ssl_cert = </path/fullchain.pem (from 2.4 on: ssl_server_cert_file = /path/fullchain.pem)",
    ),
    rows=("D1",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge whether the leaf is its own issuer."""
    found = shown.problems(ProblemCode.SELF_SIGNED_LEAF)
    if found:
        return shown.broken(
            "The certificate is self-signed: it encrypts, but proves to nobody who the server is",
            *shown.lines(found),
            shown.store_line(),
        )
    if shown.problems(ProblemCode.UNPARSEABLE):
        return unread("a certificate")
    return passed("The certificate is not self-signed", f"issuer: {plain(shown.chain.leaf.issuer, 150)}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("self-signed", Verdict.WARN, (samples.endpoint(), *sample("self_signed")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("self_signed", port=587))
    )
    yield Example("issued", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("private authority", Verdict.PASS, (samples.endpoint(), *sample("private")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
    vouched = tlsa(record("3 1 1", "self_signed"))
    shown = (samples.endpoint(), *sample("self_signed"))
    yield Example("a TLSA record vouches for it", Verdict.NOT_APPLICABLE, (*shown, vouched))
    unsigned = tlsa(record("3 1 1", "self_signed"), dnssec=Dnssec.INSECURE)
    yield Example("an unsigned TLSA record", Verdict.WARN, (*shown, unsigned))
    yield Example("a TLSA record of another key", Verdict.WARN, (*shown, tlsa(OTHER)))
