#!/usr/bin/env python3
"""Writes the gettext catalogues of headlines and of the titles of checks, and the list of messages.

    python tools/catalogues.py            write src/waxseal/locale and the list in docs/translating.md
    python tools/catalogues.py --check    change nothing; exit code 1 where a file is not what it should be
    python tools/catalogues.py --add fr   begin a language

The English of messages is in ``waxseal.grading.wording``, that of titles in the files of checks and profiles.
From them come the template ``waxseal.pot`` and the whole English catalogue. Every other .po file keeps its
translations; it gains what is new and loses what is gone. An entry whose English has changed since is marked
fuzzy; a title that is new takes the translation of one with the same English. ``waxseal.mo`` is made of each
.po file. Needs polib.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from gettext import c2py
from pathlib import Path
from string import Formatter
from typing import Final

import polib

from waxseal.checks.registry import all_checks
from waxseal.grading.message import TITLE, Plural
from waxseal.grading.wording import ENGLISH, PLACEHOLDERS

ROOT: Final = Path(__file__).resolve().parent.parent
LOCALE: Final = ROOT / "src" / "waxseal" / "locale"
PROFILES: Final = ROOT / "src" / "waxseal" / "grading" / "profiles"
PAGE: Final = ROOT / "docs" / "translating.md"
SOURCE: Final = "en"
WIDTH: Final = 110
PLURALS: Final = {SOURCE: "nplurals=2; plural=(n != 1);"}
_SAYS: Final = "English: "
_FORMS: Final = re.compile(r"nplurals=(\d+); plural=(.+);")


@dataclass(frozen=True)
class Entry:
    """One message as a catalogue has it.

    Attributes:
        id: Of the message; of the check where it is a title.
        english: Its text; of a plural, that for every number but 1.
        one: The text for 1; "" where the message has no plural.
        context: As `Message.context`.
    """

    id: str
    english: str
    one: str = ""
    context: str = ""

    @property
    def comment(self) -> str:
        """What a translator is told."""
        if self.one and self.one != self.english:
            return f"{_SAYS}{self.one}\n{_SAYS}{self.english}"
        return f"{_SAYS}{self.english}"


def entries() -> Iterator[Entry]:
    """Every message, then every title, each in a fixed order."""
    for known, wording in ENGLISH.items():
        if isinstance(wording, Plural):
            yield Entry(known, wording.other, wording.one or wording.other)
        else:
            yield Entry(known, wording)
    for known, check in all_checks().items():
        yield Entry(known, check.title, context=TITLE)
    for path in sorted(PROFILES.glob("*.toml")):
        profile = tomllib.loads(path.read_text(encoding="utf-8"))
        for rule in profile.get("rules", ()):
            yield Entry(f"{profile['id']}/{rule['id']}", rule["title"], context=TITLE)


def template(language: str = "", plural_forms: str = "") -> polib.POFile:
    """A catalogue that holds every entry, with no translation."""
    made = polib.POFile(wrapwidth=WIDTH)
    made.metadata = {
        "Project-Id-Version": "waxseal",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": plural_forms or "nplurals=INTEGER; plural=EXPRESSION;",
    }
    number = _number_of_forms(made)
    for entry in entries():
        made.append(
            polib.POEntry(
                msgid=entry.id,
                msgctxt=entry.context or None,
                msgid_plural=entry.id if entry.one else "",
                msgstr_plural=dict.fromkeys(range(number), "") if entry.one else {},
                comment=entry.comment,
            )
        )
    return made


def english() -> polib.POFile:
    """The English catalogue, whole."""
    made = template(SOURCE, PLURALS[SOURCE])
    for entry, place in zip(entries(), made, strict=True):
        if entry.one:
            place.msgstr_plural = {0: entry.one, 1: entry.english}
        else:
            place.msgstr = entry.english
    return made


def merged(kept: polib.POFile) -> polib.POFile:
    """Every entry, with the translations that a catalogue has; fuzzy where its English has changed."""
    made = template(kept.metadata.get("Language", ""), kept.metadata.get("Plural-Forms", ""))
    made.metadata.update({key: kept.metadata[key] for key in kept.metadata if key not in made.metadata})
    made.header = kept.header
    before = {(entry.msgctxt, entry.msgid): entry for entry in kept}
    alike = {_english_of(e): e for e in kept if e.msgctxt == TITLE and e.msgstr and not e.fuzzy}
    for entry in made:
        old = before.get((entry.msgctxt, entry.msgid))
        if entry.msgctxt == TITLE and (old is None or not old.msgstr):
            old = alike.get(_english_of(entry))  # several profiles find the same fault
        if old is None or bool(old.msgid_plural) != bool(entry.msgid_plural):
            continue
        entry.msgstr, entry.tcomment = old.msgstr, old.tcomment
        if entry.msgid_plural:
            entry.msgstr_plural = old.msgstr_plural
        entry.flags = [flag for flag in old.flags if flag == "fuzzy"]
        if not entry.fuzzy and _translated(entry) and _english_of(old) != _english_of(entry):
            entry.flags.append("fuzzy")
    return made


def problems(catalogue: polib.POFile) -> list[str]:
    """What is wrong with a catalogue, as lines; none where it is whole."""
    number = _number_of_forms(catalogue)
    wanted = {(entry.context or None, entry.id): entry for entry in entries()}
    found = {(entry.msgctxt, entry.msgid): entry for entry in catalogue}
    told = [f"{known}: missing" for _, known in wanted.keys() - found.keys()]
    told += [f"{known}: nobody says that" for _, known in found.keys() - wanted.keys()]
    if number == 0:
        told.append("Plural-Forms: not of the form that gettext knows")
    for key in wanted.keys() & found.keys():
        told += [f"{key[1]}: {text}" for text in _problems_of(wanted[key], found[key], number)]
    return sorted(told)


def _problems_of(entry: Entry, place: polib.POEntry, number: int) -> Iterator[str]:
    if place.fuzzy:
        yield "fuzzy: its English has changed"
    if bool(entry.one) != bool(place.msgid_plural):
        yield "a plural on one side only"
        return
    if entry.one and sorted(place.msgstr_plural) != list(range(number)):
        yield f"{len(place.msgstr_plural)} forms of the plural, not {number}"
    if not _translated(place):
        yield "not translated"
        return
    for text in place.msgstr_plural.values() if entry.one else (place.msgstr,):
        if entry.context and text.rstrip(".") != text:
            yield "a title ends without a full stop"
        try:
            fields = {(name, form) for _, name, form, _ in Formatter().parse(text) if name is not None}
        except ValueError as error:
            yield f"placeholders: {error}"
            continue
        if {name for name, _ in fields} != placeholders(entry.english):
            yield f"placeholders are not those of the English: {text}"
        if {form for _, form in fields} - {"", "inside"}:
            yield f"a placeholder has no form but :inside: {text}"


def placeholders(text: str) -> set[str]:
    """The names of a text's placeholders."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _english_of(entry: polib.POEntry) -> str:
    """Its comment, however it was broken into lines."""
    return " ".join(entry.comment.split())


