"""The proof over a recorded chain, and what a check answers where the proof does not reach its question.

Each reason why a path does not hold belongs to one check, so that one fault gives one finding.
"""

from waxseal.checks.api import Judgement, inconclusive, not_applicable
from waxseal.facts import Certificate, CertificateChain, RunContext, TrustAnchors
from waxseal.trust import chain as trust_chain
from waxseal.trust.chain import ChainProof, Problem, ProblemCode

MAX_LINE = 200
MAX_LINES = 5


def prove(chain: CertificateChain, anchors: TrustAnchors, run: RunContext) -> ChainProof:
    """The proof of the chain as sent, at the time of the run."""
    return trust_chain.verify(chain.certificates, anchors.candidates, run.started_at)


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
        f"{bounded(proof.path[problem.depth].subject) or 'no subject'}: {problem.detail}" for problem in found
    ]
    return tuple(line[:MAX_LINE] for line in told[:MAX_LINES])


def bounded(text: str, length: int = 100) -> str:
    """A peer's text of bounded length."""
    return text if len(text) <= length else f"{text[: length - 3]}..."


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
        return inconclusive(
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
    for code, speaker in (
        (ProblemCode.INTERMEDIATE_MISSING, "certificate/intermediate-missing"),
        (ProblemCode.ISSUER_UNKNOWN, "certificate/issuer-unknown"),
    ):
        if code in codes:
            return inconclusive(
                f"the path is incomplete, see {speaker}", advice="mend that first, then test again"
            )
    return None
