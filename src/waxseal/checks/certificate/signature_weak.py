"""A certificate of the path is signed with MD5 or SHA-1.

For both it is possible to make two certificates with one signature, so such a signature no longer proves
that the authority issued this one. Current clients that verify refuse it. On port 25 this is a warning,
on submission a failure. A root's own signature proves nothing that anyone relies on, and is not judged;
nor are certificates that are sent but not part of the path.
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
from waxseal.checks.certificate._shown import ShownChain, called, unread
from waxseal.trust.chain import ProblemCode
from waxseal.trust.strength import signature_weakness


@check(
    title="A certificate is signed with a broken hash",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 9325 §4.5",),
    remedy=Remedy(
        general="Have the certificate issued anew with SHA-256; if it is an intermediate, get the current "
        "chain from the authority.",
    ),
    rows=("D14",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge the hash of each signature that the path rests on."""
    if shown.problems(ProblemCode.SELF_SIGNED_LEAF):
        return not_applicable("a self-signed certificate's signature proves nothing, whatever its hash")
    sent = shown.sent_on_path()
    for depth, certificate in sent:
        why = signature_weakness(certificate)
        if why is not None:
            line = f"{called(certificate)}: {why}"
            return shown.weakened(f"{shown.place(depth)} is signed with a broken hash", line)
    if not shown.chain.leaf.signature_algorithm:
        return unread("the signature")
    told = (f"{called(certificate)}: {certificate.signature_algorithm[:60]}" for _, certificate in sent)
    return passed("No certificate is signed with a broken hash", *tuple(told)[:3])


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("SHA-1", Verdict.WARN, (samples.endpoint(), *sample("sha1")))
    yield Example(
        "SHA-1 on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("sha1", port=587))
    )
    yield Example("SHA-256", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("unreadable", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("garbage")))
    yield Example("self-signed", Verdict.NOT_APPLICABLE, (samples.endpoint(), *sample("self_signed")))
