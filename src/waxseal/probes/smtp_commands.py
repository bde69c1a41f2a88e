"""Asks with VRFY and EXPN what a server tells of its users: one connection, under TLS where it is offered.

A made-up user and list beside ``postmaster``, which every domain has (RFC 5321 §4.5.1), so that an answer
that tells the two apart can be seen (RFC 5321 §3.5, §7.3). No name of a person is tried.
"""

import secrets

from waxseal.facts import CommandAnswers, Reply, Stage, Subject
from waxseal.net.peer import Peer
from waxseal.probes.exchange import Exchange
from waxseal.probes.mail_session import SHUTTING_DOWN, ask, ready
from waxseal.probes.recorder import Recorder, attempt, completed, declined
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.way import Way

PROBE = "smtp.commands"


async def ask_commands(
    peer: Peer, recorder: Recorder, subjects: tuple[Subject, ...], settings: ProbeSettings, way: Way
) -> None:
    """Hold one conversation and record the replies (`smtp.commands/1`), whatever comes of it.

    Args:
        peer: The address and port, with what is left of its limits.
        recorder: Where the facts go.
        subjects: Port subjects.
        settings: The name for EHLO.
        way: SMTP or LMTP.
    """
    unknown = f"waxseal-{secrets.token_hex(6)}"
    at = "" if way.domain is None else f"@{way.domain}"
    commands = {
        "vrfy": f"VRFY {unknown}{at}",
        "vrfy_known": f"VRFY postmaster{at}",
        "expn": f"EXPN {unknown}{at}",
        "expn_known": f"EXPN postmaster{at}",
    }
    async with attempt(recorder, subjects, PROBE, peer.network.clock) as run:
        exchange = Exchange(peer, run, way, settings)
        replies: dict[str, Reply] = {}
        try:
            if not await ready(exchange, run):
                return
            for field, command in commands.items():
                replies[field] = await ask(exchange, command.encode("ascii"))
                if replies[field].code == SHUTTING_DOWN:
                    break
            run.ended = completed(Stage.QUIT)
            await exchange.leave()
            if not exchange.in_step:
                replies.clear()
                run.ended = declined(Stage.QUIT, None, "more answers came than commands went")
        finally:
            if replies:
                run.emit(CommandAnswers(**replies))
            run.emit(exchange.transcript())
