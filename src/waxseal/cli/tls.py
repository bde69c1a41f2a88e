"""``waxseal tls``: one TLS handshake as asked, everything shown, and a console under it."""

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from waxseal.api import default_network
from waxseal.cli import tls_options as options
from waxseal.cli.main import EXIT_FINDING, EXIT_OK, EXIT_UNTESTED
from waxseal.cli.network import dial_map, ehlo_name
from waxseal.cli.tls_options import Place
from waxseal.cli.tls_run import Plan, run
from waxseal.errors import UsageError
from waxseal.facts import TlsMode
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.net.proxy import RemoteNames, parse_proxy
from waxseal.probes.tls_handshake import HandshakeOrder, Look
from waxseal.report.handshake_model import TlsReport

_PROTOCOLS = ("smtp", "lmtp", "imap", "pop3", "sieve", "none")
_MAX_EARLY_OCTETS = 1024 * 1024


@click.command("tls")
@click.argument("target", metavar="HOST[:PORT]")
@click.option("--starttls", type=click.Choice(_PROTOCOLS), help="How TLS begins.  [default: by port]")
@click.option("--versions", help="Versions to offer: 1.3, 1.2-1.3, ssl3-1.3.  [default: 1.2-1.3]")
@click.option("--suites", help="Cipher suites, IANA or OpenSSL names.")
@click.option("--groups", help="Groups for the key exchange; the first gets the key share.")
@click.option("--schemes", help="Signature schemes, and with them the type of certificate.")
@click.option("--sni", help="Server name to send.  [default: HOST, where it is a name]")
@click.option("--no-sni", is_flag=True, help="Send no server name.")
@click.option("--name", help="Name that the certificate should bear.  [default: HOST]")
@click.option("--alpn", help="Protocols to offer by ALPN.")
@click.option("--cert", type=click.Path(path_type=Path), help="Client certificate and its chain, PEM.")
@click.option("--key", type=click.Path(path_type=Path), help="Its private key, PEM.  [default: in --cert]")
@click.option("--roots", default="system", show_default=True, help="Root store: system, certifi or a file.")
@click.option("--verify", is_flag=True, help="Exit with 1 where chain, name or proof of the key fail.")
@click.option("--resume", is_flag=True, help="Connect again with the session, and say whether it was taken.")
@click.option("--early-data", type=click.Path(path_type=Path), help="File to send as early data; resumes.")
@click.option("-i", "--interactive", is_flag=True, help="Talk under TLS: lines from standard input.")
@click.option(
    "--quiet-for",
    type=options.Seconds(0.1, 600),
    default=2.0,
    show_default=True,
    help="With -i: seconds of silence after the input's end.",
)
@click.option("--connect", help="ADDRESS[:PORT] to dial in place of HOST.")
@click.option("--proxy", help="http://host:port or socks5://host:port, with user:password@ if needed.")
@click.option("--ehlo", help="Name to send with EHLO.")
@click.option("--resolver", "resolvers", multiple=True, help="DNS resolver to ask: address or address:port.")
@click.option("--allow", "allowed", multiple=True, help="Special-purpose network that may be dialled (CIDR).")
@click.option(
    "--time-limit",
    type=options.Seconds(0.5, 3600),
    default=20.0,
    show_default=True,
    help="Seconds for each connection.",
)
@click.option("-4", "only_ipv4", is_flag=True, help="IPv4 only.")
@click.option("-6", "only_ipv6", is_flag=True, help="IPv6 only.")
@click.option("--key-log", type=click.Path(path_type=Path), help="Append the secrets here (SSLKEYLOGFILE).")
@click.option("--pem", "form", flag_value="pem", help="Print the chain as PEM, nothing else.")
@click.option("--json", "form", flag_value="json", help="One JSON document (waxseal.tls/1).")
@click.option("--dial-map", "dial_map_file", type=click.Path(path_type=Path), hidden=True)
@click.option("-v", "--verbose", count=True, help="More detail: the octets of each extension.")
def command(  # a command line has as many options as it has
    target: str,
    starttls: str | None,
    versions: str | None,
    suites: str | None,
    groups: str | None,
    schemes: str | None,
    sni: str | None,
    no_sni: bool,
    name: str | None,
    alpn: str | None,
    cert: Path | None,
    key: Path | None,
    roots: str,
    verify: bool,
    resume: bool,
    early_data: Path | None,
    interactive: bool,
    quiet_for: float,
    connect: str | None,
    proxy: str | None,
    ehlo: str | None,
    resolvers: tuple[str, ...],
    allowed: tuple[str, ...],
    time_limit: float,
    only_ipv4: bool,
    only_ipv6: bool,
    key_log: Path | None,
    form: str | None,
    dial_map_file: Path | None,
    verbose: int,
) -> int:
    """Make one TLS handshake with a server, as asked, and show everything.

    \b
    waxseal tls mx.example.org
    waxseal tls mx.example.org:993 --versions 1.2
    waxseal tls mx.example.org --suites ECDHE-RSA-AES128-GCM-SHA256
    waxseal tls mail.example.org:587 -i < dialogue.txt

    The way TLS begins follows from the port: SMTP on 25, 587 and 2525, LMTP on 24, IMAP on 143, POP3 on 110,
    ManageSieve on 4190; anywhere else with the first octet.

    Exits with 0 where the handshake was completed, 3 where not.
    """
    if interactive and form is not None:
        raise UsageError(f"-i and --{form} exclude each other", "both use standard output")
    if sni is not None and no_sni:
        raise UsageError("--sni and --no-sni exclude each other", "leave one out")
    if key is not None and cert is None:
        raise UsageError("--key needs --cert", "give the certificate that belongs to the key")
    place = options.place(target)
    dialled = options.place(connect, place.port) if connect else None
    protocol, mode = options.speech(starttls, place.port)
    server_name = _server_name(place, sni, no_sni)
    order = HandshakeOrder(
        offer=options.offer(
            versions=versions,
            suites=suites,
            groups=groups,
            schemes=schemes,
            alpn=alpn,
            server_name=server_name,
        ),
        protocol=protocol,
        mode=mode,
        own_name=ehlo_name(ehlo),
        credentials=options.credentials(cert, key) if cert is not None else None,
    )
    plan = Plan(
        target=place,
        connect=dialled,
        order=order,
        name=options.place(name).host if name else place.host,
        proxy=parse_proxy(proxy) if proxy else None,
        time_limit_s=time_limit,
        families=options.families(only_ipv4, only_ipv6),
        resume=resume or early_data is not None,
        early_data=_early(early_data),
        key_log=_key_log(key_log),
        talk=_talk(mode, quiet_for) if interactive else None,
    )
    network = _network(plan, default_network(resolvers, roots, allowed))
    if dial_map_file is not None:
        network = dial_map(network, dial_map_file)
    show = _show(form, verbose, to_stderr=interactive and not sys.stdout.isatty())
    report = asyncio.run(run(plan, network, tell=show))
    completed = report.handshake is not None and report.handshake.completed
    if not (interactive and completed):
        show(report)
    if not completed:
        return EXIT_UNTESTED
    return EXIT_FINDING if verify and not report.verified else EXIT_OK


