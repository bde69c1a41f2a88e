"""Why nothing could be seen of a target, as messages of the set in ``grading.wording``.

An answer that is false comes first, then this machine's own trouble, then how the conversations ended, then
what DNS answered.
"""

import re
from collections.abc import Iterator

from waxseal.checks.api import Verdict
from waxseal.facts import (
    Cause,
    DnsStatus,
    Ended,
    Endpoint,
    FactSet,
    HostAddresses,
    MailProtocol,
    MxRecords,
    RunContext,
    Scope,
    Stage,
    Subject,
)
from waxseal.grading.message import Message, Value, title
from waxseal.grading.profile import GradedFinding
from waxseal.grading.seal import EndpointSeal, main_attempt
from waxseal.grading.wording import ENGLISH, say

BOGUS = frozenset({"dnssec/mx-bogus", "dnssec/address-bogus"})
BESIDE = ("dane/", "dkim/", "dmarc/", "dnsbl/", "dnssec/", "mta-sts/", "policy/", "spf/", "tls-rpt/")
"""Topics whose open questions never explain why a server was not seen."""
PORT_BLOCKED = "reach/port-blocked-here"

_COMMANDS = {
    MailProtocol.LMTP: ("LHLO", "STARTTLS", "QUIT"),
    MailProtocol.IMAP: ("CAPABILITY", "STARTTLS", "LOGOUT"),
    MailProtocol.POP3: ("CAPA", "STLS", "QUIT"),
    MailProtocol.SIEVE: ("CAPABILITY", "STARTTLS", "LOGOUT"),
}
"""The commands of the stages below, in order; SMTP's are EHLO, STARTTLS and QUIT."""
_COMMAND_STAGES = {Stage.EHLO: 0, Stage.EHLO_TLS: 0, Stage.STARTTLS: 1, Stage.QUIT: 2}
_STAGES = {Stage.CONNECT: "connect", Stage.GREETING: "greeting", Stage.HANDSHAKE: "handshake"}
_SECTION = re.compile(r"\((RFC \d+ §[\w.]+)\)")
_ERRORS = {DnsStatus.SERVFAIL: "SERVFAIL", DnsStatus.REFUSED: "REFUSED"}
_SILENT = {
    DnsStatus.TIMED_OUT: "timed-out",
    DnsStatus.UNREACHABLE: "unreachable",
    DnsStatus.MALFORMED: "malformed",
}
_ANSWERED = frozenset({DnsStatus.ANSWERED, DnsStatus.NO_DATA, DnsStatus.NXDOMAIN})


def reasons(
    facts: FactSet, findings: tuple[GradedFinding, ...], seals: tuple[EndpointSeal, ...], root: Subject
) -> tuple[Message, int]:
    """The reason why nothing was seen, and how many further reasons the other conversations had.

    Args:
        facts: All that was seen.
        findings: Those of the target and of the run, weightiest first.
        seals: Of the target's endpoints.
        root: The target's subject.
    """
    bogus = next((f for f in findings if f.check in BOGUS and f.verdict is Verdict.FAIL), None)
    if bogus is not None:
        return title(bogus.check, bogus.title), 0
    unclear = [f for f in findings if f.verdict is Verdict.INCONCLUSIVE and not f.follows]
    if any(f.check == PORT_BLOCKED for f in unclear) and (here := _port(facts, seals)) is not None:
        return here, 0
    ends = {_sameness(reason): reason for reason in reversed([*_ends(facts, seals)])}
    if ends:
        return list(ends.values())[-1], len(ends) - 1
    failed = _failed_lookup(facts, root)
    if failed is not None:
        return failed, 0
    telling = [f for f in unclear if not f.check.startswith(BESIDE) and f.subject != Subject()]
    telling = [f for f in telling if f.subject.scope is not Scope.ADDRESS]  # no reverse names
    if telling:
        return say("reason.open", title=title(telling[0].check, telling[0].title)), 0
    return say("reason.answers" if seals else "reason.no-address"), 0


