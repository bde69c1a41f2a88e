"""How a client asks a proxy for a connection, sans-IO: HTTP CONNECT and SOCKS5.

CONNECT from RFC 9110 §9.3.6 with the message form of RFC 9112 and Basic credentials of RFC 7617; SOCKS5 from
RFC 1928 with the user name and password of RFC 1929. What comes behind the proxy's go-ahead belongs to the
connection and is kept as `leftover`, for a mail server speaks first. The sockets are in ``net.proxy``.
"""

import base64
import ipaddress
import re
from typing import Final, NamedTuple, Protocol

from waxseal.facts import Cause

MAX_ANSWER_OCTETS: Final = 16 * 1024
"""Octets of a proxy's answer that are read."""
_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] ([0-9]{3})(?: ([^\r\n]*))?\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class ProxyRefusal(NamedTuple):
    """Why the proxy gave no connection.

    Attributes:
        cause: What it says of the server where it says so; BLOCKED_HERE where the proxy itself is the reason.
        text: In words; never with a secret in it.
    """

    cause: Cause
    text: str


class ProxyDialogue(Protocol):
    """What is said to a proxy before the connection stands. Never raises, whatever comes.

    Attributes:
        done: Whether the connection stands.
        refusal: Why it never will.
        leftover: Octets of the connection that came behind the go-ahead.
    """

    done: bool
    refusal: ProxyRefusal | None
    leftover: bytes

    def start(self) -> bytes:
        """What is sent first."""
        ...

    def receive(self, data: bytes) -> bytes:
        """Take in octets from the proxy; give those to send now."""
        ...


class _Dialogue:
    """The buffer and its limit."""

    def __init__(self) -> None:
        self.done = False
        self.refusal: ProxyRefusal | None = None
        self.leftover = b""
        self._buffer = b""

    def receive(self, data: bytes) -> bytes:
        """See `ProxyDialogue.receive`."""
        if self.refusal is not None:
            return b""
        if self.done:
            self.leftover += data
            return b""
        self._buffer += data
        sent = b""
        while (answer := self._step()) is not None:
            sent += answer
        if self.done:
            self.leftover, self._buffer = self._buffer, b""
        elif self.refusal is None and len(self._buffer) > MAX_ANSWER_OCTETS:
            self._refuse("its answer has no end")
        return sent

    def _step(self) -> bytes | None:
        """Take one whole answer off the buffer; give what is to be sent on it, None where none is whole."""
        raise NotImplementedError

    def _refuse(self, text: str, cause: Cause = Cause.BLOCKED_HERE) -> None:
        self.refusal = ProxyRefusal(cause, text)


class HttpConnect(_Dialogue):
    """CONNECT to a host and port.

    Args:
        host: Name as A-label, or address.
        port: TCP port.
        user: User name for Basic credentials; None for none.
        password: The password that belongs to it.
    """

    def __init__(self, host: str, port: int, user: str | None = None, password: str = "") -> None:
        super().__init__()
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._head = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n".encode("ascii")
        if user is not None:
            token = base64.b64encode(f"{user}:{password}".encode())
            self._head += b"Proxy-Authorization: Basic " + token + b"\r\n"
        self._searched = 0

    def start(self) -> bytes:
        """See `ProxyDialogue.start`."""
        return self._head + b"\r\n"

    def _step(self) -> bytes | None:
        if self.done or self.refusal is not None:
            return None
        if b"\n" in self._buffer and _STATUS_LINE.match(self._buffer) is None:
            self._refuse("it does not speak HTTP")
            return None
        end = _HEAD_END.search(self._buffer, max(0, self._searched - 3), MAX_ANSWER_OCTETS)
        self._searched = len(self._buffer) if end is None else 0
        status = None if end is None else _STATUS_LINE.match(self._buffer)
        if end is None or status is None:
            return None
        code = int(status[1])
        self._buffer = self._buffer[end.end() :]
        if 200 <= code < 300:
            self.done = True
        elif code // 100 != 1:  # 1yz comes before the answer (RFC 9110 §15.2)
            # A gateway that could not connect, or not in time (RFC 9110 §15.6.3 to §15.6.5).
            causes = {502: Cause.UNREACHABLE, 503: Cause.UNREACHABLE, 504: Cause.TIMED_OUT}
            reason = _HTTP_REASONS.get(code, "")
            self._refuse(f"it answered {code} {reason}".rstrip(), causes.get(code, Cause.BLOCKED_HERE))
        return b""