def _server_name(place: Place, sni: str | None, no_sni: bool) -> str:
    """The SNI: an address never is one (RFC 6066 §3)."""
    if no_sni:
        return ""
    if sni is not None:
        named = options.place(sni)
        if named.is_address:
            raise UsageError("--sni takes a name", "an address never is a server name (RFC 6066 §3)")
        return named.host
    return "" if place.is_address else place.host


def _network(plan: Plan, network: Network) -> Network:
    """The network with a guard that knows what the user named himself: an address, or this machine."""
    place = plan.connect or plan.target
    own: tuple[str, ...] = ()
    if place.is_address:
        own = (place.host.partition("%")[0],)
    elif place.host == "localhost":
        own = ("127.0.0.1", "::1")
    kind = RemoteNames if plan.proxy is not None else AddressGuard
    return replace(network, guard=kind((*network.guard.allowed_networks, *own)))


def _early(path: Path | None) -> bytes:
    if path is None:
        return b""
    try:
        with path.open("rb") as file:
            octets = file.read(_MAX_EARLY_OCTETS + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "--early-data takes a file") from error
    if not octets or len(octets) > _MAX_EARLY_OCTETS:
        raise UsageError(f"{path} has {len(octets)} octets", "early data has 1 to 1,048,576 octets")
    return octets


def _key_log(path: Path | None) -> Callable[[tuple[str, ...]], None]:
    """What appends lines to the file, for its owner alone; SSLKEYLOGFILE names one where none is given."""
    named = os.environ.get("SSLKEYLOGFILE")
    chosen = path or (Path(named) if named else None)
    if chosen is None:
        return lambda _: None

    def write(lines: tuple[str, ...]) -> None:
        try:
            number = os.open(chosen, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(number, "a", encoding="ascii") as file:
                file.writelines(f"{line}\n" for line in lines)
        except OSError as error:
            raise UsageError(
                f"{chosen} cannot be written: {error.strerror}", "--key-log takes the path of a file"
            ) from error

    write(())
    return write


def _talk(mode: TlsMode, quiet_for: float):  # type: ignore[no-untyped-def]
    from waxseal.cli.tls_console import converse

    async def talk(look: Look) -> None:
        if look.tls is not None:
            await converse(look.tls, quiet_s=quiet_for, greeted=mode is TlsMode.STARTTLS)

    return talk


def _show(form: str | None, verbose: int, *, to_stderr: bool) -> Callable[[TlsReport], None]:
    """What prints a report in the form that was asked for."""

    def show(report: TlsReport) -> None:
        if form == "json":
            import msgspec

            octets = msgspec.json.format(msgspec.json.encode(report), indent=2)
            sys.stdout.buffer.write(octets + b"\n")
        elif form == "pem":
            for certificate in report.certificates:
                click.echo(certificate.pem, nl=False)
            if not report.certificates:
                click.echo(f"waxseal: {report.sentence or 'no certificate was shown'}", err=True)
        else:
            _print(report, verbose, to_stderr=to_stderr)
        sys.stdout.flush()

    return show


def _print(report: TlsReport, verbose: int, *, to_stderr: bool) -> None:
    from waxseal.report.handshake import handshake_parts
    from waxseal.report.terminal import terminal, write

    console = terminal()
    if to_stderr:
        console.file = sys.stderr
    write(console, handshake_parts(report, verbose=verbose))
