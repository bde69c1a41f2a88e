import base64
from pathlib import Path

import pytest

from waxseal.errors import UsageError
from waxseal.lab.ca import CertificateAuthority, pem
from waxseal.lab.orders import Authority
from waxseal.net import roots
from waxseal.net.roots import load_roots, pem_certificates

CA = CertificateAuthority()
ROOT, STRANGER = CA.root_der, CA.authority_der(Authority.STRANGER_ROOT)


def test_certifi_has_many_roots_and_a_name() -> None:
    store = load_roots("certifi")
    assert store.size > 100
    assert store.name == "certifi"
    assert store.id.startswith("certifi:")


def test_the_system_has_a_store_or_certifi_stands_in() -> None:
    store = load_roots()
    assert store.name in ("system", "certifi")
    assert store.size > 20


def test_the_systems_own_file_goes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "system.pem"
    file.write_bytes(pem(ROOT))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    store = load_roots("system")
    assert (store.name, store.roots) == ("system", (ROOT,))


def test_without_a_system_store_certifi_stands_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(roots, "_SYSTEM_FILES", (str(tmp_path / "none"),))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    assert load_roots("system").name == "certifi"


def test_a_file_is_named_after_itself_and_keeps_its_order(tmp_path: Path) -> None:
    file = tmp_path / "mine.pem"
    file.write_bytes(b"# a comment\n" + pem(STRANGER) + b"\nmore words\n" + pem(ROOT))
    store = load_roots(str(file))
    assert (store.name, store.roots) == ("mine.pem", (STRANGER, ROOT))


def test_the_id_does_not_depend_on_the_order(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "roots.pem", tmp_path / "b" / "roots.pem"
    for file, text in ((first, pem(ROOT) + pem(STRANGER)), (second, pem(STRANGER) + pem(ROOT))):
        file.parent.mkdir()
        file.write_bytes(text)
    assert load_roots(str(first)).id == load_roots(str(second)).id


def test_dos_line_ends_and_one_long_line_are_read() -> None:
    dos = pem(ROOT).replace(b"\n", b"\r\n")
    long = b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(ROOT) + b"\n-----END CERTIFICATE-----"
    assert pem_certificates(dos + long) == (ROOT, ROOT)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"no certificate here",
        ROOT,
        b"-----BEGIN CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n!!!! not base64 !!!!\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nABC\n-----END CERTIFICATE-----\n",
        pem(ROOT).replace(b"CERTIFICATE", b"PRIVATE KEY"),
    ],
)
def test_a_file_without_certificates_is_the_users_mistake(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "junk.pem"
    file.write_bytes(text)
    with pytest.raises(UsageError, match=r"junk\.pem holds no PEM certificate") as caught:
        load_roots(str(file))
    assert "--roots" in caught.value.hint


def test_junk_between_certificates_is_passed_over() -> None:
    broken = b"-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n"
    assert pem_certificates(pem(ROOT) + broken + pem(STRANGER)) == (ROOT, STRANGER)


@pytest.mark.parametrize("name", ["missing.pem", ""])
def test_a_file_that_cannot_be_read_is_the_users_mistake(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be read") as caught:
        load_roots(str(tmp_path / name))
    assert str(tmp_path) in caught.value.message
    assert caught.value.hint


def test_an_empty_name_is_the_users_mistake() -> None:
    with pytest.raises(UsageError):
        load_roots("")
