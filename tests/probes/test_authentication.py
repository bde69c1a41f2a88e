"""SPF, DMARC and DKIM look-ups, asked of the lab's DNS server."""

import asyncio

from tests.probes.test_discovery import ask, only
from waxseal.checks.engine import judge_all
from waxseal.checks.registry import all_checks
from waxseal.checks.verdict import Verdict
from waxseal.facts import (
    Attempt,
    Cause,
    DkimKey,
    DmarcWalk,
    DnsAnswer,
    DnsStatus,
    FactSet,
    SpfAnswers,
    Subject,
)
from waxseal.lab.zone import DnsFault, DnsRecord, FaultyName
from waxseal.net.network import Network
from waxseal.probes.authentication import SPF_LOOKUPS, find_dkim, find_dmarc, find_spf
from waxseal.probes.recorder import Recorder
from waxseal.trust.anchors import RootStore
from waxseal.wire import spf

MAIL = (
    DnsRecord("d.test", "MX", "10 mx.d.test."),
    DnsRecord("mx.d.test", "A", "192.0.2.1"),
    DnsRecord("mx.d.test", "AAAA", "2001:db8::1"),
)
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def txt(name: str, text: str) -> DnsRecord:
    return DnsRecord(name, "TXT", " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255)))


def findings(facts: FactSet, topic: str) -> dict[str, Verdict]:
    """What the checks of a topic say other than that all is well."""
    chosen = [check for check in all_checks().values() if check.id.startswith(f"{topic}/")]
    found = judge_all(facts, chosen)
    assert len(found) == len(chosen)
    assert not any(finding.crashed for finding in found), found
    return {
        finding.check.partition("/")[2]: finding.verdict
        for finding in found
        if finding.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)
    }


def follow_spf(*records: DnsRecord, faults: tuple[FaultyName, ...] = ()) -> FactSet:
    return ask([*MAIL, *records], lambda n, r: find_spf(n, r, "d.test"), *faults)[1]


def walk_dmarc(*records: DnsRecord, domain: str = "d.test", faults: tuple[FaultyName, ...] = ()) -> FactSet:
    return ask([*MAIL, *records], lambda n, r: find_dmarc(n, r, domain), *faults)[1]


def test_a_policy_is_followed_to_its_end() -> None:
    facts = follow_spf(
        txt("d.test", "v=spf1 mx a:mx.d.test include:_spf.d.test redirect=never.test -all"),
        txt("_spf.d.test", "v=spf1 ip4:192.0.2.0/24 ?all"),
    )
    recorded = only(facts, SpfAnswers)
    assert [(answer.name, answer.rdtype) for answer in recorded.answers] == [
        ("d.test", "TXT"),
        ("_spf.d.test", "TXT"),
        ("d.test", "MX"),
        ("mx.d.test", "A"),
        ("mx.d.test", "AAAA"),
    ]
    assert not recorded.cut
    assert spf.read("d.test", recorded.answers).lookups == 3
    attempt = only(facts, Attempt)
    assert (attempt.probe, attempt.ended.cause) == ("spf", Cause.COMPLETED)
    assert findings(facts, "spf") == {}


def test_each_fault_of_spf_is_one_finding() -> None:
    exists = [DnsRecord(f"e{number}.test", "A", "127.0.0.2") for number in range(11)]
    many = " ".join(f"exists:{record.name}" for record in exists)
    hosts = [DnsRecord("many.test", "MX", f"10 mx{number}.test.") for number in range(11)]
    cases: dict[str, tuple[DnsRecord, ...]] = {
        "record-missing": (),
        "records-several": (txt("d.test", "v=spf1 mx -all"), txt("d.test", "v=spf1 -all")),
        "record-malformed": (txt("d.test", "v=spf1 ip4:192.0.2 -all"),),
        "lookups-too-many": (txt("d.test", f"v=spf1 {many} -all"), *exists),
        "lookups-void": (txt("d.test", "v=spf1 a:a.gone.test a:b.gone.test a:c.gone.test -all"),),
        "include-unresolved": (txt("d.test", "v=spf1 include:gone.test -all"),),
        "all-permissive": (txt("d.test", "v=spf1 mx +all"),),
        "mechanism-ptr": (txt("d.test", "v=spf1 ptr -all"),),
        "mx-too-many": (txt("d.test", "v=spf1 mx:many.test -all"), *hosts),
    }
    for fault, records in cases.items():
        assert list(findings(follow_spf(*records), "spf")) == [fault]


def test_a_failed_look_up_ends_the_attempt_only_at_the_domain() -> None:
    broken = (FaultyName("d.test", DnsFault.SERVFAIL, "TXT"),)
    facts = follow_spf(txt("d.test", "v=spf1 -all"), faults=broken)
    assert only(facts, Attempt).ended.cause is Cause.DNS
    assert only(facts, SpfAnswers).answers[0].status is DnsStatus.SERVFAIL
    included = (FaultyName("x.test", DnsFault.SERVFAIL),)
    facts = follow_spf(txt("d.test", "v=spf1 include:x.test -all"), faults=included)
    assert only(facts, Attempt).ended.cause is Cause.COMPLETED
    assert findings(facts, "spf")["lookup-failed"] is Verdict.INCONCLUSIVE


