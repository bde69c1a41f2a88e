"""DNS messages: the query that asks a question, and what a reply says to it.

From RFC 1035 §4, RFC 2308 §2 (denials and referrals), RFC 6672 §3 (DNAME), RFC 6891 §6 (EDNS) and RFC 8914.
Sections are walked here, because a resolver's reply is mostly one short RRset and is read often; record data
other than addresses and names is put into presentation form by dnspython, which is imported when first needed.
Sending and receiving is in ``net.dns_exchange``. Nothing here raises because of received octets.
"""

import socket
import struct
from dataclasses import dataclass, field

from waxseal.facts import DnsStatus
from waxseal.wire.dns_rdata import MAX_NAME_OCTETS, extended_errors, name_text

EDNS_PAYLOAD_OCTETS = 1232
MAX_ALIASES = 16

FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 1, 2, 3, 4, 5, 16
_STATUS_OF_RCODE = {
    SERVFAIL: DnsStatus.SERVFAIL,
    NXDOMAIN: DnsStatus.NXDOMAIN,
    REFUSED: DnsStatus.REFUSED,
}

_A, _NS, _CNAME, _SOA, _PTR, _MX, _AAAA, _OPT = 1, 2, 5, 6, 12, 15, 28, 41
_COMMON_TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "TLSA": 52}
_IN = 1
_QR, _AA, _TC, _RD, _AD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0020
_OPCODE, _RCODE = 0x7800, 0x000F

_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
# Root name, type OPT, payload size as class; extended RCODE, version and flags (no DO) zero; no options.
_OPT_RECORD = struct.pack("!BHHIH", 0, _OPT, EDNS_PAYLOAD_OCTETS, 0, 0)


