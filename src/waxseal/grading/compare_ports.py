"""What two runs saw differently at one port: reach, greeting, keywords, STARTTLS, TLS.

One fault is one difference: where one side did not come as far as the other, what it missed behind that is
not told again. What time alone explains is left out: ids and times in texts, tickets, durations.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from waxseal.facts import Subject, TlsMode
from waxseal.grading.compare_certificates import compare_certificates
from waxseal.grading.compare_heard import MAX_SHOWN, Heard, Rung, heard
from waxseal.grading.compare_model import Difference, Kind, Runs, Side, Told, Unseen, lacking_side
from waxseal.grading.severity import Severity

_WITH_STARTTLS = (Rung.CONNECTED, Rung.GREETED, Rung.HELLO, Rung.GO_AHEAD, Rung.SEALED)
_IMPLICIT = (Rung.CONNECTED, Rung.SEALED, Rung.GREETED, Rung.HELLO)
_MISSED = {
    Rung.CONNECTED: Kind.REACH,
    Rung.GREETED: Kind.GREETING,
    Rung.HELLO: Kind.HELLO,
    Rung.GO_AHEAD: Kind.STARTTLS_ANSWER,
    Rung.SEALED: Kind.HANDSHAKE,
}
_RUNG_WORDS = {
    Rung.CONNECTED: "the server",
    Rung.GREETED: "the greeting",
    Rung.HELLO: "the answer to EHLO or its like",
    Rung.GO_AHEAD: "the answer to STARTTLS",
    Rung.SEALED: "TLS",
}
_STARTS_TLS = frozenset({"STARTTLS", "STLS"})
_SASL = frozenset({"AUTH", "AUTH=", "SASL"})

T = TypeVar("T")


def compare_port(runs: Runs, place: Subject) -> Iterator[Told]:
    """Everything that differs at a port that both sides tested."""
    a, b = heard(runs.a, place), heard(runs.b, place)
    if a is None or b is None:
        return
    if a.mode is not b.mode:
        for side in Side:
            yield Unseen(side, place, "the same way of speaking", "TLS began in another way at the other one")
        return
    yield from _clear(place, a, b)
    yield from _ladder(place, a, b)
    yield from _greetings(place, a, b)
    if a.keywords_tls is not None and b.keywords_tls is not None:
        yield from _keywords(place, a.keywords_tls, b.keywords_tls, in_tls=True)
    if a.handshake is not None and b.handshake is not None:
        yield from _handshakes(place, a, b)
        yield from compare_certificates(runs, place)


def _clear(place: Subject, a: Heard, b: Heard) -> Iterator[Told]:
    """STARTTLS, masks and keywords of the first answer, where both heard one."""
    if a.keywords is None or b.keywords is None:
        return
    for side, unsure in ((Side.A, a.hello_unsure), (Side.B, b.hello_unsure)):
        if unsure and a.hello_unsure is not b.hello_unsure:
            yield Unseen(side, place, "every keyword", "the answer came cut short or in pieces")
    if a.hello_unsure or b.hello_unsure:
        return
    shown = _listed(a.keywords, a.masks), _listed(b.keywords, b.masks)
    lacking = lacking_side(bool(a.masks), bool(b.masks))
    if a.starttls is not b.starttls:
        lacks = Side.B if a.starttls else Side.A
        kind = Kind.STARTTLS_MASKED if lacking is lacks else Kind.STARTTLS
        yield Difference(kind, Severity.CRITICAL, place, *shown, lacks)
    elif lacking is not None:
        yield Difference(Kind.MASKED, Severity.MEDIUM, place, *shown, lacking)
    if lacking is None:  # what a mask hides is told with it
        yield from _keywords(place, a.keywords, b.keywords, in_tls=a.mode is TlsMode.IMPLICIT)


def _keywords(
    place: Subject, a: dict[str, tuple[str, ...]], b: dict[str, tuple[str, ...]], *, in_tls: bool
) -> Iterator[Difference]:
    """Keywords that one side lacks, mechanisms and parameters that differ."""
    weight = Severity.LOW if in_tls else Severity.MEDIUM
    logins = _logins(a), _logins(b)
    if logins[0] != logins[1]:
        yield Difference(
            Kind.MECHANISMS, weight, place, _words(logins[0]) or "none", _words(logins[1]) or "none"
        )
    names = _plain_names(a), _plain_names(b)
    if names[0] != names[1]:
        kind = Kind.KEYWORDS_TLS if in_tls else Kind.KEYWORDS
        own = _words(names[0] - names[1]), _words(names[1] - names[0])
        shown = _pair(lambda x: f"only here: {x}" if x else "nothing of its own", *own)
        yield Difference(kind, weight, place, *shown)
    other = sorted(n for n in names[0] & names[1] if sorted(a[n]) != sorted(b[n]))
    if other and not in_tls:
        told = _pair(lambda some: _words(" ".join((n, *some[n])) for n in other), a, b)
        yield Difference(Kind.PARAMETERS, Severity.LOW, place, *told)


def _pair(show: Callable[[T], str], a: T, b: T) -> tuple[str, str]:
    return show(a), show(b)


def _plain_names(keywords: dict[str, tuple[str, ...]]) -> frozenset[str]:
    """Names of what neither begins TLS nor lists mechanisms."""
    return frozenset(n for n in keywords if n not in _STARTS_TLS | _SASL and not n.startswith("AUTH="))


def _logins(keywords: dict[str, tuple[str, ...]]) -> frozenset[str]:
    listed = {word.upper() for name in _SASL & keywords.keys() for word in keywords[name]}
    return frozenset(
        listed | {n.removeprefix("AUTH=") for n in keywords if n.startswith("AUTH=") and n != "AUTH="}
    )


def _ladder(place: Subject, a: Heard, b: Heard) -> Iterator[Told]:
    """The first rung that one side reached and the other did not."""
    if a.starttls is not b.starttls and None not in (a.starttls, b.starttls):
        return  # told by `_clear`
    rungs = _IMPLICIT if a.mode is TlsMode.IMPLICIT else _WITH_STARTTLS
    for rung in rungs:
        on = rung in a.reached, rung in b.reached
        if on == (True, True):
            continue
        if on == (False, False):
            yield from _both_short(place, a, b, rung)
            return
        lacks = Side.B if on[0] else Side.A
        short = b if on[0] else a
        if short.blind or (short.hello_unsure and rung is Rung.GO_AHEAD):
            why = short.blind or "the answer to EHLO came cut short or in pieces"
            yield Unseen(lacks, place, _RUNG_WORDS[rung], why)
            return
        yield Difference(_MISSED[rung], Severity.HIGH, place, _at(rung, a, on[0]), _at(rung, b, on[1]), lacks)
        return


def _both_short(place: Subject, a: Heard, b: Heard, rung: Rung) -> Iterator[Told]:
    """Both sides ended before a rung: did they end alike?"""
    what = _RUNG_WORDS[rung]
    if a.blind or b.blind:
        blind = [(side, x.blind) for side, x in ((Side.A, a), (Side.B, b)) if x.blind]
        for side, why in blind:
            yield Unseen(side, place, what, why)
        return
    causes = [x.ended.partition(" after ")[0].partition(":")[0] for x in (a, b)]
    if causes[0] != causes[1] and (a.starttls is not False):
        yield Difference(Kind.ENDING, Severity.LOW, place, a.ended or "no fault", b.ended or "no fault")


def _at(rung: Rung, there: Heard, reached: bool) -> str:
    """What a side saw at a rung."""
    text = {
        Rung.CONNECTED: "connected" if reached else "",
        Rung.GREETED: there.greeting,
        Rung.HELLO: there.hello,
        Rung.GO_AHEAD: there.go_ahead,
        Rung.SEALED: f"{there.handshake.version} {there.handshake.suite}" if there.handshake else "",
    }[rung]
    return text or ("reached" if reached else there.ended or "nothing")


def _greetings(place: Subject, a: Heard, b: Heard) -> Iterator[Difference]:
    lacking = lacking_side(a.greeting_masked, b.greeting_masked)
    both = Rung.GREETED in a.reached and Rung.GREETED in b.reached
    if lacking is not None and both and not (a.masks or b.masks):
        yield Difference(Kind.MASKED, Severity.MEDIUM, place, a.greeting, b.greeting, lacking)
    elif lacking is None and both and a.banner != b.banner:
        yield Difference(Kind.BANNER, Severity.LOW, place, a.greeting, b.greeting)


def _handshakes(place: Subject, a: Heard, b: Heard) -> Iterator[Difference]:
    if (
        a.handshake is None
        or b.handshake is None
        or a.handshake.offered_versions != b.handshake.offered_versions
    ):
        return
    one, other = a.handshake, b.handshake
    if one.version != other.version:
        lacks = Side.A if _order(one.version) < _order(other.version) else Side.B
        shown = _pair(lambda x: f"{x.version} {x.suite}", one, other)
        yield Difference(Kind.VERSION, Severity.MEDIUM, place, *shown, lacks)
    elif one.suite != other.suite:
        yield Difference(Kind.SUITE, Severity.LOW, place, one.suite, other.suite)


def _order(version: str) -> tuple[str, ...]:
    """``TLSv1`` before ``TLSv1.1``, SSL before TLS."""
    return ("0" if version.startswith("SSL") else "1", version)


def _listed(keywords: dict[str, tuple[str, ...]], masks: tuple[str, ...]) -> str:
    return _words((*keywords, *masks)) or "no keyword at all"


def _words(names: Iterable[str]) -> str:
    listed = ", ".join(sorted(names))
    return listed if len(listed) <= MAX_SHOWN else f"{listed[: MAX_SHOWN - 3]}..."
