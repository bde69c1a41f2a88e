"""The TLS-RPT record: where reports about TLS are to be sent (RFC 8460 §3).

Holds the record's grammar and that of its URIs (RFC 3986, RFC 6068). The TXT form, which MTA-STS shares, is
in ``txt_policy``. Reports themselves are no matter of this module.
"""

import ipaddress
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from waxseal.wire.idna import InvalidName, to_a_label
from waxseal.wire.txt_policy import Effect, Problem, Problems, choose, read_fields

__all__ = ["Destination", "Effect", "Problem", "RecordReading", "read_record", "write_record"]

VERSION: Final = b"v=TLSRPTv1"
SOURCE: Final = "RFC 8460 §3"
SCHEMES: Final = ("mailto", "https")
"""The schemes that reports can be sent by."""
MAX_DESTINATIONS: Final = 64

# RFC 3986 appendix A, without "," "!" ";", which have to be percent-encoded here (RFC 8460 §3).
_PCHAR = r"(?:[A-Za-z0-9\-._~$&'()*+=:@]|%[0-9A-Fa-f]{2})"
_SEGMENTS = rf"(?:/{_PCHAR}*)*"
_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):"
    rf"(?://(?P<authority>(?:{_PCHAR}|[\[\]])*)(?P<path>{_SEGMENTS})|(?P<rest>/?(?:{_PCHAR}+{_SEGMENTS})?))"
    rf"(?P<query>\?(?:{_PCHAR}|[/?])*)?(?:\#(?:{_PCHAR}|[/?])*)?"
)
_AUTHORITY = re.compile(
    r"(?:(?P<user>[^@\[\]]*)@)?(?P<host>\[[0-9A-Fa-fvV:.]+\]|[^@:\[\]]*)(?::(?P<port>[0-9]*))?"
)
# Dot-atom of RFC 6068 §2, and "," and ";", which only come here encoded, as RFC 8460 §3 asks: the URI is in
# form, and a mailbox with them can be written quoted.
_DOT_ATOM = re.compile(r"[^\x00-\x20()<>\[\]:@\\.\"\x7f]+(?:\.[^\x00-\x20()<>\[\]:@\\.\"\x7f]+)*")
_QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"')
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")


class Destination(Struct, frozen=True, omit_defaults=True):
    """One URI that reports are to be sent to.

    Attributes:
        uri: As the record has it.
        scheme: In lower case.
        place: The mailbox's domain (mailto) or the host (https): A-labels in lower case, or an address,
            without brackets; "" where the scheme is neither.
        port: TCP port of an https URI; None for any other.
    """

    uri: str
    scheme: str
    place: str = ""
    port: int | None = None

    @property
    def supported(self) -> bool:
        """Whether reports can be sent there: by mail or by HTTPS."""
        return self.scheme in SCHEMES


class RecordReading(Struct, frozen=True):
    """What the TXT records at ``_smtp._tls`` say.

    Attributes:
        present: Whether exactly one record is left and it can be used; else senders take it that there is
            none (RFC 8460 §3).
        destinations: Its URIs in form, in order, at most 64, those of other schemes included; empty where it
            is not `present`.
        extensions: The other fields, name and value, in order.
        candidates: How many records were not discarded.
        problems: In the order found; `Problem.line` is the number of the record, from 1.
    """

    present: bool
    destinations: tuple[Destination, ...] = ()
    extensions: tuple[tuple[str, str], ...] = ()
    candidates: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def conforms(self) -> bool:
        """Whether the record keeps the grammar, so that each sender has to accept it."""
        return self.present and all(problem.effect is Effect.PASSED_OVER for problem in self.problems)


