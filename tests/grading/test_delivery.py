"""What each sender would do: every rule of the precedence, unknown kept unknown, and the whole from facts."""

from itertools import product
from typing import Any

import pytest
from msgspec import structs

from waxseal.checks import samples
from waxseal.checks.api import At, Example, Verdict, at
from waxseal.checks.certificate._samples import chain
from waxseal.checks.dane import _samples as _tlsa
from waxseal.checks.mta_sts import _samples
from waxseal.facts import (
    Cause,
    CertificateChain,
    DnsAnswer,
    Dnssec,
    DnsStatus,
    EnvelopeAnswers,
    Fact,
    FactSet,
    HostAddresses,
    MailExchange,
    MxRecords,
    MxTarget,
    Scope,
    Stage,
    Subject,
    TlsaLookup,
    TlsaRecord,
    TlsaRecords,
)
from waxseal.grading.delivery import Decider, Outcome, Prediction, predict, predictions
from waxseal.grading.delivery_seen import (
    AddressSeen,
    DaneSeen,
    DaneState,
    HostSeen,
    Proof,
    RouteSeen,
    ShownChain,
    StsSeen,
    dane_seen,
    route_seen,
    sts_seen,
)
from waxseal.grading.delivery_senders import SenderModel, parse_sender_models, sender_models
from waxseal.wire.mta_sts import Mode, Policy

DOMAIN = "example.org"
MX = "mx.example.org"
EE = TlsaRecord(3, 1, 1, b"\x01" * 32)
MODELS = {model.id: model for model in sender_models()}
PORT = samples.SUBJECT.up_to(Scope.PORT)


def address(
    number: int = 1,
    *,
    connects: bool | None = True,
    tls: bool | None = True,
    pkix: bool | None = True,
    dane: bool | None = True,
    **changes: object,
) -> AddressSeen:
    subject = Subject(DOMAIN, MX, f"192.0.2.{number}", 25)
    fields: dict[str, object] = {
        "subject": subject,
        "connects": connects,
        "tls": tls,
        "why": "" if tls else "as seen",
        "pkix": Proof(pkix, "" if pkix else "the certificate does not bear the name"),
        "dane": Proof(dane, str(EE) if dane else "the certificate matches no TLSA record"),
    }
    return AddressSeen(**{**fields, **changes})  # type: ignore[arg-type]


def host(
    *addresses: AddressSeen, state: DaneState = DaneState.NONE, name: str = MX, preference: int = 10
) -> HostSeen:
    records = () if state is DaneState.NONE else (EE,)
    seen = DaneSeen(state, f"_25._tcp.{name}" if records else "", records, f"it is {state.value}")
    return HostSeen(name, preference, seen, addresses or (address(),))


def policy(*mx: str, mode: Mode = Mode.ENFORCE) -> StsSeen:
    return StsSeen(Policy(mode, 604800, mx or (MX,)), True)


NO_POLICY = StsSeen(None, True, "there is none")


def route(
    *hosts: HostSeen, sts: StsSeen = NO_POLICY, secure: bool | None = True, **changes: object
) -> RouteSeen:
    answer = samples.answer(DOMAIN, "MX", "10 mx.example.org.")
    base = RouteSeen(DOMAIN, answer, False, secure, hosts or (host(),), sts)
    return structs.replace(base, **changes)


def outcome(sender: str, on: RouteSeen) -> Outcome:
    return predict(MODELS[sender], on).outcome


NO_MX = samples.answer(DOMAIN, "MX", status=DnsStatus.NO_DATA)
OTHER_NAME = samples.fact_set(Example("", Verdict.PASS, chain("other_name"))).within(
    CertificateChain, Subject()
)
NAMELESS = address(requiretls=True, pkix=False, chains=(ShownChain(OTHER_NAME[0][1], trusted=True),))
BOGUS_RECORD = StsSeen(None, False, "the MTA-STS record is bogus", bogus=True)
DOUBTED = structs.replace(policy(), doubt="the policy is out of form")
SECURE_TLSA = route(host(state=DaneState.USABLE))
WRONG_TLSA = route(host(address(dane=False), state=DaneState.USABLE))
NO_TLS = address(tls=False)


