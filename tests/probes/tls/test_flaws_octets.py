"""The octets of the tests of flaws, and what is made of replies, without a server."""

import os

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from waxseal.facts import Cause, MailProtocol, Reaction
from waxseal.probes.tls.flaws.cbc_padding import SPOILT, content, in_cbc
from waxseal.probes.tls.flaws.clear import ClearTalk, Joined, quiet_after
from waxseal.probes.tls.flaws.early_ccs import EarlyCcsTalk
from waxseal.probes.tls.flaws.heartbeat import request
from waxseal.probes.tls.flaws.rsa_padding import (
    BLOCKS,
    NO_ZERO,
    WRONG_START,
    WRONG_VERSION,
    ZERO_ELSEWHERE,
    block,
    encrypted,
    usable_key,
    with_rsa,
)
from waxseal.probes.tls.flaws.series import Series, Trial, sort_of
from waxseal.probes.tls.full12 import spoken, whole_hello
from waxseal.probes.tls.hellos import HelloMaker
from waxseal.probes.tls.question import HelloTalk
from waxseal.trust import der
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls12_exchange import RsaKey
from waxseal.wire.tls12_suites import parse_suite
from waxseal.wire.tls_fields import message, number, records, vector

MAKER = HelloMaker("mx.example.test")
HELLO_RSA = message(reg.SERVER_HELLO, b"\x03\x03" + bytes(32) + b"\x00\x00\x2f\x00")
MAC_OCTETS = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48}


@given(st.integers(59, 2048), st.sampled_from((0x0300, 0x0301, 0x0303)), st.booleans())
def test_blocks(size: int, offered: int, whole_octets: bool) -> None:
    for variant in BLOCKS:
        made = block(variant, size, offered, whole_octets=whole_octets)
        assert len(made) == size
        start, padding, before, secret = made[:2], made[2:-49], made[-49], made[-48:]
        assert 0 not in padding
        assert (start == b"\x00\x02") == (variant != WRONG_START)
        assert (before == 0) == (variant not in (NO_ZERO, ZERO_ELSEWHERE))
        assert (secret[:2] == number(offered, 2)) == (variant != WRONG_VERSION)
        zeros = [at for at, octet in enumerate(secret[2:], 2) if octet == 0]
        assert zeros == ([46] if variant == ZERO_ELSEWHERE else [])
    assert block(WRONG_START, size, offered, whole_octets=whole_octets)[0] == (0x41 if whole_octets else 0)


def test_no_other_block() -> None:
    with pytest.raises(ValueError, match="no block"):
        block("other", 128, 0x0303)


@pytest.mark.parametrize("bits", [1024, 1031, 2048])
def test_ciphertexts_are_of_the_key(bits: int) -> None:
    key = rsa.generate_private_key(65537, bits)
    numbers = key.private_numbers()
    public = RsaKey(numbers.public_numbers.n, numbers.public_numbers.e)
    size = (bits + 7) // 8
    for variant in BLOCKS:
        made = block(variant, size, 0x0303, whole_octets=bits % 8 == 0)
        sent = encrypted(made, public)
        opened = pow(int.from_bytes(sent, "big"), numbers.d, public.modulus).to_bytes(size, "big")
        assert (len(sent), opened) == (size, made)


def certificate_of(key: RsaKey) -> bytes:
    """As much of a certificate as the way to its key needs, signed by nobody."""
    numbers = (der.encode(der.INTEGER, b"\x00" + n.to_bytes(2100)) for n in key)
    kind = der.encode(der.SEQUENCE, bytes.fromhex("06092a864886f70d0101010500"))
    spki = der.encode(
        der.SEQUENCE, kind, der.encode(der.BIT_STRING, b"\x00" + der.encode(der.SEQUENCE, *numbers))
    )
    empty = der.encode(der.SEQUENCE)
    fields = (der.encode(der.INTEGER, b"\x01"), empty, empty, empty, empty, spki)
    return der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, *fields))


