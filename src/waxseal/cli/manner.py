"""Options that say how servers are treated: how much is asked of them, by which name, within which limits."""

import math

import click
from msgspec import Struct

from waxseal.cli.gathering import gathered
from waxseal.errors import UsageError
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth

LAB_TIME_LIMIT_S = 8.0
LAB_PARALLEL = 32


class Manner(Struct, frozen=True):
    """What the options say, as they were given."""

    ehlo: str | None = None
    control: str | None = None
    depth: str = Depth.STANDARD.value
    time_limit: float | None = None
    max_connections: int | None = None
    parallel: int = 3
    simulate: tuple[str, ...] = ()
    online_revocation: bool = False
    only_ipv4: bool = False
    only_ipv6: bool = False

    def settings(self, *, lab: bool) -> ProbeSettings:
        """The settings of a run.

        Args:
            lab: The lab's servers are asked, which are near and many.

        Raises:
            UsageError: An option is not of its form.
        """
        from waxseal.cli.network import control_place, ehlo_name

        usual = ProbeSettings()
        limit_s = _seconds(self.time_limit, LAB_TIME_LIMIT_S if lab else None)
        return ProbeSettings(
            ehlo_name=ehlo_name(self.ehlo),
            depth=Depth(self.depth),
            time_limit_s=limit_s,
            policy_time_limit_s=limit_s or usual.policy_time_limit_s,
            connection_limit=self.max_connections,
            parallel_per_server=self.parallel,
            control=control_place(self.control) if self.control else None,
            parallel=LAB_PARALLEL if lab else usual.parallel,
            simulate=_clients(self.simulate),
            online_revocation=self.online_revocation,
            families=_families(self.only_ipv4, self.only_ipv6),
        )


_OPTIONS = (
    click.option(
        "--ehlo", "ehlo", help="Name to send with EHLO; best one with matching PTR and address records."
    ),
    click.option("--control", help="host:port known to answer, to tell a blocked port from dead servers."),
    click.option(
        "--depth",
        type=click.Choice([depth.value for depth in Depth]),
        default=Depth.STANDARD.value,
        show_default=True,
        help="How much to ask of each server's TLS: what a grade needs, classes of suites, or all.",
    ),
    click.option(
        "--time-limit",
        type=click.FloatRange(0.5, 3600),
        help="Seconds per address.  [default: 30, 60 or 180, by depth]",
    ),
    click.option(
        "--max-connections",
        type=click.IntRange(1, 1000),
        help="Per address and port.  [default: 8, 60 or 250, by depth]",
    ),
    click.option(
        "--parallel",
        type=click.IntRange(1, 5),
        default=3,
        show_default=True,
        help="Connections at once to one address and port.",
    ),
    click.option(
        "--simulate",
        multiple=True,
        help="Client whose hello to offer too, by id, or 'all' (docs/reference/client-shapes.md).",
    ),
    click.option(
        "--online-revocation", is_flag=True, help="Ask the certificates' issuers whether these are revoked."
    ),
    click.option("-4", "only_ipv4", is_flag=True, help="Test IPv4 addresses only."),
    click.option("-6", "only_ipv6", is_flag=True, help="Test IPv6 addresses only."),
)

manner_options = gathered(_OPTIONS, Manner, "manner")
"""Adds the options to a command; they come as one argument, `manner`."""


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
