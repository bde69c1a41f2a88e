"""The one model that every report renders: what was asked, what came of it, what to fix.

``waxseal.report/1`` is its stored form (``report.json_form``); the terminal's is in ``report.terminal``.
"""

from collections import Counter

from msgspec import Struct

from waxseal.checks.api import Finding, Verdict
from waxseal.facts import Attempt, FactSet, RunContext, Subject, Target
from waxseal.grading.headline import Headline, headline
from waxseal.grading.profile import GradedFinding, Profile, grade
from waxseal.grading.seal import EndpointSeal, State, endpoint_seals, state_of
from waxseal.grading.severity import Severity


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
        context: The context of the run; None where the facts hold none.
    """

    target: Target
    root: Subject
    headline: Headline
    endpoints: tuple[EndpointSeal, ...]
    findings: tuple[GradedFinding, ...]
    connections: int
    elapsed_s: float
    profile: str
    context: RunContext | None = None

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many findings gave each verdict."""
        counted = Counter(finding.verdict for finding in self.findings)
        return {verdict: counted[verdict] for verdict in Verdict}

    @property
    def to_fix(self) -> tuple[GradedFinding, ...]:
        """Findings that fail or warn, weightiest first."""
        return tuple(f for f in self.findings if f.verdict in (Verdict.FAIL, Verdict.WARN))

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
        return self.headline.state is State.UNKNOWN


def build_reports(facts: FactSet, findings: tuple[Finding, ...], profile: Profile) -> tuple[Report, ...]:
    """One report for each target that the facts name, in the order given."""
    graded = grade(findings, profile)
    roots = [record for record in facts if isinstance(record.fact, Target)]
    return tuple(
        _build(facts, graded, profile, record.subject, record.fact)
        for record in roots
        if isinstance(record.fact, Target)
    )


def _build(
    facts: FactSet, graded: tuple[GradedFinding, ...], profile: Profile, root: Subject, target: Target
) -> Report:
    inside = tuple(f for f in graded if f.subject == Subject() or _belongs(f.subject, root, target))
    seals = tuple(s for s in endpoint_seals(facts, inside, root) if _belongs(s.subject, root, target))
    context = facts.nearest(RunContext, Subject())
    attempts = {a.id: a for _, a in facts.within(Attempt, root)}
    last = max((r.seen_at for r in facts if r.subject.within(root)), default=None)
    elapsed = (last - context.started_at).total_seconds() if last is not None and context is not None else 0.0
    state = state_of(facts, inside, seals, root)
    return Report(
        target=target,
        root=root,
        headline=headline(facts, inside, seals, state, root),
        endpoints=seals,
        findings=inside,
        connections=sum(a.connections for a in attempts.values()),
        elapsed_s=elapsed,
        profile=f"{profile.id}/{profile.version}",
        context=context,
    )


def _belongs(subject: Subject, root: Subject, target: Target) -> bool:
    """Whether a subject is part of a target; two targets may name one host with two ports."""
    return subject.within(root) and subject.port in (None, target.port)
