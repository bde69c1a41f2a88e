"""DANE, whole and with real parts: a signed tree, Postfix and Exim, and three other opinions.

Each situation gives exactly these findings, the facts below them, and a prediction of what senders do, which
``posttls-finger``, smtp(8) with a message and ``openssl s_client`` have to agree with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.net.real_tree import Leaf, State
from waxseal.checks.api import Verdict
from waxseal.facts import CertificateChain, Dnssec, MxRecords, Subject, TlsaLookup, TlsaRecord, TlsaRecords
from waxseal.grading.delivery import Outcome, predictions
from waxseal.trust import dane

from .packages import UnavailableError
from .second_opinion import Decision, Opinion, ask_postfix, openssl_verifies
from .sending_postfix import Sent, deliver
from .servers import HOST_NAME, RealServer, RealServers
from .signed_world import (
    DOMAIN,
    REPORTS,
    Findings,
    World,
    complaints,
    mail_zone,
    signed_world,
    tlsa,
    tlsa_records,
)

if TYPE_CHECKING:
    from waxseal.api import Result

pytestmark = pytest.mark.real

WARN, FAIL = Verdict.WARN, Verdict.FAIL
VERIFIED, VERIFIED_HOST = Decision.VERIFIED, Decision.VERIFIED_HOST
REFUSED, UNAUTHENTICATED, OPPORTUNISTIC = Decision.REFUSED, Decision.UNAUTHENTICATED, Decision.OPPORTUNISTIC
Layout = Callable[[RealServer, tuple[str, ...]], list[Leaf]]


def plainly(server: RealServer, data: tuple[str, ...]) -> list[Leaf]:
    return [mail_zone(server, tlsa_records(*data))]


def in_state(state: State) -> Layout:
    return lambda server, data: [mail_zone(server, tlsa_records(*data), state)]


def behind(records: str, state: State = State.SECURE, home: State = State.SECURE) -> Layout:
    """A mail domain in a zone of its own, ``post.test``; the TLSA data stands with the server's name."""
    return lambda server, data: [
        Leaf("post", state, REPORTS + records.format(host=server.host)),
        mail_zone(server, tlsa_records(*data), home),
    ]


def own_records(records: str, home: State = State.SECURE) -> Layout:
    """The same, but the TLSA data stands in ``post.test``, at ``mail``."""
    return lambda server, data: [
        Leaf(
            "post",
            State.SECURE,
            REPORTS + records.format(host=server.host) + tlsa_records(*data, base="mail"),
        ),
        mail_zone(server, "", home),
    ]


def denial_elsewhere(server: RealServer, data: tuple[str, ...]) -> list[Leaf]:
    """The TLSA name is an alias into a zone whose denials do not hold."""
    return [
        mail_zone(server, "_25._tcp.mx 300 CNAME nothing.broken.test.\n"),
        Leaf("broken", State.BROKEN_DENIAL, "@ 300 A 192.0.2.1\n"),
    ]


@dataclass(frozen=True)
class Case:
    """One situation.

    Attributes:
        name: For the test's id.
        records: The TLSA records: parameters, then of which certificate.
        findings: Every WARN and FAIL there is to be.
        decision: What Postfix does at level ``dane``.
        set_up, software: Of the mail server.
        layout: The zones.
        dnssec: Status of the TLSA answer that decides; None where there is none.
        domain: The target.
        base: TLSA base domain.
    """

    name: str
    records: tuple[str, ...]
    findings: Findings
    decision: Decision
    set_up: str = "default"
    software: str = "postfix"
    layout: Layout = plainly
    dnssec: Dnssec | None = Dnssec.SECURE
    domain: str = DOMAIN
    base: str = HOST_NAME

    def __str__(self) -> str:
        return f"{self.name}-{self.software}"

    @property
    def has_usable_records(self) -> bool:
        """Whether there are records and certificates to compare."""
        usable = any(record[0] in "23" for record in self.records)
        return usable and self.dnssec is not None and self.set_up != "no-starttls"


