"""The boundary between clear and TLS on a connection, as the clients of every mail protocol keep it.

Behind the go-ahead to STARTTLS, octets in clear are never parsed: whoever is on the path could have put them
there, and a client that took them for answers under TLS would believe him (RFC 3207 §4.2, RFC 9051 §6.2.1,
RFC 2595 §4, RFC 5804 §2.2). They are kept apart, as evidence and nothing else.
"""

from typing import Final

MAX_LEFTOVER_OCTETS: Final = 64 * 1024
"""Octets kept of what comes in clear behind the go-ahead."""


class StarttlsBoundary:
    """Where a connection stands: in clear, TLS due, or in TLS; and what came in clear when TLS was due."""

    def __init__(self) -> None:
        self._in_tls = False
        self._tls_due = False
        self._leftover = bytearray()
        self._leftover_octets = 0

    @property
    def leftover(self) -> bytes:
        """Octets in clear behind the go-ahead for TLS, at most `MAX_LEFTOVER_OCTETS`."""
        return bytes(self._leftover)

    @property
    def leftover_octets(self) -> int:
        """How many octets came in clear behind the go-ahead, those not kept included."""
        return self._leftover_octets

    @property
    def tls_due(self) -> bool:
        """Whether STARTTLS (STLS) was answered with the go-ahead, so that TLS must begin now."""
        return self._tls_due

    @property
    def in_tls(self) -> bool:
        """Whether `start_tls` was called."""
        return self._in_tls

    def start_tls(self) -> bytes:
        """Cross into TLS: forget everything said in clear.

        Commands without an answer are forgotten too. So an answer that comes under TLS to a command that was
        sent in clear is unsolicited. The server sends no second greeting.

        Returns:
            The `leftover`: evidence, and nothing else.

        Raises:
            RuntimeError: STARTTLS was not answered with the go-ahead.
        """
        if not self._tls_due:
            raise RuntimeError("TLS begins only behind the go-ahead to STARTTLS")
        leftover = self.leftover
        self._forget()
        self._in_tls = True
        self._tls_due = False
        self._leftover.clear()
        self._leftover_octets = 0
        return leftover

    def _keep_leftover(self, data: bytes) -> None:
        self._leftover += data[: MAX_LEFTOVER_OCTETS - len(self._leftover)]
        self._leftover_octets += len(data)

    def _forget(self) -> None:
        """Begin the parser and the list of outstanding commands anew."""
        raise NotImplementedError
