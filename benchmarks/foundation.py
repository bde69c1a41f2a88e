"""Benchmarks of the foundation: start-up, one local server, judging, DNS. ``./run bench``.

Each row is a measurement beside its limit or its peer in the same run, and their ratio. They are figures to
look at, never tests: nothing fails here. Everything happens on loopback.
"""

import asyncio
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from waxseal.api import check, judge
from waxseal.facts import FactSet, MxRecords, Record, Subject
from waxseal.lab.world import LabWorld
from waxseal.net.dns import DnsClient
from waxseal.net.network import Network
from waxseal.probes.settings import ProbeSettings

ROUNDS = 7
QUERIES = 4000
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
WAXSEAL = [sys.executable, "-c", "from waxseal.cli.main import main; main()"]
SETTINGS = ProbeSettings(ehlo_name="probe.test")


def row(what: str, measured: str, against: str, ratio: float) -> None:
    print(f"{what:46} {measured:>14}   {against:32} {ratio:6.2f}x")


def wall(command: list[str]) -> float:
    """Median seconds of a command, after one run that warms the bytecode."""
    times = []
    for number in range(ROUNDS + 1):
        began = time.perf_counter()
        subprocess.run(command, env=ENVIRONMENT, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        if number:
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def timed(work: Callable[[], object]) -> float:
    """Median seconds of a function, after one run that warms the caches."""
    times = []
    for number in range(ROUNDS + 1):
        began = time.perf_counter()
        work()
        if number:
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def start_up() -> None:
    bare = wall([sys.executable, "-c", "pass"])
    click = wall([sys.executable, "-c", "import click"])
    seconds = wall([*WAXSEAL, "--help"])
    row("waxseal --help", f"{seconds * 1000:.0f} ms", "limit 100 ms", seconds / 0.1)
    row("", "", f"importing click: {click * 1000:.0f} ms", seconds / click)
    row("", "", f"Python alone: {bare * 1000:.0f} ms", seconds / bare)


async def one_server(world: LabWorld, folder: Path) -> None:
    """A whole check of one server as a command, against its limit and against one handshake of OpenSSL's."""
    world.save(folder)
    options = ["--resolver", world.dns_address, "--roots", str(folder / "root.pem")]
    options += ["--dial-map", str(folder / "dial-map.json"), "--allow", "192.0.2.0/24"]
    command = [*WAXSEAL, "check", "smtp://mx1.sound.test", "-4", *options]
    seconds = await asyncio.to_thread(wall, command)
    row("waxseal check, one server, 3 connections", f"{seconds * 1000:.0f} ms", "limit 500 ms", seconds / 0.5)
    place = world.dial_map["192.0.2.1", 25]
    openssl = shutil.which("openssl")
    if openssl is not None and not isinstance(place, str):
        client = [openssl, "s_client", "-starttls", "smtp", "-connect", f"{place[0]}:{place[1]}"]
        peer = await asyncio.to_thread(wall, client)
        row("", "", f"openssl s_client, 1: {peer * 1000:.0f} ms", seconds / peer)


async def in_process(world: LabWorld) -> FactSet:
    """The same check without starting a command; then every domain of the lab that ends at once."""
    network = world.network()
    began = time.perf_counter()
    for _ in range(ROUNDS):
        result = await check("sound.test", network=network, settings=SETTINGS)
    seconds = (time.perf_counter() - began) / ROUNDS
    report = result.reports[0]
    spent = max(endpoint.connections for endpoint in report.endpoints)
    row("connections to one address", str(spent), "limit 6", spent / 6)
    row("check() of 4 addresses", f"{seconds * 1000:.0f} ms", "limit 500 ms", seconds / 0.5)
    quick = [domain.target for domain in world.domains if not domain.slow and "tarpit" not in domain.name]
    quick = [target for target in quick if target != "pregreet.test"]
    began = time.perf_counter()
    whole = await check(*quick, network=network, settings=SETTINGS)
    seconds = time.perf_counter() - began
    row(f"check() of {len(quick)} domains at once", f"{seconds:.1f} s", "limit 30 s", seconds / 30)
    return whole.facts


def judging(facts: FactSet) -> None:
    domains = len({subject for subject, _ in facts.within(MxRecords, Subject())})
    records: list[Record] = list(facts)
    seconds = timed(lambda: judge(FactSet(records)))
    rate = domains / seconds
    row(f"judge() of {domains} domains", f"{rate:.0f}/s", "limit 200 domains/s", rate / 200)


async def dns(network: Network) -> None:
    server = network.resolver.servers[0]
    client = DnsClient([server], cache_entries=0)
    began = time.perf_counter()
    names = (f"nothing-{number}.test" for number in range(QUERIES))
    await asyncio.gather(*(client.query(name, "A") for name in names))
    rate = QUERIES / (time.perf_counter() - began)
    row("DNS queries, the lab's server beside", f"{rate:.0f}/s", "limit 1,000/s", rate / 1000)


async def with_lab() -> FactSet:
    with tempfile.TemporaryDirectory(prefix="waxseal-bench-") as folder:
        async with LabWorld() as world:
            await one_server(world, Path(folder))
            await dns(world.network())
            return await in_process(world)


def main(arguments: list[str]) -> int:
    """Run and print every row; there are no options."""
    del arguments
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()},", end=" ")
    print(f"{os.cpu_count()} processors; medians of {ROUNDS}")
    start_up()
    judging(asyncio.run(with_lab()))
    return 0
