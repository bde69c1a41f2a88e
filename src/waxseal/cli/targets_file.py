"""A file of targets: one a line, ``#`` begins a comment. Each target keeps its file and line, for SARIF."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from waxseal.errors import UsageError

if TYPE_CHECKING:
    from waxseal.facts import Target

MAX_OCTETS = 16 * 1024 * 1024
MAX_COMPLAINTS = 5
MAX_COMPLAINT = 160
_LINE_END = re.compile(r"\r\n|\n|\r")
"""What ends a line in an editor and in SARIF; Unicode's own separators do not, so that line numbers agree."""


def read_targets(path: Path, *, name: str | None = None, port: int | None = None) -> tuple["Target", ...]:
    """Read the targets of a file; ``-`` is standard input.

    Args:
        path: The file, UTF-8.
        name: As ``--name``.
        port: As ``--port``.

    Raises:
        UsageError: It cannot be read, is no text or too large, a line is no target, or there is none. Each
            wrong line is named with its number, the first few of them.
    """
    from msgspec.structs import replace

    from waxseal.scan.target import parse_target

    found: list[Target] = []
    wrong: list[str] = []
    for number, line in enumerate(_lines(path), start=1):
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        try:
            target = parse_target(text, name=name, port=port)
        except UsageError as error:
            short = f"{error.message[:MAX_COMPLAINT]}..." if error.message[MAX_COMPLAINT:] else error.message
            wrong.append(f"{path}:{number}: {short}")
        else:
            found.append(replace(target, file=str(path), line=number))
    if wrong:
        more = f" (and {len(wrong) - MAX_COMPLAINTS} more lines)" if len(wrong) > MAX_COMPLAINTS else ""
        raise UsageError(
            "; ".join(wrong[:MAX_COMPLAINTS]) + more,
            "one target a line, such as example.org; # begins a comment",
        )
    if not found:
        raise UsageError(f"{path} names no target", "one target a line, such as example.org")
    return tuple(found)


def _lines(path: Path) -> list[str]:
    try:
        if str(path) == "-":
            octets = sys.stdin.buffer.read(MAX_OCTETS + 1)
        else:
            with path.open("rb") as file:
                octets = file.read(MAX_OCTETS + 1)
        if len(octets) > MAX_OCTETS:
            raise UsageError(f"{path} is larger than {MAX_OCTETS // 2**20} MiB", "split it into several runs")
        return _LINE_END.split(octets.decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", "--targets takes a file with one target a line"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is no UTF-8 text", "--targets takes a file with one target a line"
        ) from error
