"""One command with everything that it starts: seconds, processor, memory. A process of its own (Linux).

``python -m benchmarks.tls.measure SECONDS RESULT COMMAND ...`` runs the command and writes a JSON file. As
"child subreaper" this process inherits whatever the command leaves behind, so that nothing escapes the count.
The command is started by way of a shell that ends at once: a process that is replaced by ``exec`` keeps the
greatest memory of what it was before, and Python's own 10 MB would hide that of a small tool.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUBREAPER = 36
AFTER_S = 3.0


@dataclass
class Cost:
    """What a run took.

    Attributes:
        wall_s: From its start to its end.
        cpu_s: User and system, of every process of it.
        peak_octets: Of the largest single process; processes at the same time are not added up.
        processes: How many it started, itself included, as far as they came back to us.
        exit_code: Of the command; negative for a signal.
        gave_up: Whether the time limit ended it.
    """

    wall_s: float
    cpu_s: float
    peak_octets: int
    processes: int
    exit_code: int
    gave_up: bool


def measured(command: list[str], limit_s: float, result: Path, *, folder: Path | None = None) -> Cost:
    """Run a command in a runner's process; its output goes to ``RESULT.out``.

    Args:
        command: With its arguments.
        limit_s: Seconds after which it is ended.
        result: Where the runner puts its figures.
        folder: Working directory of the command.
    """
    runner = [sys.executable, "-m", "benchmarks.tls.measure", str(limit_s), str(result)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run(
        [*runner, *command], cwd=folder or ROOT, env=environment, stdin=subprocess.DEVNULL, check=True
    )
    return Cost(**json.loads(result.read_text()))


def _run(limit_s: float, result: Path, command: list[str]) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0)
    output = result.with_name(result.name + ".out").open("wb")
    told, tell = os.pipe()
    shell = ["/bin/sh", "-c", f'"$@" & echo $! >&{tell}', "sh", *command]
    began = time.perf_counter()
    starter = subprocess.Popen(
        shell, stdout=output, stderr=subprocess.STDOUT, pass_fds=[tell], start_new_session=True
    )
    os.close(tell)
    main = int(os.read(told, 32))
    gave_up = threading.Event()
    timer = threading.Timer(limit_s, _end, [starter.pid, gave_up])
    timer.start()
    cpu_s, peak, processes, code, wall_s = 0.0, 0, 0, -1, 0.0
    while True:
        try:
            pid, status, used = os.wait4(-1, 0)
        except ChildProcessError:
            break
        if pid == starter.pid:
            continue
        processes += 1
        cpu_s += used.ru_utime + used.ru_stime
        peak = max(peak, used.ru_maxrss * 1024)
        if pid == main:
            wall_s = time.perf_counter() - began
            code = os.waitstatus_to_exitcode(status)
            timer.cancel()
            timer = threading.Timer(AFTER_S, _end, [starter.pid, threading.Event()])  # what it left behind
            timer.start()
    timer.cancel()
    cost = Cost(wall_s, cpu_s, peak, processes, code, gave_up.is_set())
    result.write_text(json.dumps(asdict(cost)))


def _end(group: int, mark: threading.Event) -> None:
    mark.set()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    _run(float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
