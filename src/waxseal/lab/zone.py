"""The lab's DNS data: records and scripted faults, and what a validating resolver makes of a question.

Names are found as in RFC 1034 §4.3.2. Signed zones are truly signed, with the lab's own root at the top, so
that any validator may sit behind the lab; to clients that validate nothing themselves the answers say what
validation comes to (RFC 4035 §3.2). Keys and signatures are in ``lab.dnssec``, sending and receiving in
``lab.dns_server``.
"""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset

from waxseal.facts import Dnssec
from waxseal.lab.dnssec import DenialChain, Flaw, Signer, ZoneCut, parent, rrset

TTL_S = 300
_SOA = "ns.lab.test. hostmaster.lab.test. 1 3600 600 86400 60"
_NS = "ns.lab.test."
_MAX_ALIASES = 16


class DnsFault(StrEnum):
    """What goes wrong with the questions for a name."""

    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    NOT_IMPLEMENTED = "not-implemented"
    SILENCE = "silence"
    """No answer ever comes."""
    WRONG_ID = "wrong-id"
    """What comes is the answer to another query, as its id says (RFC 5452 §9.1)."""
    TRUNCATED = "truncated"
    """Over UDP comes an empty answer with the TC bit; over TCP the whole one."""
    BOGUS = "bogus"
    """In a signed zone: the signature of the RRset does not hold; a denial comes without its proof."""
    EXPIRED = "expired"
    """In a signed zone: the signature of the RRset has ended."""
    ENDING = "ending"
    """In a signed zone: the signature of the RRset ends within hours."""


_RCODES = {
    DnsFault.NXDOMAIN: dns.rcode.NXDOMAIN,
    DnsFault.SERVFAIL: dns.rcode.SERVFAIL,
    DnsFault.REFUSED: dns.rcode.REFUSED,
    DnsFault.NOT_IMPLEMENTED: dns.rcode.NOTIMP,
}
_FLAWS = {
    DnsFault.BOGUS: Flaw.SPOILT,
    DnsFault.EXPIRED: Flaw.EXPIRED,
    DnsFault.ENDING: Flaw.ENDING,
}
_BREAKING = (DnsFault.BOGUS, DnsFault.EXPIRED)
# What speaks against an answer: code and text of an extended DNS error (RFC 8914 §4.7, §4.8, §4.10, §4.13).
_SPOILT = (dns.edns.EDECode.DNSSEC_BOGUS, "the signature does not hold")
_ENDED = (dns.edns.EDECode.SIGNATURE_EXPIRED, "the signature has expired")
_NO_KEY = (dns.edns.EDECode.DNSKEY_MISSING, "no key of the zone fits its DS record")
_NO_PROOF = (dns.edns.EDECode.NSEC_MISSING, "nothing proves the denial")
_OUTRANKS = (Dnssec.BOGUS, Dnssec.INSECURE, Dnssec.SECURE)


@dataclass(frozen=True)
class DnsRecord:
    """One record of class IN.

    Attributes:
        name: Owner, A-labels, no trailing dot; "" for the root.
        rdtype: Type mnemonic, such as ``MX``.
        rdata: In presentation form; names in it with their trailing dot.
        ttl_s: Its time to live; that of the first record is the RRset's.
    """

    name: str
    rdtype: str
    rdata: str
    ttl_s: int = TTL_S


@dataclass(frozen=True)
class FaultyName:
    """A scripted fault.

    Attributes:
        name: The owner name whose questions it strikes.
        fault: What goes wrong.
        rdtype: Only questions for this type; "" for every one.
    """

    name: str
    fault: DnsFault
    rdtype: str = ""


def host_records(name: str, *addresses: str, reverse: str | None = None) -> Iterator[DnsRecord]:
    """The A and AAAA records of a host, and the PTR records that lead back to it.

    Args:
        name: The host.
        addresses: Its addresses.
        reverse: The name that the PTR records hold; None for the host's, "" for no PTR record.
    """
    for address in addresses:
        yield DnsRecord(name, "AAAA" if ":" in address else "A", address)
        if reverse != "":
            yield DnsRecord(reverse_name(address), "PTR", f"{reverse or name}.")


