"""The first line of every report: one sentence anyone understands, chosen by the state.

Each sentence has a stable id (``headline.<state>``); the words may be translated, the ids stay.
"""

from collections.abc import Iterable

from msgspec import Struct

from waxseal.checks.absence import is_local
from waxseal.checks.api import Verdict
from waxseal.facts import EhloClear, FactSet, MailProtocol, Scope, Subject
from waxseal.grading.profile import GradedFinding
from waxseal.grading.seal import FINAL, EndpointSeal, LeftOut, Seal, State, left_out, scope_word
from waxseal.grading.severity import Severity
from waxseal.wire.idna import to_u_label

NONE_PUBLISHED = "policy/none-published"
BOGUS = frozenset({"dnssec/mx-bogus", "dnssec/address-bogus"})
BESIDE = ("dane/", "dkim/", "dmarc/", "dnsbl/", "dnssec/", "mta-sts/", "policy/", "spf/", "tls-rpt/")
"""Topics whose open questions never explain why a server was not seen."""

LOCAL = "headline.local"
"""Id of the sentence for a socket of this machine that takes mail without TLS, as it may."""
_FETCHED = ("Mail fetched from", "Mail cannot be fetched from")
_ACCESS = {
    MailProtocol.IMAP: _FETCHED,
    MailProtocol.POP3: _FETCHED,
    MailProtocol.SIEVE: ("What goes to and from", "Mail filters cannot be managed at"),
}
"""What travels, and what is not possible where nothing does, each up to the server's name."""


class Headline(Struct, frozen=True):
    """The sentence with its id and state."""

    id: str
    state: State
    sentence: str


def headline(
    facts: FactSet,
    findings: tuple[GradedFinding, ...],
    seals: tuple[EndpointSeal, ...],
    state: State,
    root: Subject,
    protocol: MailProtocol = MailProtocol.SMTP,
) -> Headline:
    """Compose the sentence for a target from its endpoints and its weightiest finding.

    Args:
        facts: All that was seen.
        findings: Those of the target and of the run, weightiest first.
        seals: Of the target's endpoints.
        state: As `state_of` found it.
        root: The target's subject.
        protocol: What is spoken there: some deliver mail, others fetch it.
    """
    name = scope_word(root)
    name = to_u_label(name) if root.domain or root.host else name
    delivers = ("Mail to" if root.domain is not None else "Mail handed to", "")
    what, not_at_all = _ACCESS.get(protocol, delivers)
    mail = f"{what} {name}"
    not_at_all = f"{not_at_all} {name}" if not_at_all else f"{mail} cannot be delivered"
    if state is State.UNKNOWN and _local_in_clear(facts, seals):
        told = f"{mail} stays on this machine; no TLS is offered there, and none is needed."
        return Headline(LOCAL, state, told)
    inside = [f for f in findings if f.subject != Subject()]
    final_first = sorted(inside, key=lambda f: f.verdict is not Verdict.FAIL or f.check not in FINAL)
    encrypted = _count(seals, Seal.UNKNOWN, besides=True)
    left = left_out(facts, seals, root)
    whether = f"{mail[0].lower()}{mail[1:]}"
    sentences = {
        State.SEALED: f"{mail} travels sealed: {_all(seals)} and the certificates prove the server"
        f"{_uninsisted(inside)}.",
        State.MEND: f"{mail} is encrypted at {encrypted}, but {_first(inside)}{_besides(left)}.",
        State.EXPOSED: f"{mail} can travel in clear: no TLS at {_count(seals, Seal.EXPOSED)}.",
        State.PARTLY_UNKNOWN: f"{mail} {_as_seen(seals)} where it was seen; "
        f"{_untested(seals, left)} not be tested.",
        State.UNKNOWN: f"Whether {whether} is sealed could not be seen: {_why(findings, seals)}.",
        State.UNDELIVERABLE: f"{not_at_all}: {_first(final_first)}.",
        State.NO_MAIL: f"{name} takes no mail, and says so with a null MX.",
    }
    return Headline(f"headline.{state.value}", state, sentences[state])


def _local_in_clear(facts: FactSet, seals: tuple[EndpointSeal, ...]) -> bool:
    """Whether all that was tested are sockets of this machine that answer, without TLS."""
    places = [seal.subject for seal in seals]
    if not places or not all(map(is_local, places)):
        return False
    heard = [facts.nearest(EhloClear, place) for place in places]
    return all(ehlo and ehlo.reply.code == 250 and not ehlo.keyword("STARTTLS") for ehlo in heard)


