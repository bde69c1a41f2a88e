"""Every setting that a remedy names exists, and can be copied as it stands.

``settings.toml`` lists the names, checked by hand against each software's documentation. Where the servers of
``tests/real`` lie unpacked in their cache, the list is compared with what they themselves know.
"""

import gzip
import os
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real.packages import cache_folder
from waxseal.checks.registry import all_checks

SETTINGS: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("settings.toml").read_text(encoding="utf-8")
)
REMEDIES = [
    pytest.param(software, text, id=f"{check.id}: {software}")
    for check in all_checks().values()
    for software, text in check.remedy.by_software.items()
]
# Names are words in small letters joined by underscores, and any word that is given a value.
NAME = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b|\b[a-z][a-z0-9_]*(?= ?= ?[^=])")
NAMES: dict[str, re.Pattern[str]] = {
    "postfix": NAME,
    "exim": NAME,
    "dovecot": NAME,
    "sendmail": re.compile(r"(?<=[(]`)\w+(?=')"),
    "exchange": re.compile(r"(?<![\w-])-([A-Z]\w+)|\b([A-Z][a-z]+-[A-Z]\w+)"),
}
LISTENER = re.compile(r"listen on (?!localhost)([^;,]+?)(?= and |[;,]|$)")
LISTENER_OPTIONS = {"tls": 0, "smtps": 0, "auth": 0, "port": 1, "pki": 1, "hostname": 1}  # values that follow


def names(software: str, text: str) -> set[str]:
    """The settings that a remedy names, and other words that look like one."""
    return {next(filter(None, found.groups()), found[0]) for found in NAMES[software].finditer(text)}


def named(software: str) -> set[str]:
    return {
        name
        for check in all_checks().values()
        if software in check.remedy.by_software
        for name in names(software, check.remedy.by_software[software])
    }


@pytest.mark.parametrize("software", sorted(NAMES))
def test_no_name_is_listed_that_nobody_uses(software: str) -> None:
    listed = SETTINGS[software]
    assert {*listed["settings"], *listed["other"]} <= named(software)


@pytest.mark.parametrize("software", sorted(NAMES))
def test_every_name_is_listed(software: str) -> None:
    listed = SETTINGS[software]
    new = named(software) - {*listed["settings"], *listed["other"]}
    if new:
        pytest.skip(f"look up, then add to settings.toml: {', '.join(sorted(new))}")


def test_names_are_found() -> None:
    assert names("postfix", "myhostname = a; smtpd_nonsense, smtpd_banner = b") == {
        "myhostname",
        "smtpd_nonsense",
        "smtpd_banner",
    }
    assert names("exchange", "Set-ReceiveConnector -Fqdn mx.example.org") == {"Set-ReceiveConnector", "Fqdn"}
    assert names("sendmail", "define(`confTO_IDENT', `0s'), FEATURE(`greet_pause')") == {
        "confTO_IDENT",
        "greet_pause",
    }


@pytest.mark.parametrize(("software", "text"), REMEDIES)
def test_settings_are_parted_unmistakably(software: str, text: str) -> None:
    """A comma may belong to a value, so after a value a semicolon parts."""
    if software in ("postfix", "exim", "dovecot"):
        assert not re.search(r" = [^;(]*, [a-z_]+ =", text)


@pytest.mark.parametrize(("software", "text"), [r for r in REMEDIES if r.values[0] == "opensmtpd"])
def test_listeners_are_of_the_form(software: str, text: str) -> None:
    """As in smtpd.conf(5); "all" is an interface group of BSD, which the portable version does not know."""
    for statement in LISTENER.findall(text):
        interface, *words = statement.split()
        assert interface != "all"
        while words:
            option = words.pop(0)
            del words[: LISTENER_OPTIONS[option]]


def test_opensmtpd_is_looked_at() -> None:
    statements = [
        s for r in REMEDIES if r.values[0] == "opensmtpd" for s in LISTENER.findall(str(r.values[1]))
    ]
    assert len(statements) >= 5


def unpacked(path: str) -> Path:
    """A file of an unpacked server."""
    found = sorted(cache_folder().glob(f"tree-*/{path}"))
    if not found:
        pytest.skip(f"no unpacked {path}")
    return found[-1]


def postfix() -> set[str]:
    manual = gzip.decompress(unpacked("usr/share/man/man5/postconf.5.gz").read_bytes()).decode()
    return set(re.findall(r"^\.SH (\w+) \(default", manual, re.MULTILINE))


def exim() -> set[str]:
    manual = gzip.decompress(unpacked("usr/share/doc/exim4-base/spec.txt.gz").read_bytes())
    return set(re.findall(r"^\|(\w+) *\| *(?:Use:|main)", manual.decode(errors="replace"), re.MULTILINE))


def dovecot() -> set[str]:
    program = unpacked("usr/bin/doveconf")
    library = f"{program.parents[1]}/lib/dovecot"
    done = subprocess.run(
        [program, "-d", "-c", os.devnull],
        env={"LD_LIBRARY_PATH": library},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"doveconf does not run here: {done.stderr[-200:]}")
    return set(re.findall(r"^(\w+) =", done.stdout, re.MULTILINE))


@pytest.mark.parametrize("known", [postfix, exim, dovecot], ids=lambda known: known.__name__)
def test_the_real_server_knows_each_setting(known: Callable[[], set[str]]) -> None:
    real = known()
    assert len(real) > 100
    software = known.__name__
    assert (
        named(software) - set(SETTINGS[software]["other"]) - set(SETTINGS[software].get("later", [])) <= real
    )
