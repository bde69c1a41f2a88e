"""The anchor of a TLSA record of usage 2 is at hand, but no sound path leads from the certificate to it.

With usage 2 the path from the server's certificate to the anchor counts in full: each signature, each date,
path lengths and name constraints. So an expired certificate stops mail from senders with DANE here, which it
would not with usage 3; so does an intermediate that is not sent. A record of usage 2 that is of the server's
own certificate cannot hold either: usage 3 is for that.
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
    inconclusive,
    passed,
)
from waxseal.checks.certificate._shown import SEND_LESS
from waxseal.checks.dane import _samples
from waxseal.checks.dane._beside import told_beside
from waxseal.checks.dane._tlsa import ShownToSenders
from waxseal.facts import Dnssec, TrustAnchors
from waxseal.trust.dane import MatchFault
from waxseal.trust.proof import plain


@check(
    title="No sound path leads to the trust anchor of a TLSA record",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 6698 §2.1.1", "RFC 7672 §3.2", "RFC 7671 §5.1"),
    remedy=Remedy(
        general="Renew the certificate that is at fault, or send what is missing of the path; a record "
        "'3 1 1' of the server's own key asks for neither.",
        dns="_25._tcp.mx.example.org. IN TLSA 3 1 1 (64 hex digits)",
    ),
    rows=("G2",),
)
def judge(shown: ShownToSenders, roots: TrustAnchors | None) -> Judgement:
    """Judge the path to the anchor."""
    check = "dane/anchor-chain-invalid"
    if (elsewhere := shown.told_elsewhere(check)) is not None:
        return elsewhere
    if shown.speaker() != check:
        return passed("A TLSA record authenticates the server", *shown.held())
    chain = shown.chain
    if chain.sent_count > len(chain.certificates):
        return inconclusive(
            f"the server sent {chain.sent_count} certificates, only {len(chain.certificates)} were kept",
            *shown.lines(),
            advice=SEND_LESS,
        )
    why = next(match.why for match in shown.proof.matches if match.fault is MatchFault.CHAIN)
    return shown.broken(
        f"A TLSA record of usage 2 fails: {plain(why, 150)}; {shown.consequence()}"
        + told_beside(shown, roots)
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    issuer = _samples.record("2 0 1", "good", 1)
    yield Example("expired", Verdict.FAIL, (*_samples.shown("expired"), _samples.tlsa(issuer)))
    untrusted = _samples.tlsa(issuer, dnssec=Dnssec.UNTRUSTED)
    yield Example("expired, not validated", Verdict.WARN, (*_samples.shown("expired"), untrusted))
    yield Example("forged", Verdict.FAIL, (*_samples.shown("forged"), _samples.tlsa(issuer)))
    own = _samples.tlsa(_samples.record("2 0 1", "self_signed"))
    yield Example("the server's own certificate", Verdict.FAIL, (*_samples.shown("self_signed"), own))
    yield Example("sound", Verdict.PASS, (*_samples.shown("good"), _samples.tlsa(issuer)))
    private = _samples.tlsa(_samples.record("2 0 1", "private", 1))
    yield Example("a private authority", Verdict.PASS, (*_samples.shown("private"), private))
    alone = _samples.tlsa(_samples.record("3 1 1", "expired"))
    yield Example("expired, usage 3", Verdict.NOT_APPLICABLE, (*_samples.shown("expired"), alone))
    other = (*_samples.shown("other_name"), _samples.tlsa(issuer))
    yield Example("another name", Verdict.INCONCLUSIVE, other)
