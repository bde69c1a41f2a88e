"""Padding oracles in CBC mode: padding or MAC of one record spoilt behind a handshake, replies compared.

A server must not let on which of the two was wrong (RFC 5246 §6.2.3.2), and must look at all of the padding,
which SSL 3.0 did not (POODLE against TLS, CVE-2014-8730). That the handshake stood is the control: its
Finished was such a record, and right. With encrypt-then-MAC (RFC 7366) there is nothing to find; there it is
not tried.

Padding that leaves no room for a MAC, which would show CVE-2016-2107, is not sent: servers with that flaw
read beyond the record then, and some end. Merget et al., "Scalable Scanning and Automatic Classification of
TLS Padding Oracle Vulnerabilities" (USENIX Security 2019), has many more variants.
"""

from typing import Final

from waxseal.facts import Cause, MailProtocol, Reaction
from waxseal.probes.tls.flaws.series import Trial
from waxseal.probes.tls.full12 import FullTalk12
from waxseal.probes.tls.question import FIRST_OCTETS, HelloTalk
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls12_protection import wrong_mac, wrong_padding
from waxseal.wire.tls12_suites import Mode, parse_suite
from waxseal.wire.tls_events import AlertReceived, ApplicationData, Event, HandshakeCompleted

BAD_MAC: Final = "bad-mac"
BAD_PADDING: Final = "bad-padding"
EMPTY_BAD_MAC: Final = "empty-bad-mac"
EMPTY_BAD_PADDING: Final = "empty-bad-padding"
SPOILT: Final = {
    BAD_MAC: (False, wrong_mac),
    BAD_PADDING: (False, wrong_padding),
    EMPTY_BAD_MAC: (True, wrong_mac),
    EMPTY_BAD_PADDING: (True, wrong_padding),
}
"""Whether the record is empty (CVE-2019-1559), and how it is spoilt."""
_COMMANDS: Final = {MailProtocol.IMAP: b"w1 NOOP"}
_GREETING_LIMIT_S: Final = 5.0


def in_cbc(suite: int) -> bool:
    """Whether our client can finish a handshake with this suite, and its records are in CBC mode."""
    found = parse_suite(suite)
    return found is not None and found.cipher.mode is Mode.CBC


def content(client: Tls12Client, protocol: MailProtocol) -> bytes:
    """A command that changes nothing, so long that a whole block of padding follows its MAC.

    So there is padding to spoil beside its length. A server that takes the record all the same answers it.
    """
    command = _COMMANDS.get(protocol, b"NOOP")
    suite = client.suite
    if suite is None:
        return command + b"\r\n"
    size = len(command) + 2 + {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48}.get(suite.mac, 0)
    return command + b" " * (-size % suite.cipher.block_octets) + b"\r\n"


class SpoiltTalk(FullTalk12, Trial):
    """A whole handshake, one spoilt record, and the reply to that."""

    def __init__(
        self,
        variant: str,
        client: Tls12Client,
        protocol: MailProtocol,
        *,
        greeted: bool,
        quiet_s: float,
        behind: HelloTalk | None = None,
    ) -> None:
        """Prepare one.

        Args:
            variant: One of `SPOILT`.
            client: Makes the handshake.
            protocol: What the server speaks under TLS.
            greeted: Whether the server speaks first there.
            quiet_s: How long silence must last to count as an answer.
            behind: See `FullTalk12`.
        """
        super().__init__(client, behind)
        self.variant = variant
        self._protocol = protocol
        self._greeted = greeted
        self._silence_s = quiet_s
        self._sent = False
        self._reply: Reaction | None = None

    def saw(self, event: Event) -> bytes:
        """Behind the handshake, and the greeting where there is one, the record goes out."""
        if isinstance(event, HandshakeCompleted):
            if self._greeted:
                self.quiet_s = _GREETING_LIMIT_S
                return b""
            return self._spoil()
        if isinstance(event, ApplicationData):
            if not self._sent:
                return self._spoil()
            self._answered(Reaction(Cause.COMPLETED, octets=event.octets[:FIRST_OCTETS]))
        elif isinstance(event, AlertReceived) and self._sent and not self.client.ended:
            self._answered(Reaction(Cause.ALERT, event.description, self.first))
        return b""

    def silence(self) -> bytes:
        """No greeting: go on without; else silence is the reply."""
        if not self._sent and self.completed:
            return self._spoil()
        self._answered(Reaction(Cause.TIMED_OUT, detail=f"silence for {self._silence_s:.1f} s"))
        return b""

    def stopped(self, how: Reaction) -> None:
        """The client reads no further: an alert, or the end."""
        super().stopped(how)
        if self._sent:
            self._answered(Reaction(how.cause, how.alert, self.first, how.detail))

    def end(self, cause: Cause, detail: str = "") -> None:
        """The connection ended."""
        super().end(cause, detail)
        if self._sent and cause in (Cause.CLOSED, Cause.RESET):
            self._answered(Reaction(cause, octets=self.first, detail=detail))

    def reply(self) -> Reaction | None:
        """What came of the record; None where it was not sent, or its answer not be waited for."""
        return self._reply

    def _spoil(self) -> bytes:
        client = self.client
        if client.ended or client.encrypt_then_mac or client.suite is None or client.version is None:
            self.done = True
            return b""
        self._sent = True
        self.version, self.suite = client.version, client.suite.number
        self.quiet_s = self._silence_s
        self.first = b""
        empty, spoil = SPOILT[self.variant]
        octets = b"" if empty else content(client, self._protocol)
        return client.send_record(reg.APPLICATION_DATA, octets, spoil=spoil)

    def _answered(self, reply: Reaction) -> None:
        if self._reply is None:
            self._reply = reply
        self.done = True
