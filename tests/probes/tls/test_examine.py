"""The examination of one endpoint: certificates for every name and key type, and what it may cost."""

import asyncio

import pytest

from tests.probes.scripted import (
    BYE,
    EHLO,
    EHLO_TLS,
    GREET,
    HOST,
    NO_OFFER,
    QUIT,
    SUBJECT,
    TO_HANDSHAKE,
    TO_STARTTLS,
    Close,
    DialerTo,
    Drip,
    Hello,
    Reset,
    Say,
    Script,
    ScriptedServer,
    Stall,
    StartTls,
    Step,
    Told,
    examine,
    network,
)
from waxseal.facts import (
    DIALOGUE,
    Attempt,
    Cause,
    CertificateChain,
    CertificateTypes,
    EhloClear,
    Fact,
    MailProtocol,
    NoSniAnswer,
    Subject,
    TlsMode,
    TlsSpending,
    TlsSuites,
    TlsVersions,
    TrustAnchors,
)
from waxseal.lab.listener import LOOPBACK
from waxseal.lab.orders import Authority, Key, LeafOrder, TlsOrder, alert_record
from waxseal.probes.certificate_chain import MAX_CERTIFICATES
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth
from waxseal.scan import endpoint

NAME = "client.example.test"
STANDARD = ProbeSettings(ehlo_name=NAME)
GRADE = ProbeSettings(ehlo_name=NAME, depth=Depth.GRADE, time_limit_s=5.0)
EC_LEAF = LeafOrder(names=(HOST,))
RSA_LEAF = LeafOrder(names=(HOST,), key=Key.RSA_2048)
OTHER_LEAF = LeafOrder(names=("default.test",))
ONE = TlsOrder(leaves=(EC_LEAF,))
DUAL = TlsOrder(leaves=(RSA_LEAF, EC_LEAF))


def script(order: TlsOrder) -> Script:
    """A conversation in which nothing goes wrong."""
    return (*TO_HANDSHAKE, StartTls(order), EHLO, EHLO_TLS, QUIT, BYE, Close())


def short(order: TlsOrder) -> Script:
    """The same for the further handshakes, which end with themselves."""
    return (*TO_HANDSHAKE, StartTls(order), Close())


def examined(order: TlsOrder, settings: ProbeSettings = STANDARD) -> Told:
    told = examine(script(order), short(order), settings=settings)
    assert told.server.problems == []
    assert not [a for a in told.all(Attempt) if a.ended.cause is Cause.CRASHED]
    assert told.server.at_once <= settings.parallel_per_server
    assert told.left_open == 0
    return told


def shown(told: Told) -> dict[str, bool | None]:
    return {query.certificate_type: query.shown for query in told.one(CertificateTypes).queries}


@pytest.mark.parametrize("depth", Depth)
def test_what_is_spent_is_what_the_server_saw_and_within_the_plan(depth: Depth) -> None:
    settings = ProbeSettings(ehlo_name=NAME, depth=depth)
    told = examined(ONE, settings)
    assert [attempt.probe for attempt in told.all(Attempt)] == [DIALOGUE, "tls"]
    spending = told.one(TlsSpending)
    assert told.server.connections == sum(a.connections for a in told.all(Attempt)) == spending.spent
    assert spending.spent <= spending.planned == depth.most_connections
    assert (spending.depth, spending.put_off, spending.not_asked) == (depth.value, 0, ())
    assert 1 < told.server.at_once <= spending.parallel <= 3
    leaf = told.one(CertificateChain).leaf
    assert told.one(NoSniAnswer) == NoSniAnswer(completed=True, leaf_sha256=leaf.sha256)
    (anchors,) = told.all(TrustAnchors)
    assert (anchors.store_size, len(anchors.candidates)) == (1, 1)