SPARE = ("dane/rollover-unready", WARN)
MISMATCH = ("dane/mismatch", FAIL)
OWN_ANCHOR = ("dane/anchor-chain-invalid", FAIL)
NOT_SENT = ("dane/anchor-not-sent", FAIL)
IS_ALIAS = ("dns/mx-is-alias", FAIL)
NO_NAME = ("certificate/name-mismatch", WARN)
VIA_ALIAS = "@ 300 MX 10 mail\nmail 300 CNAME mx.real.test.\n"
VIA_REAL = "@ 300 MX 10 mx.real.test.\n"
VIA_NAME = "@ 300 MX 10 mail\nmail 300 A {host}\n"
CASES = [
    Case("right", ("3 1 1 sound",), {SPARE}, VERIFIED),
    Case("right", ("3 1 1 sound",), {SPARE}, VERIFIED, software="exim"),
    Case("right-and-next", ("3 1 1 sound", "3 1 1 ecdsa"), set(), VERIFIED),
    Case("wrong", ("3 1 1 ecdsa",), {MISMATCH}, REFUSED),
    Case("wrong", ("3 1 1 ecdsa",), {MISMATCH}, REFUSED, software="exim"),
    Case("authority", ("2 1 1 intermediate",), set(), VERIFIED),
    Case("authority", ("2 1 1 intermediate",), set(), VERIFIED, software="exim"),
    Case(
        "authority-not-sent",
        ("2 1 1 intermediate",),
        {NOT_SENT, ("certificate/intermediate-missing", WARN)},
        REFUSED,
        "missing-intermediate",
    ),
    Case("root-not-sent", ("2 0 1 root",), {NOT_SENT}, REFUSED),
    Case(
        "authority-in-record",
        ("2 0 0 intermediate",),
        {("dane/full-data", WARN)},
        VERIFIED,
        "missing-intermediate",
    ),
    Case(
        "authority-key-in-record",
        ("2 1 0 intermediate",),
        {("dane/full-data", WARN)},
        VERIFIED,
        "missing-intermediate",
    ),
    Case("both-keys", ("3 1 1 sound", "3 1 1 ecdsa"), {SPARE}, VERIFIED, "dual"),
    Case("both-keys", ("3 1 1 sound", "3 1 1 ecdsa"), {SPARE}, VERIFIED, "dual", "exim"),
    Case("twin-forgotten", ("3 1 1 sound",), {MISMATCH}, REFUSED, "dual"),
    # GnuTLS takes the first certificate that will do, OpenSSL prefers ECDSA.
    Case("twin-forgotten", ("3 1 1 sound",), {MISMATCH}, VERIFIED, "dual", "exim"),
    Case("self-signed", ("3 1 1 self_signed",), {SPARE}, VERIFIED, "self-signed"),
    Case("expired", ("3 1 1 expired",), {SPARE}, VERIFIED, "expired"),
    Case(
        "expired-below-authority",
        ("2 1 1 intermediate",),
        {OWN_ANCHOR, ("certificate/expired", WARN)},
        REFUSED,
        "expired",
    ),
    Case(
        "self-signed-as-authority",
        ("2 1 1 self_signed",),
        {OWN_ANCHOR, ("certificate/self-signed", WARN)},
        REFUSED,
        "self-signed",
    ),
    Case(
        "no-starttls",
        ("3 1 1 sound",),
        {("dane/starttls-missing", FAIL), ("smtp/starttls-missing", FAIL)},
        REFUSED,
        "no-starttls",
    ),
    Case("one-kind-wrong", ("3 1 1 sound", "3 0 1 ecdsa"), {("dane/combination-unmatched", WARN)}, VERIFIED),
    Case("stronger-digest-wrong", ("3 1 1 sound", "3 1 2 ecdsa"), {MISMATCH}, REFUSED),
    Case("usage-1", ("1 1 1 sound",), {("dane/none-usable", FAIL)}, UNAUTHENTICATED),
    Case("usage-1-beside", ("3 1 1 sound", "1 1 1 sound"), {SPARE, ("dane/usage-pkix", WARN)}, VERIFIED),
    Case(
        "unsigned-zone",
        ("3 1 1 sound",),
        {("dane/unsigned", WARN)},
        OPPORTUNISTIC,
        layout=in_state(State.INSECURE),
        dnssec=Dnssec.INSECURE,
    ),
    Case(
        "bogus-zone",
        ("3 1 1 sound",),
        {("dnssec/mx-bogus", FAIL)},
        REFUSED,
        layout=in_state(State.WRONG_DS),
        dnssec=None,
    ),
    Case(
        "denial-broken",
        (),
        {("dane/answer-bogus", FAIL)},
        REFUSED,
        layout=denial_elsewhere,
        dnssec=Dnssec.BOGUS,
    ),
    Case(
        "mx-unsigned",
        ("3 1 1 sound",),
        {SPARE, ("dane/mx-insecure", WARN)},
        VERIFIED_HOST,
        layout=behind(VIA_REAL, State.INSECURE),
        domain="post.test",
    ),
    Case(
        "mx-unsigned-wrong",
        ("3 1 1 ecdsa",),
        {MISMATCH, ("dane/mx-insecure", WARN)},
        REFUSED,
        layout=behind(VIA_REAL, State.INSECURE),
        domain="post.test",
    ),
    Case(
        "alias", ("3 1 1 sound",), {SPARE, IS_ALIAS}, VERIFIED, layout=behind(VIA_ALIAS), domain="post.test"
    ),
    Case(
        "alias-authority",
        ("2 1 1 intermediate",),
        {IS_ALIAS},
        VERIFIED,
        layout=behind(VIA_ALIAS),
        domain="post.test",
    ),
    Case(
        "alias-own-records",
        ("3 1 1 sound",),
        {SPARE, IS_ALIAS},
        VERIFIED,
        layout=own_records(VIA_ALIAS),
        base="mail.post.test",
        domain="post.test",
    ),
    Case(
        "alias-into-unsigned",
        ("3 1 1 sound",),
        {SPARE, IS_ALIAS},
        VERIFIED,
        layout=own_records(VIA_ALIAS, State.INSECURE),
        base="mail.post.test",
        domain="post.test",
    ),
    Case(
        "alias-from-unsigned",
        ("3 1 1 sound",),
        {("policy/none-published", WARN), IS_ALIAS, NO_NAME},
        OPPORTUNISTIC,
        layout=behind(VIA_ALIAS, State.INSECURE),
        dnssec=None,
        domain="post.test",
    ),
    Case(
        "other-name",
        ("2 1 1 intermediate",),
        {("dane/anchor-name-mismatch", FAIL), NO_NAME},
        REFUSED,
        layout=own_records(VIA_NAME),
        base="mail.post.test",
        domain="post.test",
    ),
    Case(
        "next-hop-name",
        ("2 1 1 intermediate",),
        set(),
        VERIFIED,
        layout=lambda server, data: [
            Leaf("post", State.SECURE, f"mail 300 A {server.host}\n{tlsa_records(*data, base='mail')}"),
            mail_zone(server, "mx 300 MX 10 mail.post.test.\n_smtp._tls.mx 300 CNAME _smtp._tls\n"),
        ],
        domain=HOST_NAME,
        base="mail.post.test",
    ),
]


