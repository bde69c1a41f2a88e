"""A plan of a change, as people read it in a terminal, and as a document (schema ``waxseal.plan/1``)."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from waxseal.grading.change_steps import CachedState, ChangePlan, Step
from waxseal.report.plain import plain
from waxseal.report.terminal import write
from waxseal.version import __version__
from waxseal.wire.idna import to_u_label

SCHEMA = "waxseal.plan/1"
_WORD = {True: "safe", False: "UNSAFE", None: "not seen"}
_LOOK = {True: "green", False: "bold red", None: "magenta"}
_SENTENCE = {
    True: "this may be done now, in the order below",
    False: "this is unsafe if it is done now",
    None: "whether this is safe now could not be seen",
}


class PlanDocument(Struct, frozen=True):
    """The document.

    Attributes:
        schema: `SCHEMA`.
        waxseal: Version that wrote it.
        safe_now: Whether all may be done now; None where something could not be seen.
        plan: The plan.
    """

    schema: str
    waxseal: str
    safe_now: bool | None
    plan: ChangePlan


def render_plan_json(plan: ChangePlan) -> bytes:
    """The document, indented, with a final line end."""
    document = PlanDocument(SCHEMA, __version__, plan.safe_now, plan)
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def print_plan(console: Console, plan: ChangePlan) -> None:
    """Print a plan: the verdict, what senders hold, the steps with their records, notes.

    Records and policies are never wrapped, so that they can be copied.

    Args:
        console: Where to; its width is respected by everything else.
        plan: The plan.
    """
    for part in _parts(plan):
        if isinstance(part, str):
            console.file.write(f"{plain(part)}\n")
        else:
            write(console, part)


def _parts(plan: ChangePlan) -> Iterator[RenderableType]:
    """What to print, in order; a `str` is a line that stays whole."""
    verdict = plan.safe_now
    head = Text()
    head.append(f" {_WORD[verdict].upper()} ", style=f"{_LOOK[verdict]} reverse")
    head.append(plain(f" {to_u_label(plan.domain)}: {_SENTENCE[verdict]}."), style="bold")
    yield head
    if plan.states:
        yield _heading("What senders that hold something from before would do, if it is done now")
        yield _indented(_states(plan.states))
    if plan.steps:
        yield _heading("Steps, with the earliest moment of each (UTC)")
    for number, step in enumerate(plan.steps, start=1):
        yield _indented(_step(number, step))
        yield from (f"     {line}" for line in step.zone)
        yield from (f"     ; remove: {line}" for line in step.remove)
        yield from (f"     {line}" for line in step.policy.splitlines())
    if plan.notes:
        yield _heading("Note")
        yield from (_indented(Text(plain(note))) for note in plan.notes)
    yield Text("")


def _heading(text: str) -> RenderableType:
    return Group(Text(""), Text(text, style="bold"))


def _indented(what: RenderableType) -> RenderableType:
    return Padding(what, (0, 0, 0, 2), expand=False)


def _states(states: Iterable[CachedState]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for state in states:
        table.add_row(Text(_WORD[state.safe], style=_LOOK[state.safe]), Text(plain(_state(state))))
    return table


def _state(state: CachedState) -> str:
    until = f", until {state.until:%Y-%m-%d %H:%M}" if state.until is not None else ""
    return f"{state.holds}{until}: {state.outcome} ({state.source})"


def _step(number: int, step: Step) -> RenderableType:
    return Group(
        Text(plain(f"{number}. {step.earliest:%Y-%m-%d %H:%M}  {step.title}"), style="bold"),
        Padding(Text(plain(f"{step.why} ({step.source})"), style="dim"), (0, 0, 0, 3), expand=False),
    )
