"""``waxseal check``: look at targets over the network, or at the lab's domains, and report."""

import asyncio
import math
from pathlib import Path

import click

from waxseal.api import Result, check, default_network
from waxseal.cli.network import control_place, dial_map, ehlo_name
from waxseal.cli.output import Asked, expect_writable, keeping, one_form, output_options, show
from waxseal.cli.progress import Progress
from waxseal.cli.published import Published, published_options
from waxseal.errors import UsageError
from waxseal.net.network import Network
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth

LAB_TIME_LIMIT_S = 8.0
LAB_PARALLEL = 32


@click.command("check")
@click.argument("targets", nargs=-1)
@click.option("--name", help="Host name the certificate should bear, for an address or a host.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port where a target names none.  [default: 25]")
@click.option(
    "--lab", is_flag=True, help="Check the simulated mail world instead; no target means all of it."
)
@click.option(
    "--ehlo", "ehlo", help="Name to send with EHLO; best one with matching PTR and address records."
)
@click.option("--resolver", "resolvers", multiple=True, help="DNS resolver to ask: address or address:port.")
@click.option(
    "--roots", default="system", show_default=True, help="Root store: system, certifi or a PEM file."
)
@click.option("--control", help="host:port known to answer, to tell a blocked port from dead servers.")
@click.option("--allow", "allowed", multiple=True, help="Special-purpose network that may be dialled (CIDR).")
@click.option(
    "--depth",
    type=click.Choice([depth.value for depth in Depth]),
    default=Depth.STANDARD.value,
    show_default=True,
    help="How much to ask of each server's TLS: what a grade needs, classes of suites, or all.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(0.5, 3600),
    help="Seconds per address.  [default: 30, 60 or 180, by depth]",
)
@click.option(
    "--max-connections",
    type=click.IntRange(1, 1000),
    help="Per address and port.  [default: 8, 60 or 250, by depth]",
)
@click.option(
    "--parallel",
    type=click.IntRange(1, 5),
    default=3,
    show_default=True,
    help="Connections at once to one address and port.",
)
@click.option(
    "--simulate",
    multiple=True,
    help="Client whose hello to offer too, by id, or 'all' (docs/reference/client-shapes.md).",
)
@click.option(
    "--online-revocation", is_flag=True, help="Ask the certificates' issuers whether these are revoked."
)
@click.option("-4", "only_ipv4", is_flag=True, help="Test IPv4 addresses only.")
@click.option("-6", "only_ipv6", is_flag=True, help="Test IPv6 addresses only.")
@click.option("--vantage", default="", help="A name for this place, recorded with the facts.")
@click.option(
    "--dial-map", "dial_map_file", type=click.Path(path_type=Path), help="JSON map of where to dial."
)
@published_options
@output_options
def command(
    targets: tuple[str, ...],
    name: str | None,
    port: int | None,
    lab: bool,
    ehlo: str | None,
    resolvers: tuple[str, ...],
    roots: str,
    control: str | None,
    allowed: tuple[str, ...],
    depth: str,
    time_limit: float | None,
    max_connections: int | None,
    parallel: int,
    simulate: tuple[str, ...],
    online_revocation: bool,
    only_ipv4: bool,
    only_ipv6: bool,
    vantage: str,
    dial_map_file: Path | None,
    published: Published,
    forms: tuple[str, ...],
    save: Path | None,
    verbose: int,
    fail_on: str,
) -> int:
    """Test domains, mail hosts or addresses, and say what was found.

    \b
    A target is a domain (every MX, every address), user@domain, host:port,
    an address, or smtp://, submission://, submissions://, imaps://, pop3s://
    with a host.

    \b
    waxseal check example.org
    waxseal check 192.0.2.25 --name mx.example.org
    waxseal check mx.example.org:587 submissions://mail.example.org
    """
    if not targets and not lab:
        raise UsageError(
            "nothing to check was named", "name a domain, as in 'waxseal check example.org', or use --lab"
        )
    if not vantage.isprintable():
        raise UsageError(f"--vantage {vantage[:80]!r} is no plain text", "give a short name for this place")
    form = one_form(forms)
    expect_writable(save)
    settings = ProbeSettings(
        ehlo_name=ehlo_name(ehlo),
        depth=Depth(depth),
        time_limit_s=_seconds(time_limit, LAB_TIME_LIMIT_S if lab else None),
        policy_time_limit_s=_seconds(time_limit, LAB_TIME_LIMIT_S if lab else None)
        or ProbeSettings().policy_time_limit_s,
        connection_limit=max_connections,
        parallel_per_server=parallel,
        control=control_place(control) if control else None,
        parallel=LAB_PARALLEL if lab else ProbeSettings().parallel,
        simulate=_clients(simulate),
        online_revocation=online_revocation,
        families=_families(only_ipv4, only_ipv6),
    )
    settings = published.settings(settings)
    asked = Asked(targets, name, port, vantage)
    if lab:
        from waxseal.cli.lab import check_lab

        return check_lab(asked, settings, published, form=form, save=save, verbose=verbose, fail_on=fail_on)
    network = published.network(default_network(resolvers, roots, allowed))
    if dial_map_file is not None:
        network = dial_map(network, dial_map_file)
    result = _look(asked, network, settings, published, save)
    return show(result, form, save=save, verbose=verbose, fail_on=fail_on)


def _look(
    asked: Asked, network: Network, settings: ProbeSettings, published: Published, save: Path | None
) -> Result:
    earlier = published.earlier_facts()
    with Progress() as progress, keeping(progress, save):
        run = check(
            *asked.targets,
            network=network,
            settings=settings,
            name=asked.name,
            port=asked.port,
            vantage=asked.vantage,
            earlier=earlier,
            on_record=progress.note,
        )
        return asyncio.run(run)


def _clients(ids: tuple[str, ...]) -> tuple[str, ...]:
    from waxseal.probes.tls.simulation import UnknownClientError, chosen_shapes

    try:
        chosen_shapes(ids)
    except UnknownClientError as error:
        raise UsageError(
            f"--simulate {str(error)[:80]!r} is no client that is known",
            "see docs/reference/client-shapes.md, or use 'all'",
        ) from error
    return ids


def _seconds(given: float | None, usual: float | None) -> float | None:
    if given is not None and math.isnan(given):
        raise UsageError("--time-limit nan is no number of seconds", "give seconds, such as 30")
    return usual if given is None else given


def _families(only_ipv4: bool, only_ipv6: bool) -> tuple[int, ...]:
    if only_ipv4 and only_ipv6:
        raise UsageError("-4 and -6 exclude each other", "leave both out to test both")
    return (4,) if only_ipv4 else (6,) if only_ipv6 else (4, 6)
