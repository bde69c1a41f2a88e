"""Whose fault an error answer of DNS is: the zone's, or that of the resolver which gave it."""

from functools import cached_property

from waxseal.checks.api import Bundle, Everywhere, Judgement, inconclusive
from waxseal.checks.dns._hosts import is_localhost_name
from waxseal.checks.dns._lookup import ANSWERED, bounded, shown
from waxseal.facts import DnsAnswer, DnsStatus, HostAddresses, MxRecords, ReverseNames
from waxseal.wire.special_addresses import special_purposes

ASK_ANOTHER = "give another --resolver, and test again"


class Asked(Bundle, frozen=True, dict=True):
    """Every look-up of the run: what a resolver answered elsewhere tells whose fault its error is.

    REFUSED and other odd codes are mostly the resolver's own doing (it does not serve this client), and so
    are octets that are no answer. SERVFAIL may be the zone's fault or the resolver's (RFC 8914 §1).
    """

    mx: Everywhere[MxRecords]
    hosts: Everywhere[HostAddresses]
    reverses: Everywhere[ReverseNames]

    def blamed(self, answer: DnsAnswer) -> bool:
        """Whether an error is the fault of the zone or of its name servers."""
        if answer.status is DnsStatus.SERVFAIL:
            return self._answered(answer.server) is not None
        return answer.status is DnsStatus.CNAME_LOOP

    def proof(self, answer: DnsAnswer) -> tuple[str, ...]:
        """The line of evidence that shows the resolver at work, where the blame rests on it."""
        other = self._answered(answer.server) if answer.status is DnsStatus.SERVFAIL else None
        return () if other is None else (bounded(f"the same resolver answered {shown(other)}"),)

    def undecided(self, answer: DnsAnswer, *evidence: str) -> Judgement:
        """The answer where an error came that is not held against the zone."""
        why = "the resolver may be the reason, not the zone"
        if answer.status is DnsStatus.SERVFAIL:
            why = "the resolver answered nothing else in this run, so it may be the reason itself"
        return inconclusive(
            f"the {answer.rdtype} look-up is answered with an error ({answer.status.value}): {why}",
            *evidence,
            advice=ASK_ANOTHER,
        )

    def _answered(self, server: str) -> DnsAnswer | None:
        """A question to the same resolver that was answered or denied.

        Names and addresses that every resolver knows by itself prove nothing (RFC 6761 §6.3, RFC 6303 §4).
        """
        return self._answers.get(server)

    @cached_property
    def _answers(self) -> dict[str, DnsAnswer]:
        """The first such answer of each resolver."""
        found: list[DnsAnswer | None] = [records.answer for _, records in self.mx]
        for where, addresses in self.hosts:
            if not is_localhost_name(where.host or ""):
                found += (addresses.a, addresses.aaaa)
        for where, reverse in self.reverses:
            if where.address is not None and not special_purposes(where.address):
                found.append(reverse.answer)
        return {a.server: a for a in reversed(found) if a and a.status in ANSWERED}
