"""Which certificates the rules of public authorities bind, so that private ones are never blamed."""

from waxseal.checks.api import Judgement, not_applicable
from waxseal.checks.certificate._shown import ShownChain
from waxseal.trust.lifetime import is_publicly_issued


def unless_public(shown: ShownChain) -> Judgement | None:
    """The answer where the leaf is not one of a public authority; None where it is.

    It is where its path ends in a root of the store and one of its policies is the CA/Browser Forum's, which
    the Baseline Requirements demand of every such leaf (CA/B BR §7.1.2.7.9).
    """
    if not is_publicly_issued(shown.chain.leaf):
        return not_applicable(
            "no policy of the CA/Browser Forum: the certificate is not a public authority's"
        )
    if not shown.proof.path[-1].anchor:
        return not_applicable("the path ends in no root of the store, so no public authority is bound")
    return None
