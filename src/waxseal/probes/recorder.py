"""Where probes put what they see: append only, each fact as soon as it is seen, one attempt per probe run.

An attempt that fails keeps what it saw before; a bug of ours ends it `crashed` and the run goes on.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import TypeVar

from waxseal.facts import Attempt, Cause, Ended, Fact, FactSet, Record, Stage, Subject
from waxseal.net.clock import Clock
from waxseal.net.errors import NetError, from_os_error
from waxseal.net.stream import ByteStream

F = TypeVar("F", bound=Fact)


class Recorder:
    """Collects the records of one run.

    Args:
        clock: Dates each record.
        on_record: Called with each record as it comes, for progress.
    """

    def __init__(self, clock: Clock, on_record: Callable[[Record], None] | None = None) -> None:
        self._clock = clock
        self._on_record = on_record
        self._ids = count(1)
        self.records: list[Record] = []

    def next_id(self) -> str:
        """A fresh attempt id."""
        return f"a{next(self._ids)}"

    def emit(self, subjects: tuple[Subject, ...], fact: Fact, attempt: str = "") -> None:
        """Record a fact for each of these subjects."""
        for subject in subjects:
            record = Record(subject=subject, fact=fact, seen_at=self._clock.now(), attempt=attempt)
            self.records.append(record)
            if self._on_record is not None:
                self._on_record(record)

    def last(self, kind: type[F], subject: Subject) -> F | None:
        """The newest fact of a type that was recorded for exactly this subject."""
        for record in reversed(self.records):
            if record.subject == subject and isinstance(record.fact, kind):
                return record.fact
        return None

    def facts(self) -> FactSet:
        """All that was recorded so far."""
        return FactSet(self.records)


class Run:
    """One probe run under way: what it records goes to every subject that shares the address.

    Attributes:
        ended: How it ended; COMPLETED unless said otherwise.
        connections: Connections that it opened.
        streams: The streams that it used, for counting their octets.
    """

    def __init__(self, recorder: Recorder, subjects: tuple[Subject, ...], probe: str) -> None:
        self.recorder = recorder
        self.subjects = subjects
        self.probe = probe
        self.id = recorder.next_id()
        self.ended = Ended(Cause.COMPLETED)
        self.connections = 0
        self.streams: list[ByteStream] = []

    def emit(
        self, fact: Fact, *, server_name: str | None = None, certificate_type: str | None = None
    ) -> None:
        """Record a fact for every subject; with a server name, for the certificate inside it."""
        places = self.subjects
        if server_name is not None:
            places = tuple(
                Subject(
                    domain=s.domain,
                    host=s.host,
                    address=s.address,
                    port=s.port,
                    server_name=server_name,
                    certificate_type=certificate_type,
                )
                for s in self.subjects
            )
        self.recorder.emit(places, fact, self.id)


@asynccontextmanager
async def attempt(
    recorder: Recorder, subjects: tuple[Subject, ...], probe: str, clock: Clock
) -> AsyncIterator[Run]:
    """Run a probe, and record how it ended, whatever happens inside.

    A `NetError` ends the attempt with its cause, and so does an error of this machine's operating system; any
    other exception is a bug, and ends it CRASHED. Cancellation is recorded as BUDGET_SPENT and goes on.
    """
    run = Run(recorder, subjects, probe)
    began = clock.monotonic()
    try:
        yield run
    except NetError as error:
        run.ended = error.ended()
    except asyncio.CancelledError:
        run.ended = Ended(Cause.BUDGET_SPENT, detail="cancelled")
        raise
    except Exception as error:  # a bug of ours is contained: the run goes on
        if isinstance(error, OSError) and error.errno is not None:
            run.ended = from_os_error(error).ended()
        else:
            run.ended = Ended(Cause.CRASHED, detail=f"{type(error).__name__}{_place(error)}")
    finally:
        recorder.emit(
            subjects,
            Attempt(
                id=run.id,
                probe=probe,
                ended=run.ended,
                elapsed_s=clock.monotonic() - began,
                connections=run.connections,
                octets_in=sum(stream.octets_in for stream in run.streams),
                octets_out=sum(stream.octets_out for stream in run.streams),
                local_address=next((s.local_address for s in run.streams), ""),
            ),
            run.id,
        )
        for stream in run.streams:
            stream.abort()


def _place(error: Exception) -> str:
    """Where a bug struck, without its message, which could hold a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" in {trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def completed(stage: Stage) -> Ended:
    """The planned end."""
    return Ended(Cause.COMPLETED, stage)


def declined(stage: Stage, code: int | None, detail: str = "") -> Ended:
    """The peer's reply left nothing more to ask."""
    return Ended(Cause.DECLINED, stage, code=code, detail=detail[:200])