@pytest.mark.parametrize(
    ("sender", "on", "expected"),
    [
        # RFC 7672 §2.2: a usable record wants TLS and authentication.
        ("postfix-dane", SECURE_TLSA, Outcome.VERIFIED),
        ("postfix-dane", WRONG_TLSA, Outcome.DEFERRED),
        ("postfix-dane", route(host(NO_TLS, state=DaneState.USABLE)), Outcome.DEFERRED),
        # RFC 7672 §2.2: unusable records want TLS only.
        ("postfix-dane", route(host(address(dane=False), state=DaneState.UNUSABLE)), Outcome.ENCRYPTED),
        ("postfix-dane", route(host(NO_TLS, state=DaneState.UNUSABLE)), Outcome.DEFERRED),
        # RFC 7672 §2.1.2: a failed look-up makes the host unreachable.
        ("postfix-dane", route(host(state=DaneState.FAILED)), Outcome.DEFERRED),
        ("opportunistic", route(host(state=DaneState.FAILED)), Outcome.ENCRYPTED),
        # RFC 7672 §2.2.1: an insecure MX RRset.
        ("postfix-dane", route(host(state=DaneState.USABLE), secure=False), Outcome.ENCRYPTED),
        ("exim-dane", route(host(NO_TLS, state=DaneState.USABLE), secure=False), Outcome.CLEAR),
        (
            "exchange-online",
            route(host(address(dane=False), state=DaneState.USABLE), secure=False),
            Outcome.ENCRYPTED,
        ),
        (
            "exchange-online",
            route(host(address(dane=False), state=DaneState.USABLE), sts=policy()),
            Outcome.DEFERRED,
        ),
        (
            "dane-mta-sts",
            route(host(address(dane=False), state=DaneState.USABLE), secure=False),
            Outcome.DEFERRED,
        ),
        ("postfix-dane-only", route(host(state=DaneState.USABLE), secure=False), Outcome.DEFERRED),
        ("exim-dane", route(host(NO_TLS, state=DaneState.USABLE), secure=None), Outcome.UNSEEN),
        ("postfix-dane-only", route(host(state=DaneState.USABLE), secure=None), Outcome.UNSEEN),
        # RFC 7672 §6: mandatory DANE.
        ("postfix-dane-only", SECURE_TLSA, Outcome.VERIFIED),
        ("postfix-dane-only", route(), Outcome.DEFERRED),
        ("postfix-dane-only", route(host(state=DaneState.UNUSABLE)), Outcome.DEFERRED),
        # Records that nobody validated: either way is possible.
        (
            "postfix-dane",
            route(host(address(dane=False), state=DaneState.UNPROVED), secure=None),
            Outcome.UNSEEN,
        ),
        ("postfix-dane", route(host(state=DaneState.UNPROVED), secure=None), Outcome.UNSEEN),
        ("postfix-dane", route(host(state=DaneState.UNKNOWN)), Outcome.UNSEEN),
        ("opportunistic", route(host(state=DaneState.UNPROVED), secure=None), Outcome.ENCRYPTED),
        # RFC 8461 §5: enforce, testing, none.
        ("mta-sts", route(sts=policy()), Outcome.VERIFIED),
        ("mta-sts", route(sts=policy("*.example.org")), Outcome.VERIFIED),
        ("mta-sts", route(sts=policy("other.example.org")), Outcome.DEFERRED),
        ("mta-sts", route(host(address(pkix=False)), sts=policy()), Outcome.DEFERRED),
        ("mta-sts", route(host(NO_TLS), sts=policy()), Outcome.DEFERRED),
        ("mta-sts", route(host(address(pkix=None)), sts=policy()), Outcome.UNSEEN),
        ("mta-sts", route(host(address(pkix=False)), sts=policy(mode=Mode.TESTING)), Outcome.ENCRYPTED),
        ("mta-sts", route(host(NO_TLS), sts=policy(mode=Mode.TESTING)), Outcome.CLEAR),
        ("mta-sts", route(host(NO_TLS), sts=policy(mode=Mode.NONE)), Outcome.CLEAR),
        ("mta-sts", route(sts=StsSeen(None, False, "the look-up timed out")), Outcome.UNSEEN),
        # RFC 8461 §3.2: senders have to accept what is in form; what is not, some take and some do not.
        ("mta-sts", route(sts=DOUBTED), Outcome.UNSEEN),
        ("mta-sts", route(host(address(pkix=False)), sts=DOUBTED), Outcome.UNSEEN),
        ("dane-mta-sts", route(host(state=DaneState.USABLE), sts=DOUBTED), Outcome.VERIFIED),
        # A bogus record is none for those who validate; RFC 8461 asks nobody to.
        ("mta-sts", route(sts=BOGUS_RECORD), Outcome.UNSEEN),
        ("dane-mta-sts", route(sts=BOGUS_RECORD), Outcome.ENCRYPTED),
        ("opportunistic", route(host(address(pkix=False)), sts=policy()), Outcome.ENCRYPTED),
        # RFC 8461 §2: a policy does not override DANE that fails, nor is it asked where DANE holds.
        (
            "dane-mta-sts",
            route(host(address(dane=False), state=DaneState.USABLE), sts=policy()),
            Outcome.DEFERRED,
        ),
        (
            "dane-mta-sts",
            route(host(address(pkix=False), state=DaneState.USABLE), sts=policy()),
            Outcome.VERIFIED,
        ),
        ("dane-mta-sts", route(host(address(pkix=False)), sts=policy()), Outcome.DEFERRED),
        # Opportunistic, and never.
        ("opportunistic", route(), Outcome.ENCRYPTED),
        ("opportunistic", route(host(NO_TLS)), Outcome.CLEAR),
        ("opportunistic", route(host(address(tls=None))), Outcome.UNSEEN),
        ("clear-text", route(host(address(clear_code=250))), Outcome.CLEAR),
        ("clear-text", route(host(address(clear_code=530))), Outcome.BOUNCED),
        ("clear-text", route(host(address(clear_code=451))), Outcome.DEFERRED),
        ("clear-text", route(), Outcome.UNSEEN),
        ("clear-text", route(host(NO_TLS)), Outcome.CLEAR),
        # RFC 8689 §4.2.1.
        ("requiretls", route(host(address(requiretls=True))), Outcome.VERIFIED),
        ("requiretls", route(host(address(requiretls=False))), Outcome.BOUNCED),
        ("requiretls", route(host(address(requiretls=True)), secure=False), Outcome.BOUNCED),
        ("requiretls", route(host(address(requiretls=True)), secure=False, sts=policy()), Outcome.VERIFIED),
        ("requiretls", route(host(address(requiretls=True, pkix=False))), Outcome.BOUNCED),
        (
            "requiretls",
            route(host(address(requiretls=True, pkix=False), state=DaneState.USABLE)),
            Outcome.VERIFIED,
        ),
        ("requiretls", route(host(address(requiretls=None))), Outcome.UNSEEN),
        # ... step 4: "or RFC 7672, as applicable"; a trusted chain does not make up for DANE that fails,
        (
            "requiretls",
            route(host(address(requiretls=True, dane=False), state=DaneState.USABLE)),
            Outcome.BOUNCED,
        ),
        ("requiretls", route(host(address(requiretls=True), state=DaneState.FAILED)), Outcome.BOUNCED),
        (
            "requiretls",
            route(host(address(requiretls=True, dane=False), state=DaneState.UNUSABLE)),
            Outcome.VERIFIED,
        ),
        (
            "requiretls",
            route(host(address(requiretls=True, dane=False), state=DaneState.UNPROVED)),
            Outcome.UNSEEN,
        ),
        # ... step 2: of names out of an MX record only; step 4: the host's name is in the certificate.
        ("requiretls", route(host(address(requiretls=True)), secure=False, mx=NO_MX), Outcome.VERIFIED),
        ("requiretls", route(host(NAMELESS, state=DaneState.USABLE)), Outcome.UNSEEN),
        # Nowhere to go, or nobody there.
        ("opportunistic", route(null_mx=True), Outcome.BOUNCED),
        ("opportunistic", route(host(address(connects=False, tls=False))), Outcome.DEFERRED),
        ("opportunistic", route(host(address(connects=None, tls=None))), Outcome.UNSEEN),
    ],
)
def test_one_host(sender: str, on: RouteSeen, expected: Outcome) -> None:
    assert outcome(sender, on) is expected


