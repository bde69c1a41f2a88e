"""What the Python servers share: connections in threads, and a dialogue within TLS.

Such a process reads its orders as JSON from the file named on its command line, says {"port": N} on its
output, and ends when its input ends.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from .dialogue import Dialogue, Speaker
from .names import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE_LIMIT_S: Final = 30.0
_READ_OCTETS: Final = 16384
_MOST_THREADS: Final = 256


class SecuredStream(Protocol):
    """A connection whose handshake is over."""

    def read(self, limit_octets: int) -> bytes:
        """What came; empty at the end."""

    def write(self, octets: bytes) -> None:
        """Sends all of it."""

    def close(self) -> None:
        """Ends it with close_notify where that is possible."""


def read_orders() -> dict[str, Any]:
    """The orders file of this process."""
    orders: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    return orders


def serve(
    orders: dict[str, Any], shake_hands: Callable[[socket.socket], SecuredStream], **said: object
) -> None:
    """Serves until this process's input ends.

    Args:
        orders: With `dialogue` and `greets`.
        shake_hands: Makes a stream of a connection, or raises OSError.
        **said: Goes into the line on the output.
    """
    dialogue = Dialogue(**orders["dialogue"])
    slots = threading.BoundedSemaphore(_MOST_THREADS)

    def one(connection: socket.socket) -> None:
        with slots, connection:
            connection.settimeout(IDLE_LIMIT_S)
            try:
                talk(shake_hands(connection), dialogue, greets=orders["greets"])
            except OSError as error:
                sys.stderr.write(f"{error}\n")

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    with socket.create_server((LOOPBACK, 0), backlog=256) as listener:
        threading.Thread(target=accept, daemon=True).start()
        sys.stdout.write(json.dumps({"port": listener.getsockname()[1], **said}) + "\n")
        sys.stdout.flush()
        sys.stdin.buffer.read()
        os._exit(0)  # threads that wait in a library would keep it alive


def talk(stream: SecuredStream, dialogue: Dialogue, *, greets: bool) -> None:
    """The dialogue within TLS."""
    speaker = Speaker(dialogue, secured=True)
    said = speaker.greeting if greets else speaker.resumed
    turn = "go on"
    while True:
        if said:
            stream.write(said)
        if turn == "close":
            break
        octets = stream.read(_READ_OCTETS)
        if not octets:
            break
        said, turn, _ = speaker.feed(octets)
    stream.close()
