"""The TLSA records of a host, how far they may be believed, and what they say of a certificate as shown.

The DNSSEC status of the TLSA RRset decides what senders make of it (RFC 7672 §2.2). Each way in which it may
fail belongs to one check, so that one fault gives one finding; the others point to it.
"""

from collections.abc import Callable, Iterator
from functools import cached_property

from waxseal.checks.api import (
    Around,
    Bundle,
    Everywhere,
    Judgement,
    Scope,
    Subject,
    Verdict,
    fail,
    not_applicable,
    unreached,
    warn,
)
from waxseal.checks.dns._lookup import ANSWERED
from waxseal.facts import (
    Certificate,
    CertificateChain,
    DnsAnswer,
    Dnssec,
    DnsStatus,
    Endpoint,
    Handshake,
    HostAddresses,
    MxRecords,
    TlsaLookup,
    TlsaRecord,
    TlsaRecords,
)
from waxseal.trust import dane
from waxseal.trust.dane import DaneProof, MatchFault, RecordMatch
from waxseal.trust.proof import plain

MAX_LINE = 200
MAX_LINES = 6
_SHOWN_OCTETS = 32
_UNPROVED = "nobody validated the records, so whether senders take them is not known"

_WORST = (Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.NOT_APPLICABLE)


def is_unsigned(answer: DnsAnswer) -> bool:
    """Whether the answer is proved to be of an unsigned zone."""
    return answer.status is DnsStatus.ANSWERED and answer.dnssec is Dnssec.INSECURE


def owner(lookup: TlsaLookup) -> str:
    """The name that was asked for."""
    return plain(lookup.answer.name, 100)


def short(record: TlsaRecord) -> str:
    """A record on one line, long data cut."""
    text = f"{record.usage} {record.selector} {record.matching_type} {record.data[:_SHOWN_OCTETS].hex()}"
    return f"{text}... ({len(record.data)} octets)" if len(record.data) > _SHOWN_OCTETS else text


class Published(Bundle, frozen=True):
    """The TLSA look-ups of a host; for a port or a certificate, only those of its port."""

    subject: Subject
    tlsa: Around[TlsaRecords]
    addresses: HostAddresses | None

    @property
    def lookups(self) -> tuple[tuple[int, TlsaLookup], ...]:
        """The deciding look-up of each port; none for a port without records."""
        wanted = [f for f in self.tlsa if self.subject.port is None or f.port == self.subject.port]
        latest = {found.port: found for found in wanted}
        chosen = ((port, found.chosen) for port, found in sorted(latest.items()))
        return tuple((port, lookup) for port, lookup in chosen if lookup is not None)

    def aside(self) -> Judgement | None:
        """Without records, and without a failure that may hide them, there is nothing to judge."""
        return None if self.lookups else not_applicable("no TLSA records are published")

    def by_port(self, judge: Callable[[int, TlsaLookup], Judgement]) -> Judgement:
        """The worst answer over the ports and their look-ups."""
        answers = [judge(port, lookup) for port, lookup in self.lookups]
        return min(answers, key=lambda answer: _WORST.index(answer.verdict))

    def each(self, judge: Callable[[TlsaLookup], Judgement]) -> Judgement:
        """The same for what does not hang on the port."""
        return self.by_port(lambda _, lookup: judge(lookup))

    def of_records(self, judge: Callable[[TlsaLookup], Judgement]) -> Judgement:
        """The same over the look-ups that senders may take records from."""
        return self.each(lambda lookup: unless_taken(lookup) or judge(lookup))

    def is_signed(self) -> bool | None:
        """Whether the host's own zone is signed: senders ask for TLSA records only there (RFC 7672 §2.2.2).

        None where nobody validated.
        """
        answers = [found.alias for found in self.tlsa if found.alias is not None]
        if self.addresses is not None:
            answers += [a for a in (self.addresses.a, self.addresses.aaaa) if a and a.status in ANSWERED]
        statuses = {answer.dnssec for answer in answers}
        if Dnssec.SECURE in statuses:
            return True
        return False if statuses == {Dnssec.INSECURE} else None


