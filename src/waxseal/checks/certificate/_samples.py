"""Builds the chains of examples out of `_chains`: real certificates around `samples.NOW`."""

from base64 import b64decode
from typing import Any

from msgspec.structs import replace

from waxseal.checks.api import At, at
from waxseal.checks.certificate._chains import CERTIFICATES, CHAINS, STATEMENTS
from waxseal.checks.samples import NOW
from waxseal.facts import Cause, CertificateChain, Ended, RevocationAnswer, StapledResponse, TrustAnchors
from waxseal.trust.anchors import RootStore, candidates
from waxseal.trust.certificate import parse


def der(name: str) -> bytes:
    """The octets of one certificate."""
    return b64decode(CERTIFICATES[name])


def chain(name: str, **place: Any) -> tuple[At, At]:
    """A chain, and the root store that holds "Sample Root" alone; `place` moves both (``port=587``)."""
    sent = tuple(parse(der(part)) for part in CHAINS[name])
    store = RootStore((der("root"),), "sample")
    anchors = TrustAnchors(store=store.id, store_size=store.size, candidates=candidates(sent, store))
    shown = CertificateChain(certificates=sent, shown_at=NOW, version="TLSv1.3")
    return at(shown, **place), at(anchors, **place)


def cut_chain(name: str) -> tuple[At, At]:
    """The same, of a server that sent more certificates than were kept."""
    shown, anchors = chain(name)
    return at(replace(shown.fact, sent_count=40)), anchors


def leaf_sha256(name: str) -> str:
    """The fingerprint of the first certificate of a chain, as facts have it."""
    return parse(der(CHAINS[name][0])).sha256


def stapled(name: str, *, offered: bool = True, **place: Any) -> At:
    """What came with the handshake: one of `_chains.STATEMENTS`, or with "" nothing."""
    octets = b64decode(STATEMENTS[name]) if name else b""
    return at(StapledResponse(offered=offered, shown_at=NOW, octets=octets), **place)


def answered(method: str, name: str) -> At:
    """What the authority answered: one of `_chains.STATEMENTS`, or with "" nothing in time."""
    octets = b64decode(STATEMENTS[name]) if name else b""
    ended = Ended(Cause.COMPLETED if name else Cause.TIMED_OUT, detail="" if name else "after 10.0 s")
    url = f"http://{method}.example.net/" if method else ""
    return at(RevocationAnswer(method=method, url=url, ended=ended, asked_at=NOW, octets=octets))
