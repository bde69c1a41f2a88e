"""A real Unbound (Debian package: unbound) that validates, and asks the lab's DNS for everything.

Without it the tests are skipped, but fail where CI is set.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

START_LIMIT_S = 20.0
STARTS = 5  # another process may take a port between its choice and its use

# A proof seen for one question answers no other (aggressive-nsec), and the one name server behind it is never
# put aside for a failure.
CONFIG = """
server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 1
    val-log-level: 2
    num-threads: 1
    so-reuseport: no
    interface: 127.0.0.1@{port}
    do-ip6: no
    do-not-query-localhost: no
    qname-minimisation: no
    aggressive-nsec: no
    ede: yes
    infra-host-ttl: 0
    infra-keep-probing: yes
    local-zone: "test." nodefault
    module-config: "validator iterator"
    trust-anchor: "{anchor}"
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{lab}
remote-control:
    control-enable: no
"""


def _program() -> str:
    path = shutil.which("unbound", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is not None:
        return path
    if os.environ.get("CI"):
        pytest.fail("unbound is not installed")
    pytest.skip("unbound is not installed")


def _free_port() -> int:
    """A port that is free for UDP and TCP."""
    while True:
        with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            stream.bind(("127.0.0.1", 0))
            try:
                datagram.bind(stream.getsockname())
            except OSError:
                continue
            return int(stream.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it answers in time; not if it ends."""
    query = dns.message.make_query(".", "NS")
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit and process.poll() is None:
        try:
            if dns.query.udp(query, "127.0.0.1", 0.5, port).answer:
                return True
        except (OSError, dns.exception.DNSException):
            time.sleep(0.05)
    return False


@contextmanager
def validator(folder: Path, lab_port: int, anchor: str) -> Iterator[int]:
    """The port on 127.0.0.1 where it answers."""
    program = _program()
    config, log = folder / "unbound.conf", folder / "unbound.log"
    for _ in range(STARTS):
        port = _free_port()
        config.write_text(CONFIG.format(folder=folder, port=port, lab=lab_port, anchor=anchor))
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program, "-d", "-c", str(config)],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        try:
            if _answers(process, port):
                yield port
                return
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    pytest.fail(f"unbound does not start: {log.read_text(errors='replace')[-4000:]}")
