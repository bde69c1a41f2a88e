"""Peels the suites of one version off a server: offer all that are not yet found, until it refuses.

A handshake names one suite, so K suites cost K + 1 questions, and come in the server's order. Groups and
signature schemes ride along where their own peel cannot disturb that of the suites: a question may leave out
those already found. Where an answer could be due to what was left out, the question is asked again in full
and nothing rides any more.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from waxseal.probes.tls.hellos import CURVES, FINITE_FIELDS, SCHEMES_12, HelloMaker
from waxseal.probes.tls.knowledge import REFUSALS, Dimension, Knowledge, VersionKnowledge
from waxseal.probes.tls.question import Chooser, HelloTalk, Question, Strand, Talk
from waxseal.wire.tls_client_hello import TLS_1_2
from waxseal.wire.tls_suite_properties import suite_properties

STRONGEST_FIRST: Final = 6
"""Offers in which the strongest suites stand first, so that groups and schemes can ride."""
CHUNK_SUITES: Final = 60
"""Suites in one hello for servers that refuse long lists."""
_CERTIFICATE_CURVES: Final = frozenset({23, 24, 25})
_RSA_SCHEMES: Final = frozenset((0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601))
_ECDSA_SCHEMES: Final = frozenset((0x0403, 0x0503, 0x0603))
_CHACHA: Final = "CHACHA20_POLY1305"


def offered_order(suites: list[int], turn: int) -> tuple[int, ...]:
    """Suites in the order of an offer: strongest first; later, at every other turn, weakest first.

    ChaCha20 stands last, because some servers prefer it where it stands first (OpenSSL's
    ``PrioritizeChaCha``).
    """
    backwards = turn >= STRONGEST_FIRST and turn % 2
    ordered = list(reversed(suites)) if backwards else list(suites)
    return tuple(sorted(ordered, key=_is_chacha))


def _is_chacha(suite: int) -> bool:
    properties = suite_properties(suite)
    return properties is not None and properties.cipher == _CHACHA


def signs(suite: int) -> str:
    """``rsa``, ``ecdsa`` or ``dsa``: who signs the key exchange of a suite; "" where nobody does."""
    properties = suite_properties(suite)
    if properties is None or properties.key_exchange not in ("ECDHE", "DHE"):
        return ""
    return {"RSA": "rsa", "ECDSA": "ecdsa", "DSS": "dsa"}.get(properties.authentication, "")


def family(scheme: int) -> str:
    """The key type that a scheme of TLS 1.2 belongs to, as `signs` names it (RFC 5246 §7.4.1.4.1)."""
    if scheme >> 8 == 8:
        return "ecdsa" if scheme in (0x0807, 0x0808, 0x081A, 0x081B, 0x081C) else "rsa"
    return {1: "rsa", 2: "dsa", 3: "ecdsa"}.get(scheme & 0xFF, "")


def on_curve(suite: int) -> bool:
    """Whether a suite's key exchange takes a named curve."""
    properties = suite_properties(suite)
    return properties is not None and properties.key_exchange in ("ECDHE", "ECDH_anon", "ECDHE_PSK")


def shows_curve(suite: int) -> bool:
    """Whether the ServerKeyExchange of a suite names its curve where we can read it."""
    properties = suite_properties(suite)
    return properties is not None and properties.key_exchange in ("ECDHE", "ECDH_anon")


@dataclass(slots=True)
class Rider:
    """A dimension that rides on the peel of the suites.

    Attributes:
        dimension: What is known of it.
        everything: All that a full offer holds.
        fixed: What is never left out.
        expected: Gives what the server is thought to accept, by what is known then: while some of it is
            left, leaving out what was found is no great risk.
    """

    dimension: Dimension
    everything: tuple[int, ...]
    fixed: frozenset[int] = frozenset()
    expected: Callable[[], frozenset[int]] = frozenset
    riding: bool = True

    def left_out(self) -> frozenset[int]:
        """What the next question may leave out."""
        found = frozenset(self.dimension.accepted)
        return found - self.fixed if self.riding and self.expected() - found else frozenset()

    def offer(self, left_out: frozenset[int]) -> tuple[int, ...]:
        """Everything but what is left out."""
        return tuple(number for number in self.everything if number not in left_out)


