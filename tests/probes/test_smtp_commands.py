"""VRFY and EXPN: what is asked, and what each answer tells."""

import pytest

from tests.probes.mail_peer import SUBJECT, Manners, hold
from waxseal.checks.verdict import Verdict
from waxseal.facts import CommandAnswers, MailProtocol
from waxseal.probes.smtp_commands import ask_commands


def known(name: str) -> bytes:
    return b"250 <pm@example.test>" if name.startswith("postmaster") else b"550 5.1.1 User unknown"


@pytest.mark.parametrize(
    ("manners", "verdict"),
    [
        (Manners(), Verdict.PASS),
        (Manners(vrfy=known), Verdict.WARN),
        (Manners(vrfy=lambda name: b"250 2.0.0 Fine"), Verdict.PASS),
        (Manners(vrfy=lambda name: b"550 5.1.1 Unknown"), Verdict.PASS),
        (Manners(vrfy=lambda name: known(name).replace(b"250", b"252")), Verdict.PASS),
        (Manners(vrfy=lambda name: b"450 4.7.1 Later"), Verdict.INCONCLUSIVE),
        (Manners(expn=known), Verdict.WARN),
        (Manners(expn=lambda name: b"421 4.3.2 Closing"), Verdict.INCONCLUSIVE),
        (Manners(vrfy=lambda name: b"250 Fine", expn=lambda name: b"250 Fine"), Verdict.PASS),
        (Manners(vrfy=lambda name: b"250 Fine", stutters="VRFY"), Verdict.INCONCLUSIVE),
        (Manners(vrfy=lambda name: b"421 4.3.2 Closing"), Verdict.INCONCLUSIVE),
    ],
)
@pytest.mark.parametrize("protocol", [MailProtocol.SMTP, MailProtocol.LMTP])
def test_what_is_told(manners: Manners, verdict: Verdict, protocol: MailProtocol) -> None:
    outcome = hold(ask_commands, manners, protocol)
    assert outcome.verdict("smtp/users-disclosed") is verdict
    assert outcome.server.connections == 1


def test_what_is_asked() -> None:
    outcome = hold(ask_commands, domain="example.test")
    asked = [line.split("@")[0] for line in outcome.heard if line.startswith(("VRFY", "EXPN"))]
    assert [asked[1], asked[3]] == ["VRFY postmaster", "EXPN postmaster"]
    answers = outcome.facts.nearest(CommandAnswers, SUBJECT)
    assert answers is not None
    assert [r.code for r in (answers.vrfy, answers.vrfy_known, answers.expn) if r] == [252, 252, 502]
