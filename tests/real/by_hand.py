"""Conversations with mail servers over plain sockets, to find out without waxseal what is true of a server.

Nothing here is shared with the product: lines are read with a regular expression, TLS is Python's ssl.
"""

from __future__ import annotations

import re
import socket
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from .servers import RealServer

_QUIET_S = 0.4
_LIMIT_S = 10.0
_END = {
    "smtp": rb"(?m)^\d\d\d(?: [^\r\n]*)?\r\n\Z",
    "lmtp": rb"(?m)^\d\d\d(?: [^\r\n]*)?\r\n\Z",
    "imap": rb"(?m)^(?:\* (?:OK|BYE|PREAUTH)|\w+ (?:OK|NO|BAD)|\+).*\r\n\Z",
    "pop3": rb"\r\n\Z",
    "sieve": rb"(?m)^(?:OK|NO|BYE)\b.*\r\n\Z",
}
_STARTTLS = {"pop3": b"STLS", "imap": b"s1 STARTTLS"}
NOOP = {"imap": b"n1 NOOP", "sieve": b"NOOP", "pop3": b"NOOP", "smtp": b"NOOP", "lmtp": b"NOOP"}
GO_AHEAD = {"smtp": b"220", "lmtp": b"220", "imap": b"s1 OK", "pop3": b"+OK", "sieve": b"OK"}


def trusting(server: RealServer) -> ssl.SSLContext:
    """Verifies the chain up to the tests' root, and the server's name."""
    return ssl.create_default_context(cafile=str(server.root_pem))


class Wire:
    """One connection, greeted; TLS first where the server's mode says so.

    Args:
        server: Where to.
        before: Octets to send before anything else, such as a PROXY header.
    """

    def __init__(self, server: RealServer, before: bytes = b"") -> None:
        self.server = server
        path = server.socket_path
        self.sock: socket.socket = socket.socket(socket.AF_INET if path is None else socket.AF_UNIX)
        self.sock.settimeout(_LIMIT_S)
        self.sock.connect((server.host, server.port) if path is None else str(path))
        self.sock.sendall(before)
        if server.mode == "implicit":
            self.secure()
        self.greeting = self.answer()

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sock.close()

    def secure(self) -> None:
        """The handshake, with the certificate verified."""
        self.sock = trusting(self.server).wrap_socket(self.sock, server_hostname=self.server.name)

    def say(self, line: bytes) -> bytes:
        """One command without CRLF, and its answer."""
        self.sock.sendall(line + b"\r\n")
        return self.answer()

    def answer(self) -> bytes:
        """All octets up to the end of an answer, or of the connection."""
        got = b""
        while re.search(_END[self.server.protocol], got) is None:
            more = self.sock.recv(4096)
            if not more:
                break
            got += more
        return got

    def whatever_comes(self, quiet_s: float = _QUIET_S) -> bytes:
        """All octets until nothing has come for so long."""
        got = b""
        self.sock.settimeout(quiet_s)
        try:
            while more := self.sock.recv(4096):
                got += more
        except TimeoutError:
            pass
        self.sock.settimeout(_LIMIT_S)
        return got

    def hello(self) -> bytes:
        """Where the protocol has one."""
        word = {"smtp": b"EHLO", "lmtp": b"LHLO"}.get(self.server.protocol)
        return self.say(word + b" probe.test") if word else b""

    def start_tls(self, behind: bytes = b"") -> bytes:
        """STARTTLS and, in the same segment, what is to stand behind it; the answer in clear, then TLS."""
        protocol = self.server.protocol
        self.sock.sendall(_STARTTLS.get(protocol, b"STARTTLS") + b"\r\n" + behind)
        answer = self.answer()
        assert answer.startswith(GO_AHEAD[protocol]), answer
        self.secure()
        return answer


def executed_under_tls(server: RealServer) -> bytes:
    """What a server says under TLS to nothing but a NOOP sent in clear behind STARTTLS; b"" from a sound one.

    ManageSieve's capabilities, which come unasked, are left out.
    """
    with Wire(server) as wire:
        wire.hello()
        nonce = {"imap": b"z9 NOOP\r\n", "sieve": b'NOOP "z9"\r\n'}.get(server.protocol, b"NOOP\r\n")
        try:
            wire.start_tls(nonce)
        except (ssl.SSLEOFError, ConnectionError):
            return b""  # Dovecot hangs up
        if server.protocol == "sieve":
            unasked = wire.answer()
            assert b'"SASL"' in unasked, unasked
        said = wire.whatever_comes()
        if not said:
            assert wire.say(NOOP[server.protocol])  # it still listens
        return said


ENDINGS = {
    "lf-dot-lf": b"\n.\n",
    "lf-dot-crlf": b"\n.\r\n",
    "crlf-dot-lf": b"\r\n.\n",
    "cr-dot-cr": b"\r.\r",
    "cr-dot-crlf": b"\r.\r\n",
    "lf-dot-cr": b"\n.\r",
    "crlf-dot-cr": b"\r\n.\r",
    "crlf-nul-dot-crlf": b"\r\n\0.\r\n",
}


def ends_message(server: RealServer, ending: bytes, recipient: str) -> bool | None:
    """Whether a doubtful end of data ends the message: a NOOP behind it is answered then. None: refused."""
    with Wire(server) as wire:
        wire.hello()
        assert wire.say(b"MAIL FROM:<>")[:1] == b"2"
        assert wire.say(b"RCPT TO:<" + recipient.encode() + b">")[:1] == b"2"
        assert wire.say(b"DATA")[:3] == b"354"
        wire.sock.sendall(b"Subject: x\r\n\r\ntext" + ending + b"NOOP\r\ntext\r\n")
        early = wire.whatever_comes()
        wire.sock.sendall(b".\r\n")
        late = wire.whatever_comes()
        codes = re.findall(rb"(?m)^(\d\d\d) ", early + late)
        if early:
            return True if codes[0][:1] == b"2" else None
        return None if not codes or codes[0][:1] != b"2" else False
