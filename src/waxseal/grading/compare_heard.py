"""What one run heard at one port, put in a form in which two runs can be held against each other."""

import re
from enum import IntEnum

from msgspec import Struct

from waxseal.checks.absence import came_whole
from waxseal.facts import (
    DIALOGUE,
    AccessGreeting,
    AccessStarttls,
    Attempt,
    CapabilitiesClear,
    CapabilitiesTls,
    Cause,
    ControlReach,
    EhloAnswer,
    EhloClear,
    EhloTls,
    Endpoint,
    FactSet,
    Greeting,
    Handshake,
    Keyword,
    Stage,
    StarttlsAnswer,
    Subject,
    TlsMode,
    describe,
)
from waxseal.wire.smtp_ehlo import masked_greeting, masked_keyword

OURS = frozenset(
    {Cause.NO_ROUTE, Cause.BLOCKED_HERE, Cause.NOT_ALLOWED, Cause.BUDGET_SPENT, Cause.CRASHED, Cause.DNS}
)
"""Ends that say nothing of the server or of the path to it."""
MAX_SHOWN = 200


class Rung(IntEnum):
    """How far a conversation with STARTTLS came. With implicit TLS, SEALED comes before GREETED."""

    NOTHING = 0
    CONNECTED = 1
    GREETED = 2
    HELLO = 3
    GO_AHEAD = 4
    SEALED = 5


class Heard(Struct, frozen=True):
    """What one run heard at one port.

    Attributes:
        mode: How TLS begins there.
        reached: The rungs that were reached.
        ended: How the main conversation ended, in words; "" where it came to its planned end.
        blind: Why what was not reached says nothing of the server or the path; "" where it does.
        greeting: Code or status and text of the greeting; "" for none.
        banner: Words of the greeting that stay the same from one to the next.
        greeting_masked: Whether the greeting is overwritten.
        hello: The answer to EHLO (CAPABILITY, CAPA) in short; "" for none.
        hello_unsure: Keywords may be missing from it, since it came in pieces or not whole.
        keywords: Keywords by name, in clear where TLS begins with STARTTLS; None where they were not heard.
        masks: The keywords that are overwritten.
        keywords_tls: Keywords behind STARTTLS; None where they were not heard.
        go_ahead: The answer to STARTTLS in short; "" for none.
        handshake: The handshake; None where none was completed.
    """

    mode: TlsMode
    reached: frozenset[Rung]
    ended: str = ""
    blind: str = ""
    greeting: str = ""
    banner: tuple[str, ...] = ()
    greeting_masked: bool = False
    hello: str = ""
    hello_unsure: bool = False
    keywords: dict[str, tuple[str, ...]] | None = None
    masks: tuple[str, ...] = ()
    keywords_tls: dict[str, tuple[str, ...]] | None = None
    go_ahead: str = ""
    handshake: Handshake | None = None

    @property
    def starttls(self) -> bool | None:
        """Whether STARTTLS was offered; None where that was not heard, or does not arise."""
        if self.mode is TlsMode.IMPLICIT or self.keywords is None or self.hello_unsure:
            return None
        return bool(self.keywords.keys() & {"STARTTLS", "STLS"})


def heard(facts: FactSet, place: Subject) -> Heard | None:
    """What was heard at a port; None where it was not tested at all."""
    endpoint = facts.nearest(Endpoint, place)
    attempt = next((a for a in reversed(facts.at(Attempt, place)) if a.probe == DIALOGUE), None)
    if endpoint is None and attempt is None:
        return None
    mode = endpoint.mode if endpoint is not None else TlsMode.STARTTLS
    found = _mail(facts, place, mode) or _access(facts, place, mode)
    handshake = facts.nearest(Handshake, place)
    reached = set(found.reached)
    if handshake is not None:
        reached |= {Rung.CONNECTED, Rung.SEALED} | ({Rung.GO_AHEAD} if mode is TlsMode.STARTTLS else set())
    ended, blind = _ending(facts, attempt)
    if attempt is not None and attempt.ended.stage not in (None, Stage.RESOLVE, Stage.CONNECT):
        reached.add(Rung.CONNECTED)
    return Heard(
        **{field: getattr(found, field) for field in _FOUND},
        mode=mode,
        reached=frozenset(reached),
        ended=ended,
        blind=blind,
        handshake=handshake,
    )


_FOUND = (
    "greeting",
    "banner",
    "greeting_masked",
    "hello",
    "hello_unsure",
    "keywords",
    "masks",
    "keywords_tls",
    "go_ahead",
)


def _ending(facts: FactSet, attempt: Attempt | None) -> tuple[str, str]:
    """How the conversation ended, and why that says nothing, where it does not."""
    if attempt is None:
        return "", "it was not tested"
    ended = attempt.ended
    words = "" if ended.cause is Cause.COMPLETED else describe(ended)[:MAX_SHOWN]
    if ended.cause in OURS:
        return words, words
    control = facts.nearest(ControlReach, Subject())
    if ended.cause is Cause.TIMED_OUT and ended.stage is Stage.CONNECT and control and not control.connected:
        return words, f"{words}, and so did the control destination: the port seems to be blocked there"
    return words, ""