@pytest.mark.parametrize(
    ("sender", "hosts", "expected", "decides"),
    [
        # The first host that takes it has it; one that fails its record is passed by (RFC 7672 §2.2).
        (
            "postfix-dane",
            [(address(dane=False), DaneState.USABLE), (NO_TLS, DaneState.NONE)],
            Outcome.CLEAR,
            1,
        ),
        ("postfix-dane", [(address(), DaneState.USABLE), (NO_TLS, DaneState.NONE)], Outcome.VERIFIED, 0),
        ("postfix-dane", [(address(), DaneState.FAILED), (address(), DaneState.USABLE)], Outcome.VERIFIED, 1),
        ("postfix-dane", [(address(), DaneState.FAILED), (address(), DaneState.FAILED)], Outcome.DEFERRED, 0),
        ("opportunistic", [(address(), DaneState.NONE), (NO_TLS, DaneState.NONE)], Outcome.ENCRYPTED, 0),
        (
            "opportunistic",
            [(address(connects=False, tls=False), DaneState.NONE), (NO_TLS, DaneState.NONE)],
            Outcome.CLEAR,
            1,
        ),
    ],
)
def test_hosts_in_order(
    sender: str, hosts: list[tuple[AddressSeen, DaneState]], expected: Outcome, decides: int
) -> None:
    seen = [
        host(where, state=state, name=f"mx{number}.example.org", preference=number)
        for number, (where, state) in enumerate(hosts)
    ]
    found = predict(MODELS[sender], route(*seen))
    assert found.outcome is expected
    assert found.host == f"mx{decides}.example.org"


