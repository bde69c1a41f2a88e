"""Proposed records: our parsers and dnspython read them back, and they match what is shown."""

import asyncio
from collections.abc import Iterator
from typing import Any

import dns.rdatatype
import dns.zone
import pytest
from msgspec import structs

from tests.trust import pki
from tests.trust.pki import CA, issue, leaf_wish
from waxseal.api import check
from waxseal.facts import Certificate, CertificateChain, FactSet, MailExchange, Subject, TlsaRecord
from waxseal.grading.change_published import published
from waxseal.grading.change_steps import HostPublished, Published
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings
from waxseal.report.records import Proposal, Wanted, propose, zone_text
from waxseal.trust import dane
from waxseal.wire import mta_sts, tls_rpt
from waxseal.wire.mta_sts import Mode, Policy

NOW = pki.NOW
MX = "mx.example.org"
ROOT = issue("Root", CA)
INTER = issue("Inter", CA, ROOT)


def chain(*hosts: str, name: str = "", kind: str = "ec", sent: bool = True) -> tuple[Certificate, ...]:
    leaf = issue(name, leaf_wish(*hosts), INTER, own=pki.key(f"records {hosts}{name}", kind)).fact
    return (leaf, INTER.fact) if sent else (leaf,)


LIVE, RSA, NEXT = chain(MX), chain(MX, name="rsa", kind="rsa"), chain(MX, name="next")
EE, RSA_EE, NEXT_EE = (dane.record_for(c[0], 3, 1, 1) for c in (LIVE, RSA, NEXT))
TA = dane.record_for(INTER.fact, 2, 1, 1)


def today(*records: TlsaRecord, sts: Policy | None = None, **changes: object) -> Published:
    host = HostPublished(MX, f"_25._tcp.{MX}", records, names=(MX, "example.org"), chains=(LIVE,))
    host = structs.replace(host, **changes)
    mx = (MailExchange(10, MX),)
    return Published("example.org", 25, mx, 300, (host,), sts, policy_id="7" if sts else "")


def wanted(seen: Published | None = None, **changes: object) -> Wanted:
    base = Wanted("example.org", 25, (MX,), NOW, published=seen, mx_secure=True, anchors=(ROOT.der,))
    return structs.replace(base, **changes)


def rows(proposal: Proposal) -> list[tuple[str, str]]:
    return [(row.change, row.record) for row in proposal.hosts[0].records]


def read_back(proposal: Proposal) -> dict[tuple[str, str], list[str]]:
    """Every record of the printed zone, as dnspython reads it."""
    zone = dns.zone.from_text(zone_text(proposal), origin=".", check_origin=False, relativize=False)
    return {
        (name.to_text(omit_final_dot=True), dns.rdatatype.to_text(rdataset.rdtype)): [
            r.to_text() for r in rdataset
        ]
        for name, rdataset in zone.iterate_rdatasets()
    }


def test_first_records_of_a_domain() -> None:
    proposal = propose(wanted(today()))
    assert rows(proposal) == [("add", str(EE)), ("add", str(TA))]
    assert not proposal.hosts[0].warnings
    zone = read_back(proposal)
    assert set(zone) == {
        (f"_25._tcp.{MX}", "TLSA"),
        ("_mta-sts.example.org", "TXT"),
        ("_smtp._tls.example.org", "TXT"),
    }
    assert sorted(zone[f"_25._tcp.{MX}", "TLSA"]) == sorted([str(EE), str(TA)])
    announced = mta_sts.read_record([zone["_mta-sts.example.org", "TXT"][0].strip('"').encode()])
    assert announced.record is not None
    assert not announced.problems
    reports = tls_rpt.read_record([zone["_smtp._tls.example.org", "TXT"][0].strip('"').encode()])
    assert reports.conforms
    policy = mta_sts.read_policy(proposal.policy_body.encode())
    assert policy.conforms
    assert policy.policy == Policy(Mode.TESTING, 604800, (MX,))


def test_a_roll_over_has_both_keys() -> None:
    proposal = propose(wanted(today(EE), following=(NEXT,)))
    assert rows(proposal) == [("keep", str(EE)), ("add", str(NEXT_EE)), ("add", str(TA))]


