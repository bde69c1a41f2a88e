"""One handshake as a report: every value named and readable, in the form of the JSON schema waxseal.tls/1.

Made of the summary in ``wire.tls_summary`` and of what ``trust`` proves. How it is shown in a terminal is in
``handshake``, how failures are put in ``handshake_failure``.
"""

from datetime import datetime

from msgspec import Struct

from waxseal.facts import Certificate, Ended
from waxseal.trust import distinguished
from waxseal.trust.anchors import RootStore, candidates
from waxseal.trust.certificate import parse
from waxseal.trust.chain import issuer_of, verify
from waxseal.trust.der import DerError
from waxseal.trust.handshake_signature import verify_handshake_signature
from waxseal.trust.names import match, names_presented
from waxseal.trust.ocsp import judge_ocsp
from waxseal.trust.revocation import CertificateStatus
from waxseal.trust.timestamps import read_timestamps
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client_hello import TLS_1_3
from waxseal.wire.tls_openssl_names import openssl_name
from waxseal.wire.tls_record import alert_name
from waxseal.wire.tls_server_certificates import CertificateRequest
from waxseal.wire.tls_suites import suite_name
from waxseal.wire.tls_summary import HandshakeSummary, version_name

SCHEMA = "waxseal.tls/1"
MAX_CERTIFICATES = 32


class Line(Struct, frozen=True):
    """One line of the clear dialogue: ``C`` or ``S``, and its text."""

    sender: str
    text: str


class Connection(Struct, frozen=True, kw_only=True):
    """What was dialled, and what it cost.

    Attributes:
        host: As the user named it, A-label or address.
        address, port: What was dialled; the address is the name where a proxy resolved it.
        local_address: The address that we spoke from; "" where nothing was connected.
        proxy: The proxy, without credentials; "" for none.
        protocol: What is spoken; "" where that is not known.
        mode: ``starttls`` or ``implicit``.
        server_name: The SNI that was sent; "" for none.
        at: When the look began, aware UTC.
        connect_s, dialogue_s, handshake_s: Seconds; null where it was not reached.
        round_trips, octets_in, octets_out: Of the handshake alone.
        also_tried: Other addresses of the name that could not be connected to, and why.
    """

    host: str
    address: str
    port: int
    local_address: str
    proxy: str
    protocol: str
    mode: str
    server_name: str
    at: datetime
    connect_s: float | None
    dialogue_s: float | None
    handshake_s: float | None
    round_trips: int
    octets_in: int
    octets_out: int
    also_tried: tuple[str, ...]


class Named(Struct, frozen=True):
    """A number of a registry with its name."""

    number: int
    name: str


class ServerExtension(Struct, frozen=True):
    """An extension as sent: the message that carried it, number, name, its body in hex (64 octets of it)."""

    message: str
    number: int
    name: str
    octets: int
    hex: str


class TicketShown(Struct, frozen=True):
    """A ticket; `max_early_data_octets` is null where none is taken."""

    lifetime_s: int
    octets: int
    max_early_data_octets: int | None


class Asked(Struct, frozen=True):
    """The server's wish for a client certificate.

    Attributes:
        authorities: Names of the CAs that it takes; empty for any.
        schemes: Signature schemes.
        types: ClientCertificateType numbers, up to TLS 1.2.
        answered: Whether a certificate was shown; False also where none was given to us.
    """

    authorities: tuple[str, ...]
    schemes: tuple[str, ...]
    types: tuple[int, ...]
    answered: bool


class Proof(Struct, frozen=True):
    """Whether the server proved that it holds the leaf's key: true, false, or null where it was not seen."""

    proved: bool | None
    detail: str


class HandshakeShown(Struct, frozen=True, kw_only=True):
    """What was negotiated. Null where it was not seen, or means nothing in that version."""

    completed: bool
    version: str
    suite: Named | None
    openssl_suite: str | None
    group: Named | None
    retry_group: str | None
    share_octets: int
    prime_bits: int
    scheme: Named | None
    proof: Proof
    resumed: bool | None
    extended_main_secret: bool | None
    encrypt_then_mac: bool | None
    secure_renegotiation: bool | None
    downgrade_sentinel: str | None
    compression: int
    protocol: str | None
    server_groups: tuple[str, ...] | None
    extensions: tuple[ServerExtension, ...]
    certificate_compression: str | None
    tickets: tuple[TicketShown, ...]
    request: Asked | None
    early_data_accepted: bool | None


