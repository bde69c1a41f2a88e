"""Starting the command is cheap: nothing heavy is imported before it is needed."""

import subprocess
import sys

import pytest

HEAVY = (
    "asyncio",
    "certifi",
    "cryptography",
    "dns",
    "idna",
    "msgspec",
    "rich",
    "socket",
    "ssl",
    "tomllib",
    "waxseal.api",
    "waxseal.checks",
    "waxseal.facts",
    "waxseal.net",
)
SCRIPT = """
import sys

sys.argv = ["waxseal", *sys.argv[1:]]
from waxseal.cli.main import main

try:
    main()
except SystemExit as ended:
    code = ended.code
sys.stdout.flush()
sys.stderr.write("\\n".join(["", *sys.modules]))
sys.exit(code)
"""


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_nothing_heavy_is_imported(argument: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, argument], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "waxseal" in done.stdout
    loaded = set(done.stderr.split())
    assert "waxseal.cli.main" in loaded
    assert not loaded & set(HEAVY)


def test_importing_the_package_imports_nothing_else() -> None:
    script = "import sys, waxseal; print(*(name for name in sys.modules if name.startswith('waxseal')))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert set(done.stdout.split()) == {"waxseal", "waxseal.version"}
