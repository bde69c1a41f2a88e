"""Logins with an account: under proved TLS only, and nothing of the mail is kept."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.probes.login_world import SUBJECT, Seen, Server, server_of, try_it
from tests.probes.scripted import HOST, PLAIN, Close, Expect, Say, ScriptedServer, StartTls, Step
from waxseal.checks.verdict import Verdict
from waxseal.facts import Cause, ImapLogin, MailProtocol, Target, TargetKind, TlsMode
from waxseal.lab.access_behaviour import ACCOUNT, AccessBehaviour
from waxseal.lab.orders import Authority, LeafOrder, TlsOrder
from waxseal.probes.imap_login import named_by_user, try_login
from waxseal.probes.settings import Account, ProbeSettings

USER, PASSWORD = ACCOUNT
CHECKS = ("account-refused", "referral")


def logged_in(server: Callable[[], Server], user: str = USER, password: str = PASSWORD, **how: Any) -> Seen:
    settings = ProbeSettings(account=Account(user, password))
    return try_it(try_login, server, MailProtocol.IMAP, settings, **how)


def lab(**changes: Any) -> Callable[[], Server]:
    return lambda: server_of(AccessBehaviour(host=HOST, protocol=MailProtocol.IMAP, **changes))


def login(seen: Seen) -> ImapLogin:
    (found,) = seen.facts.at(ImapLogin, SUBJECT)
    return found


@pytest.mark.parametrize("mode", list(TlsMode))
def test_looks_at_the_inbox(mode: TlsMode) -> None:
    seen = logged_in(lab(implicit=mode is TlsMode.IMPLICIT), mode=mode)
    found = login(seen)
    assert (found.mechanism, found.response.status, found.mailbox) == ("PLAIN", "OK", "INBOX")
    assert (found.messages, found.envelopes) == (3, 3)
    assert found.examine is not None
    assert found.examine.code == "READ-ONLY"
    assert any(keyword.name == "IMAP4REV2" for keyword in found.keywords)
    assert seen.attempt.ended.cause is Cause.COMPLETED
    assert seen.connections == 1
    assert seen.verdicts(*CHECKS) == dict.fromkeys(CHECKS, Verdict.PASS)


def test_nothing_of_the_mail_is_kept() -> None:
    seen = logged_in(lab())
    for word in (PASSWORD, "Message 1", "Subject with", "someone", "lab.test>"):
        assert word not in seen.transcript
        assert word not in seen.stored
    assert "AUTHENTICATE PLAIN ****" in seen.transcript
    assert "3 lines of data" in seen.transcript


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "LOGIN"])
def test_other_mechanisms(mechanism: str) -> None:
    found = login(logged_in(lab(mechanisms_tls=(mechanism,))))
    assert (found.mechanism, found.response.status) == (mechanism, "OK")


def test_login_where_there_is_no_mechanism() -> None:
    found = login(logged_in(lab(mechanisms_tls=())))
    assert (found.mechanism, found.messages) == ("LOGIN", 3)


@pytest.mark.parametrize("password", ['a"\\ b', "pässwörd"])
def test_login_quotes_or_sends_literals(password: str) -> None:
    account = (USER, password)
    found = login(logged_in(lab(mechanisms_tls=(), account=account), password=password))
    assert found.response.status == "OK"


def test_without_initial_responses() -> None:
    found = login(logged_in(lab(capabilities_tls=("IMAP4rev1",))))
    assert (found.mechanism, found.response.status) == ("PLAIN", "OK")


def test_refused() -> None:
    seen = logged_in(lab(), password="wrong horse")
    assert login(seen).response.code == "AUTHENTICATIONFAILED"
    assert login(seen).examine is None
    assert seen.verdicts(*CHECKS) == {"account-refused": Verdict.WARN, "referral": Verdict.PASS}
    assert "wrong horse" not in seen.stored + seen.transcript


def test_referred() -> None:
    seen = logged_in(lab(referral="imap://other.test/"))
    assert seen.verdicts(*CHECKS) == {"account-refused": Verdict.NOT_APPLICABLE, "referral": Verdict.WARN}


STRANGER = TlsOrder(leaves=(LeafOrder(names=(HOST,), issuer=Authority.STRANGER_ISSUING),))
OTHER_NAME = TlsOrder(leaves=(LeafOrder(names=("other.test",)),))


@pytest.mark.parametrize(
    ("changes", "how"),
    [
        ({"tls": STRANGER}, {}),
        ({"tls": OTHER_NAME}, {}),
        ({}, {"server_name": ""}),
        ({}, {"target": Target(given="x", kind=TargetKind.DOMAIN, name="example.org")}),
        ({}, {"target": Target(given="x", kind=TargetKind.ADDRESS, name="127.0.0.1")}),
    ],
)
def test_the_password_goes_to_nobody_unproved(changes: dict[str, Any], how: dict[str, Any]) -> None:
    seen = logged_in(lab(**changes), **how)
    assert not seen.facts.at(ImapLogin, SUBJECT)
    assert seen.attempt.ended.cause is Cause.DECLINED
    assert seen.attempt.ended.detail.startswith(
        "the password was not sent: the certificate does not prove the server"
    )
    assert "AUTHENTICATE" not in seen.transcript
    assert "C: LOGIN" not in seen.transcript
    assert "C: LOGOUT" in seen.transcript
    assert set(seen.verdicts(*CHECKS).values()) == {Verdict.INCONCLUSIVE}


def test_the_server_itself_hears_no_more_than_logout() -> None:
    servers: list[ScriptedServer] = []

    def strange() -> Server:
        opened = (Say(b"* OK hello\r\n"), Expect(b"a1 STARTTLS"), Say(b"a1 OK go\r\n"), StartTls(STRANGER))
        servers.append(ScriptedServer((*opened, Expect(b"a2 LOGOUT"), Expect(b""))))
        return servers[0]

    logged_in(strange)
    assert servers[0].heard == [[b"a1 STARTTLS", b"a2 LOGOUT"]]


@pytest.mark.parametrize(
    ("kind", "given", "expected", "name", "yes"),
    [
        (TargetKind.HOST, "Mx.example.test", None, "mx.example.test.", True),
        (TargetKind.HOST, "example.test", None, "mx.example.test", False),
        (TargetKind.DOMAIN, "example.test", None, "imap.example.test", True),
        (TargetKind.DOMAIN, "example.test", None, "imap.notexample.test", False),
        (TargetKind.DOMAIN, "example.test", None, "mx.hoster.test", False),
        (TargetKind.DOMAIN, "example.test", "mx.hoster.test", "mx.hoster.test", True),
        (TargetKind.ADDRESS, "127.0.0.1", "mx.example.test", "mx.example.test", True),
        (TargetKind.ADDRESS, "127.0.0.1", None, "127.0.0.1", False),
    ],
)
def test_names_that_the_user_gave(
    kind: TargetKind, given: str, expected: str | None, name: str, yes: bool
) -> None:
    target = Target(given=given, kind=kind, name=given, expected_name=expected)
    assert named_by_user(target, name) is yes


OPENED: tuple[Step, ...] = (
    Say(b"* OK hello\r\n"),
    Expect(b"a1 STARTTLS"),
    Say(b"a1 OK go\r\n"),
    StartTls(PLAIN),
    Expect(b"a2 CAPABILITY"),
    Say(b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\na2 OK done\r\n"),
    Expect(b"a3 AUTHENTICATE PLAIN "),
)


def scripted(*steps: Step) -> Callable[[], Server]:
    return lambda: ScriptedServer((*OPENED, *steps))


def test_a_server_that_says_secrets_back_is_not_quoted() -> None:
    import base64

    message = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
    said = message + b" " + PASSWORD.encode() + b" " + base64.b64encode(PASSWORD.encode())
    seen = logged_in(scripted(Say(b"a3 NO what is " + said + b"\r\n"), Expect(b"a4 LOGOUT"), Close()))
    assert login(seen).response.text == "what is **** **** ****"
    for form in (PASSWORD, message.decode()):
        assert form not in seen.stored + seen.transcript


def test_literals_and_unasked_data_are_counted_only() -> None:
    mail = (
        Say(b"* 7 EXPUNGE\r\na3 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n"),
        Expect(b"a4 STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)"),
        Say(b'* STATUS "INBOX" (MESSAGES 231 UIDNEXT 44292)\r\na4 OK done\r\n'),
        Expect(b"a5 EXAMINE INBOX"),
        Say(b"* 231 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\na5 OK [READ-ONLY] done\r\n"),
        Expect(b"a6 FETCH 222:231 (ENVELOPE)"),
        Say(b"* 222 FETCH (ENVELOPE ({23}\r\na6 OK (ENVELOPE secret\r\n NIL))\r\n"),
        Say(b'* 232 EXISTS\r\n* 223 FETCH (FLAGS () ENVELOPE ("a" NIL))\r\n* 224 FETCH (FLAGS ())\r\n'),
        Say(b"a6 OK done\r\n"),
        Expect(b"a7 LOGOUT"),
        Say(b"* BYE\r\na7 OK bye\r\n"),
        Close(),
    )
    seen = logged_in(scripted(*mail))
    found = login(seen)
    assert (found.messages, found.envelopes) == (231, 2)
    assert [keyword.name for keyword in found.keywords] == ["IMAP4REV1", "IDLE"]
    assert "secret" not in seen.stored + seen.transcript


def test_what_was_seen_is_kept_when_the_server_hangs_up() -> None:
    end = (Say(b"a3 OK [CAPABILITY IMAP4rev1] in\r\n"), Expect(b"a4 STATUS"), Close())
    seen = logged_in(scripted(*end))
    assert login(seen).response.good
    assert login(seen).examine is None
    assert seen.attempt.ended.cause is Cause.CLOSED


@pytest.mark.parametrize("greeting", [b"* PREAUTH in\r\n", b"* BYE no\r\n", b"nonsense\r\n"])
def test_greetings_that_ask_for_no_login(greeting: bytes) -> None:
    seen = logged_in(lambda: ScriptedServer((Say(greeting), Expect(b""), Close())))
    assert not seen.facts.at(ImapLogin, SUBJECT)
    assert seen.attempt.ended.cause is Cause.DECLINED
