"""Options of ``waxseal check`` about what is tried beyond a plain conversation: flaws, logins, relaying."""

import re
from pathlib import Path

import click
from msgspec import Struct, structs

from waxseal.cli.gathering import gathered
from waxseal.errors import UsageError
from waxseal.probes.settings import Account, ProbeSettings


class Trying(Struct, frozen=True):
    """What the options say, as they were given."""

    no_injection: bool = False
    active_auth: bool = False
    relay: bool = False
    own_recipient: str = ""
    account: Path | None = None
    expect_tls: bool = False

    def settings(self, settings: ProbeSettings) -> ProbeSettings:
        """The settings of a run, with these.

        Raises:
            UsageError: An option is not of its form, or the account cannot be read.
        """
        return structs.replace(
            settings,
            injection=not self.no_injection,
            active_auth=self.active_auth,
            relay=self.relay,
            own_recipient=_mailbox(self.own_recipient),
            account=_account(self.account),
            expect_tls=self.expect_tls,
        )


_OPTIONS = (
    click.option(
        "--no-injection", is_flag=True, help="Do not try whether commands sent in clear run under TLS."
    ),
    click.option("--expect-tls", is_flag=True, help="Mail in clear must be refused; taking it is a fault."),
    click.option(
        "--active-auth", is_flag=True, help="Try to log in with a made-up user, in clear and under TLS."
    ),
    click.option("--relay", is_flag=True, help="Ask to relay to reserved domains; no message is sent."),
    click.option(
        "--own-recipient",
        default="",
        help="Your own address there: send it messages that show whether mail can be smuggled.",
    ),
    click.option(
        "--account",
        type=click.Path(path_type=Path),
        help="File with user and password, a line each: log in to IMAP under proved TLS.",
    ),
)

trying_options = gathered(_OPTIONS, Trying, "trying")
"""Adds the options to a command; they come as one argument, `trying`."""


_LOCAL = r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*|\"(?:[!#-\[\]-~]|\\[!-~])+\""
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX = re.compile(rf"(?:{_LOCAL})@(?:{_LABEL}(?:\.{_LABEL})*|\[[A-Za-z0-9:.-]+\])", re.ASCII)
"""RFC 5321 §4.1.2, without blanks in a quoted local part."""
_MAILBOX_OCTETS = 254
"""A path has 256 octets at most, its angle brackets included (RFC 5321 §4.5.3.1.3)."""


def _mailbox(given: str) -> str:
    text = given.strip()
    if given and (len(text) > _MAILBOX_OCTETS or _MAILBOX.fullmatch(text) is None):
        raise UsageError(
            f"--own-recipient {given[:80]!r} is no mail address", "write it as you@example.org; ASCII only"
        )
    return text


def _account(path: Path | None) -> Account | None:
    if path is None:
        return None
    from waxseal.cli.account import read_account

    return read_account(path)
