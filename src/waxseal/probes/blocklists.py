"""Asks DNS blocklists about an address (RFC 5782). The lists and their words are in ``wire.blocklists``."""

import asyncio

from waxseal.facts import BlocklistAnswer, DnsStatus, Subject
from waxseal.net.network import Network
from waxseal.probes.recorder import Recorder, attempt
from waxseal.wire.blocklists import Blocklist, blocklists, question

PROBE = "dns.blocklist"


async def ask_blocklists(
    network: Network,
    recorder: Recorder,
    subjects: tuple[Subject, ...],
    address: str,
    ids: tuple[str, ...],
    *,
    sending: bool = False,
) -> None:
    """Ask every list about an address, side by side; the reason is asked only for what is listed.

    Args:
        network: The outside world.
        recorder: Where the facts go.
        subjects: Address subjects that the answers are recorded for.
        address: The address.
        ids: Ids of the lists; unknown ones are passed over.
        sending: It was named as an address that sends mail.
    """
    chosen = [known for name in ids if (known := blocklists().get(name)) is not None]
    async with attempt(recorder, subjects, PROBE, network.clock) as run:

        async def ask(known: Blocklist) -> None:
            name = question(known, address)
            if name is None:
                return
            answer = await network.resolver.query(name, "A")
            text = None
            if answer.status is DnsStatus.ANSWERED:
                text = await network.resolver.query(name, "TXT")
            run.emit(
                BlocklistAnswer(list_id=known.id, zone=known.zone, answer=answer, text=text, sending=sending)
            )

        await asyncio.gather(*(ask(known) for known in chosen))
