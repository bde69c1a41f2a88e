"""The Python API: check targets, or judge recorded facts, and get typed results.

::

    import asyncio
    from waxseal import check

    result = asyncio.run(check("example.org"))
    print(result.reports[0].headline.sentence)
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from waxseal.checks.engine import judge_all
from waxseal.facts import FactSet, Record, Target
from waxseal.grading.letters import Basis
from waxseal.grading.profile import Profile, load_profile
from waxseal.net.network import Network
from waxseal.probes.settings import ProbeSettings
from waxseal.report.model import Report, build_reports
from waxseal.scan.collect import collect
from waxseal.scan.target import parse_target


class Result(Struct, frozen=True):
    """What a run gave.

    Attributes:
        facts: All that was seen; `waxseal.facts.stored.dump` writes them down.
        reports: One for each target, in the order given.
    """

    facts: FactSet
    reports: tuple[Report, ...]


async def check(
    *targets: str | Target,
    network: Network | None = None,
    settings: ProbeSettings | None = None,
    name: str | None = None,
    port: int | None = None,
    vantage: str = "",
    profile: str | Profile = "rfc9325",
    basis: Basis = Basis.WORST,
    earlier: FactSet | None = None,
    on_record: Callable[[Record], None] | None = None,
) -> Result:
    """Check targets over the network.

    Args:
        targets: As on the command line: domains, hosts with ports, addresses, URLs; or parsed ones.
        network: The outside world; by default this machine's resolvers and root store.
        settings: Names and limits.
        name: Host name that the certificates should bear, given apart.
        port: Port where a target names none.
        vantage: The user's name for this place, recorded with the facts.
        profile: The profile that weighs the findings: its name, the path of one's own, or itself.
        basis: Which address decides the letters.
        earlier: Facts of an earlier run, to compare the MTA-STS policies with.
        on_record: Called with each record as it is seen.

    Raises:
        UsageError: A target is none.
    """
    parsed = [t if isinstance(t, Target) else parse_target(t, name=name, port=port) for t in targets]
    facts = await collect(
        parsed,
        network or default_network(),
        settings or ProbeSettings(),
        vantage=vantage,
        earlier=earlier,
        on_record=on_record,
    )
    return judge(facts, profile=profile, basis=basis)


def judge(facts: FactSet, *, profile: str | Profile = "rfc9325", basis: Basis = Basis.WORST) -> Result:
    """Judge recorded facts; no network is used.

    Args:
        facts: What was seen.
        profile: As in `check`.
        basis: As in `check`.

    Raises:
        FileNotFoundError, ValueError: As `load_profile`.
    """
    weighing = load_profile(profile) if isinstance(profile, str) else profile
    return Result(facts, build_reports(facts, judge_all(facts), weighing, basis))


def default_network(
    resolvers: Iterable[str] = (), roots: str = "system", allowed: Iterable[str] = ()
) -> Network:
    """This machine's network.

    Args:
        resolvers: Resolvers to ask, ``address`` or ``address:port``; the system's where none is given.
        roots: ``system``, ``certifi`` or a PEM file.
        allowed: Special-purpose networks that may be dialled, in CIDR form.

    Raises:
        UsageError: An argument is not of the form, or a file cannot be read.
    """
    from waxseal.net.dns import DnsClient
    from waxseal.net.guard import AddressGuard
    from waxseal.net.roots import load_roots

    return Network(
        resolver=DnsClient(tuple(resolvers)), roots=load_roots(roots), guard=AddressGuard(tuple(allowed))
    )
