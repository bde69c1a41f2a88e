"""The MTA-STS record and policy of a domain, asked of policy hosts that behave and of hosts that do not."""

import asyncio
import gzip
import http.server
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from tests.probes.scripted import (
    CA,
    Close,
    DialerTo,
    Drip,
    Expect,
    Flood,
    Hello,
    Reset,
    Say,
    Script,
    ScriptedServer,
    Stall,
    StartTls,
    context,
)
from waxseal.facts import Attempt, Cause, DnsAnswer, DnsStatus, Stage, StsFetch, StsRecord, Subject
from waxseal.facts.tls import KeyProof
from waxseal.lab.orders import Authority, LeafOrder, TlsOrder
from waxseal.lab.tls import speaks_old_versions
from waxseal.net.dial import REFUSED, Dialer, MappedDialer
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.probes.recorder import Recorder
from waxseal.probes.transport_policy import POLICY_LIMIT_OCTETS, find_sts
from waxseal.trust.anchors import RootStore
from waxseal.trust.chain import verify
from waxseal.trust.names import match

DOMAIN = Subject(domain="example.test")
POLICY_HOST = "mta-sts.example.test"
ADDRESS = "192.0.2.7"
TXT = ("_mta-sts.example.test", "TXT")
A, AAAA = (POLICY_HOST, "A"), (POLICY_HOST, "AAAA")
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx.example.test\r\nmax_age: 604800\r\n"
LIMIT_S = 1.2

Answers = Mapping[tuple[str, str], tuple[str, ...] | DnsStatus]
PUBLISHED: Answers = {TXT: ('"v=STSv1; id=1;"',), A: (ADDRESS,)}


@dataclass
class Names:
    """Answers as the table says, NXDOMAIN for what is not in it; later where an event is to come first."""

    table: Answers
    waits: Mapping[tuple[str, str], asyncio.Event] = field(default_factory=dict)
    servers: tuple[str, ...] = ("192.0.2.53:53",)

    async def query(self, name: str, rdtype: str) -> DnsAnswer:
        if (name, rdtype) in self.waits:
            await self.waits[name, rdtype].wait()
        found = self.table.get((name, rdtype), DnsStatus.NXDOMAIN)
        if isinstance(found, DnsStatus):
            return DnsAnswer(name, rdtype, found)
        return DnsAnswer(name, rdtype, DnsStatus.ANSWERED, rdata=found)


@dataclass
class Seen:
    """What was recorded."""

    recorder: Recorder
    server: ScriptedServer
    elapsed_s: float

    @property
    def fetch(self) -> StsFetch:
        (found,) = self.recorder.facts().at(StsFetch, DOMAIN)
        return found

    def attempt(self, probe: str) -> Attempt:
        (found,) = [a for a in self.recorder.facts().at(Attempt, DOMAIN) if a.probe == probe]
        return found


def outside(resolver: Names, dialer: Dialer, guard: AddressGuard | None = None) -> Network:
    return Network(
        resolver=resolver,
        roots=RootStore((CA.root_der,), "test"),
        dialer=dialer,
        guard=guard or AddressGuard(allow_all=True),
    )


def find(
    *script: Script,
    answers: Answers = PUBLISHED,
    dialer: Dialer | None = None,
    guard: AddressGuard | None = None,
    limit_s: float = LIMIT_S,
) -> Seen:
    """Look for the policy at a host that follows a script."""

    async def run() -> Seen:
        async with ScriptedServer(*script) as server:
            network = outside(Names(answers), dialer or DialerTo(server.port), guard)
            recorder = Recorder(network.clock)
            began = time.monotonic()
            await find_sts(network, recorder, "example.test", time_limit_s=limit_s)
            elapsed_s = time.monotonic() - began
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others, others
        return Seen(recorder, server, elapsed_s)

    return asyncio.run(run())


def order(**changes: object) -> TlsOrder:
    leaf = {"names": (POLICY_HOST,), **changes}
    return TlsOrder(leaves=(LeafOrder(**leaf),))  # type: ignore[arg-type]


TLS = StartTls(order())
GET: Script = (TLS, Expect(b"GET /.well-known/mta-sts.txt HTTP/1.1"), *(Expect(b""),) * 5)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
FRAMED = HEAD + b"Content-Length: %d\r\n\r\n" % len(POLICY)
GOOD: Script = (*GET, Say(FRAMED + POLICY), Stall())


