"""Logins of a made-up user against the lab's servers, and against scripted ones where those are too sound."""

from collections.abc import Callable

import pytest

from tests.probes.login_world import SUBJECT, Seen, listed, server_of, try_it
from tests.probes.scripted import HOST, Close, Expect, Say, ScriptedServer, Step
from waxseal.checks.verdict import Verdict
from waxseal.facts import AuthTrial, AuthTrials, Cause, MailProtocol, TlsMode
from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.behaviour import KEYWORDS, Behaviour
from waxseal.probes.auth_trials import MAX_CONNECTIONS, MAX_TRIALS, try_auth
from waxseal.probes.settings import ProbeSettings

SETTINGS = ProbeSettings(ehlo_name="client.example.test", active_auth=True)
IMAP, POP3, SIEVE, SMTP, LMTP = (
    MailProtocol.IMAP,
    MailProtocol.POP3,
    MailProtocol.SIEVE,
    MailProtocol.SMTP,
    MailProtocol.LMTP,
)
ACTIVE = ("accepted-in-clear", "made-up-user-let-in")
AUTH = (*KEYWORDS, "AUTH PLAIN LOGIN")


def tried(how: AccessBehaviour | Behaviour, protocol: MailProtocol) -> Seen:
    mode = TlsMode.IMPLICIT if how.implicit else TlsMode.STARTTLS
    return try_it(try_auth, lambda: server_of(how), protocol, SETTINGS, listed(how), mode=mode)


def trials(seen: Seen) -> dict[tuple[str, bool], AuthTrial]:
    (found,) = seen.facts.at(AuthTrials, SUBJECT)
    assert len(found.trials) <= MAX_TRIALS
    assert seen.connections <= MAX_CONNECTIONS
    return {(trial.mechanism, trial.in_tls): trial for trial in found.trials}


def statuses(trial: AuthTrial) -> list[str]:
    return [answer.status for answer in trial.answers]


SOUND = [
    (Behaviour(host=HOST, keywords_tls=AUTH), SMTP, [("PLAIN", False), ("PLAIN", True), ("LOGIN", True)]),
    (Behaviour(host=HOST), SMTP, [("PLAIN", False)]),
    (
        AccessBehaviour(host=HOST, protocol=IMAP),
        IMAP,
        [(m, t) for t in (False, True) for m in ("PLAIN", "LOGIN")],
    ),
    (
        AccessBehaviour(host=HOST, protocol=POP3),
        POP3,
        [(m, t) for t in (False, True) for m in ("PLAIN", "USER")],
    ),
    (AccessBehaviour(host=HOST, protocol=SIEVE), SIEVE, [("PLAIN", False), ("PLAIN", True)]),
]


@pytest.mark.parametrize(("how", "protocol", "wanted"), SOUND)
def test_sound_servers_turn_it_down(
    how: AccessBehaviour | Behaviour, protocol: MailProtocol, wanted: list[tuple[str, bool]]
) -> None:
    seen = tried(how, protocol)
    found = trials(seen)
    assert list(found) == wanted
    for (mechanism, in_tls), trial in found.items():
        assert trial.ended.cause is Cause.COMPLETED
        asked = mechanism != "LOGIN" or protocol is SMTP
        assert (len(trial.answers) > 1) is (in_tls and asked), trial
    assert seen.verdicts(*ACTIVE) == dict.fromkeys(ACTIVE, Verdict.PASS)


def test_implicit_tls_takes_one_connection() -> None:
    how = AccessBehaviour(host=HOST, protocol=IMAP, implicit=True)
    seen = tried(how, IMAP)
    assert list(trials(seen)) == [("PLAIN", True), ("LOGIN", True)]
    assert seen.connections == 1
    assert seen.verdicts(*ACTIVE)["accepted-in-clear"] is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("how", "protocol"),
    [
        (Behaviour(host=HOST, keywords_tls=AUTH, lets_anyone_in=True), SMTP),
        *((AccessBehaviour(host=HOST, protocol=p, lets_anyone_in=True), p) for p in (IMAP, POP3, SIEVE)),
    ],
)
def test_who_lets_anyone_in_is_found(how: AccessBehaviour | Behaviour, protocol: MailProtocol) -> None:
    seen = tried(how, protocol)
    assert seen.verdicts(*ACTIVE)["made-up-user-let-in"] is Verdict.FAIL
    assert list(trials(seen))[-1] == ("PLAIN", True), "nothing more is tried behind that"


