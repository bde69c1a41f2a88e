"""Asks sslscan and testssl.sh about a test server, and reads what they print, by numbers.

testssl.sh takes up to two minutes for a server, so the tests compare with a record of it. Writes that anew,
into tests/data/peers:

    python -m tests.probes.tls.peers
"""

import json
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.tls.options import TlsOptions, TlsServer
from tests.tls.servers import TlsServers
from waxseal.wire.tls_registry import GROUP_NAMES

RECORDS: Final = Path(__file__).parents[2] / "data" / "peers"
_BOTH: Final = ("rsa-2048", "ec-p256")
SERVERS: Final = {
    "openssl-1.0.0m": TlsOptions(),
    "openssl-1.0.1e": TlsOptions(leaves=("rsa-512",)),
    "openssl-1.0.1u": TlsOptions(dh="dh-1024"),
    "openssl-1.0.2o": TlsOptions(leaves=_BOTH, dh="dh-2048"),
    "openssl-1.1.1k": TlsOptions(leaves=_BOTH, dh="dh-2048"),
    "openssl-1.1.1v": TlsOptions(server_order=True),
    "openssl-3.0.16": TlsOptions(dh="dh-2048"),
    "openssl-3.5.8": TlsOptions(leaves=_BOTH, dh="dh-2048"),
    "gnutls": TlsOptions(),
    "python-ssl": TlsOptions(leaves=_BOTH),
}
"""What the three are compared on."""
_TIME_LIMIT_S: Final = 600
_GROUPS: Final = {name.lower(): number for number, name in GROUP_NAMES.items()} | {"prime256v1": 23}
_TESTSSL_VERSIONS: Final = {
    "ssl2": "SSLv2",
    "ssl3": "SSLv3",
    "tls1": "TLSv1",
    "tls1_1": "TLSv1.1",
    "tls1_2": "TLSv1.2",
    "tls1_3": "TLSv1.3",
}


@dataclass
class Report:
    """What a tool says of a server.

    Attributes:
        tool: Its name and version, and that of its OpenSSL.
        asked_at: When, in UTC.
        versions: Whether each is offered, for those that it asked for.
        suites: By version.
        groups: By version; "" where it says none.
    """

    tool: str
    asked_at: str = ""
    versions: dict[str, bool] = field(default_factory=dict)
    suites: dict[str, list[int]] = field(default_factory=dict)
    groups: dict[str, list[int]] = field(default_factory=dict)


def ask_sslscan(server: TlsServer) -> Report:
    """Every suite, version and group that sslscan sees."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xml"
        _run("sslscan", "--starttls-smtp", f"--xml={path}", f"{server.host}:{server.port}")
        return read_sslscan(path.read_text())


def read_sslscan(text: str) -> Report:
    """Its XML."""
    root = ElementTree.fromstring(text)
    report = Report(f"sslscan {root.attrib['version']}")
    (test,) = root.findall("ssltest")
    for protocol in test.findall("protocol"):
        name = f"{protocol.attrib['type'].upper()}v{protocol.attrib['version']}".replace("v1.0", "v1")
        report.versions[name] = protocol.attrib["enabled"] == "1"
    for cipher in test.findall("cipher"):
        version = cipher.attrib["sslversion"].replace("v1.0", "v1")
        report.suites.setdefault(version, []).append(int(cipher.attrib["id"], 16))
    for group in test.findall("group"):
        version = group.attrib["sslversion"]
        report.groups.setdefault(version, []).append(int(group.attrib["id"], 16))
    return report


def ask_testssl(server: TlsServer) -> Report:
    """Versions, every suite of each, and curves, as testssl.sh sees them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        options = ["--quiet", "--color", "0", "--warnings", "off", "-p", "-E", "-f"]
        _run("testssl", *options, "-t", "smtp", "--jsonfile", str(path), f"{server.host}:{server.port}")
        report = read_testssl(path.read_text())
    banner = _run("testssl", "--quiet", "--color", "0", "--version")
    version = re.search(r"testssl\s+(\d\S+) from", banner)
    library = _run("openssl", "version").partition(" (")[0]
    report.tool = f"testssl.sh {version[1] if version else '?'}, {library}"
    report.asked_at = datetime.now(UTC).isoformat(timespec="seconds")
    return report


def read_testssl(text: str) -> Report:
    """Its JSON."""
    report = Report("testssl.sh")
    for entry in json.loads(text):
        name, said = entry["id"], entry["finding"]
        if match := re.match(r"cipher-(\w+?)_x([0-9a-f]+)$", name):
            report.suites.setdefault(_TESTSSL_VERSIONS[match[1]], []).append(int(match[2], 16))
        elif name == "PFS_ECDHE_curves":
            report.groups[""] = [_GROUPS[found.lower()] for found in said.split()]
        elif name in ("SSLv2", "SSLv3"):
            report.versions[name] = said.startswith(("offered", "vulnerable with", "CVE"))
        elif name.lower() in _TESTSSL_VERSIONS:
            report.versions[_TESTSSL_VERSIONS[name.lower()]] = said.startswith("offered")
    return report


def recorded_testssl(kind: str) -> Report:
    """What testssl.sh said when it was last asked."""
    told: dict[str, Any] = json.loads((RECORDS / f"testssl-{kind}.json").read_text())
    return Report(**told)


def _run(*command: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_TIME_LIMIT_S, check=False, stdin=subprocess.DEVNULL
    )
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


def main(kinds: list[str]) -> None:
    """Record anew what testssl.sh says."""
    RECORDS.mkdir(exist_ok=True)
    with TlsServers() as servers:
        for kind in kinds or SERVERS:
            report = ask_testssl(servers.start(kind, SERVERS[kind]))
            path = RECORDS / f"testssl-{kind}.json"
            path.write_text(json.dumps(asdict(report), indent=1) + "\n")
            sys.stdout.write(f"{kind}: {sum(map(len, report.suites.values()))} suites\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
