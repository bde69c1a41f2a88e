"""The HTML report: one file that loads nothing, for light and dark, for screens of any width, and for paper.

No script. The style sheet (``html.css``) is part of the file and named by its hash in the policy that forbids
all else (CSP3). What peers sent gets in as text only (``report.markup``). Each section is in a module of its
own, ``html_*``, and all of it rests on the same report as every other form.
"""

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import islice

from waxseal.facts import FactSet, RunContext, Subject
from waxseal.report.grouping import in_utc
from waxseal.report.html_actions import actions
from waxseal.report.html_certificates import certificates
from waxseal.report.html_clients import clients
from waxseal.report.html_findings import findings
from waxseal.report.html_head import head, seal, wax
from waxseal.report.html_page import Page, code, counted, definitions, folded, scroller, table
from waxseal.report.html_path import path
from waxseal.report.html_timing import timing
from waxseal.report.html_tls import tls
from waxseal.report.html_world import senders, world
from waxseal.report.markup import Child, Markup, joined, tag
from waxseal.report.model import Report
from waxseal.report.transcript import render_transcript
from waxseal.report.words import state_word
from waxseal.version import __version__

WHOLE = 4
"""With more targets than this, each is told in brief: nothing folded at length, no dialogues."""
_BRIEF = (
    "Each target is told in brief: what passed by its name alone, and no drawing, bars or dialogues. "
    "A report of one target has them."
)
_MOST_LINES = 1500
_MOST_COLUMNS = 400
_SECTIONS = (actions, path, certificates, tls, clients, timing, senders, world, findings)


def render_html(reports: tuple[Report, ...], facts: FactSet) -> str:
    """The document.

    Args:
        reports: One for each target.
        facts: What they rest on.
    """
    brief = len(reports) > WHOLE
    several = len(reports) != 1
    pages = [
        Page(report, facts, f"t{number}", 2 if several else 1, brief)
        for number, report in enumerate(reports, start=1)
    ]
    main = joined(_overview(pages) if several else None, [_article(page) for page in pages])
    body = tag("body", wax(), tag("main", main), _footer(reports, facts))
    return f'<!doctype html>\n<html lang="en">{_head(reports)}{body}</html>\n'


@cache
def style() -> Markup:
    """The style sheet as it stands in the document, without the comments."""
    text = files("waxseal.report").joinpath("html.css").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return Markup("".join(f"{line}\n" for line in lines if line and not line.startswith("/*")))


@cache
def content_policy() -> str:
    """The policy: this style sheet and nothing else, no address to send anything to."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _head(reports: tuple[Report, ...]) -> Markup:
    if len(reports) == 1:
        title = f"{reports[0].target.given}: {state_word(reports[0])} – waxseal"
    else:
        title = f"{counted(len(reports), 'target', 'targets')} – waxseal"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=content_policy()),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("meta", name_="referrer", content="no-referrer"),
        tag("meta", name_="generator", content=f"waxseal {__version__}"),
        tag("title", title),
        tag("style", style()),
    )


def _overview(pages: list[Page]) -> Markup:
    """Every target in a row, with its letters and the way to its report."""
    rows: list[list[Child]] = []
    for page in pages:
        report = page.report
        letters = report.letters
        rows.append(
            [
                tag("a", report.target.given, href=f"#{page.id}"),
                *(
                    joined(
                        seal(x.letter, "seal small"), tag("span", x.letter or "not known", class_="unseen")
                    )
                    for x in (letters.passive, letters.active)
                ),
                tag("span", state_word(report), class_=f"state {report.headline.state.value}"),
                tag("span", report.headline.sentence, lang=page.lang),
            ]
        )
    columns = ("Target", "Listener", "Man in the middle", "State", "In a sentence")
    title = counted(len(pages), "target", "targets")
    return tag(
        "header",
        tag("h1", f"Is it sealed? {title}"),
        tag("p", _BRIEF, class_="lead") if pages and pages[0].brief else None,
        table("The targets, with the letter against each attacker", columns, rows, "overview"),
        class_="overview",
    )


def _article(page: Page) -> Markup:
    sections = (section(page) for section in _SECTIONS)
    told = [section for section in sections if section is not None]
    transcript = None if page.brief else _transcript(page)
    return tag("article", head(page), told, transcript, _spent(page), aria_labelledby=page.id)


def _transcript(page: Page) -> Markup | None:
    """The dialogues, folded."""
    lines = render_transcript(page.facts, page.report.root)
    shown = [_line(line) for line in islice(lines, _MOST_LINES)]
    left = sum(1 for _ in lines)
    if not shown:
        return None
    if left:
        shown.append(f"and {left} more lines; '--format transcript' has them all\n")
    inner = tag("pre", [Markup(joined(line) + "\n") for line in shown])
    return page.section(
        "transcript",
        "The dialogues",
        folded(
            f"{counted(len(shown), 'line', 'lines')}: C is waxseal, S the server, * an event, tls under TLS",
            scroller(f"The dialogues with {page.report.target.given}", inner),
        ),
    )


def _line(line: str) -> str:
    return (
        line if len(line) <= _MOST_COLUMNS else f"{line[:_MOST_COLUMNS]}… ({len(line) - _MOST_COLUMNS} more)"
    )


def _spent(page: Page) -> Markup:
    """What the test of one target cost."""
    report = page.report
    spent = counted(report.connections, "connection", "connections")
    if report.injection_connections:
        spent += f", {report.injection_connections} of them to try injection"
    number = len({(e.subject.address, e.subject.port) for e in report.endpoints})
    places = counted(number, "address", "addresses")
    return tag("p", f"{spent} to {places}, {report.elapsed_s:.1f} s.", class_="spent")


def _footer(reports: tuple[Report, ...], facts: FactSet) -> Markup:
    context = facts.nearest(RunContext, Subject())
    return tag(
        "footer",
        definitions(_origin(reports, context)),
        tag(
            "p",
            "Anybody can recompute this: keep the facts with ",
            code("waxseal check --facts"),
            ", and judge them again without a network, by this or another profile, with ",
            code("waxseal judge FILE"),
            ".",
        ),
    )


def _origin(reports: tuple[Report, ...], context: RunContext | None) -> Iterator[tuple[str, str]]:
    profiles = dict.fromkeys(report.profile for report in reports)
    rules = dict.fromkeys(report.letters.version for report in reports)
    yield "Profile", ", ".join(profiles) or "none"
    yield "Letters", ", ".join(rules) or "none"
    yield "Written by", f"waxseal {__version__}"
    if context is not None:
        yield "Seen", f"{in_utc(context.started_at):%Y-%m-%d %H:%M} UTC, by waxseal {context.version}"
        yield "From", context.vantage or "a place without a name (--vantage)"
        yield "Said as", f"EHLO {context.ehlo_name}"
        yield "Resolver", ", ".join(context.resolver) or "none"
        yield "Root store", context.root_store or "none"
        if context.via:
            yield "By way of", context.via
    yield "Connections", str(sum(report.connections for report in reports))
