"""Single questions beside the peels: SSL 2.0, other server names, raw public keys, unusual hellos."""

import hashlib
from collections.abc import Callable
from typing import Final

from waxseal.facts import Cause, MailProtocol, Reaction, Ssl2Answer, TlsTolerance, ToleranceAnswer
from waxseal.probes.tls.hellos import CURVES, GROUPS_13, HelloMaker
from waxseal.probes.tls.knowledge import Knowledge
from waxseal.probes.tls.question import HelloTalk, Question, Strand, Talk, Tls13Talk, entropy, wait
from waxseal.probes.tls.suites import turned
from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.ssl2 import NotSsl2, Ssl2ClientHello, Ssl2Error, Ssl2ServerHello, parse_ssl2_answer
from waxseal.wire.tls13_groups import available_groups
from waxseal.wire.tls_client_hello import TLS_1_3, ClientHello, padded, with_grease
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_suite_properties import suites_of_version

LARGE_OCTETS: Final = 1600
"""Size of a hello with a post-quantum key share, and a little more; OpenSSL 3.5 sends about 1550 octets."""
SEGMENT_OCTETS: Final = 200
"""Where a hello is cut in two."""
SEGMENT_PAUSE_S: Final = 0.2
UNKNOWN_EXTENSION: Final = Extension(0x6B6B, b"waxseal")
"""A number that nobody has registered, and none of GREASE's."""
UNKNOWN_VERSION: Final = 0x0399
ALERT_OCTETS: Final = 7
"""An alert in clear with its record's header."""
RECORD_SIZE: Final = 1024
"""A record_size_limit that a server must obey (RFC 8449 §4)."""
ALPN_NAMES: Final = {
    MailProtocol.SMTP: (b"smtp",),
    MailProtocol.IMAP: (b"imap",),
    MailProtocol.POP3: (b"pop3",),
}
"""ALPN names: registered for IMAP and POP3; for SMTP the one that Exim takes, and takes only alone."""


Taker = Callable[[Talk, tuple[bytes, ...]], None]
"""Takes an answer, and the certificates that it shows."""