def text_records(name: str, *texts: str) -> Iterator[DnsRecord]:
    """A TXT record for each text, cut into strings of at most 255 octets (RFC 1035 §3.3.14); ASCII."""
    for text in texts:
        escaped = [text[at : at + 255].replace("\\", "\\\\") for at in range(0, len(text) or 1, 255)]
        yield DnsRecord(name, "TXT", " ".join('"' + part.replace('"', '\\"') + '"' for part in escaped))


def reverse_name(address: str) -> str:
    """Where the PTR records of an address stand (RFC 1035 §3.5, RFC 3596 §2.5)."""
    return ipaddress.ip_address(address).reverse_pointer


@dataclass
class _Found:
    """What an answer is put together from.

    Attributes:
        answer, authority: RRsets in order, signatures among them.
        rcode: The response code.
        dnssec: What validation says of all of it.
        speaks_against: The extended error of the first thing that is bogus.
    """

    answer: list[dns.rrset.RRset] = field(default_factory=list)
    authority: list[dns.rrset.RRset] = field(default_factory=list)
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    dnssec: Dnssec = Dnssec.SECURE
    speaks_against: tuple[dns.edns.EDECode, str] | None = None

    def weigh(self, dnssec: Dnssec, speaks_against: tuple[dns.edns.EDECode, str] | None = None) -> None:
        """The whole is as good as its worst part."""
        self.dnssec = min(self.dnssec, dnssec, key=_OUTRANKS.index)
        self.speaks_against = self.speaks_against or speaks_against


