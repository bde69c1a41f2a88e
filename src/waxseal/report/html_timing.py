"""How long each stage of the conversation took at each address: bars, with the figures in a table below."""

from collections.abc import Sequence

from waxseal.facts import Endpoint, MailProtocol, Subject, Timing
from waxseal.report.endpoint_detail import commands
from waxseal.report.grouping import bare
from waxseal.report.html_page import Page, table
from waxseal.report.markup import Child, Markup, joined, tag

_STAGES = ("connect", "greeting", "ehlo", "starttls", "handshake", "ehlo_tls", "quit")
_MOST = 16
_WIDTH = 1000


def timing(page: Page) -> Markup | None:
    """The section; None where nothing was timed."""
    rows: list[tuple[Subject, Timing]] = []
    for endpoint in page.report.endpoints:
        found = page.facts.nearest(Timing, endpoint.subject)
        if found is not None and any(_seconds(found, stage) is not None for stage in _STAGES):
            rows.append((endpoint.subject, found))
    if not rows:
        return None
    shown = rows[:_MOST]
    used = [stage for stage in _STAGES if any(_seconds(found, stage) is not None for _, found in shown)]
    rest = f", the first {_MOST} of {len(rows)}" if len(rows) > _MOST else ""
    caption = f"Milliseconds from each command to its answer{rest}"
    words = _words(page, shown[0][0])
    heads = [words[stage] for stage in used]
    longest = max(sum(_seconds(found, stage) or 0.0 for stage in used) for _, found in shown)
    return page.section(
        "timing",
        "How long it takes",
        None
        if page.brief
        else tag(
            "div",
            [_bar(where, found, used, longest) for where, found in shown],
            class_="bars",
            aria_hidden="true",
        ),
        table(caption, ("Address", *heads, "Sealing cost"), [_row(*row, used) for row in shown], "times"),
        tag(
            "p",
            "Sealing cost: STARTTLS, handshake and first answer under TLS; in brackets, round trips.",
            class_="lead",
        )
        if any(found.starttls_extra_s is not None for _, found in shown)
        else None,
    )


def _seconds(found: Timing, stage: str) -> float | None:
    value: float | None = getattr(found, f"{stage}_s")
    return value


def _words(page: Page, where: Subject) -> dict[str, Markup]:
    """What each stage is called in the protocol that is spoken there, with its colour."""
    endpoint = page.facts.nearest(Endpoint, where)
    hello, starttls, goodbye = commands(endpoint.protocol if endpoint is not None else MailProtocol.SMTP)
    names = ("Connect", "Greeting", hello, starttls, "Handshake", f"{hello} in TLS", goodbye)
    return {
        stage: joined(tag("span", class_=f"swatch s-{stage.replace('_', '-')}"), name)
        for stage, name in zip(_STAGES, names, strict=True)
    }


def _bar(where: Subject, found: Timing, used: Sequence[str], longest: float) -> Markup:
    """The stages after each other; the table has the figures."""
    scale = _WIDTH / longest if longest else 0.0
    left = 0.0
    parts = []
    for stage in used:
        width = (_seconds(found, stage) or 0.0) * scale
        if width:
            kind = f"s-{stage.replace('_', '-')}"
            parts.append(tag("rect", x=f"{left:.1f}", y=0, width=f"{width:.1f}", height=14, class_=kind))
        left += width
    drawn = tag("svg", parts, viewBox=f"0 0 {_WIDTH} 14", preserveAspectRatio="none", focusable="false")
    return tag("div", tag("span", bare(where), class_="address"), drawn)


def _row(where: Subject, found: Timing, used: Sequence[str]) -> Sequence[Child]:
    cost = _milliseconds(found.starttls_extra_s)
    if found.round_trips_extra is not None:
        cost += f" ({found.round_trips_extra:.1f})"
    return (
        tag("span", bare(where), class_="address"),
        *(_milliseconds(_seconds(found, stage)) for stage in used),
        cost,
    )


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:,.1f}"