def test_hosts_of_one_preference_are_all_possible() -> None:
    """An MTA need not take the safer of two (RFC 7672 §2.2.1)."""
    found = predict(
        MODELS["opportunistic"], route(host(name="a.example.org"), host(NO_TLS, name="b.example.org"))
    )
    assert found.outcome is Outcome.CLEAR
    assert found.possible == (Outcome.CLEAR, Outcome.ENCRYPTED)
    assert found.host == "b.example.org"


def test_one_bad_address_of_two_shows() -> None:
    seen = route(host(address(1), NO_TLS))
    assert predict(MODELS["opportunistic"], seen).possible == (Outcome.CLEAR, Outcome.ENCRYPTED)
    bound = predict(MODELS["mta-sts"], structs.replace(seen, sts=policy()))
    assert bound.outcome is Outcome.VERIFIED  # the other address takes it
    assert [met.possible for met in bound.hosts[0].addresses] == [(Outcome.VERIFIED,), (Outcome.DEFERRED,)]


def test_an_unseen_address_changes_nothing_where_its_outcome_cannot_differ() -> None:
    """A sender bound by TLSA delivers verified or not at all, so the seen address settles it."""
    unseen = address(2, connects=None, tls=None)
    assert outcome("postfix-dane", route(host(address(), unseen, state=DaneState.USABLE))) is Outcome.VERIFIED
    assert outcome("opportunistic", route(host(address(), unseen))) is Outcome.UNSEEN


def test_the_deciding_record_is_named() -> None:
    found = predict(MODELS["postfix-dane"], SECURE_TLSA)
    assert (found.decider, found.record) == (Decider.DANE, f"_25._tcp.{MX} TLSA {EE}")
    found = predict(MODELS["dane-mta-sts"], route(sts=policy("*.example.org")))
    assert (found.decider, found.record) == (Decider.MTA_STS, "mode: enforce, mx: *.example.org")
    found = predict(MODELS["mta-sts"], route(sts=policy("a.example.net")))
    assert (found.decider, found.record) == (Decider.MTA_STS, "mode: enforce, no mx line")
    assert predict(MODELS["opportunistic"], route(sts=policy())).decider is Decider.NONE


