"""One connection under full control: what goes out, what comes, and what it is when nothing does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tests.probes.scripted import (
    EHLO,
    GREET,
    OFFER,
    PLAIN,
    READY,
    SETTINGS,
    SUBJECT,
    Close,
    DialerTo,
    Expect,
    Flood,
    Pause,
    Say,
    Script,
    ScriptedServer,
    Stall,
    StartTls,
    network,
)
from waxseal.facts import Answer, Cause, MailProtocol, TlsMode
from waxseal.lab.listener import LOOPBACK
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.exchange import Exchange
from waxseal.probes.recorder import Recorder, Run
from waxseal.probes.way import Way

T = TypeVar("T")

QUIT = Expect(b"QUIT")
BYE = Say(b"221 2.0.0 Bye\r\n")


def talk(
    work: Callable[[Exchange], Awaitable[T]],
    *script: object,
    protocol: MailProtocol = MailProtocol.SMTP,
    mode: TlsMode = TlsMode.STARTTLS,
) -> T:
    """Do this work over one connection to a server that follows the script."""

    async def run() -> T:
        steps: Script = script  # type: ignore[assignment]
        async with ScriptedServer(steps) as server:
            outside = network(DialerTo(server.port))
            peer = Peer(outside, LOOPBACK, 25, time_limit_s=5.0, connection_limit=3)
            held = Run(Recorder(outside.clock), (SUBJECT,), "test")
            exchange = Exchange(peer, held, Way(protocol, mode, "mx.example.test"), SETTINGS)
            try:
                done = await work(exchange)
            finally:
                await exchange.close()
            assert server.problems == []
            return done

    return asyncio.run(run())


async def opened(exchange: Exchange) -> Exchange:
    assert (await exchange.open()).status == "220"
    assert (await exchange.hello()).status == "250"
    return exchange


def test_a_conversation_over_starttls() -> None:
    async def work(exchange: Exchange) -> list[Answer]:
        await opened(exchange)
        assert [keyword.name for keyword in exchange.keywords] == ["SIZE", "STARTTLS"]
        assert (await exchange.say(b"STARTTLS")).status == "220"
        await exchange.start_tls()
        assert exchange.in_tls
        assert exchange.keywords == ()
        assert exchange.leftover == b""
        await exchange.hello()
        await exchange.leave()
        return exchange.answers

    steps = (GREET, EHLO, OFFER, Expect(b"STARTTLS"), READY, StartTls(PLAIN), EHLO)
    answers = talk(work, *steps, Say(b"250 mx.example.test\r\n"), QUIT, BYE)
    assert [str(answer) for answer in answers] == ["250 mx.example.test", "221 2.0.0 Bye"]


def test_what_nobody_asked_for_is_no_answer_to_the_next_command() -> None:
    async def work(exchange: Exchange) -> tuple[Answer, tuple[Answer, ...]]:
        await opened(exchange)
        unasked = await exchange.collect(0.3)
        return await exchange.say(b"NOOP"), unasked

    more = Say(b"250 2.0.0 unasked\r\n")
    noop, unasked = talk(
        work, GREET, EHLO, OFFER, Pause(0.05), more, Expect(b"NOOP"), Say(b"250 2.0.0 ok\r\n")
    )
    assert [answer.text for answer in unasked] == ["2.0.0 unasked"]
    assert noop.text == "2.0.0 ok"


def test_several_commands_in_one_segment() -> None:
    async def work(exchange: Exchange) -> list[str]:
        await opened(exchange)
        octets = exchange.prepare(b"NOOP") + exchange.prepare(b"RSET")
        await exchange.write(octets)
        return [(await exchange.hear()).text, (await exchange.hear()).text]

    both = (Expect(b"NOOP"), Expect(b"RSET"), Say(b"250 one\r\n250 two\r\n"))
    assert talk(work, GREET, EHLO, OFFER, *both) == ["one", "two"]


def test_secrets_stay_out_of_the_transcript() -> None:
    async def work(exchange: Exchange) -> str:
        await opened(exchange)
        await exchange.say(b"AUTH PLAIN c2VjcmV0", secret=True)
        assert (await exchange.go_on(b"c2VjcmV0")).raw == b"500 ****?\r\n"
        return "\n".join(line.text for line in exchange.transcript().lines)

    steps = (Expect(b"AUTH PLAIN"), Say(b"334 \r\n"), Expect(b"c2VjcmV0"), Say(b"500 c2VjcmV0?\r\n"))
    text = talk(work, GREET, EHLO, OFFER, *steps)
    assert "AUTH ****" in text
    assert "c2VjcmV0" not in text


@pytest.mark.parametrize(
    ("steps", "cause"),
    [
        ((Close(),), Cause.CLOSED),
        ((Say(b"250-one\r\n250-tw"), Close()), Cause.CLOSED),
        ((Stall(),), Cause.TIMED_OUT),
        ((Flood(b"250-more\r\n" * 1000),), Cause.LIMIT),
        ((Flood(b"x" * 10000),), Cause.LIMIT),
    ],
)
def test_no_whole_answer_has_one_cause(steps: Script, cause: Cause) -> None:
    async def work(exchange: Exchange) -> Cause:
        await opened(exchange)
        with pytest.raises(NetError) as caught:
            await exchange.say(b"NOOP", limit_s=0.4)
        return caught.value.cause

    assert talk(work, GREET, EHLO, OFFER, Expect(b"NOOP"), *steps) is cause


def test_421_ends_the_dialling() -> None:
    async def work(exchange: Exchange) -> Cause:
        assert (await exchange.open()).status == "421"
        with pytest.raises(NetError) as caught:
            await exchange.peer.dial()
        return caught.value.cause

    assert talk(work, Say(b"421 4.3.2 later\r\n"), Close()) is Cause.BUDGET_SPENT


def test_imap_tells_tags_apart() -> None:
    async def work(exchange: Exchange) -> list[str]:
        assert (await exchange.open()).status == "OK"
        await exchange.write(exchange.prepare(b"x9 NOOP", tagged=True))
        own = await exchange.hear()
        assert await exchange.collect(0.2) == ()
        await exchange.hello()
        assert exchange.mechanisms == ("PLAIN",)
        return [own.tag, *(answer.tag for answer in exchange.answers)]

    listed = Say(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK done\r\n")
    steps = (
        Say(b"* OK ready\r\n"),
        Expect(b"x9 NOOP"),
        Say(b"x9 OK done\r\n"),
        Expect(b"a1 CAPABILITY"),
        listed,
    )
    assert talk(work, *steps, protocol=MailProtocol.IMAP) == ["x9", "*", "x9", "a1"]


def test_imap_passes_over_the_late_answer_to_an_earlier_command() -> None:
    async def work(exchange: Exchange) -> list[str]:
        await exchange.open()
        return [str(await exchange.say(command)) for command in (b"STARTTLS x", b"STARTTLS")]

    steps = (Say(b"* OK ready\r\n"), Expect(b"a1"), Say(b"+ go on\r\n"), Expect(b"a2"))
    late = Say(b"a1 BAD what?\r\na2 OK begin\r\n")
    assert talk(work, *steps, late, protocol=MailProtocol.IMAP) == ["+ go on", "a2 OK begin"]


def test_octets_without_end_before_the_go_ahead_are_not_taken_in() -> None:
    async def work(exchange: Exchange) -> Cause:
        await exchange.open()
        with pytest.raises(NetError) as caught:
            await exchange.start_tls_at_once()
        return caught.value.cause

    steps = (Say(b"* OK ready\r\n"), Expect(b"a1"), Flood(b"x OK\r\n" * 1000))
    assert talk(work, *steps, protocol=MailProtocol.IMAP) is Cause.LIMIT


@pytest.mark.parametrize(
    ("farewell", "in_step"),
    [(b"221 bye\r\n", True), (b"421 bye\r\n", True), (b"250 ok\r\n", False), (b"221 a\r\n221 b\r\n", False)],
)
def test_goodbye_tells_whether_answers_were_in_step(farewell: bytes, in_step: bool) -> None:
    async def work(exchange: Exchange) -> bool:
        await exchange.open()
        await exchange.leave()
        return exchange.in_step

    assert talk(work, GREET, QUIT, Say(farewell)) is in_step


def test_managesieve_lists_by_itself_behind_tls() -> None:
    async def work(exchange: Exchange) -> tuple[str, ...]:
        assert (await exchange.open()).status == "OK"
        assert exchange.mechanisms == ()
        await exchange.say(b"STARTTLS")
        await exchange.start_tls()
        return exchange.mechanisms

    clear, sealed = b'"STARTTLS"\r\nOK\r\n', b'"SASL" "PLAIN LOGIN"\r\nOK\r\n'
    steps = (Say(clear), Expect(b"STARTTLS"), Say(b"OK\r\n"), StartTls(PLAIN), Say(sealed))
    assert talk(work, *steps, protocol=MailProtocol.SIEVE) == ("PLAIN", "LOGIN")


def test_implicit_tls_comes_before_the_greeting() -> None:
    async def work(exchange: Exchange) -> bool:
        assert (await exchange.open()).status == "+OK"
        return exchange.in_tls

    steps = (StartTls(PLAIN), Say(b"+OK ready\r\n"))
    assert talk(work, *steps, protocol=MailProtocol.POP3, mode=TlsMode.IMPLICIT)