def test_twins_of_two_key_types_have_a_record_each() -> None:
    proposal = propose(wanted(today(EE, chains=(LIVE, RSA))))
    assert rows(proposal) == [("keep", str(EE)), ("add", str(RSA_EE)), ("add", str(TA))]


def test_what_matches_stays_and_what_matches_nothing_can_go() -> None:
    old = TlsaRecord(3, 1, 1, b"\x00" * 32)
    whole = dane.record_for(LIVE[0], 3, 0, 1)
    proposal = propose(wanted(today(old, whole), following=(NEXT,)))
    assert ("remove", str(old)) in rows(proposal)
    assert ("keep", str(whole)) in rows(proposal)
    # Each combination that stays matches the key to come, too (RFC 7671 §8).
    assert ("add", str(dane.record_for(NEXT[0], 3, 0, 1))) in rows(proposal)
    assert str(old) not in read_back(proposal)[f"_25._tcp.{MX}", "TLSA"]


def test_a_published_record_without_data_can_go() -> None:
    proposal = propose(wanted(today(TlsaRecord(3, 1, 1, b""))))
    assert ("remove", "3 1 1") in rows(proposal)
    assert f"_25._tcp.{MX}. 3600 IN TLSA 3 1 1 (matches nothing" in zone_text(proposal)


def test_a_record_that_is_published_ahead_of_its_key_stays() -> None:
    """RFC 7671 §8.1: it stands two TTLs before the key is deployed, and must not go in between."""
    assert ("keep", str(NEXT_EE)) in rows(propose(wanted(today(EE, NEXT_EE))))
    assert ("remove", str(NEXT_EE)) in rows(propose(wanted(today(NEXT_EE))))  # nothing else matches
    assert ("remove", str(NEXT_EE)) in rows(propose(wanted(today(EE, NEXT_EE), following=(RSA,))))


def test_records_that_hosts_share_stay_for_each_of_them() -> None:
    """RFC 7672 §2.2.3: TLSA names may be aliases of one RRset."""
    seen = today(EE, RSA_EE, owner="tlsa.example.org")
    other = structs.replace(seen.hosts[0], host="mx2.example.org", chains=(RSA,))
    proposal = propose(wanted(structs.replace(seen, hosts=(*seen.hosts, other)), following=(NEXT,)))
    assert ("keep", str(RSA_EE)) in rows(proposal)
    assert proposal.hosts[0].owner == "tlsa.example.org"


@pytest.mark.parametrize(
    ("shown", "word"),
    [
        ((chain(MX, sent=False),), "no authority"),
        ((LIVE, chain(MX, name="rsa", kind="rsa", sent=False)), "not every certificate"),
        ((chain("mx.other.example"),), "not every certificate"),
    ],
)
def test_no_record_of_usage_2_that_a_server_would_not_match(
    shown: tuple[tuple[Certificate, ...], ...], word: str
) -> None:
    proposal = propose(wanted(today(chains=shown)))
    assert all(record.startswith("3 1 1") for _, record in rows(proposal))
    assert any(word in warning for warning in proposal.hosts[0].warnings)


@pytest.mark.parametrize("host", ["mx_1.example.org", "192.0.2.25"])
def test_a_host_that_no_policy_can_name(host: str) -> None:
    """RFC 8461 §3.2: mx is a Domain of RFC 5321 §4.1.2, which what stands in an MX record need not be."""
    seen = today()
    other = structs.replace(seen.hosts[0], host=host, owner=f"_25._tcp.{host}")
    beside = propose(wanted(structs.replace(seen, hosts=(*seen.hosts, other)), hosts=(MX, host)))
    assert mta_sts.read_policy(beside.policy_body.encode()).policy == Policy(Mode.TESTING, 604800, (MX,))
    assert "no policy can allow" in " ".join(beside.hosts[1].warnings)
    alone = propose(wanted(structs.replace(seen, hosts=(other,)), hosts=(host,)))
    assert mta_sts.read_policy(alone.policy_body.encode()).policy == Policy(Mode.NONE, 604800)


