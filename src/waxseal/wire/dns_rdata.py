"""DNS names and record data: names between text and wire form, and the small readings of an answer's records.

From RFC 1035 §3.1 and §5.1 (names), RFC 3596 §2.5 (ip6.arpa), RFC 5321 §5.1 (MX) and RFC 8914 (extended DNS
errors). Everything is pure and nothing raises because of received octets or records. Messages are read in
``net.dns_message``; who is asked, and when, is in ``net.dns``. What records mean is decided in ``checks``.
"""

import ipaddress
import re
from functools import lru_cache

from waxseal.facts import DnsAnswer, MailExchange, ServiceRecord, TlsaRecord
from waxseal.facts.address import canonical

MAX_LABEL_OCTETS = 63
MAX_NAME_OCTETS = 255
MAX_EXTRA_TEXT = 200

_PLAIN_NAME = re.compile(r"[!-\[\]-~]+")  # printable ASCII but the backslash
_PLAIN_LABEL = re.compile(rb"[A-Za-z0-9_*/+:=~!#%&',<>?\[\]^`{|}-]+")
_ESCAPE = re.compile(r"\\(?:([0-9]{3})|([!-/:-~]))|([!-\[\]-~])")
_QUOTED = frozenset(b'"().;\\@$')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_STRING_ESCAPE = re.compile(r"\\([0-9]{3})|\\(.)|([^\\])", re.DOTALL)
_TLSA = re.compile(r"([0-9]{1,3}) ([0-9]{1,3}) ([0-9]{1,3})(?: ((?:[0-9a-fA-F]{2})+))?")
_SRV = re.compile(r"([0-9]{1,5}) ([0-9]{1,5}) ([0-9]{1,5}) (\S+)")
_MX = re.compile(r"([0-9]{1,5}) (\S+)")

# IANA, Domain Name System Parameters, "Extended DNS Error Codes" (RFC 8914 §5.2).
_EXTENDED_ERRORS = (
    "Other",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
    "Invalid Data",
    "Signature Expired before Valid",
    "Too Early",
    "Unsupported NSEC3 Iterations Value",
    "Unable to conform to policy",
    "Synthesized",
    "Invalid Query Type",
)


def encode_name(text: str) -> bytes | None:
    r"""The wire form of a name, ASCII letters in lower case (names compare without case, RFC 4343 §3).

    Args:
        text: Labels with dots between them, one trailing dot allowed, "." for the root. A-labels or other
            printable ASCII (underscores included); ``\X`` and ``\DDD`` stand for octets (RFC 1035 §5.1).

    Returns:
        Length-prefixed labels with the root label at the end, or None where no such name can be asked for:
        an empty label, a label over 63 octets, a name over 255 (RFC 1035 §2.3.4), or other characters.
    """
    if text == ".":
        return b"\0"
    if len(text) > 4 * MAX_NAME_OCTETS:
        return None
    if _PLAIN_NAME.fullmatch(text):
        labels = text.removesuffix(".").encode("ascii").lower().split(b".")
    else:
        unescaped = _unescaped_labels(text)
        if unescaped is None:
            return None
        labels = unescaped
    wire = b"".join([bytes((len(label),)) + label for label in labels if 0 < len(label) <= MAX_LABEL_OCTETS])
    expected = sum(map(len, labels)) + len(labels)
    if len(wire) != expected or expected + 1 > MAX_NAME_OCTETS:
        return None
    return wire + b"\0"


def _unescaped_labels(text: str) -> list[bytes] | None:
    labels = [bytearray()]
    at = 0
    while at < len(text):
        match = _ESCAPE.match(text, at)
        if match is None:
            return None
        at = match.end()
        number, quoted, plain = match.groups()
        if plain == ".":
            labels.append(bytearray())
            continue
        octet = int(number) if number else ord(quoted or plain)
        if octet > 255:
            return None
        labels[-1].append(octet)
    if len(labels) > 1 and not labels[-1]:
        labels.pop()
    return [bytes(label).lower() for label in labels]


def name_text(wire: bytes) -> str:
    """The presentation form of an uncompressed wire name, case kept, no trailing dot, "." for the root.

    Octets that would be read as something else are escaped as RFC 1035 §5.1 says, so `encode_name` reads
    the text back to the same name. A wire name cut short gives the labels that are there.
    """
    labels = []
    at = 0
    while at < len(wire) and wire[at]:
        label = wire[at + 1 : at + 1 + wire[at]]
        labels.append(label.decode("ascii") if _PLAIN_LABEL.fullmatch(label) else _escaped(label))
        at += 1 + wire[at]
    return ".".join(labels) or "."


def _escaped(label: bytes) -> str:
    pieces = []
    for octet in label:
        if octet in _QUOTED:
            pieces.append("\\" + chr(octet))
        elif 0x20 < octet < 0x7F:
            pieces.append(chr(octet))
        else:
            pieces.append(f"\\{octet:03d}")
    return "".join(pieces)


def mx_records(answer: DnsAnswer) -> tuple[MailExchange, ...]:
    """The MX records of an answer, lowest preference first (RFC 5321 §5.1), equal ones as received.

    The exchange is in lower case without a trailing dot, "" for the root (the null MX of RFC 7505 §3).
    Records that are no MX are passed over; an answer of another type gives an empty tuple.
    """
    if answer.rdtype != "MX":
        return ()
    found = []
    for rdata in answer.rdata:
        match = _MX.fullmatch(rdata)
        if match is None or int(match[1]) > 0xFFFF:
            continue
        wire = encode_name(match[2])
        if wire is not None:
            found.append(MailExchange(int(match[1]), "" if wire == b"\0" else name_text(wire)))
    return tuple(sorted(found, key=lambda record: record.preference))


