"""ChangeCipherSpec where it is not due (CVE-2014-0224): behind ServerHelloDone, before any key is agreed.

A server that keeps to RFC 5246 §7.1 ends the handshake at the first one. One that takes it has changed to
keys that anybody can compute; it is silent, and stumbles over the second one, which it takes for an
encrypted record.
"""

from waxseal.facts import Cause, EarlyChangeCipherSpec, Reaction
from waxseal.probes.tls.flaws.clear import ClearTalk
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_fields import records
from waxseal.wire.tls_server_hello import version_name


class EarlyCcsTalk(ClearTalk):
    """One ChangeCipherSpec behind a flight, and where that meets silence, a second one."""

    def __init__(self, version: int, quiet_s: float) -> None:
        self._version = version
        self._first_one: Reaction | None = None
        super().__init__(records(reg.CHANGE_CIPHER_SPEC, b"\x01", version), quiet_s)

    def silence(self) -> bytes:
        """Send the second one; after that, silence is the answer."""
        if self._first_one is None:
            self._first_one = Reaction(Cause.TIMED_OUT, detail=f"silence for {self.quiet_s:.1f} s")
            return self.start()
        return super().silence()

    def fact(self) -> EarlyChangeCipherSpec | None:
        """What is known; None where the connection gave no answer."""
        reply, name = self.reply(), version_name(self._version)
        if self._first_one is not None:
            return EarlyChangeCipherSpec(version=name, first=self._first_one, second=reply)
        return None if reply is None else EarlyChangeCipherSpec(version=name, first=reply)
