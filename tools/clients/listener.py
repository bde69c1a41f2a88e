"""A loopback listener that lets a mail client come as far as its ClientHello, and keeps that hello.

It speaks just enough SMTP for STARTTLS, or waits for TLS from the first octet. It never answers the hello:
the connection is closed, and whatever the client does next is told to go away.
"""

from __future__ import annotations

import queue
import socket
import threading
from dataclasses import dataclass

HOST_NAME = "mail.recorded.test"
_MOST_OCTETS = 1 << 16
_CLIENT_LIMIT_S = 20.0


@dataclass(frozen=True)
class Recording:
    """The octets that carried one ClientHello, record headers included.

    Attributes:
        octets: Of all its records.
        reads: Sizes in which the octets arrived on loopback: as the client wrote them, not as a path would
            cut them.
    """

    octets: bytes
    reads: tuple[int, ...]


class Listener:
    """Listens on a port of 127.0.0.1 until closed.

    Attributes:
        port: Chosen by the system.
        hellos: What was recorded, in order.
        dialogue: Lines of the SMTP dialogue, for when nothing was recorded.
    """

    def __init__(self, *, starttls: bool) -> None:
        self.hellos: queue.Queue[Recording] = queue.Queue()
        self.dialogue: list[str] = []
        self._starttls = starttls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._open = True
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._open = False
        self._socket.close()

    def _serve(self) -> None:
        while self._open:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._take, args=(peer,), daemon=True).start()

    def _take(self, peer: socket.socket) -> None:
        with peer:
            peer.settimeout(_CLIENT_LIMIT_S)
            try:
                if not self._starttls or self._until_starttls(peer):
                    recording = _client_hello(peer)
                    if recording is not None:
                        self.hellos.put(recording)
            except OSError as error:
                self.dialogue.append(f"! {error}")

    def _until_starttls(self, peer: socket.socket) -> bool:
        """The server's part of RFC 3207 up to its 220; False where the client never says STARTTLS."""
        peer.sendall(f"220 {HOST_NAME} ESMTP\r\n".encode())
        pending = b""
        while len(pending) < _MOST_OCTETS:
            received = peer.recv(4096)
            if not received:
                return False
            pending += received
            while b"\n" in pending:
                line, _, pending = pending.partition(b"\n")
                self.dialogue.append(line.decode("latin-1").strip())
                verb = line.split()[0].upper() if line.split() else b""
                if verb == b"STARTTLS":
                    peer.sendall(b"220 2.0.0 ready\r\n")
                    return True
                answer = {
                    b"EHLO": f"250-{HOST_NAME}\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n",
                    b"HELO": f"250 {HOST_NAME}\r\n",
                    b"RSET": "250 2.0.0 ok\r\n",
                    b"NOOP": "250 2.0.0 ok\r\n",
                    b"QUIT": "221 2.0.0 bye\r\n",
                }.get(verb, "530 5.7.0 say STARTTLS first\r\n")
                peer.sendall(answer.encode())
        return False


def _client_hello(peer: socket.socket) -> Recording | None:
    """Read whole records until they hold one whole handshake message; None where they do not."""
    octets = b""
    reads: list[int] = []
    while len(octets) < _MOST_OCTETS:
        payload, at = b"", 0
        while at + 5 <= len(octets) and at + 5 + int.from_bytes(octets[at + 3 : at + 5], "big") <= len(
            octets
        ):
            if octets[at] != 22:
                return None
            end = at + 5 + int.from_bytes(octets[at + 3 : at + 5], "big")
            payload += octets[at + 5 : end]
            at = end
        if len(payload) >= 4 and len(payload) >= 4 + int.from_bytes(payload[1:4], "big"):
            return Recording(octets, tuple(reads)) if payload[0] == 1 else None
        received = peer.recv(1 << 15)
        if not received:
            return None
        octets += received
        reads.append(len(received))
    return None
