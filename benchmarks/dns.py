"""DNS queries a second on one core, and what an answer costs to read: ``./run bench dns``.

The same questions for TLSA records, every one for another name, go to one authoritative server on loopback in
its own process (Knot DNS from Debian; a bare responder in Python where there is none). Beside our readings,
from the header alone to the whole `DnsAnswer`, stands dnspython. The ratio is to dnspython with as many
queries under way. Rates are per second of the client's processor, so that a busy machine tells the same; the
seconds on the clock stand beside.
"""

import asyncio
import itertools
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.message
import dns.query

from waxseal.facts import DnsAnswer, DnsStatus, TlsaRecord
from waxseal.net.dns import DnsClient
from waxseal.net.dns_datagrams import DatagramClient, Received
from waxseal.net.dns_message import Question, read_reply
from waxseal.net.resolv_conf import Server
from waxseal.wire.dns_rdata import encode_name, tlsa_records

SUFFIX = "mx.bench.test"
TLSA = 52
TOGETHER = 128  # as many small datagrams as a receive buffer of the usual size surely holds
QUERIES = 20_000
FEWER = 4_000  # for the slow ones
READINGS = 20_000
STARTS = 5  # another process may take a port between its choice and its use
DIGEST = "1f" * 32
ZONE = f"""$ORIGIN bench.test.
$TTL 300
@ SOA ns root 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
*.mx TLSA 3 1 1 {DIGEST}
"""
KNOT = """
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
database:
    storage: "{folder}"
log:
  - target: stdout
    any: error
template:
  - id: default
    storage: "{folder}"
zone:
  - domain: bench.test
"""
# A query with an OPT record in, the same question with one TLSA record out, as fast as Python goes.
RESPONDER = """
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", {port}))
record = bytes.fromhex("c00c00340001000000" + "3c0023030101{digest}")
while True:
    query, peer = sock.recvfrom(4096)
    head = query[:2] + b"\\x85\\x80\\0\\1\\0\\1\\0\\0\\0\\1"
    sock.sendto(head + query[12:-11] + record + query[-11:], peer)
"""


@dataclass(frozen=True)
class Rate:
    """Queries per second of the client's processor and of the clock."""

    per_cpu_s: float
    per_s: float


def questions() -> Iterator[Question]:
    for number in itertools.count():
        name = encode_name(f"n{number}.{SUFFIX}")
        yield Question(name or b"", TLSA)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """A server that answers, and its port.

    Raises:
        RuntimeError: It does not start.
    """
    knotd = shutil.which("knotd") or shutil.which("knotd", path="/usr/sbin")
    with tempfile.TemporaryDirectory(prefix="waxseal-bench-") as folder:
        for _ in range(STARTS):
            port = free_port()
            if knotd is None:
                what = "a bare responder"
                command = [sys.executable, "-c", RESPONDER.format(port=port, digest=DIGEST)]
            else:
                what, command = "Knot DNS", [knotd, "-c", f"{folder}/knot.conf"]
                (Path(folder) / "bench.test.zone").write_text(ZONE)
                (Path(folder) / "knot.conf").write_text(KNOT.format(folder=folder, port=port))
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                if answers(port, process):
                    yield what, port
                    return
            finally:
                process.terminate()
                process.wait(10)
    raise RuntimeError(f"{what} does not start")


def answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether a server that is starting comes to answer with the record, in ten seconds."""
    query = dns.message.make_query(f"ready.{SUFFIX}", "TLSA", use_edns=0)
    limit = time.monotonic() + 10
    while time.monotonic() < limit and process.poll() is None:
        try:
            if dns.query.udp(query, "127.0.0.1", 0.2, port).answer:
                return True
        except (OSError, dns.exception.DNSException):
            pass
        time.sleep(0.05)
    return False


async def side_by_side(ask: Callable[[Question], Awaitable[bool]], count: int) -> Rate:
    """So many queries under way as `TOGETHER`, until all are answered.

    Raises:
        RuntimeError: One was not answered; a rate of failures is no rate.
    """
    source = itertools.islice(questions(), count)
    unanswered = 0

    async def worker() -> None:
        nonlocal unanswered
        for question in source:
            unanswered += not await ask(question)

    began, began_cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(TOGETHER)))
    rate = Rate(count / (time.process_time() - began_cpu), count / (time.perf_counter() - began))
    if unanswered > count // 1000:
        raise RuntimeError(f"{unanswered} of {count} queries were not answered")
    return rate


async def ours(port: int) -> dict[str, Rate]:
    loop = asyncio.get_running_loop()
    datagrams = DatagramClient(Server("127.0.0.1", port))
    client = DnsClient([f"127.0.0.1:{port}"], cache_entries=0, in_flight=TOGETHER)

    async def header(question: Question) -> bool:
        found = await datagrams.ask(question, loop.time() + 3)
        return isinstance(found, bytes) and found[3] & 15 == 0

    async def lazy(question: Question) -> bool:
        found = await datagrams.receive(question, loop.time() + 3)
        return isinstance(found, Received) and found.reply.status is DnsStatus.ANSWERED

    async def dnspython(question: Question) -> bool:
        found = await datagrams.ask(question, loop.time() + 3)
        return isinstance(found, bytes) and bool(dns.message.from_wire(found).answer)

    numbers = itertools.count()

    async def whole(_: Question) -> bool:
        return (await client.query(f"n{next(numbers)}.{SUFFIX}", "TLSA")).status is DnsStatus.ANSWERED

    return {
        "header only: DatagramClient.ask": await side_by_side(header, QUERIES),
        "read on demand: Received.reply": await side_by_side(lazy, QUERIES),
        "whole answer: DnsClient.query": await side_by_side(whole, QUERIES),
        "DatagramClient.ask, read by dnspython": await side_by_side(dnspython, FEWER),
    }


async def theirs(port: int) -> Rate:
    numbers = itertools.count()

    async def ask(_: Question) -> bool:
        query = dns.message.make_query(f"n{next(numbers)}.{SUFFIX}", "TLSA", use_edns=0, payload=1232)
        return bool((await dns.asyncquery.udp(query, "127.0.0.1", 3, port)).answer)

    return await side_by_side(ask, FEWER)


def in_turn(port: int) -> Rate:
    began, began_cpu = time.perf_counter(), time.process_time()
    for number in range(FEWER):
        query = dns.message.make_query(f"n{number}.{SUFFIX}", "TLSA", use_edns=0, payload=1232)
        dns.query.udp(query, "127.0.0.1", 3, port)
    return Rate(FEWER / (time.process_time() - began_cpu), FEWER / (time.perf_counter() - began))


def microseconds(work: Callable[[], object]) -> float:
    """The best of five rounds, of the processor's time."""
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(READINGS // 5):
            work()
        rounds.append((time.process_time() - began) / (READINGS // 5) * 1e6)
    return min(rounds)


def one_answer() -> tuple[bytes, Question]:
    question = next(questions())
    head = struct.pack("!6H", 7, 0x8180, 1, 1, 0, 1)
    record = bytes.fromhex("c00c00340001000000" + "3c0023030101" + DIGEST)
    return head + question.octets + record + bytes.fromhex("00002904d0000000000000"), question


def reading() -> dict[str, float]:
    """Microseconds to read one TLSA answer that has come."""
    octets, question = one_answer()

    def records() -> tuple[TlsaRecord, ...]:
        reply = read_reply(octets, question)
        return tlsa_records(DnsAnswer("n0." + SUFFIX, "TLSA", reply.status, rdata=reply.rdata))

    def of_dnspython() -> bytes:
        return bytes(dns.message.from_wire(octets).answer[0][0].cert)

    if [record.data for record in records()] != [bytes.fromhex(DIGEST)] or of_dnspython().hex() != DIGEST:
        raise RuntimeError("the sample was read wrongly")
    return {
        "header: Received.rcode": microseconds(lambda: Received(octets, question).rcode),
        "status and RRset: read_reply": microseconds(lambda: read_reply(octets, question)),
        "TLSA records, by way of a DnsAnswer": microseconds(records),
        "dnspython: from_wire": microseconds(of_dnspython),
    }


def main(_: list[str]) -> int:
    """Print every figure."""
    with server() as (what, port):
        print(f"{QUERIES} TLSA look-ups of {what} on loopback, {TOGETHER} under way")
        found = asyncio.run(ours(port))
        peer = asyncio.run(theirs(port))
        found["dnspython: dns.asyncquery.udp"] = peer
        found["dnspython: dns.query.udp, one by one"] = in_turn(port)
    print(f"{'':42} {'per s of processor':>20} {'per s':>10}")
    for name, rate in found.items():
        print(
            f"{name:42} {rate.per_cpu_s:20,.0f} {rate.per_s:10,.0f} {rate.per_cpu_s / peer.per_cpu_s:7.1f}x"
        )
    print("One TLSA answer read, in microseconds of processor; limit 30")
    costs = reading()
    slowest = max(costs.values())
    for name, cost in costs.items():
        print(f"{name:42} {cost:20.2f} {'':10} {slowest / cost:7.1f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
