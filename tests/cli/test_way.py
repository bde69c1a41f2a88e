"""``waxseal check`` by another way, with a header in front, and against what an earlier run saw."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Command
from tests.net.loopback import LOOPBACK, free_port
from tests.net.relay import relay_command, socks5_beside, without_starttls

TARGET = "provider.test"


def report(waxseal: Command, *arguments: str) -> tuple[dict[str, Any], dict[str, set[str]]]:
    """The context of a run, and the verdicts of each check."""
    ran = waxseal("check", "--lab", TARGET, "--depth", "grade", *arguments, "--json")
    assert ran.err == ""
    assert "sesame" not in ran.out
    document = json.loads(ran.out)
    verdicts: dict[str, set[str]] = {}
    for finding in document["reports"][0]["findings"]:
        verdicts.setdefault(finding["check"], set()).add(finding["verdict"])
    return document["context"], verdicts


def test_through_a_proxy(waxseal: Command) -> None:
    with socks5_beside() as (proxy, url):
        context, verdicts = report(waxseal, "--via", url)
    assert context["via"] == url.replace("user:sesame@", "")
    assert verdicts["smtp/starttls-missing"] == {"pass"}
    assert {address for address, _ in proxy.asked} == {LOOPBACK}


def test_through_a_program(waxseal: Command, tmp_path: Path) -> None:
    context, verdicts = report(waxseal, "--via", f"{relay_command(tmp_path)} sesame")
    assert context["via"].startswith("command:python")
    assert verdicts["smtp/starttls-missing"] == {"pass"}


def test_a_way_that_leads_nowhere_is_not_the_server_s_fault(waxseal: Command) -> None:
    way = f"socks5://user:sesame@{LOOPBACK}:{free_port()}"
    _, verdicts = report(waxseal, "--via", way)
    ran = waxseal("check", "--lab", TARGET, "--via", way)
    assert ran.code == 3
    assert "the way that connections take gives none to port 25" in " ".join(ran.out.split())
    assert verdicts["smtp/starttls-missing"] == {"inconclusive"}
    assert verdicts["reach/port-blocked-here"] == {"inconclusive"}
    assert "sesame" not in ran.out


def test_what_was_there_before_and_is_gone(waxseal: Command, tmp_path: Path) -> None:
    then = tmp_path / "then.jsonl"
    assert waxseal("check", "--lab", TARGET, "--depth", "grade", "--save", str(then)).code in (0, 1)
    _, verdicts = report(waxseal, "--baseline", str(then))
    assert verdicts["smtp/starttls-lost"] == {"pass"}
    assert verdicts["tls/version-lowered"] == {"pass"}
    with socks5_beside(without_starttls) as (_, url):
        _, verdicts = report(waxseal, "--baseline", str(then), "--via", url)
    assert verdicts["smtp/starttls-lost"] == {"fail"}
    assert verdicts["tls/version-lowered"] == {"not-applicable"}


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("--via", "sesame"), "--via"),
        (("--via", "socks5://u:sesame@"), "proxy's URL"),
        (("--via", "command:"), "empty"),
        (("--via", "command:no-such-program-here %h sesame"), "no-such-program-here"),
        (("--proxy-protocol", "v3"), "v3"),
        (("--proxy-source", "192.0.2.1"), "--proxy-protocol"),
        (("--proxy-protocol", "v1", "--proxy-source", "nowhere"), "nowhere"),
        (("--proxy-protocol", "v1", "--proxy-source", "192.0.2.1:99999"), "192.0.2.1:99999"),
        (("--proxy-protocol", "v2", "--proxy-source", "::1", "--proxy-source", "[::2]:7"), "one family"),
    ],
)
def test_bad_input_is_one_sentence_and_a_hint(
    waxseal: Command, arguments: tuple[str, ...], names: str
) -> None:
    ran = waxseal("check", "example.test", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert names in ran.err
    assert "hint:" in ran.err
    assert "sesame" not in ran.err
