"""The server sends certificates that no client needs.

They are not part of the path to the root: left over from an earlier authority, of another host, or sent
twice. They cost octets in each handshake, can push it over the size that some paths and clients take, and
may lead a simple client astray. A root sent along is harmless and common, and a cross-certificate (another
one for a key of the path) leads older clients to a root that they know; both are only mentioned. Said only
where a whole path was found, because otherwise nobody knows what belongs to it. Of a server that sends more
certificates than waxseal keeps, this says so.
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
    check,
    inconclusive,
    passed,
    warn,
)
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._samples import cut_chain
from waxseal.checks.certificate._shown import MAX_LINES, SEND_LESS, ShownChain, called
from waxseal.facts import Certificate
from waxseal.trust.certificate import parse


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
def judge(shown: ShownChain) -> Judgement:
    """Judge the certificates that are no part of the path."""
    if len(shown.chain.certificates) == 1 and not shown.cut():
        return passed("One certificate was sent, the server's own")
    incomplete = shown.without_path()
    if incomplete is not None:
        return inconclusive(shown.cut(), advice=SEND_LESS) if shown.cut() else incomplete
    keys = _keys(shown)
    useless: list[str] = []
    useful: list[str] = []
    for index in shown.proof.superfluous:
        certificate = shown.chain.certificates[index]
        repeated = certificate in shown.chain.certificates[:index]
        known = not repeated and (_is_root(certificate) or certificate.spki_sha256 in keys)
        (useful if known else useless).append(f"sent as {index + 1}: {called(certificate)}")
    if shown.cut():
        return warn(f"The path is whole, and {shown.cut()}", *useless[:MAX_LINES])
    if useless:
        count = "a certificate" if len(useless) == 1 else f"{len(useless)} certificates"
        return warn(f"The server sends {count} that no client needs", *useless[:MAX_LINES])
    if shown.proof.root_sent:
        return passed("Nothing superfluous is sent but a root, which may be left out", *useful[:MAX_LINES])
    if useful:
        return passed("Nothing superfluous is sent but a cross-certificate for older clients", *useful)
    return passed("Every certificate sent is part of the path")


def _keys(shown: ShownChain) -> set[str]:
    """The public keys of the issuers on the path, by fingerprint."""
    steps = {step.sha256 for step in shown.proof.path[1:]}
    roots = (parse(octets) for octets in shown.anchors.candidates)
    return {c.spki_sha256 for c in (*shown.chain.certificates, *roots) if c.sha256 in steps and c.spki_sha256}


def _is_root(certificate: Certificate) -> bool:
    return certificate.subject != "" and certificate.subject == certificate.issuer


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("a stranger's", Verdict.WARN, (samples.endpoint(), *sample("superfluous")))
    yield Example("one sent twice", Verdict.WARN, (samples.endpoint(), *sample("sent_twice")))
    yield Example("the root too", Verdict.PASS, (samples.endpoint(), *sample("root_sent")))
    yield Example("a cross-certificate too", Verdict.PASS, (samples.endpoint(), *sample("cross_sent")))
    yield Example("just the path", Verdict.PASS, (samples.endpoint(), *sample("good")))
    for name, verdict in (
        ("good", Verdict.WARN),
        ("mixed", Verdict.INCONCLUSIVE),
        ("orphan", Verdict.INCONCLUSIVE),
    ):
        cut = (samples.endpoint(), *cut_chain(name))
        yield Example(f"not every one was kept: {name}", verdict, cut)
    yield Example("no path", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("mixed")))
    yield Example("one certificate", Verdict.PASS, (samples.endpoint(), *sample("orphan")))
    only_nameless = (samples.endpoint(), samples.handshake(), *sample("superfluous", server_name=""))
    yield Example("shown only without a name", Verdict.NOT_APPLICABLE, only_nameless)
