"""What a validating resolver says with AD, CD and SERVFAIL, against a scripted peer."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import dns.edns
import dns.flags
import dns.message
import pytest

from tests.net.dns_peer import MX, SOA, Message, Peer, Script, asked, response, run, wired
from waxseal.facts import DnsAnswer, Dnssec, DnsStatus
from waxseal.net.dns import DnsClient
from waxseal.net.dns_exchange import Outcome, read_outcome
from waxseal.net.dns_message import Question

SIGNATURE = "example.org. 300 RRSIG MX 13 2 300 {} 20260101000000 1 example.org. AAAA"


def validated(query: Message, *records: str, **how: Any) -> list[bytes]:
    reply = response(query, *records, **how)
    reply.flags |= dns.flags.AD
    return [reply.to_wire()]


def refused(query: Message, *errors: tuple[int, str]) -> list[bytes]:
    reply = response(query, rcode="SERVFAIL")
    reply.use_edns(
        0, options=[dns.edns.EDEOption(dns.edns.EDECode.make(code), text) for code, text in errors]
    )
    return [reply.to_wire()]


def unchecked(query: Message) -> bool:
    return bool(query.flags & dns.flags.CD)


def judged(script: Script, **how: Any) -> DnsAnswer:
    return run(script, validates=True, **how)[0]


def test_what_is_asked_of_a_validator() -> None:
    _, (peer,) = run(lambda q, _: wired(q, MX), validates=True)
    ((query, _),) = peer.queries
    assert query.flags == dns.flags.RD | dns.flags.AD
    assert query.ednsflags == dns.flags.DO


def test_ad_is_secure_and_its_absence_insecure() -> None:
    secure = judged(lambda q, _: validated(q, MX))
    assert (secure.status, secure.dnssec, secure.authenticated) == (DnsStatus.ANSWERED, Dnssec.SECURE, True)
    insecure = judged(lambda q, _: wired(q, MX))
    assert (insecure.status, insecure.dnssec) == (DnsStatus.ANSWERED, Dnssec.INSECURE)


@pytest.mark.parametrize("rcode", ["NOERROR", "NXDOMAIN"])
def test_denials_are_judged_too(rcode: str) -> None:
    assert judged(lambda q, _: validated(q, rcode=rcode, authority=SOA)).dnssec is Dnssec.SECURE
    assert judged(lambda q, _: wired(q, rcode=rcode, authority=SOA)).dnssec is Dnssec.INSECURE


def test_nobody_is_believed_unasked() -> None:
    answer, _ = run(lambda q, _: validated(q, MX))
    assert (answer.authenticated, answer.dnssec) == (True, Dnssec.UNTRUSTED)
    answer, (peer,) = run(lambda q, _: refused(q, (6, "")))
    assert (answer.status, answer.dnssec, answer.why_bogus) == (DnsStatus.SERVFAIL, Dnssec.UNTRUSTED, "")
    assert len(peer.queries) == 1


@pytest.mark.parametrize(
    ("records", "how"), [((MX,), {}), ((), {"authority": SOA}), ((), {"rcode": "NXDOMAIN", "authority": SOA})]
)
def test_servfail_that_is_an_answer_with_cd_is_bogus(records: tuple[str, ...], how: dict[str, Any]) -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        if unchecked(query):
            return wired(query, *records, **how)
        return refused(query, (7, "expired in June"), (22, ""))

    answer, (peer,) = run(script, validates=True)
    assert (answer.status, answer.dnssec, answer.rdata) == (DnsStatus.SERVFAIL, Dnssec.BOGUS, ())
    assert answer.why_bogus == "7 Signature Expired: expired in June; 22 No Reachable Authority"
    assert [unchecked(query) for query, _ in peer.queries] == [False, True]


def test_bogus_without_a_word_is_asked_a_second_time() -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        return wired(query, MX) if unchecked(query) else refused(query, (49152, "ours"))

    answer, (peer,) = run(script, validates=True)
    assert (answer.dnssec, answer.why_bogus) == (Dnssec.BOGUS, "49152: ours")
    assert [unchecked(query) for query, _ in peer.queries] == [False, True, False]


def test_a_passing_failure_is_not_bogus() -> None:
    seen: list[bool] = []

    def script(query: Message, _: bool) -> list[bytes]:
        seen.append(unchecked(query))
        return refused(query) if len(seen) == 1 else validated(query, MX)

    answer = judged(script)
    assert (answer.status, answer.dnssec) == (DnsStatus.ANSWERED, Dnssec.SECURE)
    assert seen == [False, True, False]


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTIMP"])
def test_a_failure_that_cd_does_not_mend_is_indeterminate(rcode: str) -> None:
    assert judged(lambda q, _: wired(q, rcode=rcode)).dnssec is Dnssec.INDETERMINATE


def test_silence_and_impossible_names_are_indeterminate() -> None:
    assert judged(lambda q, _: [], timeout_s=0.05).dnssec is Dnssec.INDETERMINATE
    answer = judged(lambda q, _: [], name="a..b")
    assert (answer.status, answer.dnssec) == (DnsStatus.NAME_INVALID, Dnssec.INDETERMINATE)


@pytest.mark.parametrize(
    ("first", "second", "dnssec"),
    [
        ("AD", "AD", Dnssec.SECURE),
        ("AD", "", Dnssec.INSECURE),
        ("", "AD", Dnssec.INSECURE),
        ("AD", "SERVFAIL", Dnssec.BOGUS),
        ("", "SERVFAIL", Dnssec.BOGUS),
        ("AD", "REFUSED", Dnssec.INDETERMINATE),
    ],
)
def test_a_chain_is_as_good_as_its_worst_step(first: str, second: str, dnssec: Dnssec) -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        if asked(query) == "example.org.":
            return (validated if first else wired)(query, "example.org. 9 CNAME a.example.")
        if second in ("SERVFAIL", "REFUSED") and not (second == "SERVFAIL" and unchecked(query)):
            return wired(query, rcode=second)
        return (validated if second == "AD" else wired)(query, "a.example. 9 MX 1 b.example.")

    answer = judged(script)
    assert (answer.dnssec, answer.aliases) == (dnssec, ("a.example",))


def test_the_first_signature_to_end_is_told() -> None:
    ends = ("20261224180000", "20270101000000")
    records = [SIGNATURE.format(end) for end in ends]
    answer = judged(lambda q, _: validated(q, MX, *reversed(records)))
    assert answer.signed_until == datetime(2026, 12, 24, 18, tzinfo=UTC)
    # NS records of the authority section are no part of the answer; of a denial, the section is all there is.
    assert judged(lambda q, _: validated(q, MX, authority=records)).signed_until is None
    denial = judged(lambda q, _: validated(q, authority=(*SOA, *records)))
    assert denial.signed_until == datetime(2026, 12, 24, 18, tzinfo=UTC)


def test_checking_disabled_is_another_question() -> None:
    def script(query: Message, _: bool) -> list[bytes]:
        return wired(query, MX) if unchecked(query) else refused(query, (6, ""))

    async def main() -> tuple[DnsAnswer, DnsAnswer]:
        async with Peer(script) as peer:
            client = DnsClient([peer.name], validates=True)
            plain = await client.query("example.org", "MX")
            return plain, await client.query("example.org", "MX", checking_disabled=True)

    checked, given = asyncio.run(main())
    assert (checked.dnssec, given.dnssec) == (Dnssec.BOGUS, Dnssec.UNTRUSTED)
    assert given.status is DnsStatus.ANSWERED


class Channel:
    """A resolver over some channel of its own."""

    def __init__(self, *statuses: DnsStatus) -> None:
        self.statuses = list(statuses)
        self.asked: list[tuple[bool, bool]] = []

    def __str__(self) -> str:
        return "192.0.2.53:853"

    async def ask(
        self, question: Question, limit: float, *, dnssec_ok: bool = False, checking_disabled: bool = False
    ) -> Outcome:
        assert 0 < limit - asyncio.get_running_loop().time() <= 1
        self.asked.append((dnssec_ok, checking_disabled))
        status = self.statuses.pop(0)
        if status is not DnsStatus.ANSWERED:
            return Outcome(status, None, str(self))
        query = dns.message.from_wire(question.query(7, edns=True, dnssec_ok=dnssec_ok))
        return read_outcome(validated(query, MX)[0], 7, question, str(self))


def test_another_transport_is_asked_first() -> None:
    async def main() -> DnsAnswer:
        client = DnsClient(transports=[channel], validates=True, timeout_s=1)
        assert client.servers == ("192.0.2.53:853",)
        return await client.query("example.org", "MX")

    channel = Channel(DnsStatus.TIMED_OUT, DnsStatus.ANSWERED)
    answer = asyncio.run(main())
    assert (answer.dnssec, answer.server, len(answer.rdata)) == (Dnssec.SECURE, "192.0.2.53:853", 2)
    assert channel.asked == [(True, False), (True, False)]
