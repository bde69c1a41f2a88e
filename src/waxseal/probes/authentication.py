"""What a domain publishes about mail that claims to be from it: SPF, DMARC, and DKIM keys that are named.

Look-ups only. Which ones, the readers say (``wire.spf``, ``wire.dmarc``, ``wire.dkim``), from the answers so
far; they are asked side by side until nothing is open. What the answers mean is decided in ``checks/spf``,
``checks/dmarc`` and ``checks/dkim``, which read them once more.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from waxseal.facts import (
    Cause,
    DkimKey,
    DmarcWalk,
    DnsAnswer,
    DnsStatus,
    Ended,
    SpfAnswers,
    Stage,
    Subject,
)
from waxseal.net.network import Network
from waxseal.probes.recorder import Recorder, attempt
from waxseal.wire import dkim, dmarc, spf

SPF_LOOKUPS: Final = 40
"""Look-ups that following one SPF policy may take; a policy may have 10 terms with look-ups."""
_SEEN = (DnsStatus.ANSWERED, DnsStatus.NO_DATA, DnsStatus.NXDOMAIN)


def _ended(answer: DnsAnswer) -> Ended:
    """COMPLETED where the look-up that all others follow from got an answer, a denial included."""
    if answer.status not in _SEEN:
        return Ended(Cause.DNS, Stage.RESOLVE, detail=f"{answer.rdtype} {answer.status.value}")
    return Ended(Cause.COMPLETED, Stage.RESOLVE)


async def _ask(network: Network, questions: Sequence[spf.Question | dmarc.Question]) -> list[DnsAnswer]:
    """All of them side by side."""
    return await asyncio.gather(*(network.resolver.query(name, rdtype) for name, rdtype in questions))


async def find_spf(network: Network, recorder: Recorder, domain: str) -> None:
    """Follow the domain's SPF policy with at most `SPF_LOOKUPS` look-ups, records before addresses.

    What was seen is recorded also where the time for it runs out.
    """
    async with attempt(recorder, (Subject(domain=domain),), "spf", network.clock) as run:
        answers: list[DnsAnswer] = []
        cut = True
        try:
            while (questions := spf.read(domain, answers).questions) and len(answers) < SPF_LOOKUPS:
                answers += await _ask(network, questions[: SPF_LOOKUPS - len(answers)])
            cut = bool(questions)
        finally:
            if answers:
                run.emit(SpfAnswers(answers=tuple(answers), cut=cut))
        run.ended = _ended(answers[0])


async def find_dmarc(network: Network, recorder: Recorder, domain: str) -> None:
    """Walk the DNS tree for the domain's DMARC record, then ask the domains that its reports go to.

    The walk is one round of at most 8 look-ups (RFC 9989 §4.10); the destinations are two more at most.
    """
    async with attempt(recorder, (Subject(domain=domain),), "dmarc", network.clock) as run:
        walk = await _ask(network, dmarc.read(domain, ()).questions)
        further: list[DnsAnswer] = []
        try:
            for _ in range(2):
                if questions := dmarc.read(domain, (*walk, *further)).questions:
                    further += await _ask(network, questions)
        finally:
            agreements = tuple(answer for answer in further if answer.rdtype == "TXT")
            exchanges = tuple(answer for answer in further if answer.rdtype != "TXT")
            run.emit(DmarcWalk(answers=tuple(walk), authorizations=agreements, exchanges=exchanges))
        run.ended = _ended(walk[0])


async def find_dkim(
    network: Network, recorder: Recorder, domain: str, selector: str, signing_domain: str = ""
) -> None:
    """Look up one DKIM key.

    Args:
        network: The outside world.
        recorder: Takes the fact.
        domain: The domain under test.
        selector: Of the key.
        signing_domain: The domain that signs; "" for `domain`.
    """
    async with attempt(recorder, (Subject(domain=domain),), "dkim", network.clock) as run:
        signing = signing_domain or domain
        answer = await network.resolver.query(dkim.key_name(selector, signing), "TXT")
        run.emit(DkimKey(selector=selector, signing_domain=signing, answer=answer))
        run.ended = _ended(answer)
