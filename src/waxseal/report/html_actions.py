"""Who must act, and on what: what gives points back, the best bargain first, then what costs no points."""

from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct

from waxseal.facts import Subject
from waxseal.grading.letter_rules import standing
from waxseal.grading.letters import Regain
from waxseal.grading.profile import GradedFinding
from waxseal.report.grouping import problems
from waxseal.report.html_page import Page, code, counted, definitions, folded
from waxseal.report.letters_view import EFFORTS, gain_text
from waxseal.report.markup import Markup, joined, tag
from waxseal.report.words import settings


class Party(StrEnum):
    """Who can mend something."""

    SERVER = "The administrator of the mail server"
    DNS = "The administrator of DNS"
    CERTIFICATE = "Whoever renews the certificates"
    POLICY = "Whoever publishes the MTA-STS policy, in DNS and on the web"
    TESTER = "Whoever runs this test"


_BY_EFFORT = {
    "record": Party.DNS,
    "zone": Party.DNS,
    "policy": Party.POLICY,
    "certificate": Party.CERTIFICATE,
    "software": Party.SERVER,
}
_BY_TOPIC = {
    "certificate": Party.CERTIFICATE,
    "dane": Party.DNS,
    "dkim": Party.DNS,
    "dmarc": Party.DNS,
    "dns": Party.DNS,
    "dnssec": Party.DNS,
    "mta-sts": Party.POLICY,
    "policy": Party.POLICY,
    "spf": Party.DNS,
    "tls-rpt": Party.DNS,
}
_SERVERS = frozenset({"dane/starttls-missing", "mta-sts/mx-starttls-missing"})
"""Policies that are right, and a server that breaks them."""


class Action(Struct, frozen=True):
    """One thing to do.

    Attributes:
        check: What it mends.
        title: The fault.
        remedy: What mends it.
        gain: What it gives back, in words; "" for no points.
        effort: What it takes, in words; "" where the rules of the letters do not say.
        settings: Software and setting.
        party: Whose work it is.
        lang: The language of `title`; None where it is that of the document.
    """

    check: str
    title: str
    remedy: str
    gain: str
    effort: str
    settings: tuple[tuple[str, str], ...]
    party: Party
    lang: str | None = None


def actions(page: Page) -> Markup:
    """The section; it says so where nobody has to act."""
    grouped: dict[Party, list[tuple[int, Action]]] = {}
    for number, action in enumerate(_actions(page), start=1):
        grouped.setdefault(action.party, []).append((number, action))
    if not grouped:
        return page.section("actions", "Who must act", tag("p", _nobody(page), class_="nobody"))
    lead = "In the order of what it gives back for what it takes." if len(grouped) > 1 else None
    return page.section(
        "actions",
        "Who must act",
        tag("p", lead, class_="lead") if lead else None,
        [
            joined(page.heading(party.value, 2), tag("ol", [_item(page, *row) for row in rows]))
            for party, rows in grouped.items()
        ],
    )


def _nobody(page: Page) -> str:
    if page.report.untested:
        return "Nothing could be seen, so there is nothing to say about who has to act."
    if page.report.not_seen:
        return "Nobody, by what was seen."
    return "Nobody: there is nothing to mend."


def _actions(page: Page) -> Iterator[Action]:
    found: dict[str, GradedFinding] = {f.check: f for f in reversed(page.report.findings) if not f.exempt}
    of_letters = page.report.letters.regain
    for regain in of_letters:
        yield _of_regain(page, regain, found.get(regain.check))
    told = {regain.check for regain in of_letters}
    for group in problems(page.report.to_fix):
        first = group[0]
        if first.check not in told:
            told.add(first.check)
            party = Party.TESTER if first.subject == Subject() else _party(first.check, "")
            yield Action(
                first.check,
                first.title,
                first.remedy.general,
                "",
                _effort(first.check),
                tuple(settings(first.remedy, page.report.target.protocol)),
                party,
                page.lang,
            )


def _of_regain(page: Page, regain: Regain, finding: GradedFinding | None) -> Action:
    mends = settings(finding.remedy, page.report.target.protocol) if finding is not None else []
    return Action(
        regain.check,
        regain.title,
        regain.remedy,
        gain_text(regain),
        EFFORTS.get(regain.effort, regain.effort),
        tuple(mends),
        _party(regain.check, regain.effort),
        page.lang if finding is not None and finding.title == regain.title else None,
    )


def _effort(check: str) -> str:
    """What mending it takes, where the rules of the letters know the check."""
    known = standing(check)
    return EFFORTS.get(known.effort, known.effort) if known.against else ""


def _party(check: str, effort: str) -> Party:
    """By the check's topic, and by the effort where a topic is of several people."""
    topic = check.partition("/")[0]
    if check in _SERVERS:
        return Party.SERVER
    if topic in ("mta-sts", "policy"):
        return Party.DNS if effort == "zone" else Party.POLICY
    if effort == "setting" or not effort:
        return _BY_TOPIC.get(topic, Party.SERVER)
    return _BY_EFFORT.get(effort, Party.SERVER)


def _item(page: Page, number: int, action: Action) -> Markup:
    """One thing to do, with its number in the order of the whole list."""
    facts = [tag("span", action.gain, class_="gain")] if action.gain else []
    facts += [tag("span", action.effort, class_="effort")] if action.effort else []
    return tag(
        "li",
        tag(
            "p",
            f"{number}. ",
            tag("b", action.title, lang=action.lang),
            " ",
            code(action.check) if action.check else None,
            class_="title",
        ),
        tag("p", _spaced(facts), class_="worth") if facts else None,
        tag("p", action.remedy) if action.remedy else None,
        settings_list(action.settings),
        value=number,
    )


def settings_list(rows: Iterable[tuple[str, str]]) -> Markup | None:
    """The settings of each software, folded; nothing where there are none."""
    told = list(rows)
    if not told:
        return None
    title = counted(len(told), "setting", "settings")
    names = ", ".join(software for software, _ in told)
    return folded(
        f"{title}: {names}",
        definitions(((software, code(text)) for software, text in told), class_="settings"),
        class_="how",
    )


def _spaced(parts: list[Markup]) -> Markup:
    return Markup(" ".join(parts))
