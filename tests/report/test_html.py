"""The HTML report: what strangers sent stays text, nothing is loaded, every finding is there, it is small."""

import asyncio
import base64
import hashlib
import re
from datetime import date
from enum import Enum
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields, replace

from waxseal.api import Result, check, judge
from waxseal.checks import samples
from waxseal.checks.api import Verdict
from waxseal.facts import FactSet, Record, Subject
from waxseal.grading.exemptions import Exemption, Standing, State
from waxseal.grading.severity import Severity
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings
from waxseal.report.html import WHOLE, render_html
from waxseal.report.letters_view import gain_text
from waxseal.report.markup import Markup, escaped, tag
from waxseal.report.plain import plain
from waxseal.report.spoken import in_language
from waxseal.report.words import settings

TARGETS = (
    "sound.test",
    "dane-mismatch.test",
    "no-starttls.test",
    "expired.test",
    "greeting-554.test",
    "null-mx.test",
    "imap://imap.access.test",
)
MOST_OCTETS = 300_000
POISON = (
    "</style></pre><script>alert(1)</script>\"' onload=x \x00\x1b[2J\u202e\u2066\ud800\udfff\ufffe&amp;-->"
)
VOID = {"meta", "br", "hr", "col", "link"}
INLINE = {"a", "b", "code", "small", "span"}
ORDER = [
    "actions",
    "path",
    "certificates",
    "tls",
    "clients",
    "timing",
    "senders",
    "world",
    "findings",
    "transcript",
]


async def _check() -> Result:
    async with LabWorld() as world:
        settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8, simulate=("all",))
        return await check(*TARGETS, network=world.network(), settings=settings)


@pytest.fixture(scope="module")
def result() -> Result:
    return asyncio.run(_check())


