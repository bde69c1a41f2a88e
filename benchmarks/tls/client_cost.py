"""What a handshake costs the client: connections per second of processor, of the client's process alone.

Each row is a process of its own (``python -m benchmarks.tls.client_cost KIND LOOP PORT COUNT``) that opens
so many connections to servers in other processes, all behind STARTTLS: greeting, EHLO, STARTTLS, the hello,
good-bye. The second loop is uvloop's, from the cache folder of the peers where it is not installed.
"""

import asyncio
import json
import os
import platform
import resource
import select
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.tls.peers import CACHE

ROOT = Path(__file__).resolve().parents[2]
TOGETHER = 8
FLIGHT_SUITES = (0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA8, 0xCCA9, 0x009E, 0x009F, 0xC009, 0xC00A)
COUNT = 2000
ROUNDS = 3
ROWS = (
    ("library", "real", "asyncio streams and ssl of the standard library"),
    ("scout", "real", "scout: our TLS 1.3 to the end, EHLO under it, QUIT"),
    ("certificate", "real", "our TLS 1.3, read to CertificateVerify"),
    ("flight", "flight", "raw TLS 1.2 flight"),
    ("retry", "retry", "raw TLS 1.3 HelloRetryRequest"),
    ("floor", "retry", "the same octets by bare sockets and epoll: the floor"),
)


def greetings_per_s(host: str, port: int, rounds: int = 200) -> float:
    """Connections in a row that wait for the greeting, say QUIT and wait for the reply."""
    began = time.perf_counter()
    for _ in range(rounds):
        with socket.create_connection((host, port)) as sock:
            sock.recv(512)
            sock.sendall(b"QUIT\r\n")
            sock.recv(512)
    return rounds / (time.perf_counter() - began)


# --- the client's process --------------------------------------------------------------------------------


async def _many(one: Callable[[], Awaitable[None]], count: int) -> None:
    """Run something so many times, `TOGETHER` at once."""
    left = iter(range(count))

    async def lane() -> None:
        for _ in left:
            await one()

    await asyncio.gather(*(lane() for _ in range(TOGETHER)))


