"""Sample facts for the checks around STARTTLS."""

from msgspec import structs

from waxseal.checks import samples
from waxseal.facts import (
    Answer,
    Attempt,
    Cause,
    CommandInjection,
    Ended,
    Endpoint,
    InjectionTrial,
    MailProtocol,
    Stage,
    StarttlsSession,
    TlsMode,
)

NONCE = "abcdefghijklmnop"
OK = Ended(Cause.COMPLETED, Stage.QUIT)
BROKEN = Ended(Cause.CLOSED, Stage.HANDSHAKE)
GO_AHEAD = Answer("220", "2.0.0 Ready to start TLS")


def endpoint(protocol: MailProtocol = MailProtocol.SMTP) -> Endpoint:
    """An endpoint with STARTTLS."""
    return Endpoint(mode=TlsMode.STARTTLS, reference_names=("mx.example.org",), protocol=protocol)


def answer(text: str) -> Answer:
    """``503 5.5.1 Error`` as an answer; with IMAP's tag where it begins with one."""
    words = text.split(" ")
    tag = words.pop(0) if words[0] not in ("OK", "NO", "+OK", "-ERR") and not words[0].isdigit() else ""
    return Answer(status=words[0], text=" ".join(words[1:]), raw=text.encode() + b"\r\n", tag=tag)


def answers(**heard: str) -> StarttlsSession:
    """What was heard, by field."""
    return StarttlsSession(**{name: answer(text) for name, text in heard.items()})


def ended(cause: Cause, stage: Stage) -> Attempt:
    """How the probe of the session ended."""
    return samples.attempt(cause, stage, "starttls.session")


def trial(way: str, *heard: str, smuggled: str = "", first: str = "", **changes: object) -> InjectionTrial:
    """A trial in SMTP: these answers under TLS, to EHLO and QUIT, or to `first` and them."""
    fields: dict[str, object] = {
        "way": way,
        "clear": f"STARTTLS\r\n{smuggled}".encode(),
        "ended": OK,
        "go_ahead": GO_AHEAD,
        "commands": (*((first,) if first else ()), "EHLO probe.example.net", "QUIT"),
        "answers": tuple(answer(text) for text in heard),
    }
    return InjectionTrial(**{**fields, **changes})  # type: ignore[arg-type]


def control(**changes: object) -> InjectionTrial:
    """The control: ``OP`` is unknown, ``NOOP`` is not."""
    commands = (f"NOOP {NONCE}", f"OP {NONCE}", "EHLO probe.example.net", f"OP {NONCE}", "QUIT")
    heard = ("250 2.0.0 Ok", "500 5.5.2 unknown", "250 mx.example.org", "500 5.5.2 unknown", "221 Bye")
    return structs.replace(trial("control", *heard), commands=commands, **changes)


def injection(*trials: InjectionTrial) -> CommandInjection:
    """The control and these trials of the command ``OP``."""
    return CommandInjection(nonce=NONCE, command=f"OP {NONCE}", trials=(control(), *trials))
