"""Outgoing connections to the mail port seem to be blocked where waxseal runs.

Many providers of homes, offices and rented servers drop connections to port 25. Seen from there every mail
server of the world looks dead. So when every connection of a run timed out, a control destination that is
known to answer is asked; if it stays as silent, no server is blamed. One answer from anywhere, the control
included, shows that connections get out, be it a refusal. A control without a route or a look-up tells
nothing.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    at,
    check,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.reach._connecting import (
    ANSWERS,
    CONTROL,
    Connections,
    control_place,
    dialogues,
    failed_with,
    stood,
)
from waxseal.facts import Attempt, Cause, ControlReach, RunContext, Stage, describe

NOWHERE = dict.fromkeys(("domain", "host", "address", "port"))
_ADVICE = "allow outgoing connections to this port here, or test from a machine whose provider lets them out"


@check(
    title="Outgoing connections to the port are blocked here",
    level=Level.ADVICE,
    scope=Scope.RUN,
    cites=("RFC 5321 §4.5.4.2",),
    remedy=Remedy(
        general="Ask the provider to open outgoing connections to the port, change the local firewall, or "
        "run waxseal on another machine; give --control so that waxseal can tell a blocked port "
        "from dead servers.",
    ),
    rows=("B4", "B6"),
)
def judge(connections: Connections, control: ControlReach | None, context: RunContext) -> Judgement:
    """Judge each port on its own; a port that is in doubt decides."""
    made: dict[int, dict[str | None, Attempt]] = {}
    for subject, attempt in dialogues(connections.attempts):
        if stood(attempt) or failed_with(attempt, *ANSWERS, Cause.TIMED_OUT, Cause.BLOCKED_HERE):
            made.setdefault(subject.port or 0, {})[subject.address] = attempt
    if not made:
        return not_applicable("no connection left this machine")
    for port, by_address in sorted(made.items()):
        ends = list(by_address.values())
        forbidden = [a for a in ends if failed_with(a, Cause.BLOCKED_HERE)]
        if forbidden and context.via:
            return inconclusive(
                f"the way that connections take gives none to port {port}: {context.via}",
                forbidden[0].ended.detail[:200],
                advice="see whether that way works by itself, or test without it",
            )
        if forbidden:
            return inconclusive(
                f"this machine forbids outgoing connections to port {port}",
                forbidden[0].ended.detail or Cause.BLOCKED_HERE.value,
                advice=_ADVICE,
            )
        if all(failed_with(a, Cause.TIMED_OUT) for a in ends):
            asked = connections.control
            if not _got_out(port, control, asked):
                return _silent(port, len(ends), control, asked, context)
    ports = ", ".join(str(port) for port in sorted(made))
    if any(not failed_with(a, Cause.TIMED_OUT) for by_address in made.values() for a in by_address.values()):
        return passed(f"connections get out from here (port {ports}): there were answers")
    return passed(f"connections get out from here (port {ports}): the control destination answered")


def _got_out(port: int, control: ControlReach | None, asked: Attempt | None) -> bool:
    """Whether the control answered on that port, be it with a refusal."""
    if control is None or control_place(control.destination)[1] != port:
        return False
    return control.connected or (asked is not None and failed_with(asked, Cause.REFUSED))


def _silent(
    port: int, count: int, control: ControlReach | None, asked: Attempt | None, context: RunContext
) -> Judgement:
    evidence = f"{count} of {count} addresses did not answer on port {port}"
    where = control.destination if control is not None else context.control
    if not where:
        why = "no control destination is configured"
    elif control_place(where)[1] != port:
        why = f"the control {where} says nothing about this port"
    elif asked is None:
        why = f"the control {where} was not asked"
    elif failed_with(asked, Cause.TIMED_OUT, Cause.BLOCKED_HERE):
        return inconclusive(
            f"outgoing port {port} seems blocked from here: the control {where} could not be reached either",
            evidence,
            f"the control: {describe(asked.ended)}",
            advice=_ADVICE,
        )
    else:
        why = f"the control {where} tells nothing ({describe(asked.ended)})"
    return inconclusive(
        f"every connection to port {port} timed out and {why}: it may be blocked, or the servers dead",
        evidence,
        advice="give --control with a host and port that is known to answer",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    silent = samples.attempt(Cause.TIMED_OUT, Stage.CONNECT)
    with_control = samples.run_context(control="control.example.net:25")
    yield Example("one stands", Verdict.PASS, (samples.attempt(), at(silent, address="192.0.2.26")))
    yield Example("refused", Verdict.PASS, (samples.attempt(Cause.REFUSED, Stage.CONNECT),))
    yield Example("all silent", Verdict.INCONCLUSIVE, (silent,))
    blocked = samples.attempt(Cause.BLOCKED_HERE, Stage.CONNECT)
    yield Example("forbidden", Verdict.INCONCLUSIVE, (blocked,))
    through = samples.run_context(via="socks5://gw.example.net:1080")
    yield Example("no way", Verdict.INCONCLUSIVE, (through, blocked))
    reached, unreached = (
        ControlReach(destination="control.example.net:25", connected=connected) for connected in (True, False)
    )
    yield Example("control reached", Verdict.PASS, (with_control, silent, reached))
    for cause, verdict in (
        (Cause.REFUSED, Verdict.PASS),
        (Cause.TIMED_OUT, Verdict.INCONCLUSIVE),
        (Cause.BLOCKED_HERE, Verdict.INCONCLUSIVE),
        (Cause.NO_ROUTE, Verdict.INCONCLUSIVE),
    ):
        asked = at(samples.attempt(cause, Stage.CONNECT, probe=CONTROL), **NOWHERE)
        yield Example(f"control: {cause.value}", verdict, (with_control, silent, unreached, asked))
    failed = at(samples.attempt(Cause.DNS, Stage.RESOLVE, probe=CONTROL), **NOWHERE)
    yield Example("control: no look-up", Verdict.INCONCLUSIVE, (with_control, silent, failed))
    other = ControlReach(destination="control.example.net:587", connected=True)
    yield Example("control on another port", Verdict.INCONCLUSIVE, (silent, other))
    yield Example("nothing tried", Verdict.NOT_APPLICABLE, ())
