"""Groups and signature schemes up to TLS 1.2 that did not ride on the peel of the suites.

They are peeled with suites that are known to be accepted, offered in the other order than they were found, so
that the answers tell whose order decides. While more of both is expected, one question serves both.
"""

from collections.abc import Callable, Generator
from typing import Final

from waxseal.probes.tls.hellos import CURVES, FINITE_FIELDS, SCHEMES_12, HelloMaker
from waxseal.probes.tls.knowledge import REFUSALS, Knowledge, VersionKnowledge
from waxseal.probes.tls.question import HelloTalk, Question, Strand, Talk
from waxseal.probes.tls.suites import Rider, family, shows_curve, signs, turned

CERTIFICATE_CURVES: Final = (23, 24, 25)
"""Curves of EC certificates where none was seen."""


class Leftovers:
    """What is left of groups and schemes of one version."""

    def __init__(
        self, knowledge: Knowledge, known: VersionKnowledge, maker: HelloMaker, groups: Rider, schemes: Rider
    ) -> None:
        self.knowledge = knowledge
        self.known = known
        self.maker = maker
        self.groups = groups
        self.schemes = schemes

    def ask(self, *, schemes: bool) -> Strand:
        """Peel the groups, and the schemes where these are wanted."""
        if schemes:
            yield from self._both()
        yield from self._groups(schemes=schemes)
        if schemes:
            yield from self._schemes()

    def at_least(self, *, schemes: bool) -> int:
        """How many questions `ask` is going to need, by what is expected now."""
        groups, others = self.groups.still_expected, self.schemes.still_expected if schemes else 0
        return max(groups, others) + 1 + (1 if schemes else 0)

    def _suites(self, fits: Callable[[int], bool]) -> tuple[int, ...]:
        return tuple(suite for suite in turned(self.known.suites) if fits(suite))

    def _both(self) -> Strand:
        """Groups and schemes with one question, by suites that an RSA key signs: these need no curve."""
        suites = self._suites(lambda suite: shows_curve(suite) and signs(suite) == "rsa")
        while suites and self.groups.still_expected and self.schemes.still_expected:
            more = self.at_least(schemes=True) - 1
            talk = yield self._question(
                suites, tuple(self.known.groups.remaining), tuple(self.known.schemes.remaining), more
            )
            if not self._take(talk, suites):
                return
            self.known.groups.take(talk.group if isinstance(talk, HelloTalk) else None)
            if not self.known.schemes.take(talk.scheme if isinstance(talk, HelloTalk) else None):
                return

    def _groups(self, *, schemes: bool) -> Strand:
        """Groups alone.

        Where the certificate's own curve has to be offered too, it stands last: it is selected where none of
        the others is (RFC 8422 §5.3).
        """
        suites = self._suites(lambda suite: shows_curve(suite) and signs(suite) != "ecdsa")
        suites = suites or self._suites(shows_curve)
        anchors = tuple(sorted(self.knowledge.leaf_curves)) or CERTIFICATE_CURVES
        needs_anchor = all(signs(suite) == "ecdsa" for suite in suites)
        with_anchor = False
        while suites and self.known.groups.remaining:
            rest = tuple(self.known.groups.remaining)
            offer = (*rest, *(a for a in anchors if a not in rest)) if with_anchor else rest
            more = self.at_least(schemes=schemes) - 1 + (1 if needs_anchor and not with_anchor else 0)
            talk = yield self._question(suites, offer, SCHEMES_12, more)
            took = self._take(talk, suites)
            if took and self.known.groups.take(talk.group if isinstance(talk, HelloTalk) else None):
                continue
            if not took and talk.cause not in REFUSALS:
                return
            if needs_anchor and not with_anchor:
                with_anchor = True
                continue
            if took and not (yield from self._follows_our_order(suites, anchors)):
                return  # it may like the certificate's curve better than those that are left
            self.known.groups.close(talk.reaction())

    def _follows_our_order(
        self, suites: tuple[int, ...], anchors: tuple[int, ...]
    ) -> Generator[Question, Talk, bool]:
        """Whether the first group offered is selected, where the server chose another one before."""
        liked = self.known.groups.accepted[0]
        first = next((a for a in anchors if a != liked and a in self.known.groups.accepted), None)
        if liked in anchors or first is None:
            return False
        talk = yield self._question(suites, (first, liked, *anchors), SCHEMES_12, more=False)
        return self._take(talk, suites) and isinstance(talk, HelloTalk) and talk.group == first

    def _schemes(self) -> Strand:
        """Schemes alone, one type of key after the other.

        Some servers, OpenSSL among them, choose the suite first and fail where no scheme fits it; so a
        refusal speaks only for the type of key whose suites were offered.
        """
        for key_type in ("rsa", "ecdsa", "dsa"):
            suites = self._suites(lambda suite, key_type=key_type: signs(suite) == key_type)  # type: ignore[misc]
            while suites and (rest := self._remaining_of(key_type)):
                talk = yield self._question(suites, CURVES, rest, self.schemes.still_expected)
                took = self._take(talk, suites)
                if took and self.known.schemes.take(talk.scheme if isinstance(talk, HelloTalk) else None):
                    continue
                if not took and talk.cause not in REFUSALS:
                    return
                self.known.schemes.close(talk.reaction(), rest)

    def close_rest(self) -> None:
        """Schemes of keys of which no suite is accepted, and none undecided, are refused with the suites."""
        if not any(signs(suite) for suite in self.known.suites):
            return
        for key_type in ("rsa", "ecdsa", "dsa", ""):
            kept = (*self.known.suites, *self.known.undecided)
            if not any(key_type and signs(suite) == key_type for suite in kept):
                self.known.schemes.close(self.known.refusal, self._remaining_of(key_type))

    def _remaining_of(self, key_type: str) -> tuple[int, ...]:
        return tuple(scheme for scheme in self.known.schemes.remaining if family(scheme) == key_type)

    def _question(
        self, suites: tuple[int, ...], groups: tuple[int, ...], schemes: tuple[int, ...], more: int
    ) -> Question:
        about = "groups" if groups != CURVES else "signature schemes"
        return Question(
            f"{about} {self.known.name}",
            lambda: HelloTalk(
                self.maker.up_to_12(self.known.number, suites, (*groups, *FINITE_FIELDS), schemes)
            ),
            more=more,
        )

    def _take(self, talk: Talk, suites: tuple[int, ...]) -> bool:
        """Whether the version and one of these suites was selected; the choice is evidence of an order."""
        hello = talk.selected if isinstance(talk, HelloTalk) else None
        if hello is None or hello.version != self.known.number or hello.suite not in suites:
            return False
        self.knowledge.note(talk)
        if len({signs(suite) for suite in suites}) == 1:
            self.known.evidence.note(suites, hello.suite)
        return True
