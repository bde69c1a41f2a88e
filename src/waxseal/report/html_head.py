"""The beginning of a report: the sentence, and the two letters as seals with what they mean."""

from waxseal.checks.api import Verdict
from waxseal.grading.letter_rules import Axis, rung_title, standing
from waxseal.grading.letters import Basis, Letter, Letters
from waxseal.report.html_page import Page, counted
from waxseal.report.letters_view import ATTACKERS
from waxseal.report.markup import Markup, joined, tag
from waxseal.report.words import state_word

_WAX = (
    "M50 2.6C56.3 2.5 63.1 7.3 69.1 10.4C75.1 13.5 82.3 16.2 86.1 21.2C90 26.2 90.4 33.8 92.1 40.4"
    "C93.9 47 97.8 54.4 96.6 60.6C95.4 66.9 89.3 72.9 84.7 77.7C80.1 82.5 74.7 86 68.9 89.3"
    "C63.1 92.5 56.3 97.1 50 97.2C43.7 97.3 36.9 92.8 30.8 89.8C24.8 86.8 17.3 84.1 13.6 79.1"
    "C9.8 74 9.7 66.1 8.3 59.5C6.9 53 4.3 46.2 5.2 39.8C6 33.3 8.9 25.5 13.3 20.7"
    "C17.6 15.9 25 13.7 31.1 10.7C37.2 7.7 43.7 2.7 50 2.6Z"
)
"""The rim of a drop of wax, drawn by hand."""
_CRACK = "M58 0L50 9L59 17L53 24M42 100L50 91L41 84L47 77"
"""A seal that is broken: letter F."""
MEANINGS = {
    Axis.PASSIVE: {
        "A": "A listener reads nothing.",
        "B": "A listener reads nothing; a little could be stronger.",
        "C": "Encrypted, with weaknesses to mend.",
        "D": "Encrypted, with serious weaknesses.",
        "E": "Encryption that hardly holds.",
        "F": "A listener can read along, or is hardly kept from it.",
    },
    Axis.ACTIVE: {
        "A": "Senders that check can tell the server from a false one.",
        "B": "Senders that check can tell the server from a false one; a little is to mend.",
        "C": "What proves the server has weaknesses to mend.",
        "D": "What proves the server is not in force, or has serious gaps.",
        "E": "Hardly anything stops a man in the middle.",
        "F": "Nothing that holds stops a man in the middle.",
    },
}
_BASIS = {
    Basis.WORST: "the worst of {0}",
    Basis.BEST: "the best of {0}",
    Basis.FIRST: "the worst of the hosts that senders try first",
}


def head(page: Page) -> Markup:
    """State, sentence and both letters."""
    report = page.report
    word = tag("span", state_word(report), class_=f"state {report.headline.state.value}")
    return tag(
        "header",
        tag("p", word, " ", tag("span", report.target.given, class_="given"), class_="eyebrow"),
        page.heading(report.headline.sentence, 0, id=page.id, lang=page.lang),
        tag(
            "div",
            [_letter(page, letter) for letter in (report.letters.passive, report.letters.active)],
            class_="letters",
        ),
        class_="head",
    )


def wax() -> Markup:
    """The drop of wax that every seal of the document is pressed into."""
    drop = tag("symbol", tag("path", d=_WAX), id="wax", viewBox="0 0 100 100")
    return tag("svg", drop, width=0, height=0, class_="defs", aria_hidden="true", focusable="false")


def seal(letter: str | None, class_: str = "seal") -> Markup:
    """A letter in wax; the words beside it say it too."""
    shown = letter or "?"
    kind = f"{class_} grade-{letter.lower() if letter else 'open'}"
    drawn = joined(
        tag("use", href="#wax", class_="wax"),
        tag("circle", cx=50, cy=50, r=35.5, class_="ring"),
        tag("path", d=_CRACK, class_="crack") if letter == "F" else None,
        tag("text", shown, x=50, y=50, dy="0.36em", text_anchor="middle"),
    )
    return tag("svg", drawn, viewBox="0 0 100 100", class_=kind, aria_hidden="true", focusable="false")


def _letter(page: Page, letter: Letter) -> Markup:
    lines = [tag("p", _meaning(letter), class_="meaning")]
    if letter.letter is not None:
        lines.append(tag("p", _sum(page, letter), class_="sum"))
    if letter.rung:
        proof = rung_title(letter.rung, letter.kind)
        lines.append(tag("p", tag("b", "What proves the server: "), f"{proof}.", class_="rung"))
    open_ones = _open(page, letter.axis)
    if letter.letter is not None and letter.why:
        lines.append(tag("p", f"{letter.why[0].upper()}{letter.why[1:]}.", class_="open"))
    if open_ones:
        checks = counted(open_ones, "check that counts here", "checks that count here")
        took = ", and took nothing" if letter.letter is not None else ""
        lines.append(tag("p", tag("b", "Open: "), f"{checks} could not be seen{took}.", class_="open"))
    title = joined(
        tag("span", f"{ATTACKERS[letter.axis]}: ", class_="axis"),
        tag("span", f"letter {letter.letter}" if letter.letter else "no letter", class_="name"),
    )
    return tag("div", seal(letter.letter), tag("div", page.heading(title, 1), lines), class_="letter")


def _meaning(letter: Letter) -> str:
    if letter.letter is None:
        return f"Not known: {letter.why}."
    return MEANINGS[letter.axis][letter.letter]


def _sum(page: Page, letter: Letter) -> str:
    text = f"{letter.points} of 100 points"
    caps = [lost for lost in letter.lost if lost.cap]
    if caps:
        text += f", capped at {max(lost.cap for lost in caps)}"
    return text + _of(page.report.letters) + "."


def _of(letters: Letters) -> str:
    number = len({(row.subject.address, row.subject.port) for row in letters.by_address})
    if number < 2:
        return ""
    return f"; {_BASIS[letters.basis].format(counted(number, 'address', 'addresses'))}"


def _open(page: Page, axis: Axis) -> int:
    """How many checks that count against an attacker gave no answer somewhere."""
    return len(
        {
            finding.check
            for finding in page.report.findings
            if finding.verdict is Verdict.INCONCLUSIVE and axis in standing(finding.check).against
        }
    )