def test_a_policy_as_it_should_be() -> None:
    seen = find(GOOD)
    fetch = seen.fetch
    assert (fetch.ended.cause, fetch.status, fetch.body) == (Cause.COMPLETED, 200, POLICY)
    assert fetch.url == "https://mta-sts.example.test/.well-known/mta-sts.txt"
    assert (fetch.address, fetch.version, fetch.field("content-type")) == (ADDRESS, "TLSv1.3", "text/plain")
    assert fetch.body_octets == len(POLICY)
    assert fetch.key_proof is KeyProof.SIGNATURE
    assert [certificate.dns_names for certificate in fetch.certificates] == [(POLICY_HOST,), ()]
    assert verify(fetch.certificates, fetch.anchors, fetch.fetched_at).trusted
    assert (fetch.store, fetch.store_size) == (RootStore((CA.root_der,), "test").id, 1)
    assert fetch.a is not None
    assert fetch.aaaa is not None
    assert (fetch.a.status, fetch.aaaa.status) == (DnsStatus.ANSWERED, DnsStatus.NXDOMAIN)
    assert seen.server.problems == []
    request = {line.partition(b":")[0].lower(): line for line in seen.server.heard[0][1:] if line}
    assert request[b"host"] == b"Host: mta-sts.example.test"
    assert request[b"accept-encoding"] == b"Accept-Encoding: identity"
    assert set(request) == {b"host", b"user-agent", b"accept-encoding", b"connection"}
    (record,) = seen.recorder.facts().at(StsRecord, DOMAIN)
    assert record.answer.rdata == ('"v=STSv1; id=1;"',)
    assert seen.attempt("sts.record").ended.cause is Cause.COMPLETED
    policy = seen.attempt("sts.policy")
    assert (policy.connections, policy.octets_in > 0, policy.octets_out > 0) == (1, True, True)


DRIPPING: Script = (*GET, Drip(HEAD + b"\r\n" + POLICY * 9, 0.05))
DRIPPING_BODY: Script = (*GET, Say(HEAD + b"\r\n"), Drip(POLICY, 0.05))
NOT_ENDING: Script = (*GET, Say(HEAD + b"Content-Length: 500\r\n\r\nversion: STSv1\r\n"), Stall())


@pytest.mark.parametrize(
    ("script", "stage", "status"),
    [
        pytest.param((Stall(),), Stage.HANDSHAKE, None, id="silent"),
        pytest.param((Hello(), Drip(b"\x16\x03\x03\x40\x00\x02", 0.1)), Stage.HANDSHAKE, None, id="drip-tls"),
        pytest.param((TLS, Stall()), Stage.RESPONSE, None, id="silent-in-tls"),
        pytest.param(DRIPPING, Stage.RESPONSE, None, id="drip-head"),
        pytest.param(DRIPPING_BODY, Stage.RESPONSE, 200, id="drip-body"),
        pytest.param(NOT_ENDING, Stage.RESPONSE, 200, id="length-too-large-and-waiting"),
    ],
)
def test_slow_hosts(script: Script, stage: Stage, status: int | None) -> None:
    seen = find(script)
    fetch = seen.fetch
    assert (fetch.ended.cause, fetch.ended.stage, fetch.status) == (Cause.TIMED_OUT, stage, status)
    assert LIMIT_S <= fetch.elapsed_s < LIMIT_S + 1
    assert seen.elapsed_s < LIMIT_S + 1
    assert bool(fetch.certificates) == (stage is Stage.RESPONSE)
    assert (POLICY * 9).startswith(fetch.body)
    assert fetch.body_octets == len(fetch.body)
    assert bool(fetch.body) == (status == 200)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    ("script", "status", "octets"),
    [
        pytest.param((*GET, Say(HEAD + b"\r\n"), Flood(POLICY)), 200, POLICY_LIMIT_OCTETS + 1, id="endless"),
        pytest.param(
            (*GET, Say(HEAD + b"Content-Length: 10000000\r\n\r\n"), Flood(bytes(10_000))),
            200,
            POLICY_LIMIT_OCTETS + 1,
            id="10-mb",
        ),
        pytest.param((*GET, Say(HEAD), Flood(b"X-A: b\r\n" * 100)), None, 0, id="endless-head"),
        pytest.param((*GET, Say(HEAD + b"X: "), Flood(b"y" * 1000)), None, 0, id="endless-field"),
        pytest.param((*GET, Flood(CONTINUE)), None, 0, id="interim-responses"),
        pytest.param((*GET, Say(CHUNKED + b"1;"), Flood(b"e" * 1000)), 200, 0, id="endless-chunk-line"),
        pytest.param((*GET, Say(CHUNKED + b"0\r\n"), Flood(b"x: y\r\n")), 200, 0, id="endless-trailers"),
        pytest.param((Flood(bytes.fromhex("15030300020170")),), None, 0, id="endless-warnings"),
    ],
)
def test_hosts_that_send_too_much(script: Script, status: int | None, octets: int) -> None:
    seen = find(script, limit_s=20)
    fetch = seen.fetch
    assert fetch.ended.cause is Cause.LIMIT
    assert (fetch.status, len(fetch.body)) == (status, octets)
    assert fetch.body_octets < POLICY_LIMIT_OCTETS + 70_000
    assert seen.elapsed_s < 10


