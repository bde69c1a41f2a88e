"""What servers keep and forget over STARTTLS, each fault by its own finding and no other."""

import pytest
from msgspec import structs

from tests.probes.flawed import ALL, MAIL, SETTINGS, SUBJECT, Manner, Outcome, hold
from waxseal.checks.verdict import Verdict
from waxseal.facts import Cause, MailProtocol, Stage, StarttlsSession, Transcript
from waxseal.probes.starttls_session import try_session

POP3 = (MailProtocol.POP3,)
LOGINS = structs.replace(SETTINGS, active_auth=True)


def session(protocol: MailProtocol, manner: Manner) -> Outcome:
    return hold(try_session, protocol, manner, LOGINS)


def fact(outcome: Outcome) -> StarttlsSession:
    ((_, found),) = outcome.facts.within(StarttlsSession, SUBJECT)
    return found


def faults(outcome: Outcome) -> dict[str, Verdict]:
    """What is not PASS; command injection is another probe's."""
    verdicts = outcome.verdicts()
    verdicts.pop("command-injection")
    return {name: verdict for name, verdict in verdicts.items() if verdict is not Verdict.PASS}


@pytest.mark.parametrize("protocol", ALL)
def test_a_sound_server_has_no_fault(protocol: MailProtocol) -> None:
    outcome = session(protocol, Manner())
    assert faults(outcome) == {}
    passed = set(outcome.verdicts()) - {"command-injection"}
    assert {"parameter-accepted", "accepted-in-tls"} <= passed
    assert ({"hello-kept", "mail-kept"} <= passed) is (protocol in MAIL)
    assert ("user-kept" in passed) is (protocol in POP3)
    assert outcome.connections == outcome.attempt().connections <= 2
    assert outcome.attempt().ended.cause is Cause.COMPLETED


@pytest.mark.parametrize(
    ("manner", "fault", "verdict", "protocols"),
    [
        (Manner(parameter=True), "parameter-accepted", Verdict.WARN, ALL),
        (Manner(nested=True), "accepted-in-tls", Verdict.FAIL, ALL),
        (Manner(remembers="hello"), "hello-kept", Verdict.FAIL, MAIL),
        (Manner(remembers="mail"), "mail-kept", Verdict.FAIL, MAIL),
        (Manner(remembers="login", anonymous=True), "login-kept", Verdict.FAIL, MAIL),
        (Manner(remembers="user"), "user-kept", Verdict.WARN, POP3),
    ],
)
def test_each_fault_is_found_alone(
    manner: Manner, fault: str, verdict: Verdict, protocols: tuple[MailProtocol, ...]
) -> None:
    for protocol in protocols:
        outcome = session(protocol, manner)
        assert faults(outcome) == {fault: verdict}, protocol
        assert outcome.connections <= 3


@pytest.mark.parametrize("protocol", MAIL)
def test_what_a_server_takes_from_anybody_proves_nothing(protocol: MailProtocol) -> None:
    outcome = session(protocol, Manner(unheralded=True))
    assert "hello-kept" not in outcome.verdicts()
    assert faults(outcome) == {}
    demanding = session(protocol, Manner(unheralded=True, demands=True))
    heard = fact(demanding)
    assert heard.clear_mail is not None
    assert heard.clear_mail.status == "530"
    assert faults(demanding) == {}
    assert demanding.connections == 3  # one more, for MAIL under TLS without any EHLO


@pytest.mark.parametrize("protocol", ALL)
def test_a_refusal_that_the_server_survives(protocol: MailProtocol) -> None:
    outcome = session(protocol, Manner(unavailable="recovers"))
    assert outcome.verdicts()["no-recovery"] is Verdict.PASS
    assert set(faults(outcome).values()) <= {Verdict.INCONCLUSIVE}
    assert (outcome.attempt().ended.cause, outcome.attempt().ended.stage) == (Cause.DECLINED, Stage.STARTTLS)


@pytest.mark.parametrize("protocol", ALL)
def test_a_refusal_that_ends_the_connection(protocol: MailProtocol) -> None:
    outcome = session(protocol, Manner(unavailable="closes"))
    assert outcome.verdicts()["no-recovery"] is Verdict.WARN
    assert fact(outcome).recovery_hello is None


@pytest.mark.parametrize("protocol", ALL)
def test_without_starttls_only_clear_mail_is_asked(protocol: MailProtocol) -> None:
    outcome = session(protocol, Manner(offers=False))
    assert outcome.connections == 1
    assert faults(outcome) == {}
    assert (fact(outcome).clear_mail is not None) is (protocol in MAIL)
    assert (outcome.attempt().ended.cause, outcome.attempt().ended.stage) == (Cause.DECLINED, Stage.EHLO)


def test_the_limit_of_connections_is_kept() -> None:
    tight = structs.replace(SETTINGS, connection_limit=1)
    outcome = hold(try_session, MailProtocol.SMTP, Manner(), tight)
    assert outcome.attempt().ended.cause is Cause.BUDGET_SPENT
    assert outcome.connections == 1
    assert outcome.verdicts()["mail-kept"] is Verdict.INCONCLUSIVE


def test_passwords_stay_out_of_the_transcript() -> None:
    ((_, transcript),) = session(MailProtocol.POP3, Manner()).facts.within(Transcript, SUBJECT)
    said = [line.text for line in transcript.lines if line.sender == "C" and line.text.startswith("PASS")]
    assert said == ["PASS ****", "PASS ****"]


@pytest.mark.parametrize("protocol", ALL)
def test_a_second_greeting_under_tls_answers_nothing(protocol: MailProtocol) -> None:
    outcome = session(protocol, Manner(again=True))
    assert faults(outcome) == {}
    assert "hello-kept" in outcome.verdicts() or protocol not in MAIL


def test_answers_that_may_be_another_commands_are_not_kept() -> None:
    outcome = session(MailProtocol.SMTP, Manner(stutters=True))
    assert set(faults(outcome).values()) <= {Verdict.INCONCLUSIVE}
    assert fact(outcome).kept_mail is None
    assert (outcome.attempt().ended.cause, outcome.attempt().ended.stage) == (Cause.DECLINED, Stage.QUIT)


def test_no_login_is_tried_unasked() -> None:
    quiet = hold(try_session, MailProtocol.POP3, Manner(remembers="user"))
    ((_, talk),) = quiet.facts.within(Transcript, SUBJECT)
    assert not [line for line in talk.lines if line.text.startswith("PASS")]
    assert faults(quiet) == {}
    anonymous = hold(try_session, MailProtocol.SMTP, Manner(anonymous=True))
    assert fact(anonymous).auth_in_clear is None


def test_no_message_is_sent_and_recipients_are_reserved() -> None:
    ((_, transcript),) = session(MailProtocol.SMTP, Manner()).facts.within(Transcript, SUBJECT)
    said = [line.text for line in transcript.lines if line.sender == "C"]
    assert "DATA" not in said
    recipients = [text for text in said if text.startswith("RCPT")]
    assert len(recipients) == 2
    assert all(text.endswith("@example.invalid>") for text in recipients)