@dataclass(slots=True)
class SuitePeel:
    """The peel of one version up to TLS 1.2.

    Attributes:
        known: What it finds, also where it is cut short.
        knowledge: What else is known of the server.
        maker: Makes the hellos.
        groups, schemes: Riders; None where they do not ride.
        more: Whether the strand goes on after the peel for sure.
        limit: After so many suites the peel stops and leaves the rest undecided; None for no limit.
        turn: Number of offers so far.
        wanted: Which of the undecided suites are asked for.
        chooser: Chooses what else is tried on the connections.
    """

    known: VersionKnowledge
    knowledge: Knowledge
    maker: HelloMaker
    groups: Rider
    schemes: Rider
    more: bool = False
    limit: int | None = None
    turn: int = 0
    wanted: Callable[[int], bool] = field(default=lambda suite: True)
    chooser: Chooser | None = None

    def ask(self, chunk: int | None = None) -> Strand:
        """Ask until the wanted suites are all decided, refused, or cannot be asked for.

        Args:
            chunk: Offer at most so many at once.
        """
        while pool := [suite for suite in self.known.undecided if self.wanted(suite)]:
            if self.limit is not None and len(self.known.suites) >= self.limit:
                return
            part = pool[:chunk] if chunk else pool
            without_groups, without_schemes = self._left_out()
            talk = yield self._question(part, without_groups, without_schemes)
            if not isinstance(talk, HelloTalk):
                return
            if not self._take(talk, part, without_groups, without_schemes):
                return

    def _left_out(self) -> tuple[frozenset[int], frozenset[int]]:
        groups = self.groups.left_out()
        if not self.knowledge.no_ecdsa and any(signs(s) == "ecdsa" for s in self.known.undecided):
            groups -= _CERTIFICATE_CURVES | self.knowledge.leaf_curves
        return groups, self.schemes.left_out()

    def _question(
        self, part: list[int], without_groups: frozenset[int], without_schemes: frozenset[int]
    ) -> Question:
        version = self.known.number
        offered = offered_order(part, self.turn)
        self.turn += 1
        groups, schemes = self.groups.offer(without_groups), self.schemes.offer(without_schemes)
        return Question(
            f"suites {self.known.name}",
            lambda: HelloTalk(
                self.maker.up_to_12(version, offered, (*groups, *FINITE_FIELDS), schemes), self.chooser
            ),
            more=self.more,
        )

    def _take(
        self, talk: HelloTalk, part: list[int], groups: frozenset[int], schemes: frozenset[int]
    ) -> bool:
        """Take in an answer; whether to go on."""
        self.knowledge.note(talk)
        hello = talk.selected
        if hello is None and talk.cause not in REFUSALS:
            self.known.unknown(talk.reaction())
            return False
        if hello is not None and hello.version == self.known.number:
            if hello.suite not in part:
                self.known.refusal = talk.reaction()  # a suite that was not offered: nothing can be peeled
                return False
            if self._doubtful(talk, hello.suite, part, groups, schemes):
                self._stop_riding()
                return True
            self._accept(talk, hello.suite)
            return True
        if groups or schemes:
            self._stop_riding()
            return True
        # Refused; or another version was selected, so that this one has none of these suites.
        self.known.refusal = talk.reaction()
        for suite in part:
            self.known.undecided.remove(suite)
        self.known.refused(talk.reaction())
        return True

    def _accept(self, talk: HelloTalk, suite: int) -> None:
        self.known.suites.append(suite)
        self.known.undecided.remove(suite)
        self.known.evidence.note(talk.hello.suites, suite)
        self.groups.dimension.take(talk.group)
        if self.known.number == TLS_1_2:
            self.schemes.dimension.take(talk.scheme)

    def _doubtful(
        self,
        talk: HelloTalk,
        suite: int,
        part: list[int],
        groups: frozenset[int],
        schemes: frozenset[int],
    ) -> bool:
        """Whether what was left out may have kept the server from a suite that it prefers."""
        left = [other for other in part if other != suite]
        if groups and talk.group is None and any(on_curve(s) for s in left):
            return True
        left_out = {family(scheme) for scheme in schemes} - {signs(suite)}
        return any(signs(other) in left_out for other in left)

    def _stop_riding(self) -> None:
        self.groups.riding = self.schemes.riding = False


