"""The tools that waxseal is measured against: where they come from, how each is run, and its report read.

Those from PyPI get an environment of their own in a cache folder, never the product's; the others are what
Debian installs. A peer that is not here is named with what to do about it, never left out in silence.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tls import readers
from benchmarks.tls.seen import Seen
from benchmarks.tls.waxseal_seen import read_waxseal

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waxseal-bench"
_FROM_PYPI = ("sslyze", "cryptolyzer")


@dataclass(frozen=True)
class Place:
    """Where a tool has to look.

    Attributes:
        name: For SNI, where a tool can send another name than it dials.
        folder: For its report.
    """

    host: str
    port: int
    name: str
    folder: Path


@dataclass(frozen=True)
class Peer:
    """One way of running one tool.

    Attributes:
        label: In tables.
        tool: The program; "" for waxseal.
        command: What to run.
        read: Reads the report in the folder.
        quick: Whether it belongs to the short run.
        compared: Whether what it saw is compared; not where it asks for less than another row of its tool.
    """

    label: str
    tool: str
    command: Callable[[Place], list[str]]
    read: Callable[[Path], Seen]
    quick: bool = True
    compared: bool = True


def _python_peers() -> Path:
    return CACHE / "peers" / "bin"


def _find(tool: str) -> str | None:
    own = _python_peers() / tool
    return str(own) if own.exists() else shutil.which(tool)


def install() -> str | None:
    """Make the environment for the peers from PyPI, once; gives the reason where that fails."""
    if all((_python_peers() / tool).exists() for tool in ("sslyze", "cryptolyze")):
        return None
    print(f"Installing {' and '.join(_FROM_PYPI)} in {CACHE}, once ...", file=sys.stderr, flush=True)
    base = getattr(sys, "_base_executable", sys.executable)
    for command in (
        [base, "-m", "venv", "--clear", str(CACHE / "peers")],
        [str(_python_peers() / "pip"), "install", "--quiet", "--disable-pip-version-check", *_FROM_PYPI],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(CACHE / "peers", ignore_errors=True)
            return (
                f"'{' '.join(command[1:4])} ...' ended with {done.returncode}: {done.stderr.strip()[-300:]}"
            )
    _mend_oscrypto()
    return None


def _mend_oscrypto() -> None:
    """Let cryptolyzer start: oscrypto 1.3.0 takes no OpenSSL version with two digits, such as 3.0.15.

    As installed, ``cryptolyze`` ends with LibraryNotFoundError; the one expression is widened.
    """
    for path in (CACHE / "peers").glob("lib/python3*/site-packages/oscrypto/_openssl/_libcrypto_c*.py"):
        text = path.read_text()
        path.write_text(text.replace(r"(\\d\\.\\d\\.\\d[a-z]*)", r"(\\d+\\.\\d+\\.\\d+[a-z]*)"))


def missing(peer: Peer) -> str | None:
    """What to do about a tool that is not here; None where it is."""
    if not peer.tool or _find(peer.tool):
        return None
    if peer.tool in ("sslyze", "cryptolyze"):
        return f"not here: {install()}"
    package = {"testssl": "testssl.sh"}.get(peer.tool, peer.tool)
    return f"not here: on Debian, apt-get install {package}"


def version(tool: str) -> str:
    """What a tool says of its version; "?" where it says nothing."""
    if tool in ("sslyze", "cryptolyze"):
        package = {"cryptolyze": "cryptolyzer"}.get(tool, tool)
        command = [str(_python_peers() / "pip"), "show", package]
    else:
        command = [_find(tool) or tool, "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    found = re.search(r"\d+\.\d+(?:\.\d+)*", re.sub(r"\x1b\[[\d;]*m", "", said.stdout))
    return found[0] if found else "?"


def _waxseal(depth: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        program = "import sys; from waxseal.cli.main import main; sys.exit(main())"
        options = ["--allow", "127.0.0.0/8", "--name", place.name, "--ehlo", "bench.test", "--depth", depth]
        report = ["--save", str(place.folder / "waxseal.jsonl"), "--json", "--fail-on", "never"]
        target = f"smtp://{place.host}:{place.port}"
        return [sys.executable, "-c", program, "check", target, *options, *report]

    return command


def _sslscan(*options: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        report = f"--xml={place.folder / 'sslscan.xml'}"
        name = f"--sni-name={place.name}"
        at = f"{place.host}:{place.port}"
        return ["sslscan", "--no-colour", "--starttls-smtp", name, *options, report, at]

    return command


def _nmap(place: Place) -> list[str]:
    """The port is declared to be SMTP, as port 25 is; otherwise nmap would first have to find out."""
    services = place.folder / "services"
    services.write_text(f"smtp\t{place.port}/tcp\t0.9\n")
    report = str(place.folder / "nmap.xml")
    fixed = ["-Pn", "-n", "--servicedb", str(services), "--script", "ssl-enum-ciphers", "-oX", report]
    return ["nmap", *fixed, place.host]


def _testssl(*options: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        report = place.folder / "testssl.json"
        report.unlink(missing_ok=True)  # it would ask before it writes over a file
        fixed = ["--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--jsonfile", str(report)]
        return ["testssl", *fixed, "-t", "smtp", *options, f"{place.host}:{place.port}"]

    return command


_SSLYZE_SETS = ("sslv2", "sslv3", "tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3", "elliptic_curves")
_SSLYZE_FLAWS = ("heartbleed", "openssl_ccs", "robot", "compression", "fallback", "reneg")
_SSLYZE_MORE = (*_SSLYZE_FLAWS, "certinfo", "ems", "resum", "early_data")


def _sslyze(*scans: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        report = str(place.folder / "sslyze.json")
        fixed = ["--starttls", "smtp", "--sni", place.name, "--mozilla_config", "disable"]
        asked = [f"--{scan}" for scan in (*_SSLYZE_SETS, *scans)]
        tool = str(_python_peers() / "sslyze")
        return [tool, *fixed, "--json_out", report, *asked, f"{place.host}:{place.port}"]

    return command


def _cryptolyzer(place: Place) -> list[str]:
    tool = str(_python_peers() / "cryptolyze")
    return [tool, "--output-format", "json", "tls", "all", f"smtp://{place.host}:{place.port}"]


PEERS = (
    Peer("waxseal full", "", _waxseal("full"), read_waxseal),
    Peer("waxseal standard", "", _waxseal("standard"), read_waxseal, compared=False),
    Peer("waxseal grade", "", _waxseal("grade"), read_waxseal, compared=False),
    Peer("nmap", "nmap", _nmap, readers.nmap),
    Peer("sslscan", "sslscan", _sslscan(), readers.sslscan, compared=False),
    Peer("sslscan --show-sigs", "sslscan", _sslscan("--show-sigs"), readers.sslscan),
    Peer("cryptolyzer", "cryptolyze", _cryptolyzer, readers.cryptolyzer),
    Peer("testssl -E -f", "testssl", _testssl("-E", "-f"), readers.testssl, quick=False),
    Peer("testssl --full", "testssl", _testssl("--full"), readers.testssl, quick=False),
    Peer("sslyze enumeration", "sslyze", _sslyze(), readers.sslyze, compared=False),
    Peer("sslyze all", "sslyze", _sslyze(*_SSLYZE_MORE), readers.sslyze),
)
"""Every way of running a tool; what waxseal does comes first, everything is compared with it."""
