"""The TLS engine beside its peers: ``./run bench tls``.

    --quick            only the tools that take a minute at the most
    --peer NAME        only tools whose label begins so; may be given several times
    --server LETTERS   M (modern), D (Debian's default, takes much); default both
    --rtt MS           round trip in milliseconds; may be given several times; default 0 and 50
    --library          servers by the standard library's ssl in place of Postfix
    --cost             only what a handshake costs the client
    --limit SECONDS    time for one run of one tool (600)
    --json FILE        every figure and everything seen, as JSON

Each tool runs alone, through a proxy of its own process that counts and delays. Figures are figures: nothing
fails here. What differs between the tools, and who is right, is in differences.md.
"""

import argparse
import contextlib
import io
import json
import os
import platform
import re
import ssl
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.tls import client_cost, peers
from benchmarks.tls.delay_proxy import DelayedServer
from benchmarks.tls.measure import measured
from benchmarks.tls.seen import Seen
from benchmarks.tls.servers import NAME, Server, library_servers, real_postfix
from benchmarks.tls.table import Run, print_costs, print_differences, print_folded
from tests.real.packages import UnavailableError
from tests.real.sandbox import StartError

FIRST = "waxseal full"


def arguments(given: list[str]) -> argparse.Namespace:
    """The command line, as the module's docstring tells it."""
    parser = argparse.ArgumentParser(
        prog="./run bench tls", usage="%(prog)s [options]", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    hidden = argparse.SUPPRESS
    parser.add_argument("--quick", action="store_true", help=hidden)
    parser.add_argument("--peer", action="append", default=[], help=hidden)
    parser.add_argument("--server", default="MD", help=hidden)
    parser.add_argument("--rtt", action="append", type=float, default=[], help=hidden)
    parser.add_argument("--library", action="store_true", help=hidden)
    parser.add_argument("--cost", action="store_true", help=hidden)
    parser.add_argument("--limit", type=float, default=600.0, help=hidden)
    parser.add_argument("--json", type=Path, help=hidden)
    return parser.parse_args(given)


@contextlib.contextmanager
def servers(options: argparse.Namespace) -> Iterator[list[Server]]:
    """The servers that were asked for; Postfix where it can be run, else the standard library's."""
    with contextlib.ExitStack() as stack:
        found: list[Server] = []
        if not options.library:
            try:
                found = stack.enter_context(real_postfix())
            except (UnavailableError, StartError) as error:
                print(
                    f"Postfix: not here ({str(error).splitlines()[0][:80]}); the library's ssl in its place"
                )
        found = found or stack.enter_context(library_servers())
        yield [server for server in found if server.label in options.server.upper()]


def chosen(options: argparse.Namespace) -> list[peers.Peer]:
    """The tools that were asked for and are here; the others are named."""
    reason = peers.install()
    if reason:
        print(f"peers from PyPI: {reason}")
    found = []
    for peer in peers.PEERS:
        wanted = any(peer.label.startswith(name) for name in options.peer)
        if not (wanted or (not options.peer and (peer.quick or not options.quick))):
            continue
        why = peers.missing(peer)
        if why:
            print(f"{peer.label}: {why}")
        else:
            found.append(peer)
    return found


def run(peer: peers.Peer, server: Server, rtt_s: float, limit_s: float, folder: Path) -> Run:
    """One tool against one server, and what it saw; a report that cannot be read is told as such."""
    here = folder / re.sub(r"\W+", "-", f"{server.label}-{peer.label}-{rtt_s * 1000:.0f}")
    here.mkdir()
    with DelayedServer(server.host, server.port, rtt_s) as proxy:
        command = peer.command(peers.Place("127.0.0.1", proxy.port, NAME, here))
        cost = measured(command, limit_s, here / "cost", folder=here)
        counts = proxy.take()
    try:
        seen = peer.read(here)
    except Exception as error:
        seen = Seen(wrong=(f"no report: exit {cost.exit_code}, {type(error).__name__}: {error}",))
    return Run(server.label, peer.label, rtt_s, cost, counts, seen)


def proxy_cost(server: Server) -> str:
    """What the proxy adds, measured with connections that wait for the greeting and leave."""
    direct = client_cost.greetings_per_s(server.host, server.port)
    with DelayedServer(server.host, server.port, 0.0) as proxy:
        through = client_cost.greetings_per_s("127.0.0.1", proxy.port)
        counts = proxy.take()
    each = counts.cpu_s / max(1, counts.connections)
    added = (1 / through - 1 / direct) * 1000
    return f"The proxy adds {added:.2f} ms to a connection at 0 ms; {each * 1000:.2f} ms of processor each."


def main(given: list[str]) -> int:
    """Run what was asked for, and print it."""
    options = arguments(given)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # results of a long run shall not wait in a buffer
    rtts = sorted({ms / 1000 for ms in options.rtt or [0.0, 50.0]})
    print(f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}, {os.cpu_count()} processors")
    documents = []
    if not options.cost:
        tools = chosen(options)
        names = sorted({peer.tool for peer in tools if peer.tool})
        versions = {name: peers.version(name) for name in names}
        print("; ".join(f"{name} {said}" for name, said in versions.items()))
        with tempfile.TemporaryDirectory(prefix="waxseal-bench-") as folder, servers(options) as under_test:
            print(proxy_cost(under_test[0]))
            for server in under_test:
                runs = compare(server, tools, rtts, options, Path(folder))
                documents += [one.document() for one in runs]
    else:
        versions = {}
    costs = client_cost.measure_all() if options.cost or not options.peer else []
    if options.json:
        document = {
            "python": platform.python_version(),
            "versions": versions,
            "runs": documents,
            "costs": costs,
        }
        options.json.write_text(json.dumps(document, indent=1))
    return 0


def compare(
    server: Server, tools: list[peers.Peer], rtts: list[float], options: argparse.Namespace, folder: Path
) -> list[Run]:
    """All tools on one server: the table of costs, then what they differ in."""
    runs: list[Run] = []
    for peer in tools:
        for rtt_s in rtts:
            print(f"{server.label}: {peer.label} at {rtt_s * 1000:.0f} ms ...", end="\r", file=sys.stderr)
            runs.append(run(peer, server, rtt_s, options.limit, folder))
    print(f"\n{server.label}: {server.what}")
    print_costs(server.label, runs, rtts, FIRST)
    compared = {peer.label for peer in tools if peer.compared}
    seen = {one.peer: one.seen for one in runs if one.peer in compared and one.rtt_s == rtts[0]}
    print_differences(server.label, {name: one for name, one in seen.items() if one.sets})
    told = [(one.peer, wrong) for one in runs if one.rtt_s == rtts[0] for wrong in one.seen.wrong]
    for name, wrong in told:
        print_folded(f"  {name} says: {wrong}")
    return runs


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