class Ssl2Talk(Talk):
    """An SSL 2.0 CLIENT-HELLO and its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Ssl2ServerHello | Ssl2Error | NotSsl2 | None = None
        self._octets = b""

    def start(self) -> bytes:
        """The CLIENT-HELLO."""
        return Ssl2ClientHello(entropy(16)).record()

    def receive(self, data: bytes) -> bytes:
        """Read on until the answer is whole."""
        self._octets += data
        self.first = self._octets[:64]
        if self._octets[0] == reg.ALERT and len(self._octets) < ALERT_OCTETS:
            return b""
        self.answer = parse_ssl2_answer(self._octets)
        if self.answer is not None:
            self.done = True
            self.cause = Cause.COMPLETED
            if isinstance(self.answer, NotSsl2):
                is_alert = self._octets[0] == reg.ALERT
                self.cause = Cause.ALERT if is_alert else Cause.NOT_TLS
                self.alert = self._octets[6] if is_alert else None
        return b""

    def farewell(self) -> bytes:
        """Nothing: there is no good-bye in SSL 2.0."""
        return b""


class Extras:
    """The single questions to one server; each strand keeps what it finds here.

    Attributes:
        ssl2: The answer to the SSL 2.0 hello; None while it was not asked.
        tolerance: The answers to unusual hellos; None while none was asked.
    """

    def __init__(self, knowledge: Knowledge, maker: HelloMaker, protocol: MailProtocol) -> None:
        self.knowledge = knowledge
        self.maker = maker
        self.protocol = protocol
        self.ssl2: Ssl2Answer | None = None
        self.tolerance: TlsTolerance | None = None

    def ask_ssl2(self) -> Strand:
        """SSL 2.0 (RFC 6176)."""
        talk = yield Question("SSLv2", Ssl2Talk)
        if not isinstance(talk, Ssl2Talk):
            return
        hello = talk.answer if isinstance(talk.answer, Ssl2ServerHello) else None
        self.ssl2 = Ssl2Answer(
            answered=isinstance(talk.answer, Ssl2ServerHello | Ssl2Error),
            reaction=talk.reaction(),
            kinds=() if hello is None else hello.kinds,
            certificate_sha256="" if hello is None else hashlib.sha256(hello.certificate).hexdigest(),
        )

    def show(self, server_name: str, about: str, take: Taker) -> Strand:
        """The certificates that are shown for a server name, or for none; `take` gets talk and chain."""
        maker = HelloMaker(server_name, self.maker.share_group)
        talk = yield Question(about, lambda: self._usual(maker))
        self.knowledge.note(talk)
        take(talk, shown(talk))

    def usual(self) -> HelloTalk | Tls13Talk:
        """A hello like those that were answered."""
        return self._usual(self.maker)

    def take_back(self, doubted: list[Reaction]) -> bool:
        """Forget answers that are in doubt; whether there were any."""
        found = False
        if self.ssl2 is not None and self.ssl2.reaction in doubted:
            self.ssl2, found = None, True
        if self.tolerance is not None and any(a.reaction in doubted for a in self.tolerance.answers):
            self.tolerance, found = None, True
        return found

    def _usual(self, maker: HelloMaker, further: tuple[Extension, ...] = ()) -> HelloTalk | Tls13Talk:
        """A hello in the highest version, with the suites that are known to be accepted in reverse order.

        So it tells whose order of suites decides, too.
        """
        version = self.knowledge.highest or TLS_1_3
        known = self.knowledge.versions[version]
        suites = turned(known.suites) or suites_of_version(version)
        if version == TLS_1_3:
            return maker.tls13(suites, further=further)
        return HelloTalk(maker.up_to_12(version, suites, further=further))

    def ask_tolerance(self, when: Callable[[], bool], no_name: Taker | None) -> Strand:
        """Everything unusual at once; its parts apart only where that fails.

        Args:
            when: Whether enough is known of the server.
            no_name: Where no server name is to be tried too, that is done with the same hello, which is then
                followed by two apart where it fails; takes talk and chain.
        """
        yield from wait("tolerance", when)
        version = self.knowledge.highest
        if version is None:
            return
        answers: list[ToleranceAnswer] = []
        parts = [p for p in _PARTS if version == TLS_1_3 or p not in ("unknown-version", "record-size-limit")]
        maker = self.maker if no_name is None else HelloMaker("", self.maker.share_group)
        talk = yield Question("tolerance", lambda: self._unusual(tuple(parts), maker))
        if no_name is not None and self._answer("all", talk).reaction.cause is Cause.COMPLETED:
            no_name(talk, shown(talk))
        elif no_name is not None:
            yield from self.show("", "no server name", no_name)
            talk = yield Question("tolerance", lambda: self._unusual(tuple(parts), self.maker))
        self._note_order(talk)
        answers.append(self._answer("all", talk))
        self.tolerance = self._tolerated(version, answers, talk)
        if answers[0].reaction.cause is not Cause.COMPLETED:
            for part in parts:
                talk = yield Question(
                    f"tolerance of {part}",
                    lambda part=part: self._unusual((part,), self.maker),  # type: ignore[misc]
                )
                answers.append(self._answer(part, talk))
                self.tolerance = self._tolerated(version, answers, talk)

    def _tolerated(self, version: int, answers: list[ToleranceAnswer], talk: Talk) -> TlsTolerance:
        return TlsTolerance(
            version=self.knowledge.versions[version].name,
            answers=tuple(answers),
            record_size_limit=_record_size_limit(talk),
            protocols_offered=tuple(name.decode("ascii") for name in ALPN_NAMES.get(self.protocol, ())),
            protocol=_protocol(talk),
        )

    def _note_order(self, talk: Talk) -> None:
        known = self.knowledge.note(talk)
        if known is not None and isinstance(talk, HelloTalk | Tls13Talk) and talk.selected is not None:
            offered = tuple(suite for suite in talk.hello.suites if suite not in reg.GREASE)
            if talk.selected.suite in known.suites:
                known.evidence.note(offered, talk.selected.suite)

    def _answer(self, what: str, talk: Talk) -> ToleranceAnswer:
        reaction = talk.reaction()
        if isinstance(talk, HelloTalk | Tls13Talk):
            hello = talk.selected
            if hello is not None and hello.version != self.knowledge.highest:
                reaction = Reaction(Cause.DECLINED, detail="another version was selected")
            return ToleranceAnswer(what, reaction, len(talk.hello.message()))
        return ToleranceAnswer(what, reaction)

    def _unusual(self, parts: tuple[str, ...], maker: HelloMaker) -> Talk:
        further = [UNKNOWN_EXTENSION] if "unknown-extension" in parts else []
        names = ALPN_NAMES.get(self.protocol)
        if "alpn" in parts and names:
            further.append(ext.protocols(names))
        version = self.knowledge.highest
        if version != TLS_1_3:
            talk = self._usual(maker, tuple(further))
            if isinstance(talk, HelloTalk):
                talk.hello = self._shaped(talk.hello, parts)
            return self._sent(talk, parts)
        return self._sent(self._unusual_13(parts, tuple(further), maker), parts)

    def _unusual_13(
        self, parts: tuple[str, ...], further: tuple[Extension, ...], maker: HelloMaker
    ) -> Tls13Talk:
        known = self.knowledge.versions[TLS_1_3]
        suites = turned(known.suites) or suites_of_version(TLS_1_3)
        small = [group for group in known.groups.accepted if group in CURVES and group in available_groups()]
        shares = small[:1] or [self.maker.share_group]
        if "large" in parts and reg.X25519_MLKEM768 in available_groups():
            shares.insert(0, reg.X25519_MLKEM768)
        talk = maker.tls13(suites, GROUPS_13, shares=tuple(dict.fromkeys(shares)), further=further)
        hello = self._shaped(talk.hello, parts)
        talk.hello = talk.client.hello = hello
        return talk

    def _shaped(self, hello: ClientHello, parts: tuple[str, ...]) -> ClientHello:
        """The hello with what the parts ask for, beside further extensions."""
        if "unknown-version" in parts:
            hello = hello.with_extension(ext.supported_versions((UNKNOWN_VERSION, TLS_1_3)))
        if "record-size-limit" in parts:
            hello = hello.with_extension(ext.record_size_limit(RECORD_SIZE))
        if "grease" in parts:
            hello = with_grease(hello, entropy(6))
        if "large" in parts:
            hello = padded(hello, LARGE_OCTETS)
        return hello

    def _sent(self, talk: Talk, parts: tuple[str, ...]) -> Talk:
        if "segments" in parts or "delayed-segments" in parts:
            talk.pieces = (SEGMENT_OCTETS,)
        if "delayed-segments" in parts:
            talk.pause_s = SEGMENT_PAUSE_S
        return talk


_PARTS: Final = (
    "grease",
    "unknown-extension",
    "unknown-version",
    "large",
    "segments",
    "delayed-segments",
    "record-size-limit",
    "alpn",
)


def shown(talk: Talk) -> tuple[bytes, ...]:
    """DER of the certificates that an answer shows, leaf first; none where it shows none."""
    if isinstance(talk, Tls13Talk):
        return talk.certificates
    if isinstance(talk, HelloTalk) and talk.selected is not None and talk.flight.certificates is not None:
        return talk.flight.certificates.certificates
    return ()


def _record_size_limit(talk: Talk) -> int | None:
    if isinstance(talk, Tls13Talk) and talk.encrypted_extensions is not None:
        return talk.encrypted_extensions.message.extensions.record_size_limit
    return None


def _protocol(talk: Talk) -> str:
    """The ALPN protocol that was selected; "" for none."""
    found: bytes | None = None
    if isinstance(talk, Tls13Talk) and talk.encrypted_extensions is not None:
        found = talk.encrypted_extensions.message.extensions.protocol
    elif isinstance(talk, HelloTalk) and talk.selected is not None:
        found = talk.selected.extensions.protocol
    return "" if found is None else found.decode("ascii", "backslashreplace")[:64]