@pytest.mark.parametrize(
    ("how", "protocol", "verdict"),
    [
        # offered in clear, and taken as offered
        (
            Behaviour(host=HOST, keywords=AUTH, keywords_tls=AUTH, login_in_clear=True),
            SMTP,
            Verdict.NOT_APPLICABLE,
        ),
        (
            AccessBehaviour(host=HOST, protocol=IMAP, mechanisms=("PLAIN",), login_in_clear=True),
            IMAP,
            Verdict.NOT_APPLICABLE,
        ),
        # not offered, and taken
        (
            AccessBehaviour(host=HOST, protocol=POP3, capabilities=("STLS",), login_in_clear=True),
            POP3,
            Verdict.FAIL,
        ),
        (
            AccessBehaviour(
                host=HOST, protocol=IMAP, capabilities=("STARTTLS", "LOGINDISABLED"), login_in_clear=True
            ),
            IMAP,
            Verdict.FAIL,
        ),
    ],
)
def test_who_takes_passwords_in_clear(
    how: AccessBehaviour | Behaviour, protocol: MailProtocol, verdict: Verdict
) -> None:
    seen = tried(how, protocol)
    assert seen.verdicts(*ACTIVE) == {"accepted-in-clear": verdict, "made-up-user-let-in": Verdict.PASS}


def follow(*steps: Step) -> Callable[[], ScriptedServer]:
    return lambda: ScriptedServer(steps)


GREETED = (Say(b"220 mx.example.test ESMTP\r\n"), Expect(b"EHLO"), Say(b"250 mx.example.test\r\n"))


def test_hidden_auth_of_smtp_is_found_with_its_challenges() -> None:
    login = (Expect(b"AUTH PLAIN"), Say(b"334 \r\n"), Expect(b""), Say(b"535 5.7.8 no\r\n"))
    how = Behaviour(host=HOST, keywords=("SIZE 1000",))
    server = follow(*GREETED, *login, Expect(b"QUIT"), Say(b"221 bye\r\n"), Close())
    seen = try_it(try_auth, server, SMTP, SETTINGS, listed(how))
    assert statuses(trials(seen)["PLAIN", False]) == ["334", "535"]
    assert seen.verdicts(*ACTIVE) == {"accepted-in-clear": Verdict.FAIL, "made-up-user-let-in": Verdict.PASS}


def test_a_server_that_hangs_up_on_it_is_no_proof_of_anything() -> None:
    how = Behaviour(host=HOST, keywords=("SIZE 1000",))
    seen = try_it(try_auth, follow(*GREETED, Expect(b"AUTH"), Close()), SMTP, SETTINGS, listed(how))
    assert trials(seen)["PLAIN", False].ended.cause is Cause.CLOSED
    assert seen.verdicts(*ACTIVE) == dict.fromkeys(ACTIVE, Verdict.INCONCLUSIVE)


def test_an_answer_said_twice_lets_nobody_in() -> None:
    greeted = (Say(b"+OK ready\r\n"), Expect(b"CAPA"), Say(b"+OK\r\nUSER\r\n.\r\n"))
    no_sasl = (Expect(b"AUTH"), Say(b"-ERR no\r\n"), Expect(b"USER"), Say(b"+OK\r\n"), Expect(b"PASS"))
    twice = (Say(b"+OK\r\n-ERR no\r\n"), Expect(b"QUIT"), Say(b"+OK bye\r\n"), Close())
    seen = try_it(try_auth, follow(*greeted, *no_sasl, *twice), POP3, SETTINGS)
    assert seen.attempt.ended.cause is Cause.DECLINED
    assert seen.verdicts("made-up-user-let-in") == {"made-up-user-let-in": Verdict.INCONCLUSIVE}


def test_challenges_without_an_end_are_given_up() -> None:
    challenges = tuple(step for _ in range(9) for step in (Say(b"334 \r\n"), Expect(b"")))
    seen = try_it(try_auth, follow(*GREETED, Expect(b"AUTH"), *challenges), SMTP, SETTINGS)
    assert statuses(trials(seen)["PLAIN", False]) == ["334"] * 4
    assert "C: ****" in seen.transcript


@pytest.mark.parametrize("greeting", [b"554 no\r\n", b"* PREAUTH hello\r\n", b"* BYE\r\n"])
def test_a_greeting_that_asks_for_no_login_ends_it(greeting: bytes) -> None:
    protocol = SMTP if greeting.startswith(b"5") else IMAP
    seen = try_it(try_auth, follow(Say(greeting), Expect(b""), Close()), protocol, SETTINGS)
    assert not seen.facts.at(AuthTrials, SUBJECT)
    assert seen.attempt.ended.cause is Cause.DECLINED
    assert seen.connections == 1


def test_the_password_is_nowhere() -> None:
    seen = tried(AccessBehaviour(host=HOST, protocol=IMAP), IMAP)
    assert "LOGIN ****" in seen.transcript
    assert "C: ****" in seen.transcript
    (found,) = seen.facts.at(AuthTrials, SUBJECT)
    assert found.user.startswith("waxseal-")
    assert found.user.endswith("@example.org")
    assert found.user not in seen.transcript
