import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.lab.handshakes import curious_context, shake_hands, verifying_context
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.orders import Authority, Key, LeafOrder, TlsOrder
from waxseal.lab.tls import server_context, speaks_old_versions

NAME = "mx.example.test"


@pytest.fixture(scope="module")
def ca() -> CertificateAuthority:
    return CertificateAuthority()


def order(**changes: Any) -> LeafOrder:
    return LeafOrder(**{"names": (NAME,), **changes})


@pytest.mark.parametrize(
    "leaf",
    [
        order(),
        order(key=Key.RSA_2048),
        order(issuer=Authority.LOWER),
        order(issuer=Authority.LOWER, sent=(Authority.ISSUING, Authority.LOWER)),
        order(sent=(Authority.ISSUING, Authority.STRANGER_ISSUING)),
        order(sent=(Authority.ISSUING, Authority.ROOT)),
        order(issuer=Authority.RSA_ISSUING),
        order(issuer=Authority.ROOT),
        order(names=("*.example.test",)),
        order(
            issuer=Authority.CONSTRAINED, names=("mx.permitted.test", NAME.replace("example", "permitted"))
        ),
    ],
)
def test_sound_chains_verify(ca: CertificateAuthority, leaf: LeafOrder) -> None:
    name = "mx.permitted.test" if leaf.issuer is Authority.CONSTRAINED else NAME
    shake_hands(verifying_context(ca), server_context(TlsOrder(leaves=(leaf,)), ca), name)


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        (order(from_days=-93, to_days=-3), "has expired"),
        (order(from_days=7, to_days=97), "not yet valid"),
        (order(issuer=None), "self-signed"),
        (order(issuer=Authority.STRANGER_ROOT), "unable to get local issuer"),
        (
            order(
                issuer=Authority.STRANGER_ISSUING,
                sent=(Authority.STRANGER_ISSUING, Authority.STRANGER_ROOT),
            ),
            "self-signed certificate in certificate chain",
        ),
        (order(sent=()), "unable to get local issuer"),
        (order(names=("www.hosting.test",)), "mismatch"),
        (order(client_only=True), "purpose"),
        (order(critical_unknown=True), "unhandled critical extension"),
        (order(spoilt=True), "signature failure"),
        (order(issuer=Authority.CONSTRAINED), "permitted subtree violation"),
        (order(issuer=Authority.NO_AUTHORITY), "invalid CA certificate"),
        (order(key=Key.RSA_1024), "key too weak"),
        (order(issuer=Authority.RSA_ISSUING, sha1=True), "too weak"),
    ],
)
def test_faults_are_seen_by_openssl(ca: CertificateAuthority, leaf: LeafOrder, words: str) -> None:
    context = verifying_context(ca)
    context.set_ciphers("DEFAULT:@SECLEVEL=2")
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        shake_hands(context, server_context(TlsOrder(leaves=(leaf,)), ca), NAME)
    assert words in str(caught.value).replace("self signed", "self-signed")


def test_fields_are_as_ordered(ca: CertificateAuthority) -> None:
    now = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)
    dated = CertificateAuthority(now)
    leaf = x509.load_der_x509_certificate(dated.leaf(order(ca_issuers=True)).der)
    assert leaf.not_valid_before_utc == now - timedelta(days=10)
    assert leaf.not_valid_after_utc == now + timedelta(days=80)
    assert leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    bare = x509.load_der_x509_certificate(dated.leaf(order(common_name_only=True)).der)
    with pytest.raises(x509.ExtensionNotFound):
        bare.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    sha1 = x509.load_der_x509_certificate(ca.leaf(order(issuer=Authority.RSA_ISSUING, sha1=True)).der)
    assert sha1.signature_algorithm_oid == x509.SignatureAlgorithmOID.RSA_WITH_SHA1


def test_the_same_order_gives_the_same_leaf_and_rsa_keys_are_shared(ca: CertificateAuthority) -> None:
    assert ca.leaf(order()) is ca.leaf(order())
    assert ca.leaf(order()).der != ca.leaf(order(to_days=81)).der
    assert ca.leaf(order(key=Key.RSA_2048)).key is ca.leaf(order(key=Key.RSA_2048, to_days=70)).key
    assert isinstance(ca.leaf(order()).key, ec.EllipticCurvePrivateKey)


def test_sha1_is_made_by_rsa_authorities_only(ca: CertificateAuthority) -> None:
    with pytest.raises(TypeError):
        ca.leaf(order(sha1=True))


def test_versions_and_key_types(ca: CertificateAuthority) -> None:
    leaves = (order(), order(key=Key.RSA_2048))
    newest = shake_hands(curious_context(), server_context(TlsOrder(leaves=leaves), ca), NAME)
    assert newest.version() == "TLSv1.3"
    old = curious_context(ssl.TLSVersion.TLSv1_2)
    for suites, key in (("aRSA", rsa.RSAPublicKey), ("aECDSA", ec.EllipticCurvePublicKey)):
        old.set_ciphers(f"{suites}:@SECLEVEL=0")
        seen = shake_hands(old, server_context(TlsOrder(leaves=leaves), ca), NAME)
        der = seen.getpeercert(binary_form=True)
        assert der is not None
        assert isinstance(x509.load_der_x509_certificate(der).public_key(), key)
    static = TlsOrder(leaves=leaves, highest="TLSv1.2", suites="AES128-GCM-SHA256")
    cipher = shake_hands(curious_context(), server_context(static, ca), NAME).cipher()
    assert cipher is not None
    assert cipher[0] == "AES128-GCM-SHA256"


def test_what_clients_without_a_name_are_shown(ca: CertificateAuthority) -> None:
    other = order(names=("default.invalid",), issuer=None)
    changing = server_context(TlsOrder(leaves=(order(),), without_name=(other,)), ca)
    shown = {
        name: shake_hands(curious_context(), changing, name).getpeercert(binary_form=True)
        for name in (NAME, None)
    }
    assert shown == {NAME: ca.leaf(order()).der, None: ca.leaf(other).der}
    refusing = server_context(TlsOrder(leaves=(order(),), alert_without_name=112), ca)
    shake_hands(curious_context(), refusing, NAME)
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        shake_hands(curious_context(), refusing, None)


def test_retired_versions(ca: CertificateAuthority) -> None:
    if not speaks_old_versions():
        pytest.skip("this machine's OpenSSL speaks TLS 1.2 and newer only")
    context = server_context(TlsOrder(leaves=(order(),), lowest="TLSv1", highest="TLSv1.1"), ca)
    with pytest.raises(ssl.SSLError):
        shake_hands(verifying_context(ca), context, NAME)
