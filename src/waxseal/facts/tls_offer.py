"""What a TLS server takes and refuses, found by asking: versions, suites, groups, schemes, parameters.

Numbers are those of IANA's registries; names belong to the reports. Lists hold what the server really
selected; what was offered and never selected is refused, unless it is among the `undecided`. How the server
behaves beyond its choices is in ``facts.tls_behaviour``.
"""

from msgspec import Struct

from waxseal.facts.attempt import Cause
from waxseal.facts.record import Fact, fact
from waxseal.facts.subject import Scope


class Reaction(Struct, frozen=True, omit_defaults=True, gc=False):
    """What came of some octets that we sent.

    Attributes:
        cause: COMPLETED where an answer of the kind that was asked for came; else how it ended.
        alert: Number of the alert, with ALERT.
        octets: The first octets of the answer, at most 64.
        detail: More, in words.
        elapsed_s: From our last octet to the answer, or to its end.
    """

    cause: Cause
    alert: int | None = None
    octets: bytes = b""
    detail: str = ""
    elapsed_s: float = 0.0


class VersionAnswer(Struct, frozen=True, omit_defaults=True, gc=False):
    """One version, asked for.

    Attributes:
        version: ``SSLv2``, ``SSLv3``, ``TLSv1``, ``TLSv1.1``, ``TLSv1.2`` or ``TLSv1.3``.
        accepted: True: the server selected it. False: it was offered, and the server selected another one or
            ended the handshake. None: it was not asked, or no answer came.
        reaction: How the server refused, or why nothing is known.
        server_hello: The first ServerHello of this version, its 4-octet header included.
        extensions: Numbers of the extensions that the server sent for it: in ServerHello, and in
            EncryptedExtensions where it was read.
        compression: Number of the compression method selected.
        session_id_octets: Length of the session id that the server gave.
        sentinel: The version that the end of the random says it could have done (RFC 8446 §4.1.3); "" for
            none.
    """

    version: str
    accepted: bool | None
    reaction: Reaction | None = None
    server_hello: bytes = b""
    extensions: tuple[int, ...] = ()
    compression: int = 0
    session_id_octets: int = 0
    sentinel: str = ""


@fact("tls.versions/1", Scope.PORT)
class TlsVersions(Fact, frozen=True, kw_only=True):
    """Every version and what came of asking for it, oldest first."""

    answers: tuple[VersionAnswer, ...]

    def of(self, version: str) -> VersionAnswer | None:
        """The answer for one version."""
        return next((answer for answer in self.answers if answer.version == version), None)


class SuiteList(Struct, frozen=True, omit_defaults=True, gc=False):
    """The suites of one version.

    Attributes:
        version: As in `VersionAnswer`.
        accepted: In the order in which the server selected them, each offered with all that were not yet
            found: its order of preference where `order` is ``server``.
        undecided: Suites that were not asked for, or got no answer; all other registered ones are refused.
        order: ``server``: it keeps its own order. ``client``: it follows the client's. "": not known.
        refusal: How it refused the rest; None where nothing was refused.
    """

    version: str
    accepted: tuple[int, ...]
    undecided: tuple[int, ...] = ()
    order: str = ""
    refusal: Reaction | None = None


@fact("tls.suites/1", Scope.PORT)
class TlsSuites(Fact, frozen=True, kw_only=True):
    """Suites, one list for each version that the server accepted, newest version first."""

    lists: tuple[SuiteList, ...]

    def of(self, version: str) -> SuiteList | None:
        """The list of one version."""
        return next((found for found in self.lists if found.version == version), None)


class NumberList(Struct, frozen=True, omit_defaults=True, gc=False):
    """Groups or signature schemes of one version.

    Attributes:
        version: As in `VersionAnswer`.
        accepted: In the order found: the server's, where it keeps one.
        undecided: Offered by nobody, or without an answer.
        listed: True where the server listed them itself (EncryptedExtensions, RFC 8446 §4.2.7); else each was
            selected.
    """

    version: str
    accepted: tuple[int, ...]
    undecided: tuple[int, ...] = ()
    listed: bool = False


@fact("tls.groups/1", Scope.PORT)
class TlsGroups(Fact, frozen=True, kw_only=True):
    """Groups of the key exchange, by version; TLS 1.2 stands for the versions before it too."""

    lists: tuple[NumberList, ...]

    def of(self, version: str) -> NumberList | None:
        """The list of one version."""
        return next((found for found in self.lists if found.version == version), None)


@fact("tls.schemes/1", Scope.PORT)
class TlsSchemes(Fact, frozen=True, kw_only=True):
    """Signature schemes that the server signed its key exchange with, by version."""

    lists: tuple[NumberList, ...]

    def of(self, version: str) -> NumberList | None:
        """The list of one version."""
        return next((found for found in self.lists if found.version == version), None)


class KeyExchangeParameters(Struct, frozen=True, omit_defaults=True, gc=False):
    """Parameters of one ServerKeyExchange, or those that several share.

    Attributes:
        version: As in `VersionAnswer`.
        suite: The suite that was selected with them first.
        group: Number of a named curve; None for others.
        curve_type: 3 for a named curve, 1 and 2 for explicit ones (RFC 8422 §5.4); None for finite fields.
        prime: Modulus p of a finite field, or of a temporary RSA key; b"" for a curve.
        generator: g, or the temporary key's exponent.
        publics: The distinct public values seen, each its first 64 octets.
        shown: In how many handshakes.
    """

    version: str
    suite: int
    group: int | None = None
    curve_type: int | None = None
    prime: bytes = b""
    generator: bytes = b""
    publics: tuple[bytes, ...] = ()
    shown: int = 1


@fact("tls.key-exchanges/1", Scope.PORT)
class TlsKeyExchanges(Fact, frozen=True, kw_only=True):
    """The parameters of key exchanges up to TLS 1.2, each once."""

    parameters: tuple[KeyExchangeParameters, ...]


@fact("tls.ssl2/1", Scope.PORT)
class Ssl2Answer(Fact, frozen=True, kw_only=True):
    """The answer to an SSL 2.0 CLIENT-HELLO.

    Attributes:
        answered: Whether it was a SERVER-HELLO, or an ERROR of SSL 2.0.
        reaction: How it ended.
        kinds: Cipher kinds, 3 octets each, as the SERVER-HELLO lists them.
        certificate_sha256: Of the certificate in it, lower-case hex; "" for none.
    """

    answered: bool
    reaction: Reaction
    kinds: tuple[int, ...] = ()
    certificate_sha256: str = ""


@fact("tls.spending/1", Scope.PORT)
class TlsSpending(Fact, frozen=True, kw_only=True):
    """What asking cost, and what was left out.

    Attributes:
        depth: ``grade``, ``standard`` or ``full``.
        planned: The most connections that the depth and the user's limits allow.
        spent: Connections that were opened, the main conversation included.
        parallel: The most that were open at once.
        put_off: How often the server asked to come back later, or refused.
        not_asked: What was not asked, each with the reason, such as ``suites TLSv1: time limit``.
    """

    depth: str
    planned: int
    spent: int
    parallel: int = 1
    put_off: int = 0
    not_asked: tuple[str, ...] = ()