@pytest.mark.parametrize("order", [ONE, DUAL, TlsOrder(leaves=(RSA_LEAF,))], ids=["ec", "dual", "rsa"])
def test_eight_connections_answer_all_that_a_grade_needs(order: TlsOrder) -> None:
    told = examined(order, GRADE)
    assert told.server.connections <= 8
    assert told.one(TlsSpending).not_asked == ()
    assert [a.accepted is None for a in told.one(TlsVersions).answers] == [False] * 6
    kinds = {"ec" if leaf is EC_LEAF else "rsa" for leaf in order.leaves}
    assert shown(told) == {kind: kind in kinds for kind in ("rsa", "ec")}


@pytest.mark.parametrize("depth", [Depth.STANDARD, Depth.FULL])
@pytest.mark.parametrize("leaves", [(EC_LEAF, RSA_LEAF), (RSA_LEAF, EC_LEAF)])
@pytest.mark.parametrize(("lowest", "highest"), [("TLSv1.2", "TLSv1.3"), ("TLSv1.3",) * 2, ("TLSv1.2",) * 2])
def test_both_certificates_of_a_dual_server_are_found(
    leaves: tuple[LeafOrder, ...], lowest: str, highest: str, depth: Depth
) -> None:
    order = TlsOrder(leaves=leaves, lowest=lowest, highest=highest)
    told = examined(order, ProbeSettings(ehlo_name=NAME, depth=depth))
    assert shown(told) == {"ec": True, "rsa": True}
    by_type = {
        subject.certificate_type: chain for subject, chain in told.facts.within(CertificateChain, SUBJECT)
    }
    assert {kind: chain.leaf.key_type for kind, chain in by_type.items()} == {"ec": "ec", "rsa": "rsa"}
    assert {chain.version for chain in by_type.values()} <= {lowest, highest}
    assert len({subject for subject, _ in told.facts.within(TrustAnchors, SUBJECT)}) == 2
    suites = {found.version for found in told.one(TlsSuites).lists}
    assert suites == {lowest, highest}


def test_a_chain_beyond_the_limit_says_how_many_were_sent() -> None:
    long = LeafOrder(names=(HOST,), sent=(Authority.ISSUING,) * 35)
    chain = examined(TlsOrder(leaves=(long,)), GRADE).all(CertificateChain)[0]
    assert (len(chain.certificates), chain.sent_count) == (MAX_CERTIFICATES, 36)
    most = LeafOrder(names=(HOST,), sent=(Authority.ISSUING,) * 31)
    chain = examined(TlsOrder(leaves=(most,)), GRADE).all(CertificateChain)[0]
    assert (len(chain.certificates), chain.sent_count) == (MAX_CERTIFICATES, 0)


@pytest.mark.parametrize("versions", [("TLSv1.2", "TLSv1.3"), ("TLSv1.3", "TLSv1.3"), ("TLSv1.2", "TLSv1.2")])
@pytest.mark.parametrize(("leaf", "has", "lacks"), [(EC_LEAF, "ec", "rsa"), (RSA_LEAF, "rsa", "ec")])
def test_the_key_type_that_a_server_lacks_is_refused_by_alert(
    leaf: LeafOrder, has: str, lacks: str, versions: tuple[str, str]
) -> None:
    told = examined(TlsOrder(leaves=(leaf,), lowest=versions[0], highest=versions[1]))
    assert shown(told) == {has: True, lacks: False}
    (query,) = [q for q in told.one(CertificateTypes).queries if q.certificate_type == lacks]
    assert "handshake_failure (40)" in query.why


def test_another_certificate_without_a_name_is_recorded_beside_the_first() -> None:
    told = examined(TlsOrder(leaves=(EC_LEAF,), without_name=(OTHER_LEAF,)))
    chains = {subject.server_name: chain for subject, chain in told.facts.within(CertificateChain, SUBJECT)}
    assert set(chains) == {HOST, ""}
    assert chains[""].leaf.dns_names == ("default.test",)
    answer = told.one(NoSniAnswer)
    assert answer.completed
    assert answer.leaf_sha256 == chains[""].leaf.sha256 != chains[HOST].leaf.sha256


