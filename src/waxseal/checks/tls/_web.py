"""What the checks of web clients at a mail server share: names that a web server may have, and samples."""

import re

from waxseal.checks.api import Judgement, Subject, unreached
from waxseal.facts import Cause, CertificateChain, CrossProtocol, Ended, Endpoint, Stage, describe

NO_APPLICATION_PROTOCOL = 120
"""The alert of RFC 7301 §3.2."""
_MAIL = re.compile(r"mx|mail|smtp|imap|pop3?\b|lmtp|sieve|mta|relay|submission|smarthost|mailgate|bounce")
_WEB = re.compile(r"www|web|admin|autoconfig|autodiscover|mta-sts|mailbox")


def _speaks_of_mail(name: str) -> bool:
    """Whether a name's labels left of the domain say that mail is what the host is for."""
    left = ".".join(name.split(".")[:-2])
    return _MAIL.search(left) is not None and _WEB.search(left) is None


def web_names(subject: Subject, endpoint: Endpoint, chains: tuple[CertificateChain, ...]) -> tuple[str, ...]:
    """Names in the leaves that a web server may well go by: wildcards, and names that do not speak of mail.

    The mail host's own name is none of them.
    """
    own = {name.lower() for name in (subject.host, *endpoint.reference_names[:1]) if name}
    found: dict[str, None] = {}
    for chain in chains:
        for name in chain.leaf.dns_names:
            plain = name.lower()
            if plain not in own and (plain.startswith("*.") or not _speaks_of_mail(plain)):
                found[name] = None
    return tuple(found)


def not_heard(seen: CrossProtocol) -> Judgement | None:
    """The answer where the hello with the web's names led nowhere; None where it was answered."""
    if seen.completed or seen.alert == NO_APPLICATION_PROTOCOL:
        return None
    return unreached(
        f"the hello with the names {', '.join(seen.offered)} came to nothing: {describe(seen.ended)}",
        advice="test again; where other hellos are answered, the server refuses these names in its own way",
    )


def speaks_web(seen: CrossProtocol) -> bool:
    """Whether the server answered the request as a web server does (RFC 9112 §4)."""
    return any(line.startswith("HTTP/") for line in seen.answers)


def sample(
    *answers: str, lines_taken: int = 0, echoed: bool = False, closed: bool = False, selected: str = ""
) -> CrossProtocol:
    """A server that took the web's hello, and its answers to the request."""
    return CrossProtocol(
        offered=("h2", "http/1.1"),
        completed=True,
        ended=Ended(Cause.COMPLETED, Stage.RESPONSE),
        selected=selected,
        request=b"POST /nonce HTTP/1.1\r\n",
        answers=answers,
        lines_taken=lines_taken,
        echoed=echoed,
        closed=closed,
    )


def sample_refusal(alert: int = NO_APPLICATION_PROTOCOL) -> CrossProtocol:
    """A server that refused the hello."""
    ended = Ended(Cause.ALERT, Stage.HANDSHAKE, alert=alert)
    return CrossProtocol(offered=("h2", "http/1.1"), completed=False, ended=ended, alert=alert)
