"""The page that leads from a section of a standard to the checks and rules that rest on it."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from tools.documentation import checks as check_pages
from tools.documentation.citations import Citation, link, section_titles
from tools.documentation.markdown import code, prose, table

from waxseal.checks.api import Check
from waxseal.grading.profile import Profile

PAGE = "standards.md"
_INTRODUCTION = """# Standards: where we check what

Every section of a standard that a check or a rule of a profile rests on, and which ones do. The section's
number leads to its text, the check's name to what it means.
"""


def cited(checks: Iterable[Check]) -> dict[Citation, list[Check]]:
    """Which checks rest on each section; the check that it binds most comes first."""
    found: dict[Citation, list[tuple[int, Check]]] = {}
    for check in checks:
        for rank, cite in enumerate(check.cites):
            found.setdefault(Citation.parse(cite), []).append((rank, check))
    return {
        cite: [check for _, check in sorted(rows, key=lambda row: (row[0], row[1].id))]
        for cite, rows in found.items()
    }


def rules(profiles: Iterable[Profile]) -> dict[Citation, list[tuple[str, str]]]:
    """Which profiles rest on each section, each with its rule or with the check that it weighs.

    What a profile took over as it is, stands with the one that brought it.
    """
    found: dict[Citation, list[tuple[str, str]]] = {}
    told: set[tuple[str, object]] = set()
    for profile in profiles:
        words = [(check, rule, rule.source) for check, rule in profile.rules.items()]
        own = [(rule.id, rule.id, rule.source) for rule in profile.own]
        for name, what, source in (*words, *own):
            if (name, what) not in told:
                told.add((name, what))
                for cite in Citation.several(source):
                    found.setdefault(cite, []).append((profile.id, name))
    return found


def page(checks: Iterable[Check], profiles: Iterable[Profile]) -> str:
    """The page, documents by name and number, sections in the order of the document."""
    by_check, by_rule = cited(checks), rules(profiles)
    places = sorted({*by_check, *by_rule}, key=lambda cite: cite.order)
    parts = [_INTRODUCTION]
    for document, cites in groupby(places, lambda cite: cite.document):
        parts.append(f"## {link(Citation(document))}\n")
        rows = [_row(cite, by_check.get(cite, []), by_rule.get(cite, [])) for cite in cites]
        parts.append(table(("Section", "What it is about", "Checks", "Rules of profiles"), rows))
    return "\n".join(parts)


def _row(cite: Citation, checks: list[Check], rules: list[tuple[str, str]]) -> tuple[str, ...]:
    place = prose(cite.place) or "all of it"
    return (
        f'<span id="{cite.anchor}"></span>' + (f"[{place}]({cite.url})" if cite.url else place),
        prose(section_titles().get(cite, "")),
        ", ".join(f"[{code(check.id)}]({check_pages.path_of(check.id)})" for check in checks),
        ", ".join(_rules(rules)),
    )


def _rules(rules: list[tuple[str, str]]) -> Iterator[str]:
    for name, found in groupby(rules, lambda rule: rule[0]):
        about = ", ".join(code(check) for _, check in found)
        yield f"[{name}](profiles/{name}.md): {about}"