RECORDS = {
    "an anchor that is not sent": (
        _tlsa.record("2 0 1", "root_sent", 2),
        "good",
        "its trust anchor was not sent",
    ),
    "an anchor, another name": (
        _tlsa.record("2 0 1", "good", 1),
        "other_name",
        "does not bear mx.example.org",
    ),
    "an anchor, expired": (
        _tlsa.record("2 0 1", "good", 1),
        "expired",
        "no sound path to its anchor (expired",
    ),
    "another key": (_tlsa.OTHER, "good", "the certificate matches no TLSA record"),
}


@pytest.mark.parametrize("name", RECORDS)
def test_the_reason_is_that_of_the_record(name: str) -> None:
    record, shown, why = RECORDS[name]
    found = route_seen(known(_tlsa.tlsa(record), *chain(shown)), Subject(domain=DOMAIN), 25)
    assert found.hosts[0].addresses[0].dane.holds is False
    assert why in found.hosts[0].addresses[0].dane.why


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        ("only_domain", ""),
        ("other_name", "the certificate bears no name of the list"),
        ("private", "the certificate does not hold (self signed root untrusted"),
        ("expired", "the certificate does not hold (expired"),
    ],
)
def test_a_pinned_list_says_which_half_is_missing(shown: str, why: str) -> None:
    model = structs.replace(MODELS["postfix-secure"], match=("hostname", "nexthop"))
    found = predict(model, route_seen(known(*chain(shown)), Subject(domain=DOMAIN), 25))
    assert found.outcome is (Outcome.DEFERRED if why else Outcome.VERIFIED)
    assert found.why.startswith(why)


def known(*facts: Fact | At) -> FactSet:
    """A host of a signed domain that speaks TLS on port 25."""
    whole = (
        _tlsa.mx(),
        _samples.target(),
        _tlsa.addresses(),
        samples.endpoint(),
        samples.ehlo(),
        samples.handshake(),
        samples.attempt(),
        *facts,
    )
    return samples.fact_set(Example("", Verdict.PASS, whole))


def test_a_bogus_mx_stops_those_who_validate_only() -> None:
    answer = samples.answer(DOMAIN, "MX", status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS)
    on = structs.replace(route(), mx=answer, hosts=())
    assert outcome("postfix-dane", on) is Outcome.DEFERRED
    assert outcome("opportunistic", on) is Outcome.UNSEEN


STATES = list(DaneState)
STS = [
    DOUBTED,
    NO_POLICY,
    policy(),
    policy("x.example.org"),
    policy(mode=Mode.TESTING),
    StsSeen(None, False, "?"),
]
THREE = (True, False, None)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.id)
def test_what_is_seen_later_stays_within_what_was_possible(model: SenderModel) -> None:
    """Unknown is never rounded: however an unseen thing turns out, it is among the possible outcomes."""
    for state, sts, secure in product(STATES, STS, THREE):
        for tls, proof in product(THREE, THREE):
            vague = predict(model, route(host(_known(tls, proof), state=state), sts=sts, secure=secure))
            for a, b in product(_ways(tls), _ways(proof)):
                exact = predict(model, route(host(_known(a, b), state=state), sts=sts, secure=secure))
                assert set(exact.possible) <= set(vague.possible), (state, sts, secure, tls, proof)
                _is_consistent(exact)


def _known(tls: bool | None, proof: bool | None) -> AddressSeen:
    return address(tls=tls, pkix=proof, dane=proof, requiretls=tls, clear_code=250)


def _ways(value: bool | None) -> tuple[bool | None, ...]:
    return (True, False) if value is None else (value,)


def _is_consistent(found: Prediction) -> None:
    assert found.possible
    assert Outcome.UNSEEN not in found.possible
    assert found.outcome in (*found.possible, Outcome.UNSEEN)
    assert (found.outcome is Outcome.UNSEEN) <= (len(found.possible) > 1)


# From facts


def facts(*found: Fact, target: Fact | None = None) -> FactSet:
    everything = (
        target or samples.target(),
        samples.mx_records((10, MX)),
        MxTarget(exchange=MX, preference=10),
        samples.endpoint(),
        *found,
    )
    return samples.fact_set(Example("", Verdict.PASS, everything))


