"""``waxseal check``: look at targets over the network, or at the lab's domains, and report."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from waxseal.cli.manner import Manner, manner_options
from waxseal.cli.output import Asked, Output, keeping, output_options
from waxseal.cli.profile_option import expect_profile, profile_option
from waxseal.cli.published import Published, published_options
from waxseal.cli.sections import Sectioned
from waxseal.cli.targets_file import read_targets
from waxseal.cli.trying import Trying, trying_options
from waxseal.cli.way import Route, route_options
from waxseal.errors import UsageError

if TYPE_CHECKING:
    from waxseal.api import Result
    from waxseal.net.network import Network
    from waxseal.probes.settings import ProbeSettings

_SECTIONS = {
    "Targets, and how to reach the world": (
        "targets_files",
        "name",
        "port",
        "lab",
        "resolvers",
        "roots",
        "allowed",
        "vantage",
        "dial_map_file",
    ),
    "How servers are treated": Manner.__struct_fields__,
    "What the domain publishes": Published.__struct_fields__,
    "Flaws and logins": Trying.__struct_fields__,
    "The way that connections take": Route.__struct_fields__,
    "Judgement and output": ("profile", *Output.__struct_fields__),
}


@click.command("check", cls=Sectioned, sections=_SECTIONS)
@click.argument("targets", nargs=-1)
@click.option(
    "-i",
    "--targets",
    "targets_files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File with targets, one a line; - is standard input.",
)
@click.option("--name", help="Host name the certificate should bear, for an address or a host.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port where a target names none.  [default: 25]")
@click.option(
    "--lab", is_flag=True, help="Check the simulated mail world instead; no target means all of it."
)
@click.option("--resolver", "resolvers", multiple=True, help="DNS resolver to ask: address or address:port.")
@click.option(
    "--roots", default="system", show_default=True, help="Root store: system, certifi or a PEM file."
)
@click.option("--allow", "allowed", multiple=True, help="Special-purpose network that may be dialled (CIDR).")
@click.option("--vantage", default="", help="A name for this place, recorded with the facts.")
@click.option(
    "--dial-map", "dial_map_file", type=click.Path(path_type=Path), help="JSON map of where to dial."
)
@manner_options
@published_options
@trying_options
@route_options
@profile_option
@output_options
def command(
    targets: tuple[str, ...],
    targets_files: tuple[Path, ...],
    name: str | None,
    port: int | None,
    lab: bool,
    resolvers: tuple[str, ...],
    roots: str,
    allowed: tuple[str, ...],
    vantage: str,
    dial_map_file: Path | None,
    manner: Manner,
    published: Published,
    trying: Trying,
    route: Route,
    profile: str,
    output: Output,
) -> int:
    """Test domains, mail hosts or addresses, and say what was found.

    \b
    A target is a domain (every MX, every address), user@domain, host:port,
    an address, or smtp://, submission://, submissions://, imap://, imaps://,
    pop3://, pop3s://, lmtp://, sieve:// with a host; lmtp+unix:/path.

    \b
    waxseal check example.org
    waxseal check 192.0.2.25 --name mx.example.org
    waxseal check mx.example.org:587 imap://mail.example.org
    waxseal check --targets domains.txt --write report.html
    """
    if not targets and not targets_files and not lab:
        raise UsageError(
            "nothing to check was named", "name a domain, as in 'waxseal check example.org', or use --lab"
        )
    if not vantage.isprintable():
        raise UsageError(f"--vantage {vantage[:80]!r} is no plain text", "give a short name for this place")
    output.expect_possible([*targets_files, Path(profile)])
    weighing = expect_profile(profile)
    _expect_sockets(targets)
    settings = route.settings(trying.settings(published.settings(manner.settings(lab=lab))))
    of_files = [target for path in targets_files for target in read_targets(path, name=name, port=port)]
    asked = Asked((*targets, *of_files), name, port, vantage, weighing)
    if lab:
        from waxseal.cli.lab import check_lab

        return check_lab(asked, settings, published, route, output)
    from waxseal.api import default_network

    network = published.network(default_network(resolvers, roots, allowed))
    if dial_map_file is not None:
        from waxseal.cli.network import dial_map

        network = dial_map(network, dial_map_file)
    network = route.network(network)
    return output.show(_look(asked, network, settings, published, output))


def _look(
    asked: Asked, network: "Network", settings: "ProbeSettings", published: Published, output: Output
) -> "Result":
    import asyncio

    from waxseal.api import check
    from waxseal.cli.progress import Progress
    from waxseal.grading.letters import Basis

    earlier = published.earlier_facts()
    with Progress() as progress, keeping(progress, output.save):
        run = check(
            *asked.targets,
            network=network,
            settings=settings,
            name=asked.name,
            port=asked.port,
            vantage=asked.vantage,
            profile=asked.profile,
            basis=Basis(output.letters_by),
            earlier=earlier,
            on_record=progress.note,
        )
        return asyncio.run(run)


def _expect_sockets(targets: tuple[str, ...]) -> None:
    """See that every UNIX socket that is named is there.

    Raises:
        UsageError: It is not, or it is something else.
    """
    from waxseal.facts.address import UNIX
    from waxseal.scan.target import parse_target

    for text in targets:
        path = Path(parse_target(text).name.removeprefix(UNIX)) if UNIX in text else None
        if path is not None and (path.is_symlink() or not path.is_socket()):
            raise UsageError(
                f"{str(path)[:200]!r} is no socket", "name the path that a server on this machine listens on"
            )