def read_record(texts: Sequence[bytes]) -> RecordReading:
    """Read the TXT records at ``_smtp._tls`` (RFC 8460 §3).

    Problems beside those of ``txt_policy``: ``rua-missing``; ``uri-empty``, ``uri-form`` and
    ``uri-unencoded`` (a "!" that has to be percent-encoded), each fatal where no URI in form is left and else
    out of form; ``scheme-unknown`` (passed over: the URI is in form, and nobody sends reports that way). A
    record may have several rua fields, and all of them count: the grammar allows it, and RFC 8460 has no rule
    by which the first one wins.

    Args:
        texts: The records in the order received, each with its strings put together without spaces.
    """
    problems = Problems(SOURCE)
    chosen = choose(texts, VERSION, problems)
    fields = read_fields(chosen, VERSION, problems, free="rua")
    lists = [value for name, value in fields if name == "rua"]
    if chosen.text is not None and not lists:
        problems.add("rua-missing", Effect.REJECTED, chosen.number, chosen.text)
    uris = [uri.strip(" \t") for value in lists for uri in value.split(",")]
    read = [(uri, _destination(uri)) for uri in uris]
    good = [found for _, found in read if found is not None]
    effect = Effect.OUT_OF_FORM if good else Effect.REJECTED
    for uri, found in read:
        if found is None:
            problems.add(_fault(uri), effect, chosen.number, uri.encode())
        elif not found.supported:
            problems.add("scheme-unknown", Effect.PASSED_OVER, chosen.number, uri.encode())
    others = tuple((name, value) for name, value in fields if name != "rua")
    if chosen.text is None or problems.rejected:
        return RecordReading(False, (), others, chosen.candidates, problems.found())
    return RecordReading(True, tuple(good[:MAX_DESTINATIONS]), others, 1, problems.found())


def write_record(uris: Sequence[str]) -> str:
    """The TXT record for some URIs: ``v=TLSRPTv1; rua=...``.

    Raises:
        ValueError: There is none, or one of them is out of form or of another scheme.
    """
    text = f"v=TLSRPTv1; rua={','.join(uris)}"
    reading = read_record([text.encode("utf-8", "surrogatepass")])
    written = [destination.uri for destination in reading.destinations]
    if reading.problems or written != list(uris):
        found = ", ".join(problem.id for problem in reading.problems) or "it reads otherwise"
        raise ValueError(f"no record in form: {found}")
    return text


def _fault(uri: str) -> str:
    if not uri:
        return "uri-empty"
    if "!" in uri and _destination(uri.replace("!", "%21")) is not None:
        return "uri-unencoded"
    return "uri-form"


def _destination(uri: str) -> Destination | None:
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    scheme = match["scheme"].lower()
    if scheme == "https":
        return _https(uri, match["authority"])
    if scheme == "mailto":
        return _mailto(uri, match["rest"])
    return Destination(uri, scheme)


def _https(uri: str, authority: str | None) -> Destination | None:
    """An https URI names a host (RFC 9110 §4.2.2)."""
    match = _AUTHORITY.fullmatch(authority or "")
    if match is None or not match["host"]:
        return None
    port = int(match["port"][:6]) if match["port"] else 443
    host = match["host"]
    place = _ipv6(host[1:-1]) if host.startswith("[") else _name(host)
    return Destination(uri, "https", place, port) if place and 0 < port < 65536 else None


def _mailto(uri: str, to: str | None) -> Destination | None:
    """A mailto URI whose ``to`` is one address (RFC 6068 §2), which is where the report goes."""
    local, at, domain = (to or "").rpartition("@")
    try:
        mailbox = unquote_to_bytes(local).decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not at or not (_DOT_ATOM.fullmatch(mailbox) or _QUOTED.fullmatch(mailbox)):
        return None
    place = _name(domain)
    return Destination(uri, "mailto", place) if place else None


def _name(encoded: str) -> str:
    """A host name as A-labels, or an address, out of its percent-encoded form; "" where it is neither."""
    try:
        name = unquote_to_bytes(encoded).decode("utf-8")
    except UnicodeDecodeError:
        return ""
    if name.startswith("[") and name.endswith("]"):
        literal = name[1:-1]
        return _ipv6(literal[5:]) if literal[:5].lower() == "ipv6:" else _ipv4(literal)
    try:
        found = to_a_label(name) if name == name.strip() else ""
    except InvalidName:
        return ""
    return found if _HOST.fullmatch(found) else ""


def _ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        return ""


def _ipv4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        return ""