@pytest.mark.parametrize("depth", Depth)
def test_a_certificate_seen_first_without_a_name_is_recorded_for_the_name_too(depth: Depth) -> None:
    order = TlsOrder(leaves=(EC_LEAF, RSA_LEAF), without_name=(RSA_LEAF,))
    told = examined(order, ProbeSettings(ehlo_name=NAME, depth=depth))
    chains = [subject for subject, _ in told.facts.within(CertificateChain, SUBJECT)]
    assert {s.certificate_type for s in chains if s.server_name == HOST} == {"ec", "rsa"}


def test_a_server_that_wants_a_name_says_so_with_an_alert() -> None:
    told = examined(TlsOrder(leaves=(EC_LEAF,), alert_without_name=112))
    answer = told.one(NoSniAnswer)
    assert (answer.completed, answer.alert, answer.leaf_sha256) == (False, 112, "")
    assert "unrecognized_name" in answer.detail


def test_a_handshake_that_fails_with_a_name_is_tried_without_one() -> None:
    failing = (*TO_HANDSHAKE, Hello(), Say(alert_record(112)), Close())
    told = examine(failing, short(TlsOrder(leaves=(OTHER_LEAF,))))
    assert told.ended.alert == 112
    assert told.one(NoSniAnswer).completed
    ((subject, chain),) = told.facts.within(CertificateChain, SUBJECT)
    assert (subject.server_name, chain.leaf.dns_names) == ("", ("default.test",))
    assert [attempt.probe for attempt in told.all(Attempt)] == [DIALOGUE, "tls.no-sni"]
    assert told.server.connections == 2


def test_streams_that_end_without_a_name_are_an_answer_and_no_alert() -> None:
    told = examine(script(ONE), (*TO_HANDSHAKE, Hello(), Close()), settings=GRADE)
    answer = told.one(NoSniAnswer)
    assert (answer.completed, answer.alert, answer.detail) == (False, None, "closed")


@pytest.mark.parametrize(
    "second",
    [
        (Say(b"421 too many\r\n"), Close()),
        (Say(b"554 no\r\n"), Close()),
        (GREET, EHLO, Say(b"550 no\r\n"), Close()),
        (GREET, EHLO, NO_OFFER, QUIT, BYE, Close()),
        (*TO_STARTTLS, Say(b"454 no\r\n"), Close()),
        (*TO_STARTTLS, Say(b"220 half a li"), Close()),
        (Say(b"garbage\r\n"), Close()),
        (Close(),),
        (Reset(),),
        (*TO_HANDSHAKE, Hello(), Reset()),
    ],
)
def test_connections_that_are_declined_or_cut_say_nothing_about_the_tls(second: Script) -> None:
    settings = ProbeSettings(ehlo_name=NAME, depth=Depth.GRADE, time_limit_s=2.0)
    told = examine(script(ONE), second, settings=settings)
    assert told.server.problems == []
    assert told.left_open == 0
    assert told.elapsed_s < 2.5
    assert not told.all(NoSniAnswer)
    assert shown(told) == {"ec": True, "rsa": None}
    accepted = {answer.version: answer.accepted for answer in told.one(TlsVersions).answers}
    assert accepted.pop("TLSv1.3") is True
    spending = told.one(TlsSpending)
    if Hello() not in second:
        assert set(accepted.values()) == {None}
        assert any(what.startswith("suites TLSv1.2: ") for what in spending.not_asked)
    assert spending.put_off >= 1
    assert any(what.startswith("no server name: ") for what in spending.not_asked)
    assert told.attempt("tls").ended.cause is Cause.BUDGET_SPENT
    assert told.ended.cause is Cause.COMPLETED