def unless_taken(lookup: TlsaLookup) -> Judgement | None:
    """The answer where no sender takes records from a look-up, which another check tells; else None.

    Records that nobody validated are compared all the same, but never called proved.
    """
    answer = lookup.answer
    if answer.dnssec is Dnssec.BOGUS:
        return unreached("the TLSA records are bogus, see dane/answer-bogus", advice="mend that first")
    if answer.status is not DnsStatus.ANSWERED:
        return unreached("the TLSA look-up failed, see dane/lookup-failed", advice="mend that first")
    if is_unsigned(answer):
        return not_applicable("the TLSA records are not signed, so no sender uses them; see dane/unsigned")
    return None


def usable_of(lookup: TlsaLookup) -> tuple[TlsaRecord, ...]:
    """The records that a sender can use (RFC 7672 §3.1)."""
    return tuple(record for record in lookup.records if not dane.unusable(record))


def unless_usable(lookup: TlsaLookup) -> Judgement | None:
    """The answer where no record can be used at all; None where one can."""
    if usable_of(lookup):
        return None
    return not_applicable("no TLSA record can be used; see dane/none-usable")


def broken(lookup: TlsaLookup, summary: str, *evidence: str) -> Judgement:
    """FAIL where the records are secure; WARN where nobody validated them."""
    if lookup.answer.dnssec is Dnssec.SECURE:
        return fail(summary, *evidence)
    return warn(summary, *evidence, _UNPROVED)


