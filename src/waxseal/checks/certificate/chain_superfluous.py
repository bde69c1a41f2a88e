"""The server sends certificates that no client needs.

They are not part of the path to the root: left over from an earlier authority, of another host, or sent
twice. They cost octets in each handshake, can push it over the size that some paths and clients take, and
may lead a simple client astray. A root sent along is superfluous too, but harmless and common, so it is
only mentioned. Said only where a whole path was found, because otherwise nobody knows what belongs to it.
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
    passed,
    warn,
)
from waxseal.checks.certificate._proof import MAX_LINES, bounded, prove, without_path
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._weighing import set_aside
from waxseal.facts import Certificate, CertificateChain, Handshake, RunContext, TrustAnchors


@check(
    title="Superfluous certificates are sent",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5246 §7.4.2", "RFC 8446 §4.4.2"),
    remedy=Remedy(
        general="Remove them from the chain file: it should hold your own certificate and those between it "
        "and the root, once each.",
    ),
    rows=("D5",),
)
def judge(
    subject: Subject,
    run: RunContext,
    chain: CertificateChain,
    anchors: TrustAnchors,
    handshake: Handshake | None,
) -> Judgement:
    """Judge the certificates that are no part of the path."""
    aside = set_aside(subject, handshake)
    if aside is not None:
        return aside
    if len(chain.certificates) == 1:
        return passed("One certificate was sent, the server's own")
    proof = prove(chain, anchors, run)
    incomplete = without_path(proof)
    if incomplete is not None:
        return incomplete
    extra = [
        f"sent as {index + 1}: {bounded(chain.certificates[index].subject)}"
        for index in proof.superfluous
        if not _is_root(chain.certificates[index])
    ]
    if extra:
        count = "a certificate" if len(extra) == 1 else f"{len(extra)} certificates"
        return warn(f"The server sends {count} that no client needs", *extra[:MAX_LINES])
    if proof.root_sent:
        return passed("Nothing superfluous is sent but the root", "the root was sent, which may be left out")
    return passed("Every certificate sent is part of the path")


def _is_root(certificate: Certificate) -> bool:
    return certificate.subject != "" and certificate.subject == certificate.issuer


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("a stranger's", Verdict.WARN, sample("superfluous"))
    yield Example("one sent twice", Verdict.WARN, sample("sent_twice"))
    yield Example("the root too", Verdict.PASS, sample("root_sent"))
    yield Example("just the path", Verdict.PASS, sample("good"))
    yield Example("no path", Verdict.INCONCLUSIVE, sample("mixed"))
    yield Example("one certificate", Verdict.PASS, sample("orphan"))
    only_nameless = (samples.handshake(), *sample("superfluous", server_name=""))
    yield Example("shown only without a name", Verdict.NOT_APPLICABLE, only_nameless)
