"""Rules about the versions and the suites that a server accepts, and about whose order of suites decides."""

from collections.abc import Collection
from functools import cached_property
from typing import Any, ClassVar, Final

from waxseal.checks.api import Judgement, Scope, Verdict, fail, not_applicable, passed, unreached
from waxseal.checks.tls._offer import FULL, spoken, unknown_below_13
from waxseal.checks.tls.suite_order import _SURE_PLACES
from waxseal.facts import SuiteList, TlsSpending, TlsSuites, TlsVersions
from waxseal.grading.rules.classes import Classes, Rank, Tally, listed, matters, rank_of_key
from waxseal.grading.rules.scene import Scene
from waxseal.wire.tls_suites import SIGNALLING_SUITES, SUITE_NAMES, suite_name

VERSIONS: Final = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_SUITES: Final = frozenset(name for number, name in SUITE_NAMES.items() if number not in SIGNALLING_SUITES)


def expect_versions(names: Collection[str]) -> None:
    """See that names are those of versions.

    Raises:
        ValueError: One is not.
    """
    unknown = [name for name in names if name not in VERSIONS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no version; there are {', '.join(VERSIONS)}")


class VersionRule(Classes, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The versions that are accepted.

    Attributes:
        required: Versions that have to be accepted.
    """

    required: tuple[str, ...] = ()

    NOUN: ClassVar[str] = "versions"
    SCOPE: ClassVar[Scope] = Scope.PORT

    def __post_init__(self) -> None:
        super().__post_init__()
        expect_versions(self.required)

    @classmethod
    def names(cls) -> Collection[str]:
        """SSL 2.0 to TLS 1.3."""
        return VERSIONS

    def judge(self, scene: Scene) -> Judgement:
        """Judge every version that was selected."""
        versions = scene.nearest(TlsVersions)
        if versions is None:
            return scene.lacking(TlsVersions)
        tally = Tally("versions")
        refused = []
        for name in VERSIONS:
            answer = versions.of(name)
            if answer is not None and answer.accepted:
                tally.saw(spoken(name), self.rank(name))
            elif answer is None or answer.accepted is None:
                tally.missed(spoken(name), self.rank(name))
                if name in self.required:
                    tally.unknown(f"whether {spoken(name)} is accepted was not seen")
            elif name in self.required:
                refused.append(spoken(name))
        judgement = tally.judgement()
        if refused:
            also = (judgement.summary,) if judgement.verdict in (Verdict.FAIL, Verdict.WARN) else ()
            return fail(f"Refused, and required: {listed(refused)}", *also, *judgement.evidence)
        return judgement

    def told(self) -> tuple[tuple[str, str], ...]:
        """The classes, and what is required."""
        rows = super().told()
        return (*rows, ("required", ", ".join(self.required))) if self.required else rows


class SuiteRule(Classes, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The suites that are accepted.

    Attributes:
        versions: The versions whose suites are judged; empty: all from SSL 3.0 on.
        required_any: One of these has to be accepted.
    """

    versions: tuple[str, ...] = ()
    required_any: tuple[str, ...] = ()

    NOUN: ClassVar[str] = "suites"
    SCOPE: ClassVar[Scope] = Scope.PORT

    def __post_init__(self) -> None:
        super().__post_init__()
        expect_versions(self.versions)
        unknown = [name for name in self.required_any if name not in _SUITES]
        if unknown:
            raise ValueError(f"{unknown[0]!r} in `required_any` is no suite that is known")

    @classmethod
    def names(cls) -> Collection[str]:
        """Every suite with a number."""
        return _SUITES

    @cached_property
    def by_number(self) -> dict[int, Rank | None]:
        """The class of every suite."""
        return {number: self.rank(name) for number, name in SUITE_NAMES.items()}

    def rank_of(self, suite: int) -> Rank | None:
        """The class of a suite; one without a name is in that of all else."""
        return self.by_number.get(suite, self.default)

    def judge(self, scene: Scene) -> Judgement:
        """Judge every suite of the versions."""
        suites, versions = scene.nearest(TlsSuites), scene.nearest(TlsVersions)
        if suites is None:
            return scene.lacking(TlsSuites)
        tally = Tally("suites")
        accepted, open_ = set(), set()
        for found in suites.lists:
            if self.versions and found.version not in self.versions:
                continue
            for suite in found.accepted:
                tally.saw(suite_name(suite), self.rank_of(suite))
            for suite in found.undecided:
                if matters(rank := self.rank_of(suite)):
                    tally.missed(f"{suite_name(suite)} ({spoken(found.version)})", rank)
            accepted |= {suite_name(suite) for suite in found.accepted}
            open_ |= {suite_name(suite) for suite in found.undecided}
        for name in _not_seen(versions, suites, self.versions):
            tally.unknown(f"{spoken(name)} was not asked for")
        if not accepted and tally.empty:
            return _no_such_version(self.versions)
        judgement = tally.judgement()
        if (
            self.required_any
            and judgement.verdict is not Verdict.FAIL
            and not accepted & set(self.required_any)
        ):
            if open_ & set(self.required_any):
                return unreached("whether a required suite is accepted was not seen", advice=FULL)
            return fail(f"None of the required suites is accepted: {listed(self.required_any)}")
        return judgement

    def told(self) -> tuple[tuple[str, str], ...]:
        """The classes, and what is required."""
        rows = super().told()
        if self.versions:
            rows = (("versions", ", ".join(self.versions)), *rows)
        return (*rows, ("one required of", ", ".join(self.required_any))) if self.required_any else rows


def _not_seen(versions: TlsVersions | None, suites: TlsSuites, wanted: Collection[str]) -> list[str]:
    """Versions, of those that are wanted, whose suites could hide anything."""
    unknown = [] if versions is None else list(unknown_below_13(versions))
    if versions is not None:
        newest = versions.of("TLSv1.3")
        unknown += ["TLSv1.3"] if newest is None or newest.accepted is None else []
        spoken_ones = [a.version for a in versions.answers if a.accepted and a.version != "SSLv2"]
        unknown += [version for version in spoken_ones if suites.of(version) is None]
    return [version for version in unknown if not wanted or version in wanted]


def _no_such_version(wanted: Collection[str]) -> Judgement:
    if wanted:
        return not_applicable(f"{listed(map(spoken, wanted))} is not spoken")
    return unreached("no suites were asked for", advice=FULL)


class SuiteOrderRule(SuiteRule, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """Suites of a better class come first, by the server's own order.

    Attributes:
        only_if: The class from which on a suite makes the order matter; then all better ones are alike. "":
            every class has to come before the next one.
    """

    only_if: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.only_if and rank_of_key(self.only_if) is None:
            raise ValueError("`only_if` names a class")
        if self.required_any:
            raise ValueError("`required_any` is for the kind suites")

    def judge(self, scene: Scene) -> Judgement:
        """Judge the order in each version."""
        suites = scene.nearest(TlsSuites)
        if suites is None:
            return scene.lacking(TlsSuites)
        lists = [f for f in suites.lists if not self.versions or f.version in self.versions]
        if not lists:
            return unreached("no suites were asked for", advice=FULL)
        mixed = [found for found in lists if len({self._step(s) for s in found.accepted}) > 1]
        if not mixed:
            return not_applicable(
                "in each version the suites seen are of one class, so that no order is asked"
            )
        spending = scene.nearest(TlsSpending)
        sure = _SURE_PLACES.get("grade" if spending is None else spending.depth, 1)
        answers = [self._of(found, sure) for found in mixed]
        return min(answers, key=lambda answer: _WORST_FIRST.index(answer.verdict))

    def _step(self, suite: int) -> int:
        rank = self.rank_of(suite)
        if rank is None:
            return -1
        limit = rank_of_key(self.only_if) if self.only_if else None
        return int(rank) if limit is None else int(rank >= limit)

    def _of(self, found: SuiteList, sure: int | None) -> Judgement:
        name = spoken(found.version)
        judged = [suite for suite in found.accepted if self._step(suite) >= 0]
        if found.order == "client":
            worst, best = max(judged, key=self._step), min(judged, key=self._step)
            if self._step(worst) == self._step(best):
                return passed(f"{name}: the suites are of one class")
            line = f"{name}: {suite_name(worst)} where a client puts it before {suite_name(best)}"
            return fail("The client's order decides, and the suites are not of one class", line)
        if found.order != "server":
            return unreached("whose order of suites decides was not seen", name, advice=FULL)
        steps = [self._step(suite) for suite in judged]
        for place, suite in enumerate(judged[:sure]):
            better = next((s for s in judged[place + 1 :] if self._step(s) < steps[place]), None)
            if better is not None:
                line = f"{name}: {suite_name(suite)} before {suite_name(better)}"
                return fail("A suite of a worse class comes before one of a better class", line)
        if sure is not None and len(set(steps[sure:])) > 1:
            return unreached("the order of the suites was seen in part", name, advice=FULL)
        return passed("The server's own order puts the better classes first", name)

    def told(self) -> tuple[tuple[str, str], ...]:
        """The classes, and when the order matters."""
        rows = super().told()
        limit = self.only_if.replace("_", "-")
        return (*rows, ("only with", f"a suite that is {limit} or worse")) if limit else rows


_WORST_FIRST: Final = tuple(Verdict)


KINDS: Final[dict[str, type[Any]]] = {
    "versions": VersionRule,
    "suites": SuiteRule,
    "suite-order": SuiteOrderRule,
}
