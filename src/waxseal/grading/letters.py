"""Two letters for a target: one for the passive attacker, who listens, one for the active one, in between.

Each is a published sum: 100 points, less what each finding takes, within the caps of ``letters.toml`` (see
``letter_rules``). The letter against the active attacker also loses what its *rung* falls short by: the way
in which senders tell the server from a false one; what breaks the rung is counted with it, once. Findings,
the seals of the addresses and the profile are all that goes in, so that anybody can recompute it
(docs/grading.md). INCONCLUSIVE takes nothing: where it hides what decides a letter, there is no letter.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from waxseal.facts import FactSet, MxRecords, Subject, Target, TargetKind
from waxseal.grading.letter_model import AddressLetters, Basis, Letter, Letters, Lost, Regain
from waxseal.grading.letter_rules import FULL, Axis, Rules, letter_rules
from waxseal.grading.letter_sum import AddressSum, telling
from waxseal.grading.profile import GradedFinding, Profile
from waxseal.grading.seal import EndpointSeal, LeftOut, left_out

__all__ = ["AddressLetters", "Basis", "Letter", "Letters", "Lost", "Regain", "letters_of"]


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
    told = telling(findings)
    rows = tuple(AddressSum(facts, told, seal, target, profile).letters() for seal in seals)
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
    for number, what in ((beside.hosts, "mail host"), (beside.addresses, "more address")):
        if number == 1:
            yield f"one {what} was not tested"
        elif number:
            yield f"{number} {what}{'es' if what.endswith('s') else 's'} were not tested"


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
