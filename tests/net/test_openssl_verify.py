"""The library behind ``ssl`` gives the verdict of ``openssl verify``, though no key is at hand."""

import shutil
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.trust.limbo import ders, raw_cases
from tests.trust.openssl_agreement import openssl_says
from tests.trust.pki import DAY, Wish, issue, leaf_wish
from waxseal.net.openssl_verify import openssl_verdict

NOW = datetime.now(UTC).replace(microsecond=0)
DATES = {"not_before": NOW - DAY, "not_after": NOW + DAY}
ROOT = issue("Root", Wish(ca=True, not_before=NOW - DAY, not_after=NOW + 9 * DAY))


def test_trusted() -> None:
    leaf = issue("mx.example.org", leaf_wish(**DATES), ROOT)
    found = openssl_verdict((leaf.der,), (ROOT.der,))
    assert (found.code, found.message, found.library) == (0, "ok", ssl.OPENSSL_VERSION)


@pytest.mark.parametrize(
    ("chain", "anchors", "code"),
    [
        ((issue("a", leaf_wish(not_before=NOW - 9 * DAY, not_after=NOW - DAY), ROOT),), (ROOT,), 10),
        ((issue("a", leaf_wish(**DATES), ROOT),), (), 20),
        ((issue("a", leaf_wish(**DATES)),), (ROOT,), 18),
    ],
)
def test_codes(chain: tuple[object, ...], anchors: tuple[object, ...], code: int) -> None:
    found = openssl_verdict(
        tuple(each.der for each in chain),  # type: ignore[attr-defined]
        tuple(each.der for each in anchors),  # type: ignore[attr-defined]
    )
    assert found.code == code
    assert found.message


def test_no_certificate_is_no_verdict() -> None:
    found = openssl_verdict((b"no certificate",), (ROOT.der,))
    assert found.code is None
    assert found.message


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")
def test_agrees_with_the_command_on_limbo(tmp_path: Path) -> None:
    version = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout
    if version.split()[1] != ssl.OPENSSL_VERSION.split()[1]:
        pytest.skip("the command is of another version than the library")
    agreed = {}
    for case in raw_cases():
        if case["validation_kind"] == "SERVER":
            chain = ders([case["peer_certificate"], *case["untrusted_intermediates"]])
            anchors = ders(case["trusted_certs"])
            _, said = openssl_says(chain, anchors, NOW, tmp_path)
            agreed[case["id"]] = openssl_verdict(chain, anchors).code == (said[0][0] if said else 0)
    assert len(agreed) == 198
    assert [name for name, same in agreed.items() if not same] == []
