"""The section about simulated clients: rows, the terminal's table, and the picture of versions."""

from io import StringIO

from rich.console import Console

from waxseal.checks import samples
from waxseal.checks.api import Example, Verdict
from waxseal.facts import (
    Cause,
    ClientSimulation,
    Fact,
    FactSet,
    Reaction,
    Scope,
    Subject,
    TlsVersions,
    VersionAnswer,
)
from waxseal.report.simulation import simulation_sections, simulation_view

PORT = samples.SUBJECT.up_to(Scope.PORT)


def client(id_: str, **changes: object) -> ClientSimulation:
    fields: dict[str, object] = {
        "client": id_,
        "software": id_.title(),
        "library": "OpenSSL 3.0",
        "role": "sender",
        "hello_sha256": "00",
        "offered": ("TLSv1.2", "TLSv1.3"),
        "reaction": Reaction(Cause.COMPLETED),
        "version": "TLSv1.3",
        "suite": 0x1301,
        "group": 4588,
    }
    return ClientSimulation(**{**fields, **changes})  # type: ignore[arg-type]


VERSIONS = TlsVersions(
    answers=(
        VersionAnswer("SSLv3", False),
        VersionAnswer("TLSv1", None),
        VersionAnswer("TLSv1.2", True),
        VersionAnswer("TLSv1.3", True),
    )
)
STATIC = client("mutt", role="mail program", version="TLSv1.2", suite=0x009D, group=None, scheme=None)
REFUSED = client(
    "exim", reaction=Reaction(Cause.ALERT, alert=40), version="", suite=None, group=None, offered=("TLSv1",)
)
OLD = client(
    "old", offered=("TLSv1.2",), lists_versions=False, version="TLSv1.2", suite=0xC02F, scheme=0x0804
)


def facts(*found: Fact) -> FactSet:
    return samples.fact_set(Example("", Verdict.PASS, found))


def shown(found: FactSet) -> list[str]:
    out = StringIO()
    view = simulation_view(found, PORT)
    assert view is not None
    Console(file=out, width=120, color_system=None).print(view)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_rows_are_by_role_and_complete() -> None:
    (section,) = simulation_sections(facts(VERSIONS, STATIC, client("postfix"), REFUSED, OLD), Subject())
    assert [row.client for row in section.clients] == ["exim", "old", "postfix", "mutt"]
    assert section.subject == PORT
    assert section.server_versions == ("TLSv1.2", "TLSv1.3")
    refused, old, postfix, mutt = section.clients
    assert (postfix.suite, postfix.group, postfix.forward_secret) == (
        "TLS_AES_128_GCM_SHA256",
        "X25519MLKEM768",
        True,
    )
    assert (mutt.suite, mutt.group, mutt.forward_secret) == ("TLS_RSA_WITH_AES_256_GCM_SHA384", "", False)
    assert (refused.outcome, refused.forward_secret) == ("locked out", None)
    assert "handshake_failure" in refused.words
    assert old.scheme == "rsa_pss_rsae_sha256"


def test_nothing_simulated_gives_no_section() -> None:
    assert simulation_sections(facts(VERSIONS), Subject()) == ()
    assert simulation_view(facts(VERSIONS), PORT) is None


def test_the_table_names_who_is_locked_out() -> None:
    lines = shown(facts(client("postfix"), REFUSED, STATIC))
    assert any("LOCKED OUT: refused with the alert handshake_failure" in line for line in lines)
    assert any("mutt" in line and line.endswith("no") for line in lines)
    assert any("postfix" in line and line.endswith("yes") for line in lines)
    assert any(line.startswith("(not asked for)") and line.endswith("this server") for line in lines)


def test_the_picture_sets_ranges_against_the_servers() -> None:
    lines = shown(facts(VERSIONS, client("postfix"), client("sendmail"), REFUSED, OLD))
    at = next(number for number, line in enumerate(lines) if line.startswith("TLS 1.0 "))
    assert lines[at].split() == ["TLS", "1.0", "TLS", "1.1", "TLS", "1.2", "TLS", "1.3"]
    assert lines[at + 1 :] == [
        "                  ●────────●        this server",
        "●                                   Exim",
        "┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄◉                 Old",
        "                  ●────────◉        Postfix, Sendmail",
    ]


def test_documented_clients_are_marked() -> None:
    lines = shown(facts(client("gmail", documented=True)))
    assert any(line.startswith("gmail*") for line in lines)
    assert lines[-1] == "* known from the vendor's documents, not recorded"


def test_a_hostile_name_shows_no_control_characters() -> None:
    lines = shown(facts(client("x\x1b[31m", software="a\x1b[31mb")))
    assert not any("\x1b" in line for line in lines)
