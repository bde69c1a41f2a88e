"""DNS messages: the query that asks a question, and what a reply says to it.

From RFC 1035 §4.1, RFC 2308 §2 (denials and referrals), RFC 6672 §3 (DNAME: its CNAMEs are followed) and
RFC 6891 §6 (EDNS). Records are read in ``net.dns_records``; sending and receiving is in ``net.dns_exchange``.
Nothing here raises because of received octets.
"""

import struct
from typing import NamedTuple

from msgspec import Struct

from waxseal.facts import DnsStatus
from waxseal.net.dns_records import (
    CLASS_IN,
    HEADER,
    NEVER,
    TYPE_CNAME,
    TYPE_OPT,
    MalformedError,
    Sections,
    rdata_text,
    read_name,
    read_sections,
)
from waxseal.wire.dns_rdata import extended_errors

EDNS_PAYLOAD_OCTETS = 1232
MAX_ALIASES = 16

FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 1, 2, 3, 4, 5, 16
_STATUS_OF_RCODE = {SERVFAIL: DnsStatus.SERVFAIL, REFUSED: DnsStatus.REFUSED}

_QR, _AA, _TC, _RD, _AD, _CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0020, 0x0010
_TYPE_AND_CLASS = struct.Struct("!HH")
_OPCODE, _RCODE = 0x7800, 0x000F

# Root name, type OPT, payload size as class; extended RCODE and version zero, DO or no flag; no options.
_OPT_RECORD = struct.pack("!BHHIH", 0, TYPE_OPT, EDNS_PAYLOAD_OCTETS, 0, 0)
_OPT_RECORD_DO = struct.pack("!BHHIH", 0, TYPE_OPT, EDNS_PAYLOAD_OCTETS, 0x8000, 0)


class Question(Struct, frozen=True):
    """One question of class IN.

    Attributes:
        name: Wire form, lower case.
        rdtype: Type number.
    """

    name: bytes
    rdtype: int

    @property
    def octets(self) -> bytes:
        """The entry of a question section (RFC 1035 §4.1.2)."""
        return self.name + _TYPE_AND_CLASS.pack(self.rdtype, CLASS_IN)

    def query(
        self, message_id: int, *, edns: bool, dnssec_ok: bool = False, checking_disabled: bool = False
    ) -> bytes:
        """The octets that ask it: RD set, and AD set, which asks for AD without DO (RFC 6840 §5.7).

        Args:
            message_id: 0 to 65535.
            edns: Whether an OPT record with payload size 1232 goes with it (RFC 6891 §6.2.3).
            dnssec_ok: Whether DO is set, which asks for signatures (RFC 4035 §3.2.1); needs `edns`.
            checking_disabled: Whether CD is set, which asks for the data even where a validator would
                reject it (RFC 4035 §3.2.2).
        """
        flags = _RD | _AD | (_CD if checking_disabled else 0)
        header = HEADER.pack(message_id, flags, 1, 0, 0, int(edns))
        return header + self.octets + ((_OPT_RECORD_DO if dnssec_ok else _OPT_RECORD) if edns else b"")


class Reply(Struct, frozen=True):
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
        signed_until: When the first of the signatures on the answer, or on the denial, ends: seconds since
            1970 (RFC 4034 §3.1.5); None where there is no signature.
        rrset_ttl_s: As `DnsAnswer.rrset_ttl_s`; None without an answer.
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
    signed_until: int | None = None
    rrset_ttl_s: int | None = None


def is_reply(octets: bytes, message_id: int, question: Question) -> bool:
    """Whether octets are a reply to our query: id, QR, opcode and question fit (RFC 5452 §9.1).

    The question's name is compared without case. A reply with an error code and no question at all is taken,
    as servers that cannot read a query answer with the header alone; more than one is wrong (RFC 9619).
    """
    if len(octets) < HEADER.size:
        return False
    received_id, flags, questions, answers, _, _ = HEADER.unpack_from(octets)
    if received_id != message_id or not flags & _QR or flags & _OPCODE:
        return False
    if questions == 0:
        return flags & _RCODE in (FORMERR, SERVFAIL, NOTIMP, REFUSED) and answers == 0
    end = HEADER.size + len(question.name)
    return (
        questions == 1
        and octets[HEADER.size : end].lower() == question.name  # label lengths are below the letters
        and octets[end : end + 4] == _TYPE_AND_CLASS.pack(question.rdtype, CLASS_IN)
    )