class CertificateShown(Struct, frozen=True, kw_only=True):
    """A certificate as sent.

    Attributes:
        key: Type and size in words, such as ``RSA 2048`` or ``EC secp256r1``.
        tlsa: Data of the TLSA record ``3 1 1`` for a leaf, ``2 1 1`` for the others (RFC 6698 §2.1).
        pem: The certificate.
    """

    subject: str
    issuer: str
    serial: str
    names: tuple[str, ...]
    not_before: datetime | None
    not_after: datetime | None
    days_left: int | None
    key: str
    signature_algorithm: str
    ca: bool | None
    sha256: str
    spki_sha256: str
    tlsa: str
    timestamps: int
    must_staple: bool
    pem: str


class ChainVerdict(Struct, frozen=True, kw_only=True):
    """What the chain proves with the roots that were given.

    Attributes:
        trusted: Whether a path to a root holds.
        problems: Every reason why not, with the place of the certificate in the path.
        path: Subjects, leaf first; the root's own is the last one of a whole path.
        store: Id of the root store.
        name: The name that was expected; "" for none.
        name_matches: Whether the leaf presents it; null without a name.
        matched_by: The identifier that does.
        out_of_order, superfluous: What is odd in what was sent.
    """

    trusted: bool
    problems: tuple[str, ...]
    path: tuple[str, ...]
    store: str
    name: str
    name_matches: bool | None
    matched_by: str
    out_of_order: bool
    superfluous: tuple[int, ...]


class Staple(Struct, frozen=True, kw_only=True):
    """The stapled OCSP response: what it says, whether that may be relied on (null: not judged), why not."""

    octets: int
    status: str
    holds: bool | None
    problems: tuple[str, ...]
    this_update: datetime | None
    next_update: datetime | None
    responder: str


class TimestampShown(Struct, frozen=True):
    """A signed certificate timestamp: which log by its id, and when."""

    log_id: str
    at: datetime | None
    source: str


class DeviationShown(Struct, frozen=True):
    """A rule that the server broke."""

    rule: str
    source: str


class Resumed(Struct, frozen=True, kw_only=True):
    """The second connection: whether the session was taken up, and how it ended.

    Attributes:
        tried: False where there was nothing to resume with.
        taken: Whether the server took the session; null where it was not seen.
        early_data_octets: Sent with the ClientHello.
        early_data_kept_octets: Given for that, but kept back, since the server's ticket takes none.
        early_data_accepted: Whether they were taken; null where none went out.
        version: Negotiated.
        handshake_s, round_trips: Of that handshake.
        ended: How it ended.
        answer: What the server said under TLS there, as text; "" for nothing.
    """

    tried: bool
    taken: bool | None = None
    early_data_octets: int = 0
    early_data_kept_octets: int = 0
    early_data_accepted: bool | None = None
    version: str = ""
    handshake_s: float | None = None
    round_trips: int = 0
    ended: Ended | None = None
    answer: str = ""


class TlsReport(Struct, frozen=True, kw_only=True):
    """All that ``waxseal tls`` shows of one target."""

    schema: str = SCHEMA
    waxseal: str
    connection: Connection
    ended: Ended
    sentence: str
    hint: str
    dialogue: tuple[Line, ...]
    handshake: HandshakeShown | None
    certificates: tuple[CertificateShown, ...]
    chain: ChainVerdict | None
    staple: Staple | None
    timestamps: tuple[TimestampShown, ...]
    alerts: tuple[Named, ...]
    deviations: tuple[DeviationShown, ...]
    closed_in_order: bool | None
    resumption: Resumed | None

    @property
    def verified(self) -> bool:
        """Whether everything that can be verified holds: chain, name, proof of the key, no revoked leaf."""
        chain, shown = self.chain, self.handshake
        return (
            chain is not None
            and chain.trusted
            and not self.revoked
            and chain.name_matches is not False
            and shown is not None
            and (shown.proof.proved is True or bool(shown.resumed))
        )

    @property
    def revoked(self) -> bool:
        """Whether a staple that may be relied on says that the leaf is revoked."""
        staple = self.staple
        return (
            staple is not None and staple.holds is True and staple.status == CertificateStatus.REVOKED.value
        )


