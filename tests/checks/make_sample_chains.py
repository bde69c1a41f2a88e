"""Writes ``src/waxseal/checks/certificate/_chains.py``: the certificates of the checks' examples.

Run it from the repository: ``python tests/checks/make_sample_chains.py``. Keys come from fixed numbers, dates
stand around 2026-11-01 (`samples.NOW`) and signatures are deterministic, so the octets are always the same.
Names are those of the sample world: the MX host mx.example.org of the policy domain example.org.
"""

import base64
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
OUT = Path(__file__).parents[2] / "src/waxseal/checks/certificate/_chains.py"
HOST = "mx.example.org"
AIA = "http://ca.example.net/ca.crt"
BASIC_OCSP = bytes.fromhex("06092b0601050507300101")
SHA256_ID = bytes.fromhex("300a06082a8648ce3d040302")
SCT = "00" + "5a" * 32 + f"{1_792_900_000_000:016x}" + "0000" + "0403" + "0004" + "01020304"
SCT_LIST = f"{len(SCT) // 2 + 2:04x}{len(SCT) // 2:04x}{SCT}"
EXTRAS = {
    # the CA/Browser Forum's domain validated policy, one SCT, and the TLS feature status_request
    "public": ("2.5.29.32", "300a3008060667810c010201"),
    "logged": ("1.3.6.1.4.1.11129.2.4.2", f"04{len(SCT_LIST) // 2:02x}{SCT_LIST}"),
    "must_staple": ("1.3.6.1.5.5.7.1.24", "3003020105"),
}
SHA1_ID = bytes.fromhex("300906072a8648ce3d0401")


class Maker:
    """One certificate with its key; what is not said is as a sound CA would write it."""

    serial = 1000

    def __init__(
        self, name: str, issuer: "Maker | None" = None, *, ca: bool = True, **options: object
    ) -> None:
        Maker.serial += 1
        self.options = options
        curve = options.get("curve", ec.SECP256R1())
        assert isinstance(curve, ec.EllipticCurve)
        own = options.get("key", ec.derive_private_key(0x57A85EA1 * Maker.serial, curve))
        assert isinstance(own, ec.EllipticCurvePrivateKey)
        self.key = own
        attribute = x509.NameAttribute(NameOID.COMMON_NAME, str(options.get("common_name", name)))
        self.subject = x509.Name([attribute])
        signer = issuer or self
        self.signer_key = signer.key
        self.built = self._build(signer, ca).sign(signer.key, hashes.SHA256(), ecdsa_deterministic=True)
        self.der = self.built.public_bytes(serialization.Encoding.DER)

    def _build(self, signer: "Maker", ca: bool) -> x509.CertificateBuilder:
        dates = self.options.get("dates", (-1000, 3000) if ca else (-30, 60))
        assert isinstance(dates, tuple)
        start, end = dates
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.subject)
            .issuer_name(signer.subject)
            .public_key(self.key.public_key())
            .serial_number(Maker.serial)
            .not_valid_before(NOW + timedelta(days=start))
            .not_valid_after(NOW + timedelta(days=end))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        )
        if self.options.get("mark", True):
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
            builder = builder.add_extension(identifier, critical=False)
        if ca:
            return self._as_ca(builder)
        return self._as_leaf(builder)

    def _as_ca(self, builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
        length = self.options.get("path_length")
        assert length is None or isinstance(length, int)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=length), critical=True)
        permitted = self.options.get("permitted")
        if permitted:
            only = [x509.DNSName(str(permitted))]
            builder = builder.add_extension(x509.NameConstraints(only, None), critical=True)
        return builder

    def _as_leaf(self, builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
        names = self.options.get("names", (HOST,))
        assert isinstance(names, tuple)
        usage = (
            ExtendedKeyUsageOID.CLIENT_AUTH if self.options.get("client") else ExtendedKeyUsageOID.SERVER_AUTH
        )
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names:
            san = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(san, critical=False)
        if self.options.get("aia"):
            access = x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(AIA)
            )
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        for oid, value in EXTRAS.items():
            if self.options.get(oid):
                kind = x509.ObjectIdentifier(value[0])
                extension = x509.UnrecognizedExtension(kind, bytes.fromhex(value[1]))
                builder = builder.add_extension(extension, critical=False)
        if self.options.get("unknown"):
            extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.1"), b"\x05\x00")
            builder = builder.add_extension(extension, critical=True)
        return builder


def encode(tag: int, content: bytes) -> bytes:
    """A DER element with a length of one or two octets more."""
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 | len(octets))) + octets + content