BOMB = gzip.compress(bytes(30_000_000))
EXTENDED = CHUNKED + b'5;a=b;c="d"\r\nversi\r\n%x\r\n%s\r\n0\r\n\r\n' % (len(POLICY) - 5, POLICY[5:])


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        pytest.param(
            b"HTTP/1.1 301 Moved\r\nLocation: https://other.example.test/\r\nContent-Length: 0\r\n\r\n",
            301,
            b"",
            id="redirection",
        ),
        pytest.param(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone", 404, b"none", id="not-found"
        ),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\n\r\n", 304, b"", id="not-modified"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
            200,
            b"hi",
            id="wrong-type",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(BOMB), BOMB),
            200,
            BOMB,
            id="bomb",
        ),
        pytest.param(EXTENDED, 200, POLICY, id="chunk-extensions"),
        pytest.param(HEAD + b"Content-Length: 14\r\n\r\n" + POLICY, 200, POLICY[:14], id="length-too-small"),
        pytest.param(CONTINUE + FRAMED + POLICY, 200, POLICY, id="an-interim-response"),
    ],
)
def test_whole_responses(answer: bytes, status: int, body: bytes) -> None:
    """Each is recorded as it came, and nothing more is asked for."""
    seen = find((*GET, Say(answer), Stall()))
    fetch = seen.fetch
    assert (fetch.ended.cause, fetch.status, fetch.body) == (Cause.COMPLETED, status, body)
    assert seen.server.connections == 1
    assert seen.elapsed_s < LIMIT_S
    assert fetch.field("location") == ("https://other.example.test/" if status == 301 else "")
    assert fetch.field("content-encoding") == ("gzip" if body is BOMB else "")


def test_content_to_the_end_of_the_stream() -> None:
    fetch = find((*GET, Say(HEAD + b"\r\n" + POLICY), Close())).fetch
    assert (fetch.ended.cause, fetch.body) == (Cause.COMPLETED, POLICY)


def test_long_fields_are_cut() -> None:
    many = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 2000) for number in range(10))
    more = b"".join(b"Y-%d: z\r\n" % number for number in range(100))
    fetch = find((*GET, Say(HEAD + many + more + b"Content-Length: 0\r\n\r\n"), Stall())).fetch
    assert (fetch.ended.cause, len(fetch.fields)) == (Cause.COMPLETED, 32)
    assert {len(value) for name, value in fetch.fields if name.startswith("x-")} == {1024}


@pytest.mark.parametrize(
    ("script", "cause", "stage", "status"),
    [
        pytest.param((Close(),), Cause.CLOSED, Stage.HANDSHAKE, None, id="closed-at-once"),
        pytest.param((Hello(), Close()), Cause.CLOSED, Stage.HANDSHAKE, None, id="closed-at-hello"),
        pytest.param((Hello(), Reset()), Cause.RESET, Stage.HANDSHAKE, None, id="reset-at-hello"),
        pytest.param((*GET, Close()), Cause.CLOSED, Stage.RESPONSE, None, id="closed-at-request"),
        pytest.param(
            (*GET, Say(HEAD + b"Content-Length: 500\r\n\r\nversi"), Close()),
            Cause.CLOSED,
            Stage.RESPONSE,
            200,
            id="length-too-large",
        ),
        pytest.param(
            (*GET, Say(CHUNKED + b"5\r\nver"), Close()), Cause.CLOSED, Stage.RESPONSE, 200, id="cut"
        ),
        pytest.param(
            (Hello(), Say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Close()),
            Cause.NOT_TLS,
            Stage.HANDSHAKE,
            None,
            id="plain-http",
        ),
        pytest.param((*GET, Say(POLICY), Close()), Cause.NOT_HTTP, Stage.RESPONSE, None, id="no-head"),
        pytest.param(
            (*GET, Say(b"220 mx ESMTP\r\n"), Stall()), Cause.NOT_HTTP, Stage.RESPONSE, None, id="smtp"
        ),
        pytest.param(
            (*GET, Say(CHUNKED + b"zz\r\n"), Stall()), Cause.NOT_HTTP, Stage.RESPONSE, 200, id="chunk"
        ),
    ],
)
def test_broken_hosts(script: Script, cause: Cause, stage: Stage, status: int | None) -> None:
    seen = find(script)
    fetch = seen.fetch
    assert (fetch.ended.cause, fetch.ended.stage, fetch.status) == (cause, stage, status)
    assert seen.attempt("sts.policy").ended == fetch.ended
    assert seen.elapsed_s < LIMIT_S
    assert POLICY.startswith(fetch.body)


