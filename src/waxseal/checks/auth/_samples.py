"""Sample facts that only the examples of these checks need; the others are in ``checks.samples``."""

from waxseal.checks import samples
from waxseal.facts import (
    Answer,
    AuthTrial,
    AuthTrials,
    CapabilitiesClear,
    CapabilitiesTls,
    Cause,
    Ended,
    Endpoint,
    Fact,
    Keyword,
    MailProtocol,
    Response,
    TlsMode,
)

USER = "waxseal-0123456789abcdef@example.org"


def endpoint(protocol: MailProtocol, mode: TlsMode = TlsMode.STARTTLS) -> Endpoint:
    """An endpoint of that protocol."""
    return Endpoint(mode=mode, reference_names=("mx.example.org",), protocol=protocol)


def _keywords(words: tuple[str, ...]) -> tuple[Keyword, ...]:
    return tuple(Keyword(word.split(" ")[0], tuple(word.split(" ")[1:])) for word in words)


def clear(*words: str, good: str = "OK") -> CapabilitiesClear:
    """The capabilities in clear: ``clear("IMAP4REV1", "AUTH=PLAIN")``, ``clear("SASL PLAIN")``."""
    return CapabilitiesClear(response=Response(good), keywords=_keywords(words))


def sealed(*words: str, good: str = "OK") -> CapabilitiesTls:
    """The capabilities under TLS."""
    return CapabilitiesTls(response=Response(good), keywords=_keywords(words))


def imap(*words: str) -> tuple[Fact, ...]:
    """An IMAP server with these capabilities in clear."""
    return endpoint(MailProtocol.IMAP), clear("IMAP4REV1", "STARTTLS", *words)


def pop3(*words: str) -> tuple[Fact, ...]:
    """A POP3 server with these capabilities in clear."""
    return endpoint(MailProtocol.POP3), clear("STLS", *words, good="+OK")


def smtp(in_clear: str = "", under_tls: str = "") -> tuple[Fact, ...]:
    """An SMTP server with these mechanisms in clear and under TLS, separated by spaces."""
    words = (f"AUTH {in_clear}",) if in_clear else ()
    sealed_words = (f"AUTH {under_tls}",) if under_tls else ()
    return (
        samples.endpoint(),
        samples.ehlo("STARTTLS", *words),
        samples.handshake(),
        samples.ehlo_tls("SIZE 1000", *sealed_words),
    )


def answer(text: str) -> Answer:
    """``535 5.7.8 no``; ``NO [CODE] text`` with the tag ``a1`` where it is IMAP's."""
    status, _, rest = text.partition(" ")
    return Answer(status=status, text=rest, tag="a1" if status in ("NO", "OK", "BAD") else "")


def trial(mechanism: str, *answers: str, in_tls: bool = False, cause: Cause = Cause.COMPLETED) -> AuthTrial:
    """One login that was answered so."""
    return AuthTrial(mechanism, in_tls, tuple(answer(text) for text in answers), Ended(cause))


def trials(*tried: AuthTrial) -> AuthTrials:
    """What came of the logins."""
    return AuthTrials(user=USER, trials=tried)