def resigned(made: Maker, old: bytes, new: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    """The certificate with some octets replaced before signing, such as the library will not write."""
    tbs = made.built.tbs_certificate_bytes
    assert old in tbs
    header = 4 if tbs[1] == 0x82 else 3
    tbs = encode(0x30, tbs[header:].replace(old, new))
    signer = made.signer_key.sign(tbs, ec.ECDSA(algorithm, deterministic_signing=True))
    identifier = SHA1_ID if isinstance(algorithm, hashes.SHA1) else SHA256_ID
    return encode(0x30, tbs + identifier + encode(0x03, b"\x00" + signer))


def make() -> tuple[dict[str, bytes], dict[str, tuple[str, ...]]]:
    """Every certificate by name, and every chain as the names of its certificates, leaf first."""
    root = Maker("Sample Root")
    private_root = Maker("Private Root")
    issuing = Maker("Sample Issuing", root, dates=(-500, 1000))
    lower = Maker("Sample Lower", issuing, dates=(-400, 900))
    old = Maker("Sample Old", root, dates=(-900, -3))
    short = Maker("Sample Short", root, path_length=0)
    below_short = Maker("Sample Below Short", short)
    narrow = Maker("Sample Narrow", root, permitted="example.net")
    stranger = Maker("Sample Stranger", root)

    def leaf(issuer: Maker = issuing, **options: object) -> Maker:
        return Maker(HOST, issuer, ca=False, **options)

    good = leaf(aia=True)
    leaves = {
        "good": good,
        "expired": leaf(dates=(-90, -2)),
        "future": leaf(dates=(2, 90)),
        "soon": leaf(dates=(-85, 5)),
        "brief": leaf(dates=(-3, 3)),
        "brief_soon": leaf(dates=(-5, 1)),
        "self_signed": Maker(HOST, ca=False, mark=False, names=(HOST,)),
        "private": leaf(private_root),
        "orphan": leaf(private_root, mark=False),
        "under_lower": leaf(lower),
        "under_old": leaf(old),
        "under_leaf": leaf(good),
        "under_short": leaf(below_short),
        "under_narrow": leaf(narrow),
        "client_only": leaf(client=True),
        "critical": leaf(unknown=True),
        "other_name": leaf(names=("mail.example.com",), common_name="mail.example.com"),
        "only_common_name": leaf(names=()),
        "only_domain": leaf(names=("example.org",), common_name="example.org"),
        "wildcard": leaf(names=("*.example.org", "example.org")),
        "odd_name": leaf(names=(HOST, "mx*.example.org", "https://example.org")),
        "only_odd_name": leaf(names=("mx*.example.org",), common_name="example.org"),
        "p192": leaf(curve=ec.SECP192R1()),
        "p224": leaf(curve=ec.SECP224R1()),
    }
    authorities = {
        "root": root,
        "private_root": private_root,
        "issuing": issuing,
        "lower": lower,
        "old": old,
        "short": short,
        "below_short": below_short,
        "narrow": narrow,
        "stranger": stranger,
        "cross": Maker("Sample Root", private_root, key=root.key),
    }
    certificates = {name: made.der for name, made in (authorities | leaves).items()}
    certificates["forged"] = good.der[:-1] + bytes((good.der[-1] ^ 1,))
    certificates["sha1"] = resigned(leaf(), SHA256_ID, SHA1_ID, hashes.SHA1())
    certificates["unreadable"] = resigned(leaf(), b"000Z\x17", b"00?Z\x17", hashes.SHA256())
    end = (NOW + timedelta(days=60)).strftime("%y%m%d%H%M%SZ").encode()
    certificates["no_end"] = resigned(leaf(), end, end.replace(b"Z", b"X"), hashes.SHA256())
    serial = leaf()
    octets = (Maker.serial).to_bytes(2, "big")
    certificates["bad_serial"] = resigned(
        serial, b"\x02\x02" + octets, b"\x02\x02" + bytes((octets[0] | 0x80, octets[1])), hashes.SHA256()
    )
    certificates["garbage"] = bytes.fromhex("30053003020101ff")
    public = {
        "public": leaf(public=True, logged=True),
        "public_unlogged": leaf(public=True),
        "public_long": leaf(public=True, logged=True, dates=(-30, 180)),
        "public_private": leaf(private_root, public=True, dates=(-30, 180)),
        "must_staple": leaf(must_staple=True),
    }
    certificates |= {name: made.der for name, made in public.items()}
    chains: dict[str, tuple[str, ...]] = {
        name: (name, "issuing")
        for name in (*leaves, *public, "forged", "sha1", "unreadable", "no_end", "bad_serial")
        if name == "good" or not name.startswith(("under", "self", "private", "orphan", "good"))
    }
    chains["public_private"] = ("public_private", "private_root")
    chains |= {
        "self_signed": ("self_signed",),
        "private": ("private", "private_root"),
        "orphan": ("orphan",),
        "intermediate_missing": ("good",),
        "expired_intermediate": ("under_old", "old"),
        "deep": ("under_lower", "lower", "issuing"),
        "out_of_order": ("under_lower", "issuing", "lower"),
        "superfluous": ("good", "issuing", "stranger"),
        "sent_twice": ("good", "issuing", "issuing"),
        "mixed": ("orphan", "stranger"),
        "garbage": ("garbage",),
        "cross_sent": ("good", "issuing", "cross"),
        "root_sent": ("good", "issuing", "root"),
        "not_a_ca": ("under_leaf", "good", "issuing"),
        "path_length": ("under_short", "below_short", "short"),
        "name_constraints": ("under_narrow", "narrow"),
    }
    return certificates, chains


def statements(good: bytes, issuing: bytes) -> dict[str, bytes]:
    """What the issuer says of the good certificate: OCSP responses and CRLs, by name."""
    leaf, issuer = x509.load_der_x509_certificate(good), x509.load_der_x509_certificate(issuing)
    key = ec.derive_private_key(0x57A85EA1 * issuer.serial_number, ec.SECP256R1())
    day = timedelta(days=1)

    def response(status: ocsp.OCSPCertStatus, start: int = -1, end: int = 3) -> bytes:
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=leaf,
            issuer=issuer,
            algorithm=hashes.SHA1(),
            cert_status=status,
            this_update=NOW + start * day,
            next_update=NOW + end * day,
            revocation_time=NOW - 2 * day if revoked else None,
            revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, issuer)
        made = builder.sign(key, hashes.SHA256())
        # The library dates and signs anew each time: both are made repeatable.
        produced = made.produced_at_utc.strftime("%Y%m%d%H%M%SZ").encode()
        tbs = made.tbs_response_bytes.replace(produced, f"{NOW + start * day:%Y%m%d%H%M%SZ}".encode(), 1)
        signature = encode(
            0x03, b"\x00" + key.sign(tbs, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        )
        basic = encode(0x04, encode(0x30, tbs + SHA256_ID + signature))
        return encode(0x30, b"\x0a\x01\x00" + encode(0xA0, encode(0x30, BASIC_OCSP + basic)))

    def crl(*serials: int) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject)
        builder = builder.last_update(NOW - day).next_update(NOW + 3 * day)
        builder = builder.add_extension(x509.CRLNumber(7), critical=False)
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - 2 * day)
            builder = builder.add_revoked_certificate(entry.build())
        signed = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
        return signed.public_bytes(serialization.Encoding.DER)

    sound = response(ocsp.OCSPCertStatus.GOOD)
    return {
        "ocsp_good": sound,
        "ocsp_revoked": response(ocsp.OCSPCertStatus.REVOKED),
        "ocsp_unknown": response(ocsp.OCSPCertStatus.UNKNOWN),
        "ocsp_stale": response(ocsp.OCSPCertStatus.GOOD, -9, -2),
        "ocsp_forged": sound[:-1] + bytes((sound[-1] ^ 1,)),
        "ocsp_try_later": bytes.fromhex("30030a0103"),
        "crl_good": crl(1, 2),
        "crl_revoked": crl(1, leaf.serial_number),
    }


