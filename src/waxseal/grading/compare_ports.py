"""What two runs saw differently at one port: reach, greeting, keywords, STARTTLS, TLS, certificates.

One fault is one difference: where one side did not come as far as the other, what it missed behind that is
not told again. What time alone explains is left out: ids and times in texts, tickets, durations.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TypeVar

from msgspec import Struct

from waxseal.facts import (
    Certificate,
    CertificateChain,
    FactSet,
    RunContext,
    Subject,
    TlsMode,
    TrustAnchors,
)
from waxseal.grading.compare_heard import MAX_SHOWN, Heard, Rung, heard
from waxseal.grading.compare_model import Difference, Kind, Side, Unseen
from waxseal.grading.severity import Severity
from waxseal.trust.chain import verify
from waxseal.trust.proof import plain

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
_NOT_BEFORE_SLACK = timedelta(days=1)
"""Authorities date a certificate back a little."""

Told = Difference | Unseen
T = TypeVar("T")


class Runs(Struct, frozen=True):
    """The two runs."""

    a: FactSet
    b: FactSet

    def of(self, side: Side) -> FactSet:
        """The facts of one side."""
        return self.a if side is Side.A else self.b


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
        yield from _certificates(runs, place)


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
    lacking = _lacking(bool(a.masks), bool(b.masks))
    if a.starttls is not b.starttls:
        lacks = Side.B if a.starttls else Side.A
        kind = Kind.STARTTLS_MASKED if lacking is lacks else Kind.STARTTLS
        yield Difference(kind, Severity.CRITICAL, place, *shown, lacks)
    elif lacking is not None:
        yield Difference(Kind.MASKED, Severity.MEDIUM, place, *shown, lacking)
    if lacking is None:  # what a mask hides is told with it
        yield from _keywords(place, a.keywords, b.keywords, in_tls=a.mode is TlsMode.IMPLICIT)


def _lacking(a: bool, b: bool) -> Side | None:
    """The one side that has something; None where neither or both have."""
    return None if a is b else Side.A if a else Side.B


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
        yield Difference(kind, weight, place, *_pair(lambda x: f"only here: {x}" if x else "nothing of its own", *own))
    other = sorted(n for n in names[0] & names[1] if sorted(a[n]) != sorted(b[n]))
    if other and not in_tls:
        shown = _pair(lambda some: _words(" ".join((n, *some[n])) for n in other), a, b)
        yield Difference(Kind.PARAMETERS, Severity.LOW, place, *shown)


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
    lacking = _lacking(a.greeting_masked, b.greeting_masked)
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


def _certificates(runs: Runs, place: Subject) -> Iterator[Told]:
    """The leaves shown for each server name and key type; different types where no type is common."""
    a, b = _chains(runs.a, place), _chains(runs.b, place)
    for name in sorted(a.keys() & b.keys()):
        common = sorted(a[name].keys() & b[name].keys())
        pairs = [(a[name][kind], b[name][kind]) for kind in common]
        if not common:  # the types of key differ, and with them every key
            pairs = [(_all(a[name]), _all(b[name]))]
        for one, other in pairs:
            found = _leaves(runs, place, one, other)
            if found is not None:
                yield found


_Shown = tuple[Subject, CertificateChain]


def _chains(facts: FactSet, place: Subject) -> dict[str, dict[str, list[_Shown]]]:
    """What was shown, by server name and type of key."""
    found: dict[str, dict[str, list[_Shown]]] = {}
    for where, chain in facts.within(CertificateChain, place):
        kind = where.certificate_type or chain.leaf.key_type
        found.setdefault(where.server_name or "", {}).setdefault(kind, []).append((where, chain))
    return found


def _all(shown: dict[str, list[_Shown]]) -> list[_Shown]:
    return [one for some in shown.values() for one in some]


def _leaves(runs: Runs, place: Subject, a: list[_Shown], b: list[_Shown]) -> Difference | None:
    """The one difference between what two sides were shown; none where they have a leaf in common."""
    one, other = ([chain.leaf for _, chain in some] for some in (a, b))
    if {leaf.sha256 for leaf in one} & {leaf.sha256 for leaf in other}:
        return None
    told = _called(one[0]), _called(other[0])
    keys = {_key(leaf) for leaf in one}, {_key(leaf) for leaf in other}
    if keys[0] & keys[1]:
        return Difference(Kind.CERTIFICATE, Severity.LOW, place, *told)
    lacks = _lacking(
        not any(_trusted(runs.a, *shown) for shown in a), not any(_trusted(runs.b, *shown) for shown in b)
    )
    if lacks is not None and _same_roots(runs):
        return Difference(Kind.CERTIFICATE_ISSUER, Severity.CRITICAL, place, *told, lacks)
    own = one[0].issuer == one[0].subject
    if one[0].issuer == other[0].issuer and not own and _issued_between(runs, one, other):
        return Difference(Kind.RENEWAL, Severity.LOW, place, *told)
    changing = len(keys[0]) > 1 or len(keys[1]) > 1  # a server that makes its key anew proves nothing
    return Difference(Kind.CERTIFICATE_KEY, Severity.MEDIUM if changing else Severity.HIGH, place, *told)


def _key(leaf: Certificate) -> str:
    return leaf.spki_sha256 or leaf.sha256


def _same_roots(runs: Runs) -> bool:
    a, b = (facts.nearest(RunContext, Subject()) for facts in (runs.a, runs.b))
    return a is not None and b is not None and a.root_store == b.root_store


def _trusted(facts: FactSet, where: Subject, chain: CertificateChain) -> bool:
    anchors = facts.nearest(TrustAnchors, where)
    return anchors is not None and verify(chain.certificates, anchors.candidates, chain.shown_at).trusted


def _issued_between(runs: Runs, a: list[Certificate], b: list[Certificate]) -> bool:
    """Whether the side that looked later saw certificates that did not exist when the other one looked."""
    one, other = (facts.nearest(RunContext, Subject()) for facts in (runs.a, runs.b))
    if one is None or other is None or one.started_at == other.started_at:
        return False
    later, since = (b, one.started_at) if other.started_at > one.started_at else (a, other.started_at)
    since -= _NOT_BEFORE_SLACK
    return all(leaf.not_before is not None and leaf.not_before > since for leaf in later)


def _called(leaf: Certificate) -> str:
    own = leaf.issuer == leaf.subject
    issuer = "by itself" if own else f"by {plain(leaf.issuer, 80) or 'nobody'}"
    return f"{leaf.key_type} key {_key(leaf)[:16]}, certificate {leaf.sha256[:16]} issued {issuer}"


def _listed(keywords: dict[str, tuple[str, ...]], masks: tuple[str, ...]) -> str:
    return _words((*keywords, *masks)) or "no keyword at all"


def _words(names: Iterable[str]) -> str:
    listed = ", ".join(sorted(names))
    return listed if len(listed) <= MAX_SHOWN else f"{listed[: MAX_SHOWN - 3]}..."
