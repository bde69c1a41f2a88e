"""The grammar of targets: what a user may name, and what is meant by it.

``example.org`` and ``user@example.org`` mean the domain's mail hosts; ``mx.example.org:587`` and
``imap://mail.example.org`` one host; ``192.0.2.25``, ``[2001:db8::1]`` one address; ``lmtp+unix:/run/lmtp`` a
socket of this machine.
"""

import posixpath
import re

from waxseal.errors import UsageError
from waxseal.facts import MailProtocol, Subject, Target, TargetKind, TlsMode
from waxseal.facts.address import UNIX, canonical
from waxseal.wire.idna import InvalidName, to_a_label

MAX_TEXT = 1024
MAX_PATH_OCTETS = 107
"""What fits into a socket's address on Linux with the NUL behind it (unix(7))."""
_HINT = "name a domain, an address, host:port, or a host with smtp://, imap:// and the like in front"
_SCHEMES: dict[str, tuple[MailProtocol, TlsMode, int]] = {
    "smtp": (MailProtocol.SMTP, TlsMode.STARTTLS, 25),
    "submission": (MailProtocol.SMTP, TlsMode.STARTTLS, 587),
    "submissions": (MailProtocol.SMTP, TlsMode.IMPLICIT, 465),
    "smtps": (MailProtocol.SMTP, TlsMode.IMPLICIT, 465),
    "imap": (MailProtocol.IMAP, TlsMode.STARTTLS, 143),
    "imaps": (MailProtocol.IMAP, TlsMode.IMPLICIT, 993),
    "pop3": (MailProtocol.POP3, TlsMode.STARTTLS, 110),
    "pop3s": (MailProtocol.POP3, TlsMode.IMPLICIT, 995),
    "lmtp": (MailProtocol.LMTP, TlsMode.STARTTLS, 24),
    "sieve": (MailProtocol.SIEVE, TlsMode.STARTTLS, 4190),
    "managesieve": (MailProtocol.SIEVE, TlsMode.STARTTLS, 4190),
}
_BY_PORT = {_SCHEMES[name][2]: _SCHEMES[name] for name in _SCHEMES}
"""What is meant where a port stands alone; implicit TLS on three of them (RFC 8314 §3)."""
_ZONE = re.compile("[A-Za-z0-9_.-]{1,32}")
"""Name of an interface, as a link-local address has it behind ``%`` (RFC 4007 §11)."""
_SOCKET = re.compile(r"(?:([A-Za-z0-9]+)\+)?unix:(.*)", re.IGNORECASE | re.DOTALL)


def parse_target(text: str, *, name: str | None = None, port: int | None = None) -> Target:
    """Read what the user named.

    Args:
        text: As the user wrote it.
        name: Expected host name, given apart; U-labels are converted.
        port: Port to use where the text names none; a socket has none.

    Raises:
        UsageError: It is none of the forms.
    """
    given = text.strip()
    if not given or len(given) > MAX_TEXT or any(ord(c) <= 32 or ord(c) == 127 for c in given):
        raise UsageError(f"{text[:80]!r} is no target", _HINT)
    expected = _a_label(name, name) if name is not None else None
    if (socket := _SOCKET.fullmatch(given)) is not None:
        return _socket_target(given, socket[1], socket[2], expected)
    scheme, rest = _split_scheme(given)
    if "@" in rest:
        if scheme is not None:
            raise UsageError(f"{given!r}: an address of a user goes without {scheme}://", _HINT)
        rest = rest.rpartition("@")[2]
    host, own_port = _split_port(rest, given)
    chosen = own_port if own_port is not None else port
    if scheme is not None:
        protocol, mode, usual = _SCHEMES[scheme]
        chosen = usual if chosen is None else chosen
    else:
        chosen = 25 if chosen is None else chosen
        protocol, mode, _ = _BY_PORT.get(chosen, _SCHEMES["smtp"])
    address = _address(host)
    if address is not None:
        kind, host = TargetKind.ADDRESS, address
    else:
        host = _a_label(host, given)
        named_apart = own_port is not None or scheme is not None
        kind = TargetKind.HOST if named_apart else TargetKind.DOMAIN
    return Target(
        given=given,
        kind=kind,
        name=host,
        port=chosen,
        mode=mode,
        protocol=protocol,
        submission=_is_submission(scheme),
        expected_name=expected,
    )


