"""The script ./run: what it makes of arguments, when a set-up counts as finished, which tool it takes.

Nothing is installed here; the set-up itself is proved by running it.
"""

import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


def load(path: Path) -> ModuleType:
    loader = SourceFileLoader(path.stem.replace("-", "_") + "_script", str(path))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = bytecode
    return module


@pytest.fixture
def run(tmp_path: Path) -> ModuleType:
    """The script as it stands in a checkout of its own."""
    for name in (
        "run",
        "requirements.lock",
        "requirements-docs.lock",
        "requirements-dev.lock",
        "requirements-fuzz.lock",
    ):
        shutil.copy(ROOT / name, tmp_path)
    return load(tmp_path / "run")


def environment(run: ModuleType, kind: str) -> Path:
    """A finished environment, as far as the script can see."""
    venv: Path = run.VENVS[kind]
    (venv / "bin").mkdir(parents=True, exist_ok=True)
    (venv / "bin" / "python").unlink(missing_ok=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / "lib" / "python3.11" / "site-packages").mkdir(parents=True, exist_ok=True)
    run.connect(venv)
    (venv / "waxseal-stamp").write_text(run.stamp(kind))
    return venv


def test_a_command_of_waxseal_keeps_its_arguments(run: ModuleType) -> None:
    assert run.plan(["check", "example.org", "--json"]) == (
        "run",
        str(run.ROOT / ".venv" / "bin" / "waxseal"),
        ["check", "example.org", "--json"],
    )


def test_commands_of_its_own_pass_the_rest_on(run: ModuleType) -> None:
    script = run.ROOT / ".ci" / "tests.py"
    script.parent.mkdir()
    script.touch()
    assert run.plan(["test", "-k", "smtp"]) == ("test", str(script), ["-k", "smtp"])


def test_every_script_of_its_own_but_the_benchmarks_is_there(run: ModuleType) -> None:
    assert {name: (ROOT / path).exists() for name, (_, path) in run.OWN.items() if name != "bench"} == {
        "test": True,
        "docs": True,
        "fuzz": True,
        "lock": True,
    }


