"""Logins at real servers: what is offered, what a made-up user meets, and an account's own INBOX."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from waxseal.api import Result, check
from waxseal.checks.verdict import Verdict
from waxseal.facts import Attempt, AuthTrials, Cause, ImapLogin, Transcript
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.roots import load_roots
from waxseal.probes.settings import Account, ProbeSettings
from waxseal.probes.tls.depth import Depth

from .dovecot_access import MESSAGES, PASSWORD, USER
from .servers import RealServer

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.real


class _NoResolver:
    servers = ("192.0.2.53:53",)

    async def query(self, name: str, rdtype: str) -> object:
        raise AssertionError("nothing is to be looked up")


def run(server: RealServer, account: Account | None = None) -> Result:
    network = Network(
        resolver=_NoResolver(),  # type: ignore[arg-type]
        roots=load_roots(str(server.root_pem)),
        guard=AddressGuard(["127.0.0.0/8"]),
    )
    settings = ProbeSettings(
        ehlo_name="probe.test",
        depth=Depth.STANDARD,
        time_limit_s=60,
        connection_limit=60,
        injection=False,
        active_auth=True,
        account=account,
    )
    target = server.url
    return asyncio.run(check(target, network=network, settings=settings, name=server.name))


def to_mend(result: Result) -> set[str]:
    """The findings of this topic that are no good answer."""
    (report,) = result.reports
    assert not [finding for finding in report.findings if finding.crashed]
    return {
        finding.check.removeprefix("auth/")
        for finding in report.findings
        if finding.check.startswith("auth/") and finding.verdict in (Verdict.FAIL, Verdict.WARN)
    }


def of_kind(result: Result, kind: type[AuthTrials] | type[ImapLogin]) -> Iterable[object]:
    return [record.fact for record in result.facts if isinstance(record.fact, kind)]


SOUND = [
    ("dovecot-access", "imap"),
    ("dovecot-access", "imaps"),
    ("dovecot-access", "pop3"),
    ("dovecot-access", "sieve"),
    ("dovecot-access", "submission"),
    ("dovecot-access", "lmtp"),
    ("postfix-services", "submission"),
    ("exim-services", "submission"),
    ("postfix", "default"),
    ("exim", "default"),
    ("cyrus", "imap"),
    ("cyrus", "pop3"),
    ("courier", "imap"),
    ("courier", "pop3"),
    ("nginx", "imap"),
    ("nginx", "pop3"),
    ("nginx", "submission"),
]


@pytest.mark.parametrize("real_server", SOUND, indirect=True, ids="-".join)
def test_sound_servers(real_server: RealServer) -> None:
    result = run(real_server)
    assert to_mend(result) == set()
    assert list(of_kind(result, AuthTrials))
    _show(result)


_LAX = {"offered-in-clear", "anonymous-offered", "external-unbacked", "mechanism-obsolete", "plus-missing"}
UNSOUND = {
    ("dovecot-lax", "imap"): _LAX,
    ("dovecot-lax", "pop3"): _LAX,
    ("dovecot-lax", "sieve"): _LAX,
    ("dovecot-lax", "submission"): _LAX,
    ("postfix-services", "auth-in-clear"): {"offered-in-clear"},
    ("exim-services", "auth-in-clear"): {"offered-in-clear"},
    ("cyrus", "imap-plaintext"): {"offered-in-clear"},
}


@pytest.mark.parametrize("real_server", UNSOUND, indirect=True, ids="-".join)
def test_unsound_servers(real_server: RealServer) -> None:
    result = run(real_server)
    _show(result)
    assert to_mend(result) == UNSOUND[real_server.software, real_server.set_up]


def _show(result: Result) -> None:
    for record in result.facts:
        if isinstance(record.fact, Transcript) and record.fact.probe in ("auth.trials", "imap.login"):
            for line in record.fact.lines:
                print(f"{line.sender}{'+' if line.in_tls else ' '} {line.text[:150]}")
        if isinstance(record.fact, Attempt) and record.fact.probe in ("auth.trials", "imap.login"):
            print(record.fact.ended, record.fact.connections)
    (report,) = result.reports
    for finding in report.findings:
        if finding.check.startswith("auth/"):
            print(finding.check, finding.verdict.value, finding.summary, finding.evidence)


@pytest.mark.parametrize(
    "real_server",
    [("dovecot-access", "imap"), ("dovecot-access", "imaps"), ("dovecot-lax", "imap"), ("cyrus", "imap")],
    indirect=True,
    ids="-".join,
)
def test_an_account(real_server: RealServer) -> None:
    result = run(real_server, Account(USER, PASSWORD))
    _show(result)
    (found,) = of_kind(result, ImapLogin)
    assert isinstance(found, ImapLogin)
    assert found.response.good