@pytest.mark.parametrize(
    "third",
    [
        (*TO_HANDSHAKE, Hello(), Close()),
        (*TO_HANDSHAKE, Hello(), Say(b"not TLS at all\r\n"), Close()),
        (*TO_HANDSHAKE, Hello(), Say(alert_record(80)), Close()),
    ],
)
def test_only_an_alert_about_the_offer_means_that_there_is_no_such_certificate(third: Script) -> None:
    told = examine(script(ONE), third, settings=GRADE)
    assert shown(told) == {"ec": True, "rsa": None}
    (query,) = [q for q in told.one(CertificateTypes).queries if q.certificate_type == "rsa"]
    assert query.why


def test_a_server_that_asks_to_come_back_later_is_given_time_and_asked_for_less_at_once() -> None:
    busy: Script = (Say(b"421 too many connections\r\n"), Close())
    told = examine(script(ONE), busy, short(ONE), settings=STANDARD)
    spending = told.one(TlsSpending)
    assert 1 <= spending.put_off <= 3
    assert spending.not_asked == ()
    assert told.elapsed_s >= 1.0
    assert shown(told) == {"ec": True, "rsa": False}


def test_a_server_that_goes_on_asking_to_come_back_later_is_left_alone() -> None:
    told = examine(script(ONE), (Say(b"421 too many connections\r\n"), Close()), settings=GRADE)
    assert told.server.connections <= 6
    assert told.one(TlsSpending).put_off == told.server.connections - 1


def test_a_421_in_the_main_conversation_leaves_no_second_connection() -> None:
    told = examine((*TO_HANDSHAKE, StartTls(ONE), EHLO, Say(b"421 busy\r\n"), Close()), short(ONE))
    assert told.server.connections == 1
    ended = told.attempt("tls").ended
    assert (ended.cause, "421" in ended.detail) == (Cause.BUDGET_SPENT, True)


@pytest.mark.parametrize("limit", [1, 2])
def test_a_spent_budget_of_connections_is_recorded_with_what_was_not_asked(limit: int) -> None:
    settings = ProbeSettings(ehlo_name=NAME, connection_limit=limit)
    told = examine(script(ONE), short(ONE), settings=settings)
    assert told.server.connections == limit
    attempt = told.attempt("tls")
    assert (attempt.ended.cause, attempt.connections) == (Cause.BUDGET_SPENT, limit - 1)
    spending = told.one(TlsSpending)
    assert (spending.planned, spending.spent) == (limit, limit)
    assert all(f"all {limit} connections are spent" in what for what in spending.not_asked)
    assert any(what.startswith("suites TLSv1.2") for what in spending.not_asked)
    assert told.one(TlsSuites).lists[0].undecided
    if limit == 1:
        assert shown(told) == {"ec": True, "rsa": None}
        assert {a.version for a in told.one(TlsVersions).answers if a.accepted is None} >= {"TLSv1.2"}


def test_no_examination_follows_a_conversation_without_tls() -> None:
    told = examine((GREET, EHLO, NO_OFFER, QUIT, BYE, Close()))
    assert told.server.connections == 1
    assert not told.all(CertificateTypes)
    assert not told.all(TlsSpending)


def test_all_of_it_with_implicit_tls() -> None:
    order = TlsOrder(leaves=(EC_LEAF, RSA_LEAF), without_name=(OTHER_LEAF,))
    whole = (StartTls(order), GREET, EHLO, NO_OFFER, QUIT, BYE, Close())
    told = examine(whole, (StartTls(order), Close()), mode=TlsMode.IMPLICIT, settings=STANDARD)
    assert told.server.problems == []
    assert shown(told) == {"ec": True, "rsa": True}
    assert told.one(EhloClear).keyword("STARTTLS") is None
    assert {subject.server_name for subject, _ in told.facts.within(CertificateChain, SUBJECT)} == {HOST, ""}
    assert told.one(TlsSpending).not_asked == ()


