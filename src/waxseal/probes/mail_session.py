"""An SMTP or LMTP session made ready for its questions: greeting, hello, and TLS where that is offered.

For the probes that ask about mail and not about TLS. Those that look at STARTTLS itself go their own way.
"""

from collections.abc import Iterable

from msgspec import structs

from waxseal.facts import Answer, Cause, Reply, Stage, TlsMode, Transcript
from waxseal.net.errors import NetError
from waxseal.probes.exchange import MAX_TRANSCRIPT_LINES, Exchange
from waxseal.probes.recorder import Run, declined
from waxseal.wire import smtp_command
from waxseal.wire.smtp_reply import ReplyParser

SHUTTING_DOWN = 421
"""The server closes the connection (RFC 5321 §3.8)."""


async def ready(exchange: Exchange, run: Run) -> bool:
    """Open the session; False where the server declines to have one, and then `run.ended` says so.

    Raises:
        NetError: The connection, the handshake or the dialogue failed.
    """
    greeting = await exchange.open()
    if greeting.status != "220":
        return await _give_up(exchange, run, Stage.GREETING, greeting)
    hello = await exchange.hello()
    offered = any(keyword.name == "STARTTLS" for keyword in exchange.keywords)
    if hello.status == "250" and offered and exchange.way.mode is TlsMode.STARTTLS:
        go_ahead = await exchange.say(exchange.starttls_command)
        if go_ahead.status != "220":
            return await _give_up(exchange, run, Stage.STARTTLS, go_ahead)
        await exchange.start_tls()
        hello = await exchange.hello()
    if hello.status != "250":
        stage = Stage.EHLO_TLS if exchange.in_tls else Stage.EHLO
        return await _give_up(exchange, run, stage, hello)
    return True


async def ask(exchange: Exchange, command: bytes, limit_s: float | None = None) -> Reply:
    """Say a command, with or without its CRLF, and give the reply.

    Raises:
        NetError: No whole reply came.
    """
    return reply_of(await exchange.say(command.removesuffix(b"\r\n"), limit_s=limit_s))


def reply_of(answer: Answer) -> Reply:
    """An answer as a reply."""
    parser = ReplyParser()
    reply, _ = parser.feed_until_reply(answer.raw)
    reply = reply or parser.finish()
    return Reply(code=None, lines=(answer.text,), raw=answer.raw) if reply is None else reply


def own_mailbox(ehlo_name: str, local_address: str) -> str:
    """A mailbox of the one who tests: its postmaster (RFC 5321 §4.5.1)."""
    return f"postmaster@{own_host(ehlo_name, local_address)}"


def own_host(ehlo_name: str, local_address: str) -> str:
    """The name of the one who tests: the one given, or the literal of its address (RFC 5321 §4.1.3)."""
    try:
        return ehlo_name or smtp_command.address_literal(local_address)
    except ValueError:
        return "localhost"


def joined(probe: str, talks: Iterable[tuple[float, Transcript]]) -> Transcript:
    """The dialogues of one attempt in one, each with the seconds at which it began."""
    lines = [
        structs.replace(line, at_s=round(begin_s + line.at_s, 6))
        for begin_s, talk in talks
        for line in talk.lines
    ]
    return Transcript(probe=probe, lines=tuple(lines[:MAX_TRANSCRIPT_LINES]))


async def _give_up(exchange: Exchange, run: Run, stage: Stage, answer: Answer) -> bool:
    code = int(answer.status) if answer.status.isdigit() else None
    run.ended = declined(stage, code, answer.text)
    if code == SHUTTING_DOWN:
        await exchange.close()
    else:
        await exchange.leave()
    return False


def hung_up(error: NetError) -> bool:
    """Whether the server ended the connection, rather than the network or our own limits.

    Exim ends TLS first and then says in clear why, which is no TLS record.
    """
    return error.cause in (Cause.CLOSED, Cause.RESET, Cause.ALERT, Cause.TLS_FAILED)
