"""Progress on stderr while a run goes on; silent where stderr is no terminal."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from waxseal.facts import DIALOGUE, Attempt, Endpoint, Record

if TYPE_CHECKING:
    from rich.status import Status


class Progress:
    """A status line that counts the endpoints done, told of each record as it is seen.

    Attributes:
        records: Every record so far: what is there to keep where a run is interrupted.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._planned = 0
        self._done = 0
        self._status: Status | None = None

    def __enter__(self) -> "Progress":
        if sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True, emoji=False).status("looking up mail hosts")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def note(self, record: Record) -> None:
        """Count a record, and say where things stand."""
        self.records.append(record)
        if isinstance(record.fact, Endpoint):
            self._planned += 1
        elif isinstance(record.fact, Attempt) and record.fact.probe == DIALOGUE:
            self._done += 1
        else:
            return
        if self._status is not None:
            from rich.text import Text

            self._status.update(
                Text(f"{self._done} of {self._planned} addresses heard; last {record.subject}")
            )