def test_following_ends_at_our_limit() -> None:
    terms = " ".join(f"a:e{number}.test" for number in range(30))
    recorded = only(follow_spf(txt("d.test", f"v=spf1 {terms} -all")), SpfAnswers)
    assert recorded.cut
    assert len(recorded.answers) == SPF_LOOKUPS


def test_what_was_seen_is_kept_when_time_runs_out() -> None:
    class Slow:
        """Answers the first question, and no other in time."""

        servers = ("192.0.2.53:53",)

        async def query(self, name: str, rdtype: str) -> DnsAnswer:
            if name != "d.test":
                await asyncio.sleep(60)
            return DnsAnswer(name, rdtype, DnsStatus.ANSWERED, rdata=('"v=spf1 include:x.test -all"',))

    async def run() -> FactSet:
        network = Network(resolver=Slow(), roots=RootStore(roots=(), name="none"))
        recorder = Recorder(network.clock)
        task = asyncio.create_task(find_spf(network, recorder, "d.test"))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return recorder.facts()

    facts = asyncio.run(run())
    assert only(facts, SpfAnswers).cut
    assert only(facts, Attempt).ended.cause is Cause.BUDGET_SPENT
    assert set(findings(facts, "spf").values()) == {Verdict.INCONCLUSIVE}


def test_the_walk_and_its_destinations() -> None:
    facts = walk_dmarc(
        txt("_dmarc.d.test", "v=DMARC1; p=reject; rua=mailto:d@x.test,mailto:d@d.test,mailto:d@a.test"),
        txt("d.test._report._dmarc.x.test", "v=DMARC1"),
        txt("*._report._dmarc.x.test", "v=DMARC1"),
        DnsRecord("x.test", "MX", "10 mx.x.test."),
        DnsRecord("a.test", "A", "192.0.2.7"),
        txt("d.test._report._dmarc.a.test", "v=DMARC1"),
        domain="mail.d.test",
    )
    recorded = only(facts, DmarcWalk)
    assert [answer.name for answer in recorded.answers] == [
        "_dmarc.mail.d.test",
        "_dmarc.d.test",
        "_dmarc.test",
    ]
    assert {answer.name for answer in recorded.authorizations} == {
        "d.test._report._dmarc.x.test",
        "d.test._report._dmarc.a.test",
    }
    assert [(answer.name, answer.rdtype) for answer in recorded.exchanges] == [
        ("x.test", "MX"),
        ("d.test", "MX"),
        ("a.test", "MX"),
        ("a.test", "A"),
        ("a.test", "AAAA"),
    ]
    assert only(facts, Attempt).probe == "dmarc"
    assert findings(facts, "dmarc") == {}


def test_each_fault_of_dmarc_is_one_finding() -> None:
    own = "rua=mailto:d@d.test"
    cases: dict[str, tuple[str, ...]] = {
        "record-missing": (),
        "records-several": (f"v=DMARC1; p=reject; {own}", f"v=DMARC1; p=none; {own}"),
        "record-malformed": (f"v=DMARC1; p=rejects; {own}",),
        "policy-none": (f"v=DMARC1; p=none; {own}",),
        "subdomains-open": (f"v=DMARC1; p=reject; np=none; {own}",),
        "reports-missing": ("v=DMARC1; p=reject",),
        "destination-unauthorized": ("v=DMARC1; p=reject; rua=mailto:d@x.test",),
        "destination-unresolvable": ("v=DMARC1; p=reject; rua=mailto:d@gone.test",),
        "tag-removed": (f"v=DMARC1; p=reject; pct=50; {own}",),
    }
    elsewhere = DnsRecord("x.test", "MX", "10 mx.x.test.")
    for fault, texts in cases.items():
        facts = walk_dmarc(elsewhere, *(txt("_dmarc.d.test", text) for text in texts))
        assert list(findings(facts, "dmarc")) == [fault]


def test_keys_are_asked_for_by_name() -> None:
    async def both(network: Network, recorder: Recorder) -> None:
        await find_dkim(network, recorder, "d.test", "S1")
        await find_dkim(network, recorder, "d.test", "s2", "mail.test")

    facts = ask([*MAIL, txt("s1._domainkey.d.test", KEY)], both)[1]
    found = [key for _, key in facts.within(DkimKey, Subject())]
    assert [(key.selector, key.signing_domain, key.answer.name) for key in found] == [
        ("S1", "d.test", "s1._domainkey.d.test"),
        ("s2", "mail.test", "s2._domainkey.mail.test"),
    ]
    assert findings(facts, "dkim") == {"key-missing": Verdict.FAIL}
