"""What the answer to EHLO lists (RFC 5321 §4.1.1.1), and the marks of a middlebox that has been at it.

Reads replies that ``smtp_reply`` has parsed. What a keyword's presence or absence means is judged in
``checks/smtp``.

**Masking.** Cisco PIX and ASA firewalls with ``fixup protocol smtp`` or ``inspect esmtp`` overwrite what they
do not know in place, so that the length of each line stays: a command becomes ``XXXX``, an EHLO keyword a run
of X, with a running letter at its end (``250-XXXXXXXA``, ``250-XXXXXXXB``), and the greeting a row of
asterisks of which PIX from version 5.1 spares ``0``, ``2`` and spaces (``220 ****...****0*2******``). Where
the inspection map says ``no allow-tls``, as the default map of the guide cited here does, STARTTLS is among
the masked. Sources: Cisco, document 113423, on SMTP and ESMTP inspection of the ASA, and "ESMTP inspection"
in the ASA CLI configuration guide; Microsoft, KB 320027, on mail behind a Cisco PIX firewall.
"""

import re
from typing import Final

from waxseal.facts import Keyword, Reply

MASKED_BY: Final = "Cisco PIX or ASA SMTP inspection (fixup protocol smtp, inspect esmtp)"
"""What is known to leave the marks that `masked_keyword` and `masked_greeting` look for."""

_REPLY_LINE = re.compile(rb"[0-9]{3}(?:[ -]|\r?$)")
_WORD_BREAK = re.compile(r"[ \t]+")
_MASKED_KEYWORD = re.compile(r"X{4,}|X{3,}[A-Z]")
_MASKED_TEXT = re.compile(r"[*02 ]*")
_MASK_LEAST_ASTERISKS = 8
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


def parse_ehlo(reply: Reply) -> tuple[str, tuple[Keyword, ...]]:
    """The host name and the keywords of a positive answer to EHLO.

    Keyword names are put in upper case, US-ASCII letters only (a letter such as U+017F must not turn into an
    S); parameters are kept as sent. Words are separated by SP (RFC 5321 §4.1.1.1); HT is taken as SP. The
    form ``AUTH=LOGIN PLAIN`` of before RFC 2554 becomes ``Keyword("AUTH=", ("LOGIN", "PLAIN"))``, so it is
    never mistaken for ``AUTH``; the same goes for any other first word with an equals sign.

    Args:
        reply: The reply to EHLO. Lines in it that are no reply lines are passed over.

    Returns:
        First word of the first line as sent, and the keywords in the order received, repeated ones
        included. ("", ()) for a reply that is not positive (2yz): its lines are no keywords.
    """
    if reply.code is None or reply.code // 100 != 2:
        return "", ()
    lines = _reply_lines(reply)
    keywords = []
    for line in lines[1:]:
        name, *parameters = _words(line) or [""]
        if "=" in name:
            name, _, first = name.partition("=")
            name += "="
            parameters = [first, *parameters] if first else parameters
        if name:
            keywords.append(Keyword(name.translate(_UPPER), tuple(parameters)))
    return _first_word(lines[0]) if lines else "", tuple(keywords)


def greeting_host_name(reply: Reply) -> str:
    """First word of a greeting's text, as sent.

    Only 2yz and 421 replies begin with the server's domain (RFC 5321 §4.2 and §4.2.2); "" for others, such
    as ``554 No SMTP service here``, and where there is no text.
    """
    if reply.code is None or not (reply.code // 100 == 2 or reply.code == 421):
        return ""
    return _first_word(reply.text)


def masked_keyword(keyword: Keyword) -> bool:
    """Whether a keyword is a mask: four or more X, or three or more X and one more letter."""
    return _MASKED_KEYWORD.fullmatch(keyword.name) is not None


def masked_like_starttls(keyword: Keyword) -> bool:
    """Whether a mask is as long as STARTTLS, so that it may stand for it.

    8BITMIME and SMTPUTF8 are as long, so this is no proof.
    """
    return masked_keyword(keyword) and len(keyword.name) == len("STARTTLS")


def masked_greeting(reply: Reply) -> bool:
    """Whether every line of a greeting is asterisks, ``0``, ``2`` and spaces only.

    Seen both as ``220 ****`` and as ``220****``, the latter being no reply line. A banner that draws a box of
    asterisks around words is not masked.
    """
    lines = [line.removeprefix("220") if reply.code is None else line for line in reply.lines]
    asterisks = sum(line.count("*") for line in lines)
    return asterisks >= _MASK_LEAST_ASTERISKS and all(_MASKED_TEXT.fullmatch(line) for line in lines)


def _reply_lines(reply: Reply) -> list[str]:
    """The lines that have a code, as far as the octets tell; all of them where none are kept."""
    raw = reply.raw.split(b"\n")
    if not reply.raw or len(raw) not in (len(reply.lines), len(reply.lines) + 1):
        return list(reply.lines)
    return [line for line, octets in zip(reply.lines, raw, strict=False) if _REPLY_LINE.match(octets)]


def _words(line: str) -> list[str]:
    return [word for word in _WORD_BREAK.split(line) if word]


def _first_word(line: str) -> str:
    words = _words(line)
    return words[0] if words else ""
