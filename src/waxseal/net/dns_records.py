"""The records of a DNS message: sections, names with compression, and record data in presentation form.

From RFC 1035 §4.1.3 and §4.1.4, RFC 2181 §8 (TTL), RFC 4034 §3.1 (RRSIG), RFC 6891 §6.1 (OPT). Sections are
walked here, because a resolver's reply is mostly one short RRset and is read often; record data other than
addresses and names is put into presentation form by dnspython, imported when first needed. What the records
answer is found in ``net.dns_message``.
"""

import socket
import struct

from waxseal.wire.dns_rdata import MAX_NAME_OCTETS, name_text

CLASS_IN = 1
TYPE_A, TYPE_NS, TYPE_CNAME, TYPE_SOA, TYPE_PTR, TYPE_MX, TYPE_AAAA, TYPE_OPT = 1, 2, 5, 6, 12, 15, 28, 41
TYPE_RRSIG, TYPE_TLSA = 46, 52
NEVER = 1 << 32
"""Later than any end of a signature, which is a time in 32 bits."""
_NAME_TYPES = frozenset((TYPE_NS, TYPE_CNAME, TYPE_PTR))
_COMMON_TYPES = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "TLSA": TYPE_TLSA}

MAX_POINTERS = 127
"""In one name: so many labels fit into 255 octets, and no more than one pointer stands before each."""

HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")


class MalformedError(ValueError):
    """The octets are no such part of a DNS message; caught in ``net.dns_message``."""


class Sections:
    """What the sections of a reply hold, as far as it bears on one question.

    Attributes:
        answers: TTL, start and length of the data of each record of the type asked for and of CNAME, by owner
            (wire form, lower case) and type.
        broken: The answer section could not be read to its end.
        broken_after: What comes after it could not.
        starts_of_authority: Owners of the SOA records of the authority section.
        name_servers: The authority section has NS records.
        rcode_high: Upper eight bits of the extended RCODE (RFC 6891 §6.1.3).
        options: RDATA of the OPT record.
        signatures_end: The first end of a signature of the answer section; `NEVER` without any.
        denials_end: The same of the authority section.
        original_ttl_s: The greatest original TTL in a signature over the type asked for; 0 without any.
    """

    __slots__ = (
        "answers",
        "broken",
        "broken_after",
        "denials_end",
        "name_servers",
        "options",
        "original_ttl_s",
        "rcode_high",
        "signatures_end",
        "starts_of_authority",
    )

    def __init__(self) -> None:
        self.answers: dict[tuple[bytes, int], list[tuple[int, int, int]]] = {}
        self.broken = False
        self.broken_after = False
        self.starts_of_authority: list[bytes] = []
        self.name_servers = False
        self.rcode_high = 0
        self.options = b""
        self.signatures_end = NEVER
        self.denials_end = NEVER
        self.original_ttl_s = 0


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
        if number in (0, TYPE_OPT) or 128 <= number <= 255:
            raise ValueError(f"{mnemonic} is no type of records that can be asked for")
    return number


def read_sections(octets: bytes, asked: bytes, rdtype: int) -> Sections:
    """Walk the sections of a reply to a question; its own question, where it has one, was compared before.

    Args:
        octets: The message, at least a header.
        asked: Name of the question in wire form.
        rdtype: Type of the question.
    """
    sections = Sections()
    _, _, questions, answers, authorities, additionals = HEADER.unpack_from(octets)
    at = HEADER.size
    if questions:
        at += len(asked) + 4
    wanted = (rdtype, TYPE_CNAME)
    try:
        for _ in range(answers):
            owner, kind, rdclass, ttl, at, length = _read_record(octets, at, asked)
            if rdclass == CLASS_IN and kind in wanted:
                sections.answers.setdefault((owner, kind), []).append((ttl, at, length))
            elif kind == TYPE_RRSIG:
                sections.signatures_end = min(sections.signatures_end, _signature_end(octets, at, length))
                if length >= 18 and int.from_bytes(octets[at : at + 2]) == rdtype:  # (RFC 4034 §3.1.4)
                    original_ttl_s = int.from_bytes(octets[at + 4 : at + 8])
                    sections.original_ttl_s = max(sections.original_ttl_s, original_ttl_s)
            at += length
    except (MalformedError, IndexError, struct.error):
        sections.broken = True
        return sections
    try:
        for number in range(authorities + additionals):
            owner, kind, _, ttl, at, length = _read_record(octets, at, asked)
            if number < authorities:
                sections.starts_of_authority += [owner] if kind == TYPE_SOA else []
                sections.name_servers |= kind == TYPE_NS
                if kind == TYPE_RRSIG:
                    sections.denials_end = min(sections.denials_end, _signature_end(octets, at, length))
            elif kind == TYPE_OPT and not sections.options:
                sections.rcode_high = ttl >> 24
                sections.options = octets[at : at + length]
            at += length
    except (MalformedError, IndexError, struct.error):
        sections.broken_after = True
    return sections


