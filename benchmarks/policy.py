"""How many round trips the DNS and policy part of a check takes: ``./run bench policy``.

A domain of the lab with DANE and MTA-STS is checked with its DNS server, its policy host and its mail hosts a
round trip away (50 ms). Every question and every fact is printed with the round trip in which it was sent or
recorded, and last the figure: when the last fact of the DNS and policy part stood. The trying of validators
counts. Before, the same check is done once without delay, so that no imports are measured. Everything is on
loopback.
"""

import argparse
import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast

import dns.message
import dns.rdatatype
from benchmarks.tls.delay_proxy import DelayedServer

from waxseal.api import check
from waxseal.facts import Record
from waxseal.lab.world import LabWorld
from waxseal.net.dial import MappedDialer
from waxseal.net.dns import DnsClient
from waxseal.net.network import Network
from waxseal.net.validation import SystemValidation, parse_trusted
from waxseal.probes.settings import ProbeSettings

LIMIT_ROUND_TRIPS = 6
SETTINGS = ProbeSettings(ehlo_name="probe.test", families=(4,))
BOGUS_NAME = "bogus.lab.test"
PUBLISHED = (
    "dns.validator",
    "dns.mx/",
    "dns.addresses",
    "dns.caa",
    "dane.",
    "sts.",
    "tlsrpt.",
    "spf.",
    "dmarc.",
)


@dataclass
class Trace:
    """What happened, each with the second since the start at which it did."""

    rtt_s: float
    began: float = field(default_factory=time.perf_counter)
    events: list[tuple[float, str, str]] = field(default_factory=list)

    def note(self, kind: str, what: str) -> None:
        self.events.append((time.perf_counter() - self.began, kind, what))

    def lines(self) -> Iterator[str]:
        for at_s, kind, what in sorted(self.events):
            yield f"{at_s * 1000:7.1f} ms  {at_s / self.rtt_s:5.2f} RTT  {kind:9} {what}"


class FarDns(asyncio.DatagramProtocol):
    """Hands questions to a DNS server, and its answers back a round trip later."""

    def __init__(self, server: tuple[str, int], trace: Trace) -> None:
        self._server = server
        self._trace = trace
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data).question[0]
        self._trace.note("asks", f"{question.name.to_text(True)} {dns.rdatatype.to_text(question.rdtype)}")
        task = asyncio.create_task(self._hand_on(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hand_on(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._loop.create_future()

        class Once(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                if not answer.done():
                    answer.set_result(data)

        due = self._loop.time() + self._trace.rtt_s
        transport, _ = await self._loop.create_datagram_endpoint(Once, remote_addr=self._server)
        transport.sendto(data)
        with contextlib.suppress(TimeoutError):
            octets = await asyncio.wait_for(answer, 5)
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            self._transport.sendto(octets, addr)
        transport.close()


async def trace_check(domain: str, rtt_s: float) -> Trace:
    """Check a domain of the lab from so far away, and give the trace."""
    async with LabWorld() as world:
        trace = Trace(rtt_s)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: FarDns(("127.0.0.1", world.dns.port), trace), local_addr=("127.0.0.1", 0)
        )
        place = transport.get_extra_info("sockname")
        with contextlib.ExitStack() as stack:
            network = far_network(world, f"127.0.0.1:{place[1]}", rtt_s, stack)
            await check(
                domain, network=world.network(), settings=SETTINGS
            )  # imports what is needed, for once
            trace.began = time.perf_counter()
            trace.events.clear()

            def note(record: Record) -> None:
                if record.fact.TAG.startswith(PUBLISHED):
                    trace.note("knows", f"{record.fact.TAG} of {record.subject}")

            await check(domain, network=network, settings=SETTINGS, on_record=note)
        transport.close()
        return trace


def far_network(world: LabWorld, resolver: str, rtt_s: float, stack: contextlib.ExitStack) -> Network:
    """The lab's network, every server a round trip away."""
    far: dict[tuple[str, int], tuple[str, int] | str] = {}
    proxies: dict[tuple[str, int], tuple[str, int]] = {}
    for key, near in world.dial_map.items():
        wanted = not isinstance(near, str) and (key[1] == 443 or key[0] in ("192.0.2.1", "192.0.2.2"))
        if isinstance(near, str) or not wanted:
            far[key] = near
            continue
        if near not in proxies:
            server = stack.enter_context(DelayedServer(*near, rtt_s))
            proxies[near] = ("127.0.0.1", server.port)
        far[key] = proxies[near]
    network = world.network()
    validation = SystemValidation((parse_trusted(resolver),), bogus_name=BOGUS_NAME)
    client = DnsClient([resolver], timeout_s=5.0)
    return replace(network, resolver=client, dialer=MappedDialer(far), validation=validation)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="run bench policy", description=__doc__)
    parser.add_argument("--rtt", type=float, default=50.0, help="round trip in ms")
    parser.add_argument("--domain", default="sound.test")
    given = parser.parse_args(arguments)
    trace = asyncio.run(trace_check(given.domain, given.rtt / 1000))
    for line in trace.lines():
        print(line)
    last = max(at_s for at_s, kind, _ in trace.events if kind == "knows")
    spent = last / trace.rtt_s
    print(
        f"\nDNS and policy part of {given.domain}: {last * 1000:.0f} ms at {given.rtt:.0f} ms, "
        f"{spent:.2f} round trips; limit {LIMIT_ROUND_TRIPS}, ratio {spent / LIMIT_ROUND_TRIPS:.2f}x"
    )
    return 0