def tlsa(*lookups: TlsaLookup) -> TlsaRecords:
    return TlsaRecords(port=25, lookups=lookups)


def lookup(*records: TlsaRecord, base: str = MX, **changes: object) -> TlsaLookup:
    fields: dict[str, object] = {
        "status": DnsStatus.ANSWERED if records else DnsStatus.NO_DATA,
        "dnssec": Dnssec.SECURE,
    }
    answer = DnsAnswer(name=f"_25._tcp.{base}", rdtype="TLSA", **{**fields, **changes})  # type: ignore[arg-type]
    return TlsaLookup(base=base, answer=answer, records=records)


def signed_host(dnssec: Dnssec = Dnssec.SECURE) -> HostAddresses:
    return samples.host_addresses(
        "192.0.2.25", a=samples.answer(MX, "A", "192.0.2.25", dnssec=dnssec), aaaa=None
    )


def aliased(*lookups: TlsaLookup, dnssec: Dnssec) -> TlsaRecords:
    alias = samples.answer(MX, "CNAME", "mx.hoster.example", dnssec=dnssec)
    return TlsaRecords(port=25, lookups=lookups, alias=alias)


PKIX_ONLY = TlsaRecord(1, 1, 1, b"\x02" * 32)
FAILING = lookup(status=DnsStatus.SERVFAIL, dnssec=Dnssec.INDETERMINATE)


@pytest.mark.parametrize(
    ("addresses", "found", "expected"),
    [
        (signed_host(), tlsa(lookup(EE)), DaneState.USABLE),
        (signed_host(), tlsa(lookup(PKIX_ONLY)), DaneState.UNUSABLE),
        (signed_host(), tlsa(lookup(PKIX_ONLY, EE)), DaneState.USABLE),
        (signed_host(), tlsa(lookup()), DaneState.NONE),
        (signed_host(), tlsa(lookup(EE, dnssec=Dnssec.INSECURE)), DaneState.NONE),
        (signed_host(), tlsa(lookup(EE, dnssec=Dnssec.UNTRUSTED)), DaneState.UNPROVED),
        (signed_host(), tlsa(lookup(status=DnsStatus.SERVFAIL, dnssec=Dnssec.BOGUS)), DaneState.FAILED),
        (signed_host(), tlsa(lookup(status=DnsStatus.SERVFAIL)), DaneState.FAILED),
        (signed_host(), tlsa(lookup(status=DnsStatus.TIMED_OUT)), DaneState.FAILED),
        (signed_host(Dnssec.UNTRUSTED), tlsa(lookup(status=DnsStatus.SERVFAIL)), DaneState.UNPROVED),
        (signed_host(Dnssec.INSECURE), None, DaneState.NONE),
        # RFC 7672 §2.2.2: in an unsigned zone, a name server that fails on TLSA does no harm ...
        (signed_host(Dnssec.INSECURE), tlsa(FAILING), DaneState.NONE),
        (signed_host(Dnssec.INSECURE), aliased(FAILING, dnssec=Dnssec.INSECURE), DaneState.NONE),
        # ... unless the host is an alias in a signed zone (§2.1.3), and a failure to learn that is a failure.
        (signed_host(Dnssec.INSECURE), aliased(FAILING, dnssec=Dnssec.SECURE), DaneState.FAILED),
        (signed_host(Dnssec.INSECURE), aliased(lookup(EE), dnssec=Dnssec.SECURE), DaneState.USABLE),
        (signed_host(), None, DaneState.UNKNOWN),
    ],
)
def test_tlsa_lookups(addresses: Fact, found: Fact | None, expected: DaneState) -> None:
    seen = facts(addresses, *(() if found is None else (found,)))
    assert dane_seen(seen, samples.SUBJECT.up_to(Scope.HOST), 25).state is expected


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({}, ""),
        ({"content": _samples.body() + b"\r\n"}, "out of form"),
        ({"content": _samples.body(max_age=31_557_601)}, "out of form"),
        ({"fields": (("content-type", "text/html"),)}, "text/plain"),
        ({"fields": (("content-type", "Text/Plain; charset=x"),)}, ""),
        ({"version": "TLSv1.1"}, "old TLS"),
    ],
)
def test_a_policy_that_strict_senders_do_not_take(changes: dict[str, Any], doubt: str) -> None:
    found = sts_seen(facts(_samples.record(), _samples.fetch(**changes)), Subject(domain=DOMAIN))
    assert found.known
    assert found.policy is not None
    assert doubt in found.doubt
    assert bool(doubt) is bool(found.doubt)


