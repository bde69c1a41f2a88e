"""``waxseal lab``: the simulated mail world, kept running for other programs or checked on the spot."""

import asyncio
import contextlib
import resource
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import click
from msgspec import structs

from waxseal.api import Result, check
from waxseal.checks.api import Verdict
from waxseal.checks.registry import all_checks
from waxseal.cli.output import Asked, Output, keeping
from waxseal.cli.progress import Progress
from waxseal.cli.published import Published
from waxseal.cli.way import Route
from waxseal.errors import UsageError
from waxseal.grading.letters import Basis
from waxseal.lab.domains import LabDomain
from waxseal.lab.published import BOGUS_NAME
from waxseal.lab.world import DIAL_MAP_FILE, NETWORKS, ROOT_FILE, LabWorld
from waxseal.probes.settings import ProbeSettings

_OPEN_FILES = 1024


@click.command("lab")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write the root certificate and the dial map.  [default: a new temporary folder]",
)
def command(folder: Path | None) -> None:
    """Keep a simulated mail world running to try things on.

    Its domains end in .test, one fault each. It says how to reach them, and runs until it is interrupted.
    """
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="waxseal-lab-")))
        asyncio.run(_keep_running(folder))


def _allow_files() -> None:
    """Let this process open as many files as the lab needs, where that is its own to decide."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _OPEN_FILES:
        wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextlib.asynccontextmanager
async def started() -> AsyncIterator[LabWorld]:
    """The world, running.

    Raises:
        UsageError: This machine has no ports or files left for it.
    """
    world = LabWorld()
    _allow_files()
    try:
        await world.start()
    except OSError as error:
        raise UsageError(
            f"the lab cannot start: {error.strerror}",
            f"it needs some {_OPEN_FILES} open files, see 'ulimit -n'",
        ) from error
    try:
        yield world
    finally:
        await world.stop()


async def _keep_running(folder: Path) -> None:
    async with started() as world:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        _save(world, folder)
        for line in _how_to_reach(world, folder):
            click.echo(line)
        sys.stdout.flush()
        await stop.wait()
        click.echo("stopped", err=True)


def _save(world: LabWorld, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        world.save(folder)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written to: {error.strerror}", "give another --folder"
        ) from error


def _how_to_reach(world: LabWorld, folder: Path) -> list[str]:
    width = max(len(domain.target) for domain in world.domains)
    options = [
        f"--resolver {world.dns_address}",
        f"--roots {folder / ROOT_FILE}",
        f"--dial-map {folder / DIAL_MAP_FILE}",
        f"--bogus-name {BOGUS_NAME}",
        *(f"--allow {network}" for network in NETWORKS),
    ]
    first = next(place for place in world.dial_map.values() if not isinstance(place, str))
    return [
        "The lab is running; Ctrl-C stops it. Check any of its domains from another terminal:",
        "",
        "  waxseal check sound.test \\",
        *(f"    {option} \\" for option in options[:-1]),
        f"    {options[-1]}",
        "",
        f"DNS answers at {world.dns_address} (UDP and TCP). {folder / DIAL_MAP_FILE} says which port on",
        "127.0.0.1 stands for each address and port, for other programs:",
        "",
        f"  openssl s_client -starttls smtp -connect {first[0]}:{first[1]} -CAfile {folder / ROOT_FILE}",
        "",
        *(f"  {domain.target:{width}}  {domain.title}" for domain in world.domains),
    ]


def check_lab(
    asked: Asked,
    settings: ProbeSettings,
    published: Published,
    route: Route,
    output: Output,
) -> int:
    """Check the lab's domains, all of them where none is named, and say which got what they should.

    A name and a port apart are for named targets; the whole lab has its own.

    The exit code is that of the findings where targets are named; for the whole lab it says whether every
    domain got its expected verdict, since its faults are meant.
    """
    with Progress() as progress, keeping(progress, output.save):
        result, world = asyncio.run(_check(asked, settings, published, route, output, progress))
    code = output.show(result, fail_on=None if asked.targets else "never")
    if asked.targets:
        return code
    wrong = _compare(result, world.domains)
    total = len(world.domains)
    click.echo(
        f"{total} domains, {total - len(wrong)} with the verdict that they should get",
        err=output.form is not None,
    )
    for line in wrong:
        click.echo(f"  {line}", err=True)
    return 1 if wrong else 0


async def _check(
    asked: Asked,
    settings: ProbeSettings,
    published: Published,
    route: Route,
    output: Output,
    progress: Progress,
) -> tuple[Result, LabWorld]:
    earlier = published.earlier_facts()
    async with started() as world:
        network = route.network(world.network())
        if published.trusted:
            network = structs.replace(published, bogus_name=BOGUS_NAME).network(network)
        result = await check(
            *(asked.targets or (domain.target for domain in world.domains)),
            network=network,
            settings=settings,
            name=asked.name if asked.targets else None,
            port=asked.port if asked.targets else None,
            vantage=asked.vantage,
            profile=asked.profile,
            basis=Basis(output.letters_by),
            earlier=earlier,
            on_record=progress.note,
        )
    return result, world


def _compare(result: Result, domains: tuple[LabDomain, ...]) -> list[str]:
    by_target = {(report.target.name, report.target.port): report for report in result.reports}
    checks = all_checks()  # beside them, a profile may have rules of its own
    bad = (Verdict.FAIL, Verdict.WARN)
    wrong = []
    for domain in domains:
        report = by_target[domain.name, domain.port]
        differences = (domain.in_company or domain.expected).differences(
            {(f.check, f.verdict) for f in report.findings if f.verdict in bad and f.check in checks},
            {f.check for f in report.not_seen},
            report.headline.state,
        )
        if differences:
            wrong.append(f"{domain.target}: {'; '.join(differences)}")
    return wrong
