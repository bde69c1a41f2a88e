"""The strands of TLS 1.2 and of the versions before it, as deep as was asked for."""

from collections.abc import Callable
from typing import Final

from waxseal.facts import FallbackAnswer
from waxseal.probes.tls.depth import Depth
from waxseal.probes.tls.hellos import HelloMaker
from waxseal.probes.tls.knowledge import Knowledge, VersionKnowledge
from waxseal.probes.tls.leftovers import Leftovers
from waxseal.probes.tls.question import Chooser, HelloTalk, Question, Strand, wait
from waxseal.probes.tls.suites import CHUNK_SUITES, SuitePeel, riders, turned
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client_hello import TLS_1_2
from waxseal.wire.tls_server_hello import version_name
from waxseal.wire.tls_suite_properties import suite_class, suite_properties, suites_of_version

TLS_1_1: Final = 0x0302
TLS_1_0: Final = 0x0301
SSL_3: Final = 0x0300
PROTOCOL_VERSION: Final = 70
FIRST_ANSWERS: Final = 4
"""Suites that are peeled one by one before classes are asked for, at depth ``standard``."""
MODERN_ANSWERS: Final = 8
"""The same for a server without TLS 1.1, which has few."""
MOST_ANSWERS: Final = 12
"""Suites that are peeled in all, at depth ``standard``."""
FEW_CLASSES: Final = 2
BROKEN: Final = frozenset(
    ("null", "anonymous", "export", "single-des", "rc4", "rc2-idea", "3des", "national", "psk-srp-krb5")
)
"""Classes that a grade must know of, whatever else is accepted."""
FINITE_FIELD: Final = frozenset(("dhe-cbc", "dhe-aead"))
"""Classes that show the server's Diffie-Hellman parameters."""


def class_of(suite: int) -> str:
    """Class of a suite; "" for an unknown one."""
    properties = suite_properties(suite)
    return "" if properties is None else suite_class(properties)


