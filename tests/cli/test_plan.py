"""``waxseal plan`` on the lab, on recorded facts, and what it says to bad input."""

import json
from pathlib import Path

import pytest

from tests.cli.command import Command
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.ca import pem as as_pem
from waxseal.lab.orders import LeafOrder


def pem(tmp_path: Path, *hosts: str) -> str:
    """A file with a certificate for some hosts, and those above it."""
    sent = CertificateAuthority().leaf(LeafOrder(names=hosts)).sent
    path = tmp_path / "next.pem"
    path.write_bytes(b"".join(map(as_pem, sent)))
    return str(path)


def test_a_new_host_under_an_enforced_policy_is_unsafe(waxseal: Command) -> None:
    ran = waxseal("plan", "sts-wildcard.test", "--lab", "--mx", "mx.new.test", "--at", "2030-01-01T00:00Z")
    assert ran.code == 1
    assert "UNSAFE" in ran.out
    assert "2030-01-29 00:00  Change the MX records" in ran.out  # after the max_age of 28 days
    assert "sts-wildcard.test. 300 IN MX 10 mx.new.test." in ran.out


def test_a_new_key_under_dane_is_unsafe(waxseal: Command, tmp_path: Path) -> None:
    ran = waxseal(
        "plan", "dane-only.test", "--lab", "--certificate", pem(tmp_path, "mx.dane-only.test"), "--json"
    )
    assert ran.code == 1
    document = json.loads(ran.out)
    assert document["safe_now"] is False
    first = document["plan"]["steps"][0]
    assert len(first["zone"]) >= 2
    assert all(line.startswith("_25._tcp.mx.dane-only.test. ") for line in first["zone"])


def test_a_change_without_harm_and_one_that_was_not_seen(waxseal: Command, tmp_path: Path) -> None:
    assert waxseal("plan", "dane-only.test", "--lab", "--mx", "10:mx.dane-only.test").code == 0
    policy = tmp_path / "policy.txt"
    policy.write_text("version: STSv1\nmode: enforce\nmx: *.provider.test\nmx: mx.new.test\nmax_age: 86400\n")
    unseen = waxseal(
        "plan", "sts-wildcard.test", "--lab", "--policy", str(policy), "--mx", "mx.provider.test"
    )
    assert unseen.code == 0
    assert "Serve the planned policy" in unseen.out


def test_from_the_facts_of_an_earlier_run(waxseal: Command, tmp_path: Path) -> None:
    facts = tmp_path / "facts"
    waxseal("check", "sts-wildcard.test", "--lab", "--save", str(facts), "--fail-on", "never")
    ran = waxseal("plan", "sts-wildcard.test", "--facts", str(facts), "--mx", "mx.new.test")
    assert ran.code == 1
    other = waxseal("plan", "example.org", "--facts", str(facts), "--mx", "mx.new.test")
    assert other.code == 2
    assert "not known" in other.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to plan"),
        (("--mx", "-bad-"), "is no host name"),
        (("--mx", "x:mx.example.org"), "is no preference"),
        (("--mx", "99999:mx.example.org"), "is no preference"),
        (("--at", "tomorrow", "--mx", "mx.example.org"), "is no time"),
        (("--certificate", "/nowhere.pem"), "cannot be read"),
        (("--certificate", __file__), "is no certificate"),
        (("--policy", __file__), "is no MTA-STS policy"),
        (("--host", "mx.example.org", "--mx", "mx.example.org"), "--host"),
        (("--mx", "mx.example.org", "--facts", "/nowhere"), "cannot be read"),
        (("--mx", "mx.example.org", "--facts", "/nowhere", "--lab"), "exclude"),
    ],
)
def test_bad_input(waxseal: Command, arguments: tuple[str, ...], words: str) -> None:
    ran = waxseal("plan", "example.org", *arguments)
    assert ran.code == 2
    assert words in ran.err
    assert "hint: " in ran.err
    assert ran.err.count("\n") == 2


def test_a_target_that_is_no_domain(waxseal: Command) -> None:
    assert waxseal("plan", "192.0.2.1", "--mx", "mx.example.org").code == 2
