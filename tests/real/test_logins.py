"""Logins at real servers: what is offered, what a made-up user meets, and an account's own INBOX."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import pytest

from waxseal.api import Result, check
from waxseal.checks.verdict import Verdict
from waxseal.facts import Attempt, AuthTrials, Cause, DnsAnswer, DnsStatus, Fact, ImapLogin, Transcript
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.roots import load_roots
from waxseal.probes.auth_trials import MAX_CONNECTIONS, MAX_TRIALS
from waxseal.probes.settings import Account, ProbeSettings
from waxseal.probes.tls.depth import Depth

from .dovecot_access import MESSAGES, PASSWORD, USER

if TYPE_CHECKING:
    from .servers import RealServer

pytestmark = pytest.mark.real
F = TypeVar("F", bound=Fact)

_LAX = {"offered-in-clear", "external-unbacked", "mechanism-obsolete", "plus-missing"}
TO_MEND: dict[tuple[str, str], set[str]] = {
    ("dovecot-access", "imap"): set(),
    # Dovecot strikes ANONYMOUS from the list of submission itself
    ("dovecot-lax", "submission"): _LAX,
    ("postfix-services", "submission"): set(),
    ("exim-services", "auth-in-clear"): {"offered-in-clear"},
    # Debian's libsasl2 brings NTLM, CRAM-MD5 and DIGEST-MD5
    ("cyrus", "imap-plaintext"): {"mechanism-obsolete", "offered-in-clear"},
    # Courier leaves its own commands open in clear, and hides the mechanisms
    ("courier", "imap"): {"login-not-disabled"},
    ("nginx", "imap"): {"offered-in-clear"},
}
"""What is to mend, in the topic auth; ``test_every_protocol`` looks at many more servers."""


class _NoResolver:
    servers = ("192.0.2.53:53",)

    async def query(self, name: str, rdtype: str) -> DnsAnswer:
        return DnsAnswer(name, rdtype, DnsStatus.NXDOMAIN)


def run(server: RealServer, account: Account | None = None) -> Result:
    network = Network(
        resolver=_NoResolver(),
        roots=load_roots(str(server.root_pem)),
        guard=AddressGuard(["127.0.0.0/8"]),
    )
    settings = ProbeSettings(
        ehlo_name="probe.test",
        time_limit_s=60,
        depth=Depth.GRADE,
        active_auth=account is None,
        account=account,
    )
    return asyncio.run(check(server.url, network=network, settings=settings, name=server.name))


def to_mend(result: Result) -> set[str]:
    """The findings of this topic that are no good answer."""
    (report,) = result.reports
    assert not [finding for finding in report.findings if finding.crashed]
    return {
        finding.check.removeprefix("auth/")
        for finding in report.findings
        if finding.check.startswith("auth/") and finding.verdict in (Verdict.FAIL, Verdict.WARN)
    }


def all_of(result: Result, kind: type[F]) -> list[F]:
    return [record.fact for record in result.facts if isinstance(record.fact, kind)]


def attempt(result: Result, probe: str) -> Attempt:
    (found,) = [one for one in all_of(result, Attempt) if one.probe == probe]
    return found


def transcript(result: Result, probe: str) -> str:
    found = [one for one in all_of(result, Transcript) if one.probe == probe]
    return "\n".join(f"{line.sender} {line.text}" for one in found for line in one.lines)


@pytest.mark.parametrize("real_server", TO_MEND, indirect=True, ids="-".join)
def test_findings(real_server: RealServer) -> None:
    result = run(real_server)
    assert to_mend(result) == TO_MEND[real_server.software, real_server.set_up]
    (tried,) = all_of(result, AuthTrials)
    assert 1 <= len(tried.trials) <= MAX_TRIALS
    assert all(trial.answers and trial.ended.cause is Cause.COMPLETED for trial in tried.trials)
    assert attempt(result, "auth.trials").connections <= MAX_CONNECTIONS


@pytest.mark.parametrize(
    "real_server",
    [("dovecot-access", "imap"), ("dovecot-access", "imaps"), ("cyrus", "imap"), ("courier", "imaps")],
    indirect=True,
    ids="-".join,
)
def test_an_account(real_server: RealServer) -> None:
    result = run(real_server, Account(USER, PASSWORD))
    (found,) = all_of(result, ImapLogin)
    said = transcript(result, "imap.login")
    assert found.response.good, said
    assert found.examine is not None, said
    assert found.examine.good
    assert found.envelopes == found.messages
    if real_server.software == "dovecot-access":
        assert found.messages is not None
        assert found.messages >= MESSAGES
    assert PASSWORD not in said
    assert "Subject" not in said
    assert "account-refused" not in to_mend(result)


@pytest.mark.parametrize("real_server", [("dovecot-access", "imap")], indirect=True, ids="-".join)
def test_a_wrong_password(real_server: RealServer) -> None:
    result = run(real_server, Account(USER, "no such word"))
    (found,) = all_of(result, ImapLogin)
    assert found.response.code == "AUTHENTICATIONFAILED"
    assert to_mend(result) == {"account-refused"}


@pytest.mark.parametrize("real_server", [("dovecot-access", "imap-expired")], indirect=True, ids="-".join)
def test_no_password_for_an_expired_certificate(real_server: RealServer) -> None:
    result = run(real_server, Account(USER, PASSWORD))
    assert not all_of(result, ImapLogin)
    ended = attempt(result, "imap.login").ended
    assert ended.cause is Cause.DECLINED
    assert "was not sent" in ended.detail
    assert "expired" in ended.detail