class Document(HTMLParser):
    """A document taken apart: its elements, which have to be closed in order, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.style = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.text += "" if tag in INLINE else "\n"
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self.text += "" if tag in INLINE else "\n"

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.style += data
        else:
            self.text += data

    def attributes(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [attributes[name] for _, attributes in self.elements if name in attributes]

    def classes(self, of: str) -> list[str]:
        """The classes of every element of a name."""
        return [attributes.get("class", "") for name, attributes in self.elements if name == of]


def document_of(result: Result, *numbers: int) -> Document:
    reports = tuple(result.reports[number] for number in numbers)
    return Document(render_html(reports, result.facts))


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_it_is_one_file_that_loads_nothing(result: Result) -> None:
    text = render_html(result.reports[:2], result.facts)
    document = Document(text)
    names = {name for name, _ in document.elements}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image"}
    assert not any(name == "style" or name.startswith("on") for _, a in document.elements for name in a)
    assert not document.attributes("src")
    assert all(place.startswith("#") for place in document.attributes("href"))
    assert "url(" not in document.style
    assert "@import" not in document.style
    digest = base64.b64encode(hashlib.sha256(document.style.encode()).digest()).decode()
    policy = next(a["content"] for _, a in document.elements if "http-equiv" in a)
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")


def test_every_id_is_there_once_and_every_reference_leads_to_one(result: Result) -> None:
    document = document_of(result, *range(len(TARGETS)))
    ids = document.attributes("id")
    assert len(ids) == len(set(ids))
    wanted = [place.removeprefix("#") for place in document.attributes("href")]
    wanted += [*document.attributes("aria-labelledby"), *document.attributes("aria-describedby")]
    assert set(wanted) <= set(ids)
    assert {f"t{number}" for number in range(1, len(TARGETS) + 1)} <= set(wanted)


def test_it_opens_with_the_sentence_and_the_letters(result: Result) -> None:
    for number, report in enumerate(result.reports):
        document = document_of(result, number)
        text = squeezed(document.text)
        assert [name for name, _ in document.elements].count("h1") == 1
        begin = text.index(report.headline.sentence)
        assert begin < text.index("Against a listener") < text.index("Against a man in the middle")
        for letter in (report.letters.passive, report.letters.active):
            assert f"letter {letter.letter}" in text if letter.letter else f"Not known: {letter.why}." in text
    unseen = squeezed(document_of(result, TARGETS.index("greeting-554.test")).text)
    assert "? Against a listener: no letter" in unseen


def test_its_parts_stand_in_order(result: Result) -> None:
    assert document_of(result, 0).classes("section") == ORDER
    null_mx = document_of(result, TARGETS.index("null-mx.test")).classes("section")
    assert null_mx == [name for name in ORDER if name in null_mx]
    assert "certificates" not in null_mx


def test_every_finding_is_there(result: Result) -> None:
    for number, report in enumerate(result.reports):
        text = squeezed(document_of(result, number).text)
        for finding in report.findings:
            assert finding.check in text
            said = finding.summary
            assert squeezed(plain(said)) in text or squeezed(plain(said[0].upper() + said[1:])) in text, said
            if finding.verdict in (Verdict.FAIL, Verdict.WARN):
                assert all(squeezed(plain(line)) in text for line in finding.evidence)
                assert squeezed(finding.remedy.general) in text
                for software, setting in settings(finding.remedy, report.target.protocol):
                    assert squeezed(f"{software} {setting}") in text
            if finding.verdict not in (Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE):
                assert f"{', '.join(finding.cites)} ({finding.level.value})" in text


def test_who_must_act_is_told_with_what_it_gives_back(result: Result) -> None:
    for number, report in enumerate(result.reports):
        text = squeezed(document_of(result, number).text)
        places = [text.index(f"{gain_text(regain)}") for regain in report.letters.regain]
        assert all(
            regain.title in text and squeezed(regain.remedy) in text for regain in report.letters.regain
        )
        assert len(places) == len(report.letters.regain)
    dane = squeezed(document_of(result, 1).text)
    assert "Who must act The administrator of DNS" in dane
    assert "Nobody, by what was seen." in squeezed(document_of(result, 0).text)


def test_the_drawing_says_what_it_shows(result: Result) -> None:
    text = squeezed(document_of(result, 0).text)
    assert "mx1.sound.test, preference 10; [192.0.2.1]:25 sealed: TLS 1.3, ECDSA," in text
    assert "null MX, takes no mail" in document_of(result, TARGETS.index("null-mx.test")).text


def test_many_targets_have_an_overview_and_are_told_in_brief(result: Result) -> None:
    assert len(TARGETS) > WHOLE
    document = document_of(result, *range(len(TARGETS)))
    assert "Is it sealed? 7 targets" in document.text
    assert "transcript" not in document.classes("section")
    each = [len(render_html((report,), result.facts)) for report in result.reports]
    assert len(render_html(result.reports, result.facts)) < sum(each) / 2


def test_two_mail_hosts_take_less_than_300_kilobytes(result: Result) -> None:
    assert len({endpoint.subject.host for endpoint in result.reports[0].endpoints}) == 2
    assert len(render_html(result.reports[:1], result.facts).encode()) < MOST_OCTETS


def test_a_drawing_is_bounded_and_says_what_it_leaves_out() -> None:
    names = [f"mx{number}.example.org" for number in range(30)]
    addresses = [f"192.0.2.{number}" for number in range(1, 21)]
    seen = [
        (Subject(), samples.run_context()),
        (Subject(domain="example.org"), samples.target()),
        (Subject(domain="example.org"), samples.mx_records(*((10, name) for name in names))),
    ]
    hosts = ((Subject(domain="example.org", host=name), name) for name in names)
    seen += [(where, samples.host_addresses(*addresses, host=name)) for where, name in hosts]
    result = judge(FactSet(Record(subject=s, fact=f, seen_at=samples.NOW) for s, f in seen))
    document = document_of(result, 0)
    text = squeezed(document.text)
    assert "and 24 more mail hosts" in text
    assert "and 18 more addresses" in text
    assert [name for name, _ in document.elements].count("rect") == 2 * (1 + 7 + 6 * 3)


def test_what_an_exemption_covers_is_told_with_its_reason(result: Result) -> None:
    report = result.reports[1]
    first = report.to_fix[0]
    gone = Exemption("dane/*", "moving", date(2026, 10, 31), "dane-mismatch.test")
    over = (Standing(gone, State.ENDED, 1),)
    why = "until 2027-01-01: the new key is on its way"
    spared = replace(first, severity=Severity.NONE, exempt=why)
    findings = tuple(spared if finding == first else finding for finding in report.findings)
    text = squeezed(
        Document(render_html((replace(report, findings=findings, exemptions=over),), result.facts)).text
    )
    assert "Exempted by the profile (1)" in text
    assert "Exemptions that have ended (1) dane/* at dane-mismatch.test: moving, until 2026-10-31" in text
    assert text.index("Exempted by the profile (1)") < text.index(f"Exempt {why}")


def test_another_language_is_marked(result: Result) -> None:
    (report,) = in_language(result.reports[1:2], "de")
    document = Document(render_html((report,), result.facts))
    assert report.headline.sentence in document.text
    assert {"lang": "de", "id": "t1"} in [a for name, a in document.elements if name == "h1"]
    assert document.attributes("lang").count("de") > 1
    titles = {finding.check: finding.title for finding in report.findings}
    assert [titles[row.check] for row in report.letters.regain] == [r.title for r in report.letters.regain]


def test_without_reports_there_is_a_document(result: Result) -> None:
    assert "Is it sealed? 0 targets" in Document(render_html((), result.facts)).text


KEPT = {"rung", "kind", "letter", "cap", "check", "rdtype"}
"""Fields whose values are ours, and looked up again."""


def poisoned(value: Any) -> Any:
    """A value with every text in it spoilt, the same way each time; what is ours by its type stays."""
    if isinstance(value, Enum | bytes):
        return value
    if isinstance(value, str):
        return value + POISON
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    if isinstance(value, Struct):
        names = [field.name for field in fields(value) if field.name not in KEPT]
        return replace(value, **{name: poisoned(getattr(value, name)) for name in names})
    return value


@pytest.mark.parametrize("number", range(len(TARGETS)))
def test_what_strangers_sent_stays_text(result: Result, number: int) -> None:
    report = poisoned(result.reports[number])
    facts = FactSet(
        poisoned(record) for record in result.facts if record.subject.within(result.reports[number].root)
    )
    text = render_html((report,), facts)
    document = Document(text)
    assert text.encode("utf-8").decode("utf-8") == text
    assert (
        re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe]", text) is None
    )
    assert "script" not in {name for name, _ in document.elements}
    assert not any(name.startswith("on") for _, attributes in document.elements for name in attributes)
    assert document.text.count("<script>alert(1)</script>") > 100


@given(st.text())
def test_any_text_is_read_back_as_it_is_shown(text: str) -> None:
    document = Document(tag("p", text, title=text, class_="x"))
    assert document.text == f"\n{plain(text)}\n"
    assert document.elements == [("p", {"title": plain(text), "class": "x"})]


def test_markup_is_not_escaped_again() -> None:
    assert escaped(escaped("<&>")) == "&lt;&amp;&gt;"
    assert tag("p", tag("br"), [tag("b", "<")], None) == "<p><br><b>&lt;</b></p>"
    assert isinstance(tag("p"), Markup)
