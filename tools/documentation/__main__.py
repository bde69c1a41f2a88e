"""Builds the site into ``build/site`` and the manual page into ``build/man``: './run docs [folder]'.

A warning is an error: a link or a page that leads nowhere, a check without an explanation.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from tools.documentation import commands, exit_codes, lacking  # noqa: E402
from tools.documentation.stage import DOCS, ROOT, stage, stage_manual  # noqa: E402

from waxseal.checks.registry import all_checks  # noqa: E402
from waxseal.facts import FACT_TYPES  # noqa: E402


def main(arguments: list[str]) -> int:
    """Build both; 1 where something is lacking or Sphinx warns."""
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        print("docs: it takes nothing but a folder to build into", file=sys.stderr)
        return 2
    folder = Path(arguments[0]).resolve() if arguments else ROOT / "build"
    missing = list(complaints())
    for sentence in missing:
        print(f"docs: {sentence}", file=sys.stderr)
    failed = build(folder)
    if not missing and not failed:
        print(f"{folder / 'site' / 'index.html'}\n{folder / 'man' / 'waxseal.1'}")
    return int(bool(missing) or failed)


def complaints() -> Iterator[str]:
    """What has no words yet."""
    yield from lacking.in_checks(all_checks().values())
    yield from lacking.in_commands(commands.all_commands())
    yield from lacking.in_exit_codes(exit_codes.known(), exit_codes.documented(DOCS))
    yield from lacking.in_facts(FACT_TYPES.values())


def build(folder: Path) -> bool:
    """Build site and manual page below a folder; True where Sphinx warned or failed."""
    stage(folder / "source")
    stage_manual(folder / "manual")
    site = sphinx("html", folder / "source", folder / "site")
    return sphinx("man", folder / "manual", folder / "man", "-D", "root_doc=waxseal") or site


def sphinx(builder: str, source: Path, target: Path, *more: str) -> bool:
    """Run Sphinx with warnings as errors; True where it failed."""
    from sphinx.cmd.build import build_main

    options = ["-q", "-W", "--keep-going", "-E", "-j", "auto", "-b", builder, "-c", str(HERE)]
    doctrees = target.parent / "doctrees" / builder
    return bool(build_main([*options, "-d", str(doctrees), *more, str(source), str(target)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
