"""``waxseal profiles``, ``judge --profile``, and ``explain`` of a profile's rules."""

import json
import lzma
from pathlib import Path

import pytest

from tests.cli.command import Command
from waxseal.grading.profile import load_profile, profile_names

OURS = """
id = "ours"
version = "3"
title = "Ours"
extends = "ncsc-nl-2025-05"

[checks."tls/robot"]
fail = "low"
why = "w"
source = "our own"

[[exemptions]]
check = "ncsc-nl-2025-05/versions"
where = "mx.old-tls.test"
reason = "old scanners"
until = 2099-03-01
"""


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The recorded facts of one domain with old versions, and of the run."""
    wanted = ("old-tls.test", '"subject":{},', '"schema"')
    with lzma.open(Path(__file__).parent.parent / "corpus" / "lab.facts.xz", "rt") as lines:
        kept = [line for line in lines if any(word in line for word in wanted)]
    path = tmp_path_factory.mktemp("facts") / "old.jsonl"
    path.write_text("".join(kept))
    return str(path)


@pytest.fixture
def ours(tmp_path: Path) -> str:
    path = tmp_path / "ours.toml"
    path.write_text(OURS)
    return str(path)


def test_all_are_listed(waxseal: Command) -> None:
    ran = waxseal("profiles")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines() if line[0] != " "] == [
        f"{name}/{load_profile(name).version}" for name in profile_names()
    ]


def test_one_is_printed_with_its_sources(waxseal: Command) -> None:
    ran = waxseal("profiles", "mozilla-5.7-modern")
    assert "Server Side TLS 5.7, modern: tls_versions" in ran.out
    assert all(rule.id in ran.out for rule in load_profile("mozilla-5.7-modern").own)
    assert "Weights of checks" not in ran.out


def test_ones_own_is_printed_with_what_differs(waxseal: Command, ours: str) -> None:
    out = waxseal("profiles", ours).out
    assert "ncsc-nl-2025-05/suites" in out
    assert out.count("tls/robot") == 1
    assert "old scanners, until 2099-03-01" in out


def test_the_profile_stands_in_the_report(waxseal: Command, facts: str, ours: str) -> None:
    for name, stands in (("ncsc-nl-2.1", "ncsc-nl-2.1/1"), (ours, "ours/3")):
        report = json.loads(waxseal("judge", facts, "--json", "--profile", name).out)["reports"][0]
        assert report["profile"] == stands


def test_an_exemption_takes_the_weight_and_leaves_the_verdict(
    waxseal: Command, facts: str, ours: str
) -> None:
    report = json.loads(waxseal("judge", facts, "--json", "--profile", ours).out)["reports"][0]
    found = [f for f in report["findings"] if f["check"] == "ncsc-nl-2025-05/versions"]
    assert {(f["verdict"], f["severity"], f["exempt"]) for f in found} == {
        ("fail", "none", "old scanners, until 2099-03-01")
    }


def test_several_are_compared(waxseal: Command, facts: str, ours: str) -> None:
    names = ("rfc9325", "ncsc-nl-2025-05", ours)
    ran = waxseal("judge", facts, *(word for name in names for word in ("--profile", name)))
    assert ran.code == 1
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert lines[:2] == ["old-tls.test", "rfc9325/1 ncsc-nl-2025-05/1 ours/3"]
    assert "ncsc-nl-2025-05/versions - fail high fail exempt" in " ".join(lines)
    assert "Insufficient versions: TLS 1.0, TLS 1.1" in lines


def test_a_comparison_in_few_columns(
    waxseal: Command, facts: str, ours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = waxseal("judge", facts, "--profile", "rfc9325", "--profile", ours).out.splitlines()
    assert max(map(len, lines)) <= 40
    at = lines.index("  ncsc-nl-2025-05/versions")
    assert [line.split() for line in lines[at + 1 : at + 3]] == [
        ["rfc9325/1", "-"],
        ["ours/3", "fail", "exempt"],
    ]


def test_a_form_is_not_written_over_a_profile(waxseal: Command, facts: str, ours: str) -> None:
    ran = waxseal("judge", facts, "--profile", ours, "--write", f"text={ours}")
    assert ran.code == 2
    assert "which is read" in ran.err
    assert Path(ours).read_text() == OURS


def test_the_comparison_as_json(waxseal: Command, facts: str, ours: str) -> None:
    ran = waxseal("judge", facts, "--json", "--profile", "ncsc-nl-2025-05", "--profile", ours)
    document = json.loads(ran.out)
    assert document["schema"] == "waxseal.profiles/1"
    assert [p["id"] for p in document["profiles"]] == ["ncsc-nl-2025-05", "ours"]
    target = document["targets"][0]
    assert target["target"] == "old-tls.test"
    assert target["letters"][0]["passive"] > target["letters"][1]["passive"]
    differing = {d["check"]: [w and w["severity"] for w in d["words"]] for d in target["differences"]}
    assert differing == {"ncsc-nl-2025-05/versions": ["high", "none"]}


def test_profiles_that_say_the_same(waxseal: Command, facts: str, tmp_path: Path) -> None:
    same = tmp_path / "same.toml"
    same.write_text('id = "same"\nversion = "1"\ntitle = "The same"\nextends = "rfc9325"\n')
    ran = waxseal("judge", facts, "--profile", "rfc9325", "--profile", str(same))
    assert "nothing to mend is told differently" in ran.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--profile", "ncsc-nl-2025"), "did you mean ncsc-nl-2025-05"),
        (("--profile", "./none.toml"), "no file 'none.toml'"),
        (("--profile", "rfc9325", "--profile", "rfc9325"), "named twice"),
        (("--profile", "rfc9325", "--profile", "ncsc-nl-2.1", "--facts"), "two forms"),
    ],
)
def test_mistakes_are_told(waxseal: Command, facts: str, arguments: tuple[str, ...], told: str) -> None:
    ran = waxseal("judge", facts, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


@pytest.mark.parametrize(
    ("line", "told"), [("reason = ", "`reason`"), ("until = ", "`until`"), ("check = ", "`check`")]
)
def test_what_an_exemption_lacks_is_told(waxseal: Command, ours: str, line: str, told: str) -> None:
    text = "\n".join(row for row in OURS.splitlines() if not row.startswith(line))
    Path(ours).write_text(text)
    ran = waxseal("profiles", ours)
    assert ran.code == 2
    assert f"{ours}, exemption 1: it lacks {told}" in ran.err
    assert "hint: docs/profiles.md" in ran.err


def test_a_rule_is_explained(waxseal: Command) -> None:
    ran = waxseal("explain", "ncsc-nl-2025-05/suites")
    assert ran.code == 0
    for word in ("TLS_AES_256_GCM_SHA384", "Phase-out", "appendix B (MUST)", "Fix", "Postfix"):
        assert word in ran.out
    assert len(waxseal("explain", "ncsc-nl-2.1").out.splitlines()) == len(load_profile("ncsc-nl-2.1").own)
    assert "ncsc-nl-2.1/suites" in waxseal("explain", "ncsc-nl-2.1/suite").err
