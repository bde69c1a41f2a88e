"""The dialogue core: which reply answers which command, early talkers, the STARTTLS boundary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.cuts import cut_places, pieces
from waxseal.facts import Reply
from waxseal.wire.smtp_client import (
    GREETING,
    Event,
    Replied,
    SmtpConnection,
    Unsolicited,
)
from waxseal.wire.smtp_command import ehlo, noop, quit_, rset, starttls
from waxseal.wire.smtp_reply import MAX_REPLY_LINES
from waxseal.wire.starttls_boundary import MAX_LEFTOVER_OCTETS

# RFC 5321, appendix D.1.
TYPICAL = """\
S: 220 foo.com Simple Mail Transfer Service Ready
C: EHLO bar.com
S: 250-foo.com greets bar.com
S: 250-8BITMIME
S: 250-SIZE
S: 250-DSN
S: 250 HELP
C: MAIL FROM:<Smith@bar.com>
S: 250 OK
C: RCPT TO:<Jones@foo.com>
S: 250 OK
C: RCPT TO:<Green@foo.com>
S: 550 No such user here
C: RCPT TO:<Brown@foo.com>
S: 250 OK
C: DATA
S: 354 Start mail input; end with <CRLF>.<CRLF>
C: .
S: 250 OK
C: QUIT
S: 221 foo.com Service closing transmission channel
"""
# RFC 5321, appendix D.2.
ABORTED = """\
S: 220 foo.com Simple Mail Transfer Service Ready
C: EHLO bar.com
S: 250-foo.com greets bar.com
S: 250-8BITMIME
S: 250-SIZE
S: 250-DSN
S: 250 HELP
C: MAIL FROM:<Smith@bar.com>
S: 250 OK
C: RCPT TO:<Jones@foo.com>
S: 250 OK
C: RCPT TO:<Green@foo.com>
S: 550 No such user here
C: RSET
S: 250 OK
C: QUIT
S: 221 foo.com Service closing transmission channel
"""
# RFC 3207 §5, up to the TLS negotiation; what follows it is tested below.
STARTTLS_EXAMPLE = """\
S: 220 mail.imc.org SMTP service ready
C: EHLO mail.example.com
S: 250-mail.imc.org offers a warm hug of welcome
S: 250-8BITMIME
S: 250-STARTTLS
S: 250 DSN
C: STARTTLS
S: 220 Go ahead
"""
# RFC 2034 §6.
ENHANCED = """\
S: 220 dbc.mtview.ca.us SMTP service ready
C: EHLO ymir.claremont.edu
S: 250-dbc.mtview.ca.us says hello
S: 250 ENHANCEDSTATUSCODES
C: MAIL FROM:<ned@ymir.claremont.edu>
S: 250 2.1.0 Originator <ned@ymir.claremont.edu> ok
C: RCPT TO:<remoteuser@isi.edu>
S: 551-5.7.1 Forwarding to remote hosts disabled
S: 551 5.7.1 Select another host to act as your forwarder
C: QUIT
S: 221 2.0.0 Goodbye
"""


def play(transcript: str, connection: SmtpConnection) -> list[Event]:
    """Play a ``C:``/``S:`` transcript line by line."""
    events = []
    for line in transcript.splitlines():
        octets = line[3:].encode() + b"\r\n"
        if line.startswith("C:"):
            connection.send(octets)
        else:
            events += connection.receive(octets)
    return events


def answered(events: list[Event]) -> list[tuple[bytes, int | None]]:
    return [(event.command, event.reply.code) for event in events if isinstance(event, Replied)]


@pytest.mark.parametrize(
    ("transcript", "codes"),
    [
        (TYPICAL, [220, 250, 250, 250, 550, 250, 354, 250, 221]),
        (ABORTED, [220, 250, 250, 250, 550, 250, 221]),
        (STARTTLS_EXAMPLE, [220, 250, 220]),
        (ENHANCED, [220, 250, 250, 551, 221]),
    ],
)
def test_the_transcripts_of_the_rfcs(transcript: str, codes: list[int]) -> None:
    connection = SmtpConnection()
    events = play(transcript, connection)
    commands = [line[3:].encode() + b"\r\n" for line in transcript.splitlines() if line.startswith("C:")]
    assert answered(events) == list(zip([GREETING, *commands], codes, strict=True))
    assert all(event.reply.deviations == () for event in events)
    assert connection.outstanding == ()
    assert connection.end() == []


def test_pipelined_commands_are_answered_in_order() -> None:
    connection = SmtpConnection()
    connection.receive(b"220 mx\r\n")
    segment = connection.send(ehlo("a.example")) + connection.send(noop()) + connection.send(quit_())
    assert segment == b"EHLO a.example\r\nNOOP\r\nQUIT\r\n"
    events = connection.receive(b"250-mx\r\n250 PIPELINING\r\n250 OK\r\n221 Bye\r\n")
    assert answered(events) == [(ehlo("a.example"), 250), (noop(), 250), (quit_(), 221)]


def test_outstanding_commands() -> None:
    connection = SmtpConnection()
    seen = [connection.outstanding]
    connection.send(rset())
    seen.append(connection.outstanding)
    connection.receive(b"220 mx\r\n25")
    seen.append(connection.outstanding)
    assert seen == [(GREETING,), (GREETING, rset()), (rset(),)]
    assert connection.buffered == b"25"


def test_an_early_talker() -> None:
    connection = SmtpConnection()
    events = connection.receive(b"220 mx\r\n250 mx so keen\r\n")
    assert events[1] == Unsolicited(Reply(code=250, lines=("mx so keen",), raw=b"250 mx so keen\r\n"))
    connection.send(noop())
    assert answered(connection.receive(b"250 OK\r\n")) == [(noop(), 250)]
    assert connection.receive(b"421 shutting down\r\n")[0].reply.code == 421


def test_a_line_that_is_no_reply_answers_like_one() -> None:
    connection = SmtpConnection()
    (event,) = connection.receive(b"SSH-2.0-OpenSSH_9.2\r\n")
    assert isinstance(event, Replied)
    assert (event.command, event.reply.code) == (GREETING, None)


@pytest.mark.parametrize(("octets", "count"), [(b"", 0), (b"250-half", 1), (b"250 whole\r\n", 0)])
def test_the_end_of_the_stream(octets: bytes, count: int) -> None:
    connection = SmtpConnection(greeting=False)
    connection.send(noop())
    connection.receive(octets)
    events = connection.end()
    assert len(events) == count
    for event in events:
        assert isinstance(event, Replied)
        assert event.command == noop()
        assert [deviation.rule for deviation in event.reply.deviations] == ["cut-off"]


@pytest.mark.parametrize(
    "command", [b"", b"NOOP", b"NOOP\n", b"NOOP\r\nQUIT\r\n", b"NO\rOP\r\n", b"NO\nOP\r\n"]
)
def test_a_command_is_one_line(command: bytes) -> None:
    with pytest.raises(ValueError, match="one line"):
        SmtpConnection().send(command)


def to_starttls() -> SmtpConnection:
    connection = SmtpConnection()
    connection.receive(b"220 mx\r\n")
    connection.send(starttls())
    return connection


def test_the_starttls_boundary() -> None:
    connection = SmtpConnection()
    play(STARTTLS_EXAMPLE, connection)
    assert connection.tls_due
    assert connection.start_tls() == b""
    assert (connection.in_tls, connection.tls_due, connection.outstanding) == (True, False, ())
    # There is no second greeting (RFC 3207 §5): EHLO is next.
    connection.send(ehlo("mail.example.com"))
    events = connection.receive(
        b"250-mail.imc.org touches your hand gently for a moment\r\n250-8BITMIME\r\n250 DSN\r\n"
    )
    assert answered(events) == [(ehlo("mail.example.com"), 250)]


def test_clear_octets_behind_the_220_are_never_replies() -> None:
    connection = to_starttls()
    events = connection.receive(b"220 Go ahead\r\n250-evil\r\n250 AUTH PLAIN\r\n")
    assert answered(events) == [(starttls(), 220)]
    assert connection.receive(b"more") == []
    assert connection.leftover == b"250-evil\r\n250 AUTH PLAIN\r\nmore"
    assert connection.leftover_octets == 30
    assert connection.start_tls() == b"250-evil\r\n250 AUTH PLAIN\r\nmore"
    assert (connection.leftover, connection.leftover_octets, connection.buffered) == (b"", 0, b"")
    connection.send(ehlo("a.example"))
    assert answered(connection.receive(b"250 mx\r\n")) == [(ehlo("a.example"), 250)]


def test_a_command_injected_in_clear_is_answered_unsolicited_under_tls() -> None:
    connection = to_starttls()
    connection.send(noop())
    connection.receive(b"220 Go ahead\r\n")
    connection.start_tls()
    (event,) = connection.receive(b"250 OK\r\n")
    assert isinstance(event, Unsolicited)


def test_leftover_octets_are_bounded() -> None:
    connection = to_starttls()
    connection.receive(b"220 Go ahead\r\n")
    for _ in range(100):
        connection.receive(b"x" * 10_000)
    assert len(connection.leftover) == MAX_LEFTOVER_OCTETS
    assert connection.leftover_octets == 1_000_000


@pytest.mark.parametrize(
    "answer", [b"", b"454 TLS not available\r\n", b"250 OK\r\n", b"220-half", b"Go ahead\r\n"]
)
def test_no_tls_without_a_220(answer: bytes) -> None:
    connection = to_starttls()
    connection.receive(answer)
    connection.end()
    with pytest.raises(RuntimeError, match="go-ahead"):
        connection.start_tls()


def test_a_220_to_another_command_begins_no_tls() -> None:
    connection = SmtpConnection()
    connection.send(noop())
    assert len(connection.receive(b"220 mx\r\n220 odd\r\n")) == 2
    assert not connection.tls_due


def test_overflow_ends_the_dialogue() -> None:
    connection = SmtpConnection()
    (event,) = connection.receive(b"220-spam\r\n" * (MAX_REPLY_LINES + 100) + b"220 mx\r\n")
    assert isinstance(event, Replied)
    assert connection.overflow
    assert connection.receive(b"250 OK\r\n") == []


def test_utf8_replies_once_asked_for() -> None:
    connection = SmtpConnection(greeting=False)
    connection.allow_utf8()
    (event,) = connection.receive("250 grüße\r\n".encode())
    assert event.reply.deviations == ()


_stream = st.lists(
    st.sampled_from(
        [
            b"220 x\r\n",
            b"220-",
            b"250 OK\r\n",
            b"250-a\r\n",
            b"\n",
            b"\r",
            b"454 no\r\n",
            b"x",
            b"\xff\0",
            b"2",
        ]
    ),
    max_size=30,
).map(b"".join)
_commands = st.lists(st.sampled_from([noop(), starttls(), quit_()]), max_size=4)


@given(_stream, _commands, st.booleans(), cut_places)
def test_cut_anywhere(octets: bytes, commands: list[bytes], greeting: bool, cuts: list[int]) -> None:
    whole, cut = SmtpConnection(greeting=greeting), SmtpConnection(greeting=greeting)
    for command in commands:
        whole.send(command)
        cut.send(command)
    expected = whole.receive(octets)
    assert [event for piece in pieces(octets, cuts) for event in cut.receive(piece)] == expected
    assert (cut.leftover, cut.buffered, cut.outstanding) == (
        whole.leftover,
        whole.buffered,
        whole.outstanding,
    )
    assert cut.end() == whole.end()


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_no_octets_raise(data: list[bytes]) -> None:
    connection = SmtpConnection()
    for octets in data:
        connection.receive(octets)
        connection.send(starttls())
        if connection.tls_due:
            connection.start_tls()
    connection.end()