def text() -> str:
    """The module as it is written."""
    certificates, chains = make()
    lines = [
        '"""Certificates and chains for examples, DER in base64.',
        "",
        "Written by ``tests/checks/make_sample_chains.py``, which says what each is for.",
        '"""',
        "",
        "CERTIFICATES: dict[str, str] = {",
    ]
    for name, der in certificates.items():
        parts = textwrap.wrap(base64.b64encode(der).decode(), 96)
        if len(parts) == 1:
            lines.append(f'    "{name}": "{parts[0]}",')
            continue
        lines += [f'    "{name}": (', *(f'        "{part}"' for part in parts), "    ),"]
    lines += ["}", "", "CHAINS: dict[str, tuple[str, ...]] = {"]
    for name, names in chains.items():
        inside = ", ".join(f'"{part}"' for part in names) + ("," if len(names) == 1 else "")
        lines.append(f'    "{name}": ({inside}),')
    lines += ["}", "", "STATEMENTS: dict[str, str] = {"]
    for name, der in statements(certificates["good"], certificates["issuing"]).items():
        parts = textwrap.wrap(base64.b64encode(der).decode(), 96)
        if len(parts) == 1:
            lines.append(f'    "{name}": "{parts[0]}",')
            continue
        lines += [f'    "{name}": (', *(f'        "{part}"' for part in parts), "    ),"]
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    OUT.write_text(text(), encoding="utf-8")