def read_reply(octets: bytes, question: Question) -> Reply:
    """Read a reply that `is_reply` accepted (others come out as whatever they happen to say).

    A break in the answer section, or in an address or name asked for, makes the whole reply malformed; one in
    what comes after it only where the answer depends on it. A referral is no answer (RFC 2308 §2.2) and is
    malformed too: a resolver that recurses sends none.
    """
    if len(octets) < HEADER.size:
        return Reply(DnsStatus.MALFORMED)
    flags = int.from_bytes(octets[2:4])
    authenticated = bool(flags & _AD)
    if flags & _TC:
        return Reply(DnsStatus.MALFORMED, flags & _RCODE, truncated=True, authenticated=authenticated)
    sections = read_sections(octets, question.name, question.rdtype)
    rcode = sections.rcode_high << 4 | flags & _RCODE
    found = _NOTHING
    if rcode not in (0, NXDOMAIN):
        status = _STATUS_OF_RCODE.get(rcode, DnsStatus.OTHER_RCODE)
    else:
        try:
            status, found = _answer(octets, sections, question, flags)
        except (MalformedError, IndexError):
            status = DnsStatus.MALFORMED
    ends = sections.signatures_end
    if status is not DnsStatus.ANSWERED and sections.denials_end < ends:
        ends = sections.denials_end
    return Reply(
        status,
        rcode,
        False,
        authenticated,
        found.rdata,
        found.ttl_s,
        found.aliases,
        found.continues,
        extended_errors(sections.options) if sections.options else (),
        None if ends == NEVER else ends,
        found.rrset_ttl_s,
    )


class _Found(NamedTuple):
    aliases: tuple[bytes, ...] = ()
    ttl_s: int | None = None
    rdata: tuple[str, ...] = ()
    continues: bool = False
    rrset_ttl_s: int | None = None


_NOTHING = _Found()


def _answer(octets: bytes, sections: Sections, question: Question, flags: int) -> tuple[DnsStatus, _Found]:
    """What the sections say, NXDOMAIN or no error being the response code.

    Raises:
        MalformedError: What was asked for cannot be read.
        IndexError: It ends too early.
    """
    if sections.broken:
        return DnsStatus.MALFORMED, _NOTHING
    aliases, ttl_s, loops = _follow(octets, sections, question)
    if loops:
        return DnsStatus.CNAME_LOOP, _Found(aliases, ttl_s)
    if flags & _RCODE == NXDOMAIN:  # of the last name in the chain (RFC 6604 §3)
        return DnsStatus.NXDOMAIN, _Found(aliases, ttl_s)
    owner = aliases[-1] if aliases else question.name
    records = sections.answers.get((owner, question.rdtype))
    if records:
        rdata = tuple(
            [
                rdata_text(octets, question.name, question.rdtype, start, length)
                for _, start, length in records
            ]
        )
        ttls = [ttl for ttl, _, _ in records]
        rrset_ttl_s = max(min(ttls), sections.original_ttl_s)
        if ttl_s is not None:
            ttls.append(ttl_s)
        if len(rdata) > 1:
            rdata = tuple(dict.fromkeys(rdata))
        return DnsStatus.ANSWERED, _Found(aliases, min(ttls), rdata, rrset_ttl_s=rrset_ttl_s)
    denied = any(owner.endswith(apex) for apex in sections.starts_of_authority)
    if aliases:
        return DnsStatus.NO_DATA, _Found(aliases, ttl_s, continues=not denied)
    referral = sections.name_servers and not sections.starts_of_authority and not flags & _AA
    if not denied and (sections.broken_after or referral):
        return DnsStatus.MALFORMED, _NOTHING
    return DnsStatus.NO_DATA, _NOTHING


def _follow(
    octets: bytes, sections: Sections, question: Question
) -> tuple[tuple[bytes, ...], int | None, bool]:
    """The alias chain within the answer section, its smallest TTL, and whether it loops or is too long."""
    if question.rdtype == TYPE_CNAME or (question.name, question.rdtype) in sections.answers:
        return (), None, False
    name = question.name
    aliases: list[bytes] = []
    ttl_s: int | None = None
    while (name, question.rdtype) not in sections.answers:
        records = sections.answers.get((name, TYPE_CNAME))
        if not records:
            break
        ttl, start, length = records[0]
        target, end = read_name(octets, start, question.name)
        if end != start + length:
            raise MalformedError
        name = target.lower()
        ttl_s = ttl if ttl_s is None else min(ttl, ttl_s)
        if name == question.name or name in aliases or len(aliases) == MAX_ALIASES:
            return tuple(aliases), ttl_s, True
        aliases.append(name)
    return tuple(aliases), ttl_s, False
