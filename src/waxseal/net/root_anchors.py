"""The trust anchors of the DNS root zone: those that waxseal brings, the system's, or given ones.

Records are DS (RFC 4034 §5.3) or DNSKEY (RFC 4034 §2.2) in presentation form, one a line. Nothing is
validated here: ``net.libunbound`` does that with them.
"""

import contextlib
import re
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Final

from waxseal.errors import UsageError

MAX_FILE_OCTETS: Final = 65_536
MAX_ANCHORS: Final = 32
SYSTEM_FILES: Final = (Path("/usr/share/dns/root.key"), Path("/var/lib/unbound/root.key"))
"""Debian's: of the package dns-root-data, and the one that unbound keeps up to date (RFC 5011)."""

_ANCHOR = re.compile(
    r"\.\s+(?:(?:\d+|IN)\s+){0,2}"
    r"(DS\s+\d+\s+\d+\s+\d+\s+[0-9A-Fa-f \t]+|DNSKEY\s+\d+\s+3\s+\d+\s+[A-Za-z0-9+/= \t]+)(?:;.*)?"
)
_STATE = re.compile(r";;state=(\d)")
_VALID = "2"


def root_anchors(given: Path | None = None, system: Iterable[Path] = SYSTEM_FILES) -> tuple[str, ...]:
    """The trust anchors of the root zone, as DS or DNSKEY records in presentation form.

    Args:
        given: A file with the anchors, instead of all others.
        system: Files that may hold the system's; they add to those that waxseal brings, so that one of the
            two may be old.

    Raises:
        UsageError: The given file cannot be read, or holds no anchor.
    """
    if given is not None:
        hint = "give a file with DS or DNSKEY records of the root, such as /usr/share/dns/root.key"
        try:
            found = read_anchors(_bounded(given))
        except OSError as error:
            raise UsageError(f"the trust anchors {given} cannot be read: {error.strerror}", hint) from error
        if not found:
            raise UsageError(f"{given} holds no trust anchor of the root", hint)
        return found
    shipped = (files("waxseal") / "data" / "root-anchors.txt").read_text("ascii")
    anchors = list(read_anchors(shipped))
    for path in system:
        with contextlib.suppress(OSError):
            anchors += read_anchors(_bounded(path))
    return tuple(dict.fromkeys(anchors))[:MAX_ANCHORS]


def read_anchors(text: str) -> tuple[str, ...]:
    """The DS and DNSKEY records of the root, one a line, at most 32; other lines are passed over.

    In a file that a resolver keeps by RFC 5011, a key counts only where its state says that it is valid.
    """
    anchors: list[str] = []
    for line in text.splitlines():
        match = _ANCHOR.fullmatch(line)
        state = _STATE.search(line)
        if match and (state is None or state[1] == _VALID):
            anchors.append(f". IN {' '.join(match[1].split())}")
    return tuple(dict.fromkeys(anchors))[:MAX_ANCHORS]


def _bounded(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(MAX_FILE_OCTETS).decode("ascii", "replace")
