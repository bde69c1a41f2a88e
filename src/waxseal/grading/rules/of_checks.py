"""The rule that takes the word of checks, and weighs it by its own classes."""

from functools import cached_property
from typing import Any, Final

from msgspec import Struct

from waxseal.checks.api import (
    Finding,
    Judgement,
    Scope,
    Verdict,
    fail,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.registry import all_checks
from waxseal.grading.rules.classes import MAX_LINES, Rank, rank_of_key
from waxseal.grading.rules.scene import Scene


class CheckRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The worst of what some checks found decides.

    Attributes:
        of: Ids of the checks. The narrowest of their scopes is the rule's; wider ones count for all inside.
        fail_as: Class of a FAIL.
        warn_as: Class of a WARN.
    """

    of: tuple[str, ...]
    fail_as: str = "insufficient"
    warn_as: str = "phase_out"

    def __post_init__(self) -> None:
        if not self.of:
            raise ValueError("`of` names no check")
        for name in self.of:
            if name not in all_checks():
                raise ValueError(f"{name!r} in `of` is no check")
        _ = self.ranks

    @cached_property
    def ranks(self) -> dict[Verdict, Rank | None]:
        """The class of each bad verdict."""
        return {Verdict.FAIL: rank_of_key(self.fail_as), Verdict.WARN: rank_of_key(self.warn_as)}

    @property
    def SCOPE(self) -> Scope:  # noqa: N802  # stands for the constant of the other kinds
        """The narrowest scope of the checks."""
        return max(all_checks()[name].scope for name in self.of)

    def judge(self, scene: Scene) -> Judgement:
        """Judge by the worst finding; INCONCLUSIVE goes before PASS."""
        found = [finding for name in self.of for finding in scene.findings.nearest(name, scene.subject)]
        if not found:
            return unreached("the checks that decide were not run", advice="judge with all checks")
        ranked = [(self.ranks.get(finding.verdict), finding) for finding in found]
        bad = [(rank, finding) for rank, finding in ranked if rank is not None and rank >= Rank.PHASE_OUT]
        if bad:
            rank, worst = max(bad, key=lambda entry: entry[0])
            others = [f"{f.check}: {f.summary}" for _, f in bad if f is not worst][:MAX_LINES]
            make = fail if rank is Rank.INSUFFICIENT else warn
            return make(worst.summary, *worst.evidence[:MAX_LINES], *others)
        unseen = next((f for f in found if f.verdict is Verdict.INCONCLUSIVE), None)
        if unseen is not None:
            return Judgement(
                Verdict.INCONCLUSIVE, unseen.summary, unseen.evidence, unseen.advice, follows=True
            )
        best: Finding | None = next((f for f in found if f.verdict is not Verdict.NOT_APPLICABLE), None)
        if best is None:
            return not_applicable(found[0].summary)
        return passed(best.summary, *best.evidence[:MAX_LINES])

    def told(self) -> tuple[tuple[str, str], ...]:
        """The checks, and what their verdicts count as."""
        return (
            ("checks", ", ".join(self.of)),
            ("where one fails", self.fail_as.replace("_", "-")),
            ("where one warns", self.warn_as.replace("_", "-")),
        )


KINDS: Final[dict[str, type[Any]]] = {"checks": CheckRule}
