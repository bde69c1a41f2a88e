"""The first half of a TLS 1.3 handshake, client's side: ClientHello to shared secret (RFC 8446 §4.1, §7.1).

Early data, which goes out between the two, is here as well (RFC 8446 §2.3, §4.2.10).
What follows under encryption is in ``wire.tls13``, records and alerts are in ``wire.tls13_connection``.
"""

from collections.abc import Sequence
from typing import Final

from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls13_connection import Tls13Connection
from waxseal.wire.tls13_groups import Entropy, KeyShare, ShareError, available_groups, key_share
from waxseal.wire.tls13_keys import SUITES, KeySchedule, Suite, hash_of
from waxseal.wire.tls13_protection import RecordProtection
from waxseal.wire.tls_client_hello import TLS_1_0, TLS_1_2, TLS_1_3, ClientHello
from waxseal.wire.tls_connection import UNEXPECTED_MESSAGE
from waxseal.wire.tls_events import Deviated, HelloRetry, Resumption, ServerHelloSeen
from waxseal.wire.tls_fields import FieldReader, message, number, records
from waxseal.wire.tls_server_hello import ServerHello, Unreadable, parse_server_hello

HANDSHAKE_FAILURE: Final = 40
ILLEGAL_PARAMETER: Final = 47
DECODE_ERROR: Final = 50
MISSING_EXTENSION: Final = 109


