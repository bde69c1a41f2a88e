"""What the replies to requests to relay say: taken, refused, or refused for a reason of another kind."""

import re
from collections.abc import Iterable

from waxseal.checks.smtp._replies import first_line
from waxseal.facts import RelayTrial, Reply

_OTHER_REASONS = frozenset(("5.1.2", "5.1.7", "5.1.8", "5.1.10", "5.4.4", "5.7.23", "5.7.25", "5.7.27"))
"""Enhanced codes of refusals that say nothing of relaying: no such domain, null MX, the sender, SPF."""


_LISTED = re.compile(
    r"block(ed|ing|list| list)|black ?list|spamhaus|spamcop|dnsbl|\brbl\b|reputation|banned", re.I
)
"""Words of refusals that go by the caller's address."""
_LOGIN = re.compile(r"auth|log ?in|sign ?in", re.I)


def taken(reply: Reply | None) -> bool:
    """Whether a recipient was taken (RFC 5321 §4.2.3)."""
    return reply is not None and reply.code in (250, 251)


def refused(trial: RelayTrial) -> bool:
    """Whether MAIL or RCPT was refused for good, or for the time being with words about relaying.

    Postfix's ``defer_unauth_destination``, in Debian's default configuration, says "454 4.7.1 Relay access
    denied" for ever.
    """
    last = trial.rcpt or trial.mail
    if last is None or last.code is None:
        return False
    return last.code // 100 == 5 or (last.code == 454 and "relay" in last.text.lower())


def aside(reply: Reply) -> bool:
    """Whether a refusal has another reason than relaying."""
    listed = any(_LISTED.search(line) for line in reply.lines)
    return reply.code == 556 or reply.enhanced in _OTHER_REASONS or listed


def wants_login(reply: Reply | None) -> bool:
    """530 also stands for "use STARTTLS first" (RFC 3207 §4)."""
    return reply is not None and reply.code == 530 and any(_LOGIN.search(line) for line in reply.lines)


def lines(trials: Iterable[RelayTrial]) -> tuple[str, ...]:
    """Up to six: form, addresses and reply."""
    found = []
    for trial in list(trials)[:6]:
        answer = trial.rcpt or trial.mail
        said = "no answer" if answer is None else first_line(answer)
        found.append(f"{trial.form}: <{trial.sender}> to <{trial.recipient}>: {said}"[:200])
    return tuple(found)
