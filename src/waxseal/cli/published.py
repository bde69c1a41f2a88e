"""Options of ``waxseal check`` about what a domain publishes: who validates DNSSEC, keys, lists, the past."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct, structs

from waxseal.cli.gathering import gathered
from waxseal.errors import UsageError
from waxseal.probes.settings import ProbeSettings

if TYPE_CHECKING:
    from waxseal.facts import FactSet
    from waxseal.net.network import Network

_SELECTOR = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_MAX_MESSAGE_OCTETS = 16 * 1024 * 1024


class Published(Struct, frozen=True):
    """What the options say, as they were given."""

    trusted: tuple[str, ...] = ()
    bogus_name: str | None = None
    anchor: Path | None = None
    no_policy: bool = False
    no_authentication: bool = False
    dkim: tuple[str, ...] = ()
    message: Path | None = None
    blocklists: tuple[str, ...] = ()
    sending: tuple[str, ...] = ()
    services: bool = False
    envelope: bool = False
    earlier: Path | None = None

    def settings(self, settings: ProbeSettings) -> ProbeSettings:
        """The settings of a run, with these.

        Raises:
            UsageError: An option is not of its form, or the message cannot be read.
        """
        return structs.replace(
            settings,
            policy=not self.no_policy,
            authentication=not self.no_authentication,
            dkim_keys=_dkim_keys(self.dkim, self.message),
            blocklists=_blocklists(self.blocklists),
            sending_addresses=tuple(map(_sending, self.sending)),
            services=self.services,
            envelope=self.envelope,
        )

    def network(self, network: "Network") -> "Network":
        """The network, with who is to validate DNSSEC in it.

        Raises:
            UsageError: A trusted resolver is not of the form, or the anchors cannot be read.
        """
        from dataclasses import replace

        from waxseal.net.validation import BOGUS_NAME, SystemValidation, parse_trusted

        validation = SystemValidation(
            tuple(map(parse_trusted, self.trusted)),
            roots=network.roots,
            bogus_name=self.bogus_name or BOGUS_NAME,
            anchor_file=self.anchor,
        )
        return replace(network, validation=validation)

    def earlier_facts(self) -> "FactSet | None":
        """The facts of the earlier run.

        Raises:
            UsageError: They cannot be read.
        """
        if self.earlier is None:
            return None
        from waxseal.cli.judge import read_facts

        return read_facts(self.earlier)


_OPTIONS = (
    click.option(
        "--trusted-resolver",
        "trusted",
        multiple=True,
        help="Who validates DNSSEC: address, tls://address#name, https:// URL, libunbound or none.",
    ),
    click.option("--bogus-name", help="Name with broken DNSSEC, to try validators with."),
    click.option(
        "--trust-anchor",
        "anchor",
        type=click.Path(path_type=Path),
        help="File with the root's DNSSEC trust anchors, for libunbound.",
    ),
    click.option("--no-policy", is_flag=True, help="Do not ask for TLSA, MTA-STS and TLS-RPT."),
    click.option("--no-authentication", is_flag=True, help="Do not ask for SPF, DKIM, DMARC and CAA."),
    click.option("--dkim", multiple=True, help="DKIM key to look at: selector, or selector@domain."),
    click.option(
        "--message", type=click.Path(path_type=Path), help="Message file whose DKIM selectors to look at."
    ),
    click.option(
        "--blocklist",
        "blocklists",
        multiple=True,
        help="DNS blocklist to ask: an id, all or none.  [default: those that allow programs to ask]",
    ),
    click.option(
        "--sending", multiple=True, help="Address that sends the domain's mail, for the blocklists."
    ),
    click.option(
        "--services", is_flag=True, help="Find submission, IMAP and POP3 servers by SRV, and test them too."
    ),
    click.option("--envelope", is_flag=True, help="Try MAIL and RCPT, too; no message is sent."),
    click.option(
        "--baseline",
        "--earlier",
        "earlier",
        type=click.Path(path_type=Path),
        help="Facts of an earlier run, to compare policies, STARTTLS and TLS with.",
    ),
)


published_options = gathered(_OPTIONS, Published, "published")
"""Adds the options to a command; they come as one argument, `published`."""


def _dkim_keys(given: tuple[str, ...], message: Path | None) -> tuple[tuple[str, str], ...]:
    from waxseal.wire.idna import InvalidName, to_a_label

    keys: list[tuple[str, str]] = []
    for text in given:
        selector, _, domain = text.partition("@")
        try:
            signing = to_a_label(domain) if domain else ""
        except InvalidName as error:
            raise UsageError(f"--dkim {text[:80]!r}: {error}", "write selector@example.org") from error
        if not _SELECTOR.fullmatch(selector):
            raise UsageError(
                f"--dkim {text[:80]!r} names no selector", "the s= of a signature, such as 2026a"
            )
        keys.append((selector.lower(), signing))
    if message is not None:
        keys += _keys_of(message)
    return tuple(dict.fromkeys(keys))


def _keys_of(message: Path) -> tuple[tuple[str, str], ...]:
    from waxseal.wire.dkim import selectors_of

    try:
        with message.open("rb") as file:
            found = selectors_of(file.read(_MAX_MESSAGE_OCTETS))
    except OSError as error:
        raise UsageError(
            f"{message} cannot be read: {error.strerror}", "give a message as it was received"
        ) from error
    if not found:
        raise UsageError(f"{message} bears no DKIM signature", "name the selector with --dkim")
    return found


def _blocklists(given: tuple[str, ...]) -> tuple[str, ...]:
    from waxseal.wire.blocklists import blocklists

    known = blocklists()
    if not given:
        return tuple(name for name, one in known.items() if one.automated)
    if "none" in given:
        return ()
    if "all" in given:
        return tuple(known)
    for name in given:
        if name not in known:
            raise UsageError(
                f"--blocklist {name[:80]!r} is no list that is known", f"known are {', '.join(known)}"
            )
    return tuple(dict.fromkeys(given))


def _sending(text: str) -> str:
    import ipaddress

    from waxseal.facts.address import canonical

    try:
        address = canonical(text)
        ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        raise UsageError(f"--sending {text[:80]!r} is no address", "give an IPv4 or IPv6 address") from None
    return address
