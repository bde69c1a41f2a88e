"""The way to the ClientHello: what is said, where it ends, and that no octets break it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wire.cuts import cut_places, pieces
from waxseal.facts import MailProtocol, Stage, TlsMode
from waxseal.wire import smtp_command
from waxseal.wire.smtp_client import Replied, SmtpConnection
from waxseal.wire.smtp_ehlo import parse_ehlo
from waxseal.wire.starttls import Opener, opener
from waxseal.wire.starttls_dialogue import MAX_EXTRA_OCTETS, MAX_STAGE_OCTETS

OWN_NAME = "probe.example.test"
SMTP, LMTP, IMAP, POP3, SIEVE = (
    MailProtocol.SMTP,
    MailProtocol.LMTP,
    MailProtocol.IMAP,
    MailProtocol.POP3,
    MailProtocol.SIEVE,
)
EHLO = b"EHLO probe.example.test\r\n"
LHLO = b"LHLO probe.example.test\r\n"
STARTTLS = b"STARTTLS\r\n"
HOST = b"250-mx.example.test\r\n"
SIEVE_GREETING = (
    b'"IMPLEMENTATION" "Example Sieve"\r\n"SIEVE" "fileinto reject"\r\n"STARTTLS"\r\nOK "ready"\r\n'
)

Turns = list[tuple[bytes, bytes]]
"""What the server says, and what is to be sent on it."""

READY: dict[str, tuple[MailProtocol, Turns]] = {
    "smtp": (
        SMTP,
        [
            (b"220 mx.example.test ESMTP\r\n", EHLO),
            (HOST + b"250-STARTTLS\r\n250 CHUNKING\r\n", STARTTLS),
            (b"220 2.0.0 go\r\n", b""),
        ],
    ),
    "smtp, lines with bare LF": (
        SMTP,
        [(b"220 mx\n", EHLO), (b"250-mx\n250 starttls\n", STARTTLS), (b"220\n", b"")],
    ),
    "smtp, long greeting, code alone": (
        SMTP,
        [
            (b"220-mx.example.test\r\n220-no spam\r\n220\r\n", EHLO),
            (HOST + b"250-SIZE 1000\r\n250 STARTTLS \r\n", STARTTLS),
            (b"220-ready\r\n220 to start\r\n", b""),
        ],
    ),
    "smtp, empty line between replies": (
        SMTP,
        [(b"220 mx\r\n\r\n", EHLO), (b"250-mx\r\n250 STARTTLS\r\n", STARTTLS), (b"220 go\r\n", b"")],
    ),
    "lmtp": (
        LMTP,
        [(b"220 mx LMTP\r\n", LHLO), (HOST + b"250 STARTTLS\r\n", STARTTLS), (b"220 go\r\n", b"")],
    ),
    "imap": (IMAP, [(b"* OK ready\r\n", b"a1 STARTTLS\r\n"), (b"a1 OK begin\r\n", b"")]),
    "imap, capabilities and untagged data": (
        IMAP,
        [
            (b"* OK [CAPABILITY IMAP4rev1 StartTLS LOGINDISABLED] hi\r\n", b"a1 STARTTLS\r\n"),
            (b"* OK {9}\r\na1 NO so\n\r\n* 3 EXISTS\r\na1 ok\r\n", b""),
        ],
    ),
    "pop3": (POP3, [(b"+OK ready <1@mx>\r\n", b"STLS\r\n"), (b"+OK begin\r\n", b"")]),
    "sieve": (SIEVE, [(SIEVE_GREETING, STARTTLS), (b'OK "begin"\r\n', b"")]),
    "sieve, literal": (
        SIEVE,
        [
            (b'"IMPLEMENTATION" {10}\r\nNO "way"\r\n\r\n"starttls"\r\nOK\r\n', STARTTLS),
            (b"ok (TAG {2}\r\nxy) {5}\r\nbegin\r\n", b""),
        ],
    ),
}

HI, HELLO, ASKED = Stage.GREETING, Stage.EHLO, Stage.STARTTLS
QUIT = b"QUIT\r\n"
LOGOUT = b"a2 LOGOUT\r\n"
MISSING = "STARTTLS not offered"
EARLY = "more came before it was asked for: "
DECLINED: list[tuple[MailProtocol, list[bytes], Stage, int | None, str, bool, bytes]] = [
    (SMTP, [b"554 go away\r\n"], HI, 554, "go away", False, QUIT),
    (SMTP, [b"421 too busy\r\n"], HI, 421, "too busy", True, b""),
    (SMTP, [b"SSH-2.0-x\r\n"], HI, None, "no reply: SSH-2.0-x", False, b""),
    (SMTP, [b"220 a\r\n220 b\r\n"], HELLO, None, EARLY + "220 b", False, QUIT),
    (SMTP, [b"220 a\r\n", b"220 b\r\n"], HELLO, 220, "b", False, QUIT),
    (SMTP, [b"220 a\r\n", b"502 5.5.1 what?\r\n"], HELLO, 502, "5.5.1 what?", False, QUIT),
    (SMTP, [b"220 a\r\n", b"250 a\r\n"], HELLO, 250, MISSING, False, QUIT),
    (SMTP, [b"220 a\r\n", b"250-STARTTLS\r\n250 X\r\n"], HELLO, 250, MISSING, False, QUIT),
    (SMTP, [b"220 a\r\n", b"250-a\r\n250 STARTTLSX\r\n"], HELLO, 250, MISSING, False, QUIT),
    (SMTP, [b"220 a\r\n", b"250-a\r\n250 XSTARTTLS\r\n"], HELLO, 250, MISSING, False, QUIT),
    (SMTP, [b"220 a\r\n", b"250-a\r\n250 STARTTLS\r\n", b"454 later\r\n"], ASKED, 454, "later", True, QUIT),
    (LMTP, [b"220 a\r\n", b"500 LHLO?\r\n"], HELLO, 500, "LHLO?", False, QUIT),
    (IMAP, [b"* BYE [UNAVAILABLE] later\r\n"], HI, None, "* BYE [UNAVAILABLE] later", True, b""),
    (IMAP, [b"* PREAUTH hello\r\n"], HI, None, "* PREAUTH hello", False, LOGOUT),
    (IMAP, [b"* OK [CAPABILITY IMAP4rev1] hi\r\n"], HI, None, MISSING, False, LOGOUT),
    (IMAP, [b"* OK hi\r\n", b"a1 BAD what\r\n"], ASKED, None, "a1 BAD what", False, LOGOUT),
    (IMAP, [b"* OK hi\r\na1 OK go\r\n"], ASKED, None, EARLY + "a1 OK go", False, LOGOUT),
    (IMAP, [b"* OK hi\r\n", b"* BYE bye\r\n"], ASKED, None, "* BYE bye", False, b""),
    (IMAP, [b"220 mx\r\n"], HI, None, "no IMAP greeting: 220 mx", False, b""),
    (POP3, [b"-ERR [SYS/TEMP] later\r\n"], HI, None, "-ERR [SYS/TEMP] later", True, b""),
    (POP3, [b"+OK hi\r\n", b"-ERR no\r\n"], ASKED, None, "-ERR no", False, QUIT),
    (POP3, [b"+OKAY\r\n"], HI, None, "no POP3 response: +OKAY", False, b""),
    (SIEVE, [b'"SIEVE" "x"\r\nOK\r\n'], HI, None, MISSING, False, b"LOGOUT\r\n"),
    (SIEVE, [b'BYE (TRYLATER) "busy"\r\n'], HI, None, 'BYE (TRYLATER) "busy"', True, b""),
    (SIEVE, [SIEVE_GREETING, b'NO "no"\r\n'], ASKED, None, 'NO "no"', False, b"LOGOUT\r\n"),
    (SIEVE, [b"* OK hi\r\n"], HI, None, "no ManageSieve response: * OK hi", False, b""),
]  # fmt: skip


def _new(protocol: MailProtocol, *, keep_lines: bool = True) -> Opener:
    return opener(protocol, TlsMode.STARTTLS, OWN_NAME, keep_lines=keep_lines)


def _state(made: Opener) -> tuple[object, ...]:
    return made.stage, made.ready, made.declined, made.extra, made.lines


@pytest.mark.parametrize("name", READY)
def test_dialogue_reaches_the_client_hello(name: str) -> None:
    protocol, turns = READY[name]
    made = _new(protocol)
    said = []
    for octets, expected in turns:
        assert not made.ready
        assert made.receive(octets) == expected
        said += [("S", line.rstrip("\r")) for line in octets.decode().split("\n") if line.rstrip("\r")]
        said += [("C", expected.decode().rstrip())] if expected else []
    assert made.ready
    assert made.declined is None
    assert made.stage is Stage.HANDSHAKE
    assert made.extra == b""
    assert made.lines == said
    assert made.goodbye() == b""


@pytest.mark.parametrize(("protocol", "said", "stage", "code", "text", "temporary", "goodbye"), DECLINED)
def test_server_declines(
    protocol: MailProtocol,
    said: list[bytes],
    stage: Stage,
    code: int | None,
    text: str,
    temporary: bool,
    goodbye: bytes,
) -> None:
    made = _new(protocol)
    for octets in said[:-1]:
        assert made.receive(octets)
        assert made.declined is None
    assert made.receive(said[-1]) == b""
    assert made.declined == (stage, code, text, temporary)
    assert not made.ready
    assert made.goodbye() == goodbye
    assert made.receive(b"220 go\r\n") == b""
    assert not made.ready


@pytest.mark.parametrize("name", READY)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(cuts=cut_places)
def test_each_turn_may_come_cut_anywhere(name: str, cuts: list[int]) -> None:
    protocol, turns = READY[name]
    whole, cut = _new(protocol), _new(protocol)
    for octets, expected in turns:
        assert whole.receive(octets) == expected
        assert b"".join(cut.receive(piece) for piece in pieces(octets, cuts)) == expected
        assert _state(cut) == _state(whole)


@pytest.mark.parametrize("name", READY)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(extra=st.binary(min_size=1, max_size=2 * MAX_EXTRA_OCTETS), cuts=cut_places)
def test_octets_behind_the_go_ahead_are_kept_apart(name: str, extra: bytes, cuts: list[int]) -> None:
    protocol, turns = READY[name]
    made = _new(protocol)
    for octets, _ in turns[:-1]:
        made.receive(octets)
    for piece in pieces(turns[-1][0] + extra, cuts):
        assert made.receive(piece) == b""
    assert made.stage is Stage.HANDSHAKE
    assert not made.ready
    assert made.extra == extra[:MAX_EXTRA_OCTETS]
    assert made.declined == (Stage.HANDSHAKE, None, "octets in clear where TLS is due", False)
    assert made.goodbye() == b""


def test_implicit_tls_is_ready_at_once() -> None:
    made = opener(SMTP, TlsMode.IMPLICIT, "")
    assert made.ready
    assert made.goodbye() == b""
    assert made.receive(b"220 mx\r\n") == b""
    assert not made.ready
    assert made.extra == b"220 mx\r\n"


@pytest.mark.parametrize("protocol", [SMTP, LMTP])
def test_own_name_is_checked(protocol: MailProtocol) -> None:
    with pytest.raises(ValueError, match="EHLO name"):
        opener(protocol, TlsMode.STARTTLS, "a\r\nQUIT")


@pytest.mark.parametrize("protocol", list(MailProtocol))
def test_nothing_is_said_before_the_greeting(protocol: MailProtocol) -> None:
    assert _new(protocol).goodbye() == b""


def test_nothing_is_said_while_the_answer_to_starttls_is_due() -> None:
    made = _new(SMTP)
    made.receive(b"220 mx\r\n")
    assert made.goodbye() == b"QUIT\r\n"
    made.receive(b"250-mx\r\n250 STARTTLS\r\n")
    assert made.goodbye() == b""


ENDLESS = {
    SMTP: b"220-on and on\r\n",
    LMTP: b"220-" + bytes(65536),
    IMAP: b"* OK {99999}\r\n" + b"x\r\n" * 30000,
    POP3: b"+OK " + b"x" * 70000,
    SIEVE: b'"X" "on and on"\r\n',
}


@pytest.mark.parametrize("protocol", ENDLESS)
@pytest.mark.parametrize("size", [7, 1460, 10**6])
def test_a_stage_has_a_limit(protocol: MailProtocol, size: int) -> None:
    made = _new(protocol, keep_lines=False)
    octets = ENDLESS[protocol] * (1 + 2 * MAX_STAGE_OCTETS // len(ENDLESS[protocol]))
    fed = 0
    while made.declined is None and fed < len(octets):
        assert made.receive(octets[fed : fed + size]) == b""
        fed += size
    assert made.declined == (
        Stage.GREETING,
        None,
        f"more than {MAX_STAGE_OCTETS} octets without an end",
        False,
    )
    assert fed <= MAX_STAGE_OCTETS + size + len(ENDLESS[protocol])


def test_the_limit_falls_on_the_same_octet_however_they_come() -> None:
    text = b"220 " + b"x" * (MAX_STAGE_OCTETS - 6) + b"\r\n"
    for octets, expected in ((text, EHLO), (b"220 x" + text[4:], b"")):
        for size in (1, 3000, len(octets)):
            made = _new(SMTP)
            heard = [made.receive(octets[at : at + size]) for at in range(0, len(octets), size)]
            assert b"".join(heard) == expected
            assert (made.declined is None) is bool(expected)


words = st.sampled_from(
    [
        b"220",
        b"250",
        b"421",
        b"454",
        b"554",
        b"25",
        b" ",
        b"-",
        b"\r\n",
        b"\n",
        b"\r",
        b"STARTTLS",
        b"starttls",
        b"mx",
        b"* ",
        b"OK",
        b"BYE",
        b"PREAUTH",
        b"a1 ",
        b"NO",
        b"BAD",
        b"[CAPABILITY ",
        b"]",
        b"{4}\r\n",
        b"+OK",
        b"-ERR",
        b'"',
        b"(TRYLATER)",
        b"\x00",
        b"\xff",
        b"\t",
    ]
)
speech = st.lists(words | st.binary(max_size=4), max_size=30).map(b"".join)


@given(protocol=st.sampled_from(MailProtocol), octets=speech, cuts=cut_places)
def test_nothing_that_comes_raises(protocol: MailProtocol, octets: bytes, cuts: list[int]) -> None:
    made = _new(protocol)
    for piece in pieces(octets, cuts):
        sent = made.receive(piece)
        assert sent.count(b"\n") <= 1
        assert not (sent and made.declined)
        made.goodbye()
    assert not (made.ready and made.declined)


replies = st.lists(
    st.tuples(
        st.sampled_from([b"220", b"250", b"421", b"454"]),
        st.sampled_from([b"-", b"-", b" ", b""]),
        st.sampled_from([b"", b"STARTTLS", b" STARTTLS ", b"STARTTLS=1", b"mx.example.test", b"StartTLS x"]),
        st.sampled_from([b"\r\n", b"\n"]),
    ).map(lambda parts: b"".join(parts)),
    min_size=1,
    max_size=6,
).map(b"".join)


@given(answer=replies)
def test_it_hears_an_ehlo_reply_as_the_full_parser_does(answer: bytes) -> None:
    made, full = _new(SMTP), SmtpConnection(greeting=False)
    made.receive(b"220 mx\r\n")
    sent = made.receive(answer)
    full.send(smtp_command.ehlo(OWN_NAME))
    events = full.receive(answer)
    if not events:
        assert sent == b""
        assert made.declined is None
        return
    reply = events[0].reply
    offered = any(keyword.name == "STARTTLS" for keyword in parse_ehlo(reply)[1])
    if not isinstance(events[0], Replied) or len(events) > 1 or full.buffered:
        assert sent == b"" if made.declined else sent == STARTTLS
    elif reply.code == 250 and offered:
        assert sent == STARTTLS
    else:
        assert made.declined is not None
        assert made.declined.code == reply.code