@pytest.mark.parametrize("how", [Stall(), Drip(b"220-no end ")], ids=["stalls", "drips"])
@pytest.mark.parametrize("before", [(), (*TO_HANDSHAKE, Hello())], ids=["greeting", "handshake"])
def test_later_conversations_end_within_the_time_limit_too(how: Step, before: Script) -> None:
    settings = ProbeSettings(ehlo_name=NAME, time_limit_s=1.0)
    told = examine(script(ONE), (*before, how), settings=settings)
    assert told.elapsed_s < 1.5
    assert told.left_open == 0
    assert told.attempt().ended.cause is Cause.COMPLETED
    if not (before and isinstance(how, Drip)):
        assert told.attempt("tls").ended.cause is Cause.BUDGET_SPENT
        assert shown(told) == {"ec": True, "rsa": None}
        assert {a.accepted for a in told.one(TlsVersions).answers} == {True, None}


def hold(*hosts: str, order: TlsOrder, limit: int | None = None) -> tuple[list[tuple[str, Fact]], int]:
    """Test one address that is several hosts': the facts by host, and the connections."""

    async def run() -> tuple[list[tuple[str, Fact]], int]:
        async with ScriptedServer(script(order), short(order)) as server:
            outside = network(DialerTo(server.port))
            recorder = Recorder(outside.clock)
            plan = endpoint.EndpointPlan(
                address=LOOPBACK,
                port=25,
                mode=TlsMode.STARTTLS,
                protocol=MailProtocol.SMTP,
                subjects=tuple(
                    Subject(domain="example.test", host=host, address=LOOPBACK, port=25) for host in hosts
                ),
                names=tuple(endpoint.Names((host,)) for host in hosts),
            )
            settings = ProbeSettings(ehlo_name=NAME, depth=Depth.GRADE, connection_limit=limit)
            await endpoint.test_endpoint(outside, recorder, plan, settings)
            assert not server.problems
        return [(r.subject.host or "", r.fact) for r in recorder.records], server.connections

    return asyncio.run(run())


def test_a_host_that_the_certificate_covers_costs_no_handshake_of_its_own() -> None:
    order = TlsOrder(leaves=(LeafOrder(names=("*.example.test",)),))
    facts, connections = hold("mx1.example.test", "mx2.example.test", order=order, limit=20)
    assert connections == hold("mx1.example.test", order=order, limit=20)[1]
    chains = [host for host, fact in facts if isinstance(fact, CertificateChain)]
    assert chains == ["mx1.example.test", "mx2.example.test"]


def test_a_host_that_it_does_not_cover_is_asked_for_by_name() -> None:
    order = TlsOrder(leaves=(EC_LEAF,), without_name=(OTHER_LEAF,))
    alone = hold(HOST, order=order, limit=20)[1]
    facts, connections = hold(HOST, "mx.other.test", order=order, limit=20)
    assert connections == alone + 1
    assert next(f.not_asked for _, f in facts if isinstance(f, TlsSpending)) == ()


def test_many_hosts_on_one_address_stay_within_the_budget() -> None:
    hosts = [f"mx{number}.test" for number in range(9)]
    facts, connections = hold(*hosts, order=ONE)
    assert connections == Depth.GRADE.most_connections
    (spending,) = (f for host, f in facts if isinstance(f, TlsSpending) and host == "mx0.test")
    assert len([what for what in spending.not_asked if what.startswith("certificate of mx")]) >= 5


@pytest.mark.parametrize(
    "name", ["a" * 64 + ".test", "b\\000d.test", "a..test", "x." * 140 + "test", "\u00fc.test"]
)
def test_a_name_that_cannot_be_sent_is_not_sent(name: str) -> None:
    facts, _ = hold(name, order=ONE)
    ends = [fact.ended.cause for _, fact in facts if isinstance(fact, Attempt)]
    assert ends == [Cause.COMPLETED] * 2
    assert not [fact for _, fact in facts if isinstance(fact, NoSniAnswer)]
