"""What is asked beside the conversations: on request, no more than was asked, compared with the past."""

import asyncio
from collections.abc import Callable
from typing import Any

from waxseal.api import Result, check
from waxseal.checks.api import Verdict
from waxseal.facts import (
    BlocklistAnswer,
    CertificateChain,
    DkimKey,
    DmarcWalk,
    EarlierEndpoint,
    Endpoint,
    FactSet,
    Handshake,
    HostAddresses,
    IssuancePolicy,
    MailServices,
    ReverseNames,
    Scope,
    SpfAnswers,
    StsEarlier,
    StsFetch,
    StsRecord,
    Subject,
    TlsaRecords,
    TlsRptRecord,
    Validator,
    ValidatorKind,
)
from waxseal.grading.seal import State
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings

DOMAIN = Subject(domain="sound.test")
HOST = Subject(domain="sound.test", host="mx1.sound.test")


def looked_at(change: Callable[[Any], Any] = lambda network: network, **settings: Any) -> Result:
    earlier = settings.pop("earlier", None)

    async def run() -> Result:
        async with LabWorld() as world:
            network = change(world.network())
            chosen = ProbeSettings(ehlo_name="probe.test", families=(4,), **settings)
            return await check("sound.test", network=network, settings=chosen, earlier=earlier)

    return asyncio.run(run())


def test_all_that_a_domain_publishes_is_asked() -> None:
    facts = looked_at().facts
    for kind in (StsRecord, StsFetch, TlsRptRecord, SpfAnswers, DmarcWalk):
        assert facts.at(kind, DOMAIN), kind
    for of_host in (TlsaRecords, IssuancePolicy, HostAddresses):
        assert facts.at(of_host, HOST), of_host
    (validator,) = facts.at(Validator, Subject())
    assert validator.kind is ValidatorKind.LOOPBACK
    assert not facts.within(BlocklistAnswer, Subject())
    assert not facts.at(DkimKey, DOMAIN)


def test_what_is_not_wanted_is_not_asked_and_not_called_missing() -> None:
    result = looked_at(policy=False, authentication=False)
    for kind in (StsRecord, StsFetch, TlsRptRecord, SpfAnswers, DmarcWalk, TlsaRecords, IssuancePolicy):
        assert not result.facts.within(kind, Subject()), kind
    found = {f.check: f.verdict for f in result.reports[0].findings}
    for name in (
        "policy/none-published",
        "mta-sts/record-malformed",
        "spf/record-missing",
        "dkim/key-missing",
    ):
        assert found[name] is Verdict.NOT_APPLICABLE


def test_a_sending_address_is_asked_about_and_not_tested() -> None:
    result = looked_at(sending_addresses=("192.0.2.200",), blocklists=("psbl",))
    place = Subject(domain="sound.test", address="192.0.2.200")
    (listing,) = result.facts.at(BlocklistAnswer, place)
    assert listing.sending
    assert result.facts.at(ReverseNames, place)
    assert place not in {s.up_to(Scope.ADDRESS) for s in result.facts.subjects(Scope.PORT)}
    of_it = [f for f in result.reports[0].findings if f.subject == place]
    said = {f.check for f in of_it if f.verdict is not Verdict.NOT_APPLICABLE}
    assert {"dnsbl/listed", "dns/reverse-name-missing"} <= said
    assert all(check.startswith(("dns/", "dnsbl/")) for check in said), said


def test_an_earlier_run_is_recalled() -> None:
    before = looked_at().facts
    (record,) = before.at(StsRecord, DOMAIN)
    (earlier,) = looked_at(earlier=FactSet(before)).facts.at(StsEarlier, DOMAIN)
    assert earlier.texts[0].decode() in record.answer.rdata[0]
    assert earlier.body is not None
    assert earlier.body.startswith(b"version: STSv1")


def test_a_dkim_key_is_asked_for_by_name() -> None:
    facts = looked_at(dkim_keys=(("s1", ""), ("s2", "other.test"))).facts
    asked = {(key.selector, key.signing_domain) for key in facts.at(DkimKey, DOMAIN)}
    assert asked == {("s1", "sound.test"), ("s2", "other.test")}


def test_services_are_found_and_tested() -> None:
    result = looked_at(services=True)
    (found,) = result.facts.at(MailServices, DOMAIN)
    named = {service.label: service.records for service in found.services}
    assert [(r.port, r.target) for r in named["_submissions._tcp"]] == [(465, "mail.sound.test")]
    assert [r.target for r in named["_imap._tcp"]] == [""]
    assert named["_sieve._tcp"] == ()
    tested = [(report.target.name, report.target.port, report.headline.state) for report in result.reports]
    assert tested == [
        ("sound.test", 25, State.SEALED),
        ("mail.sound.test", 465, State.SEALED),
        ("mail.sound.test", 587, State.SEALED),
    ]


def test_an_earlier_run_is_recalled_at_each_port() -> None:
    before = looked_at()
    facts = looked_at(earlier=before.facts)
    recalled = facts.facts.within(EarlierEndpoint, Subject())
    tested = facts.facts.within(Endpoint, Subject())
    assert {where for where, _ in recalled} == {where for where, _ in tested}
    for where, earlier in recalled:
        handshake = before.facts.nearest(Handshake, where)
        assert handshake is not None
        assert (earlier.starttls, earlier.version) == (True, handshake.version)
        assert "STARTTLS" in {keyword.name for keyword in earlier.keywords or ()}
        chains = before.facts.within(CertificateChain, where)
        assert earlier.leaf_sha256 in {chain.leaf.sha256 for _, chain in chains}
