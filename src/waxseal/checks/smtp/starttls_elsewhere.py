"""STARTTLS is missing at one address or port of a mail host, and the same host offers it at another.

So the software can do TLS and has a certificate. Either this one address or port is set up differently, often
an old machine behind a name that was moved, or something on the path to it alone takes the keyword away. That
it is missing is told by smtp/starttls-missing; this says where it is not. Ports with TLS from the first octet
count too: nothing on the path can change what is listed there.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from waxseal.checks import samples
from waxseal.checks.api import (
    Bundle,
    Each,
    Everywhere,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.checks.smtp._earlier import Offer, offer
from waxseal.facts import EhloClear, Endpoint, MailProtocol, TlsMode

_ONLY_IN_TLS = frozenset({"AUTH", "AUTH=", "REQUIRETLS", "STARTTLS"})
"""What servers rightly keep for TLS (RFC 8689 §2 of REQUIRETLS), or what is told anyway."""


class _Heard(NamedTuple):
    where: Subject
    mode: TlsMode
    offer: Offer


class _Run(Bundle, frozen=True, dict=True):
    """What the whole run heard, by the name of the host."""

    answers: Everywhere[EhloClear]
    endpoints: Everywhere[Endpoint]

    @cached_property
    def answers_by_host(self) -> dict[str | None, list[tuple[Subject, EhloClear]]]:
        """The answers to EHLO in clear."""
        found: dict[str | None, list[tuple[Subject, EhloClear]]] = defaultdict(list)
        for where, ehlo in self.answers:
            found[where.host].append((where, ehlo))
        return found

    @cached_property
    def _modes_by_host(self) -> dict[str | None, dict[Subject, TlsMode]]:
        found: dict[str | None, dict[Subject, TlsMode]] = defaultdict(dict)
        for where, endpoint in self.endpoints:
            if endpoint.protocol is MailProtocol.SMTP:
                found[where.host][where] = endpoint.mode
        return found

    def modes_of(self, subject: Subject) -> dict[Subject, TlsMode]:
        """How TLS begins at each endpoint of SMTP of hosts of the subject's name."""
        return self._modes_by_host.get(subject.host, {})


@check(
    title="STARTTLS is offered at another address or port of the same host",
    level=Level.ADVICE,
    scope=Scope.HOST,
    cites=("RFC 3207 §6",),
    remedy=Remedy(
        general="Give every address and port of the host the same TLS settings; where they have them, look "
        "for what changes the answer on the way, from another network (waxseal compare).",
        postfix="in each smtpd line of master.cf: -o smtpd_tls_security_level=may",
        exim="tls_advertise_hosts = *",
    ),
    rows=("B7",),
)
def judge(
    subject: Subject,
    own: Each[EhloClear] | None,
    run: _Run,
) -> Judgement:
    """Judge each answer without STARTTLS against the other answers of the same host."""
    if own is None:
        if not any(where.within(subject) for where in run.modes_of(subject)):
            return not_applicable("SMTP is not spoken here")
        return unreached("no answer to EHLO was heard", advice="see the finding that names the cause")
    modes = run.modes_of(subject)
    here = [_Heard(w, modes[w], offer(ehlo)) for w, ehlo in own if modes.get(w) is TlsMode.STARTTLS]
    lacking = [x for x in here if x.offer.starttls is False]
    if not lacking:
        unheard = next((x.offer.unheard for x in here if x.offer.unheard is not None), None)
        if unheard is not None:
            return unheard
        return (
            passed("STARTTLS is offered wherever it is due") if here else not_applicable("none is due here")
        )
    answers = run.answers_by_host.get(subject.host, ())
    others = [_Heard(w, modes[w], offer(ehlo)) for w, ehlo in answers if w in modes]
    found = [x for x in others if x.offer.starttls or x.mode is TlsMode.IMPLICIT]
    if not found:
        return not_applicable("it is offered nowhere that was heard of this host, see smtp/starttls-missing")
    first = lacking[0]
    there = min(found, key=lambda x: (x.mode is TlsMode.IMPLICIT, x.where.port != first.where.port))
    missing = ", ".join(dict.fromkeys(map(_place, lacking)))[:120]
    said = "TLS comes first" if there.mode is TlsMode.IMPLICIT else "it is offered"
    return warn(f"STARTTLS is missing at {missing}, and {said} at {_place(there)}", *_evidence(first, there))


def _place(heard: _Heard) -> str:
    return str(Subject(address=heard.where.address, port=heard.where.port))


def _evidence(here: _Heard, there: _Heard) -> Iterator[str]:
    yield f"{_place(there)}: {', '.join(there.offer.names)[:150]}"
    yield f"{_place(here)}: {', '.join(here.offer.names)[:150] or 'no keyword at all'}"
    beside = [n for n in there.offer.names if n not in here.offer.names and n not in _ONLY_IN_TLS]
    if beside:
        yield f"missing beside STARTTLS: {', '.join(beside)[:160]}"


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start, bare = samples.endpoint(), samples.ehlo("PIPELINING")
    second = (at(start, address="192.0.2.26"), at(samples.ehlo(), address="192.0.2.26"))
    yield Example("at another address", Verdict.WARN, (start, bare, *second))
    more = (at(start, port=587), at(samples.ehlo(), port=587))
    yield Example("at another port", Verdict.WARN, (start, bare, *more))
    implicit = samples.endpoint(TlsMode.IMPLICIT)
    sealed = (at(implicit, port=465), at(samples.ehlo("PIPELINING", "CHUNKING"), port=465))
    yield Example("TLS on another port", Verdict.WARN, (start, bare, *sealed))
    yield Example("offered", Verdict.PASS, (start, samples.ehlo()))
    yield Example("nowhere", Verdict.NOT_APPLICABLE, (start, bare))
    yield Example("masked", Verdict.INCONCLUSIVE, (start, samples.ehlo("XXXXXXXA"), *second))
    yield Example("only implicit TLS", Verdict.NOT_APPLICABLE, (implicit, bare))
