"""``waxseal records``: the TLSA, MTA-STS and TLS-RPT records for a domain, in zone-file form."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from waxseal.cli.look import Looking, a_label, certificate_chain, domain_name, looking_options
from waxseal.cli.main import EXIT_OK, EXIT_UNTESTED
from waxseal.errors import UsageError

if TYPE_CHECKING:
    from waxseal.facts import Certificate, FactSet
    from waxseal.report.records import Proposal, Wanted
    from waxseal.trust.anchors import RootStore

_MODES = ("enforce", "testing", "none")
_MAX_AGE_S = 31_557_600
_TTL_LIMIT_S = 604800


@click.command("records")
@click.argument("domain")
@click.option(
    "--certificate",
    "certificates",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Certificate in use, with those above it (PEM or DER).  [default: what the servers show]",
)
@click.option(
    "--next",
    "following",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Certificate to come, for a roll-over.",
)
@click.option(
    "--host", "hosts", multiple=True, help="Mail host; with --certificate, nothing is looked up then."
)
@click.option("--port", type=click.IntRange(1, 65535), default=25, show_default=True, help="Port of the MX.")
@click.option("--mode", type=click.Choice(_MODES), help="Of the policy.  [default: today's, or testing]")
@click.option(
    "--max-age",
    type=click.IntRange(0, _MAX_AGE_S),
    help="Of the policy, seconds.  [default: today's, or 604800]",
)
@click.option("--rua", multiple=True, help="Where TLS reports go: mailto: or https:.  [default: as today]")
@click.option(
    "--ttl", type=click.IntRange(60, _TTL_LIMIT_S), default=3600, show_default=True, help="Of the records."
)
@click.option(
    "--policy-file", type=click.Path(dir_okay=False, path_type=Path), help="Also write the policy here."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document (waxseal.records/1).")
@looking_options
def command(
    domain: str,
    certificates: tuple[Path, ...],
    following: tuple[Path, ...],
    hosts: tuple[str, ...],
    port: int,
    mode: str | None,
    max_age: int | None,
    rua: tuple[str, ...],
    ttl: int,
    policy_file: Path | None,
    as_json: bool,
    looking: Looking,
) -> int:
    """Print the records that a domain should publish about its mail, as a zone file.

    They are made from the certificates that the mail servers show, or from given ones; comments tell what is
    new, what stays and what can go.

    \b
    waxseal records example.org
    waxseal records example.org --next next-chain.pem
    waxseal records example.org --host mx.example.org --certificate chain.pem

    Exits with 3 where no certificate could be seen at all.
    """
    from waxseal.report.records import propose

    asked = _Asked(
        domain=domain_name(domain),
        port=port,
        hosts=tuple(dict.fromkeys(a_label(host, "--host").lower() for host in hosts)),
        chains=tuple(map(certificate_chain, certificates)),
        following=tuple(map(certificate_chain, following)),
    )
    wanted = _wanted(asked, looking, mode, max_age, rua, ttl)
    try:
        proposal = propose(wanted)
    except ValueError as error:
        raise UsageError(
            f"the records cannot be written: {error}", "give --rua as mailto:reports@example.org"
        ) from error
    if policy_file is not None:
        _write(policy_file, proposal.policy_body)
    _print(proposal, as_json)
    seen = any(host.records for host in proposal.hosts)
    return EXIT_OK if seen else EXIT_UNTESTED


class _Asked(NamedTuple):
    """What the command line says."""

    domain: str
    port: int
    hosts: tuple[str, ...]
    chains: "tuple[tuple[Certificate, ...], ...]"
    following: "tuple[tuple[Certificate, ...], ...]"


def _wanted(
    asked: _Asked, looking: Looking, mode: str | None, max_age: int | None, rua: tuple[str, ...], ttl: int
) -> "Wanted":
    from msgspec import structs

    from waxseal.report.records import Wanted
    from waxseal.wire.mta_sts import Mode

    wanted = Wanted(
        domain=asked.domain,
        port=asked.port,
        hosts=asked.hosts,
        at=datetime.now(UTC).replace(microsecond=0),
        chains=asked.chains,
        following=asked.following,
        mode=None if mode is None else Mode(mode),
        max_age_s=max_age,
        rua=rua,
        ttl_s=ttl,
    )
    if asked.hosts and asked.chains:
        return structs.replace(wanted, anchors=_anchors(wanted, looking.root_store()))
    seen = looking.look(asked.domain, asked.port)
    wanted = _with_facts(wanted, seen.facts)
    return structs.replace(wanted, anchors=_anchors(wanted, seen.roots))


def _with_facts(wanted: "Wanted", facts: "FactSet") -> "Wanted":
    """What was seen of the domain.

    Raises:
        UsageError: Its mail hosts are not known.
    """
    from msgspec import structs

    from waxseal.facts import Subject
    from waxseal.grading.change_published import published
    from waxseal.grading.delivery_seen import route_seen
    from waxseal.report.policy_view import tls_rpt_destinations

    today = published(facts, wanted.domain, wanted.port)
    if today is None:
        raise UsageError(
            f"the mail hosts of {wanted.domain} are not known",
            "see 'waxseal check' for the reason, or name them with --host and --certificate",
        )
    names = tuple(dict.fromkeys(record.exchange for record in today.mx))
    for host in wanted.hosts:
        if host not in names:
            raise UsageError(f"--host {host}: no such mail host", f"there are {', '.join(names)}")
    root = Subject(domain=wanted.domain)
    return structs.replace(
        wanted,
        hosts=wanted.hosts or names,
        published=today,
        mx_secure=route_seen(facts, root, wanted.port).mx_secure,
        rua_today=tls_rpt_destinations(facts, root),
    )


def _anchors(wanted: "Wanted", roots: "RootStore") -> tuple[bytes, ...] | None:
    from waxseal.trust.anchors import candidates

    if not roots.size:
        return None
    hosts = wanted.published.hosts if wanted.published is not None else ()
    chains = [*wanted.chains, *wanted.following, *(chain for host in hosts for chain in host.chains)]
    return tuple(sorted({root for chain in chains for root in candidates(chain, roots)}))


def _write(path: Path, body: str) -> None:
    try:
        path.write_bytes(body.encode("utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "--policy-file takes the path of a file"
        ) from error


def _print(proposal: "Proposal", as_json: bool) -> None:
    from waxseal.report.records import render_records_json, zone_text

    if as_json:
        sys.stdout.buffer.write(render_records_json(proposal))
    else:
        click.echo(zone_text(proposal), nl=False)
