"""The first line of every report: what came of a target, in words anyone understands, chosen by the state.

The sentences are in ``grading.wording``, each with an id and named values, so that every language can say
them (``grading.language``); why nothing could be seen is told by ``grading.headline_reasons``.
"""

from collections.abc import Iterable

from msgspec import Struct

from waxseal.checks.absence import is_local
from waxseal.checks.api import Verdict
from waxseal.facts import EhloClear, FactSet, MailProtocol, Subject
from waxseal.grading.headline_reasons import reasons
from waxseal.grading.message import Message, Value, title
from waxseal.grading.profile import GradedFinding
from waxseal.grading.seal import FINAL, EndpointSeal, LeftOut, Seal, State, left_out, scope_word, weighs
from waxseal.grading.severity import Severity
from waxseal.grading.wording import say
from waxseal.wire.idna import to_u_label

NONE_PUBLISHED = "policy/none-published"

LOCAL = "headline.local"
"""Id of the sentence for a socket of this machine that takes mail without TLS, as it may."""
_TRAVELS = {MailProtocol.IMAP: "mailbox", MailProtocol.POP3: "mailbox", MailProtocol.SIEVE: "filters"}
"""What travels where no mail is delivered, as ids of messages name it."""
_RUN = Subject()


class Headline(Struct, frozen=True):
    """The headline of a target.

    Attributes:
        id: ``headline.<state>``, or `LOCAL`.
        state: State of the target.
        sentence: In English; what `also` says follows the message.
        message: Id of the exact message, such as ``headline.mend.domain.both`` (``grading.wording``).
        values: What stands in its placeholders.
        also: Further messages, each a sentence.
    """

    id: str
    state: State
    sentence: str
    message: str
    values: dict[str, str | int | float | Message]
    also: tuple[Message, ...] = ()


def headline(
    facts: FactSet,
    findings: tuple[GradedFinding, ...],
    seals: tuple[EndpointSeal, ...],
    state: State,
    root: Subject,
    protocol: MailProtocol = MailProtocol.SMTP,
) -> Headline:
    """Choose the sentence for a target from its endpoints and its weightiest finding.

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
    travels = _TRAVELS.get(protocol, "domain" if root.domain is not None else "host")
    if state is State.UNKNOWN and _local_in_clear(facts, seals):
        return _made(LOCAL, state, say(f"{LOCAL}.{travels}", name=name))
    bad = _bad(findings)
    known = f"headline.{state.value}"
    match state:
        case State.SEALED:
            if travels == "domain" and _uninsisted(bad):
                known = f"{known}.not-insisted"
            else:
                known = f"{known}.{travels}"
            return _made(known, state, _counted(known, seals, seals, name=name))
        case State.MEND:
            encrypted = [s for s in seals if s.seal is not Seal.UNKNOWN]
            first = [f for f in bad if weighs(f)] or bad
            what = _counted(f"{known}.{travels}", encrypted, seals, name=name, title=_title(first))
            also = [*_more(bad), *_exempted(first), *_left(left_out(facts, seals, root))]
            return _made(known, state, what, *also)
        case State.EXPOSED:
            exposed = [s for s in seals if s.seal is Seal.EXPOSED]
            return _made(known, state, _counted(f"{known}.{travels}", exposed, seals, name=name))
        case State.PARTLY_UNKNOWN:
            sealed = any(s.seal is Seal.SEALED for s in seals)
            what = say(f"{known}.{travels}.{'sealed' if sealed else 'encrypted'}", name=name)
            return _made(known, state, what, *_untested(seals), *_left(left_out(facts, seals, root)))
        case State.UNKNOWN:
            reason, others = reasons(facts, findings, seals, root)
            also = [say("also.other-reasons", count=others)] if others else []
            return _made(known, state, say(f"{known}.{travels}", name=name, reason=reason), *also)
        case State.UNDELIVERABLE:
            final = sorted(bad, key=lambda f: f.verdict is not Verdict.FAIL or f.check not in FINAL)
            what = say(f"{known}.{travels}", name=name, title=_title(final))
            return _made(known, state, what, *_more(final))
        case State.NO_MAIL:
            return _made(known, state, say(known, name=name))


def _made(known: str, state: State, what: Message, *also: Message) -> Headline:
    stable = LOCAL if known == LOCAL else f"headline.{state.value}"
    sentence = " ".join([what.text, *(more.text for more in also)])
    return Headline(stable, state, sentence, what.message, what.values, also)


def _bad(findings: tuple[GradedFinding, ...]) -> list[GradedFinding]:
    """What fails or warns inside the target, in the same order."""
    fail, warn = Verdict.FAIL, Verdict.WARN
    return [f for f in findings if (f.verdict is fail or f.verdict is warn) and f.subject != _RUN]


def _local_in_clear(facts: FactSet, seals: tuple[EndpointSeal, ...]) -> bool:
    """Whether all that was tested are sockets of this machine that answer, without TLS."""
    places = [seal.subject for seal in seals]
    if not places or not all(map(is_local, places)):
        return False
    heard = [facts.nearest(EhloClear, place) for place in places]
    return all(ehlo and ehlo.reply.code == 250 and not ehlo.keyword("STARTTLS") for ehlo in heard)


def _uninsisted(bad: list[GradedFinding]) -> bool:
    """Whether senders may do without all that, since nothing tells them to insist."""
    return any(f.check == NONE_PUBLISHED and f.verdict is Verdict.WARN for f in bad)


def _counted(
    message: str, chosen: Iterable[EndpointSeal], seals: tuple[EndpointSeal, ...], **values: Value
) -> Message:
    """The form of a message for its one address, both, all, or some of them."""
    some, total = _addresses(chosen), _addresses(seals)
    form = "some" if some < total else {1: "one", 2: "both"}.get(total, "all")
    return say(f"{message}.{form}", **values, some=some, total=total)


def _addresses(seals: Iterable[EndpointSeal]) -> int:
    """How many addresses there are; one that several hosts share counts once."""
    return len({(s.subject.address, s.subject.port) for s in seals})


def _untested(seals: tuple[EndpointSeal, ...]) -> list[Message]:
    """What endpoints did not show: themselves, or whose their certificates are."""
    unknown = [s for s in seals if s.seal is Seal.UNKNOWN]
    unproven = [s for s in seals if s.seal is Seal.ENCRYPTED]
    told = []
    if unknown:
        told.append(say("also.untested", some=_addresses(unknown), total=_addresses(seals)))
    if unproven:
        told.append(_counted("also.certificates", unproven, seals))
    return told


def _left(left: LeftOut) -> list[Message]:
    """What was not even tried."""
    told = []
    if left.addresses:
        told.append(say("also.more-addresses", count=left.addresses))
    if left.hosts:
        told.append(say("also.hosts", count=left.hosts))
    if left.families:
        told.append(say("also.families"))
    return told


def _title(bad: list[GradedFinding]) -> Message:
    """The first of what fails or warns."""
    return title(bad[0].check, bad[0].title) if bad else say("reason.to-mend")


def _exempted(first: list[GradedFinding]) -> list[Message]:
    """Whether the profile exempts what the sentence names."""
    return [say("also.exempt")] if first and first[0].exempt else []


def _more(bad: list[GradedFinding]) -> list[Message]:
    """How many more checks than the first found what weighs as much as to be mended."""
    count = len({f.check for f in bad if f.severity >= Severity.MEDIUM} - {f.check for f in bad[:1]})
    return [say("also.more-to-mend", count=count)] if count else []