def test_an_alert_is_named() -> None:
    fetch = find((Hello(), Say(bytes.fromhex("15030300020270")), Close())).fetch
    assert (fetch.ended.cause, fetch.ended.stage) == (Cause.ALERT, Stage.HANDSHAKE)
    assert fetch.ended.alert == 112


OTHER_NAME = order(names=("www.example.test",))
BAD_CHAINS = {
    "expired": order(to_days=-1),
    "self-signed": order(issuer=None),
    "unknown-root": order(issuer=Authority.STRANGER_ISSUING),
    "no-intermediate": order(sent=()),
}


@pytest.mark.parametrize("tls", BAD_CHAINS.values(), ids=BAD_CHAINS)
def test_a_chain_that_does_not_hold_is_shown_with_what_it_covers(tls: TlsOrder) -> None:
    fetch = find((StartTls(tls), *GOOD[1:])).fetch
    assert (fetch.ended.cause, fetch.body) == (Cause.COMPLETED, POLICY)
    assert match(fetch.certificates[0], POLICY_HOST).matched
    assert not verify(fetch.certificates, fetch.anchors, fetch.fetched_at).trusted


def test_a_certificate_of_another_name_is_shown() -> None:
    fetch = find((StartTls(OTHER_NAME), *GOOD[1:])).fetch
    assert verify(fetch.certificates, fetch.anchors, fetch.fetched_at).trusted
    assert not match(fetch.certificates[0], POLICY_HOST).matched


@pytest.mark.skipif(not speaks_old_versions(), reason="this machine's OpenSSL speaks no TLS 1.1")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1"])
def test_old_versions_are_seen(version: str) -> None:
    old = TlsOrder(leaves=order().leaves, lowest=version, highest=version)
    fetch = find((StartTls(old), *GOOD[1:])).fetch
    assert (fetch.ended.cause, fetch.version, fetch.body) == (Cause.COMPLETED, version, POLICY)


@pytest.mark.parametrize(
    ("answers", "detail"),
    [
        ({TXT: ('"v=STSv1; id=1;"',)}, "A of mta-sts.example.test: nxdomain"),
        (
            {TXT: ('"x"',), A: DnsStatus.NO_DATA, AAAA: DnsStatus.SERVFAIL},
            "AAAA of mta-sts.example.test: servfail",
        ),
        ({TXT: ('"x"',), A: DnsStatus.TIMED_OUT}, "A of mta-sts.example.test: timed-out"),
    ],
)
def test_a_policy_host_without_addresses(answers: Answers, detail: str) -> None:
    seen = find((Stall(),), answers=answers)
    assert (seen.fetch.ended.cause, seen.fetch.ended.stage) == (Cause.DNS, Stage.RESOLVE)
    assert (seen.fetch.ended.detail, seen.server.connections) == (detail, 0)


@pytest.mark.parametrize("status", [DnsStatus.NXDOMAIN, DnsStatus.NO_DATA, DnsStatus.SERVFAIL])
def test_neither_record_nor_host(status: DnsStatus) -> None:
    seen = find((Stall(),), answers={TXT: status})
    assert seen.recorder.facts().at(StsFetch, DOMAIN) == ()
    (record,) = seen.recorder.facts().at(StsRecord, DOMAIN)
    assert record.answer.status is status
    failed = status is DnsStatus.SERVFAIL
    assert seen.attempt("sts.record").ended.cause is (Cause.DNS if failed else Cause.COMPLETED)
    assert seen.attempt("sts.policy").ended.cause is Cause.COMPLETED