def handshake_shown(
    summary: HandshakeSummary, *, answered: bool, early_data_accepted: bool | None
) -> HandshakeShown | None:
    """What was negotiated; None where no ServerHello was seen."""
    if summary.version is None or summary.suite is None:
        return None
    return HandshakeShown(
        completed=summary.completed,
        version=version_name(summary.version),
        suite=Named(summary.suite, suite_name(summary.suite)),
        openssl_suite=openssl_name(summary.suite),
        group=None if summary.group is None else Named(summary.group, reg.group_name(summary.group)),
        retry_group=None if summary.retry_group is None else reg.group_name(summary.retry_group),
        share_octets=summary.share_octets,
        prime_bits=summary.prime_bits,
        scheme=None if summary.scheme is None else Named(summary.scheme, reg.scheme_name(summary.scheme)),
        proof=_proof(summary),
        resumed=summary.resumed,
        extended_main_secret=summary.extended_main_secret,
        encrypt_then_mac=summary.encrypt_then_mac,
        secure_renegotiation=summary.secure_renegotiation,
        downgrade_sentinel=(
            None if summary.downgrade_sentinel is None else version_name(summary.downgrade_sentinel)
        ),
        compression=summary.compression,
        protocol=None if summary.protocol is None else summary.protocol.decode("ascii", "backslashreplace"),
        server_groups=(
            None if summary.server_groups is None else tuple(map(reg.group_name, summary.server_groups))
        ),
        extensions=tuple(
            ServerExtension(
                e.message, e.number, reg.extension_name(e.number), len(e.octets), e.octets[:64].hex()
            )
            for e in summary.extensions
        ),
        certificate_compression=(
            None
            if summary.certificate_compression is None
            else reg.COMPRESSION_NAMES.get(
                summary.certificate_compression, str(summary.certificate_compression)
            )
        ),
        tickets=tuple(TicketShown(*ticket) for ticket in summary.tickets),
        request=None if summary.request is None else _asked(summary.request, answered),
        early_data_accepted=early_data_accepted,
    )


def _proof(summary: HandshakeSummary) -> Proof:
    if summary.resumed:
        return Proof(None, "a resumed session shows no proof of the key")
    if not summary.certificates:
        return Proof(None, "no certificate was shown")
    if not summary.signature:
        text = "the key exchange is not signed; only a completed handshake shows that the server has the key"
        # With RSA key exchange, only the holder of the key can finish (RFC 5246 §7.4.7.1).
        done = summary.completed and suite_name(summary.suite or 0).startswith("TLS_RSA_")
        return Proof(True, "by RSA key exchange") if done else Proof(None, text)
    proved = verify_handshake_signature(
        summary.scheme,
        summary.signature,
        summary.signed,
        summary.certificates[0],
        tls13=summary.version == TLS_1_3,
    )
    if proved is None:
        return Proof(None, "the signature could not be checked here")
    wrong = "the signature of the handshake is not of the certificate's key"
    return Proof(proved, "by its signature over the handshake" if proved else wrong)


def _asked(request: CertificateRequest, answered: bool) -> Asked:
    return Asked(
        tuple(map(_name, request.authorities)),
        tuple(map(reg.scheme_name, request.schemes)),
        request.types,
        answered,
    )


def _name(octets: bytes) -> str:
    """A distinguished name as text; in hex where it cannot be read."""
    try:
        return distinguished.text(octets)
    except (DerError, ValueError):
        return octets.hex()


def certificates_shown(sent: tuple[bytes, ...], at: datetime) -> tuple[CertificateShown, ...]:
    """What each certificate says, the first `MAX_CERTIFICATES`."""
    return tuple(
        _certificate(parse(octets), at, leaf=index == 0)
        for index, octets in enumerate(sent[:MAX_CERTIFICATES])
    )


