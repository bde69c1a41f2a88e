"""Whom a mail server of the lab takes mail for, and the classic forms of asking it to carry mail elsewhere.

Source routes are RFC 5321 Appendix C; the other forms are what mail hosts made of addresses before every
domain was in the DNS, and what open relays still take.
"""

from enum import StrEnum


class RelayForm(StrEnum):
    """A form in which a recipient of another domain is named, or a sender that makes a server take one."""

    PLAIN = "plain"
    """``user@other``, whoever sends."""
    LOCAL_SENDER = "local-sender"
    """``user@other``, where the sender claims to be of the server's own domains."""
    NULL_SENDER = "null-sender"
    """``user@other``, where the sender is ``<>``."""
    PERCENT = "percent"
    """``user%other@here``, or ``user%other``."""
    BANG = "bang"
    """``other!user@here``, or ``other!user``."""
    QUOTED = "quoted"
    """``"user@other"@here``, or ``"user@other"``."""
    TWO_ATS = "two-ats"
    """``user@other@here``."""
    SOURCE_ROUTE = "source-route"
    """``@here:user@other``."""


def mailbox(argument: bytes) -> str:
    """The path of ``FROM:<path> parameters`` or ``TO:<path>``, without its angle brackets."""
    text = argument.decode("latin-1").partition(":")[2].strip()
    if text.startswith("<"):
        return text[1:].rpartition(">")[0]
    return text.split(" ")[0]


def is_local(address: str, domains: frozenset[str]) -> bool:
    """Whether a mailbox is in one of these domains or address literals (lower case), or has no domain."""
    behind_quotes = address.rpartition('"')[2] if address.startswith('"') else address
    _, at, domain = behind_quotes.rpartition("@")
    return not at or domain.lower() in domains


def forms_asked(recipient: str, sender: str, domains: frozenset[str]) -> frozenset[RelayForm]:
    """Every form in which a server would have to relay to take this recipient; empty for its own users.

    Args:
        recipient: As in RCPT, without angle brackets.
        sender: As in MAIL; "" for the null sender.
        domains: What the server takes mail for, its address literals among them, lower case.
    """
    if recipient.startswith("@"):
        inner = recipient.partition(":")[2]
        return frozenset() if is_local(inner, domains) else frozenset((RelayForm.SOURCE_ROUTE,))
    if not is_local(recipient, domains):
        asked = {RelayForm.PLAIN}
        if not sender:
            asked.add(RelayForm.NULL_SENDER)
        elif is_local(sender, domains):
            asked.add(RelayForm.LOCAL_SENDER)
        return frozenset(asked)
    if recipient.startswith('"'):
        inner = recipient[1:].rpartition('"')[0]
        return frozenset((RelayForm.QUOTED,)) if "@" in inner else frozenset()
    local = user_of(recipient)
    marks = (("%", RelayForm.PERCENT), ("!", RelayForm.BANG), ("@", RelayForm.TWO_ATS))
    return frozenset(form for mark, form in marks if mark in local)


def user_of(address: str) -> str:
    """The local part of a mailbox, a source route in front of it left out."""
    if address.startswith("@"):
        address = address.partition(":")[2]
    return address.rpartition("@")[0] if "@" in address else address
