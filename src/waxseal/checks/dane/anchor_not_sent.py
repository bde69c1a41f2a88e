"""A TLSA record of usage 2 names an authority whose certificate the server does not send.

A sender has no other way to get it: a digest cannot be turned back into a certificate, and senders with DANE
need not look into a root store. So the chain has to hold the certificate that the record is of, even where it
is a root, which servers leave out otherwise. It looks the same where the authority has moved on to another
intermediate and the record stayed behind.
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
from waxseal.checks.certificate._samples import cut_chain
from waxseal.checks.certificate._shown import SEND_LESS, called
from waxseal.checks.dane import _samples
from waxseal.checks.dane._beside import told_beside
from waxseal.checks.dane._tlsa import ShownToSenders, short
from waxseal.facts import Dnssec, TlsaRecord, TrustAnchors
from waxseal.trust import dane
from waxseal.trust.certificate import parse


@check(
    title="The trust anchor of a TLSA record is not sent",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 7672 §3.1.2", "RFC 7671 §5.2.2", "RFC 7671 §5.2"),
    remedy=Remedy(
        general="Append the certificate that the record is of to the chain that the server sends; or "
        "publish the intermediate that is sent, or better a record '3 1 1' of the server's own key.",
        postfix="smtpd_tls_chain_files = /path/key.pem, /path/chain-with-the-anchor.pem",
    ),
    rows=("G2",),
)
def judge(shown: ShownToSenders, roots: TrustAnchors | None) -> Judgement:
    """Judge whether a certificate that was sent is the anchor, where only usage 2 is published."""
    check = "dane/anchor-not-sent"
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
    return shown.broken(
        f"The certificate that the TLSA record is of is not among those sent: {shown.consequence()}"
        + told_beside(shown, roots),
        *_recognised(shown, roots),
    )


def _recognised(shown: ShownToSenders, roots: TrustAnchors | None) -> Iterator[str]:
    """Which root of the store a record is of, so that it can be appended."""
    known = tuple(parse(octets) for octets in roots.candidates) if roots is not None else ()
    for match in shown.proof.matches:
        for root in known:
            if _is_of(match.record, root.der):
                yield f"{short(match.record)[:30]}... is of the root {called(root)}"


def _is_of(record: TlsaRecord, octets: bytes) -> bool:
    try:
        return dane.association(parse(octets), record.selector, record.matching_type) == record.data
    except ValueError:
        return False


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    root = _samples.record("2 0 1", "root_sent", 2)
    server = _samples.shown("good")
    yield Example("root not sent", Verdict.FAIL, (*server, _samples.tlsa(root)))
    untrusted = _samples.tlsa(root, dnssec=Dnssec.UNTRUSTED)
    yield Example("root not sent, not validated", Verdict.WARN, (*server, untrusted))
    yield Example("root sent", Verdict.PASS, (*_samples.shown("root_sent"), _samples.tlsa(root)))
    issuer = _samples.tlsa(_samples.record("2 1 1", "good", 1))
    yield Example("the intermediate is the anchor", Verdict.PASS, (*server, issuer))
    whole = _samples.tlsa(_samples.record("2 0 0", "root_sent", 2))
    yield Example("the record holds the root", Verdict.PASS, (*server, whole))
    only_leaf = _samples.tlsa(_samples.record("3 1 1", "good"))
    yield Example("no usage 2", Verdict.NOT_APPLICABLE, (*server, only_leaf))
    cut = (_samples.mx(), server[1], *cut_chain("good"), _samples.tlsa(root))
    yield Example("not every certificate was kept", Verdict.INCONCLUSIVE, cut)
    other = _samples.tlsa(root, _samples.OTHER)
    yield Example("a record of usage 3 does not match", Verdict.INCONCLUSIVE, (*server, other))