def _mail(facts: FactSet, place: Subject, mode: TlsMode) -> Heard | None:
    """What an SMTP or LMTP server said; None where it said nothing in them."""
    greeting = facts.nearest(Greeting, place)
    if greeting is None:
        return None
    reached = {Rung.CONNECTED}
    if greeting.reply.code is not None and greeting.reply.code // 100 == 2:
        reached.add(Rung.GREETED)
    hello = facts.nearest(EhloClear, place)
    keywords = None
    if hello is not None and hello.reply.code == 250 and hello.rejected is None:
        reached.add(Rung.HELLO)
        keywords = _by_name(hello.keywords)
    starttls = facts.nearest(StarttlsAnswer, place)
    if starttls is not None and starttls.reply.code == 220:
        reached.add(Rung.GO_AHEAD)
    behind = facts.nearest(EhloTls, place)
    return Heard(
        mode=mode,
        reached=frozenset(reached),
        greeting=_short(greeting.reply.code, greeting.reply.text),
        banner=_banner(greeting.reply.text),
        greeting_masked=masked_greeting(greeting.reply),
        hello=_hello(hello) if hello is not None else "",
        hello_unsure=hello is not None and not came_whole(hello),
        keywords=keywords,
        masks=tuple(k.name for k in hello.keywords if masked_keyword(k)) if hello is not None else (),
        keywords_tls=_by_name(behind.keywords) if behind is not None and _is_whole(behind) else None,
        go_ahead=_short(starttls.reply.code, starttls.reply.text) if starttls is not None else "",
    )


def _access(facts: FactSet, place: Subject, mode: TlsMode) -> Heard:
    """What an IMAP, POP3 or ManageSieve server said, if anything."""
    greeting = facts.nearest(AccessGreeting, place)
    reached = {Rung.CONNECTED} if greeting is not None else set()
    if greeting is not None and greeting.response.good:
        reached.add(Rung.GREETED)
    hello = facts.nearest(CapabilitiesClear, place)
    good = hello is not None and hello.response.good
    if good:
        reached.add(Rung.HELLO)
    starttls = facts.nearest(AccessStarttls, place)
    if starttls is not None and starttls.response.good:
        reached.add(Rung.GO_AHEAD)
    behind = facts.nearest(CapabilitiesTls, place)
    return Heard(
        mode=mode,
        reached=frozenset(reached),
        greeting=str(greeting.response)[:MAX_SHOWN] if greeting is not None else "",
        banner=_banner(greeting.response.text) if greeting is not None else (),
        hello=str(hello.response)[:MAX_SHOWN] if hello is not None else "",
        hello_unsure=hello is not None and bool(hello.response.deviations or hello.extra),
        keywords=_by_name(hello.keywords) if hello is not None and good else None,
        masks=tuple(k.name for k in hello.keywords if masked_keyword(k)) if hello is not None else (),
        keywords_tls=_by_name(behind.keywords) if behind is not None and behind.response.good else None,
        go_ahead=str(starttls.response)[:MAX_SHOWN] if starttls is not None else "",
    )


def _is_whole(answer: EhloTls) -> bool:
    return answer.reply.code == 250 and not answer.rejected and came_whole(answer)


def _hello(answer: EhloAnswer) -> str:
    rejected = answer.rejected
    if rejected is not None:
        return f"EHLO rejected: {_short(rejected.code, rejected.text)}"
    return _short(answer.reply.code, answer.reply.text)


def _by_name(keywords: tuple[Keyword, ...]) -> dict[str, tuple[str, ...]]:
    """Parameters by name, masks left out; of a keyword that comes twice, all of them."""
    found: dict[str, tuple[str, ...]] = {}
    for keyword in keywords:
        if not masked_keyword(keyword):
            found[keyword.name] = found.get(keyword.name, ()) + keyword.parameters
    return found


def _short(code: int | None, text: str) -> str:
    return (f"{code} {text}" if code is not None else text)[:MAX_SHOWN].rstrip()


_CALENDAR = frozenset(
    {"mon", "tue", "wed", "thu", "fri", "sat", "sun", "utc", "gmt", "am", "pm"}
    | {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
)
_WORD = re.compile(r"[^\W\d_]{2,}")


def _banner(text: str) -> tuple[str, ...]:
    """The words of a greeting; what has digits may be an id, a time or the number of one of many hosts."""
    words = (w for w in text.split() if not any(c.isdigit() for c in w))
    found = (w for word in words for w in _WORD.findall(word))
    return tuple(w for w in found if w.lower() not in _CALENDAR)
