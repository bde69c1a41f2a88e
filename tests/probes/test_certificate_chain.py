"""Further handshakes: without a name, for each key type, for other hosts; and what they may cost."""

import asyncio

import pytest

from tests.probes.scripted import (
    EHLO,
    EHLO_TLS,
    GREET,
    HOST,
    NO_OFFER,
    QUIT,
    SETTINGS,
    SUBJECT,
    TO_HANDSHAKE,
    TO_STARTTLS,
    Close,
    DialerTo,
    Drip,
    Expect,
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
    Stage,
    Subject,
    TlsMode,
    TrustAnchors,
)
from waxseal.lab.listener import LOOPBACK
from waxseal.lab.orders import Authority, Key, LeafOrder, TlsOrder, alert_record
from waxseal.probes.certificate_chain import MAX_CERTIFICATES
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.scan import endpoint

EC_LEAF = LeafOrder(names=(HOST,))
RSA_LEAF = LeafOrder(names=(HOST,), key=Key.RSA_2048)
OTHER_LEAF = LeafOrder(names=("default.test",))
PROBES = [DIALOGUE, "tls.no-sni", "tls.certificate-rsa"]


def script(order: TlsOrder) -> Script:
    """A conversation in which nothing goes wrong."""
    return (*TO_HANDSHAKE, StartTls(order), EHLO, EHLO_TLS, QUIT, Say(b"221 bye\r\n"), Close())


def short(order: TlsOrder) -> Script:
    """The same as the further handshakes hold it: no EHLO under TLS."""
    return (*TO_HANDSHAKE, StartTls(order), QUIT, Say(b"221 bye\r\n"), Close())


def examined(order: TlsOrder, settings: ProbeSettings = SETTINGS) -> Told:
    told = examine(script(order), short(order), settings=settings)
    assert told.server.problems == []
    assert not [a for a in told.all(Attempt) if a.ended.cause is Cause.CRASHED]
    assert told.server.at_once == 1
    return told


def shown(told: Told) -> dict[str, bool | None]:
    return {query.certificate_type: query.shown for query in told.one(CertificateTypes).queries}


def test_one_certificate_costs_three_connections() -> None:
    told = examined(TlsOrder(leaves=(EC_LEAF,)))
    assert [attempt.probe for attempt in told.all(Attempt)] == PROBES
    assert told.server.connections == sum(attempt.connections for attempt in told.all(Attempt)) == 3
    assert shown(told) == {"ec": True, "rsa": False}
    leaf = told.one(CertificateChain).leaf
    assert told.one(NoSniAnswer) == NoSniAnswer(completed=True, leaf_sha256=leaf.sha256)
    (anchors,) = told.all(TrustAnchors)
    assert (anchors.store_size, len(anchors.candidates)) == (1, 1)


@pytest.mark.parametrize("leaves", [(EC_LEAF, RSA_LEAF), (RSA_LEAF, EC_LEAF)])
def test_both_certificates_of_a_dual_server_are_found(leaves: tuple[LeafOrder, ...]) -> None:
    told = examined(TlsOrder(leaves=leaves))
    assert shown(told) == {"ec": True, "rsa": True}
    by_type = {
        subject.certificate_type: chain for subject, chain in told.facts.within(CertificateChain, SUBJECT)
    }
    assert {kind: chain.leaf.key_type for kind, chain in by_type.items()} == {"ec": "ec", "rsa": "rsa"}
    assert by_type["rsa"].version == "TLSv1.3"
    assert len({subject for subject, _ in told.facts.within(TrustAnchors, SUBJECT)}) == 2
    assert told.server.connections == 3


def test_a_chain_beyond_the_limit_says_how_many_were_sent() -> None:
    long = LeafOrder(names=(HOST,), sent=(Authority.ISSUING,) * 35)
    chain = examined(TlsOrder(leaves=(long,))).all(CertificateChain)[0]
    assert (len(chain.certificates), chain.sent_count) == (MAX_CERTIFICATES, 36)
    most = LeafOrder(names=(HOST,), sent=(Authority.ISSUING,) * 31)
    chain = examined(TlsOrder(leaves=(most,))).all(CertificateChain)[0]
    assert (len(chain.certificates), chain.sent_count) == (MAX_CERTIFICATES, 0)


def test_a_server_with_rsa_only_is_asked_for_ecdsa() -> None:
    told = examined(TlsOrder(leaves=(RSA_LEAF,)))
    assert shown(told) == {"rsa": True, "ec": False}
    (query,) = [q for q in told.one(CertificateTypes).queries if q.certificate_type == "ec"]
    assert "40" in query.why


def test_a_server_of_tls_13_only_shows_both_types() -> None:
    told = examined(TlsOrder(leaves=(EC_LEAF, RSA_LEAF), lowest="TLSv1.3"))
    assert shown(told) == {"ec": True, "rsa": True}
    assert told.server.connections == 3