@pytest.mark.parametrize(
    ("modulus_bits", "exponent_bits", "usable"),
    [(2048, 17, True), (16384, 64, True), (16385, 17, False), (471, 17, False), (2048, 65, False)],
)
def test_a_key_that_costs_seconds_is_left_alone(modulus_bits: int, exponent_bits: int, usable: bool) -> None:
    key = RsaKey(1 << modulus_bits - 1 | 1, 1 << exponent_bits - 1 | 1)
    shown = message(reg.CERTIFICATE, vector(vector(certificate_of(key), 3), 3))
    talk = HelloTalk(MAKER.up_to_12(0x0303, (0x002F,), (29,)))
    talk.start()
    talk.receive(records(reg.HANDSHAKE, HELLO_RSA + shown + message(reg.SERVER_HELLO_DONE, b""), 0x0303))
    assert talk.flight.certificates is not None
    assert usable_key(talk) == (key if usable else None)


@pytest.mark.parametrize(
    ("suite", "fits"),
    [(0x002F, True), (0x009C, True), (0x0003, False), (0x0033, False), (0xC013, False), (0x1301, False)],
)
def test_suites_with_rsa(suite: int, fits: bool) -> None:
    assert with_rsa(suite) is fits


@given(st.binary(max_size=64), st.binary(max_size=32))
def test_a_request_asks_for_what_it_carries(payload: bytes, padding: bytes) -> None:
    octets = request(payload, padding)
    assert octets[0] == 1
    assert octets[3:] == payload + padding
    assert int.from_bytes(octets[1:3], "big") == len(payload)


@pytest.mark.parametrize("suite", [s for s in range(0xC100) if in_cbc(s) and s in spoken([s])])
def test_spoilt_records_stay_whole_blocks(suite: int) -> None:
    """And no padding says that it is longer than what it ends (see the module on CVE-2016-2107)."""
    found = parse_suite(suite)
    assert found is not None
    client = Tls12Client(MAKER.up_to_12(0x0303, (suite,)), os.urandom)
    client.suite = found
    block_octets, mac = found.cipher.block_octets, bytes(MAC_OCTETS[found.mac])
    for empty, spoil in SPOILT.values():
        octets = b"" if empty else content(client, MailProtocol.SMTP)
        size = block_octets - (len(octets) + len(mac)) % block_octets
        assert size >= 2  # there is padding to spoil
        assert empty or size == block_octets
        made = spoil(octets, mac, bytes([size - 1]) * size)
        assert len(made) % block_octets == 0
        assert made[-1] + 1 == size
        assert made != octets + mac + bytes([size - 1]) * size


def test_only_what_can_be_gone_through_with_is_offered() -> None:
    hello = whole_hello(MAKER, 0x0303, (0x002F,), ticket=False, encrypt_then_mac=False)
    assert hello.compressions == (0,)
    for absent in (reg.HEARTBEAT, reg.SESSION_TICKET, reg.ENCRYPT_THEN_MAC):
        assert hello.extension(absent) is None
    assert whole_hello(MAKER, 0x0303, (0x002F,)).extension(reg.SESSION_TICKET) is not None
    assert whole_hello(MAKER, 0x0300, (0x002F,)).extensions is None


ALERT = records(reg.ALERT, b"\x02\x0a")


@pytest.mark.parametrize(
    ("came", "cause", "alert"),
    [
        (ALERT, Cause.ALERT, 10),
        (b"454 no\r\n", Cause.NOT_TLS, None),
        (records(reg.CHANGE_CIPHER_SPEC, b"\x01"), Cause.COMPLETED, None),
    ],
)
def test_what_comes_behind_octets_in_clear(came: bytes, cause: Cause, alert: int | None) -> None:
    for cut in range(1, len(came)):
        talk = ClearTalk(b"x", 1.0)
        assert talk.start() == b"x"
        talk.receive(came[:cut])
        talk.receive(came[cut:])
        reply = talk.reply()
        assert reply is not None
        assert (reply.cause, reply.alert) == (cause, alert)
        assert came.startswith(reply.octets)


def test_a_spent_budget_is_no_reply() -> None:
    talk = ClearTalk(b"x", 1.0)
    assert talk.reply() is None
    talk.end(Cause.BUDGET_SPENT)
    assert talk.reply() is None


def test_silence_at_two_change_cipher_specs() -> None:
    talk = EarlyCcsTalk(0x0303, 1.0)
    first = talk.start()
    assert talk.fact() is None
    assert talk.silence() == first == b"\x14\x03\x03\x00\x01\x01"
    assert not talk.done
    talk.silence()
    fact = talk.fact()
    assert talk.done
    assert fact is not None
    assert fact.second is not None
    assert (fact.first.cause, fact.second.cause) == (Cause.TIMED_OUT, Cause.TIMED_OUT)


