"""``waxseal lab``: a world for other processes, reached by what it prints."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Command, environment, program
from waxseal.facts import Cause


class Running:
    """A lab that runs as a program of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "waxseal", "lab", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
        )
        assert self.process.stdout is not None
        self.said: list[str] = []
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            if re.match(r"  \S+\.test", line) and "starttls" not in line and len(self.said) > 20:
                break

    @property
    def options(self) -> list[str]:
        """The options of the command that it prints."""
        text = "\n".join(self.said)
        match = re.search(r"waxseal check sound\.test((?: \\\n|.)*)", text)
        assert match is not None, text
        return shlex.split(match[1].replace("\\\n", " "))

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Stop it: exit code and what it said on standard error."""
        self._wait_until_it_can_be_told()
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=20)
        return self.process.returncode, err

    def _wait_until_it_can_be_told(self) -> None:
        """It speaks a moment before it listens to signals."""
        status = Path(f"/proc/{self.process.pid}/status")
        for _ in range(100):
            caught = re.search(r"SigCgt:\s*([0-9a-f]+)", status.read_text()) if status.exists() else None
            if caught is None or int(caught[1], 16) >> (signal.SIGTERM - 1) & 1:
                return
            time.sleep(0.02)

    def kill(self) -> None:
        """Make sure that it is gone."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate(timeout=20)


@pytest.fixture
def lab() -> Iterator[Running]:
    running = Running()
    try:
        yield running
    finally:
        running.kill()


def test_the_options_that_it_prints_work_from_another_process(lab: Running) -> None:
    assert any(option == "--dial-map" for option in lab.options), lab.said
    sound = program("check", "sound.test", *lab.options, "--json")
    assert (sound.returncode, sound.stderr) == (0, b"")
    report = json.loads(sound.stdout)["reports"][0]
    assert report["headline"]["state"] == "sealed"
    policy_host = 1
    tested = sum(endpoint["connections"] for endpoint in report["endpoints"])
    assert report["connections"] == tested + policy_host > 4
    bad = program("check", "no-starttls.test", *lab.options)
    assert bad.returncode == 1
    assert b"STARTTLS" in bad.stdout
    folder = Path(lab.options[lab.options.index("--roots") + 1]).parent
    assert folder.is_dir()
    code, err = lab.stop()
    assert (code, "Traceback" in err) == (0, False)
    assert not folder.exists()
    gone = program("check", "sound.test", "--resolver", lab.options[1], "--time-limit", "1")
    assert gone.returncode == 3


@pytest.mark.parametrize("number", [signal.SIGTERM])
def test_it_stops_when_it_is_told_to(tmp_path: Path, number: int) -> None:
    running = Running("--folder", str(tmp_path / "new" / "folder"))
    try:
        names = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
        assert names == ["dial-map.json", "root.ds", "root.pem"]
        code, err = running.stop(number)
    finally:
        running.kill()
    assert code == 0
    assert "Traceback" not in err
    assert (tmp_path / "new" / "folder" / "root.pem").exists()


def test_a_folder_that_cannot_be_written_is_the_users_mistake(tmp_path: Path, waxseal: Command) -> None:
    file = tmp_path / "file"
    file.write_text("")
    ran = waxseal("lab", "--folder", str(file / "inside"))
    assert ran.code == 2
    assert "hint:" in ran.err


def test_a_dial_map_that_is_none_is_the_users_mistake(tmp_path: Path, waxseal: Command) -> None:
    file = tmp_path / "map.json"
    for text in ("", "[]", '{"a": 1}', '{"nonsense": "127.0.0.1:25"}', '{"192.0.2.1:25": "nowhere"}', "\x00"):
        file.write_text(text)
        ran = waxseal("check", "192.0.2.1", "--allow", "192.0.2.0/24", "--dial-map", str(file))
        assert ran.code == 2, text
        assert "hint:" in ran.err


@pytest.mark.parametrize(("word", "cause"), [("refused", Cause.REFUSED), ("no-route", Cause.NO_ROUTE)])
def test_words_of_the_dial_map(tmp_path: Path, waxseal: Command, word: str, cause: Cause) -> None:
    file = tmp_path / "map.json"
    file.write_text(json.dumps({"192.0.2.1:25": word}))
    options = ("--allow", "192.0.2.0/24", "--resolver", "127.0.0.1:9", "--dial-map", str(file))
    ran = waxseal("check", "192.0.2.1", *options, "--facts")
    assert f'"cause":"{cause.value}"' in ran.out