def _socket_target(given: str, scheme: str | None, place: str, expected: str | None) -> Target:
    """A socket: the scheme says what is spoken, as in ``lmtp+unix:/run/lmtp`` or ``lmtp+unix:///run/lmtp``.

    Raises:
        UsageError: No protocol, an unknown one, or no absolute path that fits into an address.
    """
    if scheme is None:
        raise UsageError(
            f"{given!r} does not say what is spoken on the socket", "put it in front, as in lmtp+unix:/path"
        )
    if scheme.lower() not in _SCHEMES:
        raise UsageError(f"{given!r}: {scheme}+unix: is not known", f"known are {', '.join(_SCHEMES)}")
    path = place[2:] if place.startswith("///") else place
    if path.startswith("/") and "/../" not in f"{path}/":  # behind a link, .. leads elsewhere
        path = posixpath.normpath(path) + ("/" if path.endswith("/") else "")
    if not path.startswith("/") or path.startswith("//") or path.endswith("/"):
        raise UsageError(f"{given!r} names no socket by an absolute path", "write lmtp+unix:/path/to/socket")
    if not path.isprintable() or len(path.encode("utf-8", "replace")) > MAX_PATH_OCTETS:
        raise UsageError(
            f"{given[:200]!r}: a socket's path has {MAX_PATH_OCTETS} octets at most, all of them printable",
            "make a shorter path to it, for example with a link to its directory",
        )
    protocol, mode, _ = _SCHEMES[scheme.lower()]
    return Target(
        given=given,
        kind=TargetKind.ADDRESS,
        name=UNIX + path,
        port=0,
        mode=mode,
        protocol=protocol,
        submission=_is_submission(scheme),
        expected_name=expected,
    )


def _is_submission(scheme: str | None) -> bool:
    return scheme is not None and scheme.lower() in ("submission", "submissions", "smtps")


def subject_of(target: Target) -> Subject:
    """The subject that a target's facts stand under."""
    match target.kind:
        case TargetKind.DOMAIN:
            return Subject(domain=target.name)
        case TargetKind.HOST:
            return Subject(host=target.name)
        case TargetKind.ADDRESS:
            return Subject(address=target.name)


def _split_scheme(text: str) -> tuple[str | None, str]:
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if match is None:
        return None, text
    scheme = match[1].lower()
    if scheme not in _SCHEMES:
        raise UsageError(f"{text!r}: {scheme}:// is not known", f"known are {', '.join(_SCHEMES)}")
    rest = text[match.end() :].rstrip("/")
    if "/" in rest or "?" in rest:
        raise UsageError(f"{text!r}: a path has no meaning here", _HINT)
    return scheme, rest


def _split_port(text: str, given: str) -> tuple[str, int | None]:
    """Host and port; an IPv6 address without brackets has no port."""
    match = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*):([0-9]{1,5})", text)
    if match is None:
        return text, None
    port = int(match[2])
    if not 1 <= port <= 65535:
        raise UsageError(f"{given!r}: {port} is no port", "ports go from 1 to 65535")
    return match[1], port


def _address(text: str) -> str | None:
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    inner = inner.removeprefix("IPv6:").removeprefix("ipv6:")
    if "%" in inner and not _ZONE.fullmatch(inner.partition("%")[2]):
        return None
    try:
        return canonical(inner)
    except ValueError:
        return None


def _a_label(name: str, given: str) -> str:
    try:
        found = to_a_label(name)
    except InvalidName as error:
        raise UsageError(f"{given!r} is no domain name: {error}", _HINT) from error
    if re.fullmatch(r"[0-9.]+", found) or not re.fullmatch(r"[a-z0-9_.-]+", found):
        raise UsageError(f"{given!r} is neither a domain name nor an address", _HINT)
    return found