def _certificate(certificate: Certificate, at: datetime, *, leaf: bool) -> CertificateShown:
    days = None if certificate.not_after is None else (certificate.not_after - at).days
    return CertificateShown(
        subject=certificate.subject,
        issuer=certificate.issuer,
        serial=certificate.serial,
        names=names_presented(certificate),
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        days_left=days,
        key=_key(certificate),
        signature_algorithm=certificate.signature_algorithm,
        ca=certificate.ca,
        sha256=certificate.sha256,
        spki_sha256=certificate.spki_sha256,
        tlsa=f"{3 if leaf else 2} 1 1 {certificate.spki_sha256}" if certificate.spki_sha256 else "",
        timestamps=len(certificate.embedded_timestamps),
        must_staple=certificate.must_staple,
        pem=pem(certificate.der),
    )


def _key(certificate: Certificate) -> str:
    if certificate.key_type == "ec":
        return f"EC {certificate.curve or 'of an unnamed curve'}"
    kind = {"rsa": "RSA", "dsa": "DSA", "ed25519": "Ed25519", "ed448": "Ed448"}
    text = kind.get(certificate.key_type, certificate.key_type)
    return f"{text} {certificate.key_bits}" if certificate.key_bits else text


def pem(octets: bytes) -> str:
    """A certificate in PEM (RFC 7468 §5.1), a line feed at its end."""
    import base64

    text = base64.b64encode(octets).decode("ascii")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def chain_verdict(sent: tuple[bytes, ...], roots: RootStore, at: datetime, name: str) -> ChainVerdict | None:
    """What the chain proves; None where no certificate was shown."""
    chain = tuple(parse(octets) for octets in sent[:MAX_CERTIFICATES])
    if not chain:
        return None
    proof = verify(chain, candidates(chain, roots), at)
    matched = match(chain[0], name) if name else None
    return ChainVerdict(
        trusted=proof.trusted,
        problems=tuple(
            f"{problem.code.value.replace('-', ' ')}, {_place(problem.depth)}: {problem.detail}".rstrip(": ")
            for problem in proof.problems
        ),
        path=tuple(step.subject for step in proof.path),
        store=roots.id,
        name=name,
        name_matches=None if matched is None else matched.matched,
        matched_by=matched.by if matched is not None else "",
        out_of_order=proof.out_of_order,
        superfluous=proof.superfluous,
    )


def _place(depth: int) -> str:
    return "leaf" if depth == 0 else f"certificate {depth} of the path"


def staple_shown(octets: bytes, sent: tuple[bytes, ...], roots: RootStore, at: datetime) -> Staple | None:
    """What the staple says of the leaf; judged where its issuer was sent, or is a root at hand."""
    if not octets:
        return None
    chain = tuple(parse(der) for der in sent[:MAX_CERTIFICATES])
    issuer = issuer_of(chain, candidates(chain, roots), at) if chain else None
    if issuer is None:
        return Staple(
            octets=len(octets), status="untold", holds=None, problems=("the issuer is not at hand",),
            this_update=None, next_update=None, responder="",
        )  # fmt: skip
    verdict = judge_ocsp(octets, chain[0], issuer, at)
    return Staple(
        octets=len(octets),
        status=verdict.status.value,
        holds=verdict.holds,
        problems=tuple(
            f"{p.code.value.replace('-', ' ')}: {p.detail}".rstrip(": ") for p in verdict.problems
        ),
        this_update=verdict.this_update,
        next_update=verdict.next_update,
        responder=verdict.responder,
    )


def timestamps_shown(summary: HandshakeSummary) -> tuple[TimestampShown, ...]:
    """The SCTs of the TLS extension, then those of the leaf (RFC 6962 §3.3)."""
    in_leaf = parse(summary.certificates[0]).embedded_timestamps if summary.certificates else ()
    return tuple(
        TimestampShown(timestamp.log_id, timestamp.at, source)
        for source, octets in (("handshake", summary.timestamps), ("certificate", in_leaf))
        for timestamp in read_timestamps(octets).timestamps
    )


def alerts_shown(summary: HandshakeSummary) -> tuple[Named, ...]:
    """Alerts by number and name, in order."""
    return tuple(Named(number, alert_name(number)) for _, number in summary.alerts)
