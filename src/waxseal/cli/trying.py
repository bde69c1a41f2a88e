"""Options of ``waxseal check`` about what is tried beyond a plain conversation: flaws, logins, relaying."""

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


def _mailbox(text: str) -> str:
    local, at, domain = text.strip().rpartition("@")
    plain = text.isascii() and not any(c <= " " or c in "<>\x7f" for c in text.strip())
    if text and not (plain and local and at and domain):
        raise UsageError(
            f"--own-recipient {text[:80]!r} is no mail address", "write it as you@example.org; ASCII only"
        )
    return text.strip()


def _account(path: Path | None) -> Account | None:
    if path is None:
        return None
    from waxseal.cli.account import read_account

    return read_account(path)
