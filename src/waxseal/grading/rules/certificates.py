"""Rules about the certificates that a server sends: keys, signatures, lifetime, which types there are.

Roots are left out: whoever trusts one holds it already. A certificate that signs itself proves nothing by
that signature, so its key is judged and its signature is not.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any, ClassVar, Final

from msgspec import Struct

from waxseal.checks.api import Judgement, Scope, fail, not_applicable, passed, unreached
from waxseal.checks.certificate._shown import called
from waxseal.checks.tls._offer import FULL
from waxseal.facts import Certificate, CertificateChain, CertificateTypes, Handshake, Subject
from waxseal.grading.rules.classes import Classes, Rank, Tally, listed, rank_of_key
from waxseal.grading.rules.scene import Scene
from waxseal.trust.algorithms import CURVES, HASHES, SIGNATURES

_CURVES: Final = frozenset(name for name, _ in CURVES.values())
_HASH_NAMES: Final = frozenset({*HASHES.values(), "md2", "md4", "none"})
_TYPES: Final = frozenset({"rsa", "ec", "ed25519", "ed448", "dsa"})
_ALGORITHMS: Final = frozenset({*(name for name, _ in SIGNATURES.values()), "rsassaPss"})
_DAY: Final = timedelta(days=1)
_SENT: Final = ("all", "leaf")
NO_NAME: Final = "clients that verify also send a name; the chain that is shown then is judged"


def shown_chain(scene: Scene) -> CertificateChain | Judgement:
    """The chain of the subject; or the answer where there is none to judge."""
    chain = scene.nearest(CertificateChain)
    if chain is None:
        return scene.lacking(CertificateChain)
    return not_applicable(NO_NAME) if _is_aside(scene.subject, scene) else chain


def _is_aside(place: Subject, scene: Scene) -> bool:
    """Whether the chain is the extra one without a server name, beside that of the main handshake."""
    handshake = scene.facts.nearest(Handshake, place)
    return place.server_name == "" and handshake is not None and bool(handshake.server_name)


def _judged(chain: CertificateChain, sent: str) -> Iterator[Certificate]:
    yield chain.leaf
    if sent == "all":
        yield from (c for c in chain.certificates[1:] if not _signs_itself(c))


def _signs_itself(certificate: Certificate) -> bool:
    return bool(certificate.subject) and certificate.subject == certificate.issuer


def _expect_sent(sent: str) -> None:
    if sent not in _SENT:
        raise ValueError(f"`sent` is {' or '.join(_SENT)}, not {sent!r}")


def _cut(chain: CertificateChain, sent: str, tally: Tally) -> None:
    if sent == "all" and chain.sent_count > len(chain.certificates):
        tally.unknown(
            f"{chain.sent_count - len(chain.certificates)} certificates more were sent than are kept"
        )


class CertificateKeyRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of the certificates sent.

    Attributes:
        rsa_good, rsa_sufficient, rsa_phase_out: The least bits of an RSA key for each class; 0: none is.
        curves_good, curves_sufficient, curves_phase_out: Curves of ECDSA keys.
        eddsa: Class of Ed25519 and Ed448.
        otherwise: Class of all else.
        sent: ``all`` certificates sent but roots, or the ``leaf`` alone.
    """

    rsa_good: int = 0
    rsa_sufficient: int = 0
    rsa_phase_out: int = 0
    curves_good: tuple[str, ...] = ()
    curves_sufficient: tuple[str, ...] = ()
    curves_phase_out: tuple[str, ...] = ()
    eddsa: str = "insufficient"
    otherwise: str = "insufficient"
    sent: str = "all"

    SCOPE: ClassVar[Scope] = Scope.CERTIFICATE

    def __post_init__(self) -> None:
        rank_of_key(self.eddsa)
        rank_of_key(self.otherwise)
        _expect_sent(self.sent)
        every = [curve for _, curves in self._curves() for curve in curves]
        unknown = [curve for curve in every if curve not in _CURVES]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no curve that is known")
        if len(set(every)) < len(every):
            raise ValueError("a curve is in two classes")

    def _curves(self) -> tuple[tuple[Rank, tuple[str, ...]], ...]:
        return (
            (Rank.GOOD, self.curves_good),
            (Rank.SUFFICIENT, self.curves_sufficient),
            (Rank.PHASE_OUT, self.curves_phase_out),
        )

    def _sizes(self) -> tuple[tuple[Rank, int], ...]:
        return (
            (Rank.GOOD, self.rsa_good),
            (Rank.SUFFICIENT, self.rsa_sufficient),
            (Rank.PHASE_OUT, self.rsa_phase_out),
        )

    def judge(self, scene: Scene) -> Judgement:
        """Judge every key that was sent."""
        chain = shown_chain(scene)
        if isinstance(chain, Judgement):
            return chain
        tally = Tally("keys")
        for certificate in _judged(chain, self.sent):
            if not certificate.key_type:
                tally.unknown(f"the key of {called(certificate)} cannot be read")
                continue
            tally.saw(f"{key_name(certificate)} of {called(certificate)}", self._rank(certificate))
        _cut(chain, self.sent, tally)
        return tally.judgement()

    def _rank(self, certificate: Certificate) -> Rank | None:
        kind = certificate.key_type
        if kind == "rsa":
            bits = certificate.key_bits or 0
            return next(
                (r for r, least in self._sizes() if least and bits >= least), rank_of_key(self.otherwise)
            )
        if kind == "ec":
            return next((r for r, c in self._curves() if certificate.curve in c), rank_of_key(self.otherwise))
        if kind in ("ed25519", "ed448"):
            return rank_of_key(self.eddsa)
        return rank_of_key(self.otherwise)

    def told(self) -> tuple[tuple[str, str], ...]:
        """Each class with its keys."""
        rows = []
        for (rank, least), (_, curves) in zip(self._sizes(), self._curves(), strict=True):
            of_rank = [f"RSA from {least} bits on"] if least else []
            of_rank += curves
            if rank_of_key(self.eddsa) is rank:
                of_rank.append("Ed25519, Ed448")
            if of_rank:
                rows.append((rank.label, ", ".join(of_rank)))
        return (*rows, ("all else", self.otherwise.replace("_", "-")), ("judged", _judged_words(self.sent)))


