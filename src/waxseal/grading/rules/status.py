"""Rules about the status of a certificate: whether it names a place to ask, and whether it is stapled."""

from typing import Any, ClassVar, Final

from msgspec import Struct

from waxseal.checks.api import Judgement, Scope, not_applicable, passed, unreached
from waxseal.checks.tls._offer import FULL
from waxseal.facts import CertificateChain, StapledResponse
from waxseal.grading.rules.certificates import shown_chain
from waxseal.grading.rules.classes import MAX_LINE
from waxseal.grading.rules.outcome import expect_bad, of_class
from waxseal.grading.rules.scene import Scene

_OWN = "the certificate signs itself, so there is nobody to ask; see certificate/self-signed"


class _StatusRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What rules about a certificate's status share.

    Attributes:
        missing: Class of a certificate that lacks it: ``phase_out`` or ``insufficient``.
    """

    missing: str = "insufficient"

    SCOPE: ClassVar[Scope] = Scope.CERTIFICATE

    def __post_init__(self) -> None:
        expect_bad("missing", self.missing)


class OcspNamedRule(_StatusRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The certificate names an OCSP responder (RFC 5280 §4.2.2.1)."""

    def judge(self, scene: Scene) -> Judgement:
        """Judge the server's own certificate."""
        chain = shown_chain(scene)
        if isinstance(chain, Judgement):
            return chain
        if (aside := _unread_or_own(chain)) is not None:
            return aside
        if chain.leaf.ocsp_urls:
            return passed("The certificate names an OCSP responder", chain.leaf.ocsp_urls[0][:MAX_LINE])
        return of_class(self.missing, "The certificate names no OCSP responder")

    def told(self) -> tuple[tuple[str, str], ...]:
        """What counts against a certificate."""
        return (("without a responder", self.missing.replace("_", "-")),)


class StapleRule(_StatusRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server staples the status of its certificate to the handshake (RFC 6066 §8)."""

    def judge(self, scene: Scene) -> Judgement:
        """Judge whether one came; what it says is told by certificate/staple-invalid."""
        chain = shown_chain(scene)
        if isinstance(chain, Judgement):
            return chain
        staple = scene.nearest(StapledResponse)
        if staple is not None and staple.octets:
            return passed("The status is stapled", f"{len(staple.octets)} octets")
        if (aside := _unread_or_own(chain)) is not None:
            return aside
        if not chain.leaf.ocsp_urls:
            return not_applicable("the certificate names no OCSP responder, so there is nothing to staple")
        if staple is None:
            return scene.lacking(StapledResponse)
        if not staple.offered:
            return unreached("no status was asked for in this handshake", advice=FULL)
        return of_class(self.missing, "The server staples no status")

    def told(self) -> tuple[tuple[str, str], ...]:
        """What counts against a server."""
        return (("without a staple", self.missing.replace("_", "-")),)


def _unread_or_own(chain: CertificateChain) -> Judgement | None:
    leaf = chain.leaf
    if not leaf.key_type and not leaf.subject:
        return unreached("the certificate cannot be read", advice="see certificate/unreadable")
    return not_applicable(_OWN) if leaf.subject and leaf.subject == leaf.issuer else None


KINDS: Final[dict[str, type[Any]]] = {"ocsp-named": OcspNamedRule, "ocsp-stapled": StapleRule}
