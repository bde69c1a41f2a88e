"""Which checks of the certificate speak of a chain that the TLSA records do not authenticate either."""

from waxseal.checks.certificate._shown import CHECK_OF
from waxseal.checks.dane._tlsa import ShownToSenders
from waxseal.facts import TrustAnchors
from waxseal.trust import chain as trust_chain
from waxseal.trust.names import match


def told_beside(shown: ShownToSenders, roots: TrustAnchors | None) -> str:
    """The end of a summary that names the checks in which the same chain is told of; "" for none.

    They judge it for senders that go by public roots, and are silent only where a TLSA record holds.
    """
    if roots is None or not roots.store_size:
        return ""
    chain = shown.chain
    problems = trust_chain.verify(chain.certificates, roots.candidates, chain.shown_at).problems
    speakers = [CHECK_OF[problem.code] for problem in problems if problem.code in CHECK_OF]
    if shown.subject.host and not match(chain.leaf, shown.subject.host).matched:
        speakers.append("certificate/name-mismatch")
    return f"; see also {' and '.join(dict.fromkeys(speakers))}" if speakers else ""
