"""``waxseal check``: exit codes, forms of output, what goes where."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from tests.cli.command import Command, environment, program
from waxseal.checks.api import Judgement
from waxseal.checks.registry import all_checks
from waxseal.facts import DIALOGUE, Attempt, Greeting, RunContext, Subject, Target
from waxseal.facts.stored import load
from waxseal.probes.tls.depth import Depth
from waxseal.report.json_form import JsonDocument, json_schema

ESCAPE = "\x1b"
WIDE = "\u4f8b\u3048.\u30c6\u30b9\u30c8"
VARIOUS = (
    "sound.test",
    "b\u00fccher.test",
    "expired.test",
    "no-starttls.test",
    "greeting-554.test",
    "refused.test",
    "long-line.test",
    "mx-private.test",
    "nxdomain.test",
    "null-mx.test",
    "shared-address.test",
    "mail.sound.test:465",
    "starttls-extra.test",
)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("sound.test",), 0),
        (("expired.test", "--fail-on", "medium"), 1),
        (("expired.test", "--fail-on", "never"), 0),
        (("no-starttls.test",), 1),
        (("greeting-421.test",), 3),
        (("sound.test", "greeting-421.test"), 3),
        (("greeting-421.test", "no-starttls.test"), 1),
        (("null-mx.test",), 0),
    ],
)
def test_the_exit_code_says_what_was_found(waxseal: Command, arguments: tuple[str, ...], code: int) -> None:
    ran = waxseal("check", "--lab", *arguments)
    assert ran.code == code, ran
    assert ran.err == ""
    assert ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("exa mple.org",),
        ("example.org", "--nonsense"),
        ("example.org", "--port", "0"),
        ("example.org", "--port", "x"),
        ("example.org", "--fail-on", "sometimes"),
        ("example.org", "--time-limit", "0"),
        ("example.org", "--max-connections", "0"),
        ("example.org", "-4", "-6"),
        ("example.org", "--control", "no-port"),
        ("example.org", "--control", ":25"),
        ("example.org", "--control", "a:0"),
        ("example.org", "--resolver", "resolver.example"),
        ("example.org", "--allow", "everything"),
        ("example.org", "--ehlo", "no name"),
        ("example.org", "--roots", "/nonexistent/roots.pem"),
        ("example.org", "--dial-map", "/nonexistent/map.json"),
        ("192.0.2.1", "--name", "no name"),
        ("pigeon://mx.example.org",),
        ("lmtp+unix:relative/path",),
        ("lmtp+unix:/nonexistent/socket",),
        ("example.org", "--via", "gopher://proxy"),
        ("example.org", "--account", "/nonexistent/account"),
        ("example.org", "--own-recipient", "nobody"),
        ("--lab", "exa mple.test"),
        ("smtp://a.example:465", "submissions://a.example:465"),
    ],
)
def test_a_mistake_of_the_user_is_told_in_one_sentence_with_a_hint(
    waxseal: Command, arguments: tuple[str, ...]
) -> None:
    ran = waxseal("check", *arguments)
    assert ran.code == 2
    assert ran.out == ""
    said, hint, *more = ran.err.splitlines()
    assert said.startswith("waxseal: ")
    assert hint.startswith("hint: ")
    assert more == []


def test_a_bug_is_said_to_be_one(waxseal: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("waxseal.api.judge_all", burst)
    ran = waxseal("check", "--lab", "null-mx.test")
    assert ran.code == 70
    assert "a bug in waxseal: ZeroDivisionError" in ran.err
    assert "Traceback" not in ran.err
    monkeypatch.setenv("WAXSEAL_TRACEBACK", "1")
    assert "Traceback" in waxseal("check", "--lab", "null-mx.test").err


def test_a_check_that_crashes_is_a_bug_and_the_report_is_printed(
    waxseal: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(greeting: Greeting) -> Judgement:
        raise ZeroDivisionError(greeting.host_name)

    known = all_checks()
    broken = msgspec.structs.replace(known["smtp/greeting-slow"], judge=burst)
    monkeypatch.setitem(known, "smtp/greeting-slow", broken)
    ran = waxseal("check", "--lab", "sound.test")
    assert ran.code == 70
    assert "sound.test" in ran.out


# Forms of output.


def test_json_is_of_its_schema_and_of_nothing_else(waxseal: Command) -> None:
    ran = waxseal("check", "--lab", "sound.test", "expired.test", "--json")
    assert ran.err == ""
    document = msgspec.json.decode(ran.out, type=JsonDocument, strict=True)
    assert document.schema == "waxseal.report/1"
    assert [report.target.name for report in document.reports] == ["sound.test", "expired.test"]
    assert json.loads(msgspec.json.encode(document)) == json.loads(ran.out)
    assert ran.out.endswith("}\n")
    first = document.reports[0]
    policy_host = 1
    assert first.connections == sum(endpoint.connections for endpoint in first.endpoints) + policy_host
    assert len(first.endpoints) == 4
    assert all(1 < endpoint.connections <= 40 for endpoint in first.endpoints)
    assert sum(first.counts.values()) == len(first.findings)
    context = document.context
    assert context is not None
    assert context.root_store.startswith("lab:")
    assert json_schema()["$ref"].endswith("JsonDocument")


def test_facts_are_lines_that_can_be_loaded(waxseal: Command) -> None:
    ran = waxseal("check", "--lab", "no-starttls.test", "--facts")
    assert ran.err == ""
    facts = load(ran.out.encode().splitlines(keepends=True))
    assert facts.nearest(RunContext, Subject()) is not None
    assert [target.name for _, target in facts.within(Target, Subject())] == ["no-starttls.test"]
    assert len(facts.within(Greeting, Subject())) == 2
    assert all(json.loads(line) for line in ran.out.splitlines())


def test_saved_facts_are_the_same_as_those_printed(waxseal: Command, tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    ran = waxseal("check", "--lab", "no-starttls.test", "--facts", "--save", str(file))
    assert file.read_text() == ran.out


@pytest.mark.parametrize("place", ["missing/run.jsonl", "."])
def test_facts_that_cannot_be_saved_are_the_users_mistake(
    waxseal: Command, tmp_path: Path, place: str
) -> None:
    ran = waxseal("check", "--lab", "null-mx.test", "--save", str(tmp_path / place))
    assert ran.code == 2
    assert "hint:" in ran.err


def test_the_transcript_has_both_sides_and_times(waxseal: Command) -> None:
    ran = waxseal("check", "--lab", "starttls-refused.test", "--transcript")
    lines = ran.out.splitlines()
    assert lines[0].startswith("--- mx.starttls-refused.test [")
    dialogue = re.compile(r" *\d+\.\d{3} (tls|   ) [CS*] .+")
    spoken = [line for line in lines if line and not line.startswith(("---", "    ended:"))]
    assert spoken
    assert all(dialogue.fullmatch(line) for line in spoken)
    assert [line.split(" C ")[1] for line in spoken if " C " in line][1:3] == ["STARTTLS", "QUIT"]
    assert any(" S 250-mx.starttls-refused.test" in line for line in spoken)
    assert any(line.startswith("    ended: declined (502) at STARTTLS") for line in lines)


def test_the_transcript_marks_what_went_under_tls_and_holds_no_octets_of_keys(waxseal: Command) -> None:
    ran = waxseal("check", "--lab", "mail.sound.test:587", "--transcript")
    under = [line for line in ran.out.splitlines() if " tls " in line]
    assert any(" S 250 AUTH" in line or " S 250-AUTH" in line for line in under)
    assert not re.search(r"AUTH \w+ [A-Za-z0-9+/=]{8}|PRIVATE KEY|password", ran.out)
    assert ran.out.count("  dialogue\n") == 2
    assert ran.out.count("  starttls.injection\n") == 2
    assert ran.out.isascii()


# Terminals.


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recorded facts about domains of every kind, one of them with wide characters."""
    file = tmp_path_factory.mktemp("facts") / "many.jsonl"
    ran = program("check", "--lab", *VARIOUS, WIDE, "--save", str(file), "--fail-on", "never")
    assert ran.returncode in (0, 3), ran.stderr
    return file


