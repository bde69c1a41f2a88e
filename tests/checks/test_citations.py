"""Every citation names a section that was looked up, and no check claims more than its sections say.

``citations.toml`` is the record: what each section is called, and how binding it is. A citation that is not
there yet is skipped with a reminder, so that a new check is one file. With ``WAXSEAL_RFC_TEXTS`` naming a
folder of ``rfc5321.txt`` and the like (Debian's package doc-rfc has them), the titles are compared with them.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from waxseal.checks.api import Check, Level
from waxseal.checks.registry import all_checks
from waxseal.grading.profile import load_profile

TABLE: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("citations.toml").read_text(encoding="utf-8")
)
CHECKS = list(all_checks().values())
FORM = re.compile(r"(?:RFC (?P<number>\d{1,5})|CA/B BR) §(?P<section>(?:\d+|[A-Z])(?:\.\d+)*)|RFC 2782")
"""RFC 2782 has no numbers to its sections."""
STRENGTH = {Level.ADVICE: 0, Level.SHOULD: 1, Level.MUST: 2}
HOW = {"read", "quoted"}  # "unverified" is a word of the table, and no row may have it
TEXTS = os.environ.get("WAXSEAL_RFC_TEXTS", "")

# The section says MUST, and SHOULD is right all the same, because its MUST is about something else.
WEAKER = {
    "access/starttls-temporary": "a refusal is allowed; RFC 8314 §4 has a SHOULD NOT on the offer before it",
    "mta-sts/policy-slow": "the MUSTs of RFC 8461 §3.3 are about other things; time is a SHOULD",
    "mta-sts/policy-too-large": "the MUSTs of RFC 8461 §3.3 are about other things; size is a SHOULD",
    "mta-sts/policy-type": "that senders look at the media type is a SHOULD of RFC 8461 §3.2",
    "reach/connection-refused": "the MUST of RFC 5321 §5.1 is the sender's, who tries all addresses",
    "reach/connection-timed-out": "the MUST of RFC 5321 §5.1 is the sender's, who tries all addresses",
    "reach/connection-unreachable": "the MUST of RFC 5321 §5.1 is the sender's, who tries all addresses",
    "smtp/clear-mail-taken": "the MUST of RFC 3207 §4 is about public servers, which may not demand TLS",
    "smtp/greeting-missing": "RFC 5321 §3.1 has a MUST on what follows a 554 only",
    "smtp/greeting-refused": "RFC 5321 allows the refusal; RFC 7504 §3 says when 521 is not the one to use",
    "smtp/starttls-missing": "RFC 9325 §3.2 binds those who use STARTTLS; RFC 3207 §4 forbids to demand it",
    "smtp/starttls-temporary": "454 is allowed; the SHOULD NOT of RFC 8314 §4 is about the offer before it",
    "spf/lookups-void": "RFC 7208 §4.6.4 has a SHOULD for void look-ups; its MUSTs are about other limits",
    "tls/client-certificate-required": "the MUST of RFC 3207 §4.1 is that both decide at once",
    "tls/dh-prime-unsafe": "the MUST of RFC 7919 §5.1 is about public values",
    "tls/opossum": "the MUSTs of RFC 3207 §4.2 are about what was heard in clear",
    "tls/suite-64-bit-block": "RFC 9325 §4.1 has a SHOULD NOT for less than 128 bits",
    "tls/suite-cbc": "RFC 9325 §4.2 has a SHOULD NOT for CBC; the MUSTs are about other things",
    "tls/sslv2-elsewhere": "the MUSTs of RFC 9325 §4.1 are about other suites",
    "tls/version-13-missing": "the MUSTs of RFC 9325 §3.1.1 are about TLS 1.2 and older versions",
}


def cited() -> set[str]:
    """Everything that checks and the default profile cite."""
    by_checks = {citation for check in CHECKS for citation in check.cites}
    return by_checks | {rule.source for rule in load_profile().rules.values()}


def strongest(check: Check) -> Level:
    """The level of the most binding section that a check cites."""
    return max((Level(TABLE[citation]["level"]) for citation in check.cites), key=lambda x: STRENGTH[x])


@pytest.mark.parametrize("citation", sorted(cited()))
def test_is_recorded(citation: str) -> None:
    assert FORM.fullmatch(citation), "not of the form RFC 5321 §4.2.1 or CA/B BR §6.3.2"
    if citation not in TABLE:
        pytest.skip(f"{citation} is not recorded: look the section up, then add it to citations.toml")


def test_nothing_is_recorded_that_nobody_cites() -> None:
    assert set(TABLE) <= cited()


@pytest.mark.parametrize("citation", sorted(TABLE))
def test_record_is_whole(citation: str) -> None:
    row = TABLE[citation]
    assert set(row) == {"title", "level", "how"}
    assert row["how"] in HOW
    assert row["title"].strip()
    assert Level(row["level"]) in STRENGTH


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_level_is_that_of_the_text(check: Check) -> None:
    assert len(set(check.cites)) == len(check.cites)
    if not set(check.cites) <= set(TABLE):
        pytest.skip(f"a citation of {check.id} is not recorded")
    claimed, found = check.level, strongest(check)
    assert STRENGTH[claimed] <= STRENGTH[found], "no section that is cited is as binding as that"
    if claimed is Level.SHOULD and found is Level.MUST:
        assert check.id in WEAKER, "cites a MUST: claim it, or say why it is not meant"


def test_no_excuse_is_left_over() -> None:
    recorded = [check for check in CHECKS if set(check.cites) <= set(TABLE)]
    used = {check.id for check in recorded if check.level is Level.SHOULD and strongest(check) is Level.MUST}
    assert set(WEAKER) == used


def plain(text: str) -> str:
    """Without page breaks, running heads, the bars of quotations, and layout."""
    text = re.sub(r"\n*[^\n]*\[Page \d+\]\n\f?\n*(?:RFC[ \d][^\n]*\n)?", "\n", text).replace("\f", "")
    text = re.sub(r"^\s*\|", "", text, flags=re.MULTILINE)
    return re.sub(r"(?<=\w)-\s+", "-", re.sub(r"\s+", " ", text))


@pytest.mark.skipif(not TEXTS, reason="WAXSEAL_RFC_TEXTS names no folder of RFC texts")
def test_record_agrees_with_the_rfcs() -> None:
    assert {citation: wrong for citation in TABLE if (wrong := disagreement(citation))} == {}


def disagreement(citation: str) -> str:
    """What of a row the RFC does not bear out; empty where it does."""
    form = FORM.fullmatch(citation)
    assert form is not None
    if form["number"] is None:
        return ""  # the Baseline Requirements are not among the RFCs
    path = Path(TEXTS, f"rfc{form['number']}.txt")
    if not path.exists():
        return "" if TABLE[citation]["how"] == "quoted" else f"no {path.name} in the folder"
    text, title = plain(path.read_text(encoding="utf-8", errors="replace")), TABLE[citation]["title"]
    heading = rf"(?:^| ){re.escape(form['section'])}\.?(?: -)? {re.escape(plain(title))}"
    return "" if re.search(heading, text) else f"no section of the title {title!r}"
