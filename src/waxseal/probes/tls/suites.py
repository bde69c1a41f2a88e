"""Peels the suites of one version off a server: offer all that are not yet found, until it refuses.

A handshake names one suite, so K suites cost K + 1 questions, and come in the server's order. Groups and
signature schemes ride along: a question may leave out those already found, while more are expected. What was
refused then is asked again in full. A selection that may be due to what was left out is in doubt until
something that was offered with it turns out to be accepted; where the doubt stays, the order of the suites
from there on is asked for again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from waxseal.facts import Reaction
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


def turned(suites: Iterable[int]) -> tuple[int, ...]:
    """The suites found, in the other order, ChaCha20 last: the choice tells whose order decides."""
    backwards = list(suites)
    backwards.reverse()
    return tuple(sorted(backwards, key=_is_chacha))


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
        expected: Gives what the server is thought to accept, by what is known then, in families that can do
            without one another. While something of a family is still to come, leaving out what was found of
            it is no great risk.
        riding: Whether anything may be left out at all.
    """

    dimension: Dimension
    everything: tuple[int, ...]
    expected: Callable[[], tuple[frozenset[int], ...]] = tuple
    riding: bool = True

    def left_out(self) -> frozenset[int]:
        """What the next question may leave out."""
        if not self.riding:
            return frozenset()
        found = frozenset(self.dimension.accepted)
        return frozenset().union(*(wanted & found for wanted in self.expected() if wanted - found))

    @property
    def still_expected(self) -> int:
        """How much is thought to be still to come."""
        found = frozenset(self.dimension.accepted)
        return len(frozenset().union(*self.expected()) - found)

    def offer(self, left_out: frozenset[int]) -> tuple[int, ...]:
        """Everything but what is left out."""
        return tuple(number for number in self.everything if number not in left_out)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A selection that something left out may have forced.

    Attributes:
        at: Place of the selected suite among those accepted.
        offered: What was offered, in order.
        rivals: Suites that may have been kept out.
        groups, schemes: Offered with it; where one of these is accepted, the rivals were not kept out. Empty
            for the dimension that left nothing out.
    """

    at: int
    offered: tuple[int, ...]
    rivals: frozenset[int]
    groups: frozenset[int] = frozenset()
    schemes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class HeldRefusal:
    """A refusal that something left out may have caused.

    Attributes:
        part: The suites offered.
        reaction: How it was refused.
        groups: Groups offered, where some were left out; else empty.
        schemes: Schemes offered of each family of which some were left out.
    """

    part: tuple[int, ...]
    reaction: Reaction
    groups: frozenset[int]
    schemes: tuple[frozenset[int], ...]


@dataclass(slots=True)
class SuitePeel:
    """The peel of one version up to TLS 1.2.

    Attributes:
        known: What it finds, also where it is cut short.
        knowledge: What else is known of the server.
        maker: Makes the hellos.
        groups, schemes: Riders.
        more: Gives how many questions the strand is sure to ask behind the peel.
        limit: After so many suites the peel stops and leaves the rest undecided; None for no limit.
        turn: Number of offers so far.
        wanted: Which of the undecided suites are asked for.
        chooser: Chooses what else is tried on the connections.
        hold: Whether a refusal that may be due to what was left out is held in doubt too; else the question
            is asked again in full at once.
        doubts: Selections whose place in the order is not sure yet.
        held: A refusal in doubt.
        broken: Suites that the server selected, and then failed with: they stay undecided.
    """

    known: VersionKnowledge
    knowledge: Knowledge
    maker: HelloMaker
    groups: Rider
    schemes: Rider
    more: Callable[[], int] = int
    limit: int | None = None
    turn: int = 0
    wanted: Callable[[int], bool] = field(default=lambda suite: True)
    chooser: Chooser | None = None
    hold: bool = False
    doubts: list[Doubt] = field(default_factory=list)
    held: HeldRefusal | None = None
    broken: set[int] = field(default_factory=set)

    def ask(self, chunk: int | None = None) -> Strand:
        """Ask until the wanted suites are all decided, refused, or cannot be asked for.

        Args:
            chunk: Offer at most so many at once.
        """
        while pool := [s for s in self.known.undecided if self.wanted(s) and s not in self.broken]:
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
            more=self.more(),
        )

    def _take(
        self, talk: HelloTalk, part: list[int], groups: frozenset[int], schemes: frozenset[int]
    ) -> bool:
        """Take in an answer; whether to go on."""
        self.knowledge.note(talk)
        hello = talk.selected
        begun = talk.flight.hello
        if hello is None and begun is not None and begun.version == self.known.number:
            self.broken.add(begun.suite)  # a ServerHello, and then no working flight
            return begun.suite in part
        if hello is None and talk.cause not in REFUSALS:
            self.known.unknown(talk.reaction())
            return False
        if hello is not None and hello.version == self.known.number:
            if hello.suite not in part:
                self.known.refusal = talk.reaction()  # a suite that was not offered: nothing can be peeled
                return False
            self._accept(talk, hello.suite, part, groups, schemes)
            return True
        if (groups or schemes) and self.hold:
            self._hold_refusal(talk.reaction(), part, groups, schemes)
            return False
        if groups or schemes:
            self.groups.riding = self.schemes.riding = False
            return True
        # Refused; or another version was selected, so that this one has none of these suites.
        self._refuse(tuple(part), talk.reaction())
        return True

    def _refuse(self, part: tuple[int, ...], reaction: Reaction) -> None:
        self.known.refusal = reaction
        for suite in part:
            self.known.undecided.remove(suite)
        if not self.known.undecided:
            self.known.refused(reaction)

    def _hold_refusal(
        self, reaction: Reaction, part: list[int], groups: frozenset[int], schemes: frozenset[int]
    ) -> None:
        families = {family(scheme) for scheme in schemes}
        offered = self.schemes.offer(schemes)
        self.held = HeldRefusal(
            tuple(part),
            reaction,
            frozenset(self.groups.offer(groups)) if groups else frozenset(),
            tuple(frozenset(s for s in offered if family(s) == one) for one in families),
        )

    def _settle_refusal(self) -> Strand:
        """A refusal stands where something of each kind that was offered with it is accepted."""
        held, self.held = self.held, None
        if held is None:
            return
        groups, schemes = set(self.groups.dimension.accepted), set(self.schemes.dimension.accepted)
        if (not held.groups or held.groups & groups) and all(one & schemes for one in held.schemes):
            self._refuse(held.part, held.reaction)
            return
        self.groups.riding = self.schemes.riding = False
        yield from self.ask()

    def _accept(
        self,
        talk: HelloTalk,
        suite: int,
        part: list[int],
        groups: frozenset[int],
        schemes: frozenset[int],
    ) -> None:
        doubts = self._doubts(talk, suite, part, groups, schemes)
        self.doubts += doubts
        if not doubts:
            self.known.evidence.note(talk.hello.suites, suite)
        self.known.suites.append(suite)
        self.known.undecided.remove(suite)
        self.groups.dimension.take(talk.group)
        if self.known.number == TLS_1_2:
            self.schemes.dimension.take(talk.scheme)

    def _doubts(
        self,
        talk: HelloTalk,
        suite: int,
        part: list[int],
        groups: frozenset[int],
        schemes: frozenset[int],
    ) -> list[Doubt]:
        """What leaving out these groups and schemes may have kept out."""
        at, offered = len(self.known.suites), talk.hello.suites
        others = [other for other in part if other != suite]
        found: list[Doubt] = []
        if groups and talk.group is None:
            rivals = frozenset(other for other in others if on_curve(other))
            found.append(Doubt(at, offered, rivals, groups=frozenset(self.groups.offer(groups))))
        for key_type in {family(scheme) for scheme in schemes} - {signs(suite)}:
            rivals = frozenset(other for other in others if signs(other) == key_type)
            still = frozenset(s for s in self.schemes.offer(schemes) if family(s) == key_type)
            found.append(Doubt(at, offered, rivals, schemes=still))
        return [doubt for doubt in found if doubt.rivals]

    def _unsettled(self) -> int | None:
        """From which place on the order of the accepted suites is not sure; None where it is."""
        accepted = self.known.suites
        proofs = set(self.groups.dimension.accepted), set(self.schemes.dimension.accepted)
        return min(
            (
                doubt.at
                for doubt in self.doubts
                if doubt.rivals & set(accepted[doubt.at :])
                and not doubt.groups & proofs[0]
                and not doubt.schemes & proofs[1]
            ),
            default=None,
        )

    def settle(self) -> Strand:
        """Once all else is known: ask again for what stays in doubt, and for the order that is not sure."""
        yield from self._settle_refusal()
        start = self._unsettled()
        for doubt in self.doubts:
            if start is None or doubt.at < start:
                self.known.evidence.note(doubt.offered, self.known.suites[doubt.at])
        self.doubts.clear()
        rest = [] if start is None else self.known.suites[start:]
        version, settled = self.known.number, list[int]()
        while len(rest) > 1:
            offered = offered_order(rest, self.turn)
            self.turn += 1
            talk = yield Question(
                f"order {self.known.name}",
                lambda offered=offered: HelloTalk(self.maker.up_to_12(version, offered)),  # type: ignore[misc]
                more=len(rest) > 2,
            )
            hello = talk.selected if isinstance(talk, HelloTalk) else None
            if hello is None or hello.suite not in rest:
                self.known.in_parts = True  # the order stays unknown
                return
            self.known.evidence.note(offered, hello.suite)
            settled.append(hello.suite)
            rest.remove(hello.suite)
        if start is not None:
            self.known.suites[start:] = [*settled, *rest]


def refused(talk: Talk) -> bool:
    """Whether an answer says that the server would not."""
    return talk.cause in REFUSALS


def riders(known: VersionKnowledge, newer: VersionKnowledge | None, *, schemes: bool) -> tuple[Rider, Rider]:
    """Groups and schemes that may ride on the peel of a version.

    Args:
        known: The version.
        newer: TLS 1.3 of the same server, whose groups and schemes tell what to expect here.
        schemes: Whether schemes are wanted at all.
    """

    def groups() -> tuple[frozenset[int], ...]:
        return () if newer is None else (frozenset(newer.groups.accepted) & frozenset(CURVES),)

    def likely_schemes() -> tuple[frozenset[int], ...]:
        if newer is None or not newer.accepted:
            return ()
        shown = {*known.schemes.accepted, *newer.schemes.accepted}
        return tuple(found for found in (_RSA_SCHEMES, _ECDSA_SCHEMES) if shown & found)

    return (
        Rider(known.groups, CURVES, expected=groups, riding=newer is not None),
        Rider(known.schemes, SCHEMES_12, expected=likely_schemes, riding=schemes),
    )