@pytest.mark.parametrize("detail", [(), ("-v",), ("-vv",)])
def test_no_line_is_wider_than_80_cells(waxseal: Command, many: Path, detail: tuple[str, ...]) -> None:
    ran = waxseal("judge", str(many), *detail)
    wide = [line for line in ran.out.splitlines() if cell_len(line) > 80]
    assert not wide, wide[:5]
    assert "b\u00fccher.test" in ran.out
    assert WIDE in ran.out
    assert ESCAPE not in ran.out


@pytest.mark.parametrize("columns", ["40", "200"])
def test_the_width_of_the_terminal_is_respected(
    waxseal: Command, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    ran = waxseal("check", "--lab", "b\u00fccher.test", "expired.test", "-v")
    assert max(map(cell_len, ran.out.splitlines())) <= int(columns)


def test_a_pipe_gets_no_escape_codes_and_nothing_on_stderr() -> None:
    ran = program("check", "--lab", "expired.test", "-v")
    assert ran.stderr == b""
    assert b"\x1b" not in ran.stdout
    assert ran.stdout


def on_terminal(*arguments: str, **changes: str) -> tuple[str, str]:
    """What the program writes to a terminal: standard output, standard error."""
    texts: list[bytes] = []
    out, out_end = pty.openpty()
    err, err_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "waxseal", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=out_end,
        stderr=err_end,
        env=environment(COLUMNS="80", **changes),
    )
    os.close(out_end)
    os.close(err_end)
    for end in (err, out):
        text = b""
        while True:
            try:
                piece = os.read(end, 65536)
            except OSError:
                break
            if not piece:
                break
            text += piece
        os.close(end)
        texts.append(text)
    assert process.wait(60) in (0, 1)
    return texts[1].decode(), texts[0].decode()


