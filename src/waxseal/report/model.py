"""The one model that every report renders: what was asked, what came of it, what to fix.

``waxseal.report/1`` is its stored form (``report.json_form``); the terminal's is in ``report.terminal``.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from waxseal.checks.api import Finding, Verdict
from waxseal.facts import Attempt, FactSet, RunContext, Subject, Target
from waxseal.grading.exemptions import Exemption, Standing
from waxseal.grading.exemptions import State as ExemptionState
from waxseal.grading.headline import LOCAL, Headline, headline
from waxseal.grading.letters import Basis, Letters, letters_of
from waxseal.grading.profile import GradedFinding, Profile, exemption_standings, fix_order, weigh
from waxseal.grading.seal import EndpointSeal, State, endpoint_seals, state_of
from waxseal.grading.severity import Severity

INJECTION = "starttls.injection"
"""Name of the probe that tries whether commands sent in clear run under TLS."""
_QUIET = frozenset({Verdict.PASS, Verdict.NOT_APPLICABLE})
"""What moves no seal, no state and no headline: it weighs nothing, and leaves nothing open."""
_RUN = Subject()


class Report(Struct, frozen=True):
    """The report of one target.

    Attributes:
        target: What was asked for.
        root: The subject that its facts stand under.
        headline: The verdict in one sentence, with its state.
        endpoints: What came of each address and port.
        findings: Every finding inside the target and of the run, what to fix first first.
        connections: TCP connections spent on it, in all.
        elapsed_s: From the start of the run to the last fact about it.
        profile: ``id/version`` of the profile that weighed the findings.
        letters: The two letters, and what gives lost points back.
        context: The context of the run; None where the facts hold none.
        injection_connections: How many of the connections tried command injection behind STARTTLS.
        exemptions: What became of each exemption of the profile in the whole run.
        language: In which the headline's sentence and the findings' titles are, such as ``en``.
    """

    target: Target
    root: Subject
    headline: Headline
    endpoints: tuple[EndpointSeal, ...]
    findings: tuple[GradedFinding, ...]
    connections: int
    elapsed_s: float
    profile: str
    letters: Letters
    context: RunContext | None = None
    injection_connections: int = 0
    exemptions: tuple[Standing, ...] = ()
    language: str = "en"

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many findings gave each verdict."""
        counted = Counter(finding.verdict for finding in self.findings)
        return {verdict: counted[verdict] for verdict in Verdict}

    @property
    def to_fix(self) -> tuple[GradedFinding, ...]:
        """Findings that fail or warn and that the profile gives weight, weightiest first."""
        return tuple(
            f
            for f in self.findings
            if f.verdict in (Verdict.FAIL, Verdict.WARN) and f.severity > Severity.NONE
        )

    @property
    def exempt(self) -> tuple[GradedFinding, ...]:
        """Findings that fail or warn, and that an exemption of the profile takes the weight off."""
        return tuple(f for f in self.findings if f.exempt)

    @property
    def ended_exemptions(self) -> tuple[Exemption, ...]:
        """Exemptions that would be about findings here, and are over."""
        bad = [f for f in self.findings if f.verdict in (Verdict.FAIL, Verdict.WARN)]
        over = [s.exemption for s in self.exemptions if s.state is ExemptionState.ENDED]
        return tuple(e for e in over if any(e.fits(f.check, f.subject) for f in bad))

    @property
    def not_seen(self) -> tuple[GradedFinding, ...]:
        """Findings that could not be seen."""
        return tuple(f for f in self.findings if f.verdict is Verdict.INCONCLUSIVE)

    @property
    def worst(self) -> Severity:
        """The greatest severity among the findings."""
        return max((f.severity for f in self.findings), default=Severity.NONE)

    @property
    def untested(self) -> bool:
        """Whether nothing at all could be seen of the target."""
        return self.headline.state is State.UNKNOWN and self.headline.id != LOCAL


def build_reports(
    facts: FactSet, findings: tuple[Finding, ...], profile: Profile, basis: Basis = Basis.WORST
) -> tuple[Report, ...]:
    """One report for each target that the facts name, in the order given."""
    graded = weigh(findings, profile, facts)
    targets = [(record.subject, record.fact) for record in facts if isinstance(record.fact, Target)]
    last_seen = _last_seen(facts, {root for root, _ in targets})
    exemptions = exemption_standings(profile, graded, facts)
    reports = (
        _build(facts, found, profile, root, target, last_seen[root], basis)
        for (root, target), found in zip(targets, _by_target(graded, targets), strict=True)
    )
    return tuple(replace(report, exemptions=exemptions) if exemptions else report for report in reports)


def _by_target(
    graded: Iterable[GradedFinding], targets: list[tuple[Subject, Target]]
) -> list[tuple[GradedFinding, ...]]:
    """The findings of the run and of each target, what to fix first first.

    Two targets may name one host with two ports: each has the findings of its own.
    """
    of_run: list[GradedFinding] = []
    of_root: dict[Subject, list[tuple[int | None, list[GradedFinding]]]] = {root: [] for root, _ in targets}
    own: list[list[GradedFinding]] = [[] for _ in targets]
    for (root, target), kept in zip(targets, own, strict=True):
        of_root[root].append((target.port, kept))
    takers: dict[Subject, list[list[GradedFinding]]] = {_RUN: [of_run]}
    for finding in graded:
        subject = finding.subject
        taking = takers.get(subject)
        if taking is None:
            around = [taker for root in subject.outwards() for taker in of_root.get(root, ())]
            taking = takers[subject] = [kept for port, kept in around if subject.port in (None, port)]
        for kept in taking:
            kept.append(finding)
    return [tuple(sorted(of_run + kept, key=fix_order)) for kept in own]


def _last_seen(facts: FactSet, roots: set[Subject]) -> dict[Subject, datetime]:
    """When the last fact below each root was seen."""
    roots_at: dict[Subject, list[Subject]] = {}
    last_seen: dict[Subject, datetime] = {}
    for record in facts:
        around = roots_at.get(record.subject)
        if around is None:
            around = [root for root in record.subject.outwards() if root in roots]
            roots_at[record.subject] = around
        for root in around:
            last_seen[root] = record.seen_at
    return last_seen


def _build(
    facts: FactSet,
    findings: tuple[GradedFinding, ...],
    profile: Profile,
    root: Subject,
    target: Target,
    last_seen_at: datetime,
    basis: Basis,
) -> Report:
    telling = tuple([f for f in findings if f.verdict not in _QUIET])
    seals = tuple(s for s in endpoint_seals(facts, telling, root) if s.subject.port == target.port)
    context = facts.nearest(RunContext, _RUN)
    own = ((where, a) for where, a in facts.within(Attempt, root) if where.port in (None, target.port))
    attempts = {a.id: a for _, a in own}
    state = state_of(facts, telling, seals, root)
    return Report(
        target=target,
        root=root,
        headline=headline(facts, telling, seals, state, root, target.protocol),
        endpoints=seals,
        findings=findings,
        connections=sum(a.connections for a in attempts.values()),
        elapsed_s=(last_seen_at - context.started_at).total_seconds() if context is not None else 0.0,
        profile=f"{profile.id}/{profile.version}",
        letters=letters_of(facts, findings, seals, target, profile, basis),
        context=context,
        injection_connections=sum(a.connections for a in attempts.values() if a.probe == INJECTION),
    )