class Below13:
    """What is asked up to TLS 1.2 of one server."""

    def __init__(
        self, knowledge: Knowledge, maker: HelloMaker, depth: Depth, chooser: Chooser | None = None
    ) -> None:
        self.knowledge = knowledge
        self.maker = maker
        self.depth = depth
        self.chooser = chooser

    def tls12(self) -> Strand:
        """TLS 1.2: suites with groups and schemes riding along, then what is left of those."""
        known = self.knowledge.versions[TLS_1_2]
        newer = None if self.depth is Depth.GRADE else self.knowledge.versions[0x0304]
        full = self.depth is Depth.FULL
        groups, schemes = riders(known, newer, schemes=full)
        leftovers = Leftovers(self.knowledge, known, self.maker, groups, schemes)
        peel = SuitePeel(known, self.knowledge, self.maker, groups, schemes, chooser=self.chooser)
        if self.depth is not Depth.GRADE:
            peel.more = lambda: leftovers.at_least(schemes=full)
        yield from self._suites(peel)
        if known.accepted and self.depth is not Depth.GRADE:
            yield from leftovers.ask(schemes=full)
        before = len(known.suites)
        yield from peel.settle()
        if len(known.suites) > before:
            yield from leftovers.ask(schemes=full)
        if full:
            leftovers.close_rest()
        if known.accepted and self.depth is not Depth.GRADE:
            yield from self._order(known)

    def older(self) -> Strand:
        """TLS 1.1, 1.0 and SSL 3.0: a refusal of the first refuses those below it with it."""
        for version in (TLS_1_1, TLS_1_0, SSL_3):
            known = self.knowledge.versions[version]
            if known.accepted is False:
                continue
            peel = SuitePeel(known, self.knowledge, self.maker, *riders(known, None, schemes=False))
            peel.chooser = self.chooser
            yield from self._suites(peel)
            if not known.accepted:
                self._refuse_below(version)
            elif not any(self._accepts(v) for v in range(version + 1, TLS_1_2 + 1)):
                yield from Leftovers(self.knowledge, known, self.maker, peel.groups, peel.schemes).ask(
                    schemes=False
                )

    def _accepts(self, version: int) -> bool:
        return bool(self.knowledge.versions[version].accepted)

    def _refuse_below(self, version: int) -> None:
        """A hello offers all versions up to its own: what refused it refused those below (RFC 5246 §E.1).

        At depth ``full`` only the alert that names the version is taken for that.
        """
        reaction = self.knowledge.versions[version].reaction
        refusal = self.knowledge.versions[version].refusal
        if reaction is None or refusal is None or self.knowledge.highest is None:
            return  # one that answers nothing may be intolerant of versions
        if self.depth is Depth.FULL and reaction.alert != PROTOCOL_VERSION:
            return
        for lower in (TLS_1_1, TLS_1_0, SSL_3):
            if lower < version and not any(self._accepts(v) for v in range(SSL_3, version)):
                self.knowledge.versions[lower].refused(reaction)

    def _order(self, known: VersionKnowledge) -> Strand:
        """Offer what was found the other way round, where it is not clear yet whose order decides."""
        found = tuple(known.suites)
        if len(found) < 2 or known.evidence.verdict(found):
            return
        offered = turned(found)
        talk = yield Question(
            f"order {known.name}", lambda: HelloTalk(self.maker.up_to_12(known.number, offered))
        )
        if isinstance(talk, HelloTalk) and talk.selected is not None and talk.selected.suite in found:
            known.evidence.note(offered, talk.selected.suite)

    def _suites(self, peel: SuitePeel) -> Strand:
        known = peel.known
        if self.depth is Depth.FULL:
            peel.hold = known.number == TLS_1_2
            yield from self._patiently(peel)
            return
        new = known.number == TLS_1_2
        peel.limit = 1
        yield from self._patiently(peel)
        if known.accepted and new and self.depth is Depth.STANDARD:
            old = self.knowledge.versions[TLS_1_1]
            yield from wait("suites TLSv1.2", lambda: old.accepted is not None or old.reaction is not None)
            modern = old.accepted is False
            peel.limit, peel.hold = (MODERN_ANSWERS, True) if modern else (FIRST_ANSWERS, False)
            yield from peel.ask()
        if not known.accepted or peel.held is not None:
            return
        if self.depth is Depth.GRADE:
            if new:
                yield from self._worst(peel)
            return
        peel.limit = None
        above = {class_of(s) for v in self.knowledge.versions.values() for s in v.suites if v is not known}
        yield from self._classes(peel, lambda found: new or (found in BROKEN and found not in above))
        if self.depth is Depth.STANDARD and new and len({class_of(s) for s in known.suites}) <= FEW_CLASSES:
            peel.limit = MOST_ANSWERS
            peel.wanted = _any
            peel.hold = peel.groups.riding = True
            yield from peel.ask()

    def _worst(self, peel: SuitePeel) -> Strand:
        """Ask for broken suites and for finite fields at once; where one of these is selected, once more."""
        for classes in (BROKEN | FINITE_FIELD, BROKEN):
            before = len(peel.known.suites)
            peel.limit = before + 1
            yield from self._classes(peel, classes.__contains__)
            if not any(class_of(suite) in FINITE_FIELD for suite in peel.known.suites[before:]):
                return

    def _classes(self, peel: SuitePeel, wanted: Callable[[str], bool]) -> Strand:
        """Ask for the classes of which no suite was selected yet, until the server refuses them all."""
        known = peel.known

        def of_other_class(suite: int) -> bool:
            found = class_of(suite)
            return wanted(found) and all(class_of(other) != found for other in known.suites)

        peel.wanted = of_other_class
        peel.groups.riding = False  # a refusal is to be expected, and shall not be in doubt
        yield from peel.ask()

    def _patiently(self, peel: SuitePeel) -> Strand:
        """Peel; a server that refuses the long list, but is known to speak the version, is asked in parts.

        So are the older versions then, of which nobody knows.
        """
        if any(other.in_parts for other in self.knowledge.versions.values()):
            yield from self._in_parts(peel)
            return
        before = list(peel.known.undecided)
        yield from peel.ask()
        known = peel.known
        if known.accepted and not known.suites and not known.undecided and known.number != SSL_3:
            known.undecided = before
            yield from self._in_parts(peel)

    def _in_parts(self, peel: SuitePeel) -> Strand:
        peel.known.in_parts = True
        peel.hold = peel.groups.riding = peel.schemes.riding = False
        yield from peel.ask(CHUNK_SUITES)

    def fallback(self, when: Callable[[], bool]) -> Strand:
        """A lower version with TLS_FALLBACK_SCSV, where the server speaks a higher one (RFC 7507 §3)."""
        yield from wait("TLS_FALLBACK_SCSV", when)
        spoken = [v for v in self.knowledge.versions if self._accepts(v)]
        lower = [v for v in spoken if v < max(spoken)]
        if not lower or (self.depth is not Depth.FULL and max(lower) == TLS_1_2 == min(lower)):
            return  # TLS 1.3 tells of a fall back to TLS 1.2 by itself (RFC 8446 §4.1.3)
        version = max(lower)
        suites = (*(self.knowledge.versions[version].suites or suites_of_version(version)), reg.FALLBACK_SCSV)
        talk = yield Question("TLS_FALLBACK_SCSV", lambda: HelloTalk(self.maker.up_to_12(version, suites)))
        self.knowledge.fallback = FallbackAnswer(
            version=version_name(version), highest=version_name(max(spoken)), reaction=talk.reaction()
        )


def _any(suite: int) -> bool:
    return True
