"""The report of one handshake: what it says in words, and that no text of a peer commands the terminal."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509 import ocsp
from msgspec import Struct, structs
from rich.console import Console

from tests.trust import pki, statements
from waxseal.facts import Cause, Ended, Stage
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import LeafOrder
from waxseal.report import handshake_model as model
from waxseal.report.handshake import handshake_parts
from waxseal.report.handshake_failure import failure
from waxseal.report.terminal import write
from waxseal.trust.anchors import RootStore
from waxseal.wire.tls_server_certificates import CertificateRequest
from waxseal.wire.tls_summary import HandshakeSummary, SentExtension, Ticket

HOST = "mx.example.test"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CA = CertificateAuthority(NOW)
SENT = CA.leaf(LeafOrder(names=(HOST,))).sent
ROOTS = RootStore((CA.root_der,), "lab")
SHAKING = Stage.HANDSHAKE
DN = bytes.fromhex("300f310d300b06035504030c0454657374")


def summary(**changes: object) -> HandshakeSummary:
    made = HandshakeSummary(
        version=0x0303,
        suite=0x0067,
        prime_bits=1024,
        share_octets=128,
        scheme=0x0401,
        signature=b"wrong",
        signed=b"octets",
        completed=True,
        resumed=False,
        extended_main_secret=False,
        encrypt_then_mac=True,
        secure_renegotiation=True,
        protocol=b"smtp\x1b[2J",
        extensions=[SentExtension("ServerHello", 0xFF01, b"\x00")],
        certificates=SENT,
        request=CertificateRequest(b"", (1,), (0x0401,), (DN, b"\xff")),
        tickets=[Ticket(7200, 176, None)],
        alerts=[(1, 112)],
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def report(seen: HandshakeSummary, ended: Ended | None = None, name: str = HOST) -> model.TlsReport:
    end = ended or Ended(Cause.COMPLETED)
    sentence, hint = failure(end)
    return model.TlsReport(
        waxseal="1",
        connection=model.Connection(
            host=HOST, address="2001:db8::1", port=25, local_address="2001:db8::2", proxy="", protocol="smtp",
            mode="starttls", server_name=HOST, at=NOW, connect_s=0.01, dialogue_s=1.5, handshake_s=0.02,
            round_trips=2, octets_in=3000, octets_out=400, also_tried=("192.0.2.1: refused",),
        ),
        ended=end,
        sentence=sentence,
        hint=hint,
        dialogue=(model.Line("S", "220 \x1b]0;x\x07 mx"),),
        handshake=model.handshake_shown(seen, answered=False, early_data_accepted=None),
        certificates=model.certificates_shown(seen.certificates, NOW),
        chain=model.chain_verdict(seen.certificates, ROOTS, NOW, name),
        staple=model.staple_shown(seen.staple, seen.certificates, ROOTS, NOW),
        timestamps=model.timestamps_shown(seen),
        alerts=model.alerts_shown(seen),
        deviations=(model.DeviationShown("rule", "RFC 1"),),
        closed_in_order=False,
        resumption=None,
    )  # fmt: skip


def shown(made: model.TlsReport, width: int = 100, verbose: int = 0) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, emoji=False, markup=False)
    write(console, handshake_parts(made, verbose=verbose))
    return file.getvalue()


def test_everything_is_said() -> None:
    text = shown(report(summary()), verbose=1)
    for phrase in (
        "NOT VERIFIED",
        "TLS 1.2 with mx.example.test:25",
        "The signature of the handshake is not of the certificate's key.",
        "[2001:db8::1]:25",
        "192.0.2.1: refused",
        "SMTP with STARTTLS",
        "connect 10.0 ms, dialogue 1.50 s, handshake 20.0 ms",
        "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256  (DHE-RSA-AES128-SHA256)",
        "modulus of 1024 bits, public value of 128 octets",
        "rsa_pkcs1_sha256",
        "renegotiation_info (65281)  00",
        "1 of 176 octets, valid 2 h",
        "a client certificate (none was shown), from CN=Test; ff",
        "400 out, 3,000 in, 2 round trips",
        "unrecognized_name (112)",
        "rule (RFC 1)",
        "without close_notify",
        "trusted by lab:",
        "yes, mx.example.test matches mx.example.test",
    ):
        assert phrase in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_every_field_is_documented() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/reference/tls.md").read_text(encoding="utf-8")
    kinds = [kind for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, Struct)]
    of_model = [kind for kind in kinds if kind.__module__ == model.__name__]
    assert len(of_model) > 10
    missing = {field for kind in of_model for field in kind.__struct_fields__ if f"`{field}`" not in text}
    assert not missing


@pytest.mark.parametrize("width", [40, 80, 120])
def test_width_is_kept(width: int) -> None:
    assert max(map(len, shown(report(summary()), width).splitlines())) <= width


def test_proof_of_the_key_is_told_apart_from_its_absence() -> None:
    assert report(summary()).handshake.proof.proved is False  # type: ignore[union-attr]
    unsigned = report(summary(signature=b"", suite=0x0034)).handshake
    assert unsigned is not None
    assert unsigned.proof.proved is None
    by_rsa = report(summary(signature=b"", suite=0x002F)).handshake
    assert by_rsa is not None
    assert by_rsa.proof.proved is True
    resumed = report(summary(resumed=True, signature=b""))
    assert resumed.handshake is not None
    assert resumed.handshake.proof.proved is None
    assert resumed.verified


def test_what_does_not_hold_is_not_verified() -> None:
    sound = {"signature": b"", "suite": 0x002F}
    assert report(summary(**sound)).verified
    assert report(summary(**sound), name="").verified
    assert not report(summary(**sound), name="other.test").verified
    assert not report(summary(**sound, certificates=SENT[:1])).verified
    assert not report(summary()).verified
    assert not report(summary(certificates=())).verified


def test_staple_without_issuer_is_not_judged() -> None:
    staple = report(summary(staple=b"x", certificates=SENT[:1])).staple
    assert staple is not None
    assert staple.holds is None
    broken = report(summary(staple=b"x")).staple
    assert broken is not None
    assert broken.holds is False


@pytest.mark.parametrize("status", [statements.GOOD, statements.REVOKED])
@pytest.mark.parametrize("shift", [0, 1])
def test_staple_is_judged_with_the_issuer_wherever_it_stands(status: ocsp.OCSPCertStatus, shift: int) -> None:
    sent = (statements.LEAF.der, *(statements.OTHER_LEAF.der,) * shift, statements.INTER.der)
    roots = RootStore((statements.ROOT.der,), "test")
    octets = statements.response(status=status)
    staple = model.staple_shown(octets, sent, roots, pki.NOW)
    assert staple is not None
    assert (staple.status, staple.holds) == (status.name.lower(), True)
    by_root = model.staple_shown(
        octets, (statements.LEAF.der,), RootStore((statements.INTER.der,), "test"), pki.NOW
    )
    assert by_root == staple


@pytest.mark.parametrize(
    ("status", "holds", "verified"),
    [("good", True, True), ("revoked", True, False), ("revoked", False, True), ("unknown", True, True)],
)
def test_nothing_is_verified_that_its_staple_revokes(status: str, holds: bool, verified: bool) -> None:
    sound = report(summary(suite=0x009C, signature=b"", signed=b"", scheme=None))
    assert sound.verified
    staple = model.Staple(
        octets=9, status=status, holds=holds, problems=("expired",) * (not holds), this_update=NOW,
        next_update=NOW, responder="x",
    )  # fmt: skip
    made = structs.replace(sound, staple=staple)
    assert made.verified is verified
    assert ("is revoked" in shown(made)) is not verified
    assert ("NOT VERIFIED" in shown(made)) is not verified


@pytest.mark.parametrize(
    ("ended", "sentence", "hint"),
    [
        (Ended(Cause.COMPLETED), "", ""),
        (Ended(Cause.ALERT, SHAKING, alert=70, detail="protocol_version"), "with alert 70, protocol", "ssl3"),
        (Ended(Cause.ALERT, SHAKING, alert=201, detail="alert 201"), "alert 201", ""),
        (Ended(Cause.TLS_FAILED, SHAKING, detail="version-not-offered (RFC 1)"), "given up", "ssl3-1.3"),
        (Ended(Cause.TLS_FAILED, SHAKING, detail="finished-wrong (RFC 1)"), "given up", ""),
        (Ended(Cause.DECLINED, Stage.EHLO, code=250, detail="STARTTLS not offered"), "not offer", "465"),
        (Ended(Cause.DECLINED, Stage.STARTTLS, code=454, detail="no"), "declined STARTTLS: 454 no", "later"),
        (Ended(Cause.DECLINED, Stage.GREETING, detail="no reply"), "did not go on: no reply", "--starttls"),
        (Ended(Cause.TIMED_OUT, Stage.GREETING, detail="after 9 s"), "timed out at the", "--starttls"),
        (Ended(Cause.CLOSED, SHAKING), "the server closed the connection at the TLS handshake", "ssl3-1.3"),
        (Ended(Cause.DNS, Stage.RESOLVE, detail="the name x has no address"), "the name x has", "--connect"),
        (Ended(Cause.NOT_TLS, SHAKING, detail="220"), "what came is no TLS at the TLS", "--starttls"),
    ],
)  # fmt: skip
def test_failures_have_a_sentence_and_a_hint(ended: Ended, sentence: str, hint: str) -> None:
    got = failure(ended)
    assert sentence in got[0]
    assert hint in got[1]
    assert bool(got[1]) is bool(hint)
