"""Collects the facts of targets: discovery, then every address and port once, then the control destination.

What the domains publish is asked side by side with all that (``scan.published``).

Everything outside comes in the `Network`; nothing here knows whether it is the lab's.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

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
from waxseal.facts.address import UNIX
from waxseal.net.network import Network
from waxseal.probes.control import reach_control
from waxseal.probes.discovery import find_addresses, find_mail_hosts, find_reverse_names
from waxseal.probes.recorder import Recorder
from waxseal.probes.settings import ProbeSettings
from waxseal.scan.endpoint import EndpointPlan, Names, announce, test_endpoint
from waxseal.scan.published import (
    ask_about_addresses,
    ask_about_host,
    ask_domain,
    prove_validator,
    recall,
    recall_endpoints,
    service_targets,
)
from waxseal.scan.target import subject_of
from waxseal.version import __version__

ADDRESSES_PER_HOST = 1
"""Addresses of one host that are tested at the same time; each with `ProbeSettings.parallel_per_server`
connections at once, so a host behind several addresses sees no more of them."""

Place = tuple[Target, Subject, Names]
"""A port subject with the target it belongs to and its names."""


async def collect(
    targets: Iterable[Target],
    network: Network,
    settings: ProbeSettings,
    *,
    vantage: str = "",
    earlier: FactSet | None = None,
    on_record: Callable[[Record], None] | None = None,
) -> FactSet:
    """Look at every target and give all that was seen.

    Args:
        targets: What to look at; a target named twice is looked at once.
        network: The outside world.
        settings: Names and limits.
        vantage: The user's name for this place.
        earlier: Facts of an earlier run, to compare with.
        on_record: Called with each record as it comes.

    Raises:
        UsageError: Two targets name one port with two ways of speaking.
    """
    wanted = _distinct(targets)
    recorder = Recorder(network.clock, on_record)
    started_at = network.clock.now()
    network, validator = await prove_validator(network)
    recorder.emit((Subject(),), _context(network, settings, vantage, started_at))
    recorder.emit((Subject(),), validator)
    domains = dict.fromkeys(t.name for t in wanted if t.kind is TargetKind.DOMAIN)
    if earlier is not None:
        recall(recorder, earlier, domains)
    sockets = [t.name for t in wanted if t.name.startswith(UNIX)]
    network = replace(network, guard=network.guard.naming(sockets))
    if settings.services:
        named = await service_targets(network, recorder, domains)
        wanted = _distinct([*wanted, *(t for t in named if not _named_before(t, wanted))])
    await asyncio.gather(
        _find_and_test(network, recorder, wanted, settings, earlier),
        *(ask_domain(network, recorder, domain, settings) for domain in domains),
    )
    if settings.control is not None and _nothing_answered(recorder.facts()):
        await reach_control(network, recorder, *settings.control)
    return recorder.facts()


async def _find_and_test(
    network: Network,
    recorder: Recorder,
    wanted: list[Target],
    settings: ProbeSettings,
    earlier: FactSet | None = None,
) -> None:
    """Find the places of every target, and test each of them once."""
    places: list[Place] = []
    found = await asyncio.gather(*(_discover(network, recorder, t, settings) for t in wanted))
    for some in found:
        places.extend(some)
    plans = _plan(places)
    for plan in plans:
        announce(recorder, plan)
        if earlier is not None:
            recall_endpoints(recorder, earlier, plan.subjects)
    of_address = _by_address(plans)
    await asyncio.gather(
        _test_all(network, recorder, plans, settings),
        *(find_reverse_names(network, recorder, subjects, at) for at, subjects in of_address.items()),
        ask_about_addresses(network, recorder, of_address, settings),
    )


def _by_address(plans: list[EndpointPlan]) -> dict[str, tuple[Subject, ...]]:
    """The address subjects of each address that is tested; a socket has no address to ask about."""
    found: dict[str, dict[Subject, None]] = defaultdict(dict)
    for plan in plans:
        if plan.address.startswith(UNIX):
            continue
        for s in plan.subjects:
            found[plan.address].setdefault(Subject(domain=s.domain, host=s.host, address=s.address))
    return {address: tuple(subjects) for address, subjects in found.items()}


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


def _named_before(target: Target, wanted: list[Target]) -> bool:
    """Whether the user named that place, in whatever way of speaking."""
    return any((t.kind, t.name, t.port) == (target.kind, target.name, target.port) for t in wanted)


def _context(network: Network, settings: ProbeSettings, vantage: str, started_at: datetime) -> RunContext:
    control = f"{settings.control[0]}:{settings.control[1]}" if settings.control else ""
    return RunContext(
        started_at=started_at,
        version=__version__,
        ehlo_name=settings.ehlo_name or "the address literal of the local address",
        vantage=vantage,
        resolver=network.resolver.servers,
        root_store=network.roots.id,
        time_limit_s=settings.seconds,
        connection_limit=settings.connections,
        control=control,
        allowed_networks=network.guard.allowed_networks,
        left_out=settings.left_out,
        requested=settings.requested,
        expected=("tls",) if settings.expect_tls else (),
        via=settings.via,
    )


async def _discover(
    network: Network, recorder: Recorder, target: Target, settings: ProbeSettings
) -> list[Place]:
    """The port subjects of a target, each with the names its certificate may be expected to bear."""
    root = subject_of(target)
    recorder.emit((root,), target)
    if target.kind is TargetKind.ADDRESS:
        names = Names((target.expected_name,) if target.expected_name else ())
        return [(target, Subject(address=target.name, port=target.port), names)]
    hosts: tuple[Subject, ...] = (root,)
    if target.kind is TargetKind.DOMAIN:
        hosts = await find_mail_hosts(network, recorder, target.name, settings)
    found = await asyncio.gather(*(_look_up(network, recorder, h, target.port, settings) for h in hosts))
    places: list[Place] = []
    for host, (addresses, bases) in zip(hosts, found, strict=True):
        reference = (host.host, target.expected_name, target.name)
        known = Names(tuple(dict.fromkeys(n for n in reference if n is not None)), bases)
        places += [
            (target, Subject(domain=host.domain, host=host.host, address=address, port=target.port), known)
            for address in addresses
        ]
    return places


async def _look_up(
    network: Network, recorder: Recorder, host: Subject, port: int, settings: ProbeSettings
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses of a host to test, and the TLSA base domains other than its own name."""
    addresses = await find_addresses(network, recorder, host, settings)
    return addresses, await ask_about_host(network, recorder, host, port, settings)


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
            submission=any(target.submission for target, _, _ in group),
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


def _nothing_answered(facts: FactSet) -> bool:
    """Whether something was dialled and every attempt to connect timed out."""
    ends = [a.ended for _, a in facts.within(Attempt, Subject()) if a.probe == DIALOGUE]
    dialled = [e for e in ends if e.cause not in (Cause.NOT_ALLOWED, Cause.NO_ROUTE)]
    return bool(dialled) and all(e.cause is Cause.TIMED_OUT and e.stage is Stage.CONNECT for e in dialled)
