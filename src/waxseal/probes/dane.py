"""Looks for the TLSA records of a host's port, at each candidate for the TLSA base domain.

RFC 7672 §2.2.2 and §2.2.3, RFC 7671 §7. Senders are told not to ask where the address records are not secure
(RFC 7672 §2.2.2); waxseal asks, to show what is there, and what senders would do with it follows from the
status of each answer. What the records match is found in ``trust.dane``.
"""

import asyncio

from waxseal.facts import (
    DnsAnswer,
    Dnssec,
    DnsStatus,
    HostAddresses,
    Subject,
    TlsaLookup,
    TlsaRecords,
)
from waxseal.net.network import Network
from waxseal.probes.lookups import ANSWERS, looked_up
from waxseal.probes.recorder import Recorder, attempt
from waxseal.wire.dns_rdata import tlsa_records

_UNSURE = (Dnssec.BOGUS, Dnssec.INDETERMINATE)


async def find_tlsa(
    network: Network, recorder: Recorder, subject: Subject, port: int, found: HostAddresses
) -> TlsaRecords | None:
    """Look up the TLSA records for a port of a host, every candidate side by side, and record them.

    Args:
        network: The outside world.
        recorder: Where `TlsaRecords` goes.
        subject: The host.
        port: What the owner name begins with.
        found: The host's address look-ups, aliases followed, with what DNSSEC says of them.

    Returns:
        What was recorded; None where the host is an address, to which DANE does not apply (RFC 7672 §2.2),
        or the attempt came to nothing.
    """
    host = subject.host
    if host is None or (found.a is None and found.aaaa is None):
        return None
    async with attempt(recorder, (subject,), "dane.tlsa", network.clock) as run:
        expanded, asks_alias = _expansion(found)
        bases = tuple(dict.fromkeys((expanded or host, host)))
        asking = [network.resolver.query(f"_{port}._tcp.{base}", "TLSA") for base in bases]
        if asks_alias:
            # Whether the alias itself is signed takes a question of its own (RFC 7672 §2.1.3).
            asking.append(network.resolver.query(host, "CNAME"))
        answers = await asyncio.gather(*asking)
        asked = zip(bases, answers[: len(bases)], strict=True)
        lookups = _until_the_end(tuple(TlsaLookup(base, got, tlsa_records(got)) for base, got in asked))
        alias = answers[-1] if asks_alias else None
        records = TlsaRecords(port=port, lookups=lookups, alias=alias)
        run.emit(records)
        run.ended = looked_up(*(lookup.answer for lookup in lookups), alias)
        return records
    return None


def _expansion(found: HostAddresses) -> tuple[str | None, bool]:
    """The host's last alias, where it is a candidate; and whether the alias has to be asked for by itself.

    The last alias is one where every step to it is secure (RFC 7672 §2.2.3), the host's own name alone where
    that is not so. Where nobody validates, nothing is known of the steps, and both are candidates.
    """
    telling = _telling(found)
    expanded = next((answer.aliases[-1] for answer in telling if answer.aliases), None)
    if expanded is None:
        return None, False
    if all(answer.dnssec is Dnssec.SECURE for answer in telling):
        return expanded, False
    if any(answer.dnssec is Dnssec.UNTRUSTED for answer in telling):
        return expanded, False
    return None, True


def _telling(found: HostAddresses) -> tuple[DnsAnswer, ...]:
    """The look-ups that brought addresses; those that deny them where none did."""
    answers = tuple(answer for answer in (found.a, found.aaaa) if answer is not None)
    answered = tuple(answer for answer in answers if answer.status is DnsStatus.ANSWERED)
    return answered or tuple(answer for answer in answers if answer.status in ANSWERS)


def _until_the_end(lookups: tuple[TlsaLookup, ...]) -> tuple[TlsaLookup, ...]:
    """The look-ups as a sender makes them, up to the one that ends it.

    Records end it unless they are insecure, and so does a failure, since none of them is a denial
    (RFC 7672 §2.1.2); a denial, and records that are insecure, lead to the next candidate (§2.2.3).
    """
    for number, lookup in enumerate(lookups, 1):
        answer = lookup.answer
        if answer.status not in ANSWERS or answer.dnssec in _UNSURE:
            return lookups[:number]
        if answer.status is DnsStatus.ANSWERED and answer.dnssec is not Dnssec.INSECURE:
            return lookups[:number]
    return lookups
