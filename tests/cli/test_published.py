"""The options of ``waxseal check`` about what a domain publishes."""

import json
from pathlib import Path

import pytest

from tests.cli.command import Command

SIGNED = b"""Received: from a by b; Sun, 22 Nov 2026 10:00:00 +0000\r
DKIM-Signature: v=1; a=rsa-sha256; d=dkim.test;\r
 s=weak; h=from:subject; bh=AAAA; b=BBBB\r
From: someone@dkim.test\r
Subject: hello\r
\r
DKIM-Signature: v=1; d=body.test; s=body\r
"""


@pytest.fixture
def message(tmp_path: Path) -> Path:
    path = tmp_path / "message.eml"
    path.write_bytes(SIGNED)
    return path


def fixes(waxseal: Command, *arguments: str) -> set[str]:
    """Ids of the findings that fail or warn."""
    ran = waxseal("check", "--lab", *arguments, "--json")
    assert ran.err == ""
    (report,) = json.loads(ran.out)["reports"]
    return {f["check"] for f in report["findings"] if f["verdict"] in ("fail", "warn")}


def test_a_key_by_selector_and_by_message(waxseal: Command, message: Path) -> None:
    none = {"policy/none-published"}
    assert fixes(waxseal, "dkim.test") == none
    assert fixes(waxseal, "dkim.test", "--dkim", "good") == none
    assert fixes(waxseal, "dkim.test", "--dkim", "revoked@dkim.test") == none | {"dkim/key-revoked"}
    assert fixes(waxseal, "dkim.test", "--message", str(message)) == none | {"dkim/key-weak"}


def test_the_envelope(waxseal: Command) -> None:
    assert "smtp/envelope-deferred" in fixes(waxseal, "envelope-greylisted.test", "--envelope")
    assert "smtp/envelope-deferred" not in fixes(waxseal, "envelope-greylisted.test")


def test_blocklists(waxseal: Command) -> None:
    assert "dnsbl/listed" in fixes(waxseal, "blocklist-listed.test", "--blocklist", "spamhaus-zen")
    assert "dnsbl/listed" in fixes(waxseal, "blocklist-listed.test", "--blocklist", "all")
    assert "dnsbl/listed" not in fixes(waxseal, "blocklist-listed.test")  # its terms do not allow it


def test_nobody_validates(waxseal: Command) -> None:
    ran = waxseal("check", "--lab", "sound.test", "--trusted-resolver", "none", "--json")
    (report,) = json.loads(ran.out)["reports"]
    said = {f["check"]: f["verdict"] for f in report["findings"]}
    assert said["dnssec/validator-missing"] == "inconclusive"
    assert said["dane/unproved"] == "inconclusive"
    assert report["headline"]["state"] == "sealed"


def test_an_earlier_run_shows_what_drifted(waxseal: Command, tmp_path: Path) -> None:
    path = tmp_path / "earlier.facts"
    path.write_text(waxseal("check", "--lab", "sound.test", "--facts").out)
    # Each start of the lab publishes the same policy under a new id.
    assert fixes(waxseal, "sound.test", "--earlier", str(path)) == {"mta-sts/id-drift"}


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("--dkim", "a b"), "selector"),
        (("--dkim", "s@exa mple"), "--dkim"),
        (("--message", "/nowhere/at/all"), "/nowhere/at/all"),
        (("--blocklist", "nonsense"), "psbl"),
        (("--sending", "example.org"), "--sending"),
        (("--trusted-resolver", "not an address"), "resolver"),
        (("--bogus-name", "a..b"), "a..b"),
        (("--trust-anchor", "/nowhere/at/all"), "/nowhere/at/all"),
        (("--earlier", "/nowhere/at/all"), "/nowhere/at/all"),
    ],
)
def test_bad_input_is_one_sentence_and_a_hint(
    waxseal: Command, arguments: tuple[str, ...], names: str
) -> None:
    ran = waxseal("check", "example.test", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert names in ran.err
    assert "hint:" in ran.err
    assert "Traceback" not in ran.err


def test_a_message_without_a_signature(waxseal: Command, tmp_path: Path) -> None:
    path = tmp_path / "plain.eml"
    path.write_bytes(b"From: a@b.test\r\n\r\nDKIM-Signature: v=1; d=body.test; s=body\r\n")
    ran = waxseal("check", "example.test", "--message", str(path))
    assert ran.code == 2
    assert "no DKIM signature" in ran.err