_HTTP_REASONS: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    407: "Proxy Authentication Required",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
"""Names of RFC 9110 §15 and RFC 6585 §4. The proxy's own words are not shown: it may echo the request."""

_NO_CREDENTIALS, _PASSWORD = 0, 2
_VERSION: Final = 5
_ADDRESS_OCTETS: Final = {1: 4, 4: 16}
_REPLIES: Final = {
    1: (Cause.BLOCKED_HERE, "general failure"),
    2: (Cause.BLOCKED_HERE, "not allowed by its rules"),
    3: (Cause.UNREACHABLE, "network unreachable"),
    4: (Cause.UNREACHABLE, "host unreachable"),
    5: (Cause.REFUSED, "connection refused"),
    6: (Cause.UNREACHABLE, "time to live expired"),
    7: (Cause.BLOCKED_HERE, "command not supported"),
    8: (Cause.BLOCKED_HERE, "address type not supported"),
}
"""REP field of RFC 1928 §6."""


class Socks5(_Dialogue):
    """CONNECT by SOCKS5; a name is resolved by the proxy.

    Args:
        host: Name as A-label, or address.
        port: TCP port.
        user: User name, at most 255 octets; None to offer no credentials.
        password: At most 255 octets.

    Raises:
        ValueError: A text is longer than its length octet can say.
    """

    def __init__(self, host: str, port: int, user: str | None = None, password: str = "") -> None:
        super().__init__()
        self._request = bytes((_VERSION, 1, 0)) + _socks_address(host) + port.to_bytes(2, "big")
        self._credentials: bytes | None = None
        if user is not None:
            if not 1 <= len(user.encode()) <= 255 or not 1 <= len(password.encode()) <= 255:
                raise ValueError("SOCKS5 takes a user name and a password of 1 to 255 octets")
            self._credentials = b"\x01" + _short(user.encode()) + _short(password.encode())
        self._awaited = "method"

    def start(self) -> bytes:
        """See `ProxyDialogue.start`."""
        methods = (_NO_CREDENTIALS,) if self._credentials is None else (_NO_CREDENTIALS, _PASSWORD)
        return bytes((_VERSION, len(methods), *methods))

    def _step(self) -> bytes | None:
        if self.done or self.refusal is not None or not self._buffer:
            return None
        if self._buffer[0] != (1 if self._awaited == "credentials" else _VERSION):
            self._refuse("it does not speak SOCKS5")
            return None
        if self._awaited == "reply":
            return self._reply()
        if len(self._buffer) < 2:
            return None
        chosen, self._buffer = self._buffer[1], self._buffer[2:]
        if self._awaited == "method":
            return self._method(chosen)
        if chosen != 0:  # any other status is a failure (RFC 1929 §2)
            self._refuse("it does not take the user name and password")
            return None
        self._awaited = "reply"
        return self._request

    def _method(self, chosen: int) -> bytes | None:
        if chosen == _NO_CREDENTIALS:
            self._awaited = "reply"
            return self._request
        if chosen == _PASSWORD and self._credentials is not None:
            self._awaited = "credentials"
            return self._credentials
        self._refuse(
            "it wants credentials" if self._credentials is None else "it takes no credentials of ours"
        )
        return None

    def _reply(self) -> bytes | None:
        """The reply to CONNECT: version, REP, reserved, bound address and port (RFC 1928 §6)."""
        if len(self._buffer) < 2:
            return None
        code = self._buffer[1]
        if code != 0:
            cause, text = _REPLIES.get(code, (Cause.BLOCKED_HERE, f"reply {code}"))
            self._refuse(f"it answered: {text}", cause)
            return None
        if len(self._buffer) < 5:
            return None
        kind = self._buffer[3]
        octets = _ADDRESS_OCTETS.get(kind, 1 + self._buffer[4] if kind == 3 else None)
        if octets is None:
            self._refuse("it does not speak SOCKS5")
            return None
        if len(self._buffer) < 6 + octets:
            return None
        self._buffer = self._buffer[6 + octets :]
        self.done = True
        return b""


def _socks_address(host: str) -> bytes:
    """ATYP and address; a name goes as it is (RFC 1928 §5)."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        if len(host) > 255:
            raise ValueError("a host name has at most 255 octets") from None
        return b"\x03" + _short(host.encode("ascii"))
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed


def _short(octets: bytes) -> bytes:
    return bytes((len(octets),)) + octets
