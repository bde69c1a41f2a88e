"""``waxseal records`` on the lab, from files alone, and what it says to bad input."""

import json
from pathlib import Path

import dns.zone
import pytest

from tests.cli.command import Command
from tests.cli.test_plan import pem
from waxseal.wire.mta_sts import read_policy


def test_the_lab(waxseal: Command, tmp_path: Path) -> None:
    body = tmp_path / "policy.txt"
    ran = waxseal("records", "sound.test", "--lab", "--policy-file", str(body))
    assert ran.code == 0
    zone = dns.zone.from_text(ran.out, origin=".", check_origin=False, relativize=False)
    names = {name.to_text(omit_final_dot=True) for name in zone}
    assert names == {
        "_25._tcp.mx1.sound.test",
        "_25._tcp.mx2.sound.test",
        "_mta-sts.sound.test",
        "_smtp._tls.sound.test",
    }
    assert "; keep" in ran.out
    assert "; add" not in ran.out
    policy = read_policy(body.read_bytes())
    assert policy.conforms
    assert policy.policy is not None
    assert policy.policy.mx == ("mx1.sound.test", "mx2.sound.test")


def test_from_files_alone(waxseal: Command, tmp_path: Path) -> None:
    made_of = ("--host", "mx.example.org", "--certificate", pem(tmp_path, "mx.example.org"))
    policy = ("--mode", "enforce", "--max-age", "1209600")
    ran = waxseal("records", "example.org", *made_of, *policy, "--rua", "mailto:tls@example.org", "--json")
    assert ran.code == 0
    proposal = json.loads(ran.out)["proposal"]
    assert [row["record"][:5] for row in proposal["hosts"][0]["records"]] == ["3 1 1", "2 1 1"]
    assert proposal["tls_rpt"]["text"] == "v=TLSRPTv1; rua=mailto:tls@example.org"
    assert "mode: enforce" in proposal["policy_body"]


def test_der_is_read_too(waxseal: Command, tmp_path: Path) -> None:
    from waxseal.net.roots import pem_certificates

    der = tmp_path / "leaf.der"
    der.write_bytes(pem_certificates(Path(pem(tmp_path, "mx.example.org")).read_bytes())[0])
    ran = waxseal("records", "example.org", "--host", "mx.example.org", "--certificate", str(der))
    assert ran.code == 0
    assert " TLSA 3 1 1 " in ran.out
    assert " TLSA 2 1 1 " not in ran.out


def test_a_roll_over_on_the_lab(waxseal: Command, tmp_path: Path) -> None:
    ran = waxseal("records", "dane-only.test", "--lab", "--next", pem(tmp_path, "mx.dane-only.test"))
    assert ran.code == 0
    assert "; keep: ec key in use" in ran.out
    assert "; add: ec key to come" in ran.out


def test_no_certificate_to_go_by(waxseal: Command) -> None:
    ran = waxseal("records", "no-starttls.test", "--lab")
    assert ran.code == 3
    assert "no certificate of it was seen" in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("null-mx.test", "--lab"), "mail hosts of null-mx.test are not known"),
        (("sound.test", "--lab", "--host", "mx9.sound.test"), "no such mail host"),
        (("sound.test", "--lab", "--rua", "nowhere"), "cannot be written"),
        (("example.org", "--certificate", "/nowhere"), "cannot be read"),
        (("mx.example.org:25",), "is no domain"),
        (("example.org", "--host", "mx_1.example.org"), "is no host name"),
    ],
)
def test_bad_input(waxseal: Command, arguments: tuple[str, ...], words: str) -> None:
    ran = waxseal("records", *arguments)
    assert ran.code == 2
    assert words in ran.err
    assert "hint: " in ran.err


def test_a_policy_file_that_cannot_be_written(waxseal: Command, tmp_path: Path) -> None:
    ran = waxseal("records", "sound.test", "--lab", "--policy-file", str(tmp_path / "no" / "policy.txt"))
    assert ran.code == 2
    assert "cannot be written" in ran.err
