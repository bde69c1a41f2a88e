"""Records the ClientHellos of real mail software into `src/waxseal/data/clients/`.

Each client is unpacked from its package and started in namespaces of its own, as the servers of `tests/real`
are; it is made to send to a listener on loopback. Every client is recorded twice: what differs between the
two must be what a client makes afresh, else nothing is written.

    python -m tools.record_clients [--list] [ID ...]

Needs what `tests/real/README.md` says, and npm for the recipes with Node.js. What clients are started
with, the listener, and the form of the files are in `tools/clients`.
"""

from __future__ import annotations

import argparse
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.real.packages import PackageTree, UnavailableError, cache_folder, fetch
from tests.real.sandbox import Sandbox, require_sandbox
from tools.clients.files import read_hello, shape_text
from tools.clients.libraries import LIBRARIES
from tools.clients.listener import HOST_NAME, Listener, Recording
from tools.clients.programs import PROGRAMS
from tools.clients.recipe import Recipe
from tools.clients.servers import SERVERS

ROOT = Path(__file__).resolve().parent.parent
RECIPES = (*SERVERS, *PROGRAMS, *LIBRARIES)
DATA = ROOT / "src/waxseal/data/clients"
OCTETS = ROOT / "tests/data/clients"
_HELLO_LIMIT_S = 60.0
_AT_ONCE = 3
_NPM = threading.Lock()


def main() -> int:
    """Record all clients, or those named; 1 where any could not be recorded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--list", action="store_true", help="name the clients")
    chosen = parser.parse_args()
    if chosen.list:
        print(*(recipe.id for recipe in RECIPES), sep="\n")
        return 0
    require_sandbox()
    failed = 0
    wanted = [recipe for recipe in RECIPES if not chosen.ids or recipe.id in chosen.ids]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for recipe, done in [(recipe, pool.submit(_record, recipe)) for recipe in wanted]:
            try:
                print(done.result(), flush=True)
            except (UnavailableError, RecordingError, ValueError) as error:
                failed += 1
                print(f"{recipe.id}: NOT RECORDED: {error}", file=sys.stderr, flush=True)
    return 1 if failed else 0


class RecordingError(Exception):
    """A client sent no ClientHello, or two that cannot be told from one another's fresh parts."""


def _record(recipe: Recipe) -> str:
    tree = fetch(recipe.packages)
    folders = {name: _npm_package(name, version) for name, version in recipe.npm.items()}
    folders |= {name: ROOT / path for name, path in recipe.folders.items()}
    first, second = (_hello_of(recipe, tree, folders) for _ in range(2))
    text = shape_text(recipe, _versions(recipe, tree), first, second)
    DATA.mkdir(parents=True, exist_ok=True)
    OCTETS.mkdir(parents=True, exist_ok=True)
    (DATA / f"{recipe.id}.toml").write_text(text)
    (OCTETS / f"{recipe.id}.hex").write_text(_lines(first.octets))
    hello = read_hello(first.octets)
    return f"{recipe.id}: {len(first.octets)} octets in {first.reads}, {len(hello.suites)} suites"


def _lines(octets: bytes) -> str:
    """Hex, 48 octets a line."""
    return "".join(f"{octets[at : at + 48].hex()}\n" for at in range(0, len(octets), 48))


def _hello_of(recipe: Recipe, tree: PackageTree, folders: dict[str, Path]) -> Recording:
    """Run the client once, for as long as it takes to say hello."""
    listener = Listener(starttls=recipe.starttls)

    def filled(text: str) -> str:
        return text.replace("@PORT@", str(listener.port)).replace("@HOST@", HOST_NAME)

    files = {path: filled(text) for path, text in recipe.files.items()}
    files["start"] = filled(recipe.start)
    files["etc/hosts"] = f"127.0.0.1 localhost {HOST_NAME}\n127.0.1.1 client.recorded.test client\n"
    sandbox = Sandbox(tree, "client.recorded.test", recipe.accounts, files, folders)
    until = time.monotonic() + _HELLO_LIMIT_S
    try:
        while time.monotonic() < until:
            try:
                return listener.hellos.get(timeout=0.1)
            except queue.Empty:
                if "the daemon ended with status" in sandbox.log:
                    time.sleep(0.2)
                    if listener.hellos.empty():
                        break
        said = "\n".join(listener.dialogue)
        raise RecordingError(f"no ClientHello came; dialogue:\n{said}\nlog:\n{sandbox.log[-3000:]}")
    finally:
        sandbox.close()
        listener.close()


def _versions(recipe: Recipe, tree: PackageTree) -> dict[str, str]:
    """Debian versions of the packages that the file names, whether unpacked or this system's."""
    found = dict(recipe.npm)
    for package in recipe.named:
        version = found.get(package) or tree.versions.get(package)
        if version is None:
            asked = ["dpkg-query", "--show", "--showformat=${Version}", package]
            version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        found[package] = version
    return found


def _npm_package(name: str, version: str) -> Path:
    """A package of the npm registry, unpacked in the cache."""
    folder = cache_folder() / f"npm-{name}-{version}"
    with _NPM:
        if not folder.is_dir():
            _npm_fetch(name, version, folder)
    return folder


def _npm_fetch(name: str, version: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache_folder()) as scratch:
        packed = subprocess.run(
            ["npm", "pack", "--json", f"{name}@{version}"],
            cwd=scratch,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if packed.returncode:
            raise UnavailableError(f"npm cannot fetch {name} {version}: {packed.stderr[-500:]}")
        archive = Path(scratch, json.loads(packed.stdout)[0]["filename"])
        subprocess.run(["tar", "-xf", str(archive), "-C", scratch], check=True)
        Path(scratch, "package").rename(folder)


if __name__ == "__main__":
    sys.exit(main())
