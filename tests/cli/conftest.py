import pytest

from tests.cli.command import Command


@pytest.fixture
def waxseal(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line in this process, 80 columns wide."""
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "WAXSEAL_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    return Command(capfd)
