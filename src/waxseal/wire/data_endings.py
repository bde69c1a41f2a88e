"""Octets that some servers take for the end of a message though they are not, and a message to try them with.

The end is ``<CRLF>.<CRLF>`` and nothing else; lines end in CRLF only, and ``<LF>.<LF>`` must not be taken
for an end (RFC 5321 §2.3.8, §4.1.1.4). A sender that passes such octets on as text, and a receiver that takes
them for the end, together let whoever wrote the text send a second message in the sender's name.
"""

from typing import Final, NamedTuple

CONTROL: Final = "control"
END: Final = b"\r\n.\r\n"


class DataEnding(NamedTuple):
    """A doubtful end of data, and its name as in `SmugglingTrial.variant`."""

    variant: str
    octets: bytes


VARIANTS: Final = (
    DataEnding("lf-dot-lf", b"\n.\n"),
    DataEnding("lf-dot-crlf", b"\n.\r\n"),
    DataEnding("crlf-dot-lf", b"\r\n.\n"),
    DataEnding("cr-dot-cr", b"\r.\r"),
    DataEnding("cr-dot-crlf", b"\r.\r\n"),
    DataEnding("crlf-dot-cr", b"\r\n.\r"),
    DataEnding("crlf-nul-dot-crlf", b"\r\n\0.\r\n"),
)
EXPECTED_REPLIES: Final = 3
"""To DATA, to the message, and to QUIT, where the doubtful end is text and nothing else."""


class Letter(NamedTuple):
    """What the header section of the message says (RFC 5322 §3.6).

    Attributes:
        sender, recipient: Mailboxes without angle brackets.
        date: In the form of RFC 5322 §3.3.
        nonce: A random word, which makes the Message-ID unique and stands in the NOOP.
        host: The name of the one who tests, for the Message-ID.
    """

    sender: str
    recipient: str
    date: str
    nonce: str
    host: str


def message(letter: Letter, ending: DataEnding | None) -> bytes:
    """The message from its header section up to the true end, which is left out; None makes the control.

    Behind the doubtful end stands a NOOP, which does no harm where it is executed.

    Raises:
        ValueError: A field of the letter holds a control character or is not US-ASCII.
    """
    if any(not field.isascii() or not field.isprintable() for field in letter):
        raise ValueError("a field of the letter is not printable US-ASCII")
    variant = CONTROL if ending is None else ending.variant
    host = letter.host.strip("[]").replace(":", "-")
    lines = (
        f"Date: {letter.date}",
        f"From: waxseal <{letter.sender}>",
        f"To: <{letter.recipient}>",
        f"Subject: waxseal test message ({variant}), ordered by the owner of this address",
        f"Message-ID: <{letter.nonce}.{variant}@{host}>",
        "Auto-Submitted: auto-generated",
        "",
        "waxseal tests whether this server ends a message where no message ends (SMTP smuggling).",
        "The test was ordered by the owner of this address. Nothing needs to be done with this message.",
    )
    text = "\r\n".join(lines).encode("ascii")
    probe = f"NOOP {letter.nonce}".encode("ascii")
    return text + (b"\r\n" if ending is None else ending.octets) + probe
