"""How ``records`` and ``plan`` come by facts: from the live domain, the lab's, or the file of an earlier run.

Also what both read from files: certificates and policies.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
from msgspec import Struct

from waxseal.cli.gathering import gathered
from waxseal.errors import UsageError

if TYPE_CHECKING:
    from waxseal.facts import Certificate, FactSet
    from waxseal.net.network import Network
    from waxseal.trust.anchors import RootStore

_MAX_FILE_OCTETS = 4 * 1024 * 1024


class Seen(NamedTuple):
    """What there is to go by: facts, and the roots to judge certificates with."""

    facts: "FactSet"
    roots: "RootStore"


class Looking(Struct, frozen=True):
    """What the options say about where facts come from, as they were given."""

    lab: bool = False
    facts: Path | None = None
    ehlo: str | None = None
    resolvers: tuple[str, ...] = ()
    roots: str = "system"
    trusted: tuple[str, ...] = ()
    bogus_name: str | None = None
    allowed: tuple[str, ...] = ()
    dial_map_file: Path | None = None
    time_limit: float | None = None

    def look(self, domain: str, port: int, hosts: tuple[str, ...] = ()) -> Seen:
        """Look at a domain, or load what an earlier run saw of it.

        Args:
            domain: A-labels.
            port: Where its mail is brought to.
            hosts: Hosts to look at besides, by name.

        Raises:
            UsageError: An option is not of its form, or a file cannot be read.
        """
        if self.facts is not None:
            if self.lab:
                raise UsageError(
                    "--facts and --lab exclude each other", "the facts of a run are all there is"
                )
            from waxseal.cli.judge import read_facts

            return Seen(read_facts(self.facts), self.root_store())
        import asyncio

        targets = (domain, *(f"{host}:{port}" for host in hosts))
        if self.lab:
            return asyncio.run(self._look_at_lab(targets, port))
        return asyncio.run(self._collect(targets, port, self._network()))

    def root_store(self) -> "RootStore":
        """The roots to judge certificates with.

        Raises:
            UsageError: They cannot be read.
        """
        from waxseal.net.roots import load_roots

        return load_roots(self.roots)

    def _network(self) -> "Network":
        from waxseal.api import default_network
        from waxseal.cli.network import dial_map
        from waxseal.cli.published import Published

        network = default_network(self.resolvers, self.roots, self.allowed)
        network = Published(trusted=self.trusted, bogus_name=self.bogus_name).network(network)
        return network if self.dial_map_file is None else dial_map(network, self.dial_map_file)

    async def _look_at_lab(self, targets: tuple[str, ...], port: int) -> Seen:
        from waxseal.cli.lab import started

        async with started() as world:
            return await self._collect(targets, port, world.network())

    async def _collect(self, targets: tuple[str, ...], port: int, network: "Network") -> Seen:
        from waxseal.cli.manner import LAB_TIME_LIMIT_S
        from waxseal.cli.network import ehlo_name
        from waxseal.cli.progress import Progress
        from waxseal.probes.settings import ProbeSettings
        from waxseal.probes.tls.depth import Depth
        from waxseal.scan.collect import collect
        from waxseal.scan.target import parse_target

        limit = self.time_limit if self.time_limit is not None or not self.lab else LAB_TIME_LIMIT_S
        settings = ProbeSettings(
            ehlo_name=ehlo_name(self.ehlo), depth=Depth.GRADE, time_limit_s=limit, authentication=False
        )
        parsed = [parse_target(text, port=port) for text in targets]
        with Progress() as progress:
            facts = await collect(parsed, network, settings, on_record=progress.note)
        return Seen(facts, network.roots)


_OPTIONS = (
    click.option("--lab", is_flag=True, help="Look at a domain of the simulated mail world instead."),
    click.option(
        "--facts",
        type=click.Path(path_type=Path),
        help="Go by the facts of an earlier run (check --facts or --save); nothing is looked up.",
    ),
    click.option("--ehlo", help="Name to send with EHLO."),
    click.option(
        "--resolver", "resolvers", multiple=True, help="DNS resolver to ask: address or address:port."
    ),
    click.option(
        "--roots", default="system", show_default=True, help="Root store: system, certifi or a PEM file."
    ),
    click.option(
        "--trusted-resolver",
        "trusted",
        multiple=True,
        help="Who validates DNSSEC: address, tls://address#name, https:// URL, libunbound or none.",
    ),
    click.option("--bogus-name", help="Name with broken DNSSEC, to try validators with."),
    click.option(
        "--allow", "allowed", multiple=True, help="Special-purpose network that may be dialled (CIDR)."
    ),
    click.option(
        "--dial-map", "dial_map_file", type=click.Path(path_type=Path), help="JSON map of where to dial."
    ),
    click.option("--time-limit", type=click.FloatRange(0.5, 3600), help="Seconds per address."),
)


looking_options = gathered(_OPTIONS, Looking, "looking")
"""Adds the options to a command; they come as one argument, `looking`."""


def read_file(path: Path, hint: str) -> bytes:
    """The octets of a small file.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(_MAX_FILE_OCTETS)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint) from error


def certificate_chain(path: Path) -> "tuple[Certificate, ...]":
    """The certificates of a file: PEM, the server's own first, or one of DER.

    Raises:
        UsageError: It cannot be read, or holds no certificate that can be used.
    """
    from waxseal.net.roots import pem_certificates
    from waxseal.trust.certificate import parse

    hint = "give the server's certificate and those above it, PEM or DER"
    octets = read_file(path, hint)
    chain = tuple(map(parse, pem_certificates(octets) or (octets,)))
    for number, certificate in enumerate(chain, 1):
        if not certificate.spki_sha256:
            what = f"certificate {number} of {path}" if len(chain) > 1 else str(path)
            raise UsageError(f"{what} is no certificate that can be read", hint)
    return chain


def a_label(name: str, option: str) -> str:
    """A host or domain name as A-label.

    Raises:
        UsageError: It is none.
    """
    from waxseal.wire.idna import InvalidName, hostname_problem, to_a_label

    try:
        found = to_a_label(name)
        problem = hostname_problem(found)
    except InvalidName as error:
        problem = str(error)
        found = name
    if problem is not None:
        raise UsageError(f"{option} {name[:80]!r} is no host name: {problem}", "write it as mx.example.org")
    return found


def domain_name(text: str) -> str:
    """The domain whose records are meant, as A-label.

    Raises:
        UsageError: It is not a domain.
    """
    from waxseal.facts import TargetKind
    from waxseal.scan.target import parse_target

    target = parse_target(text)
    if target.kind is not TargetKind.DOMAIN:
        raise UsageError(f"{text[:80]!r} is no domain", "name the domain of the mail addresses")
    return target.name
