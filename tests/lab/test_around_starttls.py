"""The flaws around STARTTLS are what they say, in every protocol, and a sound server has none of them."""

import ssl
import time
from typing import Any

import pytest

from tests.lab.handshakes import curious_context
from tests.lab.raw_client import RawClient, talk
from waxseal.facts import MailProtocol
from waxseal.lab.behaviour import KEYWORDS, Break, reply
from waxseal.lab.orders import LeafOrder, TlsOrder

SMTP, LMTP = MailProtocol.SMTP, MailProtocol.LMTP
IMAP, POP3, SIEVE = MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE
ALL = tuple(MailProtocol)

HELLO = {SMTP: b"EHLO a", LMTP: b"LHLO a", IMAP: b"b1 CAPABILITY", POP3: b"CAPA", SIEVE: b"CAPABILITY"}
STARTTLS = {SMTP: b"STARTTLS", LMTP: b"STARTTLS", IMAP: b"a1 STARTTLS", POP3: b"STLS", SIEVE: b"STARTTLS"}
GOOD = {SMTP: b"220 ", LMTP: b"220 ", IMAP: b"a1 OK ", POP3: b"+OK ", SIEVE: b"OK "}
SMUGGLED = {
    SMTP: (b"VRFY n0nce", b"252 2.5.2 Cannot verify\r\n"),
    LMTP: (b"VRFY n0nce", b"252 2.5.2 Cannot verify\r\n"),
    IMAP: (b"n0nce NOOP", b"n0nce OK Done\r\n"),
    POP3: (b"QUIT", b"+OK Bye\r\n"),
    SIEVE: (b'NOOP "n0nce"', b'OK (TAG "n0nce") "Done"\r\n'),
}


def smuggle(client: RawClient, protocol: MailProtocol, *, in_two: bool = False) -> bytes:
    """STARTTLS and a command behind it; what comes under TLS before anything is said there."""
    segments = (STARTTLS[protocol] + b"\r\n", SMUGGLED[protocol][0] + b"\r\n")
    for segment in segments if in_two else (b"".join(segments),):
        client.send(segment)
    assert client.hear().startswith(GOOD[protocol])
    client.start_tls()
    return client.anything()


@pytest.mark.parametrize("protocol", ALL)
def test_a_sound_server_forgets_what_came_in_clear(protocol: MailProtocol) -> None:
    def work(client: RawClient) -> tuple[bytes, bytes]:
        return smuggle(client, protocol), client.ask(HELLO[protocol] + b"\r\n")

    unasked, answer = talk(protocol, work)
    assert SMUGGLED[protocol][1] not in unasked + answer
    assert answer
    assert b"STARTTLS" not in answer
    assert b"STLS" not in answer


@pytest.mark.parametrize("in_two", [False, True])
@pytest.mark.parametrize("protocol", ALL)
def test_keeps_buffer(protocol: MailProtocol, in_two: bool) -> None:
    heard = talk(
        protocol, lambda c: smuggle(c, protocol, in_two=in_two), keeps_buffer=True, listens_s=0.05 * in_two
    )
    assert heard.endswith(SMUGGLED[protocol][1])


@pytest.mark.parametrize("flawed", [False, True])
@pytest.mark.parametrize("protocol", ALL)
def test_keeps_partial(protocol: MailProtocol, flawed: bool) -> None:
    command, answer = SMUGGLED[protocol]

    def work(client: RawClient) -> bytes:
        client.send(STARTTLS[protocol] + b"\r\n" + command[:3])
        assert client.hear().startswith(GOOD[protocol])
        client.start_tls()
        if protocol is SIEVE:
            client.hear()
        return client.ask(command[3:] + b"\r\n")

    assert (talk(protocol, work, keeps_partial=flawed) == answer) is flawed
    assert talk(protocol, lambda c: smuggle(c, protocol), keeps_partial=flawed) != answer


@pytest.mark.parametrize("protocol", ALL)
def test_runs_in_clear(protocol: MailProtocol) -> None:
    command, answer = SMUGGLED[protocol]

    def work(client: RawClient) -> tuple[bytes, bytes]:
        heard = client.ask(STARTTLS[protocol] + b"\r\n" + command + b"\r\n")
        if protocol is POP3:
            return heard, b""
        client.start_tls()
        return heard, client.anything() + client.ask(HELLO[protocol] + b"\r\n")

    clear, sealed = talk(protocol, work, runs_in_clear=True)
    assert clear.startswith(GOOD[protocol])
    assert clear.endswith(answer)
    assert answer not in sealed


def refused_in_words(client: RawClient) -> tuple[bytes, bool]:
    heard = client.ask(b"STARTTLS\r\nNOOP\r\n")
    return heard, client.closed