def test_a_policy_that_no_record_announces() -> None:
    seen = find(GOOD, answers={A: (ADDRESS,)})
    assert (seen.fetch.status, seen.fetch.body) == (200, POLICY)


def test_the_next_address_where_one_does_not_answer() -> None:
    async def run() -> tuple[StsFetch, Attempt]:
        async with ScriptedServer(GOOD) as server:
            table: dict[tuple[str, int], tuple[str, int] | str] = {
                ("2001:db8::1", 443): REFUSED,
                ("192.0.2.1", 443): REFUSED,
                ("2001:db8::2", 443): ("127.0.0.1", server.port),
            }
            answers = {A: ("192.0.2.1", "192.0.2.2"), AAAA: ("2001:db8::1", "2001:db8::2")}
            network = outside(Names(answers), MappedDialer(table))
            recorder = Recorder(network.clock)
            await find_sts(network, recorder, "example.test")
            facts = recorder.facts()
            (attempt,) = [a for a in facts.at(Attempt, DOMAIN) if a.probe == "sts.policy"]
            return facts.at(StsFetch, DOMAIN)[0], attempt

    fetch, attempt = asyncio.run(run())
    assert (fetch.ended.cause, fetch.address, attempt.connections) == (Cause.COMPLETED, "2001:db8::2", 3)


@pytest.mark.parametrize(
    ("place", "cause"),
    [(REFUSED, Cause.REFUSED), ("silent", Cause.TIMED_OUT), ("unreachable", Cause.UNREACHABLE)],
)
def test_hosts_that_nobody_can_connect_to(place: str, cause: Cause) -> None:
    answers = {A: tuple(f"192.0.2.{number}" for number in range(1, 9))}
    dialer = MappedDialer({(address, 443): place for address in answers[A]})
    seen = find((Stall(),), answers=answers, dialer=dialer)
    assert (seen.fetch.ended.cause, seen.fetch.ended.stage) == (cause, Stage.CONNECT)
    assert seen.attempt("sts.policy").connections == 3
    assert seen.elapsed_s < LIMIT_S + 1


def test_the_guard_is_asked() -> None:
    seen = find(GOOD, answers={A: ("127.0.0.1",), AAAA: ("::1",)}, guard=AddressGuard())
    assert (seen.fetch.ended.cause, seen.fetch.ended.stage) == (Cause.NOT_ALLOWED, Stage.CONNECT)
    assert (seen.server.connections, seen.attempt("sts.policy").connections) == (0, 0)


@pytest.mark.parametrize("late", [(TXT, AAAA), (TXT, A)])
def test_only_the_first_address_is_waited_for(late: tuple[tuple[str, str], ...]) -> None:
    """The policy is fetched while the record and the other family are still looked up."""

    async def run() -> StsFetch:
        heard = asyncio.Event()

        class Telling(ScriptedServer):
            async def _do(self, step: object, stream: object, lines: list[bytes]) -> bool:
                if isinstance(step, Say):
                    heard.set()
                return await super()._do(step, stream, lines)  # type: ignore[arg-type]

        async with Telling(GOOD) as server:
            answers = {**PUBLISHED, A: (ADDRESS,), AAAA: ("2001:db8::7",)}
            resolver = Names(answers, waits=dict.fromkeys(late, heard))
            network = outside(resolver, DialerTo(server.port))
            recorder = Recorder(network.clock)
            async with asyncio.timeout(10):
                await find_sts(network, recorder, "example.test")
            (record,) = recorder.facts().at(StsRecord, DOMAIN)
            assert record.answer.status is DnsStatus.ANSWERED
            (fetch,) = recorder.facts().at(StsFetch, DOMAIN)
            return fetch

    fetch = asyncio.run(run())
    assert fetch.body == POLICY
    assert fetch.a is not None
    assert fetch.aaaa is not None
    assert fetch.a.status is fetch.aaaa.status is DnsStatus.ANSWERED


class _PolicyFolder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/.well-known/mta-sts.txt" else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(POLICY)))
        self.end_headers()
        self.wfile.write(POLICY)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web_server() -> Iterator[int]:
    """A real web server, Python's own."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _PolicyFolder)
    server.socket = context(order()).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_real_web_server(web_server: int) -> None:
    seen = find((Stall(),), dialer=DialerTo(web_server), limit_s=10)
    assert (seen.fetch.status, seen.fetch.body) == (200, POLICY)
    assert seen.fetch.field("content-type") == "text/plain; charset=utf-8"
    assert ssl.DER_cert_to_PEM_cert(seen.fetch.certificates[0].der)