def test_what_is_not_there_is_said_in_one_sentence(run: ModuleType) -> None:
    with pytest.raises(run.StopError, match="nothing to run yet") as stopped:
        run.plan(["bench"])
    assert stopped.value.code == 2


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["--help"], 0), (["-h"], 0)])
def test_it_explains_itself(
    run: ModuleType, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(arguments) == code
    assert "./run check --lab" in capsys.readouterr().out


def test_nothing_is_ready_at_first(run: ModuleType) -> None:
    assert not any(run.is_ready(kind) for kind in run.VENVS)


def test_a_finished_set_up_is_ready(run: ModuleType) -> None:
    environment(run, "run")
    assert run.is_ready("run")
    assert not run.is_ready("test")


def test_one_for_tests_runs_waxseal_too(run: ModuleType) -> None:
    environment(run, "test")
    assert run.is_ready("run")
    assert run.is_ready("docs")
    assert run.is_ready("test")
    assert not run.is_ready("fuzz")


def test_one_for_the_documentation_runs_waxseal_and_no_tests(run: ModuleType) -> None:
    environment(run, "docs")
    assert run.is_ready("run")
    assert run.is_ready("docs")
    assert not run.is_ready("test")


@pytest.mark.parametrize("name", ["requirements.lock", "run"])
def test_a_change_of_lock_or_script_asks_for_a_new_one(run: ModuleType, name: str) -> None:
    environment(run, "run")
    with (run.ROOT / name).open("a") as file:
        file.write("\n")
    assert not run.is_ready("run")


def test_a_moved_checkout_asks_for_a_new_one(run: ModuleType, tmp_path: Path) -> None:
    environment(run, "run")
    moved = tmp_path.with_name(f"{tmp_path.name} moved")
    tmp_path.rename(moved)
    assert not load(moved / "run").is_ready("run")


def test_an_interpreter_that_has_gone_asks_for_a_new_one(run: ModuleType) -> None:
    python = environment(run, "run") / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3.11")
    assert not run.is_ready("run")


def test_a_set_up_cut_short_is_made_anew(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    venv = environment(run, "run")
    (venv / "waxseal-stamp").unlink()
    (venv / "half").touch()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(run, "install_with_pip", lambda kind: environment(run, kind))
    assert run.set_up("run") == str(venv / "bin" / "python")
    assert not (venv / "half").exists()
    assert run.is_ready("run")


def test_an_environment_for_tests_stays_one(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(run, "test")
    with (run.ROOT / "requirements-dev.lock").open("a") as file:
        file.write("\n")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(run, "install_with_pip", lambda kind: environment(run, kind))
    run.set_up("run")
    assert run.is_ready("test")


def test_a_failing_set_up_leaves_no_stamp(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(run, "works", lambda command: "ensurepip" in command)

    def half_done(command: list[str]) -> None:
        run.VENVS["run"].mkdir()
        raise run.StopError(" ".join(command))

    monkeypatch.setattr(run, "must", half_done)
    with pytest.raises(run.StopError):
        run.set_up("run")
    assert not run.is_ready("run")


def pip_commands(run: ModuleType, monkeypatch: pytest.MonkeyPatch, available: str) -> list[list[str]]:
    commands: list[list[str]] = []
    monkeypatch.setattr(run, "works", lambda command: available in command)
    monkeypatch.setattr(run, "must", commands.append)
    run.install_with_pip("run")
    return commands


def test_pip_installs_by_hash_only(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    make, install = pip_commands(run, monkeypatch, "ensurepip")
    assert make[1:3] == ["-m", "venv"]
    assert install[0] == str(run.VENVS["run"] / "bin" / "python")
    assert install[-3:] == ["--require-hashes", "-r", str(run.ROOT / "requirements.lock")]


def test_without_ensurepip_the_pip_outside_serves(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    make, install = pip_commands(run, monkeypatch, "--python")
    assert "--without-pip" in make
    assert install[0] == run.BASE
    assert install[3:5] == ["--python", str(run.VENVS["run"] / "bin" / "python")]


def test_without_either_it_names_the_package(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(run.StopError, match="apt-get install python3-venv") as stopped:
        pip_commands(run, monkeypatch, "nothing")
    assert stopped.value.code == 3


def test_uv_takes_the_lock_as_it_is(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(run, "must", lambda command, **env: seen.append((command, env)))
    run.install_with_uv("uv", "test")
    ((command, env),) = seen
    assert {"--frozen", "--no-install-project", "--group", "dev"} <= set(command)
    assert env == {"UV_PROJECT_ENVIRONMENT": str(run.ROOT / ".venv")}


def test_an_old_python_looks_for_another(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run.find_python(range(11, 100)) == run.BASE
    monkeypatch.setenv("PATH", "")
    with pytest.raises(run.StopError, match=r"Python 3\.98 or newer is needed"):
        run.find_python(range(98, 100))


def test_the_launcher_starts_the_source_of_the_checkout(run: ModuleType) -> None:
    package = run.ROOT / "src" / "waxseal" / "cli"
    package.mkdir(parents=True)
    (package / "main.py").write_text("import sys\ndef main():\n    print(sys.argv[1:])\n    return 5\n")
    venv = environment(run, "run")
    done = subprocess.run(
        [venv / "bin" / "waxseal", "a b", "--c"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(run.ROOT / "src"), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert (done.stdout, done.returncode) == ("['a b', '--c']\n", 5), done.stderr
    assert (venv / "lib/python3.11/site-packages/waxseal-checkout.pth").read_text() == f"{run.ROOT / 'src'}\n"


def test_the_tests_spread_unless_told_otherwise() -> None:
    spread = load(ROOT / ".ci" / "tests.py").spread
    assert spread(["-n", "2"]) == []
    assert spread(["-n0"]) == []
    assert spread(["--dist=loadfile"]) == []
    assert spread(["-k", "smtp"]) == spread([])
    given = spread([])
    assert not given or (given[0], given[2:]) == ("-n", ["--dist", "worksteal"])
    assert not given or 2 <= int(given[1]) <= 8


def test_pytest_comes_last_and_gets_the_arguments() -> None:
    steps = load(ROOT / ".ci" / "tests.py").steps(["-k", "smtp"])
    assert list(steps)[:4] == ["ruff check", "ruff format", "mypy", "lint-imports"]
    assert list(steps)[-1] == "pytest"
    assert steps["pytest"][-2:] == ["-k", "smtp"]


@pytest.mark.parametrize("arguments", [["nothing"], ["--seconds", "0"], ["--seconds"], ["--seconds=x"]])
def test_fuzz_says_what_is_wrong_with_its_arguments(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(ROOT / "fuzz" / "__main__.py").main(arguments) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_locks_name_hashes_and_no_place() -> None:
    for name in (
        "requirements.lock",
        "requirements-docs.lock",
        "requirements-dev.lock",
        "requirements-fuzz.lock",
    ):
        lines = (ROOT / name).read_text().splitlines()
        pins = [line for line in lines if line and not line.startswith(("#", " "))]
        assert pins
        assert all("==" in line and line.endswith("\\") for line in pins), name
        assert sum("--hash=sha256:" in line for line in lines) >= len(pins)
        assert not [
            line for line in lines if "://" in line or "@" in line or line.startswith(("-e", "-i", "."))
        ]
