"""The server does not answer LOGOUT (QUIT in POP3) as it should.

IMAP says BYE and then OK, ManageSieve OK, POP3 +OK. Here the server hangs up at once, stays silent, or says
something else. A program that waits for the answer keeps its connection open. In POP3 mail is removed at
QUIT, so a user cannot tell whether what was deleted is gone. Only a conversation that went to its end is
judged.
"""

from collections.abc import Iterator

from waxseal.checks import samples as common
from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import elsewhere, leaving, not_reached, said, unclear, whole
from waxseal.checks.api import (
    DialogueAttempt,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    passed,
    unreached,
    warn,
)
from waxseal.facts import AccessLogout, Cause, Endpoint, MailProtocol, Stage

_SILENT = {
    Cause.TIMED_OUT: "The server leaves {} unanswered",
    Cause.CLOSED: "The server hangs up at {} without an answer",
    Cause.RESET: "The connection is reset at {}, without an answer",
}


@check(
    title="LOGOUT is not answered properly",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9051 §6.1.3", "RFC 1939 §4", "RFC 5804 §2.3"),
    remedy=Remedy(
        general="Let the server, or the proxy before it, answer the last command before it closes the "
        "connection.",
    ),
    rows=("K1", "K3"),
)
def judge(endpoint: Endpoint, attempt: DialogueAttempt, farewell: AccessLogout | None) -> Judgement:
    """Judge the answer to LOGOUT or QUIT."""
    if (aside := elsewhere(endpoint)) is not None:
        return aside
    command, ended = leaving(endpoint.protocol), attempt.ended
    if farewell is not None and (response := farewell.response) is not None:
        if response.good and whole(response):
            if endpoint.protocol is MailProtocol.IMAP and not _says_bye(response.lines):
                return warn("LOGOUT is answered with OK, and without the BYE that is due", said(response))
            return passed(f"{command} is answered with {response.status}")
        if response.status == "BYE" and endpoint.protocol is MailProtocol.IMAP:
            return warn("LOGOUT is answered with BYE, and without the OK that is due", said(response))
        if not whole(response):
            return unclear(response, command)
        return warn(f"{command} is answered with {response.status}", said(response))
    if ended.stage is Stage.QUIT and ended.cause in _SILENT:
        return warn(_SILENT[ended.cause].format(command))
    if farewell is not None and ended.cause is Cause.COMPLETED:
        return warn(f"The server leaves {command} without an answer")
    if farewell is not None:
        return unreached(
            f"the conversation had already failed when {command} stayed without an answer",
            advice="see the finding that names the failure",
        )
    return not_reached(attempt, command)


def _says_bye(lines: tuple[str, ...]) -> bool:
    return any(line[:4].upper() in ("BYE", "BYE ") for line in lines)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    imap, done, silent = samples.IMAP, common.attempt(), AccessLogout(response=None)
    for protocol in (imap, samples.POP3, samples.SIEVE):
        start, name = samples.endpoint(protocol), protocol.label
        yield Example(name, Verdict.PASS, (start, done, samples.logout(protocol)))
        yield Example(f"{name}, hangs up", Verdict.WARN, (start, done, silent))
    start = samples.endpoint()
    for octets in (b"a1 OK bye\r\n", b"* BYE\r\n", b"a1 BAD what?\r\n"):
        yield Example(octets.decode().strip(), Verdict.WARN, (start, done, samples.logout(imap, octets)))
    cut = common.attempt(Cause.RESET, Stage.EHLO)
    yield Example("not reached", Verdict.INCONCLUSIVE, (start, cut))
    refused = common.attempt(Cause.DECLINED, Stage.GREETING)
    yield Example("after a refusal", Verdict.INCONCLUSIVE, (start, refused, silent))
    yield Example("SMTP", Verdict.NOT_APPLICABLE, (common.endpoint(), done))
