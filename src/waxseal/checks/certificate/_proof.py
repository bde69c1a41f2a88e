"""The proof over a recorded chain, and what a check answers where the proof does not reach its question.

Each reason why a path does not hold belongs to one check, so that one fault gives one finding.
"""

from waxseal.checks.api import Judgement, inconclusive, not_applicable, unreached
from waxseal.facts import Certificate, CertificateChain, TrustAnchors
from waxseal.trust import chain as trust_chain
from waxseal.trust.chain import ChainProof, Problem, ProblemCode
from waxseal.trust.proof import plain

MAX_LINE = 200
MAX_LINES = 5
MAX_NAME = 100

CHECK_OF: dict[ProblemCode, str] = {
    ProblemCode.UNPARSEABLE: "certificate/unreadable",
    ProblemCode.CURVE_NOT_NAMED: "certificate/unreadable",
    ProblemCode.EXPIRED: "certificate/expired",
    ProblemCode.NOT_YET_VALID: "certificate/not-yet-valid",
    ProblemCode.SIGNATURE_INVALID: "certificate/signature-invalid",
    ProblemCode.SELF_SIGNED_LEAF: "certificate/self-signed",
    ProblemCode.SELF_SIGNED_ROOT_UNTRUSTED: "certificate/root-untrusted",
    ProblemCode.INTERMEDIATE_MISSING: "certificate/intermediate-missing",
    ProblemCode.ISSUER_UNKNOWN: "certificate/issuer-unknown",
    ProblemCode.NOT_A_CA: "certificate/issuer-not-a-ca",
    ProblemCode.PATH_LENGTH_EXCEEDED: "certificate/issuer-not-a-ca",
    ProblemCode.NAME_CONSTRAINTS_VIOLATED: "certificate/name-constraints-violated",
    ProblemCode.EXTENDED_KEY_USAGE: "certificate/usage-wrong",
    ProblemCode.KEY_USAGE: "certificate/usage-wrong",
    ProblemCode.UNKNOWN_CRITICAL_EXTENSION: "certificate/critical-extension-unknown",
}
"""The check that speaks for each problem. What waxseal itself gave up (TOO_COMPLEX) is INCONCLUSIVE in each
check that needs the path, and a chain is never empty (NO_CERTIFICATE)."""


def prove(chain: CertificateChain, anchors: TrustAnchors) -> ChainProof:
    """The proof of the chain as sent, at the time when it was shown."""
    return trust_chain.verify(chain.certificates, anchors.candidates, chain.shown_at)


def problems(proof: ChainProof, *codes: ProblemCode) -> tuple[Problem, ...]:
    """Those problems of the proof, leaf first."""
    return tuple(problem for problem in proof.problems if problem.code in codes)


def place(proof: ChainProof, depth: int) -> str:
    """What the certificate at a depth of the path is, to begin a sentence with."""
    if depth == 0:
        return "The certificate"
    last = depth == len(proof.path) - 1
    ended = proof.path[-1].anchor or problems(proof, ProblemCode.SELF_SIGNED_ROOT_UNTRUSTED)
    return "The root" if last and ended else "An intermediate certificate"


def lines(proof: ChainProof, found: tuple[Problem, ...]) -> tuple[str, ...]:
    """One line of evidence for each problem, at most five: whose it is, and the particulars."""
    told = [
        f"{plain(proof.path[problem.depth].subject, MAX_NAME)}: {plain(problem.detail)}" for problem in found
    ]
    return tuple(line[:MAX_LINE] for line in told[:MAX_LINES])


def called(certificate: Certificate) -> str:
    """The subject of a certificate, bounded and without control characters."""
    return plain(certificate.subject, MAX_NAME) or "a certificate without a subject"


def sent_on_path(proof: ChainProof, chain: CertificateChain) -> tuple[tuple[int, Certificate], ...]:
    """The certificates of the path that the server sent, trust anchors left out, each with its depth."""
    return tuple(
        (depth, chain.certificates[step.index])
        for depth, step in enumerate(proof.path)
        if step.index is not None and not (step.anchor and depth > 0)
    )


def store_line(anchors: TrustAnchors) -> str:
    """The root store that was asked."""
    return f"root store: {anchors.store[:60]} ({anchors.store_size} roots)"


def without_roots(anchors: TrustAnchors) -> Judgement | None:
    """The answer where the store holds nothing, so that no path can end."""
    if anchors.store_size > 0:
        return None
    return inconclusive(
        "no root store was at hand, so no certificate can be proved", advice="name a root store to judge with"
    )


def without_path(proof: ChainProof) -> Judgement | None:
    """The answer of a check that needs the whole path, where there is none; None where there is one.

    A chain that ends in a root outside the store is whole.
    """
    codes = {problem.code for problem in proof.problems}
    if ProblemCode.UNPARSEABLE in codes:
        return unreached(
            "a certificate cannot be read, see certificate/unreadable",
            advice="mend that first, then test again",
        )
    if ProblemCode.SELF_SIGNED_LEAF in codes:
        return not_applicable("a self-signed certificate has no path, see certificate/self-signed")
    if ProblemCode.TOO_COMPLEX in codes:
        return inconclusive(
            "the chain is too long or too entangled to be followed to its end",
            advice="send only the certificates between the server's own and the root, in order",
        )
    for code in (ProblemCode.INTERMEDIATE_MISSING, ProblemCode.ISSUER_UNKNOWN):
        if code in codes:
            return unreached(
                f"the path is incomplete, see {CHECK_OF[code]}", advice="mend that first, then test again"
            )
    return None
