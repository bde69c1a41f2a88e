"""Every finding: what to mend, what an exemption covers, what was not seen, and folded what is in order."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from waxseal.checks.api import Verdict
from waxseal.grading.profile import GradedFinding
from waxseal.report.grouping import alike, left_open, problems
from waxseal.report.html_actions import settings_list
from waxseal.report.html_page import Page, code, counted, definitions, folded
from waxseal.report.markup import Child, Markup, escaped, joined, tag
from waxseal.report.words import settings

_VERDICTS = {
    Verdict.FAIL: "Fails",
    Verdict.WARN: "Warns",
    Verdict.INCONCLUSIVE: "Not seen",
    Verdict.PASS: "Passes",
    Verdict.NOT_APPLICABLE: "Not applicable",
}
_BAD = (Verdict.FAIL, Verdict.WARN)
K = TypeVar("K")


def findings(page: Page) -> Markup:
    """The section with every finding of the report."""
    report = page.report
    aside = [f for f in report.findings if f.verdict in _BAD and not f.severity and not f.exempt]
    own = [f for f in report.not_seen if not f.follows]
    following = [f for f in report.not_seen if f.follows]
    passed = [f for f in report.findings if f.verdict is Verdict.PASS]
    outside = [f for f in report.findings if f.verdict is Verdict.NOT_APPLICABLE]
    groups = (
        _group(page, "To mend", problems(report.to_fix), open_=True),
        _group(page, "Exempted by the profile", problems(report.exempt), open_=True),
        _ended(page),
        _group(page, "Without weight in this profile", problems(aside)),
        _unseen(page, own, following),
        _passed(page, passed),
        _outside(page, outside),
    )
    return page.section("findings", "Every finding", [group for group in groups if group is not None])


def _group(
    page: Page, title: str, groups: list[list[GradedFinding]], *, open_: bool = False
) -> Markup | None:
    """A fold for each check."""
    if not groups:
        return None
    folds = [_finding(page, group, open_=open_ and not page.brief) for group in groups]
    return joined(page.heading(f"{title} ({len(groups)})", 2), folds)


def _ended(page: Page) -> Markup | None:
    """Exemptions of the profile that are over: what they were about weighs again."""
    over = page.report.ended_exemptions
    if not over:
        return None
    rows = (
        tag("li", code(gone.check), f" at {gone.where}: " if gone.where else ": ", gone.text) for gone in over
    )
    return joined(page.heading(f"Exemptions that have ended ({len(over)})", 2), tag("ul", rows))


def _finding(page: Page, group: list[GradedFinding], *, open_: bool = False) -> Markup:
    first = group[0]
    verdict = first.verdict.value
    weighed = first.verdict in _BAD
    summary = joined(
        tag("span", _VERDICTS[first.verdict], class_=f"verdict {verdict}"),
        " ",
        tag("span", first.severity.label, class_="severity") if weighed else None,
        " " if weighed else None,
        tag("b", first.title, lang=page.lang) if weighed else tag("b", first.summary),
        " ",
        code(first.check),
    )
    told = [_told(page, same) for same in alike(group)]
    last = [("Standard", standard(first))]
    if weighed:
        last.insert(0, ("Mend", first.remedy.general))
    return folded(
        summary,
        told,
        definitions(last),
        settings_list(settings(first.remedy, page.report.target.protocol)) if weighed else None,
        class_="finding",
        open_=open_,
    )


def _told(page: Page, same: list[GradedFinding]) -> Markup:
    """What findings of one summary say, where, and by what evidence."""
    first = same[0]
    parts: list[Child] = [tag("p", f"{first.summary[:1].upper()}{first.summary[1:]}.")]
    by_evidence = _by(same, lambda f: f.evidence)
    for of_one in by_evidence.values():
        parts.append(evidence(of_one[0]))
        if len(by_evidence) > 1:
            parts.append(definitions([("At", page.at(of_one))]))
    rows: list[tuple[str, Child]] = [("At", page.at(same))] if len(by_evidence) == 1 else []
    if first.advice:
        rows.append(("Try", first.advice))
    rows += [("Exempt", why) for why in dict.fromkeys(f.exempt for f in same if f.exempt)]
    return joined(*parts, definitions(rows))


def evidence(finding: GradedFinding) -> Markup | None:
    """The lines that a finding rests on; nothing where it names none."""
    if not finding.evidence:
        return None
    return tag("ul", [tag("li", line) for line in finding.evidence], class_="evidence")


def standard(finding: GradedFinding) -> str:
    """The texts cited, and how binding they are."""
    return f"{', '.join(finding.cites)} ({finding.level.value})"


def _unseen(page: Page, own: list[GradedFinding], following: list[GradedFinding]) -> Markup | None:
    """What could not be seen for a reason of its own, each; then what hung on something else, by reasons."""
    if not own and not following:
        return None
    by_check = sorted(own, key=lambda f: f.check)
    folds = [_finding(page, same) for same in alike(by_check)]
    if following:
        title = tag("b", left_open(following, further=False))
        mark = tag("span", _VERDICTS[Verdict.INCONCLUSIVE], class_="verdict inconclusive")
        folds.append(folded(joined(mark, " ", title), _by_reason(page, following), class_="finding"))
    number = len({f.check for f in (*own, *following)})
    return joined(page.heading(f"Could not be seen ({number})", 2), folds)


def _by_reason(page: Page, found: list[GradedFinding]) -> Markup:
    return definitions(
        (
            summary,
            joined(
                tag("p", _codes(same, brief=page.brief)),
                tag("p", same[0].advice, class_="advice") if same[0].advice else None,
            ),
        )
        for summary, same in _by(found, lambda f: f.summary).items()
    )


def _codes(found: Iterable[GradedFinding], *, brief: bool) -> Markup:
    checks = dict.fromkeys(f.check for f in found)
    return Markup(", ".join(escaped(check) if brief else code(check) for check in checks))


def _passed(page: Page, found: list[GradedFinding]) -> Markup | None:
    """What passed, by topic; by name alone where there are many reports."""
    if not found:
        return None
    number = len({f.check for f in found})
    topics = _by(sorted(found, key=lambda f: f.check), lambda f: f.check.partition("/")[0])
    if page.brief:
        inside = definitions((topic, _codes(same, brief=page.brief)) for topic, same in topics.items())
    else:
        inside = joined([_topic(page, topic, same) for topic, same in topics.items()])
    return _folded_group(page, f"In order ({number})", inside)


def _topic(page: Page, topic: str, found: list[GradedFinding]) -> Markup:
    groups = list(_by(found, lambda f: (f.check, f.summary, f.evidence)).values())
    rows = [
        _passed_row(page, same, number == 0 or groups[number - 1][0].check != same[0].check)
        for number, same in enumerate(groups)
    ]
    number = counted(len({f.check for f in found}), "check", "checks")
    return folded(joined(tag("b", topic), f" {number}"), tag("ul", rows, class_="passed"), class_="topic")


def _passed_row(page: Page, same: Sequence[GradedFinding], first_of_check: bool) -> Markup:
    first = same[0]
    place = page.at(same)
    return tag(
        "li",
        tag("p", code(first.check), " ", first.summary, " ", tag("small", place)),
        evidence(first),
        tag("p", tag("small", standard(first))) if first_of_check else None,
    )


def _outside(page: Page, found: list[GradedFinding]) -> Markup | None:
    if not found:
        return None
    number = len({f.check for f in found})
    return _folded_group(page, f"Not applicable ({number})", _by_reason(page, found))


def _folded_group(page: Page, title: str, inside: Markup) -> Markup:
    """A group that is folded as a whole."""
    return joined(folded(page.heading(title, 2), inside, class_="group"))


def _by(found: Iterable[GradedFinding], key: Callable[[GradedFinding], K]) -> dict[K, list[GradedFinding]]:
    groups: dict[K, list[GradedFinding]] = {}
    for finding in found:
        groups.setdefault(key(finding), []).append(finding)
    return groups
