"""Whatever a mail server does: a run ends in time, within its plan, and claims nothing that it did not see.

Everything is asked for that can be asked for: injection, sessions, logins, an account, relaying, smuggling,
the web's protocols. Runs of one test are held at the same time.
"""

import asyncio
import io
import re
from itertools import islice
from typing import NamedTuple

import pytest
from rich.console import Console

from tests.net.loopback import LOOPBACK
from tests.probes.scripted import DialerTo, network
from tests.scan.hostile import ACCOUNT, ANYTHING, ATTACKS, GREETING, HANDSHAKE, HOST, SPOTS, Spot, hostile
from waxseal.api import Result, check
from waxseal.checks.api import Verdict
from waxseal.facts import Attempt, Cause, Handshake, Subject
from waxseal.facts.stored import dump
from waxseal.probes.settings import Account, ProbeSettings
from waxseal.report.json_form import render_json
from waxseal.report.terminal import print_report
from waxseal.report.transcript import render_transcript
from waxseal.scan.target import parse_target

SCHEMES = ("smtp", "lmtp", "imap", "imaps", "pop3", "sieve")
LIMIT_S = 4.0
SLACK_S = 6.0
"""Other runs of the same test take their time too."""
ON_REQUEST = 13
"""Connections of logins, account, relaying and smuggling, beside the limit of the depth."""
AT_ONCE = 9
MOST_OCTETS = 8_000_000
EVERYTHING = ProbeSettings(
    ehlo_name="client.example.test",
    time_limit_s=LIMIT_S,
    active_auth=True,
    relay=True,
    own_recipient=f"me@{HOST}",
    account=Account(*ACCOUNT),
)
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")

MUTE = ("close", "reset", "half", "endless_line")
UNSEEN = {
    Spot(b"AUTH"): ("auth/accepted-in-clear",),
    Spot(b"AUTHENTICATE"): ("auth/accepted-in-clear",),
    Spot(b"AUTH", True): ("auth/made-up-user-let-in",),
    Spot(b"AUTHENTICATE", True): ("auth/made-up-user-let-in",),
    Spot(b"NOOP", True): ("starttls/command-injection",),
    Spot(b"USER", True): ("auth/made-up-user-let-in", "starttls/command-injection"),
    Spot(b"VRFY", True): ("smtp/users-disclosed",),
    Spot(b"RCPT", True): ("smtp/relay-open", "smtp/data-end-smuggled", "starttls/mail-kept"),
    Spot(b"DATA", True): ("smtp/data-end-smuggled",),
    Spot(b"STLS", True): ("starttls/accepted-in-tls",),
    Spot(ANYTHING, True): ("starttls/command-injection", "starttls/accepted-in-tls"),
}
"""What nobody can know of a server that is `MUTE` at a spot."""


class Order(NamedTuple):
    """A run: where the server is hostile, and how."""

    spot: Spot
    attack: str


def spots(scheme: str) -> list[Spot]:
    found = SPOTS[parse_target(f"{scheme}://{LOOPBACK}").protocol]
    return [s for s in found if s.in_tls or s.word == HANDSHAKE or not scheme.endswith("s")]


def orders(scheme: str) -> list[Order]:
    """Each attack at two spots, another pair each time, and silence at every spot that a check rests on."""
    where = spots(scheme)
    turn = [Order(where[(2 * n + k) % len(where)], a) for n, a in enumerate(ATTACKS) for k in (0, 1)]
    silent = [Order(s, MUTE[n % len(MUTE)]) for n, s in enumerate(where) if s in UNSEEN]
    return list(dict.fromkeys(turn + silent))


def chunks() -> list[tuple[str, tuple[Order, ...]]]:
    found = []
    for scheme in SCHEMES:
        left = iter(orders(scheme))
        while some := tuple(islice(left, AT_ONCE)):
            found.append((scheme, some))
    return found


@pytest.mark.parametrize(("scheme", "some"), chunks())
def test_no_server_makes_a_run_fail_or_lie(scheme: str, some: tuple[Order, ...]) -> None:
    async def all_of_them() -> None:
        await asyncio.gather(*(hold(scheme, order) for order in some))

    asyncio.run(all_of_them())


async def hold(scheme: str, order: Order) -> None:
    protocol = parse_target(f"{scheme}://{LOOPBACK}").protocol
    server = hostile(protocol, order.spot, order.attack, implicit=scheme.endswith("s"))
    loop = asyncio.get_running_loop()
    server.start()
    began = loop.time()
    try:
        world = network(DialerTo(server.port))
        result = await check(f"{scheme}://{LOOPBACK}", network=world, settings=EVERYTHING, name=HOST)
        assert loop.time() - began < LIMIT_S + SLACK_S, order
    finally:
        await server.stop()
    expect_a_sound_run(result, server.connections, order)
    expect_nothing_unseen(result, order)
    expect_safe_texts(result, order)


def expect_a_sound_run(result: Result, accepted: int, order: Order) -> None:
    attempts = {a.id: a for _, a in result.facts.within(Attempt, Subject())}.values()
    assert not [a.ended for a in attempts if a.ended.cause is Cause.CRASHED], order
    assert not [f for report in result.reports for f in report.findings if f.crashed], order
    spent = sum(a.connections for a in attempts)
    assert accepted <= spent <= EVERYTHING.connections + ON_REQUEST, order


def expect_nothing_unseen(result: Result, order: Order) -> None:
    (report,) = result.reports
    passed = {f.check for f in report.findings if f.verdict is Verdict.PASS and f.subject.port}
    if not result.facts.within(Handshake, Subject()):
        assert not [one for one in passed if one.startswith(("tls/", "certificate/"))], order
    if order.attack in MUTE:
        assert not passed & set(UNSEEN.get(order.spot, ())), order
    if order.spot == Spot(GREETING) and order.attack in ("close", "reset", "stall"):
        assert not [one for one in passed if not one.startswith("reach/")], order


def expect_safe_texts(result: Result, order: Order) -> None:
    (report,) = result.reports
    console = Console(file=io.StringIO(), width=100, no_color=True)
    print_report(console, report, result.facts, verbose=2)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    transcript = "\n".join(render_transcript(result.facts, report.root))
    document = render_json(result.reports, result.facts).decode()
    stored = b"".join(dump(result.facts)).decode()
    for text in (shown, transcript, document):
        assert OBEYED.search(text) is None, order
        assert len(text) < MOST_OCTETS, order
    assert len(stored) < MOST_OCTETS, order
    for text in (shown, transcript, document, stored):
        assert ACCOUNT[1] not in text, order
