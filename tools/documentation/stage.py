"""Puts the source of the site together: the documents of ``docs``, pages about the project, generated pages.

The index of ``docs`` is the navigation: each of its sections becomes a part of the side bar.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.documentation import checks, commands, facts, manual, profiles, schemas, standards
from tools.documentation.exit_codes import documented
from tools.documentation.markdown import ORPHAN, linked, relative

from waxseal.checks.registry import all_checks

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
INDEX = "index.md"
PROJECT = {
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
}
"""Documents of the project that stand beside ``docs``, and where they come to stand."""
_GENERATED = {
    "Reference": {
        checks.INDEX: "every check: what it means, how to mend it, what it weighs",
        standards.PAGE: "from a section of a standard to where we check it",
        commands.INDEX: "every command with all its options",
        facts.INDEX: "every fact with its fields",
        profiles.INDEX: "how much each check matters, and by whose rule",
        schemas.INDEX: "the JSON Schemas, to read and to download",
    },
    "Explanation": {
        "decisions/index.md": "why it is built as it is",
        "project/contributing.md": "how to add a check, and how the tests work",
        "project/changelog.md": "what changed, verdicts above all",
        "project/security.md": "how to report a vulnerability",
    },
}
"""Links that are added to the sections of the index: pages that are generated, or stand elsewhere."""
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def stage(target: Path) -> list[str]:
    """Write the whole source to a folder, which is made anew.

    Returns:
        The path of every page, below the folder.
    """
    shutil.rmtree(target, ignore_errors=True)
    texts = dict(pages())
    by_check = {check: checks.path_of(check) for check in all_checks()}
    for path, text in texts.items():
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(linked(text, path, by_check), encoding="utf-8")
    for file in (*(ROOT / checks.source_of(check) for check in all_checks().values()),):
        _copy(file, target / "source" / file.relative_to(ROOT))
    for file in schemas.files(DOCS):
        _copy(file, target / file.relative_to(DOCS))
    return list(texts)


def _copy(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)


def pages() -> Iterator[tuple[str, str]]:
    """Every page: path and Markdown."""
    found = profiles.built_in()
    yield from checks.pages(found)
    yield from commands.pages()
    yield from facts.pages()
    yield from profiles.pages(found)
    yield from schemas.pages(DOCS)
    yield standards.PAGE, standards.page(all_checks().values(), found)
    yield from _documents()


def _documents() -> Iterator[tuple[str, str]]:
    """The documents that people wrote, with their links as they are in the site."""
    sources = {
        DOCS.joinpath(file.relative_to(DOCS)): str(file.relative_to(DOCS)) for file in DOCS.rglob("*.md")
    }
    sources |= {ROOT / name: path for name, path in PROJECT.items()}
    places = sources | _stand_ins()
    decisions = []
    for file, path in sorted(sources.items()):
        text = rehomed(file.read_text(encoding="utf-8"), file, path, places)
        if path == INDEX:
            text = navigation(text)
        if path.startswith("decisions/"):
            decisions.append((path, text.splitlines()[0].removeprefix("# ")))
            text = ORPHAN + text
        yield path, text
    links = "\n".join(f"- [{title}]({Path(path).name})" for path, title in decisions)
    yield "decisions/index.md", f"# Decisions\n\n{links}\n"


def _stand_ins() -> dict[Path, str]:
    """Where a link leads in the site that names a file of the repository which is no page."""
    own = {ROOT / checks.source_of(check): checks.path_of(check.id) for check in all_checks().values()}
    source = ROOT / "src" / "waxseal"
    return own | {
        ROOT / "README.md": INDEX,
        source / "facts": facts.INDEX,
        source / "checks": checks.INDEX,
        source / "grading" / "profiles": profiles.INDEX,
        DOCS / "decisions": "decisions/index.md",
        **{
            source / "grading" / "profiles" / f"{p.id}.toml": f"profiles/{p.id}.md"
            for p in profiles.built_in()
        },
        **{file: schemas.path_of(file) for file in schemas.files(DOCS)},
    }


def rehomed(text: str, file: Path, page: str, places: Mapping[Path, str]) -> str:
    """A document whose links lead to pages of the site; one to a file that has no page becomes its words.

    Args:
        text: The document.
        file: Where it stands in the repository.
        page: Where it stands in the site.
        places: Page of each file or folder that has one.
    """

    def led(match: re.Match[str]) -> str:
        found = places.get((file.parent / match[2]).resolve())
        return f"[{match[1]}]({relative(found, page)}{match[3] or ''})" if found else match[1]

    return _LINK.sub(led, text)


def navigation(index: str) -> str:
    """The index with the generated pages in its sections, and each section as a part of the navigation."""
    parts = _HEADING.split(index)
    out = [parts[0]]
    for head, body in zip(parts[1::2], parts[2::2], strict=True):
        more = [f"- [{_title(path)}]({path}): {words}" for path, words in _GENERATED.get(head, {}).items()]
        body = "\n".join([body.rstrip(), *more])
        entries = "\n".join(dict.fromkeys(match[2] for match in _LINK.finditer(body)))
        out.append(f"## {head}\n{body}\n\n```{{toctree}}\n:hidden:\n:caption: {head}\n\n{entries}\n```\n\n")
    return "".join(out)


def _title(path: str) -> str:
    words = {standards.PAGE: "Standards", schemas.INDEX: "JSON Schemas", "project/security.md": "Security"}
    return words.get(path) or Path(path.removesuffix("/index.md").removesuffix(".md")).name.capitalize()


def stage_manual(target: Path) -> None:
    """Write the source of the manual page to a folder, which is made anew."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    text = manual.page(commands.all_commands(), documented(DOCS))
    (target / "waxseal.md").write_text(text, encoding="utf-8")