class Zone:
    """All names of the lab: a name that is not in it does not exist.

    Args:
        records: The records; several of one name and type make an RRset, in this order.
        faults: What goes wrong; the first that fits a question counts.
        cuts: The zones, the root (signed) among them; none where nothing is signed and nobody validates.
        now: The moment around which signatures are dated; None for the present.
        authenticated: Set the AD bit in every answer, where there are no `cuts`.
    """

    def __init__(
        self,
        records: Iterable[DnsRecord],
        faults: Iterable[FaultyName] = (),
        *,
        cuts: Iterable[ZoneCut] = (),
        now: datetime | None = None,
        authenticated: bool = False,
    ) -> None:
        self._cuts = {cut.name: cut for cut in cuts}
        self._authenticated = authenticated
        self._signer = Signer(self._cuts.values(), now or datetime.now(UTC))
        self._faults: dict[str, list[FaultyName]] = defaultdict(list)
        for fault in faults:
            self._faults[fault.name].append(fault)
        self._records: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for record in (*records, *self._apexes()):
            self._records[record.name.lower(), record.rdtype].setdefault(record.rdata, record.ttl_s)
        self._types: dict[str, set[str]] = defaultdict(set)
        self._existing = {""}
        for name, rdtype in self._records:
            self._types[name].add(rdtype)
            while name not in self._existing:
                self._existing.add(name)
                name = parent(name)
        self._chains: dict[str, DenialChain] = {}
        self._rrsets: dict[tuple[str, str], dns.rrset.RRset | None] = {}

    @property
    def anchor(self) -> str:
        """The DS record of the root, as trust anchors are written; "" where it is not signed."""
        return self._signer.ds("").to_text() if "" in self._cuts else ""

    def respond(self, query: dns.message.Message, *, over_tcp: bool) -> dns.message.Message | None:
        """The response to a query with one question; None for silence."""
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower().removesuffix(".")
        rdtype = dns.rdatatype.to_text(question.rdtype)
        response = dns.message.make_response(query, recursion_available=True)
        # CD is copied (RFC 4035 §3.2.2), and so is DO (RFC 6840 §5.6).
        response.flags |= query.flags & dns.flags.CD
        response.ednsflags |= query.ednsflags & dns.flags.DO
        fault = self._fault(name, rdtype)
        if fault is DnsFault.SILENCE:
            return None
        if fault is DnsFault.WRONG_ID:
            response.id ^= 1
        if fault is DnsFault.TRUNCATED and not over_tcp:
            response.flags |= dns.flags.TC
            return response
        if fault in _RCODES:
            response.set_rcode(_RCODES[fault])
            return response
        found = self._find(name, rdtype)
        if found.dnssec is Dnssec.BOGUS and not query.flags & dns.flags.CD:
            _refuse(response, found)
        else:
            self._fill(response, query, found, rdtype)
        return response

    def _fill(
        self, response: dns.message.Message, query: dns.message.Message, found: _Found, rdtype: str
    ) -> None:
        """AD goes to those who set DO or AD (RFC 6840 §5.8); DNSSEC records to those who set DO or ask for
        them (RFC 4035 §3.2.1)."""
        response.set_rcode(found.rcode)
        wants_proof = bool(query.ednsflags & dns.flags.DO)
        for section, parts in ((response.answer, found.answer), (response.authority, found.authority)):
            for part in parts:
                of_dnssec = part.rdtype in (dns.rdatatype.RRSIG, dns.rdatatype.NSEC)
                if wants_proof or not of_dnssec or dns.rdatatype.to_text(part.rdtype) == rdtype:
                    section.extend(_each(part))
        unchecked = bool(query.flags & dns.flags.CD)
        secure = found.dnssec is Dnssec.SECURE if self._cuts else self._authenticated
        if secure and not unchecked and (wants_proof or query.flags & dns.flags.AD or not self._cuts):
            response.flags |= dns.flags.AD

    def _find(self, name: str, rdtype: str) -> _Found:
        found = _Found()
        seen = {name}
        while True:
            here = self._rrset(name, rdtype)
            if here is not None:
                self._add(found, found.answer, name, rdtype, here)
                return found
            alias = self._rrset(name, "CNAME") if rdtype != "CNAME" else None
            if alias is None:
                break
            self._add(found, found.answer, name, "CNAME", alias)
            name = alias[0].to_text().removesuffix(".").lower()
            if name in seen or len(seen) > _MAX_ALIASES:
                return found
            seen.add(name)
            fault = self._fault(name, rdtype)
            if fault in _RCODES:
                found.rcode = _RCODES[fault]
                return found
        self._deny(found, name, rdtype)
        return found

    def _add(
        self, found: _Found, section: list[dns.rrset.RRset], name: str, rdtype: str, here: dns.rrset.RRset
    ) -> None:
        """Put an RRset into a section, with its signature where its zone is signed."""
        zone = self._zone_of(name, rdtype)
        section.append(here)
        state = self._state(zone)
        fault = self._fault(name, rdtype)
        flaw = Flaw.NONE if fault is None else _FLAWS.get(fault, Flaw.NONE)
        if zone is not None and zone.signed:
            section.append(self._signer.rrsig(here, zone.name, flaw))
        if state is Dnssec.SECURE and fault in _BREAKING:
            found.weigh(Dnssec.BOGUS, _ENDED if flaw is Flaw.EXPIRED else _SPOILT)
        else:
            found.weigh(state, _NO_KEY if state is Dnssec.BOGUS else None)

    def _deny(self, found: _Found, name: str, rdtype: str) -> None:
        """A denial comes with the zone's SOA (RFC 2308 §2), and with NSEC records that prove it (RFC 4035
        §3.1.3): for the name, and for the wildcard that could have stood for it."""
        exists = name in self._existing
        if not exists:
            found.rcode = dns.rcode.NXDOMAIN
        zone = self._zone_of(name, rdtype)
        apex = name.rpartition(".")[2] if zone is None else zone.name
        self._add(found, found.authority, apex, "SOA", self._rrset(apex, "SOA") or _soa(apex))
        if zone is None or not zone.signed:
            return
        if self._fault(name, rdtype) in _BREAKING:
            if self._state(zone) is Dnssec.SECURE:
                found.weigh(Dnssec.BOGUS, _NO_PROOF)
            return
        encloser = name
        while encloser not in self._existing:
            encloser = parent(encloser)
        names = (name,) if exists else (name, f"*.{encloser}".removesuffix("."))
        proofs = {proof.name: proof for proof in map(self._chain(zone.name).covering, names)}
        for proof in proofs.values():
            found.authority += [proof, self._signer.rrsig(proof, zone.name)]

    def _rrset(self, name: str, rdtype: str) -> dns.rrset.RRset | None:
        key = (name, rdtype)
        if key not in self._rrsets:
            self._rrsets[key] = self._make(name, rdtype)
        return self._rrsets[key]

    def _make(self, name: str, rdtype: str) -> dns.rrset.RRset | None:
        cut = self._cuts.get(name)
        if cut is not None and cut.signed and rdtype == "DNSKEY":
            return self._signer.dnskey(name)
        if cut is not None and cut.signed and name and rdtype == "DS":
            return self._signer.ds(name)
        records = self._records.get((name, rdtype))
        return rrset(name, next(iter(records.values())), rdtype, *records) if records else None

    def _chain(self, zone: str) -> DenialChain:
        """The denials of a zone; of a zone below it holds the delegation only (RFC 4035 §2.3)."""
        if zone not in self._chains:
            types: dict[str, set[str]] = {}
            for name, those in self._types.items():
                cut = self._cuts.get(name)
                if cut is not None and name != zone:
                    above = self._zone_of(name, "DS")
                    if above is not None and above.name == zone:
                        types[name] = {"NS", "DS"} if cut.signed else {"NS"}
                elif (own := self._zone_of(name, "")) is not None and own.name == zone:
                    types[name] = those | ({"DNSKEY"} if name == zone else set())
            self._chains[zone] = DenialChain(types)
        return self._chains[zone]

    def _zone_of(self, name: str, rdtype: str) -> ZoneCut | None:
        """The zone that speaks for a name; of DS records it is the one above (RFC 4035 §2.4)."""
        if rdtype == "DS" and name:
            name = parent(name)
        while name and name not in self._cuts:
            name = parent(name)
        return self._cuts.get(name)

    def _state(self, zone: ZoneCut | None) -> Dnssec:
        """What the chain of trust from the root comes to."""
        if zone is None:
            return Dnssec.INSECURE
        above = self._state(self._zone_of(zone.name, "DS")) if zone.name else Dnssec.SECURE
        if above is not Dnssec.SECURE:
            return above
        if not zone.signed:
            return Dnssec.INSECURE
        return Dnssec.BOGUS if zone.wrong_ds else Dnssec.SECURE

    def _fault(self, name: str, rdtype: str) -> DnsFault | None:
        known = self._faults.get(name, ())
        return next((fault.fault for fault in known if fault.rdtype in ("", rdtype)), None)

    def _apexes(self) -> Iterator[DnsRecord]:
        for name in self._cuts:
            yield DnsRecord(name, "SOA", _SOA)
            yield DnsRecord(name, "NS", _NS)


def _soa(name: str) -> dns.rrset.RRset:
    return rrset(name, TTL_S, "SOA", _SOA)


def _refuse(response: dns.message.Message, found: _Found) -> None:
    """What is bogus is not passed on (RFC 4035 §5.5); why, is said to those who speak EDNS (RFC 8914 §2)."""
    response.set_rcode(dns.rcode.SERVFAIL)
    if response.edns >= 0 and found.speaks_against is not None:
        option = dns.edns.EDEOption(*found.speaks_against)
        response.use_edns(0, response.ednsflags, response.payload, options=[option])


def _each(whole: dns.rrset.RRset) -> list[dns.rrset.RRset]:
    """Each record by itself, because dnspython shuffles the records of one set."""
    return [dns.rrset.from_rdata(whole.name, whole.ttl, record) for record in whole]
