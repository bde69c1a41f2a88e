"""The exact suites of real servers at full depth, held against what the system's OpenSSL is granted by them.

Each suite that was found is asked for alone, and all others that this OpenSSL can offer at once; so a suite
too many and a suite too few are both seen, by a client that shares no code with ours.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess

import pytest

from tests.real.servers import RealServer
from tests.real.test_check import check_server
from waxseal.facts import FactSet, Subject, TlsSpending, TlsSuites, TlsVersions
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth
from waxseal.wire.tls_suites import suite_name

OPENSSL = shutil.which("openssl") or ""
pytestmark = [pytest.mark.real, pytest.mark.skipif(not OPENSSL, reason="no openssl on this machine")]
FULL = ProbeSettings(ehlo_name="probe.test", depth=Depth.FULL)
SERVERS = [("postfix", "default"), ("postfix", "dual"), ("exim", "default"), ("dovecot", "default")]
OPTIONS = {"TLSv1": "-tls1", "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}
EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
LIMIT_S = 30.0


def run_openssl(*arguments: str) -> str:
    environment = {**os.environ, "OPENSSL_CONF": os.devnull}  # no policy of the distribution
    ran = subprocess.run(
        [OPENSSL, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment,
        timeout=LIMIT_S,
        check=False,
    )
    return (ran.stdout + ran.stderr).decode("ascii", "replace")


def offerable(version: str) -> dict[str, str]:
    """What this OpenSSL can offer in a version: IANA name to its own name."""
    listed = run_openssl("ciphers", "-s", "-stdname", OPTIONS[version], EVERYTHING)
    rows = [line.split() for line in listed.splitlines() if line.startswith("TLS_")]
    return {row[0]: row[2] for row in rows if (version == "TLSv1.3") == (row[3] == "TLSv1.3")}


def granted(server: RealServer, version: str, names: list[str]) -> str:
    """The suite, by OpenSSL's name, that the server selects of these; "" where it refuses."""
    suites = ":".join(names)
    chosen = ["-ciphersuites", suites] if version == "TLSv1.3" else ["-cipher", f"{suites}:@SECLEVEL=0"]
    said = run_openssl(
        "s_client", "-brief", "-connect", f"{server.host}:{server.port}", "-starttls", "smtp",
        "-name", "probe.test", "-servername", server.name, OPTIONS[version], *chosen,
    )  # fmt: skip
    found = re.search(r"^Ciphersuite: (\S+)$", said, re.MULTILINE)
    if found is None:
        refused = re.search(r"alert|handshake failure|no protocols available|unexpected eof", said)
        assert refused, said  # a refusal, and no fault of the asking
    return found[1] if found else ""


def found_suites(facts: FactSet) -> dict[str, set[str]]:
    ((_, suites),) = facts.within(TlsSuites, Subject())
    assert all(known.undecided == () for known in suites.lists)
    return {known.version: {suite_name(number) for number in known.accepted} for known in suites.lists}


@pytest.mark.parametrize("real_server", SERVERS, indirect=True, ids="-".join)
def test_suites_are_those_that_openssl_is_granted(real_server: RealServer) -> None:
    facts = asyncio.run(check_server(real_server, FULL)).facts
    ((_, spending),) = facts.within(TlsSpending, Subject())
    assert (spending.depth, spending.not_asked) == ("full", ())
    assert spending.spent <= FULL.connections
    found = found_suites(facts)
    ((_, versions),) = facts.within(TlsVersions, Subject())
    assert {a.version for a in versions.answers if a.accepted} == set(found)
    assert [a.version for a in versions.answers if a.accepted is None] == []
    for version in OPTIONS:
        ours, theirs = found.get(version, set()), offerable(version)
        assert len(theirs) >= 3
        refused = [theirs[name] for name in theirs if name not in ours]
        if refused:
            assert granted(real_server, version, refused) == "", version
        for name in sorted(ours & theirs.keys()):
            assert granted(real_server, version, [theirs[name]]) == theirs[name], version
        if (
            real_server.software != "exim"
        ):  # Debian's Exim has GnuTLS, which knows suites that OpenSSL does not
            assert ours <= theirs.keys(), version
