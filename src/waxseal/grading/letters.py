"""Two letters for a target: one for the passive attacker, who listens, one for the active one, in between.

Each is a published sum: 100 points, less what each finding takes, within the caps of ``letters.toml`` (see
``letter_rules``). The letter against the active attacker also loses what its *rung* falls short by: the way
in which senders tell the server from a false one; what breaks the rung is counted with it, once. Findings,
the seals of the addresses and the profile are all that goes in, so that anybody can recompute it
(docs/grading.md). INCONCLUSIVE takes nothing: where it hides what decides a letter, there is no letter.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from waxseal.checks.api import Verdict
from waxseal.checks.certificate._weighing import is_submission
from waxseal.facts import Endpoint, FactSet, MailProtocol, MxRecords, RunContext, Subject, Target, TargetKind
from waxseal.grading.letter_rules import (
    FULL,
    LETTERS,
    Axis,
    Rules,
    Rung,
    Standing,
    fits,
    ladder,
    letter_rules,
    rungs_of,
    standing,
)
from waxseal.grading.profile import GradedFinding, Profile
from waxseal.grading.seal import EndpointSeal, LeftOut, Seal, left_out
from waxseal.grading.severity import Severity

_BAD = (Verdict.FAIL, Verdict.WARN)
_FAIL_ONLY = (Verdict.FAIL,)
_POLICY = "policy"
_TYPES = "tls/certificate-type-unseen"
_OFFER = "Offer TLS that every client can use."
_MAIL, _ACCESS = "mail", "access"


class Basis(StrEnum):
    """Which address decides the letters of a target."""

    WORST = "worst"
    BEST = "best"
    FIRST = "first"
    """The worst one of the mail hosts that senders try first."""


class Lost(Struct, frozen=True):
    """What one check took at one address.

    Attributes:
        check: Its id, or that of a profile's own rule.
        subject: Where its weightiest finding is.
        points: What it takes from the sum; 0 for one that only caps.
        cap: The best letter that it leaves; "" for one that caps nothing.
        title: The fault.
        regain: What mends it.
        effort: A key of ``[efforts]``.
    """

    check: str
    subject: Subject
    points: int
    cap: str
    title: str
    regain: str
    effort: str


class Letter(Struct, frozen=True):
    """One letter.

    Attributes:
        axis: The attacker.
        letter: ``A`` to ``F``; None where what decides it could not be seen.
        points: 0 to 100, caps applied; None with the letter.
        lost: Each lost point's check, most first.
        rung: Id of the rung; "" for the passive axis, and where no rung could be seen.
        kind: Which rungs apply: ``mail`` between servers, ``access`` for mail programs; "" like `rung`.
        why: Why there is no letter, or what could not be seen and might make another one; "" for nothing.
    """

    axis: Axis
    letter: str | None
    points: int | None = None
    lost: tuple[Lost, ...] = ()
    rung: str = ""
    kind: str = ""
    why: str = ""


class AddressLetters(Struct, frozen=True):
    """Both letters of one address and port."""

    subject: Subject
    passive: Letter
    active: Letter


class Regain(Struct, frozen=True):
    """What mending one thing gives back at the addresses that decide.

    Attributes:
        check, title, remedy, effort: As in `Lost`.
        passive, active: Points on each axis.
        caps: The axes on which it lifts a cap.
    """

    check: str
    title: str
    remedy: str
    effort: str
    passive: int = 0
    active: int = 0
    caps: tuple[Axis, ...] = ()


class Letters(Struct, frozen=True):
    """Both letters of a target.

    Attributes:
        passive, active: Of the address that decides, each.
        by_address: Of every address, in the order of the plan.
        regain: What gives points back: what lifts a cap first, then by gain for effort.
        basis: Which address decides.
        version: ``id/version`` of the rules.
    """

    passive: Letter
    active: Letter
    by_address: tuple[AddressLetters, ...] = ()
    regain: tuple[Regain, ...] = ()
    basis: Basis = Basis.WORST
    version: str = ""


def _tells(finding: GradedFinding) -> bool:
    """Whether a finding can move a letter: one that takes points, or one that a rung asks for."""
    if finding.verdict is Verdict.NOT_APPLICABLE:
        return False
    weighs = finding.severity is not Severity.NONE
    return weighs or finding.check == _TYPES or bool(rungs_of(finding.check))


def letters_of(
    facts: FactSet,
    findings: Sequence[GradedFinding],
    seals: Sequence[EndpointSeal],
    target: Target,
    profile: Profile,
    basis: Basis = Basis.WORST,
) -> Letters:
    """The letters of a target.

    Args:
        facts: All that was seen; only what was asked for is read from them.
        findings: Those of the target and of the run.
        seals: Of the target's endpoints.
        target: What was asked for.
        profile: Whose severities `findings` have.
        basis: Which address decides.
    """
    rules = letter_rules()
    told = [f for f in findings if f.subject != Subject() and _tells(f)]
    rows = tuple(_Address(facts, told, seal, target, profile).letters() for seal in seals)
    deciding = _first(facts, rows, target) if basis is Basis.FIRST else rows
    beside = LeftOut()
    if target.kind is TargetKind.DOMAIN and basis is not Basis.FIRST:
        beside = left_out(facts, tuple(seals), Subject(domain=target.name))
    passive = _decide(Axis.PASSIVE, [row.passive for row in deciding], basis, beside)
    active = _decide(Axis.ACTIVE, [row.active for row in deciding], basis, beside)
    regain = _regain(rules, (passive, active))
    return Letters(passive, active, rows, regain, basis, f"{rules.id}/{rules.version}")


def _first(facts: FactSet, rows: tuple[AddressLetters, ...], target: Target) -> tuple[AddressLetters, ...]:
    """The addresses of the hosts of the lowest preference that were tested (RFC 5321 §5.1)."""
    mx = facts.nearest(MxRecords, Subject(domain=target.name)) if target.kind is TargetKind.DOMAIN else None
    if mx is None:
        return rows
    preference = {record.exchange.lower(): record.preference for record in mx.exchanges}
    found = [preference.get(row.subject.host or "", FULL**3) for row in rows]
    return tuple(row for row, number in zip(rows, found, strict=True) if number == min(found))


def _decide(axis: Axis, of_addresses: list[Letter], basis: Basis, beside: LeftOut) -> Letter:
    seen = [letter for letter in of_addresses if letter.points is not None]
    if not seen:
        return of_addresses[0] if of_addresses else Letter(axis, None, why="there was no server to test")
    pick = max if basis is Basis.BEST else min
    chosen = pick(seen, key=lambda letter: letter.points or 0)
    return replace(chosen, why="; ".join(filter(None, (chosen.why, *_unseen(of_addresses, beside)))))


def _unseen(of_addresses: list[Letter], beside: LeftOut) -> Iterator[str]:
    """What stands beside the letter, and might have another one."""
    number = sum(letter.points is None for letter in of_addresses)
    if number:
        yield f"{number} of {len(of_addresses)} addresses could not be seen"
    if beside.hosts:
        yield (
            "one mail host was not tested"
            if beside.hosts == 1
            else f"{beside.hosts} mail hosts were not tested"
        )
    if beside.addresses:
        one = beside.addresses == 1
        yield (
            "one more address was not tested" if one else f"{beside.addresses} more addresses were not tested"
        )


class _Address:
    """The letters of one address."""

    def __init__(
        self,
        facts: FactSet,
        findings: Sequence[GradedFinding],
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
        for finding in findings:
            if finding.subject in around or here in finding.subject.outwards():
                by_check.setdefault(finding.check, []).append(finding)
        self._by_check = by_check
        endpoint = facts.nearest(Endpoint, here)
        own = endpoint is not None and (
            is_submission(endpoint, here) or endpoint.protocol is MailProtocol.LMTP
        )
        self._kind = _ACCESS if own else _MAIL
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
        for check, findings in self._by_check.items():
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
        of_rung = axis is Axis.ACTIVE and any(rung.kind == self._kind for rung in rungs_of(check))
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
        worst: dict[str, GradedFinding] = {}
        for check, findings in self._by_check.items():
            if not rung.asks_for(check):
                continue
            bad = _FAIL_ONLY if fits(check, rung.opened_by) else _BAD
            found = [f for f in findings if f.verdict in bad]
            if found:
                worst[check] = max(found, key=lambda f: f.severity)
        return list(worst.values())

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
            return None if self._verdict(rung.opened_by, Verdict.WARN) else False
        doubtful = None in answers or self._verdict(rung.spoiled_by, Verdict.INCONCLUSIVE, rung.soft)
        return None if doubtful else True

    def _verdict(self, patterns: tuple[str, ...], verdict: Verdict, without: tuple[str, ...] = ()) -> bool:
        return any(
            fits(check, patterns) and not fits(check, without) and any(f.verdict is verdict for f in found)
            for check, found in self._by_check.items()
        )


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


def _weight(lost: Lost) -> tuple[str, int, str]:
    """Caps first, the lowest before the others; then the most points."""
    return "" if not lost.cap else chr(ord("Z") - ord(lost.cap)), -lost.points, lost.check


def _regain(rules: Rules, deciding: tuple[Letter, ...]) -> tuple[Regain, ...]:
    found: dict[str, Regain] = {}
    for letter in deciding:
        for lost in letter.lost:
            known = found.get(lost.check) or Regain(lost.check, lost.title, lost.regain, lost.effort)
            caps = (*known.caps, letter.axis) if lost.cap else known.caps
            passive = known.passive + (lost.points if letter.axis is Axis.PASSIVE else 0)
            active = known.active + (lost.points if letter.axis is Axis.ACTIVE else 0)
            found[lost.check] = Regain(
                lost.check, known.title, known.remedy, known.effort, passive, active, caps
            )
    return tuple(sorted(found.values(), key=lambda r: _for_effort(rules, r)))


def _for_effort(rules: Rules, regain: Regain) -> tuple[int, float, str]:
    gain = regain.passive + regain.active
    return -len(regain.caps), -gain / rules.efforts[regain.effort], regain.check
