"""Text and places as SARIF wants them: messages without markup, files as URI references."""

import posixpath
import re
from urllib.parse import quote

from waxseal.report.plain import plain

MOST_CHARACTERS = 4000
"""So much of a message is written."""
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")


def message(*paragraphs: str) -> str:
    """A plain text message: no embedded link, and braces doubled, so that none is a placeholder."""
    text = "\n\n".join(plain(paragraph) for paragraph in paragraphs)
    return cut(text.replace("](", "] ("), MOST_CHARACTERS).replace("{", "{{").replace("}", "}}")


def cut(text: str, most: int) -> str:
    """At most so many characters, the last three dots where some are missing."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def artifact_uri(path: str) -> tuple[str, bool]:
    """A path as URI reference (RFC 3986 §4.1), and whether it is relative.

    Args:
        path: As the user gave it, with ``/`` or ``\\``.
    """
    if _DRIVE.match(path):
        return f"file:///{_quoted(path)}", False
    if path.startswith("/"):
        return f"file://{_quoted(path)}", False
    return _quoted(path), True


def _quoted(path: str) -> str:
    return quote(posixpath.normpath(path.replace("\\", "/")), safe="/~", errors="backslashreplace")