def test_a_server_of_tls_13_only_says_no_to_the_type_that_it_lacks() -> None:
    told = examined(TlsOrder(leaves=(EC_LEAF,), lowest="TLSv1.3"))
    assert shown(told) == {"ec": True, "rsa": False}
    attempt = told.attempt("tls.certificate-rsa")
    assert (attempt.ended.cause, attempt.ended.alert) == (Cause.ALERT, 40)


def test_a_server_of_tls_12_only_is_asked_by_its_suites() -> None:
    told = examined(TlsOrder(leaves=(EC_LEAF, RSA_LEAF), highest="TLSv1.2"))
    assert shown(told) == {"ec": True, "rsa": True}
    assert told.server.connections == 3


def test_another_certificate_without_a_name_is_recorded_beside_the_first() -> None:
    told = examined(TlsOrder(leaves=(EC_LEAF,), without_name=(OTHER_LEAF,)))
    chains = {subject.server_name: chain for subject, chain in told.facts.within(CertificateChain, SUBJECT)}
    assert set(chains) == {HOST, ""}
    assert chains[""].leaf.dns_names == ("default.test",)
    answer = told.one(NoSniAnswer)
    assert answer.completed
    assert answer.leaf_sha256 == chains[""].leaf.sha256 != chains[HOST].leaf.sha256


def test_a_server_that_wants_a_name_says_so_with_an_alert() -> None:
    told = examined(TlsOrder(leaves=(EC_LEAF,), alert_without_name=112))
    answer = told.one(NoSniAnswer)
    assert (answer.completed, answer.alert, answer.leaf_sha256) == (False, 112, "")
    assert "unrecognized_name" in answer.detail
    assert told.attempt("tls.no-sni").ended.cause is Cause.ALERT


def test_a_handshake_that_fails_with_a_name_is_tried_without_one() -> None:
    failing = (*TO_HANDSHAKE, Hello(), Say(alert_record(112)), Close())
    told = examine(failing, short(TlsOrder(leaves=(OTHER_LEAF,))))
    assert told.ended.alert == 112
    assert told.one(NoSniAnswer).completed
    ((subject, chain),) = told.facts.within(CertificateChain, SUBJECT)
    assert (subject.server_name, chain.leaf.dns_names) == ("", ("default.test",))
    assert told.server.connections == 2


@pytest.mark.parametrize(
    ("ending", "cause"),
    [((Close(),), Cause.CLOSED), ((Reset(),), Cause.RESET)],
)
def test_a_stream_that_ends_without_a_name_is_an_answer(ending: Script, cause: Cause) -> None:
    order = TlsOrder(leaves=(EC_LEAF,))
    told = examine(script(order), (*TO_HANDSHAKE, Hello(), *ending), short(order))
    answer = told.one(NoSniAnswer)
    assert not answer.completed
    assert answer.alert is None
    assert cause.value in answer.detail


@pytest.mark.parametrize(
    ("second", "cause", "stage"),
    [
        ((Say(b"421 too many\r\n"), Close()), Cause.DECLINED, Stage.GREETING),
        ((Say(b"554 no\r\n"), Close()), Cause.DECLINED, Stage.GREETING),
        ((GREET, EHLO, Say(b"550 no\r\n"), Close()), Cause.DECLINED, Stage.EHLO),
        (
            (GREET, EHLO, NO_OFFER, Expect(b"STARTTLS"), Say(b"454 no\r\n"), Close()),
            Cause.DECLINED,
            Stage.STARTTLS,
        ),
        ((*TO_STARTTLS, Say(b"220 half a li"), Close()), Cause.CLOSED, Stage.STARTTLS),
        ((Say(b"garbage\r\n"), Close()), Cause.NOT_SMTP, Stage.GREETING),
        ((Reset(),), Cause.RESET, Stage.GREETING),
        ((*TO_HANDSHAKE, Hello(), Say(b"not TLS\r\n"), Stall()), Cause.NOT_TLS, Stage.HANDSHAKE),
    ],
)
def test_a_later_conversation_that_fails_says_nothing_about_the_name(
    second: Script, cause: Cause, stage: Stage
) -> None:
    order = TlsOrder(leaves=(EC_LEAF,))
    told = examine(script(order), second, short(order))
    assert not told.all(NoSniAnswer)
    ended = told.attempt("tls.no-sni").ended
    assert (ended.cause, ended.stage) == (cause, stage)


@pytest.mark.parametrize(
    "third",
    [
        (Say(b"554 no\r\n"), Close()),
        (Close(),),
        (*TO_HANDSHAKE, Hello(), Close()),
        (*TO_HANDSHAKE, Hello(), Say(b"not TLS at all\r\n"), Close()),
        (*TO_HANDSHAKE, Hello(), Say(alert_record(80)), Close()),
    ],
)
def test_only_a_handshake_failure_means_that_there_is_no_such_certificate(third: Script) -> None:
    order = TlsOrder(leaves=(EC_LEAF,))
    told = examine(script(order), short(order), third)
    assert shown(told) == {"ec": True, "rsa": None}
    (query,) = [q for q in told.one(CertificateTypes).queries if q.certificate_type == "rsa"]
    assert query.why


