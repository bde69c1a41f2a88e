"""What several checks of the dialogue share: the replies heard, the rules they broke, how they are shown.

The rules of the reply grammar, with their sources, are in ``wire.smtp_reply.RULES``.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from waxseal.checks.absence import came_whole
from waxseal.checks.api import Judgement, unreached
from waxseal.facts import (
    Attempt,
    EhloAnswer,
    EhloClear,
    EhloTls,
    Greeting,
    QuitAnswer,
    Reply,
    StarttlsAnswer,
    describe,
)
from waxseal.wire.smtp_reply import decode_text

MAX_EVIDENCE = 200
OVERSIZED = frozenset({"too-many-lines", "reply-too-long"})
OCTETS = frozenset({"nul", "control-octets", "eight-bit"})
_LINES_MISSING = OVERSIZED | {"cut-off", "line-cut", "not-a-reply"}
_CODE_UNSURE = frozenset({"cut-off", "codes-mixed", "code-out-of-range"})
_NAME_UNSURE = _LINES_MISSING | OCTETS | {"bare-cr", "codes-mixed", "line-too-long"}


class Heard(NamedTuple):
    """A reply and what it is, in words: ``the greeting``, ``the reply to EHLO``.

    `names_host` says that it begins with the host's name where it is positive (RFC 5321 §4.2, §4.1.1.1).
    """

    what: str
    reply: Reply
    names_host: bool = False


class Breach(NamedTuple):
    """A rule that a reply broke, and where."""

    what: str
    rule: str
    octets: bytes


def heard(
    greeting: Greeting,
    ehlo: EhloClear | None,
    starttls: StarttlsAnswer | None,
    ehlo_tls: EhloTls | None,
    farewell: QuitAnswer | None,
) -> tuple[Heard, ...]:
    """Every reply of the conversation, in order; a greeting that is no reply at all is left out."""
    found = [] if greeting.reply.code is None else [Heard("the greeting", greeting.reply, names_host=True)]
    if ehlo is not None:
        found += _answers(ehlo, "")
    if starttls is not None:
        found.append(Heard("the reply to STARTTLS", starttls.reply))
    if ehlo_tls is not None:
        found += _answers(ehlo_tls, " under TLS")
    if farewell is not None and farewell.reply is not None:
        found.append(Heard("the reply to QUIT", farewell.reply))
    return tuple(found)


def _answers(answer: EhloAnswer, where: str) -> list[Heard]:
    found = [] if answer.rejected is None else [Heard(f"the reply to EHLO{where}", answer.rejected)]
    return [*found, Heard(f"the reply to {answer.command}{where}", answer.reply, names_host=True)]


def breaches(replies: Iterable[Heard], rules: Iterable[str]) -> tuple[Breach, ...]:
    """Where the replies broke these rules, in order."""
    wanted = frozenset(rules)
    return tuple(
        Breach(what, deviation.rule, deviation.octets)
        for what, reply, _ in replies
        for deviation in reply.deviations
        if deviation.rule in wanted
    )


def evidence(found: Iterable[Breach]) -> tuple[str, ...]:
    """One short line for each breach: which reply, and the octets."""
    return tuple(f"{breach.what}: {shown(breach.octets)}" for breach in found)


def counted(replies: Sequence[Heard]) -> str:
    """``the 4 replies heard``."""
    return f"the {len(replies)} replies heard" if len(replies) > 1 else "the one reply heard"


def broken(reply: Reply) -> frozenset[str]:
    """The names of the rules that a reply broke."""
    return frozenset(deviation.rule for deviation in reply.deviations)


def code_unsure(reply: Reply) -> bool:
    """Whether the code cannot be relied on; the checks of the reply grammar say so."""
    return reply.code is None or bool(broken(reply) & _CODE_UNSURE)


def name_unsure(reply: Reply) -> bool:
    """Whether an odd host name in a reply may come from a fault that the reply grammar's checks report."""
    return bool(broken(reply) & _NAME_UNSURE)


def cut_off(reply: Reply) -> bool:
    """Whether the stream ended or stalled within the reply, so that its last word may be half a word."""
    return "cut-off" in broken(reply)


def keywords_unsure(answer: EhloAnswer) -> bool:
    """Whether keywords may be missing from an EHLO answer because it came in pieces or was cut short."""
    return not came_whole(answer)


def spoke_early(extra: bytes) -> bool:
    """Whether octets outside a reply break the turn; a 421 may come at any time (RFC 5321 §3.8)."""
    return bool(extra) and not extra.startswith(b"421")


def first_line(reply: Reply) -> str:
    """The first line with its code, bounded."""
    return (reply.text if reply.code is None else f"{reply.code} {reply.text}")[:MAX_EVIDENCE]


def shown(octets: bytes) -> str:
    """Octets as text that is safe to show, bounded."""
    return decode_text(octets[:MAX_EVIDENCE])[:MAX_EVIDENCE]


def no_smtp() -> Judgement:
    """The answer of the reply checks where the server does not speak SMTP."""
    return unreached(
        "what the server sent first is no SMTP reply, so there is nothing to judge",
        advice="see smtp/greeting-malformed",
    )


def unclear(reply: Reply, what: str) -> Judgement:
    """The answer where a reply came garbled or incomplete."""
    return unreached(
        f"the reply to {what} came garbled or incomplete",
        first_line(reply),
        advice="see the findings about the server's replies, and test again",
    )


def not_reached(attempt: Attempt, what: str) -> Judgement:
    """The answer where the conversation ended for another reason before the question arose."""
    return unreached(
        f"the conversation did not get as far as {what}: {describe(attempt.ended)}",
        advice="see the finding that names this cause, and test again",
    )