async def _library(port: int, count: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        for command in (b"EHLO bench.test\r\n", b"STARTTLS\r\n"):
            writer.write(command)
            while (await reader.readline())[3:4] == b"-":
                pass
        await writer.start_tls(context)
        writer.write(b"EHLO bench.test\r\n")
        while (await reader.readline())[3:4] == b"-":
            pass
        writer.write(b"QUIT\r\n")
        await reader.readline()
        writer.close()

    await _many(one, count)


async def _scout(port: int, count: int) -> None:
    """The dialogue by ``wire.smtp_client`` over ``net.stream``, and TLS 1.3 by ``net.tls_stream``."""
    from waxseal.net.dial import TcpDialer
    from waxseal.net.stream import ByteStream
    from waxseal.net.tls_stream import TlsClientStream
    from waxseal.wire.smtp_client import SmtpConnection
    from waxseal.wire.tls13 import Tls13Client
    from waxseal.wire.tls13_offer import Tls13Offer

    dialer = TcpDialer()

    async def say(stream: ByteStream, smtp: SmtpConnection, command: bytes) -> None:
        if command:
            await stream.write(smtp.send(command))
        while smtp.outstanding:
            smtp.receive(await stream.read())

    async def one() -> None:
        stream = await dialer.dial("127.0.0.1", port)
        smtp = SmtpConnection()
        for command in (b"", b"EHLO bench.test\r\n", b"STARTTLS\r\n"):
            await say(stream, smtp, command)
        smtp.start_tls()
        hello, shares = Tls13Offer(server_name="mx.real.test").hello(os.urandom)
        tls = TlsClientStream(stream, Tls13Client(hello, shares, os.urandom))
        await tls.handshake()
        for command in (b"EHLO bench.test\r\n", b"QUIT\r\n"):
            await say(tls, smtp, command)
        await tls.close()

    await _many(one, count)


def _floor(port: int, count: int) -> None:
    """The dialogue of the retry row with nothing but system calls: what no client of ours undercuts."""
    from waxseal.probes.tls.hellos import GROUPS_13, HelloMaker

    hello = HelloMaker("mx.real.test").retry((0x1301, 0x1302, 0x1303), GROUPS_13).hello.records()
    lines = (b"EHLO b.test\r\n", b"STARTTLS\r\n", hello, b"\x15\x03\x01\x00\x02\x01\x00")
    open_now: dict[int, list[Any]] = {}
    started = 0
    with select.epoll() as poll:
        while started < count or open_now:
            while started < count and len(open_now) < 3 * TOGETHER:
                sock = socket.socket()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect_ex(("127.0.0.1", port))
                poll.register(sock, select.EPOLLIN)
                open_now[sock.fileno()] = [sock, 0]
                started += 1
            for number, _ in poll.poll():
                sock, said = open_now[number]
                data = sock.recv(65536)
                if not data:
                    assert said == len(lines), "the server broke off"
                    del open_now[number]
                    sock.close()
                    continue
                sock.send(lines[said])
                open_now[number][1] = said + 1
                if said + 1 == len(lines):
                    sock.shutdown(socket.SHUT_WR)


async def _asked(port: int, count: int, kind: str) -> None:
    """Questions of ``probes.tls`` over its pool of connections, as a scan asks them."""
    from waxseal.facts import Cause, MailProtocol, TlsMode
    from waxseal.net.guard import AddressGuard
    from waxseal.net.network import Network
    from waxseal.net.peer import Peer
    from waxseal.probes.recorder import Recorder, Run
    from waxseal.probes.tls.hellos import GROUPS_13, HelloMaker
    from waxseal.probes.tls.pool import Pool
    from waxseal.probes.tls.question import HelloTalk, Question, Strand, Talk

    network = Network(None, None, guard=AddressGuard(allow_all=True))  # type: ignore[arg-type]
    maker = HelloMaker("mx.real.test")

    def talk() -> Talk:
        if kind == "flight":
            return HelloTalk(maker.up_to_12(0x0303, FLIGHT_SUITES))
        if kind == "retry":
            return maker.retry((0x1301, 0x1302, 0x1303), GROUPS_13)
        return maker.tls13((0x1301, 0x1302, 0x1303))

    def strand(questions: int) -> Strand:
        for number in range(questions):
            answer = yield Question("load", talk, number < questions - 1)
            if answer.cause is not Cause.COMPLETED:
                raise RuntimeError(f"the server did not answer: {answer.cause} {answer.detail}")

    async def one_server() -> None:
        peer = Peer(network, "127.0.0.1", port, time_limit_s=600, connection_limit=count)
        pool = Pool(
            peer, Run(Recorder(network.clock), (), "load"), MailProtocol.SMTP, TlsMode.STARTTLS, "b.test"
        )
        await pool.ask(strand(count // TOGETHER))
        if pool.not_asked:
            raise RuntimeError(pool.not_asked[0])

    await asyncio.gather(*(one_server() for _ in range(TOGETHER)))


def _peak_octets() -> int:
    """Of this process alone: what getrusage tells includes the process that it was forked from (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _client(kind: str, loop: str, port: int, count: int) -> None:
    if loop == "uvloop":
        sys.path.append(str(CACHE / "uvloop"))
        import uvloop  # type: ignore[import-not-found,unused-ignore]

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    else:
        runner = asyncio.Runner()
    work = {"library": _library, "scout": _scout}.get(kind)

    def run(number: int) -> None:
        if kind == "floor":
            _floor(port, number)
        else:
            runner.run(work(port, number) if work else _asked(port, number, kind))

    rounds = []
    with runner:
        run(8 * TOGETHER)
        for _ in range(ROUNDS):
            before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
            run(count)
            used = resource.getrusage(resource.RUSAGE_SELF)
            user_s, system_s = used.ru_utime - before.ru_utime, used.ru_stime - before.ru_stime
            rounds.append((user_s + system_s, user_s, system_s, time.perf_counter() - began))
    cpu_s, user_s, system_s, wall_s = sorted(rounds)[ROUNDS // 2]
    figures = {"cpu_s": cpu_s, "user_s": user_s, "system_s": system_s, "wall_s": wall_s}
    figures["peak_octets"] = _peak_octets()
    print(json.dumps({"kind": kind, "loop": loop, "count": count, **figures}))


# --- the benchmark ---------------------------------------------------------------------------------------


def _uvloop() -> bool:
    """Whether uvloop is to be had; it is installed in the cache folder where it is missing."""
    target = CACHE / "uvloop"
    if not target.exists():
        base = getattr(sys, "_base_executable", sys.executable)
        pip = [
            base,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--target",
            str(target),
        ]
        if subprocess.run([*pip, "uvloop"], capture_output=True, check=False).returncode:
            return False
    environment = {**os.environ, "PYTHONPATH": str(target)}
    return (
        subprocess.run([sys.executable, "-c", "import uvloop"], env=environment, check=False).returncode == 0
    )


def measure_all(count: int = COUNT) -> list[dict[str, object]]:
    """Every row on every loop, printed as it comes."""
    from benchmarks.tls.load_servers import canned, real_tls, record_flight

    from waxseal.probes.tls.hellos import GROUPS_13, HelloMaker

    loops = ("asyncio", "uvloop") if _uvloop() else ("asyncio",)
    print(f"\n{machine()}; median of {ROUNDS} rounds of {count} connections")
    heads = f"{'loop':8} {'per core-s':>10} {'user µs':>8} {'sys µs':>7} {'wall/s':>7} {'MB':>4} {'x':>6}"
    print(f"{'client cost, STARTTLS included':52} {heads}")
    rows: list[dict[str, object]] = []
    maker = HelloMaker("mx.real.test")
    with real_tls() as real:
        hellos = {"flight": maker.up_to_12(0x0303, FLIGHT_SUITES)}
        hellos["retry"] = maker.retry((0x1301, 0x1302, 0x1303), GROUPS_13).hello
        flights = {name: record_flight(real, hello.records()) for name, hello in hellos.items()}
        with canned(flights["flight"]) as flight, canned(flights["retry"]) as retry:
            ports = {"real": real, "flight": flight, "retry": retry}
            for kind, at, what in ROWS:
                for loop in loops if kind != "floor" else ("-",):
                    rows.append(_measure(kind, loop, ports[at], count, what, rows))
    return rows


def machine() -> str:
    """Processor, version of Python and load, which the figures depend on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")
    except OSError:
        processor = platform.processor()
    load = " ".join(f"{x:.1f}" for x in os.getloadavg())
    python = platform.python_version()
    return f"{processor or 'unknown processor'}, {os.cpu_count()} cores, Python {python}, load {load}"


def _measure(
    kind: str, loop: str, port: int, count: int, what: str, rows: list[dict[str, object]]
) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.tls.client_cost", kind, loop, str(port), str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{what:52} {loop:8} failed: {(done.stderr.strip().splitlines() or ['?'])[-1][:40]}")
        return {"kind": kind, "loop": loop, "failed": done.stderr[-1000:]}
    row: dict[str, object] = json.loads(done.stdout)
    rate = count / float(str(row["cpu_s"]))
    row["per_core_s"] = rate
    first = rows[0].get("per_core_s") if rows else rate
    times = f"{rate / float(str(first)):6.2f}" if first else ""
    split = (
        f"{1e6 * float(str(row['user_s'])) / count:>8.0f} {1e6 * float(str(row['system_s'])) / count:>7.0f}"
    )
    wall, peak = count / float(str(row["wall_s"])), float(str(row["peak_octets"])) / 1e6
    print(f"{what:52} {loop:8} {rate:>10.0f} {split} {wall:>7.0f} {peak:>4.0f} {times}")
    return row


if __name__ == "__main__":
    _client(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
