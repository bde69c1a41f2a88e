"""The rule about the hash with which the server signs its key exchange (TLS 1.2; RFC 5246 §7.4.1.4.1)."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any, ClassVar, Final

from waxseal.checks.api import Judgement, Scope, not_applicable, unreached
from waxseal.checks.tls._offer import FULL, none_fits, signed
from waxseal.facts import TlsSchemes, TlsSuites, TlsVersions
from waxseal.grading.rules.classes import Classes, Tally, matters
from waxseal.grading.rules.scene import Scene
from waxseal.wire.tls_registry import scheme_name

EDDSA: Final = "eddsa"
_HASHES: Final = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512", EDDSA})
_HASH: Final = re.compile(r"(md5|sha1|sha224|sha256|sha384|sha512)(?![0-9])")


class KeyExchangeHashRule(Classes, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The hashes of the signatures over the key exchange."""

    NOUN: ClassVar[str] = "hashes"
    SCOPE: ClassVar[Scope] = Scope.PORT

    @classmethod
    def names(cls) -> Collection[str]:
        """The hashes of TLS 1.2; ``eddsa`` for schemes that have their own."""
        return _HASHES

    def judge(self, scene: Scene) -> Judgement:
        """Judge every scheme of TLS 1.2 that the server signed with."""
        versions, schemes = scene.nearest(TlsVersions), scene.nearest(TlsSchemes)
        if versions is None or schemes is None:
            return scene.lacking(TlsVersions if versions is None else TlsSchemes)
        answer = versions.of("TLSv1.2")
        if answer is not None and answer.accepted is False:
            return not_applicable("TLS 1.2 is not spoken, and no other version has the choice")
        found = schemes.of("TLSv1.2")
        if found is None:
            suites = scene.nearest(TlsSuites)
            of_12 = suites.of("TLSv1.2") if suites is not None else None
            if of_12 is not None and none_fits(TlsSuites(lists=(of_12,)), signed):
                return not_applicable("no suite with a signed key exchange is accepted in TLS 1.2")
            return unreached("no signature of TLS 1.2 was seen", advice=FULL)
        tally = Tally("hashes of the key exchange")
        for scheme in found.accepted:
            tally.saw(scheme_name(scheme), self.rank(hash_of(scheme)))
        for scheme in found.undecided:
            if matters(rank := self.rank(hash_of(scheme))):
                tally.missed(scheme_name(scheme), rank)
        if tally.empty:
            return unreached("no signature of TLS 1.2 was seen", advice=FULL)
        return tally.judgement()


@lru_cache(maxsize=4096)
def hash_of(scheme: int) -> str:
    """The hash of a scheme; ``eddsa`` for Ed25519 and Ed448; the scheme's name where there is none."""
    name = scheme_name(scheme)
    if name in ("ed25519", "ed448"):
        return EDDSA
    found = _HASH.search(name)
    return found.group(1) if found is not None else name


KINDS: Final[dict[str, type[Any]]] = {"key-exchange-hash": KeyExchangeHashRule}