class _MalformedError(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class Question:
    """One question of class IN.

    Attributes:
        name: Wire form, lower case.
        rdtype: Type number.
    """

    name: bytes
    rdtype: int

    def query(self, message_id: int, *, edns: bool) -> bytes:
        """The octets that ask it: recursion desired, and AD set, which asks for AD without DO (RFC 6840 §5.7).

        Args:
            message_id: 0 to 65535.
            edns: Whether an OPT record with payload size 1232 goes with it (RFC 6891 §6.2.3).
        """
        header = _HEADER.pack(message_id, _RD | _AD, 1, 0, 0, int(edns))
        question = self.name + struct.pack("!HH", self.rdtype, _IN)
        return header + question + (_OPT_RECORD if edns else b"")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a reply says to a question.

    Attributes:
        status: How it answers; one of those that a single message can show.
        rcode: Response code, extended by the OPT record where there is one (RFC 6891 §6.1.3).
        truncated: The TC bit; the sections were not read.
        authenticated: The AD bit.
        rdata: The RRset in presentation form, in the order received, equal records once (RFC 2181 §5).
        ttl_s: The smallest TTL of the aliases and the RRset; None where there is neither.
        aliases: CNAME targets in wire form, lower case, in order from the name asked.
        continues: The last alias was neither answered nor denied, so it has to be asked for.
        extended_errors: As `extended_errors` gives them.
    """

    status: DnsStatus
    rcode: int = 0
    truncated: bool = False
    authenticated: bool = False
    rdata: tuple[str, ...] = ()
    ttl_s: int | None = None
    aliases: tuple[bytes, ...] = ()
    continues: bool = False
    extended_errors: tuple[str, ...] = ()


@dataclass(slots=True)
class _Sections:
    # Start and length of each record's data, with its TTL, by owner (lower case) and type.
    answers: dict[tuple[bytes, int], list[tuple[int, int, int]]] = field(default_factory=dict)
    broken: bool = False  # the answer section
    broken_after: bool = False  # what comes after it
    start_of_authority: bool = False
    name_servers: bool = False
    rcode_high: int = 0
    options: bytes = b""


def type_number(mnemonic: str) -> int:
    """The number of a record type, such as ``MX`` or ``TYPE65280``.

    Raises:
        ValueError: There is no such type, or it is one of the query and meta types (RFC 6895 §3.1), which
            have no RRset to answer with.
    """
    number = _COMMON_TYPES.get(mnemonic)
    if number is None:
        import dns.exception
        import dns.rdatatype

        try:
            number = int(dns.rdatatype.from_text(mnemonic))
        except dns.exception.DNSException:
            raise ValueError(f"there is no DNS record type {mnemonic!r}") from None
        if number in (0, _OPT) or 128 <= number <= 255:
            raise ValueError(f"{mnemonic} is no type of records that can be asked for")
    return number


def is_reply(octets: bytes, message_id: int, question: Question) -> bool:
    """Whether octets are a reply to our query: id, QR, opcode and question fit (RFC 5452 §9.1).

    The question's name is compared without case. A reply with an error code and no question at all is taken,
    as servers that cannot read a query answer with the header alone (RFC 9619 §4 allows only one or none).
    """
    if len(octets) < _HEADER.size:
        return False
    received_id, flags, questions, answers, _, _ = _HEADER.unpack_from(octets)
    if received_id != message_id or not flags & _QR or flags & _OPCODE:
        return False
    if questions == 0:
        return flags & _RCODE in (FORMERR, SERVFAIL, NOTIMP, REFUSED) and answers == 0
    end = _HEADER.size + len(question.name)
    return (
        questions == 1
        and octets[_HEADER.size : end].lower() == question.name  # label lengths are below the letters
        and octets[end : end + 4] == struct.pack("!HH", question.rdtype, _IN)
    )


def read_reply(octets: bytes, question: Question) -> Reply:
    """Read a reply that `is_reply` accepted (others come out as whatever they happen to say).

    A break in the answer section, or in the record data asked for, makes the whole reply malformed; one in
    what comes after it only where the answer depends on it. A referral is no answer (RFC 2308 §2.2) and is
    malformed too: a resolver that recurses sends none.
    """
    if len(octets) < _HEADER.size:
        return Reply(DnsStatus.MALFORMED)
    flags = int.from_bytes(octets[2:4])
    authenticated = bool(flags & _AD)
    if flags & _TC:
        return Reply(DnsStatus.MALFORMED, flags & _RCODE, truncated=True, authenticated=authenticated)
    sections = _read_sections(octets, question)
    rcode = sections.rcode_high << 4 | flags & _RCODE
    errors = extended_errors(sections.options)

    def reply(
        status: DnsStatus,
        aliases: list[bytes] | None = None,
        ttl_s: int | None = None,
        rdata: tuple[str, ...] = (),
        *,
        continues: bool = False,
    ) -> Reply:
        chain = tuple(aliases or ())
        return Reply(status, rcode, False, authenticated, rdata, ttl_s, chain, continues, errors)

    if rcode not in (0, NXDOMAIN):
        return reply(_STATUS_OF_RCODE.get(rcode, DnsStatus.OTHER_RCODE))
    if sections.broken:
        return reply(DnsStatus.MALFORMED)
    try:
        aliases, ttl_s, loops = _follow(octets, sections, question)
        if loops:
            return reply(DnsStatus.CNAME_LOOP, aliases, ttl_s)
        if rcode == NXDOMAIN:  # of the last name in the chain (RFC 6604 §3)
            return reply(DnsStatus.NXDOMAIN, aliases, ttl_s)
        owner = aliases[-1] if aliases else question.name
        records = sections.answers.get((owner, question.rdtype))
        if records:
            rdata = [_rdata_text(octets, question.rdtype, start, length) for _, start, length in records]
            ttl_s = min([ttl for ttl, _, _ in records] + ([ttl_s] if ttl_s is not None else []))
            return reply(DnsStatus.ANSWERED, aliases, ttl_s, tuple(dict.fromkeys(rdata)))
    except (_MalformedError, IndexError):
        return reply(DnsStatus.MALFORMED)
    if sections.start_of_authority:
        return reply(DnsStatus.NO_DATA, aliases, ttl_s)
    if aliases:
        return reply(DnsStatus.NO_DATA, aliases, ttl_s, continues=True)
    if sections.broken_after or (sections.name_servers and not flags & _AA):
        return reply(DnsStatus.MALFORMED)
    return reply(DnsStatus.NO_DATA)


def _follow(octets: bytes, sections: _Sections, question: Question) -> tuple[list[bytes], int | None, bool]:
    """The alias chain within the answer section, its smallest TTL, and whether it loops or is too long."""
    name = question.name
    aliases: list[bytes] = []
    ttl_s: int | None = None
    while question.rdtype != _CNAME and (name, question.rdtype) not in sections.answers:
        records = sections.answers.get((name, _CNAME))
        if not records:
            break
        ttl, start, length = records[0]
        target, end = _read_name(octets, start, question)
        if end != start + length:
            raise _MalformedError
        name = target.lower()
        ttl_s = ttl if ttl_s is None else min(ttl, ttl_s)
        if name == question.name or name in aliases or len(aliases) == MAX_ALIASES:
            return aliases, ttl_s, True
        aliases.append(name)
    return aliases, ttl_s, False


def _read_sections(octets: bytes, question: Question) -> _Sections:
    sections = _Sections()
    _, _, questions, answers, authorities, additionals = _HEADER.unpack_from(octets)
    at = _HEADER.size
    if questions:
        at += len(question.name) + 4
    wanted = (question.rdtype, _CNAME)
    try:
        for _ in range(answers):
            owner, rdtype, rdclass, ttl, at, length = _read_record(octets, at, question)
            if rdclass == _IN and rdtype in wanted:
                sections.answers.setdefault((owner.lower(), rdtype), []).append((ttl, at, length))
            at += length
    except (_MalformedError, IndexError, struct.error):
        sections.broken = True
        return sections
    try:
        for number in range(authorities + additionals):
            _, rdtype, _, ttl, at, length = _read_record(octets, at, question)
            if number < authorities:
                sections.start_of_authority |= rdtype == _SOA
                sections.name_servers |= rdtype == _NS
            elif rdtype == _OPT and not sections.options:
                sections.rcode_high = ttl >> 24
                sections.options = octets[at : at + length]
            at += length
    except (_MalformedError, IndexError, struct.error):
        sections.broken_after = True
    return sections


def _read_record(octets: bytes, at: int, question: Question) -> tuple[bytes, int, int, int, int, int]:
    """Owner, type, class, TTL, and where the data begins and how long it is."""
    owner, at = _read_name(octets, at, question)
    rdtype, rdclass, ttl, length = _RECORD.unpack_from(octets, at)
    at += _RECORD.size
    if at + length > len(octets):
        raise _MalformedError
    if ttl & 0x80000000 and rdtype != _OPT:  # treated as zero (RFC 2181 §8)
        ttl = 0
    return owner, rdtype, rdclass, ttl, at, length


def _read_name(octets: bytes, at: int, question: Question) -> tuple[bytes, int]:
    """The name at an offset, compression undone (RFC 1035 §4.1.4), and the offset after it."""
    if octets[at : at + 2] == b"\xc0\x0c":  # the name of the question, which was compared already
        return question.name, at + 2
    labels: list[bytes] = []
    size = 1
    after = None
    before = at  # a pointer points to a prior occurrence, so each goes further back and there is an end
    while length := octets[at]:
        if length <= 63:
            labels.append(octets[at : at + 1 + length])
            at += 1 + length
            size += 1 + length
            if size > MAX_NAME_OCTETS or at > len(octets):
                raise _MalformedError
        elif length >= 192:
            after = at + 2 if after is None else after
            at = (length & 63) << 8 | octets[at + 1]
            if at >= before:
                raise _MalformedError
            before = at
        else:
            raise _MalformedError
    return b"".join(labels) + b"\0", at + 1 if after is None else after


def _rdata_text(octets: bytes, rdtype: int, start: int, length: int) -> str:
    end = start + length
    if rdtype == _A and length == 4:
        return socket.inet_ntop(socket.AF_INET, octets[start:end])
    if rdtype == _AAAA and length == 16:
        return socket.inet_ntop(socket.AF_INET6, octets[start:end])
    import dns.rdata

    try:
        return dns.rdata.from_wire(_IN, rdtype, octets, start, length).to_text()
    except Exception as error:  # whatever dnspython makes of it, the octets are no such record
        raise _MalformedError from error
