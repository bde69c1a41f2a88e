"""One daemon in private mount, PID and UTS namespaces, on the network of the tests.

The daemon sees this system with its own packages laid over `/usr`, `/etc` and `/var`, and `/run`, `/tmp`,
`/root` and `/home` empty. Whatever it writes there goes to memory and is gone with it; only its files folder
and its log are on disk. It lives exactly as long as its `Sandbox`: process 1 of the PID namespace ends when
its input is closed, which also happens when the tests die, and everything inside ends with it.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .packages import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .packages import PackageTree

FILES = "/run/waxseal"  # where the daemon finds its files folder
LOGS = f"{FILES}/log"  # where it may write logs, besides its output
SOCKETS = f"{FILES}/sockets"  # where it may make UNIX sockets for the tests
_FIRST_ID = 61_500  # user and group numbers that Debian gives to nobody
_START_LIMIT_S = 20.0
_LONG_AGO = 1_700_000_000  # seconds since 1970
_LOG_SHOWN = 6_000

# $1: the files folder, $2: the package tree, $3: the host name.
_INSIDE = f"""set -eu
umask 022
mount -t tmpfs -o mode=0755 waxseal /run
mkdir {FILES} /run/overlay /run/lock
mount --bind "$1" {FILES}
for name in usr etc var; do
    upper=/run/overlay/$name/upper
    work=/run/overlay/$name/work
    mkdir -p "$upper" "$work"
    mount -t overlay -o "lowerdir=$2/$name:/$name,upperdir=$upper,workdir=$work" overlay "/$name"
done
for name in tmp root home; do
    [ ! -d "/$name" ] || mount -t tmpfs -o mode=1777 waxseal "/$name"
done
cd /
hostname "$3"
cp -R --preserve=timestamps {FILES}/etc/. /etc/
exec 3<&0
( cat <&3 >/dev/null; kill -KILL -1 ) &
sh {FILES}/start 3<&- </dev/null &
status=0
wait $! || status=$?
echo "the daemon ended with status $status"
"""


class StartError(Exception):
    """The daemon ended, or did not answer in time; the message holds its log."""


class Sandbox:
    """A daemon that runs from construction until `close`.

    Args:
        tree: Its packages.
        host_name: The machine's name, as the daemon sees it.
        accounts: System users that must exist, each with a group of its own name.
        files: Texts by path inside `etc/`, and `start`, the shell script that ends by `exec`-ing the daemon.
        folders: Copied to `FILES`, by name there.

    Attributes:
        sockets: The folder that the daemon knows as `SOCKETS`.
    """

    def __init__(
        self,
        tree: PackageTree,
        host_name: str,
        accounts: Iterable[str],
        files: Mapping[str, str],
        folders: Mapping[str, Path],
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="waxseal-real-"))  # mode 0700, so all below is private
        self._log = self._folder / "log"
        inside = self._folder / "files"
        self.sockets = inside / "sockets"
        self._logs = inside / "log"
        self._logs.mkdir(parents=True)
        for name, text in {**_system_files(host_name, accounts), **files}.items():
            path = inside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o644)
            os.utime(path, (_LONG_AGO, _LONG_AGO))  # Postfix waits until its configuration is two seconds old
        for name, source in folders.items():
            shutil.copytree(source, inside / name)
            (inside / name).chmod(0o755)
        for folder in (inside, *(path for path in (inside / "etc").rglob("*") if path.is_dir())):
            folder.chmod(0o755)  # whatever the umask was
        self.sockets.mkdir()
        for folder in (self._logs, self.sockets):
            folder.chmod(0o1777)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*_unshare(), "sh", "-c", _INSIDE, "inside", str(inside), str(tree.root), host_name],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The one process whose end ends everything inside."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What the daemon has written to its output and logs so far."""
        return "".join(
            path.read_text(errors="replace") for path in (self._log, *sorted(self._logs.iterdir()))
        )

    def wait_until_listening(self, addresses: Iterable[tuple[str, int] | str]) -> None:
        """Returns once every address, or path of a UNIX socket, takes connections.

        Raises:
            StartError: The daemon ended or the time was up.
        """
        until = time.monotonic() + _START_LIMIT_S
        for address in addresses:
            while not _takes_connections(address):
                ended = self._process.poll() is not None
                if ended or time.monotonic() > until:
                    why = "the daemon ended" if ended else f"nothing listens on {address}"
                    raise StartError(f"{why}; its log:\n{self.log[-_LOG_SHOWN:]}")
                time.sleep(0.02)

    def close(self) -> None:
        """Ends the daemon and removes its files; a second call does nothing."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


@functools.cache
def require_sandbox() -> None:
    """Tries the namespaces and mounts on this machine.

    Raises:
        UnavailableError: They do not work here.
    """
    if not sys.platform.startswith("linux"):
        raise UnavailableError("the real servers need Linux")
    if os.geteuid() != 0:
        raise UnavailableError("the real servers need root, for namespaces and mounts")
    if shutil.which("unshare") is None:
        raise UnavailableError("there is no unshare on this machine")
    with tempfile.TemporaryDirectory(prefix="waxseal-real-") as folder:
        trial = (
            'mount -t tmpfs waxseal "$1" && cd "$1" && mkdir lower upper work && '
            "mount -t overlay -o lowerdir=lower:/usr,upperdir=upper,workdir=work overlay /usr && "
            "hostname trial"
        )
        done = subprocess.run(
            [*_unshare(), "sh", "-c", trial, "trial", folder], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise UnavailableError(f"namespaces or overlay mounts do not work here: {done.stderr.strip()}")


def _unshare() -> list[str]:
    return ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]


def _system_files(host_name: str, accounts: Iterable[str]) -> dict[str, str]:
    """Accounts, and name resolution that never leaves these files or this machine."""
    passwd = Path("/etc/passwd").read_text()
    group = Path("/etc/group").read_text()
    for number, name in enumerate(accounts, _FIRST_ID):
        if f"\n{name}:" not in group:
            group += f"{name}:x:{number}:\n"
        if f"\n{name}:" not in passwd:
            passwd += f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n"
    short = host_name.partition(".")[0]
    return {
        "etc/passwd": passwd,
        "etc/group": group,
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\n",
        "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {host_name} {short}\n",
        "etc/resolv.conf": "nameserver 127.0.0.2\noptions timeout:1 attempts:1\n",
        "etc/hostname": f"{short}\n",
        "etc/mailname": f"{host_name}\n",
        "etc/aliases": "postmaster: root\n",
    }


def _takes_connections(address: tuple[str, int] | str) -> bool:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    try:
        with socket.socket(family) as trial:
            trial.settimeout(2)
            trial.connect(address)
            return True
    except OSError:
        return False
