"""What the answer to a made-up login shows: let in, asked for the password, turned down, or unclear.

A password is asked for by a challenge to a mechanism that sends it (334 in SMTP, RFC 4954 §4; ``+`` in POP3
and IMAP, RFC 5034 §4, RFC 9051 §6.2.2; a string in ManageSieve, RFC 5804 §2.1), and by +OK to USER (RFC 1939
§7). IMAP's LOGIN carries it unasked: there only the answer under TLS tells what a judged password looks like.
"""

import re
from enum import StrEnum

from waxseal.facts import Answer, AuthTrial

_GOOD = frozenset({"235", "OK", "+OK"})
_CHALLENGE = frozenset({"334", "+"})
_NO = frozenset({"NO", "BAD", "-ERR"})
_PASSING = re.compile(r"\[(?:UNAVAILABLE|SYS/TEMP|IN-USE|LOGIN-DELAY|INUSE|LIMIT)\]|\((?:TRYLATER)\)", re.I)
"""Response codes of trouble that passes (RFC 9051 §7.1, RFC 3206 §4, RFC 2449 §8.1, RFC 5804 §1.3)."""


class Outcome(StrEnum):
    """What one trial showed."""

    LET_IN = "let in"
    ASKED = "asked for the password"
    AS_UNDER_TLS = "answered as under TLS"
    TURNED_DOWN = "turned down"
    UNCLEAR = "unclear"


def outcome(trial: AuthTrial, tried: tuple[AuthTrial, ...]) -> Outcome:
    """What a trial showed; `tried` are all of them, among which is what LOGIN is compared with."""
    if not trial.answers:
        return Outcome.UNCLEAR
    last = trial.answers[-1]
    if last.status in _GOOD and (len(trial.answers) > 1 or (trial.mechanism, last.status) == ("LOGIN", "OK")):
        return Outcome.LET_IN  # without another answer before it, no password was sent, but in IMAP's LOGIN
    if trial.mechanism == "USER" and trial.answers[0].status == "+OK":
        return Outcome.ASKED
    if any(answer.status in _CHALLENGE for answer in trial.answers):
        return Outcome.ASKED
    if not denied(trial):
        return Outcome.UNCLEAR
    if trial.mechanism == "LOGIN" and last.status == "NO" and not trial.in_tls:
        return _of_login(last, tried)
    return Outcome.TURNED_DOWN


def denied(trial: AuthTrial) -> bool:
    """Whether the last word was no, for good and not for some trouble that passes."""
    if not trial.answers:
        return False
    last = trial.answers[-1]
    return (last.status in _NO or last.status.startswith("5")) and not _PASSING.search(last.text)


def _of_login(last: Answer, tried: tuple[AuthTrial, ...]) -> Outcome:
    """IMAP's LOGIN in clear, answered with NO."""
    if "[PRIVACYREQUIRED]" in last.text.upper():
        return Outcome.TURNED_DOWN
    sealed = [t.answers[-1] for t in tried if t.in_tls and t.answers and t.mechanism in ("LOGIN", "PLAIN")]
    if any(_alike(last, other) for other in sealed):
        return Outcome.AS_UNDER_TLS
    return Outcome.TURNED_DOWN if any(other.status == "NO" for other in sealed) else Outcome.UNCLEAR


def _alike(one: Answer, other: Answer) -> bool:
    """Whether two answers say the same, words that hold digits (times, numbers of sessions) left out."""
    return one.status == other.status and _words(one.text) == _words(other.text)


def _words(text: str) -> list[str]:
    return [word for word in text.upper().split() if not any(c.isdigit() for c in word)]


def line(trial: AuthTrial) -> str:
    """For evidence: what was tried and how it was answered, at most 200 characters."""
    where = "under TLS" if trial.in_tls else "in clear"
    answers = " / ".join(f"{a.status} {a.text}"[:70].rstrip() for a in trial.answers[-3:])
    return f"{trial.mechanism} {where}: {answers or trial.ended.cause.value}"[:200]
