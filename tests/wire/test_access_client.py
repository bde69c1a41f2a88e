"""The dialogue core of IMAP, POP3 and ManageSieve: whose answer, who talks early, where TLS begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.access_play import answered, play, rules
from tests.wire.cuts import cut_places, pieces
from waxseal.facts import MailProtocol, Response
from waxseal.wire.access_client import (
    GREETING,
    MAX_IDLE_RESPONSES,
    UNASKED,
    AccessConnection,
    Event,
    Responded,
    Unsolicited,
)
from waxseal.wire.access_response import MAX_RESPONSE_LINES, MAX_RESPONSE_OCTETS
from waxseal.wire.starttls_boundary import MAX_LEFTOVER_OCTETS

IMAP, POP3, SIEVE = MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE

# RFC 9051 §6.2.1, with a greeting and a LOGOUT; the tags are ours.
IMAP_STARTTLS = """\
S: * OK IMAP4rev2 Service Ready
C: CAPABILITY
S: * CAPABILITY IMAP4rev2 STARTTLS LOGINDISABLED
S: a1 OK CAPABILITY completed
C: STARTTLS
S: a2 OK Begin TLS negotiation now
TLS
C: CAPABILITY
S: * CAPABILITY IMAP4rev2 AUTH=PLAIN
S: a3 OK CAPABILITY completed
C: AUTHENTICATE PLAIN dGVzdAB0ZXN0AHRlc3Q=
S: a4 OK Success (tls protection)
C: LOGOUT
S: * BYE IMAP4rev2 Server logging out
S: a5 OK LOGOUT completed
"""
# RFC 9051 §8.
IMAP_SESSION = """\
S: * OK [CAPABILITY STARTTLS AUTH=SCRAM-SHA-256 LOGINDISABLED IMAP4rev2] IMAP4rev2 Service Ready
C: starttls
S: a1 OK Proceed with TLS negotiation
TLS
C: AUTHENTICATE SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=
S: + cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3c29Fc1VF
C: + Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAscD1kSHpiWmFwV0lr
S: + dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==
C: +\x20
S: a2 OK SCRAM-SHA-256 authentication successful
C: ENABLE IMAP4rev2
S: * ENABLED IMAP4rev2
S: a3 OK Some capabilities enabled
C: select inbox
S: * 18 EXISTS
S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
S: * OK [UIDVALIDITY 3857529045] UIDs valid
S: * LIST () "/" INBOX ("OLDNAME" ("inbox"))
S: a4 OK [READ-WRITE] SELECT completed
C: logout
S: * BYE IMAP4rev2 server terminating connection
S: a5 OK LOGOUT completed
"""
# RFC 5034 §6.
POP3_AUTH = """\
S: +OK pop.example.com BlurdyBlurp POP3 server ready
C: CAPA
S: +OK List of capabilities follows
S: SASL DIGEST-MD5 GSSAPI ANONYMOUS
S: STLS
S: IMPLEMENTATION BlurdyBlurp POP3 server
S: .
C: STLS
S: +OK Begin TLS negotiation now
TLS
C: CAPA
S: +OK List of capabilities follows
S: SASL PLAIN DIGEST-MD5 GSSAPI ANONYMOUS
S: IMPLEMENTATION BlurdyBlurp POP3 server
S: .
C: AUTH PLAIN
S: +\x20
C: + dGVzdAB0ZXN0AHRlc3Q=
S: +OK Maildrop locked and ready
"""
# RFC 1939 §10, and RFC 2449 §8.
POP3_SESSION = """\
S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>
C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
S: -ERR [IN-USE] Do you have another POP session running?
C: APOP mrose c4c9334bac560ecc979e58001b3e22fb
S: +OK mrose's maildrop has 2 messages (320 octets)
C: STAT
S: +OK 2 320
C: LIST
S: +OK 2 messages (320 octets)
S: 1 120
S: 2 200
S: .
C: QUIT
S: +OK dewey POP3 server signing off (maildrop empty)
"""
# RFC 5804 §1.7, §2.2, §2.5, §2.7, §2.8, §2.13 and §2.3.
SIEVE_SESSION = """\
S: "IMPlemENTATION" "Example1 ManageSieved v001"
S: "SASl" "DIGEST-MD5 GSSAPI"
S: "SIeVE" "fileinto vacation"
S: "StaRTTLS"
S: "NOTIFY" "xmpp mailto"
S: "MAXREdIRECTS" "5"
S: "VERSION" "1.0"
S: OK
C: StartTls
S: oK
TLS
S: "IMPLEMENTATION" "Example1 ManageSieved v001"
S: "SASL" "PLAIN DIGEST-MD5 GSSAPI"
S: "SIEVE" "fileinto vacation"
S: "VERSION" "1.0"
S: "LANGUAGE" "fr"
S: ok
C: HAVESPACE "myscript" 999999
S: NO (QUOTA/MAXSIZE) "Quota exceeded"
C: Listscripts
S: "summer_script"
S: "vacation_script"
S: {13}
S: clever"script
S: "main_script" ACTIVE
S: OK
C: Setactive "baz"
S: No (NONEXISTENT) {31}
S: There is no script by that name
C: NOOP "STARTTLS-SYNC-42"
S: OK (TAG {16}
S: STARTTLS-SYNC-42) "Done"
C: Logout
S: Ok
"""


@pytest.mark.parametrize(
    ("protocol", "transcript", "statuses"),
    [
        (IMAP, IMAP_STARTTLS, "OK OK OK OK OK OK"),
        (IMAP, IMAP_SESSION, "OK OK + + OK OK OK OK"),
        (POP3, POP3_AUTH, "+OK +OK +OK +OK + +OK"),
        (POP3, POP3_SESSION, "+OK -ERR +OK +OK +OK +OK"),
        (SIEVE, SIEVE_SESSION, "OK OK OK NO OK NO OK OK"),
    ],
)
def test_the_transcripts_of_the_rfcs(protocol: MailProtocol, transcript: str, statuses: str) -> None:
    connection = AccessConnection(protocol)
    events = play(connection, transcript, ("CAPA", "LIST"))
    assert [status for _, status in answered(events)] == statuses.split()
    assert all(isinstance(event, Responded) and rules(event) == [] for event in events)
    assert connection.outstanding == ()
    assert connection.end() == ()


def test_what_the_responses_hold() -> None:
    events = play(AccessConnection(IMAP), IMAP_SESSION)
    assert events[0].response.code == "CAPABILITY STARTTLS AUTH=SCRAM-SHA-256 LOGINDISABLED IMAP4rev2"
    selected = events[6].response
    assert (selected.code, selected.text) == ("READ-WRITE", "SELECT completed")
    assert selected.lines[0] == "18 EXISTS"
    assert selected.lines[2] == "OK [UIDVALIDITY 3857529045] UIDs valid"
    events = play(AccessConnection(POP3), POP3_SESSION, ("LIST",))
    assert events[1].response.code == "IN-USE"
    assert events[4].response.lines == ("1 120", "2 200")
    events = play(AccessConnection(SIEVE), SIEVE_SESSION)
    assert isinstance(events[2], Responded)
    assert events[2].command == UNASKED
    assert events[3].response.code == "QUOTA/MAXSIZE"
    assert events[4].response.lines[2] == '"clever\\"script"'
    assert events[5].response.text == "There is no script by that name"
    assert (events[6].response.code, events[6].response.text) == ("TAG STARTTLS-SYNC-42", "Done")


def test_pipelined_imap_commands_are_answered_by_tag() -> None:
    connection = AccessConnection(IMAP, greeting=False)
    assert connection.send(b"NOOP") + connection.send(b"CAPABILITY") == b"a1 NOOP\r\na2 CAPABILITY\r\n"
    connection.expect(b"NOOP", tag="nonce7")
    events = connection.receive(b"a2 OK x\r\nnonce7 OK y\r\na1 NO z\r\na1 OK again\r\n")
    assert answered(list(events)) == [("CAPABILITY", "OK"), ("NOOP", "OK"), ("NOOP", "NO")]
    assert events[-1] == Unsolicited(events[-1].response, "a1")


@pytest.mark.parametrize("protocol", [IMAP, POP3, SIEVE])
def test_clear_octets_behind_the_go_ahead_are_never_responses(protocol: MailProtocol) -> None:
    connection = AccessConnection(protocol, greeting=False)
    connection.send(b"STLS" if protocol is POP3 else b"STARTTLS")
    go_ahead = {IMAP: b"a1 OK go\r\n", POP3: b"+OK go\r\n", SIEVE: b'OK "go"\r\n'}[protocol]
    (event,) = connection.receive(go_ahead + b"a2 OK evil\r\n")
    assert event.response.good
    assert connection.tls_due
    assert connection.receive(b"x" * 100_000) == ()
    assert connection.leftover_octets == 100_012
    assert len(connection.leftover) == MAX_LEFTOVER_OCTETS
    assert connection.start_tls().startswith(b"a2 OK evil\r\n")
    assert (connection.in_tls, connection.tls_due, connection.leftover) == (True, False, b"")


@pytest.mark.parametrize(
    ("protocol", "answer"),
    [
        (IMAP, b"a1 NO no\r\n"),
        (IMAP, b"* OK\r\n"),
        (POP3, b"-ERR no\r\n"),
        (SIEVE, b"NO\r\n"),
        (POP3, b"+OK"),
    ],
)
def test_no_tls_without_a_good_answer(protocol: MailProtocol, answer: bytes) -> None:
    connection = AccessConnection(protocol, greeting=False)
    connection.send(b"STLS" if protocol is POP3 else b"STARTTLS")
    connection.receive(answer)
    connection.end()
    with pytest.raises(RuntimeError, match="go-ahead"):
        connection.start_tls()


@pytest.mark.parametrize(
    ("protocol", "answer"), [(IMAP, b"a1 OK injected\r\n"), (POP3, b"+OK\r\n"), (SIEVE, b'OK "injected"\r\n')]
)
def test_a_command_injected_in_clear_is_answered_unsolicited_under_tls(
    protocol: MailProtocol, answer: bytes
) -> None:
    connection = AccessConnection(protocol, greeting=False)
    connection.send(b"NOOP")
    connection.send(b"STLS" if protocol is POP3 else b"STARTTLS")
    if protocol is not IMAP:
        connection.receive(answer)
    connection.receive(b"a2 OK go\r\n" if protocol is IMAP else answer)
    connection.start_tls()
    (event,) = connection.receive(answer)
    assert isinstance(event, Unsolicited)


def test_bye_at_any_time() -> None:
    connection = AccessConnection(IMAP)
    assert answered(list(connection.receive(b"* BYE too busy\r\n"))) == [("", "BYE")]
    assert not connection.outstanding
    assert connection.receive(b"* BYE idle\r\n") == (Unsolicited(bye("idle"), "*"),)
    connection.send(b"NOOP")
    assert answered(list(connection.receive(b"* BYE shutdown\r\n"))) == [("NOOP", "BYE")]
    assert connection.outstanding == (b"NOOP",)
    sieve = AccessConnection(SIEVE, greeting=False)
    assert isinstance(sieve.receive(b'BYE (TRYLATER) "x"\r\n')[0], Unsolicited)


def bye(text: str) -> Response:
    return AccessConnection(IMAP).receive(f"* BYE {text}\r\n".encode())[0].response


def test_a_logout_cut_after_bye_is_known_as_bye() -> None:
    connection = AccessConnection(IMAP, greeting=False)
    connection.send(b"LOGOUT")
    assert connection.receive(b"* BYE so long\r\n") == ()
    (event,) = connection.end()
    assert (event.response.status, event.response.text, rules(event)) == ("BYE", "so long", ["cut-off"])


def test_untagged_data_nobody_waits_for_is_no_event() -> None:
    connection = AccessConnection(IMAP, greeting=False)
    assert connection.receive(b"* OK Still here\r\n") == ()
    assert connection.buffered == b"* OK Still here\r\n"
    assert connection.end() == ()
    connection.receive(b"* 3 EX")
    (event,) = connection.end()
    assert rules(event) == ["cut-off"]


@pytest.mark.parametrize("command", [b"", b"NOOP\r\n", b"NO\rOP", b"NO\nOP", b"NO\0OP"])
def test_a_command_is_one_line(command: bytes) -> None:
    with pytest.raises(ValueError, match="one line"):
        AccessConnection(IMAP).send(command)
    if command:
        with pytest.raises(ValueError, match="one line"):
            AccessConnection(IMAP).go_on(command)


def test_smtp_is_not_spoken_here() -> None:
    with pytest.raises(ValueError, match="SMTP"):
        AccessConnection(MailProtocol.SMTP)


@pytest.mark.parametrize(
    ("protocol", "octets", "rule"),
    [
        (IMAP, b"* 1 EXISTS\r\n" * (MAX_RESPONSE_LINES + 1), "too-many-lines"),
        (IMAP, b"* " + b"x" * MAX_RESPONSE_OCTETS, "response-too-long"),
        (IMAP, b"* 1 FETCH (BODY {99999999999999999999}\r\n", "response-too-long"),
        (SIEVE, b"{65535}\r\nx", "response-too-long"),
        (SIEVE, b'"a"\r\n' * 20_000, "too-many-lines"),
        (POP3, b"+OK" + b" " * MAX_RESPONSE_OCTETS, "response-too-long"),
    ],
)
def test_limits_end_the_dialogue(protocol: MailProtocol, octets: bytes, rule: str) -> None:
    connection = AccessConnection(protocol, greeting=False)
    connection.send(b"NOOP")
    (event,) = connection.receive(octets)
    assert rule in rules(event)
    assert len(event.response.raw) <= MAX_RESPONSE_OCTETS
    assert connection.overflow
    assert connection.receive(b"OK\r\n+OK\r\na1 OK\r\n") == ()


@pytest.mark.parametrize(
    ("protocol", "octets"), [(IMAP, b"+\r\n"), (IMAP, b"b OK\r\n"), (POP3, b"\n"), (SIEVE, b"OK\r\n")]
)
def test_answers_without_an_end_end_the_dialogue(protocol: MailProtocol, octets: bytes) -> None:
    connection = AccessConnection(protocol)
    events = connection.receive(octets * 10 * MAX_IDLE_RESPONSES)
    first = isinstance(events[0], Responded) and events[0].response.status != "+"
    assert len(events) == MAX_IDLE_RESPONSES + first
    assert connection.overflow
    connection.send(b"NOOP")
    assert connection.receive(b"OK\r\n+OK\r\na1 OK\r\n") == connection.end() == ()


def test_each_command_may_have_as_many() -> None:
    connection = AccessConnection(IMAP, greeting=False)
    for number in range(1, 4):
        connection.send(b"NOOP")
        connection.receive(b"* BYE\r\n" * (MAX_IDLE_RESPONSES - 1) + b"a%d OK\r\n" % number)
    assert (connection.outstanding, connection.overflow) == ((), False)


_PIECES = [
    b"* OK x\r\n",
    b"* BYE x\r\n",
    b"* 1 FETCH (X {3}\r\n",
    b"{0}\r\n",
    b"~{2}\r\n",
    b'"SASL" {2+}\r\n',
    b"a1 OK\r\n",
    b"a2 NO [X",
    b"] y\r\n",
    b"+ \r\n",
    b"+OK\r\n",
    b"-ERR [SYS/TEMP] x\r\n",
    b".\r\n",
    b"..\r\n",
    b"OK (TAG ",
    b'"x\\"" ) "d"\r\n',
    b"\n",
    b"\r",
    b"\xff\0",
    b"q",
]
_stream = st.lists(st.sampled_from(_PIECES), max_size=30).map(b"".join)
_commands = st.lists(
    st.sampled_from([b"NOOP", b"STARTTLS", b"STLS", b"LOGOUT", b"AUTHENTICATE X"]), max_size=4
)
_protocols = st.sampled_from([IMAP, POP3, SIEVE])


@given(_protocols, _stream | st.binary(max_size=200), _commands, st.booleans(), cut_places)
def test_cut_anywhere(
    protocol: MailProtocol, octets: bytes, commands: list[bytes], greeting: bool, cuts: list[int]
) -> None:
    whole, cut = (AccessConnection(protocol, greeting=greeting) for _ in range(2))
    for at, command in enumerate(commands):
        whole.send(command, multiline=at % 2 == 0)
        cut.send(command, multiline=at % 2 == 0)
    expected = whole.receive(octets)
    got: list[Event] = [event for piece in pieces(octets, cuts) for event in cut.receive(piece)]
    assert tuple(got) == expected
    assert (cut.leftover, cut.buffered, cut.outstanding, cut.overflow) == (
        whole.leftover,
        whole.buffered,
        whole.outstanding,
        whole.overflow,
    )
    # Nothing is lost on the way, and nothing is there twice.
    if not whole.overflow:
        heard = b"".join(event.response.raw for event in expected)
        assert heard + whole.buffered + whole.leftover == octets
    assert cut.end() == whole.end()


@given(_protocols, st.lists(st.binary(max_size=60) | _stream, max_size=10))
def test_no_octets_raise(protocol: MailProtocol, data: list[bytes]) -> None:
    connection = AccessConnection(protocol)
    for octets in data:
        connection.receive(octets)
        connection.send(b"STLS" if protocol is POP3 else b"STARTTLS")
        if connection.tls_due:
            connection.start_tls()
    connection.end()


def test_the_greeting_is_the_virtual_command() -> None:
    (event,) = AccessConnection(POP3).receive(b"SSH-2.0-OpenSSH_9.2\r\n")
    assert isinstance(event, Responded)
    assert (event.command, event.response.status) == (GREETING, "")