@pytest.mark.parametrize(
    ("protocol", "words"),
    [
        (SMTP, b"554 5.5.0 SMTP synchronization error\r\n"),
        (IMAP, b"STARTTLS BAD Unknown command\r\nNOOP BAD Unknown command\r\n"),
        (SIEVE, b'NO "Protocol synchronization error"\r\n'),
    ],
)
def test_refuses_pipelining(protocol: MailProtocol, words: bytes) -> None:
    heard, closed = talk(protocol, refused_in_words, refuses_pipelining=True)
    assert heard == words
    assert closed is (protocol is not IMAP)
    alone = talk(protocol, lambda c: c.ask(STARTTLS[protocol] + b"\r\n"), refuses_pipelining=True)
    assert alone.startswith(GOOD[protocol])


@pytest.mark.parametrize("protocol", ALL)
def test_takes_for_tls(protocol: MailProtocol) -> None:
    def work(client: RawClient) -> None:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            smuggle(client, protocol)

    talk(protocol, work, takes_for_tls=True)


@pytest.mark.parametrize("protocol", ALL)
def test_breaks_pipelining(protocol: MailProtocol) -> None:
    def work(client: RawClient) -> str | None:
        client.ask(STARTTLS[protocol] + b"\r\n")
        return client.start_tls().version()

    def broken_off(client: RawClient) -> None:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            smuggle(client, protocol)

    assert talk(protocol, work, breaks_pipelining=Break.CLOSE) == "TLSv1.3"
    talk(protocol, broken_off, breaks_pipelining=Break.CLOSE)


def test_a_late_answer() -> None:
    def work(client: RawClient) -> tuple[bytes, float]:
        assert smuggle(client, SMTP) == b""
        began = time.monotonic()
        client.send(b"EHLO a\r\n")
        return client.hear(0.5), time.monotonic() - began

    heard, elapsed_s = talk(SMTP, work, keeps_buffer=True, late_s=0.6)
    assert heard.startswith(b"252 2.5.2 Cannot verify\r\n250-mx.example.test\r\n")
    assert elapsed_s > 0.3


@pytest.mark.parametrize("protocol", [SMTP, LMTP, IMAP, SIEVE])
def test_joined_answers(protocol: MailProtocol) -> None:
    def work(client: RawClient) -> tuple[bytes, bytes]:
        unasked = smuggle(client, protocol)
        client.send(HELLO[protocol] + b"\r\n")
        return unasked, client.socket.recv(4096)

    unasked, first = talk(protocol, work, keeps_buffer=True, joins_answers=True)
    assert unasked == b""
    assert SMUGGLED[protocol][1] in first
    assert len(first) > len(SMUGGLED[protocol][1])


def test_a_one_line_answer_to_ehlo() -> None:
    def work(client: RawClient) -> bytes:
        client.ask(b"STARTTLS\r\n")
        client.start_tls()
        return client.ask(b"EHLO a\r\n")

    assert talk(SMTP, work, keywords_tls=()) == b"250 mx.example.test\r\n"


@pytest.mark.parametrize("protocol", ALL)
@pytest.mark.parametrize("flawed", [False, True])
def test_greets_again(protocol: MailProtocol, flawed: bool) -> None:
    def work(client: RawClient) -> bool:
        client.ask(STARTTLS[protocol] + b"\r\n")
        client.start_tls()
        heard = client.anything()
        return heard[:4] == client.greeting[:4]

    quiet = {"silent_after_tls": True} if protocol is SIEVE else {}
    assert talk(protocol, work, greets_again=flawed, **quiet) is flawed


@pytest.mark.parametrize("protocol", ALL)
def test_parameters(protocol: MailProtocol) -> None:
    command = STARTTLS[protocol] + b" now\r\n"
    assert not talk(protocol, lambda c: c.ask(command)).startswith(GOOD[protocol])

    def work(client: RawClient) -> str | None:
        assert client.ask(command).startswith(GOOD[protocol])
        return client.start_tls().version()

    assert talk(protocol, work, takes_parameter=True) == "TLSv1.3"


@pytest.mark.parametrize("protocol", ALL)
def test_starttls_inside_tls(protocol: MailProtocol) -> None:
    def work(client: RawClient) -> tuple[bytes, bytes]:
        client.ask(STARTTLS[protocol] + b"\r\n")
        client.start_tls()
        client.anything()
        return client.ask(STARTTLS[protocol] + b"\r\n"), client.ask(HELLO[protocol] + b"\r\n")

    sound, then = talk(protocol, work)
    assert not sound.startswith(GOOD[protocol])
    assert then
    flawed, then = talk(protocol, work, takes_again=True)
    assert flawed.startswith(GOOD[protocol])
    assert then == b""


@pytest.mark.parametrize(
    ("protocol", "refusal", "heard"),
    [
        (SMTP, reply(454, "4.7.0 Later"), b"454 4.7.0 Later\r\n"),
        (IMAP, "NO Later", b"a1 NO Later\r\n"),
        (POP3, "-ERR Later", b"-ERR Later\r\n"),
        (SIEVE, 'NO "Later"', b'NO "Later"\r\n'),
    ],
)
def test_refusals(protocol: MailProtocol, refusal: Any, heard: bytes) -> None:
    def work(client: RawClient) -> tuple[bytes, bytes, bool]:
        answer = client.ask(STARTTLS[protocol] + b"\r\n")
        client.send(HELLO[protocol] + b"\r\n")
        return answer, client.anything(), client.closed

    answer, then, _ = talk(protocol, work, starttls=refusal)
    assert answer == heard
    assert then
    for how in (Break.STALL, Break.CLOSE):
        answer, then, _ = talk(protocol, work, starttls=refusal, after_refusal=how)
        assert answer == heard
        assert then == b""