def test_silence_lasts_longer_where_all_is_slow() -> None:
    assert quiet_after(0.0) < quiet_after(0.5) < quiet_after(1.0)
    assert quiet_after(60.0) == 5.0


def _flight() -> bytes:
    body = b"\x03\x03" + bytes(32) + vector(b"", 1) + b"\x00\x2f\x00"
    return records(reg.HANDSHAKE, message(reg.SERVER_HELLO, body) + message(reg.SERVER_HELLO_DONE, b""))


def test_joined_talks() -> None:
    made: list[ClearTalk] = []

    def go_on(first: HelloTalk) -> ClearTalk:
        assert first.flight.whole
        made.append(ClearTalk(b"behind", 1.0))
        return made[0]

    talk = Joined(HelloTalk(MAKER.up_to_12(0x0303, (0x002F,))), go_on)
    assert talk.start()[:1] == b"\x16"
    assert talk.quiet_s is None
    flight = _flight()
    assert talk.receive(flight[:20]) == b""
    assert talk.receive(flight[20:]) == b"behind"
    assert talk.quiet_s == 1.0
    talk.receive(ALERT)
    assert (talk.done, talk.cause) == (True, Cause.COMPLETED)
    reply = made[0].reply()
    assert reply is not None
    assert reply.alert == 10


def test_a_reset_behind_the_flight_is_an_answer() -> None:
    talk = Joined(HelloTalk(MAKER.up_to_12(0x0303, (0x002F,))), lambda first: ClearTalk(b"behind", 1.0))
    talk.start()
    talk.receive(_flight())
    talk.end(Cause.RESET)
    assert isinstance(talk.further, ClearTalk)
    reply = talk.further.reply()
    assert reply is not None
    assert (talk.cause, reply.cause) == (Cause.COMPLETED, Cause.RESET)


@pytest.mark.parametrize("came", [ALERT, b"nonsense"])
def test_joined_talks_without_a_flight(came: bytes) -> None:
    def never(first: HelloTalk) -> ClearTalk:
        raise AssertionError(first)

    talk = Joined(HelloTalk(MAKER.up_to_12(0x0303, (0x002F,))), never)
    talk.start()
    talk.receive(came)
    assert talk.done
    assert talk.further is None
    assert talk.cause in (Cause.ALERT, Cause.NOT_TLS)


class Told(Trial):
    """A trial that had a reply, or none."""

    def __init__(self, variant: str, reply: Reaction | None) -> None:
        super().__init__()
        self.variant = variant
        self.done = True
        self._reply = reply

    def reply(self) -> Reaction | None:
        return self._reply


def test_a_series() -> None:
    series = Series(("a", "b", "c"))
    assert series.next() == "a"
    pending = Told("a", None)
    pending.done = False
    series.trials.append(pending)
    assert series.next() == "b"  # one that is under way is not begun again
    pending.done = True
    assert series.next() == "a"
    series.trials.append(Told("a", None))
    assert series.next() == "b"  # what failed twice is left alone
    for variant in "bc":
        series.trials.append(Told(variant, Reaction(Cause.ALERT, 20)))
    assert series.next() is None
    assert not series.differs
    assert [answer.variant for answer in series.answers()] == ["b", "c"]
    series.trials.append(Told("a", Reaction(Cause.ALERT, 51)))
    assert series.differs
    series.confirmed = [Told("a", None)]
    assert [answer.variant for answer in series.answers()] == ["a", "b", "c"]
    series.confirmed = [Told("a", Reaction(Cause.ALERT, 51)), Told("a", Reaction(Cause.CLOSED))]
    (answer,) = series.answers()
    assert [reply.cause for reply in answer.replies] == [Cause.ALERT, Cause.CLOSED]


def test_an_end_is_an_end() -> None:
    assert sort_of(Reaction(Cause.RESET)) == sort_of(Reaction(Cause.CLOSED))
    assert sort_of(Reaction(Cause.ALERT, 20)) != sort_of(Reaction(Cause.ALERT, 21))
    assert sort_of(Reaction(Cause.TIMED_OUT)) != sort_of(Reaction(Cause.CLOSED))