def _judged_words(sent: str) -> str:
    return "the server's own certificate" if sent == "leaf" else "every certificate sent but roots"


def key_name(certificate: Certificate) -> str:
    """``RSA 2048``, ``secp256r1``, ``ed25519``."""
    if certificate.key_type == "ec":
        return certificate.curve or f"EC {certificate.key_bits or '?'}"
    bits = f" {certificate.key_bits}" if certificate.key_bits else ""
    name = certificate.key_type[:40]
    return (name.upper() if name in ("rsa", "dsa") else name) + bits


class CertificateSignatureRule(Classes, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The hashes that certificates are signed with.

    Attributes:
        sent: As in `CertificateKeyRule`.
    """

    sent: str = "all"

    NOUN: ClassVar[str] = "hashes"
    SCOPE: ClassVar[Scope] = Scope.CERTIFICATE

    def __post_init__(self) -> None:
        super().__post_init__()
        _expect_sent(self.sent)

    @classmethod
    def names(cls) -> Collection[str]:
        """The hashes of signatures; ``none`` for algorithms that have their own, as Ed25519."""
        return _HASH_NAMES

    def judge(self, scene: Scene) -> Judgement:
        """Judge every signature that somebody relies on."""
        chain = shown_chain(scene)
        if isinstance(chain, Judgement):
            return chain
        tally = Tally("signatures of certificates")
        for certificate in _judged(chain, self.sent):
            if _signs_itself(certificate):
                continue
            if not certificate.signature_algorithm:
                tally.unknown(f"the signature of {called(certificate)} cannot be read")
                continue
            rank = self.rank(certificate.signature_hash or "none")
            tally.saw(f"{certificate.signature_algorithm[:60]} of {called(certificate)}", rank)
        _cut(chain, self.sent, tally)
        if tally.empty:
            return not_applicable("the certificate signs itself, and nobody relies on that")
        return tally.judgement()

    def told(self) -> tuple[tuple[str, str], ...]:
        """The classes, and which certificates."""
        return (*super().told(), ("judged", _judged_words(self.sent)))


class CertificateLifetimeRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the server's own certificate holds.

    Attributes:
        max_days: The most days from notBefore to notAfter.
    """

    max_days: int

    SCOPE: ClassVar[Scope] = Scope.CERTIFICATE

    def __post_init__(self) -> None:
        if self.max_days <= 0:
            raise ValueError("`max_days` is a number of days")

    def judge(self, scene: Scene) -> Judgement:
        """Judge the leaf; its last second counts (RFC 5280 §4.1.2.5)."""
        chain = shown_chain(scene)
        if isinstance(chain, Judgement):
            return chain
        leaf = chain.leaf
        if leaf.not_before is None or leaf.not_after is None:
            return unreached(
                "the dates of the certificate cannot be read", advice="see certificate/unreadable"
            )
        held = leaf.not_after - leaf.not_before + timedelta(seconds=1)
        line = f"{leaf.not_before:%Y-%m-%d} to {leaf.not_after:%Y-%m-%d}"
        days = -(-held // _DAY)
        if held > self.max_days * _DAY:
            return fail(f"The certificate holds {days} days, more than {self.max_days}", line)
        return passed(f"The certificate holds {days} days", line)

    def told(self) -> tuple[tuple[str, str], ...]:
        """The limit."""
        return (("at most", f"{self.max_days} days"), ("judged", _judged_words("leaf")))


class CertificateTypesRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What kinds of certificates a server has: at least one of those that are named.

    Attributes:
        types_any: Key types: ``rsa``, ``ec``, ``ed25519``, ``ed448``.
        signatures_any: Signature algorithms, as `facts.Certificate` names them.
    """

    types_any: tuple[str, ...] = ()
    signatures_any: tuple[str, ...] = ()

    SCOPE: ClassVar[Scope] = Scope.PORT

    def __post_init__(self) -> None:
        if not (self.types_any or self.signatures_any):
            raise ValueError("neither `types_any` nor `signatures_any` is given")
        for name in self.types_any:
            if name not in _TYPES:
                raise ValueError(
                    f"{name!r} in `types_any` is no key type; there are {', '.join(sorted(_TYPES))}"
                )
        for name in self.signatures_any:
            if name not in _ALGORITHMS:
                raise ValueError(f"{name!r} in `signatures_any` is no algorithm that is known")

    def judge(self, scene: Scene) -> Judgement:
        """Judge the leaves that were shown at this port."""
        shown = scene.facts.within(CertificateChain, scene.subject)
        leaves = [chain.leaf for place, chain in shown if not _is_aside(place, scene)]
        if not leaves:
            return scene.lacking(CertificateChain)
        lines = [f"{key_name(leaf)}, {leaf.signature_algorithm[:60]}" for leaf in leaves]
        seen = dict.fromkeys(lines)
        of_types = [leaf for leaf in leaves if not self.types_any or leaf.key_type in self.types_any]
        fitting = [
            x for x in of_types if not self.signatures_any or x.signature_algorithm in self.signatures_any
        ]
        if fitting:
            return passed("There is a certificate of the kind that is asked for", *list(seen)[:4])
        types = scene.nearest(CertificateTypes)
        asked = {query.certificate_type: query.shown for query in types.queries} if types is not None else {}
        if any(asked.get(name) is None for name in self.types_any or ("rsa", "ec")):
            why = "no such certificate was seen, but not every type was asked for alone"
            return unreached(why, *list(seen)[:4], advice=FULL)
        return fail(f"There is none of {listed(self.types_any + self.signatures_any)}", *list(seen)[:4])

    def told(self) -> tuple[tuple[str, str], ...]:
        """What there has to be."""
        rows = (
            ("one key of", ", ".join(self.types_any)),
            ("one signed with", ", ".join(self.signatures_any)),
        )
        return tuple(row for row in rows if row[1])


KINDS: Final[dict[str, type[Any]]] = {
    "certificate-key": CertificateKeyRule,
    "certificate-signature": CertificateSignatureRule,
    "certificate-lifetime": CertificateLifetimeRule,
    "certificate-types": CertificateTypesRule,
}