def into_tls(client: RawClient, *before: bytes) -> list[bytes]:
    """Say these in clear, begin TLS, and give their answers."""
    heard = [client.ask(line + b"\r\n") for line in before]
    assert client.ask(b"STARTTLS\r\n").startswith(b"220 ")
    client.start_tls()
    return heard


@pytest.mark.parametrize(("flawed", "code"), [(False, b"503"), (True, b"250")])
def test_keeps_hello(flawed: bool, code: bytes) -> None:
    def work(client: RawClient) -> bytes:
        into_tls(client, b"EHLO a")
        return client.ask(b"MAIL FROM:<>\r\n")

    assert talk(SMTP, work, keeps_hello=flawed)[:3] == code


@pytest.mark.parametrize(("flawed", "code"), [(False, b"503"), (True, b"250")])
def test_keeps_mail(flawed: bool, code: bytes) -> None:
    def work(client: RawClient) -> bytes:
        into_tls(client, b"EHLO a", b"MAIL FROM:<>")
        client.ask(b"EHLO a\r\n")
        return client.ask(b"RCPT TO:<postmaster@example.test>\r\n")

    assert talk(SMTP, work, keeps_mail=flawed)[:3] == code


@pytest.mark.parametrize(("flawed", "code"), [(False, b"235"), (True, b"503")])
def test_keeps_login(flawed: bool, code: bytes) -> None:
    def work(client: RawClient) -> bytes:
        assert into_tls(client, b"EHLO a", b"AUTH ANONYMOUS =")[1][:3] == b"235"
        client.ask(b"EHLO a\r\n")
        return client.ask(b"AUTH ANONYMOUS =\r\n")

    assert talk(SMTP, work, keeps_login=flawed, keywords=(*KEYWORDS, "AUTH ANONYMOUS"))[:3] == code


def test_a_login_kept_over_starttls_in_imap() -> None:
    def work(client: RawClient) -> bytes:
        assert client.ask(b"x AUTHENTICATE ANONYMOUS =\r\n").startswith(b"x OK ")
        client.ask(b"a1 STARTTLS\r\n")
        client.start_tls()
        return client.ask(b"y EXAMINE INBOX\r\n")

    assert b"y OK " in talk(IMAP, work, keeps_login=True, mechanisms=("ANONYMOUS",))


@pytest.mark.parametrize("flawed", [False, True])
def test_keeps_user(flawed: bool) -> None:
    def work(client: RawClient) -> tuple[bytes, bytes, bytes]:
        named = client.ask(b"USER n0nce\r\n")
        assert client.ask(b"STLS\r\n").startswith(b"+OK")
        client.start_tls()
        return named, client.ask(b"PASS a\r\n"), client.ask(b"PASS a\r\n")

    named, kept, fresh = talk(POP3, work, user_in_clear=True, keeps_user=flawed)
    assert named.startswith(b"+OK")
    assert fresh == b"-ERR Say USER first\r\n"
    assert kept == (b"-ERR [AUTH] Authentication failed\r\n" if flawed else fresh)


def test_alpn() -> None:
    def handshake(*names: str) -> Any:
        def work(client: RawClient) -> str | None:
            context = curious_context()
            if names:
                context.set_alpn_protocols(list(names))
            client.ask(b"STARTTLS\r\n")
            return client.start_tls(context).selected_alpn_protocol()

        return work

    leaves = (LeafOrder(names=("mx.example.test",)),)
    strict = TlsOrder(leaves=leaves, alpn=("smtp",), refuses_alpn=True)
    assert talk(SMTP, handshake("h2")) is None
    assert talk(SMTP, handshake("h2"), tls=TlsOrder(leaves=leaves, alpn=("h2",))) == "h2"
    assert talk(SMTP, handshake("h2", "smtp"), tls=strict) == "smtp"
    assert talk(SMTP, handshake(), tls=strict) is None
    with pytest.raises(ssl.SSLError, match="no application protocol"):
        talk(SMTP, handshake("h2", "http/1.1"), tls=strict)


@pytest.mark.parametrize("protocol", ALL)
def test_errors(protocol: MailProtocol) -> None:
    request = b"GET /n0nce HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nCookie: b\r\n\r\n"

    def work(client: RawClient) -> tuple[bytes, bool]:
        heard = client.ask(request)
        return heard, client.closed

    heard, closed = talk(protocol, work)
    assert closed
    assert b"n0nce" not in heard
    heard, closed = talk(protocol, work, errors_limit=None, echoes=True)
    assert not closed
    assert b"GET /n0nce HTTP/1.1" in heard
