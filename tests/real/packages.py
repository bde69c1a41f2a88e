"""Debian packages fetched and unpacked beside the system, never installed into it.

Mail servers conflict as packages, so each gets a tree of its own: what `apt-get install` would add to this
machine is looked up, downloaded and unpacked with dpkg. No maintainer script runs. Trees live in a cache
outside the repository and outlive the test session; a file lock lets one worker unpack while others wait.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_STATUS = Path("/var/lib/dpkg/status")
_FORMAT = "1"  # part of every cache key: raise it when the layout of the cache changes
_INST = re.compile(r"^Inst (?P<name>\S+) (?:\[[^\]]*\] )?\((?P<version>\S+) ", re.MULTILINE)
_MERGED = ("bin", "sbin", "lib", "lib64")
_OVERLAID = ("usr", "etc", "var")


class UnavailableError(Exception):
    """This machine cannot run the real server, for the reason given."""


@dataclass(frozen=True)
class PackageTree:
    """An unpacked set of packages.

    Attributes:
        root: The folder that holds `usr`, `etc` and `var`.
        versions: Debian versions by package name.
    """

    root: Path
    versions: dict[str, str]

    def upstream_version(self, package: str) -> str:
        """Without Debian's epoch, repacking mark and revision: "2.3.19.1" for "1:2.3.19.1+dfsg1-2"."""
        version = self.versions[package].partition(":")[2] or self.versions[package]
        return re.split(r"[+~]", version.rpartition("-")[0] or version)[0]


def cache_folder() -> Path:
    """`WAXSEAL_TEST_CACHE`, else `waxseal-tests` in the user's cache folder."""
    chosen = os.environ.get("WAXSEAL_TEST_CACHE")
    if chosen:
        return Path(chosen).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "waxseal-tests"


def fetch(packages: Sequence[str]) -> PackageTree:
    """Makes the packages and whatever they need beyond this system available, from the cache where possible.

    Raises:
        UnavailableError: apt or dpkg are missing, or do not know or cannot fetch a package.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise UnavailableError(f"there is no {tool} on this machine")
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with _lock(cache / "lock"):
        versions = _plan(cache, packages)
        root = cache / f"tree-{_digest(*(f'{name}={version}' for name, version in versions.items()))}"
        if not root.is_dir():
            _unpack(versions, root)
    return PackageTree(root, versions)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _plan(cache: Path, packages: Sequence[str]) -> dict[str, str]:
    """What to unpack, by version. apt takes seconds to say, so it is asked once per state of the system."""
    installed = _STATUS.read_text(errors="replace") if _STATUS.exists() else ""
    kept = cache / f"plan-{_digest(*packages, installed)}.json"
    if kept.exists():
        versions: dict[str, str] = json.loads(kept.read_text())
        return versions
    said = _apt("--simulate", "--no-install-recommends", "--reinstall", "install", *packages)
    versions = dict(sorted((found["name"], found["version"]) for found in _INST.finditer(said)))
    missing = [package for package in packages if package not in versions]
    if missing:
        raise UnavailableError(f"apt would not install {', '.join(missing)}: {said[-2000:]}")
    kept.write_text(json.dumps(versions))
    return versions


def _unpack(versions: dict[str, str], root: Path) -> None:
    with tempfile.TemporaryDirectory(dir=root.parent, prefix="unpacking-") as folder:
        tree = Path(folder, "tree")
        tree.mkdir(mode=0o755)
        for name in _OVERLAID:
            (tree / name).mkdir(mode=0o755)
        _apt("download", *(f"{name}={version}" for name, version in versions.items()), cwd=folder)
        for package in sorted(Path(folder).glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(package), str(tree)])
        for name in _MERGED:
            if (tree / name).is_dir():  # as a merged /usr has it
                shutil.copytree(tree / name, tree / "usr" / name, symlinks=True, dirs_exist_ok=True)
                shutil.rmtree(tree / name)
        tree.rename(root)


def _apt(*arguments: str, cwd: str | None = None) -> str:
    return _run(["apt-get", "--quiet", "--option=APT::Sandbox::User=root", *arguments], cwd=cwd)


def _run(command: list[str], cwd: str | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    if done.returncode != 0:
        raise UnavailableError(
            f"{' '.join(command[:4])} ended with {done.returncode}: {done.stderr.strip()[-2000:]}"
        )
    return done.stdout


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join((_FORMAT, *parts)).encode()).hexdigest()[:24]
