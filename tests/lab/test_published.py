"""What follows from the rows of the table stands in DNS as the standards have it."""

import asyncio
from dataclasses import replace

import pytest

from waxseal.checks.verdict import Verdict
from waxseal.facts import Dnssec, DnsStatus, ValidatorKind
from waxseal.lab.domains import LabDomain, all_domains
from waxseal.lab.domains.table import NONE_PUBLISHED
from waxseal.lab.orders import Authority, LeafOrder, TlsaOrder
from waxseal.lab.published import BOGUS_NAME, tlsa_record, web_hosts
from waxseal.lab.world import LabWorld
from waxseal.net.network import Network
from waxseal.trust.certificate import parse
from waxseal.trust.dane import association

DOMAINS = all_domains()


def named(name: str) -> LabDomain:
    return next(domain for domain in DOMAINS if domain.target == name)


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching_type", [0, 1, 2])
@pytest.mark.parametrize("of", [LeafOrder(names=("mx.a.test",)), Authority.ISSUING])
def test_tlsa_data(selector: int, matching_type: int, of: LeafOrder | Authority) -> None:
    ca = LabWorld(())._ca
    der = ca.leaf(of).der if isinstance(of, LeafOrder) else ca.authority_der(of)
    record = tlsa_record(TlsaOrder("mx.a.test", 3, selector, matching_type, of, port=465), ca)
    assert record.name == "_465._tcp.mx.a.test"
    data = association(parse(der), selector, matching_type)
    assert record.rdata == f"3 {selector} {matching_type} {data.hex()}"
    wrong = tlsa_record(TlsaOrder("mx.a.test", 3, selector, matching_type, of, wrong=True), ca)
    assert wrong.rdata != record.rdata
    assert len(wrong.rdata) == len(record.rdata)


def test_by_default_a_domain_is_unsigned_and_protected_against_forgery() -> None:
    async def run() -> None:
        async with LabWorld() as world:
            network = await validating(world)

            async def text(name: str) -> tuple[str, ...]:
                return (await network.resolver.query(name, "TXT")).rdata

            assert await text("expired.test") == ('"v=spf1 mx -all"',)
            (dmarc,) = await text("_dmarc.expired.test")
            assert dmarc == '"v=DMARC1; p=reject; rua=mailto:dmarc@expired.test"'
            assert (await network.resolver.query("expired.test", "MX")).dnssec is Dnssec.INSECURE
            assert (await network.resolver.query("sound.test", "MX")).dnssec is Dnssec.SECURE
            assert (await network.resolver.query("test", "CAA")).rdata == ('0 issue "ca.lab.test"',)
            missing = await network.resolver.query("nxdomain.test", "MX")
            assert (missing.status, missing.dnssec) == (DnsStatus.NXDOMAIN, Dnssec.SECURE)
            assert not await text("_mta-sts.expired.test")
            assert len(await text("_mta-sts.sound.test")) == 1
            bogus = await network.resolver.query(BOGUS_NAME, "A")
            assert (bogus.status, bogus.dnssec) == (DnsStatus.SERVFAIL, Dnssec.BOGUS)
            assert "DS" in bogus.why_bogus

    asyncio.run(run())


async def validating(world: LabWorld) -> Network:
    """The network of a run, its validator found."""
    network = world.network()
    assert network.validation is not None
    resolver, chosen = await network.validation.choose(network.resolver)
    assert (chosen.kind, chosen.place) == (ValidatorKind.LOOPBACK, world.dns_address)
    (probe,) = chosen.probes
    assert (probe.validates, probe.root_authenticated, probe.bogus) == (True, True, DnsStatus.SERVFAIL)
    assert probe.bogus_unchecked is DnsStatus.ANSWERED
    return replace(network, resolver=resolver)


def test_a_lab_that_does_not_validate_is_not_believed() -> None:
    async def run() -> None:
        async with LabWorld(()) as world:
            world.dns.zone = type(world.dns.zone)((), authenticated=True)
            network = world.network()
            assert network.validation is not None
            resolver, chosen = await network.validation.choose(network.resolver)
            assert chosen.kind is None
            assert resolver is network.resolver

    asyncio.run(run())


@pytest.mark.parametrize(
    ("target", "unprotected"),
    [
        ("expired.test", True),
        ("implicit-mx.test", True),
        ("truncated.test", True),
        ("null-mx-and-more.test", True),
        ("signed.test", True),
        ("null-mx.test", False),
        ("no-mail.test", False),
        ("nxdomain.test", False),
        ("servfail.test", False),
        ("mail.sound.test:465", False),
        ("sound.test", False),
        ("dane-only.test", False),
        ("sts-only.test", False),
    ],
)
def test_who_is_told_that_nothing_is_published(target: str, unprotected: bool) -> None:
    domain = named(target)
    assert domain.unprotected is unprotected
    assert ((NONE_PUBLISHED, Verdict.WARN) in domain.expected.findings) is unprotected


def test_one_field_overrules_it() -> None:
    domain = replace(named("sound.test"), none_published=True)
    assert (NONE_PUBLISHED, Verdict.WARN) in domain.completed().expected.findings
    bare = replace(named("expired.test"), none_published=False, expected=named("sound.test").expected)
    assert bare.completed().expected == named("sound.test").expected


def test_each_policy_host_is_named_for_its_domain() -> None:
    for domain in DOMAINS:
        if domain.policy is not None:
            assert web_hosts(domain)[0].host == f"mta-sts.{domain.name}"
