"""Catalogues: current and whole, and no English is left in what another language says."""

import importlib.util
import re
import sys
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import polib
import pytest

from tests.corpus import names_of, recorded
from waxseal.api import judge
from waxseal.checks.registry import all_checks
from waxseal.grading.headline import Headline
from waxseal.grading.language import Language, languages, load_language, translate, translate_title
from waxseal.grading.message import TITLE, Message, title
from waxseal.grading.seal import State
from waxseal.grading.wording import ENGLISH, say

ROOT = Path(__file__).resolve().parents[2]
LEAVES = {"name", "answer", "command", "protocol", "section", "way", "code"}
"""Placeholders whose values no language changes: names, terms of the standards, and what others said."""


@cache
def generator() -> ModuleType:
    """``tools/catalogues.py`` as a module."""
    spec = importlib.util.spec_from_file_location("catalogues", ROOT / "tools" / "catalogues.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["catalogues"] = module
    spec.loader.exec_module(module)
    return module


@cache
def headlines() -> tuple[Headline, ...]:
    """Of every recorded target."""
    files = [name for part in ("lab", "real") for name in names_of(part)]
    return tuple(report.headline for name in files for report in judge(recorded(name)).reports)


def language_of(catalogue: Any) -> Language:
    return Language("test", GNUTranslations(BytesIO(catalogue.to_binary())))


def marked() -> Language:
    """A language in which every message is its placeholders, in marks."""
    made = generator().english()
    for entry in made:
        english = entry.msgstr_plural[1] if entry.msgid_plural else entry.msgstr
        text = "«" + "".join(f"{{{name}}}" for name in sorted(generator().placeholders(english))) + "»"
        if entry.msgid_plural:
            entry.msgstr_plural = dict.fromkeys((0, 1), text)
        else:
            entry.msgstr = text
    return language_of(made)


def leaves(values: dict[str, Any]) -> list[str]:
    """What stands in placeholders, all the way down."""
    found = []
    for name, value in values.items():
        if isinstance(value, Message):
            found += leaves(value.values)
        elif isinstance(value, str):
            assert name in LEAVES, f"{name} holds words: {value}"
            found.append(value)
        else:
            found.append(f"{value:g}".replace(".", "«»"))  # the decimal mark is a message
    return sorted(found, key=len, reverse=True)


def test_the_files_are_current() -> None:
    for path, content in generator().files().items():
        assert path.read_bytes() == content, f"{path.name} is not current: run tools/catalogues.py"


@pytest.mark.parametrize("code", languages())
def test_each_catalogue_is_whole(code: str) -> None:
    path = ROOT / "src" / "waxseal" / "locale" / code / "LC_MESSAGES" / "waxseal.po"
    assert generator().problems(polib.pofile(str(path))) == []


def test_the_template_holds_every_message_and_every_title() -> None:
    template = polib.pofile(str(ROOT / "src" / "waxseal" / "locale" / "waxseal.pot"))
    found = {(entry.msgctxt, entry.msgid) for entry in template}
    assert found >= {(None, known) for known in ENGLISH} | {(TITLE, check) for check in all_checks()}
    assert {entry.msgctxt for entry in template} == {None, TITLE}
    assert not any(entry.msgstr or any(entry.msgstr_plural.values()) for entry in template)


@pytest.mark.parametrize(
    ("message", "text", "problem"),
    [
        ("headline.no-mail", "nimmt keine E-Mail an", "placeholders are not those"),
        ("headline.no-mail", "{name} und {name!r", "placeholders:"),
        ("headline.no-mail", "", "not translated"),
        ("headline.undeliverable.domain", "{name}: {title:upper}", "no form but :inside"),
        ("tls/robot", "ROBOT.", "without a full stop"),
    ],
)
def test_a_fault_in_a_catalogue_is_found(message: str, text: str, problem: str) -> None:
    catalogue = generator().english()
    assert generator().problems(catalogue) == []
    catalogue.find(message).msgstr = text
    (told,) = generator().problems(catalogue)
    assert told.startswith(f"{message}: ")
    assert problem in told


def test_missing_and_foreign_messages_and_wrong_plurals_are_found() -> None:
    catalogue = generator().english()
    catalogue.remove(catalogue.find("headline.no-mail"))
    catalogue.append(polib.POEntry(msgid="headline.gone", msgstr="x"))
    catalogue.find("also.hosts").msgstr_plural = {0: "{count}"}
    assert generator().problems(catalogue) == [
        "also.hosts: 1 forms of the plural, not 2",
        "headline.gone: nobody says that",
        "headline.no-mail: missing",
    ]
    catalogue.metadata["Plural-Forms"] = "nplurals=3; plural=(n != 1);"
    assert any("Plural-Forms" in told for told in generator().problems(catalogue))


def test_changed_english_makes_a_translation_fuzzy_until_it_is_read_again() -> None:
    catalogue = generator().english()
    entry = catalogue.find("headline.no-mail")
    entry.comment = "English: {name} refuses all mail."
    again = generator().merged(catalogue)
    assert again.find("headline.no-mail").fuzzy
    assert generator().problems(again) == ["headline.no-mail: fuzzy: its English has changed"]
    assert sum(e.fuzzy for e in again) == 1


def test_a_title_takes_the_translation_of_one_that_says_the_same() -> None:
    catalogue = generator().english()
    same = ("smtp/dialogue-cut", "access/dialogue-cut")
    assert all_checks()[same[0]].title == all_checks()[same[1]].title
    catalogue.find(same[0]).msgstr = ""
    assert generator().merged(catalogue).find(same[0]).msgstr == catalogue.find(same[1]).msgstr


def test_a_language_is_begun_with_as_many_forms_as_it_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(generator(), "LOCALE", tmp_path)
    polish = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
    generator().begin("pl", polish)
    catalogue = polib.pofile(str(tmp_path / "pl" / "LC_MESSAGES" / "waxseal.po"))
    problems = generator().problems(catalogue)
    assert len(problems) == len(catalogue)
    assert all(told.endswith(": not translated") for told in problems)
    hosts = next(entry for entry in catalogue if entry.msgid == "also.hosts")
    hosts.msgstr_plural = {0: "{count} a", 1: "{count} b", 2: "{count} c"}
    language = language_of(catalogue)
    assert [language.phrase(say("also.hosts", count=n)) for n in (1, 3, 5, 22)] == [
        "1 a",
        "3 b",
        "5 c",
        "22 b",
    ]
    with pytest.raises(ValueError, match="pl is there already"):
        generator().begin("pl", polish)
    with pytest.raises(ValueError, match="plural forms look like"):
        generator().begin("xx", "n != 1")


def test_german_says_nothing_in_english() -> None:
    path = ROOT / "src" / "waxseal" / "locale" / "de" / "LC_MESSAGES" / "waxseal.po"
    english = {
        (entry.context or None, entry.id): {entry.one, entry.english} for entry in generator().entries()
    }
    for entry in polib.pofile(str(path)):
        said = {entry.msgstr, *entry.msgstr_plural.values()} - {""}
        assert said
        assert not said & english[entry.msgctxt, entry.msgid]


def test_no_english_is_left_in_another_language() -> None:
    language = marked()
    assert {headline.state for headline in headlines()} >= set(State) - {State.PARTLY_UNKNOWN}
    for headline in headlines():
        said = language.sentence(headline)
        below = [leaf for more in headline.also for leaf in leaves(more.values)]
        for leaf in sorted([*leaves(headline.values), *below], key=len, reverse=True):
            said = said.replace(leaf, "")
        assert re.fullmatch("[«» ]+", said), (headline.sentence, said)


def test_the_english_catalogue_says_what_the_source_says() -> None:
    language = language_of(polib.pofile(str(ROOT / "src/waxseal/locale/en/LC_MESSAGES/waxseal.po")))
    for headline in headlines():
        assert language.sentence(headline) == headline.sentence == translate(headline)


def test_json_is_enough_to_translate_from() -> None:
    german = load_language("de")
    for headline in headlines():
        stored = msgspec.json.decode(msgspec.json.encode(headline), type=Headline)
        assert stored == headline
        assert german.sentence(stored) == german.sentence(headline) != headline.sentence


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            say("headline.mend.domain.some", name="a.test", some=2, total=4, title=title("tls/robot", "")),
            "E-Mail an a.test ist an 2 von 4 Adressen verschlüsselt, aber etwas ist zu beheben: ROBOT: "
            "RSA-Chiffrate lassen sich unterscheiden.",
        ),
        (say("also.more-to-mend", count=1), "1 weiterer Fehler ist zu beheben."),
        (say("also.more-to-mend", count=7), "7 weitere Fehler sind zu beheben."),
        (
            say("reason.ended.timed-out.handshake", seconds=2.5),
            "Der TLS-Handshake bleibt 2,5 s lang hängen",
        ),
    ],
)
def test_german(message: Message, text: str) -> None:
    assert load_language("de").phrase(message) == text


def test_titles_and_what_no_catalogue_knows() -> None:
    finding = next(
        f for report in judge(recorded("lab")).reports for f in report.findings if f.check == "tls/robot"
    )
    assert translate_title(finding, "de") == "ROBOT: RSA-Chiffrate lassen sich unterscheiden"
    assert translate_title(finding) == finding.title
    assert load_language("de").title("mine/rule", "A rule of my own") == "A rule of my own"


@pytest.mark.parametrize(
    ("code", "found"),
    [("en", "en"), ("de", "de"), ("DE", "de"), ("de_AT.UTF-8", "de"), ("de-CH", "de"), ("en_GB@x", "en")],
)
def test_codes(code: str, found: str) -> None:
    assert load_language(code).code == found


@pytest.mark.parametrize("code", ["", "xx", "../de", "deutsch"])
def test_an_unknown_language(code: str) -> None:
    with pytest.raises(ValueError, match="there is no language"):
        load_language(code)
