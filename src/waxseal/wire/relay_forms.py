"""The classic ways to ask a server to carry mail to somebody else's domain, as addresses for MAIL and RCPT.

Plain data. A server takes mail for the domains that it is responsible for, and may decline to relay (RFC 5321
§3.6.1, §7.9). Older habits hid the foreign domain from that decision: the local part with ``%`` or ``!``, the
quoted address, the source route (RFC 5321 appendix C). Who says them is ``probes.relay``.
"""

from typing import Final, NamedTuple

FOREIGN: Final = "www.example.net"
"""The foreign domain: reserved as every name below example.net (RFC 6761 §6.5), so nobody's mail is there.

Not a bare one such as example.com, which says in DNS that it takes no mail (RFC 7505), and not one below
``.invalid``, which does not exist (RFC 6761 §6.4): a server that looks recipients' domains up would turn
these down without a thought of relaying.
"""
FOREIGN_SENDER: Final = "www.example.org"
FOREIGN_LITERAL: Final = "[192.0.2.25]"
"""An address for documentation (RFC 5737), as a domain (RFC 5321 §4.1.3)."""

UNKNOWN_USER: Final = "unknown-user"
"""Name of the trial that is a control: a made-up user at the server's own domain."""
PER_CONNECTION: Final = 8


class RelayForm(NamedTuple):
    """One form.

    Attributes:
        name: As in `RelayTrial.form`.
        sender, recipient: Without angle brackets.
        foreign: Whether no reading of the recipient makes it a local user's.
    """

    name: str
    sender: str
    recipient: str
    foreign: bool


class Names(NamedTuple):
    """What the forms are made of.

    Attributes:
        user: A made-up local part.
        own: A domain of the server's own, or its host name.
        literal: The server's address as a domain; "" for none.
        sender: A mailbox of the one who tests.
    """

    user: str
    own: str
    literal: str
    sender: str


def relay_forms(names: Names) -> tuple[RelayForm, ...]:
    """Every form, in the order in which they are best tried.

    Servers count refusals, commands that bring no mail, and breaches of today's grammar, and hang up after
    some (Exim after 10 and 3 of the latter two, Postfix waits from the tenth refusal on). So the forms are
    for two connections, `PER_CONNECTION` in each, with the malformed ones shared out between them.
    """
    user, own, literal, sender = names
    plain = f"{user}@{FOREIGN}"
    forms = [
        RelayForm("plain", sender, plain, foreign=True),
        RelayForm("empty-sender", "", plain, foreign=True),
        RelayForm("foreign-sender", f"{user}@{FOREIGN_SENDER}", plain, foreign=True),
        RelayForm("own-sender", f"{user}@{own}", plain, foreign=True),
        RelayForm("percent", "", f"{user}%{FOREIGN}@{own}", foreign=False),
        RelayForm("literal", "", f"{user}@{FOREIGN_LITERAL}", foreign=True),
        RelayForm("percent-at-literal", "", f"{user}%{FOREIGN}@{literal}", foreign=False),
        RelayForm("bang", "", f"{FOREIGN}!{user}", foreign=False),
        RelayForm(UNKNOWN_USER, "", f"{user}@{own}", foreign=False),
        RelayForm("quoted-at-own", "", f'"{plain}"@{own}', foreign=False),
        RelayForm("bang-at-own", "", f"{FOREIGN}!{user}@{own}", foreign=False),
        RelayForm("source-route", "", f"@{own}:{plain}", foreign=True),
        RelayForm("quoted", "", f'"{plain}"', foreign=False),
        RelayForm("two-at", "", f"{plain}@{own}", foreign=False),
        RelayForm("bare-sender", user, plain, foreign=True),
    ]
    return tuple(form for form in forms if literal or form.name != "percent-at-literal")


_SAMPLES: Final = Names("user", "own.example", "[192.0.2.1]", "sender@client.example")
LOCAL_READING: Final = frozenset(
    form.name for form in relay_forms(_SAMPLES) if not form.foreign and form.name != UNKNOWN_USER
)
"""Names of the forms that a server may also take for a local user of an odd name."""