def test_after_421_no_further_connection_is_opened() -> None:
    order = TlsOrder(leaves=(EC_LEAF,))
    told = examine(script(order), (Say(b"421 too many connections\r\n"), Close()), short(order))
    assert told.server.connections == 2
    ended = told.attempt("tls.certificate-rsa").ended
    assert ended.cause is Cause.BUDGET_SPENT
    assert "421" in ended.detail


def test_a_spent_budget_of_connections_is_recorded() -> None:
    settings = ProbeSettings(ehlo_name="client.example.test", time_limit_s=5.0, connection_limit=2)
    told = examined(TlsOrder(leaves=(EC_LEAF, RSA_LEAF)), settings)
    assert told.server.connections == 2
    attempt = told.attempt("tls.certificate-rsa")
    assert (attempt.ended.cause, attempt.ended.stage, attempt.connections) == (
        Cause.BUDGET_SPENT,
        Stage.CONNECT,
        0,
    )
    assert shown(told) == {"ec": True, "rsa": None}
    (query,) = [q for q in told.one(CertificateTypes).queries if q.certificate_type == "rsa"]
    assert "budget spent" in query.why


def test_no_further_conversation_follows_one_without_tls() -> None:
    told = examine((GREET, EHLO, NO_OFFER, QUIT, Say(b"221 bye\r\n"), Close()))
    assert told.server.connections == 1
    assert not told.all(CertificateTypes)


def test_all_of_it_with_implicit_tls() -> None:
    order = TlsOrder(leaves=(EC_LEAF, RSA_LEAF), without_name=(OTHER_LEAF,))
    whole = (StartTls(order), GREET, EHLO, NO_OFFER, QUIT, Say(b"221 bye\r\n"), Close())
    brief = (StartTls(order), GREET, QUIT, Say(b"221 bye\r\n"), Close())
    told = examine(whole, brief, mode=TlsMode.IMPLICIT)
    assert told.server.problems == []
    assert shown(told) == {"ec": True, "rsa": True}
    assert told.one(EhloClear).keyword("STARTTLS") is None
    assert {subject.server_name for subject, _ in told.facts.within(CertificateChain, SUBJECT)} == {HOST, ""}


@pytest.mark.parametrize("how", [Stall(), Drip(b"220-no end ")], ids=["stalls", "drips"])
def test_later_conversations_end_within_the_time_limit_too(how: Step) -> None:
    settings = ProbeSettings(ehlo_name="client.example.test", time_limit_s=1.0)
    told = examine(script(TlsOrder(leaves=(EC_LEAF,))), (how,), settings=settings)
    assert told.elapsed_s < 1.5
    assert told.attempt().ended.cause is Cause.COMPLETED
    assert told.attempt("tls.no-sni").ended.cause is Cause.TIMED_OUT
    assert told.attempt("tls.certificate-rsa").ended.cause is Cause.BUDGET_SPENT


def hold(*hosts: str, order: TlsOrder, limit: int = 6) -> tuple[list[tuple[str, Fact]], int]:
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
                names=tuple((host,) for host in hosts),
            )
            settings = ProbeSettings(ehlo_name="client.example.test", connection_limit=limit)
            await endpoint.test_endpoint(outside, recorder, plan, settings)
            assert not server.problems
        return [(r.subject.host or "", r.fact) for r in recorder.records], server.connections

    return asyncio.run(run())


def test_a_host_that_the_certificate_covers_costs_no_handshake_of_its_own() -> None:
    order = TlsOrder(leaves=(LeafOrder(names=("*.example.test",)),))
    facts, connections = hold("mx1.example.test", "mx2.example.test", order=order)
    assert connections == 3
    chains = [host for host, fact in facts if isinstance(fact, CertificateChain)]
    assert chains == ["mx1.example.test", "mx2.example.test"]


def test_a_host_that_it_does_not_cover_is_asked_for_by_name() -> None:
    facts, connections = hold(HOST, "mx.other.test", order=TlsOrder(leaves=(EC_LEAF,)))
    assert connections == 4
    assert [f.probe for host, f in facts if isinstance(f, Attempt) and host == HOST][-1] == "tls.other-name"


def test_many_hosts_on_one_address_stay_within_the_budget() -> None:
    hosts = [f"mx{number}.test" for number in range(9)]
    facts, connections = hold(*hosts, order=TlsOrder(leaves=(EC_LEAF,)))
    assert connections == 6
    ended = [f.ended.cause for host, f in facts if isinstance(f, Attempt) and host == "mx0.test"]
    assert ended.count(Cause.BUDGET_SPENT) == 5


@pytest.mark.parametrize(
    "name", ["a" * 64 + ".test", "b\\000d.test", "a..test", "x." * 140 + "test", "\u00fc.test"]
)
def test_a_name_that_cannot_be_sent_is_not_sent(name: str) -> None:
    facts, connections = hold(name, order=TlsOrder(leaves=(EC_LEAF,)))
    ends = [fact.ended.cause for _, fact in facts if isinstance(fact, Attempt)]
    assert Cause.CRASHED not in ends
    assert ends[0] is Cause.COMPLETED
    assert connections == 2
