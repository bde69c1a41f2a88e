"""``waxseal plan``: what a change of MX records, certificate or policy does to senders, and a safe order."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from waxseal.cli.look import (
    Looking,
    Seen,
    a_label,
    certificate_chain,
    domain_name,
    looking_options,
    read_file,
)
from waxseal.cli.main import EXIT_FINDING, EXIT_OK, EXIT_UNTESTED
from waxseal.errors import UsageError

if TYPE_CHECKING:
    from waxseal.facts import Certificate, MailExchange
    from waxseal.grading.change_steps import ChangePlan
    from waxseal.wire.mta_sts import Policy

_MAX_HOSTS = 50


@click.command("plan")
@click.argument("domain")
@click.option(
    "--mx", "exchanges", multiple=True, help="MX host to come, or 20:host; name the whole set, in order."
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    help="Certificate to come, with those above it (PEM or DER).",
)
@click.option(
    "--host", "hosts", multiple=True, help="Host that is to show it.  [default: those that it names]"
)
@click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="MTA-STS policy to come.")
@click.option("--at", "moment", help="Time taken for now, such as 2026-03-01T08:00Z.  [default: now]")
@click.option("--port", type=click.IntRange(1, 65535), default=25, show_default=True, help="Port of the MX.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document (waxseal.plan/1).")
@looking_options
def command(
    domain: str,
    exchanges: tuple[str, ...],
    certificate: Path | None,
    hosts: tuple[str, ...],
    policy_file: Path | None,
    moment: str | None,
    port: int,
    as_json: bool,
    looking: Looking,
) -> int:
    """Say what a change would do to senders that hold something from before, and how to do it safely.

    \b
    waxseal plan example.org --mx mx1.example.net --mx mx2.example.net
    waxseal plan example.org --certificate next-chain.pem
    waxseal plan example.org --policy next-policy.txt

    Exits with 1 where doing it now is unsafe, and with 3 where that could not be seen.
    """
    name = domain_name(domain)
    if not exchanges and certificate is None and policy_file is None:
        raise UsageError("nothing to plan was named", "give --mx, --certificate or --policy")
    if hosts and certificate is None:
        raise UsageError("--host says who shows the certificate to come", "give --certificate, too")
    mx = _exchanges(exchanges)
    at = _moment(moment)
    policy = _policy(policy_file)
    chain = certificate_chain(certificate) if certificate is not None else ()
    showing = tuple(a_label(host, "--host") for host in hosts)
    seen = looking.look(name, port, tuple(record.exchange for record in mx))
    plan = _plan(seen, name, port, at, _Change(mx, chain, showing, policy))
    _print(plan, as_json)
    return {True: EXIT_OK, False: EXIT_FINDING, None: EXIT_UNTESTED}[plan.safe_now]


class _Change(NamedTuple):
    """What the command line says is to come."""

    mx: "tuple[MailExchange, ...]"
    chain: "tuple[Certificate, ...]"
    hosts: tuple[str, ...]
    policy: "Policy | None"


def _plan(seen: Seen, domain: str, port: int, at: datetime, change: _Change) -> "ChangePlan":
    from waxseal.grading.change import plan_change
    from waxseal.grading.change_published import published
    from waxseal.grading.change_steps import Planned
    from waxseal.trust.anchors import candidates

    new = tuple(record.exchange for record in change.mx)
    today = published(seen.facts, domain, port, new)
    if today is None:
        raise UsageError(
            f"the mail hosts of {domain} are not known, so nothing can be planned",
            "see 'waxseal check' for the reason",
        )
    coming = new or tuple(record.exchange for record in today.mx)
    for host in change.hosts:
        if host not in coming:
            raise UsageError(f"--host {host}: no such mail host", f"there are {', '.join(coming)}")
    chains = [change.chain, *(chain for host in today.hosts for chain in host.chains)]
    anchors = {root for chain in chains if chain for root in candidates(chain, seen.roots)}
    planned = Planned(
        mx=change.mx,
        chain=change.chain,
        chain_hosts=change.hosts,
        anchors=tuple(sorted(anchors)) if seen.roots.size else None,
        policy=change.policy,
    )
    return plan_change(today, planned, at)


def _print(plan: "ChangePlan", as_json: bool) -> None:
    from waxseal.report.plan import print_plan, render_plan_json
    from waxseal.report.terminal import terminal

    if as_json:
        sys.stdout.buffer.write(render_plan_json(plan))
    else:
        print_plan(terminal(), plan)


def _exchanges(given: tuple[str, ...]) -> "tuple[MailExchange, ...]":
    """The MX records to come: 10, 20 and so on, where no preference is given."""
    from waxseal.facts import MailExchange

    if len(given) > _MAX_HOSTS:
        raise UsageError(f"{len(given)} MX hosts are too many", f"at most {_MAX_HOSTS} are taken")
    found = []
    for number, text in enumerate(given, 1):
        preference, colon, host = text.partition(":")
        if not colon:
            preference, host = str(10 * number), text
        if not preference.isascii() or not preference.isdigit() or int(preference[:6]) > 0xFFFF:
            raise UsageError(
                f"--mx {text[:80]!r}: {preference[:20]!r} is no preference", "write it as 20:mx.example.org"
            )
        found.append(MailExchange(int(preference), a_label(host, "--mx").lower()))
    return tuple(sorted(dict.fromkeys(found), key=lambda record: record.preference))


def _moment(text: str | None) -> datetime:
    """A moment in ISO 8601, UTC where it names no zone; now for None."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--at {text[:40]!r} is no time", "write it as 2026-03-01T08:00Z") from error


def _policy(path: Path | None) -> "Policy | None":
    if path is None:
        return None
    from waxseal.wire.mta_sts import read_policy

    reading = read_policy(read_file(path, "give the policy as it is to be served"))
    if reading.policy is None or not reading.conforms:
        problem = next((p for p in reading.problems if p.effect.value != "passed-over"), None)
        where = f" (line {problem.line}: {problem.id})" if problem is not None else ""
        raise UsageError(
            f"{path} is no MTA-STS policy in form{where}", "see RFC 8461 §3.2, or 'waxseal records' for one"
        )
    return reading.policy