@dataclass(frozen=True)
class Seen:
    """A situation that was looked at."""

    case: Case
    world: World
    data: tuple[str, ...]
    result: Result

    @property
    def lookup(self) -> TlsaLookup | None:
        """The TLSA look-up that decides."""
        found = [fact for _, fact in self.result.facts.within(TlsaRecords, Subject())]
        return found[0].chosen if found else None

    @property
    def is_mx_secure(self) -> bool:
        """What the validator says of the MX records."""
        ((_, found),) = self.result.facts.within(MxRecords, Subject())
        return found.answer.dnssec is Dnssec.SECURE

    def predicted(self, sender: str) -> tuple[Outcome, ...]:
        """Everything that waxseal holds possible for a kind of sender."""
        rows = predictions(self.result.facts, Subject(domain=self.case.domain))
        return next(row.possible for row in rows if row.sender == sender)


@pytest.fixture(scope="module", params=CASES, ids=str)
def seen(
    request: pytest.FixtureRequest,
    real_servers: RealServers,
    start_real: Callable[[str, str], RealServer],
) -> Iterator[Seen]:
    case: Case = request.param
    server = start_real(case.software, case.set_up)
    data = tuple(_data(real_servers, record) for record in case.records)
    with signed_world(server, case.layout(server, data)) as world:
        yield Seen(case, world, data, world.check(case.domain))


def _data(servers: RealServers, record: str) -> str:
    parameters, _, of = record.rpartition(" ")
    holder = servers.pki if of in ("intermediate", "root") else servers.certificates
    found = getattr(holder, of)
    return tlsa(getattr(found, "certificate", found), parameters)


def test_exactly_what_is_wrong_is_found(seen: Seen) -> None:
    assert complaints(seen.result) == seen.case.findings


def test_the_answer_that_decides_is_what_was_published(seen: Seen) -> None:
    lookup = seen.lookup
    assert (lookup.answer.dnssec if lookup else None) is seen.case.dnssec
    if lookup is not None and lookup.records:
        assert lookup.base == seen.case.base
        assert {str(record) for record in lookup.records} == set(seen.data)


OUTCOMES = {
    VERIFIED: {Outcome.VERIFIED},
    VERIFIED_HOST: {Outcome.ENCRYPTED},
    REFUSED: {Outcome.DEFERRED},
    UNAUTHENTICATED: {Outcome.ENCRYPTED},
    OPPORTUNISTIC: {Outcome.ENCRYPTED},
}
TWIN = "twin-forgotten"


def postfix_at(seen: Seen, certificate: str = "") -> Opinion:
    try:
        return ask_postfix(seen.world, seen.case.domain, certificate)
    except UnavailableError as error:
        pytest.skip(str(error))


