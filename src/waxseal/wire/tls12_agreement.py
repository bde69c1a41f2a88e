"""The first half of a handshake up to TLS 1.2, client's side: the hellos, and what they have to say.

RFC 5246 §7.4.1, with RFC 5746 (renegotiation_info), RFC 7627 (extended main secret), RFC 7366
(encrypt-then-MAC) and RFC 5077 (tickets). What follows is in ``wire.tls12``, records and alerts are in
``wire.tls12_connection``.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12_connection import HANDSHAKE_FAILURE, Tls12Connection
from waxseal.wire.tls12_keys import SSL_3_0, Secrets12
from waxseal.wire.tls12_protection import TLS_1_0, Tls12Protection
from waxseal.wire.tls12_suites import Suite12, parse_suite
from waxseal.wire.tls13_groups import Entropy
from waxseal.wire.tls_client_hello import RANDOM_OCTETS, TLS_1_2, TLS_1_3, ClientHello
from waxseal.wire.tls_events import Deviated, Resumption12, ServerHelloSeen
from waxseal.wire.tls_fields import FieldReader, number, records
from waxseal.wire.tls_key_exchange import ServerKeyExchange
from waxseal.wire.tls_server_certificates import CertificateMessage, CertificateRequest
from waxseal.wire.tls_server_flight import NewSessionTicket
from waxseal.wire.tls_server_hello import ServerHello, Unreadable, parse_server_hello

ILLEGAL_PARAMETER: Final = 47
DECODE_ERROR: Final = 50
PROTOCOL_VERSION: Final = 70
SESSION_ID_OCTETS: Final = 32

_ONLY_TLS13: Final = (
    reg.SUPPORTED_VERSIONS,
    reg.KEY_SHARE,
    reg.COOKIE,
    reg.EARLY_DATA,
    reg.PSK_KEY_EXCHANGE_MODES,
    reg.PRE_SHARED_KEY,
)


@dataclass(slots=True)
class Handshake12:
    """What one handshake has brought so far.

    Attributes:
        transcript: All messages of both sides but HelloRequests.
        certificates: The server's Certificate.
        exchange: Its ServerKeyExchange.
        request: Its CertificateRequest.
        ticket: Its NewSessionTicket.
        secrets: From ServerHello on.
        keys: Protection of what we send and of what we receive, once there are keys.
        verify: Our verify_data and the server's, for RFC 5746.
    """

    transcript: bytearray = field(default_factory=bytearray)
    certificates: CertificateMessage | None = None
    exchange: ServerKeyExchange | None = None
    request: CertificateRequest | None = None
    ticket: NewSessionTicket | None = None
    secrets: Secrets12 | None = None
    keys: tuple[Tls12Protection, Tls12Protection] | None = None
    verify: tuple[bytes, bytes] = (b"", b"")


class Tls12Agreement(Tls12Connection):
    """A connection up to ServerHello; see `waxseal.wire.tls12.Tls12Client` for its attributes."""

    def __init__(
        self, hello: ClientHello, entropy: Entropy, resume: Resumption12 | None, max_fragment_octets: int
    ) -> None:
        super().__init__(max_fragment_octets)
        self.hello = hello if resume is None else _with_session(hello, resume, entropy)
        self.server_hello: ServerHello | None = None
        self.suite: Suite12 | None = None
        self.group: int | None = None
        self.resumed = False
        self.secure_renegotiation = False
        self.extended_main_secret = False
        self.encrypt_then_mac = False
        self._entropy = entropy
        self._resume = resume
        self._now = Handshake12()
        self._verified: tuple[bytes, bytes] | None = None

    def start(self) -> bytes:
        """The ClientHello in records; call it once, and first."""
        self.begin(self.hello)
        octets = self.hello.message()
        version = min(TLS_1_0, self.hello.legacy_version)
        self._out += records(reg.HANDSHAKE, octets, version, self._fragment_octets)
        return self.to_send()

    def begin(self, hello: ClientHello) -> None:
        """Go on from a hello that somebody else sent, in place of `start`."""
        self.hello = hello
        self._may_write = True
        self._now.transcript += hello.message()

    @property
    def _randoms(self) -> tuple[bytes, bytes]:
        """The client's and the server's."""
        return self.hello.random, self.server_hello.random if self.server_hello is not None else b""

    def _on_server_hello(self, octets: bytes) -> None:
        hello = parse_server_hello(octets)
        self._events.extend(Deviated(deviation) for deviation in hello.deviations)
        if isinstance(hello, Unreadable):
            self._fail(hello.deviations[-1], DECODE_ERROR)
            return
        self._events.append(ServerHelloSeen(hello))
        if self._takes_version(hello):
            self.server_hello, self.version = hello, hello.version
            self.suite = parse_suite(hello.suite)
            self.group = None
            self._judge_hello(hello)
            self._judge_extensions(hello)
            if not self.ended:
                self._agree(hello)

    def _takes_version(self, hello: ServerHello) -> bool:
        """Whether the version chosen is one to go on in (RFC 5246 §7.4.1.3)."""
        offered = offered_versions(self.hello)
        if hello.version == TLS_1_3 and TLS_1_3 in offered:
            self._may_write = False
            self._stop("other-version")
        elif hello.version not in offered or hello.version > TLS_1_2:
            chosen = number(hello.version, 2)
            self._broken("version-not-offered", "RFC 5246 §7.4.1.3", chosen, PROTOCOL_VERSION, 4)
        elif self.version not in (None, hello.version):
            chosen = number(hello.version, 2)
            self._broken("version-changed", "RFC 5246 §7.4.1.3", chosen, PROTOCOL_VERSION, 4)
        else:
            return True
        return False

    def _judge_hello(self, hello: ServerHello) -> None:
        """What a ServerHello must not choose (RFC 5246 §7.4.1.3), and the sign that it could do better."""
        source = "RFC 5246 §7.4.1.3"
        if hello.suite not in self.hello.suites:
            self._flag("suite-not-offered", source, number(hello.suite, 2))
        if self.suite is not None and self.suite.only_tls12 and hello.version < TLS_1_2:
            self._flag("suite-of-another-version", "RFC 5246 appendix A.5", number(hello.suite, 2))
        if hello.compression not in self.hello.compressions:
            self._flag("compression-not-offered", source, number(hello.compression, 1))
        able = hello.downgrade_sentinel
        better = {TLS_1_2: TLS_1_3, 0x0302: TLS_1_2}.get(able or 0)
        if better is not None and hello.version < better and better in offered_versions(self.hello):
            # It can do what we offered, and yet chose less (RFC 8446 §4.1.3).
            self._flag("downgrade-sentinel", "RFC 8446 §4.1.3", hello.random[24:], 30)

    def _judge_extensions(self, hello: ServerHello) -> None:
        """Extensions only answer ours (RFC 5246 §7.4.1.4); take in those that change how we go on."""
        for extension in hello.extensions.raw:
            if not self._offers(extension.number):
                self._flag("extension-not-offered", "RFC 5246 §7.4.1.4", number(extension.number, 2))
        self.extended_main_secret = self._agreed(hello, reg.EXTENDED_MASTER_SECRET)
        self.encrypt_then_mac = self._agreed(hello, reg.ENCRYPT_THEN_MAC)
        if self.encrypt_then_mac and self.suite is not None and self.suite.cipher.block_octets == 1:
            # Only block ciphers take it up (RFC 7366 §3).
            self._flag("encrypt-then-mac-without-cbc", "RFC 7366 §3", number(hello.suite, 2))
        limit = hello.extensions.record_size_limit
        if limit is not None and limit >= 64 and self._offers(reg.RECORD_SIZE_LIMIT):  # (RFC 8449 §4)
            self._fragment_octets = min(self._fragment_octets, limit)
        code = hello.extensions.max_fragment_length
        if code in (1, 2, 3, 4) and self._offers(reg.MAX_FRAGMENT_LENGTH):  # (RFC 6066 §4)
            self._fragment_octets = min(self._fragment_octets, 1 << 8 + code)
        self._judge_renegotiation(hello)

    def _judge_renegotiation(self, hello: ServerHello) -> None:
        """renegotiation_info names the handshake before, in a first one nothing (RFC 5746 §3.4, §3.5)."""
        seen = hello.extensions.renegotiated_connection
        if self._verified is None:
            self.secure_renegotiation = hello.extensions.has(reg.RENEGOTIATION_INFO)
            if self.secure_renegotiation and seen != b"":
                self._flag("renegotiation-info-wrong", "RFC 5746 §3.4", seen or b"")
            return
        bound = self.hello.extension(reg.RENEGOTIATION_INFO) is not None
        if bound and seen != b"".join(self._verified):
            rule = "renegotiation-info-missing" if seen is None else "renegotiation-info-wrong"
            self._broken(rule, "RFC 5746 §3.5", seen or b"", HANDSHAKE_FAILURE)

    def _offers(self, extension: int) -> bool:
        """Whether we offered an extension; the signalling suite stands for one (RFC 5746 §3.3)."""
        scsv = extension == reg.RENEGOTIATION_INFO and reg.EMPTY_RENEGOTIATION_INFO_SCSV in self.hello.suites
        return scsv or self.hello.extension(extension) is not None

    def _agreed(self, hello: ServerHello, extension: int) -> bool:
        version = self.version or SSL_3_0
        return version > SSL_3_0 and hello.extensions.has(extension) and self._offers(extension)

    def _agree(self, hello: ServerHello) -> None:
        """Begin the secrets; where the server resumes, they are those of the session (RFC 5246 §7.4.1.3)."""
        hash_name = self.suite.hash_name if self.suite is not None else "sha256"
        self._now.secrets = Secrets12(hello.version, hash_name)
        self.resumed = False
        if not hello.session_id or hello.session_id != self.hello.session_id:
            return
        resume = self._resume
        if resume is None:
            # Repeating our session id means to resume, which nobody asked for; a whole handshake may follow.
            self._flag("session-id-repeated", "RFC 5246 §7.4.1.3", hello.session_id, 38)
            return
        if (resume.suite, resume.version) != (hello.suite, hello.version):
            self._broken("session-changed", "RFC 5246 §7.4.1.3", hello.octets, ILLEGAL_PARAMETER)
        elif resume.extended != self.extended_main_secret:
            self._broken("session-extended-otherwise", "RFC 7627 §5.3", hello.octets, HANDSHAKE_FAILURE)
        elif self.suite is not None:
            self.resumed = True
            self._now.secrets.main = resume.secret

    def _prepare_keys(self) -> None:
        """The keys of both directions, from the main secret (RFC 5246 §6.3)."""
        suite, secrets = self.suite, self._now.secrets
        if suite is None or secrets is None:
            return
        ours, theirs = self._randoms
        sides = [
            Tls12Protection(
                suite, secrets.version, keys, self._entropy, encrypt_then_mac=self.encrypt_then_mac
            )
            for keys in secrets.key_block(suite, theirs + ours)
        ]
        self._now.keys = (sides[0], sides[1])


def offered_versions(hello: ClientHello) -> tuple[int, ...]:
    """The versions that a hello offers: supported_versions, or all from SSL 3.0 up to its version field."""
    extension = hello.extension(reg.SUPPORTED_VERSIONS)
    if extension is not None:
        return FieldReader(extension.octets, "RFC 8446 §4.2.1").inner(1).numbers(2)
    return tuple(range(SSL_3_0, min(hello.legacy_version, TLS_1_2) + 1))


def again(hello: ClientHello, random: bytes, verify: bytes | None) -> ClientHello:
    """The hello of a renegotiation (RFC 5746 §3.5): no signalling suites, no session, no TLS 1.3.

    Args:
        hello: The one before.
        random: Its new random.
        verify: Our verify_data of the handshake before; None leaves renegotiation_info out.
    """
    signals = (reg.EMPTY_RENEGOTIATION_INFO_SCSV, reg.FALLBACK_SCSV)
    suites = tuple(suite for suite in hello.suites if suite not in signals)
    made = replace(hello, random=random[:RANDOM_OCTETS], suites=suites, session_id=b"")
    if hello.extensions is not None:
        for extension in (*_ONLY_TLS13, reg.RENEGOTIATION_INFO):
            made = made.without_extension(extension)
        if made.extension(reg.SESSION_TICKET) is not None:
            made = made.with_extension(ext.session_ticket())
    return made if verify is None else made.with_extension(ext.renegotiation_info(verify))


def _with_session(hello: ClientHello, resume: Resumption12, entropy: Entropy) -> ClientHello:
    """The hello with a session offered; a ticket comes with an id to be repeated (RFC 5077 §3.4)."""
    if not resume.ticket:
        return replace(hello, session_id=resume.session_id)
    session_id = hello.session_id or entropy(SESSION_ID_OCTETS)
    return replace(hello, session_id=session_id).with_extension(ext.session_ticket(resume.ticket))