def _uninsisted(inside: list[GradedFinding]) -> str:
    """What has to be added where senders may do without all that, since nothing tells them to insist."""
    told = any(f.check == NONE_PUBLISHED and f.verdict is Verdict.WARN for f in inside)
    return ", though nothing published makes senders insist on it" if told else ""


def _all(seals: tuple[EndpointSeal, ...]) -> str:
    total = _addresses(seals)
    return f"{_of(total, total)} take{'s' if total == 1 else ''} TLS"


def _count(seals: tuple[EndpointSeal, ...], seal: Seal, *, besides: bool = False) -> str:
    chosen = [s for s in seals if (s.seal is not seal if besides else s.seal is seal)]
    return _of(_addresses(chosen), _addresses(seals))


def _as_seen(seals: tuple[EndpointSeal, ...]) -> str:
    return "travels sealed" if any(s.seal is Seal.SEALED for s in seals) else "is encrypted"


def _untested(seals: tuple[EndpointSeal, ...], left: LeftOut) -> str:
    """What could not be tested, and the verb: ``1 of 2 addresses and 1 mail host could``."""
    parts = [_count(seals, Seal.UNKNOWN)] if any(s.seal is Seal.UNKNOWN for s in seals) else []
    if any(s.seal is Seal.ENCRYPTED for s in seals):
        parts.append(f"the certificates of {_count(seals, Seal.ENCRYPTED)}")
    if left.addresses:
        parts.append(f"{left.addresses} more address{'' if left.addresses == 1 else 'es'}")
    if left.hosts:
        parts.append(f"{left.hosts} mail host{'' if left.hosts == 1 else 's'}")
    if left.families:
        parts.append("addresses that DNS gave no answer for")
    return f"{' and '.join(parts)} could"


def _besides(left: LeftOut) -> str:
    return f"; {_untested((), left)} not be tested" if left != LeftOut() else ""


def _addresses(seals: Iterable[EndpointSeal]) -> int:
    """How many addresses there are; one that several hosts share counts once."""
    return len({(s.subject.address, s.subject.port) for s in seals})


def _of(some: int, total: int) -> str:
    """``its one address``, ``both addresses``, ``all 4 addresses``, ``3 of 4 addresses``."""
    if some < total:
        return f"{some} of {total} addresses"
    return {1: "its one address", 2: "both addresses"}.get(total, f"all {total} addresses")


def _first(inside: list[GradedFinding]) -> str:
    """The weightiest finding, and how many more weigh as much as to be mended."""
    bad = [f for f in inside if f.verdict in (Verdict.FAIL, Verdict.WARN)]
    if not bad:
        return "something wants mending"
    titles = list(dict.fromkeys(f.title for f in bad if f.severity >= bad[0].severity))
    first = titles[0] if titles[0][1:2].isupper() else titles[0][0].lower() + titles[0][1:]
    more = len({f.check for f in bad if f.severity >= Severity.MEDIUM} - {bad[0].check})
    return first + (f" (and {more} more to mend)" if more else "")


def _why(findings: tuple[GradedFinding, ...], seals: tuple[EndpointSeal, ...]) -> str:
    """Why nothing was seen: this machine's own trouble first, then how the conversations ended."""
    bogus = next((f for f in findings if f.check in BOGUS and f.verdict is Verdict.FAIL), None)
    if bogus is not None:
        return f"{bogus.title[0].lower()}{bogus.title[1:]}"
    unclear = [
        f
        for f in findings
        if f.verdict is Verdict.INCONCLUSIVE and not f.follows and not f.check.startswith(BESIDE)
    ]
    of_run = next((f for f in unclear if f.subject == Subject()), None)
    if of_run is not None:
        return of_run.summary
    ended = list(dict.fromkeys(s.ended for s in seals if s.ended))
    if ended:
        return ended[0] + (f" (and {len(ended) - 1} other reasons)" if len(ended) > 1 else "")
    telling = [f.summary for f in unclear if f.subject.scope is not Scope.ADDRESS]  # no reverse names
    if telling:
        return telling[0]
    return "the server's answers leave it open" if seals else "there was no address to test"