def test_postfix_does_what_is_predicted(seen: Seen) -> None:
    opinion = postfix_at(seen)
    assert opinion.decision is seen.case.decision, opinion.said
    predicted = set(seen.predicted("postfix-dane"))
    if seen.case.name == TWIN:  # it hangs on which certificate is taken: the next test
        assert predicted == {Outcome.VERIFIED, Outcome.DEFERRED}
    else:
        assert predicted == OUTCOMES[opinion.decision], opinion.said


HAPPENED = {
    Sent.VERIFIED: Outcome.VERIFIED,
    Sent.ENCRYPTED: Outcome.ENCRYPTED,
    Sent.CLEAR: Outcome.CLEAR,
    Sent.DEFERRED: Outcome.DEFERRED,
}


def test_a_message_fares_as_predicted_at_every_level(seen: Seen) -> None:
    """smtp(8) itself; ``posttls-finger`` does not tell `dane` from `dane-only` where MX is not signed."""
    try:
        deliveries = deliver(seen.world, seen.case.domain)
    except UnavailableError as error:
        pytest.skip(str(error))
    predicted = {sender: seen.predicted(sender) for sender in deliveries}
    assert all(predicted[sender] for sender in ("postfix-dane", "postfix-dane-only"))
    for sender, delivery in deliveries.items():
        happened = HAPPENED[delivery.sent]
        if sender == "postfix-verify" and not seen.is_mx_secure and happened is Outcome.VERIFIED:
            # Postfix calls a host verified whose name an unsigned MX record gave it.
            happened = Outcome.ENCRYPTED
        # Nothing is predicted where only senders that validate are known to find no MX records.
        assert happened in (predicted[sender] or (Outcome.DEFERRED,)), f"{sender}: {delivery.said}"
        assert len(predicted[sender]) <= 1 or seen.case.name == TWIN


@pytest.mark.parametrize(
    "seen", [case for case in CASES if case.set_up == "dual"], indirect=True, ids=str, scope="module"
)
def test_each_certificate_of_a_pair_is_judged_as_postfix_does(seen: Seen) -> None:
    for certificate, chain in chains(seen).items():
        holds = dane.verify(records(seen), chain.certificates, (), chain.shown_at).holds
        opinion = postfix_at(seen, certificate)
        assert (opinion.decision is VERIFIED) is holds, opinion.said
    assert set(chains(seen)) == {"rsa", "ec"}


def chains(seen: Seen) -> dict[str, CertificateChain]:
    """The chains shown to a client that names the host, by key type."""
    shown = seen.result.facts.within(CertificateChain, Subject())
    return {chain.leaf.key_type: chain for where, chain in shown if where.server_name}


def records(seen: Seen) -> tuple[TlsaRecord, ...]:
    assert seen.lookup is not None
    return seen.lookup.records


@pytest.mark.parametrize(
    "seen", [case for case in CASES if case.has_usable_records], indirect=True, ids=str, scope="module"
)
def test_openssl_verifies_what_we_do(seen: Seen) -> None:
    """Every chain, whatever DNSSEC says of the records; the TLSA base domain is the one reference name."""
    shown = chains(seen)
    assert shown
    for certificate, chain in shown.items():
        ours = dane.verify(records(seen), chain.certificates, (seen.case.base,), chain.shown_at)
        theirs, said = openssl_verifies(seen.world.server, seen.case.base, seen.data, certificate)
        assert ours.holds is theirs, said


def test_one_wrong_address_of_two_shows(
    real_servers: RealServers, start_real: Callable[[str, str], RealServer]
) -> None:
    """Senders get through by the other one, so the prediction is good, and the fault is told all the same."""
    right, wrong = start_real("exim", "default"), start_real("postfix", "self-signed")
    data = tlsa(real_servers.certificates.sound.certificate)
    zone = mail_zone(right, f"mx 300 A {wrong.host}\n{tlsa_records(data)}")
    with signed_world(right, [zone], others=(wrong,)) as world:
        result = world.check()
        deliveries = deliver(world)
    assert complaints(result) == {MISMATCH, ("certificate/self-signed", WARN)}
    faulty = {f.subject.address for f in result.reports[0].findings if (f.check, f.verdict) == MISMATCH}
    assert faulty == {wrong.host}
    rows = {row.sender: row for row in predictions(result.facts, Subject(domain=DOMAIN))}
    for sender in ("postfix-dane", "postfix-dane-only", "postfix-secure"):
        assert (rows[sender].outcome, deliveries[sender].sent) == (Outcome.VERIFIED, Sent.VERIFIED), sender