def _port(facts: FactSet, seals: tuple[EndpointSeal, ...]) -> Message | None:
    """What this machine does to the target's port, where the open question is whether it is blocked."""
    context = facts.nearest(RunContext, Subject())
    for seal in seals:
        attempt = main_attempt(facts, seal.subject)
        if attempt is None or not seal.subject.port:
            continue
        port, ended = seal.subject.port, attempt.ended
        if ended.cause is Cause.BLOCKED_HERE and context is not None and context.via:
            return say("reason.way-closed", way=context.via, port=port)
        if ended.cause is Cause.BLOCKED_HERE:
            return say("reason.port-blocked", port=port)
        if ended.cause is Cause.TIMED_OUT and ended.stage is Stage.CONNECT:
            return say("reason.port-silent", port=port)
    return None


def _ends(facts: FactSet, seals: tuple[EndpointSeal, ...]) -> Iterator[Message]:
    """How each main conversation ended that did not come to its planned end."""
    for seal in seals:
        attempt = main_attempt(facts, seal.subject)
        if attempt is not None and attempt.ended.cause is not Cause.COMPLETED:
            endpoint = facts.nearest(Endpoint, seal.subject)
            yield ended_message(attempt.ended, endpoint.protocol if endpoint is not None else None)


def _sameness(reason: Message) -> tuple[str, ...]:
    """Tells one reason from another; how long it took does not."""
    told = (f"{name} {value}" for name, value in sorted(reason.values.items()) if name != "seconds")
    return reason.message, *told


def ended_message(ended: Ended, protocol: MailProtocol | None = None) -> Message:
    """How a main conversation ended, as a clause.

    Args:
        ended: The end; not COMPLETED.
        protocol: What was spoken; SMTP where it is not known.
    """
    spoken = protocol or MailProtocol.SMTP
    known = f"reason.ended.{ended.cause.value}"
    stage = _STAGES.get(ended.stage, "dialogue") if ended.stage is not None else "dialogue"
    values: dict[str, Value] = {}
    if ended.stage in _COMMAND_STAGES:
        stage = "command"
        own = _COMMANDS.get(spoken, ("EHLO", "STARTTLS", "QUIT"))
        values["command"] = own[_COMMAND_STAGES[ended.stage]]
    match ended.cause:
        case Cause.TIMED_OUT:
            seconds = round(ended.stage_s, 1)
            return say(f"{known}.{stage}", **values, seconds=seconds) if seconds else say(known)
        case Cause.CLOSED | Cause.RESET:
            return say(_known(f"{known}.{stage}", f"{known}.dialogue"), **values)
        case Cause.DECLINED:
            answer = " ".join(str(part) for part in (ended.code, ended.detail) if part)
            known = _known(f"{known}.{stage}", f"{known}.dialogue")
            return say(f"{known}.answer", **values, answer=answer) if answer else say(known, **values)
        case Cause.ALERT:
            return say(known) if ended.alert is None else say(f"{known}.number", alert=ended.alert)
        case Cause.TLS_FAILED:
            section = _SECTION.search(ended.detail)
            return say(known) if section is None else say(f"{known}.rule", section=section[1])
        case Cause.NOT_SMTP | Cause.NOT_THE_PROTOCOL:
            return say("reason.ended.not-the-protocol", protocol=spoken.label)
        case _:
            return say(_known(known, "reason.ended.other"))


def _known(message: str, otherwise: str) -> str:
    return message if message in ENGLISH else otherwise


def _failed_lookup(facts: FactSet, root: Subject) -> Message | None:
    """The look-up whose failure left nothing to connect to: that of the MX records, or of the addresses."""
    mx = facts.nearest(MxRecords, root) if root.domain is not None else None
    if mx is not None and mx.answer.status not in _ANSWERED:
        return _lookup_message("reason.mx", mx.answer.status)
    for _, found in facts.within(HostAddresses, root):
        for answer in (found.a, found.aaaa):
            if not found.addresses and answer is not None and answer.status not in _ANSWERED:
                return _lookup_message("reason.addresses", answer.status)
    return None


def _lookup_message(what: str, status: DnsStatus) -> Message:
    if status in _SILENT:
        return say(f"{what}.{_SILENT[status]}")
    if status in _ERRORS:
        return say(f"{what}.error.code", code=_ERRORS[status])
    return say(f"{what}.error")
