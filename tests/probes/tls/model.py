"""A TLS server as a function: takes a ClientHello, gives the octets of its answer. For any set-up and quirk.

It chooses as the standards say and real servers do, and knows nothing of who asks: hellos are parsed anew
from their octets.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.wire.hellos import client_hello, numbers_in
from waxseal.facts import Cause
from waxseal.probes.tls.question import HelloTalk, Strand, Talk, Tls13Talk
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_events import EncryptedExtensionsSeen
from waxseal.wire.tls_extensions import ServerExtensions
from waxseal.wire.tls_fields import message, number, records, vector
from waxseal.wire.tls_server_hello import RETRY_RANDOM, EncryptedExtensions, ServerHello
from waxseal.wire.tls_suite_properties import suite_properties

HANDSHAKE_FAILURE = 40
PROTOCOL_VERSION = 70
_SCHEME_OF_CURVE = {23: 0x0403, 24: 0x0503, 25: 0x0603, 26: 0x081A}


@dataclass(frozen=True)
class Shown13:
    """What a handshake of TLS 1.3 shows under encryption too."""

    suite: int
    group: int
    scheme: int


@dataclass
class ModelServer:
    """What a server is set up to do.

    Attributes:
        suites: By version, in order of preference.
        groups, groups_13: In order of preference, up to TLS 1.2 and in TLS 1.3.
        schemes: Signature schemes in order of preference, for both.
        keys: Types of its certificates: ``rsa``, ``ecdsa``.
        own_order: Whether its order of suites, groups and schemes goes before the client's.
        lists_groups: Whether EncryptedExtensions lists its groups.
        longest_list: Hellos with more suites are refused.
        closes: It closes where others send an alert.
        certificate_curve: Of its ECDSA certificate.
        suite_first: It chooses the suite without a look at the schemes, as OpenSSL, and fails if none fits.
        newest: Hellos that offer a newer version are refused, instead of answered by an older one.
        stubborn: It selects this suite, whatever is offered.
        prefers_chacha: Where the client's first suite is one of ChaCha20, those go first in its own order.
        silent: Hellos that it never answers.
        asked: Every hello that came.
    """

    suites: dict[int, tuple[int, ...]]
    groups: tuple[int, ...] = (29, 23, 24)
    groups_13: tuple[int, ...] = (29, 23, 24)
    schemes: tuple[int, ...] = (0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601)
    keys: tuple[str, ...] = ("rsa",)
    own_order: bool = True
    lists_groups: bool = True
    longest_list: int | None = None
    closes: bool = False
    certificate_curve: int = 23
    suite_first: bool = False
    newest: int | None = None
    stubborn: int | None = None
    prefers_chacha: bool = False
    silent: Callable[[ClientHello], bool] = field(default=lambda hello: False)
    asked: list[ClientHello] = field(default_factory=list)
    shown: Shown13 | None = None

    def answer(self, octets: bytes) -> bytes | None:
        """The answer to one hello; b"" closes, None is silence."""
        hello = client_hello(b"".join(_payloads(octets)))
        self.asked.append(hello)
        if self.silent(hello):
            return None
        offered = max((*numbers_in(hello, reg.SUPPORTED_VERSIONS, 1), hello.legacy_version))
        too_long = self.longest_list is not None and len(hello.suites) > self.longest_list
        too_long = too_long or (self.newest is not None and offered > self.newest)
        version = None if too_long else self._version(hello)
        found = b"" if version is None else self._select(hello, version)
        if found:
            return found
        alert = PROTOCOL_VERSION if version is None and not too_long else HANDSHAKE_FAILURE
        return b"" if self.closes else records(reg.ALERT, bytes([2, alert]))

    def _version(self, hello: ClientHello) -> int | None:
        wanted = numbers_in(hello, reg.SUPPORTED_VERSIONS, 1)
        if wanted:
            return max((v for v in wanted if self.suites.get(v)), default=None)
        fitting = [
            v for v, suites in self.suites.items() if v <= min(hello.legacy_version, 0x0303) and suites
        ]
        return max(fitting, default=None)

    def _prefer(self, own: tuple[int, ...], offered: tuple[int, ...]) -> list[int]:
        """What both have, the preferred one first."""
        first, second = (own, offered) if self.own_order else (offered, own)
        return [x for x in first if x in second]

    def _select(self, hello: ClientHello, version: int) -> bytes:
        groups = numbers_in(hello, reg.SUPPORTED_GROUPS, 2)
        schemes = numbers_in(hello, reg.SIGNATURE_ALGORITHMS, 2)
        own_groups = self.groups_13 if version == 0x0304 else self.groups
        group = next(iter(self._prefer(own_groups, groups)), None)
        for suite in self._suites_in_order(version, hello):
            if version == 0x0304:
                scheme = next((s for s in self._prefer(self.schemes, schemes) if self._signs_13(s)), None)
                if group is not None and scheme is not None:
                    return self._answer_13(hello, suite, group, scheme)
                return b""
            answer = self._answer_12(version, suite, group, groups, schemes)
            if answer or (self.suite_first and self._answer_12(version, suite, group, groups, self.schemes)):
                return answer
        return b""

    def _suites_in_order(self, version: int, hello: ClientHello) -> list[int]:
        own = self.suites[version]
        if self.stubborn is not None:
            return [self.stubborn]
        if self.prefers_chacha and _is_chacha(hello.suites[0]):
            own = tuple(sorted(own, key=lambda suite: not _is_chacha(suite)))
        return self._prefer(own, hello.suites)

    def _signs_13(self, scheme: int) -> bool:
        return ("rsa" in self.keys and scheme in reg.RSA_SCHEMES[:3]) or (
            "ecdsa" in self.keys and scheme == _SCHEME_OF_CURVE[self.certificate_curve]
        )

    def _answer_12(
        self, version: int, suite: int, group: int | None, groups: tuple[int, ...], schemes: tuple[int, ...]
    ) -> bytes:
        """A flight up to TLS 1.2; b"" where the suite cannot be had with these groups and schemes."""
        properties = suite_properties(suite)
        assert properties is not None
        key = {"RSA": "rsa", "ECDSA": "ecdsa", "DSS": "dsa"}.get(properties.authentication, "")
        if key and key not in self.keys:
            return b""
        if key == "ecdsa" and groups and self.certificate_curve not in groups:
            return b""
        exchange = b""
        if properties.key_exchange in ("ECDHE", "ECDH_anon"):
            if group is None:
                return b""
            exchange = b"\x03" + number(group, 2) + vector(b"\x04" * 65, 1)
        elif properties.key_exchange in ("DHE", "DH_anon"):
            exchange = vector(b"\xff" * 256, 2) + vector(b"\x02", 2) + vector(b"\x05" * 256, 2)
        if exchange and key:
            signature = vector(b"signature", 2)
            if version == 0x0303:
                fitting = [s for s in self._prefer(self.schemes, schemes) if _family(s) == key]
                if not fitting:
                    return b""
                signature = number(fitting[0], 2) + signature
            exchange += signature
        flight = _server_hello(version, suite)
        flight += message(reg.SERVER_KEY_EXCHANGE, exchange) if exchange else b""
        return records(reg.HANDSHAKE, flight + message(reg.SERVER_HELLO_DONE, b""), min(version, 0x0303))

    def _answer_13(self, hello: ClientHello, suite: int, group: int, scheme: int) -> bytes:
        """What TLS 1.3 shows: as a HelloRetryRequest, since a model has no keys; the rest as `Shown13`."""
        self.shown = Shown13(suite, group, scheme)
        body = number(group, 2)
        return records(
            reg.HANDSHAKE, _server_hello(0x0303, suite, RETRY_RANDOM, (43, b"\x03\x04"), (51, body))
        )

    def play(self, strand: Strand) -> list[str]:
        """Run a strand against this server; what each of its questions was about."""
        about: list[str] = []
        answer: Talk | None = None
        while True:
            try:
                question = next(strand) if answer is None else strand.send(answer)
            except StopIteration:
                return about
            if question.until is not None:  # strands are played one by one: nothing to wait for
                answer = question.talk()
                continue
            about.append(question.about)
            answer = self._reply(question.talk())

    def _reply(self, talk: Talk) -> Talk:
        octets = self.answer(talk.start())
        if isinstance(talk, Tls13Talk):
            return ModelTalk13(talk, self, octets)
        _hear(talk, octets)
        return talk


class ModelTalk13(Tls13Talk):
    """The answer of a model to a `Tls13Talk`, with what decryption would have shown."""

    def __init__(self, asked: Tls13Talk, server: ModelServer, octets: bytes | None) -> None:
        super().__init__(asked.hello, asked.client)
        look = HelloTalk(asked.hello)
        _hear(look, octets)
        self.cause, self.alert, self.done = look.cause, look.alert, True
        self._hello = look.selected
        self._shown = server.shown if self._hello is not None else None
        self._groups = server.groups_13 if server.lists_groups else None

    @property
    def selected(self) -> ServerHello | None:
        return self._hello

    @property
    def group(self) -> int | None:
        return None if self._shown is None else self._shown.group

    @property
    def scheme(self) -> int | None:
        return None if self._shown is None else self._shown.scheme

    @property
    def encrypted_extensions(self) -> EncryptedExtensionsSeen | None:
        if self._groups is None or self._shown is None:
            return None
        extensions = ServerExtensions(groups=self._groups)
        return EncryptedExtensionsSeen(EncryptedExtensions(b"", extensions))


def _hear(talk: Talk, octets: bytes | None) -> None:
    """Give an answer to a talk, or the end that comes in its place."""
    if octets:
        talk.receive(octets)
    if not talk.done:
        talk.end(Cause.TIMED_OUT if octets is None else Cause.CLOSED)


def _is_chacha(suite: int) -> bool:
    properties = suite_properties(suite)
    return properties is not None and properties.cipher == "CHACHA20_POLY1305"


def _server_hello(
    version: int, suite: int, random: bytes = bytes(32), *extensions: tuple[int, bytes]
) -> bytes:
    body = number(version, 2) + random + vector(b"", 1) + number(suite, 2) + b"\x00"
    block = b"".join(number(kind, 2) + vector(octets, 2) for kind, octets in extensions)
    return message(reg.SERVER_HELLO, body + (vector(block, 2) if extensions else b""))


def _family(scheme: int) -> str:
    if scheme in (0x0804, 0x0805, 0x0806):
        return "rsa"
    return {1: "rsa", 2: "dsa", 3: "ecdsa"}.get(scheme & 0xFF, "")


def _payloads(octets: bytes) -> list[bytes]:
    found = []
    while octets:
        length = int.from_bytes(octets[3:5], "big")
        found.append(octets[5 : 5 + length])
        octets = octets[5 + length :]
    return found
