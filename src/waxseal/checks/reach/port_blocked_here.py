"""Outgoing connections to the mail port seem to be blocked where waxseal runs.

Many providers of homes, offices and rented servers drop connections to port 25. Seen from there every mail
server of the world looks dead. So when every connection of a run timed out, a control destination that is
known to answer is asked; if it cannot be reached either, no server is blamed. One answer from anywhere, be
it a refusal, shows that connections get out.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Everywhere,
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
from waxseal.checks.reach._connecting import ANSWERS, dialogues, failed_with, stood
from waxseal.facts import Attempt, Cause, ControlReach, RunContext, Stage

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
def judge(attempts: Everywhere[Attempt], control: ControlReach | None, context: RunContext) -> Judgement:
    """Judge each port on its own; a port that is in doubt decides."""
    made: dict[int, dict[str | None, Attempt]] = {}
    for subject, attempt in dialogues(attempts):
        if stood(attempt) or failed_with(attempt, *ANSWERS, Cause.TIMED_OUT, Cause.BLOCKED_HERE):
            made.setdefault(subject.port or 0, {})[subject.address] = attempt
    if not made:
        return not_applicable("no connection left this machine")
    for port, by_address in sorted(made.items()):
        ends = list(by_address.values())
        forbidden = [a for a in ends if failed_with(a, Cause.BLOCKED_HERE)]
        if forbidden:
            return inconclusive(
                f"this machine forbids outgoing connections to port {port}",
                forbidden[0].ended.detail or Cause.BLOCKED_HERE.value,
                advice=_ADVICE,
            )
        if all(failed_with(a, Cause.TIMED_OUT) for a in ends) and not _reached(control, port):
            return _silent(port, len(ends), control, context)
    ports = ", ".join(str(port) for port in sorted(made))
    if any(not failed_with(a, Cause.TIMED_OUT) for by_address in made.values() for a in by_address.values()):
        return passed(f"connections get out from here (port {ports}): there were answers")
    return passed(f"connections get out from here (port {ports}): the control destination was reached")


def _reached(control: ControlReach | None, port: int) -> bool:
    return control is not None and control.connected and control.destination.endswith(f":{port}")


def _silent(port: int, count: int, control: ControlReach | None, context: RunContext) -> Judgement:
    evidence = f"{count} of {count} addresses did not answer on port {port}"
    if control is not None and not control.connected:
        where = control.destination
        return inconclusive(
            f"outgoing port {port} seems blocked from here: the control {where} could not be reached either",
            evidence,
            advice=_ADVICE,
        )
    why = "no control destination is configured"
    if control is not None or context.control:
        why = f"the control {context.control or 'destination'} says nothing about this port"
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
    yield Example("forbidden", Verdict.INCONCLUSIVE, (samples.attempt(Cause.BLOCKED_HERE, Stage.CONNECT),))
    for connected, verdict in ((True, Verdict.PASS), (False, Verdict.INCONCLUSIVE)):
        control = ControlReach(destination="control.example.net:25", connected=connected)
        yield Example(f"control reached: {connected}", verdict, (with_control, silent, control))
    yield Example("nothing tried", Verdict.NOT_APPLICABLE, ())