def address_records(answer: DnsAnswer) -> tuple[str, ...]:
    """The addresses of an A or AAAA answer in canonical form (RFC 5952 §4 for IPv6), in the order received.

    Records that are no address are passed over; an answer of another type gives an empty tuple.
    """
    kind = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}.get(answer.rdtype)
    if kind is None:
        return ()
    found = []
    for rdata in answer.rdata:
        try:
            found.append(canonical(str(kind(rdata))))
        except ValueError:
            continue
    return tuple(found)


def target_records(answer: DnsAnswer) -> tuple[str, ...]:
    """The target names of a PTR, NS or CNAME answer: lower case, no trailing dot, in the order received.

    Records that are no name are passed over; an answer of another type gives an empty tuple.
    """
    if answer.rdtype not in ("PTR", "NS", "CNAME"):
        return ()
    wires = (encode_name(rdata) for rdata in answer.rdata)
    return tuple(name_text(wire) for wire in wires if wire is not None)


def txt_records(answer: DnsAnswer) -> tuple[bytes, ...]:
    """The TXT records of an answer, the strings of each put together without anything between them.

    That is how every standard that is read from TXT records takes them (RFC 7208 §3.3, RFC 8461 §3.1). What
    is no TXT record is passed over; an answer of another type gives an empty tuple.
    """
    if answer.rdtype != "TXT":
        return ()
    found = (_strings(rdata) for rdata in answer.rdata)
    return tuple(text for text in found if text is not None)


@lru_cache(maxsize=4096)
def _strings(rdata: str) -> bytes | None:
    """The octets of quoted strings in presentation form (RFC 1035 §5.1); None where it is none."""
    if rdata.startswith("\\# "):
        return None
    octets = bytearray()
    at = 0
    while at < len(rdata):
        match = _STRING.match(rdata, at)
        if match is None:
            return None
        at = match.end()
        for number, quoted, plain in _STRING_ESCAPE.findall(match[1]):
            if number:
                octets.append(int(number) & 0xFF)
            else:
                octets += (quoted or plain).encode("latin-1", "replace")
    return bytes(octets)


def tlsa_records(answer: DnsAnswer) -> tuple[TlsaRecord, ...]:
    """The TLSA records of an answer, in the order received; what is no TLSA record is passed over.

    Parameters that no standard knows, and data of any length, are kept (RFC 6698 §2.1).
    """
    if answer.rdtype != "TLSA":
        return ()
    found = []
    for rdata in answer.rdata:
        match = _TLSA.fullmatch(rdata)
        if match is not None and max(map(int, match.groups()[:3])) < 256:
            usage, selector, matching_type = map(int, match.groups()[:3])
            found.append(TlsaRecord(usage, selector, matching_type, bytes.fromhex(match[4] or "")))
    return tuple(found)


def service_records(answer: DnsAnswer) -> tuple[ServiceRecord, ...]:
    """The SRV records of an answer (RFC 2782), in the order received; what is none is passed over."""
    if answer.rdtype != "SRV":
        return ()
    found = []
    for rdata in answer.rdata:
        match = _SRV.fullmatch(rdata)
        wire = encode_name(match[4]) if match is not None else None
        if match is None or wire is None or max(map(int, match.groups()[:3])) > 0xFFFF:
            continue
        priority, weight, port = map(int, match.groups()[:3])
        target = "" if wire == b"\0" else name_text(wire)
        found.append(ServiceRecord(priority, weight, port, target))
    return tuple(found)


def reverse_name(address: str) -> str:
    """The name whose PTR records name an address: in-addr.arpa (RFC 1035 §3.5), ip6.arpa (RFC 3596 §2.5).

    Args:
        address: IPv4 or IPv6 address in text form; a scope id is left out of the name.

    Raises:
        ValueError: It is no address.
    """
    return ipaddress.ip_address(address.partition("%")[0]).reverse_pointer


def extended_errors(options: bytes) -> tuple[str, ...]:
    """The extended DNS errors of an OPT record, each as ``code name`` or ``code name: text``.

    Args:
        options: RDATA of the OPT record (RFC 6891 §6.1.2).

    Returns:
        In the order received; what is cut short is left out. The name is IANA's, "" (and no blank) for codes
        that have none; the text is the server's EXTRA-TEXT (RFC 8914 §2), at most 200 characters of it,
        with everything unprintable replaced.
    """
    found = []
    at = 0
    while at + 4 <= len(options):
        code = int.from_bytes(options[at : at + 2])
        value = options[at + 4 : at + 4 + int.from_bytes(options[at + 2 : at + 4])]
        at += 4 + int.from_bytes(options[at + 2 : at + 4])
        if code == 15 and len(value) >= 2 and at <= len(options):
            found.append(_extended_error(int.from_bytes(value[:2]), value[2:]))
    return tuple(found)


def _extended_error(code: int, octets: bytes) -> str:
    name = _EXTENDED_ERRORS[code] if code < len(_EXTENDED_ERRORS) else ""
    # A terminating zero may be there and is no part of the text (RFC 8914 §2).
    received = octets.decode("utf-8", "replace").rstrip("\0")[:MAX_EXTRA_TEXT]
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in received)
    return f"{code} {name}".rstrip() + (f": {text}" if text else "")
