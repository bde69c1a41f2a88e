"""The sum at one address, for each of the two letters.

What every check takes is looked up in ``letter_rules``; on the active axis the rung is found that is proved,
and what it takes is laid to what breaks the better ones. Which address decides is in ``letters``.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from waxseal.checks.api import Verdict
from waxseal.checks.certificate._weighing import is_submission
from waxseal.facts import Endpoint, FactSet, MailProtocol, RunContext, Subject, Target, TargetKind
from waxseal.grading.letter_model import AddressLetters, Letter, Lost
from waxseal.grading.letter_rules import (
    FULL,
    LETTERS,
    Axis,
    Part,
    Rung,
    Standing,
    asked_for,
    ladder,
    letter_rules,
    parts_of,
    standing,
)
from waxseal.grading.profile import GradedFinding, Profile
from waxseal.grading.seal import EndpointSeal, Seal
from waxseal.grading.severity import Severity

_BAD = (Verdict.FAIL, Verdict.WARN)
_FAIL_ONLY = (Verdict.FAIL,)
_POLICY = "policy"
_TYPES = "tls/certificate-type-unseen"
_OFFER = "Offer TLS that every client can use."
_MAIL, _ACCESS = "mail", "access"


def telling(findings: Sequence[GradedFinding]) -> dict[Subject, list[GradedFinding]]:
    """Those that can move a letter, by their place: what takes points, and what a rung asks for."""
    asked, not_here = asked_for() | {_TYPES}, Verdict.NOT_APPLICABLE
    told: dict[Subject, list[GradedFinding]] = {}
    for finding in findings:
        if finding.severity or (finding.check in asked and finding.verdict is not not_here):
            told.setdefault(finding.subject, []).append(finding)
    told.pop(Subject(), None)
    return told


class AddressSum:
    """The sum at one address.

    Args:
        facts: Only what was asked for is read from them.
        told: What `telling` gave of the target's findings.
        seal: What came of the address.
        target: What was asked for.
        profile: Whose severities the findings have.
    """

    def __init__(
        self,
        facts: FactSet,
        told: dict[Subject, list[GradedFinding]],
        seal: EndpointSeal,
        target: Target,
        profile: Profile,
    ) -> None:
        self._rules = letter_rules()
        self._seal = seal
        self._profile = profile
        here = seal.subject
        around = frozenset(here.outwards())
        by_check: dict[str, list[GradedFinding]] = {}
        for place, findings in told.items():
            if place in around or here in place.outwards():
                for finding in findings:
                    by_check.setdefault(finding.check, []).append(finding)
        self._by_check = by_check
        self._weighty = [
            (check, found) for check, found in by_check.items() if any(f.severity for f in found)
        ]
        self._broken_by: dict[str, list[GradedFinding]] = {}
        endpoint = facts.nearest(Endpoint, here)
        own = endpoint is not None and (
            is_submission(endpoint, here) or endpoint.protocol is MailProtocol.LMTP
        )
        self._kind = _ACCESS if own else _MAIL
        self._parts: dict[str, list[tuple[Part, list[GradedFinding]]]] = {}
        for check, found in by_check.items():
            for (kind, rung), part in parts_of(check).items():
                if kind == self._kind:
                    self._parts.setdefault(rung, []).append((part, found))
        self._is_domain = target.kind is TargetKind.DOMAIN
        context = facts.nearest(RunContext, Subject())
        self._left_out = context is not None and _POLICY in context.left_out

    def letters(self) -> AddressLetters:
        """Both letters."""
        return AddressLetters(self._seal.subject, self._passive(), self._active())

    def _passive(self) -> Letter:
        lost = self._lost(Axis.PASSIVE)
        if self._seal.seal is Seal.UNKNOWN and not _capped(lost):
            return Letter(Axis.PASSIVE, None, why=self._unseen())
        return self._sum(Axis.PASSIVE, lost)

    def _active(self) -> Letter:
        lost = self._lost(Axis.ACTIVE)
        if self._seal.seal is Seal.UNKNOWN and not _capped(lost):
            return Letter(Axis.ACTIVE, None, why=self._unseen())
        if self._seal.seal is Seal.EXPOSED and self._kind == _ACCESS:
            return self._sum(Axis.ACTIVE, lost)  # no certificate was shown, so nothing is known of it
        rung, open_ones = self._rung()
        if not open_ones:
            here = self._sum(Axis.ACTIVE, self._with(rung, lost), rung.id)
            return replace(here, why=self._types_unseen() if rung.proved_by else "")
        why = f"whether there is {open_ones[0].title} could not be seen"
        if rung.proved_by:
            here = self._sum(Axis.ACTIVE, self._with(rung, lost), rung.id)
            here = replace(here, why=f"at least this: {why}")
        else:  # that there is nothing better is not known, so nothing is lost by it
            here = replace(self._sum(Axis.ACTIVE, lost), why=f"{why}, and took nothing")
        possible = {self._sum(Axis.ACTIVE, self._with(other, lost)).letter for other in (*open_ones, rung)}
        return here if possible == {here.letter} else Letter(Axis.ACTIVE, None, why=why)

    def _types_unseen(self) -> str:
        unseen = any(f.verdict is Verdict.INCONCLUSIVE for f in self._by_check.get(_TYPES, ()))
        return "the proof is of the certificates that were shown; there may be others" if unseen else ""

    def _unseen(self) -> str:
        return self._seal.ended or "TLS could not be seen"

    def _lost(self, axis: Axis) -> list[Lost]:
        """What every check takes, each once, by the weightiest of its findings here."""
        lost: list[Lost] = []
        together: dict[tuple[str, ...], list[Lost]] = {}
        for check, findings in self._weighty:
            counts = self._standing(check)
            if axis not in counts.against:
                continue
            entry = self._entry(axis, check, findings, counts)
            if entry is not None:
                (together.setdefault(counts.group, []) if counts.group else lost).append(entry)
        lost += [_joined(sorted(entries, key=_weight)) for entries in together.values()]
        if self._seal.seal is Seal.EXPOSED and not _capped(lost):
            lost = self._exposed(lost)
        return sorted(lost, key=_weight)

    def _entry(self, axis: Axis, check: str, findings: list[GradedFinding], counts: Standing) -> Lost | None:
        worst = max(findings, key=lambda f: f.severity if f.verdict in _BAD else Severity.NONE)
        if worst.verdict not in _BAD or worst.severity is Severity.NONE:
            return None
        failed = any(f.verdict is Verdict.FAIL and f.severity for f in findings)
        cap = counts.caps.get(axis, "") if failed else ""
        of_rung = axis is Axis.ACTIVE and any(kind == self._kind for kind, _ in parts_of(check))
        points = 0 if of_rung else self._rules.points[worst.severity.label]
        if not points and not cap:
            return None
        return Lost(check, worst.subject, points, cap, worst.title, worst.remedy.general, counts.effort)

    def _exposed(self, lost: list[Lost]) -> list[Lost]:
        """No TLS came to stand, whatever the reason: the weightiest fault there caps the letter."""
        here = [f for found in self._by_check.values() for f in found if f.subject.within(self._seal.subject)]
        fault = max(here, key=lambda f: f.severity, default=None)
        if fault is None or not fault.severity:
            capped = Lost("", self._seal.subject, 0, LETTERS[-1], "No TLS came to stand", _OFFER, "setting")
            return [*lost, capped]
        known = next((entry for entry in lost if entry.check == fault.check), None)
        remedy = fault.remedy.general
        entry = known or Lost(fault.check, fault.subject, 0, "", fault.title, remedy, "setting")
        return [*(other for other in lost if other is not known), replace(entry, cap=LETTERS[-1])]

    def _standing(self, check: str) -> Standing:
        rule = self._profile.own_by_id.get(check)
        if rule is None:
            return standing(check)
        return Standing(tuple(Axis(attacker) for attacker in rule.against), rule.effort, {})

    def _with(self, held: Rung, lost: list[Lost]) -> list[Lost]:
        """What a rung takes, step by step up the ladder, added to what else is lost."""
        by_check = {entry.check: entry for entry in lost}
        rung = held
        while rung.lost:
            better = ladder(self._kind)[: ladder(self._kind).index(rung)]
            goal = next((other for other in better if self._breakers(other)), None)
            step = self._mended(goal) if goal is not None else self._built(rung)
            goal = goal or next(other for other in better if other.id == rung.next)
            known = by_check.get(step.check, step)
            by_check[step.check] = replace(
                known, points=known.points + rung.lost - goal.lost, regain=step.regain
            )
            rung = goal
        return sorted(by_check.values(), key=_weight)

    def _built(self, rung: Rung) -> Lost:
        return Lost(rung.check, self._seal.subject, 0, "", rung.fault, rung.regain, rung.effort)

    def _mended(self, rung: Rung) -> Lost:
        """A better rung is there and broken: mending that is what gives its points back."""
        found = [
            Lost(f.check, f.subject, f.severity, "", f.title, f.remedy.general, standing(f.check).effort)
            for f in self._breakers(rung)
        ]
        return replace(_joined(sorted(found, key=_weight)), points=0)

    def _breakers(self, rung: Rung) -> list[GradedFinding]:
        """What breaks a rung, the weightiest finding of each check."""
        known = self._broken_by.get(rung.id)
        if known is not None:
            return known
        worst = self._broken_by[rung.id] = []
        for part, findings in self._parts.get(rung.id, ()):
            bad = _FAIL_ONLY if part.opens else _BAD
            found = [f for f in findings if f.verdict in bad]
            if found:
                worst.append(max(found, key=lambda f: f.severity))
        return worst

    def _sum(self, axis: Axis, lost: list[Lost], rung: str = "") -> Letter:
        points = max(0, FULL - sum(entry.points for entry in lost))
        points = min([points, *(self._rules.most(entry.cap) for entry in lost if entry.cap)])
        kind = self._kind if rung else ""
        return Letter(axis, self._rules.letter(points), points, tuple(lost), rung, kind)

    def _rung(self) -> tuple[Rung, list[Rung]]:
        """The first rung that is proved, and those before it that are open."""
        open_ones: list[Rung] = []
        for rung in ladder(self._kind):
            holds = self._holds(rung)
            if holds:
                return rung, open_ones
            if holds is None:
                open_ones.append(rung)
        raise AssertionError("the last rung has to hold always")

    def _holds(self, rung: Rung) -> bool | None:
        """Whether a rung is proved; None where it could not be seen."""
        if self._breakers(rung):
            return False
        if not rung.proved_by:
            return True
        if (rung.domain_only and not self._is_domain) or (self._left_out and self._kind == _MAIL):
            return None
        answers = [_proof(self._by_check.get(check, ())) for check in rung.proved_by]
        if False in answers:
            early = any(
                part.opens and _has(found, Verdict.WARN) for part, found in self._parts.get(rung.id, ())
            )
            return None if early else False
        doubts = (
            part.spoils and not part.is_soft and _has(f, Verdict.INCONCLUSIVE)
            for part, f in self._parts.get(rung.id, ())
        )
        return None if None in answers or any(doubts) else True


def _has(findings: Sequence[GradedFinding], verdict: Verdict) -> bool:
    return any(finding.verdict is verdict for finding in findings)


def _proof(findings: Sequence[GradedFinding]) -> bool | None:
    """Whether a check passes wherever it applies; None where it could not be seen."""
    verdicts = {finding.verdict for finding in findings} - {Verdict.NOT_APPLICABLE}
    if verdicts & set(_BAD) or not verdicts:
        return False
    return True if verdicts == {Verdict.PASS} else None


def _joined(entries: list[Lost]) -> Lost:
    """What counts once together: the weightiest entry, which also tells what else has to be mended."""
    first, *others = entries
    if not others:
        return first
    also = "; ".join(f"{other.title} ({other.check})" for other in others)
    return replace(first, regain=f"{first.regain} To be mended with it: {also}.")


def _capped(lost: list[Lost]) -> bool:
    return any(entry.cap for entry in lost)


def _weight(lost: Lost) -> tuple[bool, int, int, str]:
    """Caps first, the lowest before the others; then the most points."""
    return not lost.cap, -ord(lost.cap or "A"), -lost.points, lost.check
