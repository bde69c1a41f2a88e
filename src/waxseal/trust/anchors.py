"""The trust anchors of a named store, and which of them could end a chain.

Building must be quick, as every start of the command does it: of each root only the name is read, and nothing
here needs the cryptographic library. Reading files and the system's store is done in ``net``.
"""

import hashlib
from collections.abc import Iterable

from waxseal.facts import Certificate
from waxseal.trust import der, distinguished
from waxseal.trust.distinguished import CanonicalName
from waxseal.trust.reading import decode


class RootStore:
    """An immutable set of roots.

    Attributes:
        name: What the user knows the store by.
        id: ``name:`` and the first 16 hex digits of a SHA-256 over the sorted SHA-256 fingerprints, so that
            it does not depend on their order.
        roots: DER of each root, in the order given, each once.
    """

    __slots__ = ("_by_subject", "id", "name", "roots")

    def __init__(self, roots: Iterable[bytes], name: str) -> None:
        self.name = name
        self.roots: tuple[bytes, ...] = tuple(dict.fromkeys(roots))
        prints = sorted(hashlib.sha256(root).digest() for root in self.roots)
        self.id = f"{name}:{hashlib.sha256(b''.join(prints)).hexdigest()[:16]}"
        self._by_subject: dict[CanonicalName, list[bytes]] = {}
        for root in self.roots:
            subject = _subject(root)
            if subject is not None:
                self._by_subject.setdefault(subject, []).append(root)

    @property
    def size(self) -> int:
        """How many roots the store holds, unreadable ones among them."""
        return len(self.roots)

    def named(self, subject: CanonicalName) -> tuple[bytes, ...]:
        """The roots of that subject, compared as RFC 5280 §7.1 says."""
        return tuple(self._by_subject.get(subject, ()))


def candidates(chain: tuple[Certificate, ...], store: RootStore) -> tuple[bytes, ...]:
    """The roots that could end the chain, DER, in no order of worth, each once.

    Those whose subject is the issuer or the subject of any certificate sent.
    """
    found: dict[bytes, None] = {}
    for certificate in chain:
        taken = decode(certificate.der)
        for name, octets in ((taken.issuer, taken.issuer_name), (taken.subject, taken.subject_name)):
            if octets:
                found.update(dict.fromkeys(store.named(name)))
    return tuple(found)


def _subject(root: bytes) -> CanonicalName | None:
    """The subject of a certificate without reading the rest; None where it cannot be found."""
    try:
        tbs = der.elements(der.sole(root, der.SEQUENCE))[0]
        parts = der.elements(der.expect(tbs, der.SEQUENCE))
        at = 5 if parts[0].tag == 0xA0 else 4
        return distinguished.canonical(parts[at].encoded)
    except (der.DerError, IndexError):
        return None
