"""Reads the account for ``--account``: a file of two lines, the user and the password.

Nothing that is said about the file holds a word of it.
"""

import os
import re
import stat
from pathlib import Path

from waxseal.errors import UsageError
from waxseal.probes.settings import Account

MAX_OCTETS = 4096
OTHERS = stat.S_IRWXG | stat.S_IRWXO
_CONTROL = re.compile("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f]")
_FORM = "write the user name on its first line and the password on its second"


def read_account(path: Path) -> Account:
    """The account in a file.

    Lines end in LF or CRLF; spaces belong to the password. The file is read through the one handle whose
    rights were looked at, so that none can be put in its place in between.

    Args:
        path: A regular file that nobody but its owner may read or write.

    Raises:
        UsageError: It cannot be read, others have rights to it, or it is not of the form.
    """
    try:
        # O_NONBLOCK: a pipe without a writer is not waited for
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise UsageError(f"--account {path} is no regular file", _FORM)
            if state.st_mode & OTHERS:
                raise UsageError(f"others than its owner may open --account {path}", f"chmod 600 {path}")
            octets = file.read(MAX_OCTETS + 1)
    except OSError as error:
        raise UsageError(f"--account {path} cannot be read: {error.strerror}", _FORM) from None
    return _parsed(octets, path)


def _parsed(octets: bytes, path: Path) -> Account:
    if len(octets) > MAX_OCTETS:
        raise UsageError(f"--account {path} is longer than {MAX_OCTETS} octets", _FORM)
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"--account {path} is not in UTF-8", _FORM) from None
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    if len(lines) != 2 or not lines[0].strip() or not lines[1] or _CONTROL.search(text.replace("\r\n", "\n")):
        raise UsageError(f"--account {path} does not have two lines of text", _FORM)
    return Account(lines[0].strip(), lines[1])
