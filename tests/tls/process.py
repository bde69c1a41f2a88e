"""A server process that says in one line where it listens, and never outlives the tests."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .names import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .dialogue import Dialogue
    from .front import Address
    from .identities import Identities
    from .options import TlsOptions

START_LIMIT_S: Final = 20.0
_LOG_SHOWN: Final = 4000
_LINE_OCTETS: Final = 65536


@dataclass(frozen=True)
class Order:
    """A server to be started.

    Attributes:
        kind: Its kind.
        options: How it shakes hands.
        identities: Where its certificates come from.
        folder: For its files; private, and there already.
        dialogue: What it says within TLS, if it can.
        greets: Whether TLS is implicit, so that the greeting comes within TLS.
    """

    kind: str
    options: TlsOptions
    identities: Identities
    folder: Path
    dialogue: Dialogue
    greets: bool


@dataclass(frozen=True)
class Running:
    """A server that was started.

    Attributes:
        process: Its process.
        version_text: What the software says of itself.
        speaks: Whether it speaks the dialogue within TLS.
    """

    process: ServerProcess
    version_text: str
    speaks: bool = True


class StartError(Exception):
    """The server ended, or did not say where it listens; the message holds its log."""


class ServerProcess:
    """Runs from construction until `close`; its input is a pipe, whose end tells it to end.

    Args:
        command: Program and arguments.
        log: File for its errors.
        env: Environment variables; of this process's own it gets none, since Node heeds many.

    Attributes:
        said: The first line of its output, which must be JSON.
    """

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **(env or {})},
                start_new_session=True,
            )
        try:
            line = self._first_line()
            self.said: dict[str, object] = json.loads(line)
        except BaseException as error:
            self.close()
            if isinstance(error, (ValueError, TimeoutError)):
                raise StartError(f"{command[0]}: {error}; its log:\n{self.log[-_LOG_SHOWN:]}") from error
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def address(self) -> Address:
        """Where it listens: at a port of 127.0.0.1, or at a Unix socket."""
        port, path = self.said.get("port"), self.said.get("path")
        if isinstance(port, int):
            return LOOPBACK, port
        assert isinstance(path, str)
        return path

    @property
    def runs(self) -> bool:
        """Whether it has not ended; some probes end old servers."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """Its errors so far."""
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        """Ends it; a second call does nothing."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _first_line(self) -> bytes:
        pipe = self._process.stdout
        assert pipe is not None
        until = time.monotonic() + START_LIMIT_S
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError("it did not say where it listens")
            octets = os.read(pipe.fileno(), 4096)
            if not octets or len(line) > _LINE_OCTETS:
                raise ValueError("it ended without saying where it listens")
            line += octets
        return line