def _read_record(octets: bytes, at: int, asked: bytes) -> tuple[bytes, int, int, int, int, int]:
    """Owner in lower case, type, class, TTL, and where the data begins and how long it is."""
    if octets[at] == 0xC0 and octets[at + 1] == HEADER.size:  # the name asked, which is in lower case
        owner = asked
        at += 2
    elif octets[at] == 0:
        owner = b"\0"
        at += 1
    else:
        owner, at = read_name(octets, at, asked)
        owner = owner.lower()
    rdtype, rdclass, ttl, length = _RECORD.unpack_from(octets, at)
    at += _RECORD.size
    if at + length > len(octets):
        raise MalformedError
    if ttl & 0x80000000 and rdtype != TYPE_OPT:  # treated as zero (RFC 2181 §8)
        ttl = 0
    return owner, rdtype, rdclass, ttl, at, length


def _signature_end(octets: bytes, at: int, length: int) -> int:
    """When a signature ends, taken as seconds since 1970 (RFC 4034 §3.1.5); `NEVER` where it is cut short."""
    return NEVER if length < 18 else int.from_bytes(octets[at + 8 : at + 12])


def read_name(octets: bytes, at: int, asked: bytes) -> tuple[bytes, int]:
    """The name at an offset, compression undone (RFC 1035 §4.1.4), and the offset after it.

    Raises:
        MalformedError: There is no name.
        IndexError: The message ends within it.
    """
    if octets[at : at + 2] == b"\xc0\x0c":  # the name of the question, which was compared already
        return asked, at + 2
    labels: list[bytes] = []
    size = 1
    pointers = 0
    after = None
    before = at  # a pointer points to a prior occurrence, so each goes further back
    while length := octets[at]:
        if length <= 63:
            labels.append(octets[at : at + 1 + length])
            at += 1 + length
            size += 1 + length
            if size > MAX_NAME_OCTETS or at > len(octets):
                raise MalformedError
        elif length >= 192:
            after = at + 2 if after is None else after
            at = (length & 63) << 8 | octets[at + 1]
            pointers += 1
            if at >= before or pointers > MAX_POINTERS:
                raise MalformedError
            before = at
        else:
            raise MalformedError
    return b"".join(labels) + b"\0", at + 1 if after is None else after


def rdata_text(octets: bytes, asked: bytes, rdtype: int, start: int, length: int) -> str:
    """Record data in presentation form, names absolute.

    Data that breaks the form of a less common type is given in the generic form ``\\# 3 010203``, which
    RFC 3597 §5 allows for every type; a TLSA record is shown whatever the length of its digest. Such a
    record is the zone's fault, and no reason to lose the others.

    Raises:
        MalformedError: The octets are no data of type A, AAAA, CNAME, MX, NS or PTR.
        IndexError: They end too early.
    """
    end = start + length
    if rdtype == TYPE_TLSA and length >= 3:  # RFC 6698 §2.2
        data = octets[start:end]
        return f"{data[0]} {data[1]} {data[2]} {data[3:].hex()}".rstrip()
    if rdtype == TYPE_A and length == 4:
        return socket.inet_ntop(socket.AF_INET, octets[start:end])
    if rdtype == TYPE_AAAA and length == 16:
        return socket.inet_ntop(socket.AF_INET6, octets[start:end])
    if rdtype in _NAME_TYPES or (rdtype == TYPE_MX and length > 2):
        name_at = start + 2 if rdtype == TYPE_MX else start
        name, after = read_name(octets, name_at, asked)
        if after != end:
            raise MalformedError
        text = "." if name == b"\0" else name_text(name) + "."
        return f"{int.from_bytes(octets[start:name_at])} {text}" if rdtype == TYPE_MX else text
    if rdtype in (TYPE_A, TYPE_AAAA, TYPE_MX):
        raise MalformedError
    data = octets[start:end]
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    try:
        kind = dns.rdatatype.RdataType.make(rdtype)
        return dns.rdata.from_wire(dns.rdataclass.IN, kind, octets, start, length).to_text()
    except Exception:  # whatever dnspython makes of it, the octets are no such record
        return f"\\# {length} {data.hex()}".rstrip()
