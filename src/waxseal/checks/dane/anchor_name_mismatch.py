"""A TLSA record of usage 2 leads to a sound path, but the certificate bears none of the names it may.

With usage 2 an authority vouches for the server, so the certificate has to say which server it is of: the
TLSA base domain, which is the MX host, or, where the MX records are signed, the mail domain. Otherwise any
customer of that authority could take the mail. With usage 3 names do not count.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed
from waxseal.checks.certificate._names import presented
from waxseal.checks.certificate._samples import chain
from waxseal.checks.dane import _samples
from waxseal.checks.dane._beside import told_beside
from waxseal.checks.dane._tlsa import ShownToSenders
from waxseal.facts import Dnssec, TrustAnchors


@check(
    title="The certificate bears no name that TLSA usage 2 asks for",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 7672 §3.2.2", "RFC 7672 §3.2.3"),
    remedy=Remedy(
        general="Get a certificate with the host's name in its subjectAltName, or publish a record '3 1 1' "
        "of the server's own key, with which names do not count.",
        dns="_25._tcp.mx.example.org. IN TLSA 3 1 1 (64 hex digits)",
    ),
    rows=("G2", "G3"),
)
def judge(shown: ShownToSenders, roots: TrustAnchors | None) -> Judgement:
    """Judge the names that the certificate bears against the reference identifiers."""
    check = "dane/anchor-name-mismatch"
    if (elsewhere := shown.told_elsewhere(check)) is not None:
        return elsewhere
    if shown.speaker() != check:
        return passed("A TLSA record authenticates the server", *shown.held())
    wanted = " or ".join(shown.names)[:150]
    return shown.broken(
        f"The certificate does not bear {wanted}: {shown.consequence()}" + told_beside(shown, roots),
        presented(shown.chain.leaf),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    issuer = _samples.record("2 0 1", "good", 1)
    records = _samples.tlsa(issuer)
    yield Example("another name", Verdict.FAIL, (*_samples.shown("other_name"), records))
    untrusted = _samples.tlsa(issuer, dnssec=Dnssec.UNTRUSTED)
    yield Example("another name, not validated", Verdict.WARN, (*_samples.shown("other_name"), untrusted))
    yield Example("the host's name", Verdict.PASS, (*_samples.shown("good"), records))
    yield Example("a wildcard", Verdict.PASS, (*_samples.shown("wildcard"), records))
    yield Example(
        "the name as common name alone", Verdict.PASS, (*_samples.shown("only_common_name"), records)
    )
    domain = _samples.shown("only_domain")
    yield Example("the mail domain, MX signed", Verdict.PASS, (*domain, records))
    unsigned = (_samples.mx(Dnssec.INSECURE), domain[1], chain("only_domain")[0], records)
    yield Example("the mail domain, MX unsigned", Verdict.FAIL, unsigned)
    expired = (*_samples.shown("expired"), records)
    yield Example("expired", Verdict.INCONCLUSIVE, expired)
    alone = _samples.tlsa(_samples.record("3 1 1", "other_name"))
    yield Example("usage 3", Verdict.NOT_APPLICABLE, (*_samples.shown("other_name"), alone))