class ShownToSenders(Bundle, frozen=True, dict=True):
    """A chain as a server showed it, and the TLSA records of its port."""

    subject: Subject
    endpoint: Endpoint
    chain: CertificateChain
    handshake: Handshake | None
    tlsa: Around[TlsaRecords]
    mx: MxRecords | None
    every: Everywhere[CertificateChain] = ()

    @cached_property
    def lookup(self) -> TlsaLookup | None:
        """The look-up whose records decide; None where there are none."""
        found = next((f for f in reversed(self.tlsa) if f.port == self.subject.port), None)
        return found.chosen if found is not None else None

    def aside(self) -> Judgement | None:
        """Where a sender has no usable records, or would have been shown another certificate."""
        lookup = self.lookup
        if lookup is None:
            return not_applicable("no TLSA records are published")
        if self.subject.server_name == "" and self.handshake is not None and self.handshake.server_name:
            return not_applicable("senders that know DANE send a name; the certificate shown to one counts")
        if (judgement := unless_taken(lookup) or unless_usable(lookup)) is not None:
            return judgement
        if self.subject.server_name not in ("", lookup.base) and not self.proof.holds:
            return unreached(
                f"senders that know DANE send the name {plain(lookup.base, 100)}, which may show another "
                "certificate",
                advice="see the certificate shown to that name",
            )
        return None

    @property
    def is_secure(self) -> bool:
        """Whether the records are proved."""
        return self.lookup is not None and self.lookup.answer.dnssec is Dnssec.SECURE

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The reference identifiers for usage 2, the TLSA base domain first (RFC 7672 §3.2.2).

        The next-hop domain, as given and with its aliases followed, is one where the MX records are secure
        or there are none; where nobody validated them, it is given the benefit of the doubt.
        """
        lookup, domain = self.lookup, self.subject.domain
        names = [lookup.base if lookup is not None else ""]
        if domain is None or domain == self.subject.host:
            names.append(self.subject.host or "")
        elif self.mx is not None and self.mx.answer.dnssec in (Dnssec.SECURE, Dnssec.UNTRUSTED):
            names += [domain, *self.mx.answer.aliases[-1:]]
        return tuple(dict.fromkeys(name for name in names if name))

    @cached_property
    def proof(self) -> DaneProof:
        """What the records say of the chain, at the time when it was shown."""
        return self._proof_of(self.chain)

    def _proof_of(self, chain: CertificateChain) -> DaneProof:
        records = self.lookup.records if self.lookup is not None else ()
        return dane.verify(records, chain.certificates, self.names, chain.shown_at)

    def consequence(self) -> str:
        """What a server that nothing authenticates by this certificate means to mail.

        A server may show several certificates at one place, and which of them a sender gets is the sender's
        choice: it delivers where that one matches.
        """
        others = [chain for chain in self._beside() if self._proof_of(chain).holds]
        if not others:
            return "senders with DANE do not deliver here"
        own = key_kind(self.chain.leaf)
        kinds = dict.fromkeys(key_kind(chain.leaf) for chain in others)
        matching = "another" if own in kinds else f"the {' and '.join(kinds)} one"
        return f"senders with DANE that are shown the {own} one do not deliver here; {matching} matches"

    def _beside(self) -> Iterator[CertificateChain]:
        """The other chains that the same port shows to the same name."""
        place, name = self.subject.up_to(Scope.PORT), self.subject.server_name
        for where, chain in self.every:
            if where != self.subject and where.server_name == name and where.within(place):
                yield chain

    def speaker(self) -> str:
        """The one check that tells why nothing authenticates the server; "" where something does."""
        proof = self.proof
        if proof.holds:
            return ""
        in_play = [match for match in proof.matches if not match.unusable and not match.aside]
        faults = {match.fault for match in in_play}
        if MatchFault.NAME in faults:
            return "dane/anchor-name-mismatch"
        if MatchFault.CHAIN in faults:
            return "dane/anchor-chain-invalid"
        if all(match.record.usage == dane.DANE_TA for match in in_play):
            return "dane/anchor-not-sent"
        return "dane/mismatch"

    def told_elsewhere(self, check: str) -> Judgement | None:
        """The answer of a check of anchors that has nothing to say of its own; None for the one that has."""
        if not any(record.usage == dane.DANE_TA for record in usable_of_shown(self)):
            return not_applicable("no usable TLSA record has usage 2")
        speaker = self.speaker()
        if speaker in ("", check):
            return None
        return unreached(f"the server is not authenticated for another reason, see {speaker}", advice=MEND)

    def broken(self, summary: str, *evidence: str) -> Judgement:
        """FAIL where the records are secure; WARN where nobody validated them."""
        lookup = self.lookup
        told = (*self.lines(), *evidence)
        return broken(lookup, summary, *told) if lookup is not None else warn(summary, *told)

    def held(self) -> tuple[str, ...]:
        """The records that authenticate the server, and who vouches for them."""
        lines = [f"matches {short(match.record)}" for match in self.proof.matches if match.holds]
        return (*lines[:MAX_LINES], *(() if self.is_secure else (_UNPROVED,)))

    def lines(self) -> tuple[str, ...]:
        """One line for each record: what came of it; then the record that the certificate would need."""
        lookup = self.lookup
        at = f"{owner(lookup)}: " if lookup is not None else ""
        told = [_line(at, match) for match in self.proof.matches]
        more = [f"and {len(told) - MAX_LINES} more records"] if len(told) > MAX_LINES else []
        return (*told[:MAX_LINES], *more, *needed(self.chain.leaf))


MEND = "mend that first, then test again"


def usable_of_shown(shown: ShownToSenders) -> tuple[TlsaRecord, ...]:
    """The usable records that a chain is compared with."""
    return usable_of(shown.lookup) if shown.lookup is not None else ()


def _line(at: str, match: RecordMatch) -> str:
    return f"{at}{short(match.record)}: {plain(match.why) or 'matches'}"[:MAX_LINE]


def key_kind(certificate: Certificate) -> str:
    """What tells the certificates of one server apart: ``RSA``, ``EC``."""
    return certificate.key_type.upper() or "live"


def needed(certificate: Certificate) -> Iterator[str]:
    """The record that a sender would take this certificate by."""
    try:
        record = dane.record_for(certificate, dane.DANE_EE, dane.SPKI, dane.SHA2_256)
    except ValueError:
        return
    yield f"the {key_kind(certificate)} certificate shown would need {record}"