COLOUR = re.compile(r"\x1b\[[0-9;]*\b(3[0-7]|4[0-7]|9[0-7]|38|48)(;[0-9;]*)?m")


def test_a_terminal_gets_colour_and_progress() -> None:
    out, err = on_terminal("check", "--lab", "no-starttls.test")
    assert COLOUR.search(out)
    assert err


def test_no_color_is_respected() -> None:
    out, _ = on_terminal("check", "--lab", "no-starttls.test", NO_COLOR="1")
    assert not COLOUR.search(out)
    assert "EXPOSED" in out


def test_a_dumb_terminal_gets_no_escape_codes() -> None:
    out, err = on_terminal("check", "--lab", "no-starttls.test", TERM="dumb", NO_COLOR="1")
    assert ESCAPE not in out
    assert ESCAPE not in err


def test_states_have_words_and_not_only_colours(waxseal: Command) -> None:
    out = waxseal("check", "--lab", "no-starttls.test").out
    assert out.lstrip().startswith("EXPOSED ")
    assert " exposed " in out


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "waxseal", "check", "--lab", "sound.test", "expired.test", "--facts"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0
    assert said == b""


@pytest.mark.parametrize("arguments", [("--help",), ("check", "--help"), ("explain",), ("--version",)])
def test_help_goes_to_stdout_and_ends_well(waxseal: Command, arguments: tuple[str, ...]) -> None:
    ran = waxseal(*arguments)
    assert ran.code == 0
    assert ran.out
    assert ran.err == ""


def test_arguments_that_are_no_text_are_the_users_mistake() -> None:
    ran = program("check", b"\xff.test")
    assert ran.returncode == 2
    assert b"hint:" in ran.stderr
    assert b"Traceback" not in ran.stderr


def test_the_connections_spent_are_told(waxseal: Command) -> None:
    out = " ".join(waxseal("check", "--lab", "sound.test").out.split())
    told = re.search(r"\b([0-9]+) connections(?: \([0-9]+ of them to try injection\))?, 4 addresses", out)
    assert told is not None
    least = " ".join(waxseal("check", "--lab", "sound.test", "--depth", "grade").out.split())
    fewer = re.search(r"\b([0-9]+) connections(?: \([0-9]+ of them to try injection\))?, 4 addresses", least)
    assert fewer is not None
    assert 4 < int(fewer[1]) <= 4 * Depth.GRADE.most_connections < int(told[1])
    assert int(told[1]) <= 4 * 25


def test_attempts_are_in_the_facts_for_every_address(waxseal: Command) -> None:
    ran = waxseal("check", "--lab", "sound.test", "--facts", "-4")
    facts = load(ran.out.encode().splitlines())
    mains = [a for _, a in facts.within(Attempt, Subject()) if a.probe == DIALOGUE]
    assert len(mains) == 2


def test_a_time_limit_that_is_no_number_is_the_users_mistake(waxseal: Command) -> None:
    assert waxseal("check", "--lab", "null-mx.test", "--time-limit", "nan").code == 2


def test_a_vantage_that_is_no_text_is_the_users_mistake() -> None:
    assert program("check", "127.0.0.1:9", "--vantage", b"\xff", "--facts").returncode != 70