def test_warnings() -> None:
    def told(**changes: Any) -> str:
        return " ".join(propose(wanted(today(**changes))).hosts[0].warnings)

    assert "not signed" in told(signed=False)
    assert "could not be seen" in told(known=False, why="it timed out")
    assert "does not bear its name" in told(chains=(chain("mx.other.example"),))
    stranger = propose(wanted(today(), anchors=()))
    assert "does not validate" in " ".join(stranger.hosts[0].warnings)
    assert "not signed" in propose(wanted(today(), mx_secure=False)).warnings[0]
    assert "nobody validated" in propose(wanted(today(), mx_secure=None)).warnings[0]
    assert "not looked up" in propose(wanted(chains=(LIVE,))).warnings[0]
    unseen = propose(wanted(today(chains=())))
    assert not unseen.hosts[0].records
    assert "no certificate" in unseen.hosts[0].warnings[0]


def test_todays_policy_stays_with_its_id() -> None:
    sts = Policy(Mode.ENFORCE, 86400, ("*.example.org", "gone.example.net"))
    kept = propose(wanted(today(sts=structs.replace(sts, mx=("*.example.org",)))))
    assert (kept.policy_change, kept.sts.change) == ("keep", "keep")
    assert kept.sts.text == "v=STSv1; id=7;"
    changed = propose(wanted(today(sts=sts)))
    assert (changed.policy_change, changed.sts.change) == ("replace", "replace")
    assert "id=7;" not in changed.sts.text
    assert mta_sts.read_policy(changed.policy_body.encode()).policy == structs.replace(
        sts, mx=("*.example.org",)
    )
    enforced = propose(wanted(today(), mode=Mode.ENFORCE, max_age_s=1209600))
    assert mta_sts.read_policy(enforced.policy_body.encode()).policy == Policy(Mode.ENFORCE, 1209600, (MX,))


def test_report_addresses() -> None:
    two = ("mailto:a@example.org", "https://r.example.net/tls")
    assert propose(wanted(today(), rua=two)).tls_rpt.text == f"v=TLSRPTv1; rua={','.join(two)}"
    assert propose(wanted(today(), rua_today=two)).tls_rpt.change == "keep"
    with pytest.raises(ValueError, match="record"):
        propose(wanted(today(), rua=("reports@example.org",)))


# Against the lab's live servers

LIVE_DOMAINS = ("sound.test", "dane-only.test", "dane-rsa-and-ecdsa.test", "sts-wildcard.test")


async def _look() -> FactSet:
    async with LabWorld() as world:
        settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8)
        return (await check(*LIVE_DOMAINS, network=world.network(), settings=settings)).facts


@pytest.fixture(scope="module")
def lab() -> FactSet:
    return asyncio.run(_look())


def _shown(facts: FactSet, domain: str, host: str) -> Iterator[CertificateChain]:
    place = Subject(domain=domain, host=host)
    return (found for where, found in facts.within(CertificateChain, place) if where.server_name)


@pytest.mark.parametrize("domain", LIVE_DOMAINS)
def test_the_records_match_the_live_servers(lab: FactSet, domain: str) -> None:
    seen = published(lab, domain, 25)
    assert seen is not None
    hosts = tuple(record.exchange for record in seen.mx)
    at = next(_shown(lab, domain, hosts[0])).shown_at
    proposal = propose(Wanted(domain, 25, hosts, at, published=seen))
    zone = read_back(proposal)
    for host in proposal.hosts:
        texts = zone[host.owner, "TLSA"]
        records = [_record(text) for text in texts]
        chains = list(_shown(lab, domain, host.host))
        assert chains
        for found in chains:
            proof = dane.verify(records, found.certificates, (host.host,), found.shown_at)
            assert proof.holds
            assert all(combination.holds for combination in proof.combinations)
    policy = mta_sts.read_policy(proposal.policy_body.encode()).policy
    assert policy is not None
    assert all(policy.allows(host) for host in hosts)


def _record(text: str) -> TlsaRecord:
    usage, selector, matching_type, data = text.split()
    return TlsaRecord(int(usage), int(selector), int(matching_type), bytes.fromhex(data))