def by_sender(seen: FactSet) -> dict[str, Prediction]:
    return {row.sender: row for row in predictions(seen, Subject(domain=DOMAIN))}


def test_a_server_without_starttls() -> None:
    found = by_sender(
        facts(samples.host_addresses("192.0.2.25"), samples.attempt(), samples.ehlo("PIPELINING"))
    )
    assert found["opportunistic"].outcome is Outcome.CLEAR
    assert found["postfix-secure"].outcome is Outcome.DEFERRED
    assert found["mta-sts"].outcome is Outcome.UNSEEN  # the policy was not looked up
    assert found["mta-sts"].possible == (Outcome.CLEAR, Outcome.DEFERRED)


def test_mail_in_clear_refused() -> None:
    seen = [samples.host_addresses("192.0.2.25"), samples.attempt(), samples.ehlo(), samples.handshake()]
    refused = EnvelopeAnswers(clear_mail=samples.reply(530, "5.7.0 Must issue a STARTTLS command first"))
    assert by_sender(facts(*seen, refused))["clear-text"].outcome is Outcome.BOUNCED
    about_us = EnvelopeAnswers(
        clear_mail=samples.reply(550, "no mail from you"), tls_mail=samples.reply(550, "no mail from you")
    )
    assert by_sender(facts(*seen, about_us))["clear-text"].outcome is Outcome.UNSEEN


def test_a_server_that_refuses_connections_and_one_that_is_silent() -> None:
    addresses = samples.host_addresses("192.0.2.25")
    refused = by_sender(facts(addresses, samples.attempt(Cause.REFUSED, Stage.CONNECT)))
    assert refused["opportunistic"].outcome is Outcome.DEFERRED
    silent = by_sender(facts(addresses, samples.attempt(Cause.TIMED_OUT, Stage.CONNECT)))
    assert silent["opportunistic"].outcome is Outcome.UNSEEN


def test_a_host_beyond_the_limit_is_not_forgotten() -> None:
    seen = facts(
        samples.host_addresses("192.0.2.25"),
        samples.attempt(),
        samples.ehlo("PIPELINING"),
        at(
            MxRecords(
                answer=samples.answer(DOMAIN, "MX"),
                exchanges=(MailExchange(5, "first.example.org"), MailExchange(10, MX)),
            )
        ),  # type: ignore[arg-type]
    )
    found = by_sender(seen)["opportunistic"]
    assert [row.host for row in found.hosts] == ["first.example.org", MX]
    assert found.outcome is Outcome.UNSEEN


def test_null_mx_and_other_targets() -> None:
    null = samples.fact_set(Example("", Verdict.PASS, (samples.target(), samples.mx_records((0, "")))))
    assert {row.outcome for row in predictions(null, Subject(domain=DOMAIN))} == {Outcome.BOUNCED}
    assert predictions(null, PORT) == ()


def test_models_are_told_apart_and_named() -> None:
    assert len(MODELS) >= 9
    for model in MODELS.values():
        assert model.source.startswith("https://")
        assert model.title
        assert model.examples
    with pytest.raises(ValueError, match="dane"):
        parse_sender_models(
            'version="1"\n[[sender]]\nid="a"\ntitle="a"\nexamples=""\nsource=""\ntls="may"\ndane="x"'
        )
    one = '[[sender]]\nid="a"\ntitle="a"\nexamples=""\nsource=""\ntls="may"\n'
    with pytest.raises(ValueError, match="one id"):
        parse_sender_models(f'version="1"\n{one}{one}')
