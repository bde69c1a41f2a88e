"""waxseal and real servers in every protocol: what each deserves, and what it must not be blamed for.

The truth that is expected here was found without waxseal, in ``test_service_fixtures``.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import pytest

from tests.real.servers import SERVICE_SET_UPS, RealServer
from tests.real.test_service_fixtures import BARE, NO_TLS, SMUGGLED, VULNERABLE
from waxseal.api import Result, check
from waxseal.checks.api import Verdict
from waxseal.facts import (
    Attempt,
    CommandInjection,
    Fact,
    RelayTrials,
    SmugglingTrials,
    StarttlsSession,
    Subject,
)
from waxseal.grading.seal import State
from waxseal.lab.dns_server import DnsServer
from waxseal.lab.zone import DnsRecord, Zone, host_records
from waxseal.net.dns import DnsClient
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.roots import load_roots
from waxseal.probes.settings import Account, ProbeSettings
from waxseal.probes.tls.depth import Depth

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.real

F = TypeVar("F", bound=Fact)
At = tuple[str, str]
Findings = set[tuple[str, Verdict]]
WARN, FAIL, PASS = Verdict.WARN, Verdict.FAIL, Verdict.PASS
INCONCLUSIVE, NOT_APPLICABLE = Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE
NAME = "probe.test"


async def _check(server: RealServer, settings: ProbeSettings) -> Result:
    """Check one listener, with a DNS world in which its name and address belong together."""
    records = [*host_records(server.name, server.host or "127.0.0.1")]
    dns = DnsServer(Zone([*records, DnsRecord("real.test", "MX", f"10 {server.name}.")]))
    await dns.start()
    try:
        network = Network(
            resolver=DnsClient([dns.address]),
            roots=load_roots(str(server.root_pem)),
            guard=AddressGuard(["127.0.0.0/8"]),
        )
        return await check(server.url, network=network, name=server.name, settings=settings)
    finally:
        await dns.stop()


def checked(server: RealServer, settings: ProbeSettings | None = None) -> Result:
    return asyncio.run(_check(server, settings or ProbeSettings(ehlo_name=NAME)))


def verdict(result: Result, name: str) -> Verdict:
    (found,) = {finding.verdict for finding in result.reports[0].findings if finding.check == name}
    return found


def bad(result: Result) -> Findings:
    findings = result.reports[0].findings
    assert not [finding for finding in findings if finding.crashed]
    return {(f.check, f.verdict) for f in findings if f.verdict in (WARN, FAIL)}


def one_fact(result: Result, kind: type[F]) -> F:
    ((_, found),) = result.facts.within(kind, Subject())
    return found


def _servers(*ats: At) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("real_server", ats, indirect=True, ids="-".join)


# What each set-up deserves. Dovecot, Courier and nginx take ``STARTTLS x`` for STARTTLS, and Cyrus has every
# mechanism that its SASL library has, as Debian ships them.

_PARAMETER = {("starttls/parameter-accepted", WARN)}
_OLD_MAIL = {("tls/version-old-accepted", WARN)}
_STATIC_KEYS = {("tls/forward-secrecy-missing", WARN)}
_OLD_ACCESS = {("tls/version-old-accepted", FAIL), *_STATIC_KEYS}
_ANONYMOUS_SUITES = {("tls/suite-anonymous", FAIL)}
_NO_13 = {("tls/version-13-missing", WARN)}
_OBSOLETE = {("auth/mechanism-obsolete", WARN)}
_PASSWORD_IN_CLEAR = {("auth/offered-in-clear", FAIL)}
_TLS_DEMANDED = {("smtp/unencrypted-refused", WARN)}
_LAX = {*_OBSOLETE, ("auth/external-unbacked", WARN), ("auth/plus-missing", WARN)}
_LAX_TO_ALL = {*_LAX, ("auth/anonymous-offered", WARN)}
_NO_STARTTLS = {("access/starttls-missing", FAIL)}

DOVECOT: dict[str, Findings] = {
    "imap": _PARAMETER,
    "imaps": set(),
    "pop3": _PARAMETER,
    "pop3s": set(),
    "sieve": set(),
    "submission": set(),
    "submissions": set(),
    "lmtp": set(),
    "lmtp-unix": set(),
    "imap-no-starttls": _NO_STARTTLS,
    "pop3-no-starttls": _NO_STARTTLS,
    "sieve-no-starttls": {("access/starttls-refused", FAIL)},
    "imap-expired": {*_PARAMETER, ("certificate/expired", FAIL)},
    "pop3-self-signed": {*_PARAMETER, ("certificate/self-signed", FAIL)},
    "sieve-missing-intermediate": {("certificate/intermediate-missing", FAIL)},
}
LAX: dict[str, Findings] = {
    "imap": {*_LAX_TO_ALL, *_PASSWORD_IN_CLEAR, *_PARAMETER},
    "imaps": _LAX_TO_ALL,
    "pop3": {*_LAX_TO_ALL, *_PASSWORD_IN_CLEAR, *_PARAMETER},
    "pop3s": _LAX_TO_ALL,
    "sieve": {*_LAX, *_PASSWORD_IN_CLEAR},
    "submission": {*_LAX, *_PASSWORD_IN_CLEAR},
    "submissions": _LAX,
}
POSTFIX: dict[str, Findings] = {
    "closed": _OLD_MAIL,
    "mandatory-tls": {*_OLD_MAIL, *_TLS_DEMANDED},
    "submissions": {*_OLD_ACCESS, *_ANONYMOUS_SUITES},
    "auth-in-clear": {*_OLD_ACCESS, *_ANONYMOUS_SUITES, *_PASSWORD_IN_CLEAR},
}
EXIM: dict[str, Findings] = {"closed": _OLD_MAIL, "auth-in-clear": {*_OLD_ACCESS, *_PASSWORD_IN_CLEAR}}
CYRUS: dict[str, Findings] = {
    "imap": {*_OBSOLETE, *_STATIC_KEYS},
    "imaps": {*_OBSOLETE, *_STATIC_KEYS},
    "imap-plaintext": {*_OBSOLETE, *_STATIC_KEYS, *_PASSWORD_IN_CLEAR},
    "pop3": {*_OBSOLETE, *_STATIC_KEYS},
    "pop3s": {*_OBSOLETE, *_STATIC_KEYS},
    "sieve": {*_OBSOLETE, *_STATIC_KEYS},
    "lmtp": _OBSOLETE,
    "lmtp-preauthenticated": {("smtp/starttls-missing", FAIL)},
    "lmtp-unix": set(),  # nothing crosses a network
}
COURIER: dict[str, Findings] = {
    "imap": {*_OLD_ACCESS, *_PARAMETER, ("auth/login-not-disabled", FAIL)},
    "imaps": _OLD_ACCESS,
    "imap-broken": {("tls/not-tls", FAIL), ("auth/login-not-disabled", FAIL)},
    "pop3": {
        *_OLD_ACCESS,
        *_PARAMETER,
        ("auth/user-in-clear", FAIL),
        ("starttls/command-injection", FAIL),
    },
    "pop3s": _OLD_ACCESS,
}
NGINX: dict[str, Findings] = {
    "imap": {*_NO_13, *_STATIC_KEYS, *_PARAMETER, *_PASSWORD_IN_CLEAR},
    "imap-insisting": {*_NO_13, *_STATIC_KEYS, *_PARAMETER},
    "imaps": {*_NO_13, *_STATIC_KEYS},
    "pop3": {*_NO_13, *_STATIC_KEYS, *_PARAMETER, *_PASSWORD_IN_CLEAR},
    "pop3-insisting": {*_NO_13, *_STATIC_KEYS, *_PARAMETER},
    "pop3s": {*_NO_13, *_STATIC_KEYS},
    "smtp": {*_NO_13, *_PARAMETER},
    "submission": {*_NO_13, *_STATIC_KEYS, *_PARAMETER},
    "submissions": {*_NO_13, *_STATIC_KEYS},
}
EXPECTED: dict[At, Findings] = {
    (software, set_up): findings
    for software, set_ups in {
        "dovecot-access": DOVECOT,
        "dovecot-lax": LAX,
        "postfix-services": POSTFIX,
        "exim-services": EXIM,
        "cyrus": CYRUS,
        "courier": COURIER,
        "nginx": NGINX,
    }.items()
    for set_up, findings in set_ups.items()
}
STOCK_AND_SOUND = [
    *(("dovecot-access", s) for s, findings in DOVECOT.items() if findings <= _PARAMETER),
    ("postfix-services", "closed"),
    ("exim-services", "closed"),
]


def injection(at: At) -> Verdict:
    """What is true of a set-up and command injection behind STARTTLS."""
    if at in VULNERABLE:
        return FAIL
    if at in (("courier", "imap-broken"), ("dovecot-access", "sieve-no-starttls")):
        return INCONCLUSIVE  # STARTTLS is offered, and no handshake can be had
    implicit = at[1] in ("imaps", "pop3s", "submissions")
    return NOT_APPLICABLE if implicit or at in NO_TLS or at[1].endswith("-no-starttls") else PASS


@_servers(*EXPECTED)
def test_exactly_what_each_deserves_is_found(real_server: RealServer) -> None:
    at = real_server.software, real_server.set_up
    result = checked(real_server)
    assert bad(result) == EXPECTED[at]
    assert verdict(result, "starttls/command-injection") is injection(at)
    if at in STOCK_AND_SOUND:
        assert result.reports[0].headline.state is State.SEALED
    spent = {
        attempt.probe: attempt.connections
        for _, attempt in result.facts.within(Attempt, Subject())
        if attempt.probe in ("dialogue", "starttls.session", "smtp.commands", "tls.cross-protocol")
    }
    assert 1 <= sum(spent.values()) <= 8, spent
    if real_server.protocol not in ("smtp", "lmtp"):
        unfit = {f.check for f in result.reports[0].findings if f.verdict is not NOT_APPLICABLE}
        assert {name for name in unfit if name.startswith("smtp/")} <= {"smtp/starttls-cost"}


def test_every_protocol_is_among_them() -> None:
    assert EXPECTED.keys() <= set(SERVICE_SET_UPS)
    spoken = {set_up.partition("-")[0] for _, set_up in EXPECTED}
    assert spoken >= {"imap", "imaps", "pop3", "pop3s", "sieve", "lmtp", "submission", "submissions", "smtp"}


@_servers(("opensmtpd", "default"), ("opensmtpd", "implicit"), ("courier", "imap-broken"))
def test_a_failed_handshake_clears_nobody(real_server: RealServer) -> None:
    if real_server.can_handshake and real_server.software == "opensmtpd":
        pytest.skip("a version that can shake hands")
    settings = ProbeSettings(
        ehlo_name=NAME,
        relay=True,
        own_recipient="root@real.test",
        active_auth=True,
        account=Account("a", "b"),
    )
    result = checked(real_server, settings)
    expected = dict.fromkeys(["starttls/command-injection", "tls/cross-protocol"], INCONCLUSIVE)
    if real_server.mode == "implicit":
        expected["starttls/command-injection"] = NOT_APPLICABLE
    if real_server.protocol == "smtp":
        expected |= dict.fromkeys(["smtp/relay-open", "smtp/data-end-smuggled"], INCONCLUSIVE)
    assert {name: verdict(result, name) for name in expected} == expected


SMUGGLING: dict[At, Verdict] = {at: FAIL if ends else PASS for at, ends in SMUGGLED.items()}


@_servers(*SMUGGLING)
def test_smuggling_is_what_it_is(real_server: RealServer) -> None:
    settings = ProbeSettings(ehlo_name=NAME, depth=Depth.GRADE, own_recipient="postmaster@real.test")
    result = checked(real_server, settings)
    at = real_server.software, real_server.set_up
    assert verdict(result, "smtp/data-end-smuggled") is SMUGGLING[at]
    trials = one_fact(result, SmugglingTrials).trials
    ended = {trial.variant for trial in trials if len(trial.replies) > trial.expected}
    assert ended & BARE == SMUGGLED[at]


RELAYING: dict[At, Verdict] = {
    ("postfix-services", "closed"): PASS,
    ("postfix-services", "closed-for-good"): PASS,
    ("postfix-services", "submission"): PASS,
    ("postfix-services", "open-relay"): FAIL,
    ("exim-services", "closed"): PASS,
    ("exim-services", "open-relay"): FAIL,
    ("nginx", "submission"): PASS,
    ("dovecot-access", "submission"): PASS,
}


@_servers(*RELAYING)
def test_open_relays_are_told_from_closed_ones(real_server: RealServer) -> None:
    result = checked(real_server, ProbeSettings(ehlo_name=NAME, depth=Depth.GRADE, relay=True))
    assert verdict(result, "smtp/relay-open") is RELAYING[real_server.software, real_server.set_up]
    assert one_fact(result, RelayTrials).trials


@_servers(("postfix-services", "mandatory-tls"), ("postfix-services", "closed"))
def test_a_rule_of_no_mail_in_clear_is_proved(real_server: RealServer) -> None:
    settings = ProbeSettings(ehlo_name=NAME, injection=False, expect_tls=True)
    result = checked(real_server, settings)
    demanded = real_server.set_up == "mandatory-tls"
    assert verdict(result, "smtp/clear-mail-taken") is (PASS if demanded else FAIL)
    clear = one_fact(result, StarttlsSession).clear_mail
    assert clear is not None
    assert clear.status == ("530" if demanded else "250")


def test_the_injection_probe_says_why_dovecot_is_sound(start_real: Callable[[str, str], RealServer]) -> None:
    result = checked(start_real("dovecot-access", "pop3"))
    trials = one_fact(result, CommandInjection).trials
    assert trials[0].way == "control"
    assert all(trial.unasked == 0 for trial in trials)