def _translated(entry: polib.POEntry) -> bool:
    return all(entry.msgstr_plural.values()) if entry.msgid_plural else bool(entry.msgstr)


def _number_of_forms(catalogue: polib.POFile) -> int:
    """How many forms a plural has; 0 where the header does not say so in gettext's form."""
    forms = _FORMS.fullmatch(catalogue.metadata.get("Plural-Forms", ""))
    if forms is None:
        return 0
    try:
        plural = c2py(forms[2])
        largest = max(plural(n) for n in range(1000))
    except ValueError:
        return 0
    return int(forms[1]) if largest + 1 == int(forms[1]) else 0


def page(text: str) -> str:
    """The page for translators with the list of messages made anew."""
    lines = ["| id | English |", "|---|---|"]
    for entry in entries():
        if not entry.context:
            forms = dict.fromkeys(form for form in (entry.one, entry.english) if form)
            lines.append(f"| `{entry.id}` | {' · '.join(forms)} |")
    text = _between(text, "messages", lines)
    names = ["| placeholder | what stands there |", "|---|---|"]
    names += [f"| `{{{name}}}` | {what} |" for name, what in PLACEHOLDERS.items()]
    return _between(text, "placeholders", names)


def _between(text: str, name: str, lines: list[str]) -> str:
    begin, end = f"<!-- {name} -->\n", f"\n<!-- /{name} -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return "".join((before, begin, "\n".join(lines), end, after))


def files() -> dict[Path, bytes]:
    """Every file as it should be."""
    made = {LOCALE / "waxseal.pot": str(template()).encode() + b"\n"}
    for folder in sorted({SOURCE, *(path.name for path in LOCALE.iterdir() if path.is_dir())}):
        po = LOCALE / folder / "LC_MESSAGES" / "waxseal.po"
        catalogue = english() if folder == SOURCE else merged(_read(po))
        made[po] = str(catalogue).encode() + b"\n"
        made[po.with_suffix(".mo")] = catalogue.to_binary()
    made[PAGE] = page(PAGE.read_text(encoding="utf-8")).encode()
    return made


def _read(path: Path) -> polib.POFile:
    return polib.pofile(str(path), encoding="utf-8", wrapwidth=WIDTH)


def begin(language: str, plural_forms: str) -> None:
    """Begin a language with nothing translated.

    Raises:
        ValueError: It is there, or its plural forms are not of gettext's form.
    """
    path = LOCALE / language / "LC_MESSAGES" / "waxseal.po"
    if path.exists():
        raise ValueError(f"{language} is there already")
    if not _number_of_forms(template(language, plural_forms)):
        raise ValueError(f"plural forms look like {PLURALS[SOURCE]!r}, not {plural_forms!r}")
    path.parent.mkdir(parents=True)
    path.write_text(f"{template(language, plural_forms)}\n", encoding="utf-8")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Writes the gettext catalogues.")
    parser.add_argument(
        "--check", action="store_true", help="change nothing, tell what is not as it should be"
    )
    parser.add_argument("--add", metavar="LANGUAGE", help="begin a language")
    parser.add_argument("--plural-forms", default=PLURALS[SOURCE], help="of the language that is begun")
    options = parser.parse_args()
    LOCALE.mkdir(exist_ok=True)
    if options.add:
        try:
            begin(options.add, options.plural_forms)
        except ValueError as error:
            parser.error(str(error))
    wrong = False
    for path, content in files().items():
        if path.exists() and path.read_bytes() == content:
            continue
        wrong = True
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        print(f"{path.relative_to(ROOT)}: {'not current' if options.check else 'written'}")
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/waxseal.po")):
        for line in problems(_read(path)):
            wrong = True
            print(f"{path.relative_to(ROOT)}: {line}")
    return int(wrong and options.check)


if __name__ == "__main__":
    sys.exit(main())
