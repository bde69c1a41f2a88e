"""What IMAP, POP3 and ManageSieve servers list as their capabilities, as keywords of one form.

IMAP: words behind CAPABILITY, as untagged data or as a response code (RFC 9051 §7.2.2 and §7.1). POP3: a line
each, as CAPA answers (RFC 2449 §3). ManageSieve: a name and one string each (RFC 5804 §1.7). What a
capability's presence means is judged in ``checks``.
"""

import re
from collections.abc import Callable

from waxseal.facts import Keyword, MailProtocol, Response

_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
# Where no quote closes a string, none closes one that begins later, so each character is looked at once.
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*+)(?:(\")|\\?\Z)", re.S)
_LISTS = ("SASL", "SIEVE", "NOTIFY")
"""ManageSieve's capabilities whose string is a list, separated by SP (RFC 5804 §4)."""


def capabilities(protocol: MailProtocol, response: Response) -> tuple[Keyword, ...]:
    """The capabilities that a response lists, in the order received, repeated ones included.

    Names are put in upper case, US-ASCII letters only; parameters are kept as sent. For any response with
    capabilities: the answer to CAPABILITY or CAPA, a greeting, a good answer to a login.

    Args:
        protocol: IMAP, POP3 or SIEVE.
        response: The response; of a POP3 response that is not good, and of ManageSieve's, the lines are none.

    Returns:
        The keywords, () where none are listed, and for SMTP and LMTP.
    """
    reader = _READERS.get(protocol)
    return () if reader is None else reader(response)


def lists_capabilities(protocol: MailProtocol, response: Response) -> bool:
    """Whether a response lists capabilities at all, be the list empty or not."""
    if protocol is MailProtocol.IMAP:
        return any(_names(text) is not None for text in (*response.lines, response.code))
    return response.good and bool(response.lines)


def _of_imap(response: Response) -> tuple[Keyword, ...]:
    """Untagged data and codes; where there are several lists, the last one counts."""
    found: list[str] = []
    for text in (*response.lines, response.code):
        found = _names(text) or found
    return tuple(Keyword(name.translate(_UPPER)) for name in found)


def _names(text: str) -> list[str] | None:
    word, _, names = _without_status(text).partition(" ")
    return names.split() if word.upper() == "CAPABILITY" else None


def _without_status(line: str) -> str:
    """The code of an untagged ``OK [CAPABILITY ...] text``, or the line itself."""
    status, _, rest = line.partition(" ")
    if status.upper() == "OK" and rest.startswith("["):
        return rest[1:].partition("]")[0]
    return line


def _of_pop3(response: Response) -> tuple[Keyword, ...]:
    if not response.good:
        return ()
    split = [line.split() for line in response.lines]
    return tuple(Keyword(words[0].translate(_UPPER), tuple(words[1:])) for words in split if words)


def _of_sieve(response: Response) -> tuple[Keyword, ...]:
    if not response.good:
        return ()
    keywords = []
    for line in response.lines:
        strings = [re.sub(r"\\(.)", r"\1", each[1]) for each in _STRING.finditer(line) if each[2]]
        if not strings or not strings[0]:
            continue
        name = strings[0].translate(_UPPER)
        values = strings[1:]
        if name in _LISTS:
            values = [word for value in values for word in value.split()]
        keywords.append(Keyword(name, tuple(values)))
    return tuple(keywords)


_READERS: dict[MailProtocol, Callable[[Response], tuple[Keyword, ...]]] = {
    MailProtocol.IMAP: _of_imap,
    MailProtocol.POP3: _of_pop3,
    MailProtocol.SIEVE: _of_sieve,
}
