"""A handshake that came to nothing, in one sentence, with a hint of what to try."""

from waxseal.facts import Cause, Ended, Stage, describe

_ALERT_HINTS = {
    40: "the server accepts none of the suites, groups, signature schemes or certificates offered; "
    "offer more with --versions, --suites, --groups or --schemes",
    42: "the server did not like our certificate; see what it asks for without --cert",
    43: "the server did not like our certificate; see what it asks for without --cert",
    44: "the server did not like our certificate; see what it asks for without --cert",
    45: "the server did not like our certificate; see what it asks for without --cert",
    46: "the server did not like our certificate; see what it asks for without --cert",
    48: "the server does not know who issued our certificate; see what it asks for without --cert",
    70: "the server speaks none of the versions offered; try --versions ssl3-1.3",
    71: "the server finds what was offered too weak; offer more with --suites",
    80: "the server has trouble of its own; look into its log",
    86: "the server could speak a higher version than the one that was offered",
    109: "the server misses an extension, such as the server name; try --sni",
    112: "the server does not know the name that was sent; try --sni with another one, or --no-sni",
    116: "the server wants a client certificate; give one with --cert and --key",
    120: "the server speaks none of the protocols of --alpn",
}
_CAUSE_HINTS = {
    Cause.REFUSED: "nothing listens there; is the port right?",
    Cause.UNREACHABLE: "no way leads there; is the address right?",
    Cause.NO_ROUTE: "this machine has no route for that kind of address; try -4 or -6",
    Cause.TIMED_OUT: "a firewall may drop what is sent there; is the port open, and --starttls right?",
    Cause.NOT_TLS: "the server speaks in clear there; try --starttls",
    Cause.DNS: "is the name right? --connect dials an address without asking the DNS",
    Cause.NOT_ALLOWED: "--allow with its network lets it be dialled",
    Cause.BLOCKED_HERE: "this machine, its firewall or the proxy stands in the way",
}


def failure(ended: Ended) -> tuple[str, str]:
    """The sentence and the hint; ("", "") for a handshake that was completed.

    The sentence has no full stop; the hint is "" where there is nothing to try.
    """
    if ended.cause is Cause.COMPLETED:
        return "", ""
    if ended.cause is Cause.ALERT and ended.alert is not None:
        sentence = f"the server ended the handshake with alert {ended.alert}, {ended.detail}"
        return sentence, _ALERT_HINTS.get(ended.alert, "")
    if ended.cause is Cause.DNS:
        return ended.detail, _CAUSE_HINTS[Cause.DNS]
    if ended.cause is Cause.DECLINED:
        return _declined(ended)
    hint = _CAUSE_HINTS.get(ended.cause, "")
    if ended.cause is Cause.TIMED_OUT and ended.stage is Stage.GREETING:
        hint = "the server says nothing; if TLS begins at once there, use --starttls none"
    elif ended.cause is Cause.TLS_FAILED and ended.detail.startswith("version-not-offered"):
        hint = "the server chose a version that was not offered; try --versions ssl3-1.3"
    elif ended.cause is Cause.CLOSED and ended.stage is Stage.HANDSHAKE:
        hint = "some servers hang up where they like no version or suite; try --versions ssl3-1.3"
    word = ended.cause.value.replace("-", " ")
    return f"{_CAUSE_WORDS.get(ended.cause, word)}{describe(ended).removeprefix(word)}", hint


_CAUSE_WORDS = {
    Cause.CLOSED: "the server closed the connection",
    Cause.RESET: "the connection was reset",
    Cause.REFUSED: "the connection was refused",
    Cause.NOT_TLS: "what came is no TLS",
    Cause.UNREACHABLE: "the address cannot be reached",
    Cause.NO_ROUTE: "there is no route to the address",
    Cause.TLS_FAILED: "the handshake had to be given up",
    Cause.LIMIT: "the server sent too much",
}


def _declined(ended: Ended) -> tuple[str, str]:
    said = f"{ended.code} {ended.detail}" if ended.code is not None else ended.detail
    if ended.detail == "STARTTLS not offered":
        sentence = "the server does not offer STARTTLS"
        return sentence, "TLS may begin at once on another port (465, 993, 995), with --starttls none"
    if ended.stage is Stage.HANDSHAKE:
        hint = "with STARTTLS somebody between may have put them in; without, try --starttls"
        return "TLS was due, but octets came in clear", hint
    if ended.code is None:
        hint = "is --starttls the protocol that is spoken there? With --starttls none TLS begins at once"
        return f"the server did not go on: {said}", hint
    hint = "try again later" if ended.code // 100 == 4 else ""
    return f"the server declined {_STAGES.get(ended.stage, 'to go on')}: {said}", hint


_STAGES: dict[Stage | None, str] = {
    Stage.GREETING: "in its greeting",
    Stage.EHLO: "at EHLO",
    Stage.STARTTLS: "STARTTLS",
}
