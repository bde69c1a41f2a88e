"""MTA-STS, whole and with real parts: a validating resolver, a policy host over TLS, Postfix and Exim.

Each situation gives exactly these findings and a prediction for senders that honour policies. Postfix agrees
at level ``secure``, which is what its plug-ins make of an enforced policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.net.real_tree import State
from waxseal.checks.api import Verdict
from waxseal.facts import StsFetch, StsRecord, Subject
from waxseal.grading.delivery import Decider, Outcome, Prediction, predictions
from waxseal.wire.dns_rdata import txt_records

from .packages import UnavailableError
from .second_opinion import postfix_delivers
from .servers import HOST_NAME, RealServer, RealServers
from .signed_world import (
    DOMAIN,
    POLICY_HOST,
    Findings,
    PolicySite,
    World,
    complaints,
    mail_zone,
    signed_world,
    tlsa,
    tlsa_records,
)

if TYPE_CHECKING:
    from waxseal.api import Result

    from .pki import Identity, Pki

pytestmark = pytest.mark.real

WARN, FAIL = Verdict.WARN, Verdict.FAIL
VERIFIED, DEFERRED, ENCRYPTED, CLEAR = (
    Outcome.VERIFIED,
    Outcome.DEFERRED,
    Outcome.ENCRYPTED,
    Outcome.CLEAR,
)
RECORD = '_mta-sts 300 TXT "v=STSv1; id=20260101000000Z;"\nmta-sts 300 A 127.0.0.1\n'


def policy(mode: str = "enforce", *mx: str) -> bytes:
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {name}" for name in mx), "max_age: 1209600", ""]
    return "\r\n".join(lines).encode()


def sound(pki: Pki) -> Identity:
    return pki.leaf(_fresh(pki), [POLICY_HOST])


def misnamed(pki: Pki) -> Identity:
    return pki.leaf(_fresh(pki), [f"www.{DOMAIN}"])


def expired(pki: Pki) -> Identity:
    day = (pki.now - pki.root.not_valid_before_utc) / 365
    return pki.leaf(_fresh(pki), [POLICY_HOST], not_before=pki.now - 9 * day, not_after=pki.now - day)


def self_signed(pki: Pki) -> Identity:
    return pki.leaf(_fresh(pki), [POLICY_HOST], issuer="self")


def _fresh(pki: Pki) -> str:
    return f"policy-{len(list(pki.folder.iterdir()))}"


@dataclass(frozen=True)
class Case:
    """One situation.

    Attributes:
        name: For the test's id.
        findings: Every WARN and FAIL there is to be.
        outcome: What becomes of a message from a sender that honours MTA-STS and does not know DANE.
        decider: Which record decides that.
        body: What the policy host serves.
        identity: The policy host's certificate.
        set_up, software: Of the mail server.
        state: Of the zone.
        dane: TLSA record: parameters, then of which certificate; "" for none.
    """

    name: str
    findings: Findings
    outcome: Outcome
    decider: Decider = Decider.MTA_STS
    body: bytes = policy("enforce", HOST_NAME)
    identity: Callable[[Pki], Identity] = sound
    set_up: str = "default"
    software: str = "postfix"
    state: State = State.INSECURE
    dane: str = ""

    def __str__(self) -> str:
        return f"{self.name}-{self.software}"

    @property
    def is_enforced(self) -> bool:
        """Whether the policy can be had and binds senders."""
        return self.identity is sound and b"mode: enforce" in self.body


UNTRUSTED_HOST = ("mta-sts/policy-host-certificate", FAIL)
BAD_CERTIFICATE = ("mta-sts/mx-certificate", FAIL)
SELF_SIGNED = ("certificate/self-signed", WARN)
CASES = [
    Case("enforced", set(), VERIFIED),
    Case("enforced", set(), VERIFIED, software="exim"),
    Case("enforced-signed", set(), VERIFIED, state=State.SECURE),
    Case("wildcard", set(), VERIFIED, body=policy("enforce", f"*.{DOMAIN}")),
    Case("unmatched", {("mta-sts/mx-unmatched", FAIL)}, DEFERRED, body=policy("enforce", f"mail.{DOMAIN}")),
    Case(
        "wildcard-too-deep",
        {("mta-sts/mx-unmatched", FAIL)},
        DEFERRED,
        body=policy("enforce", f"*.{HOST_NAME}"),
    ),
    Case("testing", {("mta-sts/mode-testing", WARN)}, ENCRYPTED, body=policy("testing", HOST_NAME)),
    Case("expired", {BAD_CERTIFICATE, ("certificate/expired", WARN)}, DEFERRED, set_up="expired"),
    Case("self-signed", {BAD_CERTIFICATE, SELF_SIGNED}, DEFERRED, set_up="self-signed"),
    Case("self-signed", {BAD_CERTIFICATE, SELF_SIGNED}, DEFERRED, set_up="self-signed", software="exim"),
    Case(
        "intermediate-missing",
        {BAD_CERTIFICATE, ("certificate/intermediate-missing", WARN)},
        DEFERRED,
        set_up="missing-intermediate",
    ),
    Case(
        "no-starttls",
        {("mta-sts/mx-starttls-missing", FAIL), ("smtp/starttls-missing", FAIL)},
        DEFERRED,
        set_up="no-starttls",
    ),
    Case("host-misnamed", {UNTRUSTED_HOST}, ENCRYPTED, Decider.NONE, identity=misnamed),
    Case("host-expired", {UNTRUSTED_HOST}, ENCRYPTED, Decider.NONE, identity=expired),
    Case("host-self-signed", {UNTRUSTED_HOST}, ENCRYPTED, Decider.NONE, identity=self_signed),
    Case(
        "beside-dane",
        {("dane/rollover-unready", WARN)},
        VERIFIED,
        state=State.SECURE,
        dane="3 1 1 sound",
    ),
    Case(
        "beside-wrong-dane",
        {("dane/mismatch", FAIL)},
        VERIFIED,
        state=State.SECURE,
        dane="3 1 1 ecdsa",
    ),
]


@dataclass(frozen=True)
class Seen:
    """A situation that was looked at."""

    case: Case
    world: World
    site: PolicySite
    result: Result

    def predicted(self, sender: str) -> Prediction:
        """What waxseal says of one kind of sender."""
        rows = predictions(self.result.facts, Subject(domain=DOMAIN))
        return next(row for row in rows if row.sender == sender)


@pytest.fixture(scope="module", params=CASES, ids=str)
def seen(
    request: pytest.FixtureRequest,
    real_servers: RealServers,
    start_real: Callable[[str, str], RealServer],
) -> Iterator[Seen]:
    case: Case = request.param
    server = start_real(case.software, case.set_up)
    site = PolicySite(case.identity(real_servers.pki), case.body)
    records = RECORD
    if case.dane:
        parameters, _, of = case.dane.rpartition(" ")
        certificate = getattr(real_servers.certificates, of).certificate
        records += tlsa_records(tlsa(certificate, parameters))
    with signed_world(server, [mail_zone(server, records, case.state)], site) as world:
        yield Seen(case, world, site, world.check())


def test_exactly_what_is_wrong_is_found(seen: Seen) -> None:
    assert complaints(seen.result) == seen.case.findings


def test_the_policy_is_fetched_as_it_is_served(seen: Seen) -> None:
    ((_, record),) = seen.result.facts.within(StsRecord, Subject())
    ((_, fetch),) = seen.result.facts.within(StsFetch, Subject())
    assert txt_records(record.answer) == (b"v=STSv1; id=20260101000000Z;",)
    assert fetch.url == f"https://{POLICY_HOST}/.well-known/mta-sts.txt"
    assert (fetch.status, fetch.body) == (200, seen.case.body)
    assert seen.site.asked == [f"GET /.well-known/mta-sts.txt {POLICY_HOST}"]


def test_senders_that_honour_policies_are_predicted(seen: Seen) -> None:
    row = seen.predicted("mta-sts")
    assert (row.outcome, row.decider) == (seen.case.outcome, seen.case.decider), row


@pytest.mark.parametrize("seen", [case for case in CASES if case.dane], indirect=True, ids=str)
def test_dane_goes_before_the_policy(seen: Seen) -> None:
    """(RFC 8461 §2) a sender that knows both must not let the policy override a failure of DANE."""
    row = seen.predicted("dane-mta-sts")
    assert row.decider is Decider.DANE
    assert row.outcome is (DEFERRED if seen.case.name == "beside-wrong-dane" else VERIFIED)


@pytest.mark.parametrize("seen", [case for case in CASES if case.is_enforced], indirect=True, ids=str)
def test_postfix_delivers_where_the_policy_is_kept(seen: Seen) -> None:
    names = tuple(
        line.split()[1].removeprefix("*") for line in seen.case.body.decode().splitlines() if "mx:" in line
    )
    try:
        delivers, said = postfix_delivers(seen.world, names)
    except UnavailableError as error:
        pytest.skip(str(error))
    assert delivers is (seen.case.outcome is VERIFIED), said