def refused(talk: Talk) -> bool:
    """Whether an answer says that the server would not."""
    return talk.cause in REFUSALS


def peel_groups(knowledge: Knowledge, known: VersionKnowledge, maker: HelloMaker) -> Strand:
    """Peel the groups that are left, by suites that are known to use one.

    Where the certificate's own curve has to be offered too, it stands last: it is selected where none of the
    others is.
    """
    suites = [suite for suite in known.suites if shows_curve(suite)]
    anchors = tuple(sorted(knowledge.leaf_curves or _CERTIFICATE_CURVES))
    needs_anchor = all(signs(suite) == "ecdsa" for suite in suites)
    with_anchor = False
    while suites and known.groups.remaining:
        rest = tuple(known.groups.remaining)
        offer = (*rest, *(a for a in anchors if a not in rest)) if with_anchor else rest
        offered = tuple(suites)
        talk = yield Question(
            f"groups {known.name}",
            lambda offered=offered, offer=offer: HelloTalk(  # type: ignore[misc]
                maker.up_to_12(known.number, offered, offer)
            ),
            more=not with_anchor and needs_anchor,
        )
        hello = talk.selected if isinstance(talk, HelloTalk) else None
        if isinstance(talk, HelloTalk) and hello is not None and hello.version == known.number:
            knowledge.note(talk)
            if known.groups.take(talk.group):
                continue
        elif not refused(talk) and hello is None:
            return
        if needs_anchor and not with_anchor:
            with_anchor = True
            continue
        known.groups.close()


def peel_schemes(knowledge: Knowledge, known: VersionKnowledge, maker: HelloMaker) -> Strand:
    """Peel the signature schemes that are left, by suites that are known to be signed."""
    suites = tuple(suite for suite in known.suites if signs(suite))
    while suites and known.schemes.remaining:
        schemes = tuple(known.schemes.remaining)
        talk = yield Question(
            f"signature schemes {known.name}",
            lambda schemes=schemes: HelloTalk(  # type: ignore[misc]
                maker.up_to_12(known.number, suites, schemes=schemes)
            ),
        )
        hello = talk.selected if isinstance(talk, HelloTalk) else None
        if isinstance(talk, HelloTalk) and hello is not None and hello.version == known.number:
            knowledge.note(talk)
            if known.schemes.take(talk.scheme):
                continue
        elif not refused(talk) and hello is None:
            return
        known.schemes.close()


def riders(known: VersionKnowledge, newer: VersionKnowledge | None, *, schemes: bool) -> tuple[Rider, Rider]:
    """Groups and schemes that may ride on the peel of a version.

    Args:
        known: The version.
        newer: TLS 1.3 of the same server, whose groups and schemes tell what to expect here.
        schemes: Whether schemes are wanted at all.
    """

    def groups() -> frozenset[int]:
        return frozenset() if newer is None else frozenset(newer.groups.accepted) & frozenset(CURVES)

    def likely_schemes() -> frozenset[int]:
        shown = frozenset() if newer is None else frozenset(newer.schemes.accepted)
        if shown & _RSA_SCHEMES:
            return _RSA_SCHEMES
        return _ECDSA_SCHEMES if shown & _ECDSA_SCHEMES else frozenset()

    return (
        Rider(known.groups, CURVES, expected=groups, riding=newer is not None),
        Rider(known.schemes, SCHEMES_12, expected=likely_schemes, riding=schemes),
    )
