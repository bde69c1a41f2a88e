"""Collects the facts of targets: discovery, then every address and port once, then the control destination.

Everything outside comes in the `Network`; nothing here knows whether it is the lab's.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable

from waxseal.errors import UsageError
from waxseal.facts import (
    DIALOGUE,
    Attempt,
    Cause,
    FactSet,
    Record,
    RunContext,
    Stage,
    Subject,
    Target,
    TargetKind,
)
from waxseal.net.network import Network
from waxseal.probes.control import reach_control
from waxseal.probes.discovery import find_addresses, find_mail_hosts, find_reverse_names
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.scan.endpoint import EndpointPlan, announce, test_endpoint
from waxseal.scan.target import subject_of
from waxseal.version import __version__

ADDRESSES_PER_HOST = 1
"""Addresses of one host that are tested at the same time; each with `ProbeSettings.parallel_per_server`
connections at once, so a host behind several addresses sees no more of them."""

Place = tuple[Target, Subject, tuple[str, ...]]
"""A port subject with the target it belongs to and its reference names."""


async def collect(
    targets: Iterable[Target],
    network: Network,
    settings: ProbeSettings,
    *,
    vantage: str = "",
    on_record: Callable[[Record], None] | None = None,
) -> FactSet:
    """Look at every target and give all that was seen.

    Args:
        targets: What to look at; a target named twice is looked at once.
        network: The outside world.
        settings: Names and limits.
        vantage: The user's name for this place.
        on_record: Called with each record as it comes.

    Raises:
        UsageError: Two targets name one port with two ways of speaking.
    """
    wanted = _distinct(targets)
    recorder = Recorder(network.clock, on_record)
    recorder.emit((Subject(),), _context(network, settings, vantage))
    places: list[Place] = []
    found = await asyncio.gather(*(_discover(network, recorder, t, settings) for t in wanted))
    for some in found:
        places.extend(some)
    plans = _plan(places)
    for plan in plans:
        announce(recorder, plan)
    await asyncio.gather(
        _test_all(network, recorder, plans, settings),
        *(_reverse(network, recorder, address, plans) for address in dict.fromkeys(p.address for p in plans)),
    )
    if settings.control is not None and _nothing_answered(recorder.facts()):
        await reach_control(network, recorder, *settings.control)
    return recorder.facts()


def _distinct(targets: Iterable[Target]) -> list[Target]:
    """Each target once, the first wording kept.

    Raises:
        UsageError: Facts about one port of one subject could not be told apart.
    """
    wanted: dict[tuple[Subject, int], Target] = {}
    for target in targets:
        first = wanted.setdefault((subject_of(target), target.port), target)
        if (first.mode, first.protocol) != (target.mode, target.protocol):
            raise UsageError(
                f"{first.given!r} and {target.given!r} are one port, spoken to in two ways",
                "check them one after the other",
            )
    return list(wanted.values())


def _context(network: Network, settings: ProbeSettings, vantage: str) -> RunContext:
    control = f"{settings.control[0]}:{settings.control[1]}" if settings.control else ""
    return RunContext(
        started_at=network.clock.now(),
        version=__version__,
        ehlo_name=settings.ehlo_name or "the address literal of the local address",
        vantage=vantage,
        resolver=network.resolver.servers,
        root_store=network.roots.id,
        time_limit_s=settings.seconds,
        connection_limit=settings.connections,
        control=control,
        allowed_networks=network.guard.allowed_networks,
    )


async def _discover(
    network: Network, recorder: Recorder, target: Target, settings: ProbeSettings
) -> list[Place]:
    """The port subjects of a target, each with the names its certificate may be expected to bear."""
    root = subject_of(target)
    recorder.emit((root,), target)
    if target.kind is TargetKind.ADDRESS:
        names: tuple[str, ...] = (target.expected_name,) if target.expected_name else ()
        return [(target, Subject(address=target.name, port=target.port), names)]
    hosts: tuple[Subject, ...] = (root,)
    if target.kind is TargetKind.DOMAIN:
        hosts = await find_mail_hosts(network, recorder, target.name, settings)
    addresses = await asyncio.gather(*(find_addresses(network, recorder, h, settings) for h in hosts))
    places: list[Place] = []
    for host, found in zip(hosts, addresses, strict=True):
        names = tuple(
            dict.fromkeys(n for n in (host.host, target.expected_name, target.name) if n is not None)
        )
        places += [
            (target, Subject(domain=host.domain, host=host.host, address=address, port=target.port), names)
            for address in found
        ]
    return places


def _plan(places: list[Place]) -> list[EndpointPlan]:
    """One plan per address, port and way of speaking, however many hosts share it."""
    shared: dict[tuple[object, ...], list[Place]] = defaultdict(list)
    for place in places:
        target, subject, _ = place
        shared[subject.address, subject.port, target.mode, target.protocol].append(place)
    return [
        EndpointPlan(
            address=group[0][1].address or "",
            port=group[0][0].port,
            mode=group[0][0].mode,
            protocol=group[0][0].protocol,
            subjects=tuple(subject for _, subject, _ in group),
            names=tuple(names for _, _, names in group),
        )
        for group in shared.values()
    ]


async def _test_all(
    network: Network, recorder: Recorder, plans: list[EndpointPlan], settings: ProbeSettings
) -> None:
    at_once = asyncio.Semaphore(settings.parallel)
    per_host: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(ADDRESSES_PER_HOST))

    async def test(plan: EndpointPlan) -> None:
        async with per_host[plan.subjects[0].host or plan.address], at_once:
            await test_endpoint(network, recorder, plan, settings)

    await asyncio.gather(*(test(plan) for plan in plans))


async def _reverse(network: Network, recorder: Recorder, address: str, plans: list[EndpointPlan]) -> None:
    subjects = dict.fromkeys(
        Subject(domain=s.domain, host=s.host, address=s.address)
        for plan in plans
        if plan.address == address
        for s in plan.subjects
    )
    await find_reverse_names(network, recorder, tuple(subjects), address)


def _nothing_answered(facts: FactSet) -> bool:
    """Whether something was dialled and every attempt to connect timed out."""
    ends = [a.ended for _, a in facts.within(Attempt, Subject()) if a.probe == DIALOGUE]
    dialled = [e for e in ends if e.cause not in (Cause.NOT_ALLOWED, Cause.NO_ROUTE)]
    return bool(dialled) and all(e.cause is Cause.TIMED_OUT and e.stage is Stage.CONNECT for e in dialled)
