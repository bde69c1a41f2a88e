"""Rules about whole signature algorithms, their padding and curve included, not the hash alone.

`signing` and `certificates` have the rules about hashes.
"""

from collections.abc import Collection
from typing import Any, ClassVar, Final

from waxseal.checks.api import Judgement, Scope, not_applicable, unreached
from waxseal.checks.certificate._shown import called
from waxseal.checks.tls._offer import FULL, spoken
from waxseal.facts import TlsSchemes, TlsVersions
from waxseal.grading.rules.certificates import shown_chain
from waxseal.grading.rules.classes import Classes, Tally
from waxseal.grading.rules.offer import expect_versions
from waxseal.grading.rules.scene import Scene
from waxseal.trust.algorithms import SIGNATURES
from waxseal.wire.tls_registry import SCHEME_NAMES, scheme_name

_ALGORITHMS: Final = frozenset({*(name for name, _ in SIGNATURES.values()), "RSASSA-PSS"})
_PAIRS: Final = frozenset(scheme_name(high << 8 | low) for high in range(1, 7) for low in (1, 2, 3))
_SCHEMES: Final = frozenset(SCHEME_NAMES.values()) | _PAIRS
_BOTH: Final = ("TLSv1.2", "TLSv1.3")


class SignatureSchemeRule(Classes, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The schemes that the server signs its key exchange with.

    Attributes:
        versions: ``TLSv1.2`` and ``TLSv1.3``, the versions that have the choice; empty: both.
    """

    versions: tuple[str, ...] = ()

    NOUN: ClassVar[str] = "signature schemes"
    SCOPE: ClassVar[Scope] = Scope.PORT

    def __post_init__(self) -> None:
        super().__post_init__()
        expect_versions(self.versions)

    @classmethod
    def names(cls) -> Collection[str]:
        """Every scheme that IANA has numbered, and the pairs of TLS 1.2 as ``dsa_sha256``."""
        return _SCHEMES

    def judge(self, scene: Scene) -> Judgement:
        """Judge every scheme that was signed with."""
        versions, schemes = scene.nearest(TlsVersions), scene.nearest(TlsSchemes)
        if versions is None or schemes is None:
            return scene.lacking(TlsVersions if versions is None else TlsSchemes)
        tally = Tally("signature schemes")
        for name in self.versions or _BOTH:
            answer, found = versions.of(name), schemes.of(name)
            if answer is not None and answer.accepted is False:
                continue
            if found is None:
                tally.unknown(f"no signature of {spoken(name)} was seen")
                continue
            for scheme in found.accepted:
                tally.saw(scheme_name(scheme), self.rank(scheme_name(scheme)))
            for scheme in found.undecided:
                label = f"{scheme_name(scheme)} ({spoken(name)})"
                tally.missed(label, self.rank(scheme_name(scheme)))
        if tally.empty:
            return not_applicable("no version is spoken in which the server has the choice")
        return tally.judgement()


class CertificateAlgorithmRule(Classes, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The algorithms that the certificates sent are signed with; roots are left out."""

    NOUN: ClassVar[str] = "signature algorithms"
    SCOPE: ClassVar[Scope] = Scope.CERTIFICATE

    @classmethod
    def names(cls) -> Collection[str]:
        """As `facts.Certificate` names them."""
        return _ALGORITHMS

    def judge(self, scene: Scene) -> Judgement:
        """Judge every signature that somebody relies on."""
        chain = shown_chain(scene)
        if isinstance(chain, Judgement):
            return chain
        tally = Tally("signatures of certificates")
        relied_on = [c for c in chain.certificates if not c.subject or c.subject != c.issuer]
        if not relied_on:
            return not_applicable("the certificate signs itself, and nobody relies on that")
        for certificate in relied_on:
            name = certificate.signature_algorithm
            if name:
                tally.saw(f"{name[:60]} of {called(certificate)}", self.rank(name))
            else:
                tally.unknown(f"the signature of {called(certificate)} cannot be read")
        if tally.empty:
            return not_applicable("no signature is of an algorithm that is judged")
        if chain.sent_count > len(chain.certificates):
            return unreached("more certificates were sent than are kept", advice=FULL)
        return tally.judgement()


KINDS: Final[dict[str, type[Any]]] = {
    "signature-schemes": SignatureSchemeRule,
    "certificate-algorithm": CertificateAlgorithmRule,
}
