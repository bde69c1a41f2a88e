import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.net.loopback import FakeClock, connected, read_to_end
from tests.probes.scripted import (
    BYE,
    EHLO,
    GREET,
    HOST,
    NO_OFFER,
    OFFER,
    QUIT,
    SETTINGS,
    SUBJECT,
    Close,
    Drip,
    Expect,
    Reset,
    Say,
    SayEach,
    Script,
    ScriptedServer,
    Stall,
    network,
)
from waxseal.facts import Attempt, Cause, EhloClear, FactSet, Greeting, QuitAnswer, StarttlsAnswer, TlsMode
from waxseal.lab.listener import LabStream, PeerGone
from waxseal.net.clock import SystemClock
from waxseal.net.dial import TcpDialer
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.net.stream import ByteStream
from waxseal.net.tape import RecordingStream, ReplayStream, TapePiece
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.smtp_dialogue import smtp_dialogue


class RecordingDialer:
    """Dials one port, and keeps the tape of the last stream."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.tape: list[TapePiece] = []

    async def dial(self, address: str, port: int) -> ByteStream:
        stream = RecordingStream(await TcpDialer().dial("127.0.0.1", self._port), SystemClock())
        self.tape = stream.pieces
        return stream


class ReplayDialer:
    """Gives streams that play a tape."""

    def __init__(self, tape: list[TapePiece]) -> None:
        self._tape = tape
        self.streams: list[ReplayStream] = []

    async def dial(self, address: str, port: int) -> ByteStream:
        self.streams.append(ReplayStream(self._tape))
        return self.streams[-1]


def test_keeps_both_directions_in_order_with_their_times() -> None:
    async def talk(stream: LabStream) -> None:
        await stream.write(b"220 hi\r\n")
        await stream.read_line()
        await stream.write(b"221 bye\r\n")

    async def run() -> list[TapePiece]:
        async with connected(talk) as inner:
            clock = FakeClock()
            stream = RecordingStream(inner, clock)
            await stream.read()
            clock.time_s += 2.5
            await stream.write(b"QUIT\r\n")
            await read_to_end(stream)
            assert (stream.octets_in, stream.octets_out) == (17, 6)
            assert stream.local_address == "127.0.0.1"
            await stream.close()
            return stream.pieces

    pieces = asyncio.run(run())
    assert [(piece.sender, piece.octets) for piece in pieces] == [
        ("S", b"220 hi\r\n"),
        ("C", b"QUIT\r\n"),
        ("S", b"221 bye\r\n"),
        ("S", b""),
    ]
    assert [piece.at_s for piece in pieces] == [0, 2.5, 2.5, 2.5]


def test_an_error_is_kept_and_comes_again() -> None:
    async def talk(stream: LabStream) -> None:
        await stream.write(b"220")
        await asyncio.sleep(0.02)
        stream.reset()
        raise PeerGone

    async def run() -> None:
        async with connected(talk) as inner:
            stream = RecordingStream(inner, SystemClock())
            assert await stream.read() == b"220"
            with pytest.raises(NetError):
                await stream.read()
        replay = ReplayStream(stream.pieces)
        assert await replay.read() == b"220"
        with pytest.raises(NetError) as caught:
            await replay.read()
        assert caught.value.cause is Cause.RESET

    asyncio.run(run())


def test_reads_are_cut_at_the_limit_and_end_with_the_tape() -> None:
    async def run() -> None:
        replay = ReplayStream(
            [TapePiece(0, "S", b"abcdef"), TapePiece(0, "C", b"x"), TapePiece(1, "S", b"gh")]
        )
        assert [await replay.read(4) for _ in range(5)] == [b"abcd", b"ef", b"gh", b"", b""]
        await replay.write(b"one")
        await replay.write(b" two")
        assert bytes(replay.written) == b"one two"
        assert (replay.octets_in, replay.octets_out) == (8, 7)
        await replay.close()
        replay.abort()

    asyncio.run(run())


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=8), st.integers(1, 40))
def test_a_replay_gives_the_same_octets_at_any_limit(pieces: list[bytes], limit_octets: int) -> None:
    replay = ReplayStream([TapePiece(0, "S", piece) for piece in pieces])
    assert asyncio.run(read_to_end(replay, limit_octets)) == b"".join(pieces)


def test_a_tape_can_be_stored() -> None:
    pieces = [TapePiece(0.5, "S", b"\x00\xff"), TapePiece(1.0, "S", b"", "reset")]
    assert msgspec.json.decode(msgspec.json.encode(pieces), type=list[TapePiece]) == pieces


def seen(facts: FactSet) -> list[object]:
    """All that does not depend on the time."""
    found: list[object] = []
    for record in facts:
        fact = record.fact
        if isinstance(fact, Greeting):
            found.append((fact.reply, fact.host_name, fact.extra))
        elif isinstance(fact, EhloClear):
            found.append((fact.reply, fact.command, fact.keywords, fact.rejected, fact.extra))
        elif isinstance(fact, StarttlsAnswer | QuitAnswer):
            found.append(fact.reply)
        elif isinstance(fact, Attempt):
            cause, stage, code = fact.ended.cause, fact.ended.stage, fact.ended.code
            found.append((cause, stage, code, fact.octets_in, fact.octets_out))
    return found


async def hold(dialer: RecordingDialer | ReplayDialer, settings: ProbeSettings) -> FactSet:
    outside = network(dialer)
    recorder = Recorder(outside.clock)
    peer = Peer(outside, "127.0.0.1", 25, time_limit_s=settings.seconds, connection_limit=1)
    await smtp_dialogue(peer, recorder, (SUBJECT,), settings, TlsMode.STARTTLS, HOST)
    return recorder.facts()


@pytest.mark.parametrize(
    "script",
    [
        (GREET, EHLO, NO_OFFER, QUIT, BYE, Close()),
        (SayEach(b"220-one\r\n220 two\r\n"), EHLO, SayEach(NO_OFFER.octets), QUIT, BYE, Close()),
        (GREET, EHLO, Say(b"502 what?\r\n"), Expect(b"HELO"), Say(b"250 a\r\n"), QUIT, BYE, Close()),
        (GREET, EHLO, OFFER, Expect(b"STARTTLS"), Say(b"454 later\r\n"), QUIT, BYE, Close()),
        (Say(b"421 busy\r\n"), Close()),
        (Say(b"554 no\r\n"), QUIT, Reset()),
        (Say(b"220-half a gree"), Close()),
        (GREET, EHLO, Reset()),
        (Say(GREET.octets + b"250 early\r\n"), EHLO, Close()),
        (Say(b"220-no end\r\n" * 600), Stall()),
    ],
)
def test_a_dialogue_played_back_gives_the_same_facts(script: Script) -> None:
    async def run() -> None:
        async with ScriptedServer(script) as server:
            recording = RecordingDialer(server.port)
            first = await hold(recording, SETTINGS)
        replaying = ReplayDialer(recording.tape)
        second = await hold(replaying, SETTINGS)
        assert seen(second) == seen(first)
        written = b"".join(piece.octets for piece in recording.tape if piece.sender == "C")
        assert bytes(replaying.streams[0].written) == written
        assert not server.problems

    asyncio.run(run())


def test_a_replay_needs_no_ehlo_name() -> None:
    """Its stream has no local address, so there is nothing to make an address literal of."""
    replaying = ReplayDialer([TapePiece(0, "S", GREET.octets), TapePiece(0, "S", NO_OFFER.octets)])
    facts = asyncio.run(hold(replaying, ProbeSettings(time_limit_s=2)))
    (attempt,) = [record.fact for record in facts if isinstance(record.fact, Attempt)]
    assert attempt.ended.cause is Cause.COMPLETED
    assert replaying.streams[0].written.startswith(b"EHLO [127.0.0.1]\r\n")


def test_a_drip_is_taped_octet_by_octet() -> None:
    async def run() -> None:
        async with ScriptedServer((Drip(b"220 slow\r\n", every_s=0.01),)) as server:
            recording = RecordingDialer(server.port)
            await hold(recording, ProbeSettings(ehlo_name="client.example.test", time_limit_s=0.3))
        spoken = [piece for piece in recording.tape if piece.sender == "S"]
        assert len(spoken) > 5
        assert {len(piece.octets) for piece in spoken[:5]} == {1}
        times = [piece.at_s for piece in spoken]
        assert times == sorted(times)

    asyncio.run(run())