class Tls13Agreement(Tls13Connection):
    """A connection up to the shared secret; see `waxseal.wire.tls13.Tls13Client` for its attributes."""

    def __init__(
        self,
        hello: ClientHello,
        shares: Sequence[KeyShare],
        entropy: Entropy,
        *,
        answer_retry: bool,
        resume: Resumption | None,
        age_ms: int,
        early_data: bool,
    ) -> None:
        super().__init__()
        self.hello = hello
        self.server_hello: ServerHello | None = None
        self.suite: Suite | None = None
        self.group: int | None = None
        self.resumed = False
        self.early_data_accepted: bool | None = None
        self._shares = {share.group: share for share in shares}
        self._entropy = entropy
        self._answer_retry = answer_retry
        self._resume = resume
        self._age_ms = age_ms
        self._announce = early_data and resume is not None and bool(resume.max_early_data_octets)
        self._early: KeySchedule | None = None
        self._early_hash = b""
        self._early_left = 0
        self._early_open = False
        self._sent = b""
        self._retry: ServerHello | None = None
        self._schedule: KeySchedule | None = None
        self._transcript = hash_of("sha256", b"")
        self._compatible = False

    def _send_hello(self, before: bytes) -> None:
        """Queue the hello, with a binder over `before` and itself where a ticket is offered."""
        if self._resume is not None:
            if self._announce and not before:
                self.hello = self.hello.with_extension(ext.early_data())
            self.hello = _with_ticket(self.hello, self._resume, self._age_ms, before)
        octets = self.hello.message()
        self._sent = before + octets
        if before:
            self._be_compatible()
        self._out += records(reg.HANDSHAKE, octets, TLS_1_2 if before else TLS_1_0)
        if self._resume is not None and not before and self.hello.extension(reg.EARLY_DATA) is not None:
            self._open_early(octets, self._resume)

    def _open_early(self, octets: bytes, resume: Resumption) -> None:
        """What is sent from here on, until the server answers, is early data (RFC 8446 §4.2.10)."""
        suite = SUITES[resume.suite]
        self._be_compatible()
        self._early = KeySchedule.begin(suite.hash_name, resume.secret)
        self._early_hash = hash_of(suite.hash_name, octets).digest()
        self._writing = RecordProtection(suite, self._early.client_early(self._early_hash))
        self._early_left = resume.max_early_data_octets or 0
        self._early_open = True

    def send_early(self, data: bytes) -> bytes:
        """Records that carry this as early data, and whatever waited before them; after `start`.

        Whether it was taken, `early_data_accepted` tells later. Where it was not, nothing of it has reached
        the protocol above, and the caller sends it again with `send` if it wants to (RFC 8446 §2.3).

        Raises:
            RuntimeError: No early data was announced, or the server has answered already.
            ValueError: It is more than the ticket allows (RFC 8446 §4.6.1); nothing is sent.
        """
        if not (self._early_open and self._may_write) or self.ended:
            raise RuntimeError("no early data can be sent now")
        if len(data) > self._early_left:
            raise ValueError(f"{len(data)} octets of early data, where {self._early_left} are left")
        self._early_left -= len(data)
        self._emit(reg.APPLICATION_DATA, data)
        return self.to_send()

    def _refuse_early(self) -> None:
        """The early data was not taken; what comes next is under other keys, or none."""
        if self._early is not None and self.early_data_accepted is None:
            self.early_data_accepted = False
            schedule, suite = self._schedule, self.suite
            keys = RecordProtection(suite, schedule.client_handshake) if schedule and suite else None
            self._writing = keys

    def _be_compatible(self) -> None:
        """One ChangeCipherSpec before the second flight, for middleboxes (RFC 8446 appendix D.4)."""
        if self.hello.session_id and not self._compatible:
            self._out += records(reg.CHANGE_CIPHER_SPEC, b"\x01")
        self._compatible = True

    def _broken(self, rule: str, source: str, octets: bytes, alert: int) -> None:
        """Note a breach that we cannot go on from."""
        self._fail(self._flag(rule, source, octets), alert)

    def _on_server_hello(self, octets: bytes) -> None:
        hello = parse_server_hello(octets)
        self._early_open = False
        if hello.deviations:
            self._events.extend(Deviated(deviation) for deviation in hello.deviations)
        if isinstance(hello, Unreadable):
            self._fail(hello.deviations[-1], DECODE_ERROR)
            return
        self._events.append(HelloRetry(hello) if hello.retry else ServerHelloSeen(hello))
        if hello.extensions.selected_version != TLS_1_3:
            self._refuse_early()
            self._may_write = False
            self._stop("other-version")
            return
        self._speaks_tls13 = True
        self._judge_hello(hello)
        suite = SUITES.get(hello.suite)
        if suite is None:
            self._broken("suite-of-another-version", "RFC 8446 §4.1.3", octets, ILLEGAL_PARAMETER)
        elif hello.retry:
            self._on_retry(hello, suite)
        else:
            self._agree(hello, suite)

    def _judge_hello(self, hello: ServerHello) -> None:
        """What a ServerHello must repeat or must not choose (RFC 8446 §4.1.3)."""
        source = "RFC 8446 §4.1.3"
        if hello.session_id != self.hello.session_id:
            self._flag("session-id-not-echoed", source, hello.session_id, 38)
        if hello.suite not in self.hello.suites:
            self._flag("suite-not-offered", source, number(hello.suite, 2))
        if hello.compression:
            self._flag("compression-not-null", source, number(hello.compression, 1))
        if hello.legacy_version != TLS_1_2:
            self._flag("legacy-version", source, number(hello.legacy_version, 2), 4)
        if self._retry is not None and hello.suite != self._retry.suite:
            self._flag("suite-changed-after-retry", "RFC 8446 §4.1.4", number(hello.suite, 2))

    def _on_retry(self, hello: ServerHello, suite: Suite) -> None:
        """Say hello again as the server asks (RFC 8446 §4.1.4)."""
        group = hello.extensions.group
        source = "RFC 8446 §4.1.4"
        if self._retry is not None:
            self._broken("second-hello-retry", source, hello.octets, UNEXPECTED_MESSAGE)
            return
        self._retry = hello
        self._refuse_early()
        if not self._answer_retry:
            self._stop("asked")
            return
        again = self.hello.without_extension(reg.EARLY_DATA).without_extension(reg.PRE_SHARED_KEY)
        if group is not None:
            if group in self._shares or group not in _offered_groups(self.hello):
                self._broken("group-not-offered", source, hello.octets, ILLEGAL_PARAMETER)
                return
            if group not in available_groups():
                self._broken("group-not-spoken", "limit of waxseal", hello.octets, HANDSHAKE_FAILURE)
                return
            self._shares = {group: key_share(group, self._entropy)}
            again = again.with_extension(ext.key_shares(((group, self._shares[group].public),)))
        elif hello.extensions.cookie is None:
            self._broken("retry-changes-nothing", source, hello.octets, ILLEGAL_PARAMETER)
            return
        if hello.extensions.cookie is not None:
            again = again.with_extension(ext.cookie(hello.extensions.cookie))
        self.hello = again
        if self._resume is not None and SUITES[self._resume.suite].hash_name != suite.hash_name:
            self._resume = None
        # The first hello counts by its hash alone (RFC 8446 §4.4.1).
        digest = hash_of(suite.hash_name, self._sent).digest()
        self._send_hello(message(reg.MESSAGE_HASH, digest) + hello.octets)

    def _agree(self, hello: ServerHello, suite: Suite) -> None:
        """Meet in a shared secret, and read under encryption from here on (RFC 8446 §7.1)."""
        self.server_hello, self.suite = hello, suite
        group, share = hello.extensions.group, hello.extensions.share
        psk = b""
        if hello.extensions.has(reg.PRE_SHARED_KEY):
            if self._resume is None or hello.extensions.selected_identity != 0:
                self._broken("psk-not-offered", "RFC 8446 §4.2.11", hello.octets, ILLEGAL_PARAMETER)
                return
            if SUITES[self._resume.suite].hash_name != suite.hash_name:
                self._broken("psk-of-another-hash", "RFC 8446 §4.2.11", hello.octets, ILLEGAL_PARAMETER)
                return
            psk, self.resumed = self._resume.secret, True
        if group is None or share is None:
            if not self.resumed or hello.extensions.has(reg.KEY_SHARE):
                self._broken("key-share-missing", "RFC 8446 §4.2.8", hello.octets, MISSING_EXTENSION)
                return
            shared = b""
        elif group not in self._shares:
            self._broken("group-not-offered", "RFC 8446 §4.2.8", hello.octets, ILLEGAL_PARAMETER)
            return
        else:
            try:
                shared = self._shares[group].secret(share)
            except ShareError:
                self._broken("key-share-unusable", "RFC 8446 §4.2.8", hello.octets, ILLEGAL_PARAMETER)
                return
            self.group = group
        self._shares = {}
        self._transcript = hash_of(suite.hash_name, self._sent + hello.octets)
        self._schedule = KeySchedule.begin(suite.hash_name, psk)
        self._schedule.meet(shared, self._transcript.digest())
        self._reading = RecordProtection(suite, self._schedule.server_handshake)
        if not self.resumed:
            self._refuse_early()
        if self._early is None or self.early_data_accepted is False:  # else EncryptedExtensions will tell
            self._writing = RecordProtection(suite, self._schedule.client_handshake)


def _offered_groups(hello: ClientHello) -> tuple[int, ...]:
    """The groups in a hello's supported_groups."""
    extension = hello.extension(reg.SUPPORTED_GROUPS)
    if extension is None:
        return ()
    return FieldReader(extension.octets, "RFC 8446 §4.2.7").inner(2).numbers(2)


def _with_ticket(hello: ClientHello, resume: Resumption, age_ms: int, before: bytes) -> ClientHello:
    """The hello with a ticket offered, and a binder over all before the binders (RFC 8446 §4.2.11.2)."""
    hash_name = SUITES[resume.suite].hash_name
    zeros = bytes(SUITES[resume.suite].hash_octets)
    identity = (resume.ticket, (age_ms + resume.age_add) & 0xFFFFFFFF)
    plain = hello.without_extension(reg.PRE_SHARED_KEY)
    draft = plain.with_extension(ext.pre_shared_key((identity,), (zeros,))).message()
    cut = draft[: -(2 + 1 + len(zeros))]  # the list's length and the binder's stand before it
    digest = hash_of(hash_name, before + cut).digest()
    binder = KeySchedule.begin(hash_name, resume.secret).binder(digest)
    return plain.with_extension(ext.pre_shared_key((identity,), (binder,)))
