"""Profiles: every rule names a check that exists, says why, and weighs as it says."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.checks.api import Level, Verdict
from waxseal.checks.registry import all_checks
from waxseal.grading.profile import load_profile, parse_profile
from waxseal.grading.severity import Severity

MINIMAL = """
id = "mine"
version = "1"
title = "My own"
[levels]
MUST = { fail = "high", warn = "medium" }
SHOULD = { fail = "medium", warn = "low" }
ADVICE = { fail = "low", warn = "low" }
"""


def test_every_rule_is_about_a_check_and_says_why() -> None:
    profile = load_profile()
    assert set(profile.rules) <= set(all_checks())
    assert all(rule.why and rule.source.startswith("RFC ") for rule in profile.rules.values())


def test_a_rule_goes_before_the_level() -> None:
    profile, checks = load_profile(), all_checks()
    assert checks["smtp/starttls-missing"].level is Level.SHOULD
    assert profile.severity(checks["smtp/starttls-missing"], Verdict.FAIL) is Severity.CRITICAL
    assert profile.severity(checks["dns/null-mx-with-others"], Verdict.FAIL) is Severity.HIGH
    assert profile.severity(checks["dns/ipv6-missing"], Verdict.WARN) is Severity.LOW


def test_a_warning_never_outweighs_the_failure() -> None:
    profile = load_profile()
    for check in all_checks().values():
        assert profile.severity(check, Verdict.WARN) <= profile.severity(check, Verdict.FAIL), check.id


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE])
def test_only_fail_and_warn_weigh(verdict: Verdict) -> None:
    profile = load_profile()
    assert {profile.severity(check, verdict) for check in all_checks().values()} == {Severity.NONE}


def test_a_profile_of_ones_own() -> None:
    profile = parse_profile(
        MINIMAL + '[checks."dns/ipv6-missing"]\nfail = "high"\nwhy = "we need it"\nsource = "us"\n'
    )
    check = all_checks()["dns/ipv6-missing"]
    assert profile.severity(check, Verdict.FAIL) is Severity.HIGH
    assert profile.severity(check, Verdict.WARN) is Severity.LOW


@pytest.mark.parametrize(
    "broken", ["", MINIMAL.replace("MUST", "PERHAPS"), MINIMAL.replace('"high"', '"huge"')]
)
def test_a_broken_profile_is_told(broken: str) -> None:
    with pytest.raises(ValueError):
        parse_profile(broken)


RULE = """
[[rules]]
id = "r"
kind = "versions"
level = "SHOULD"
title = "t"
source = "s"
why = "w"
remedy = "r"
good = ["TLSv1.3"]
"""
EXTENDS = 'id = "mine"\nversion = "1"\ntitle = "My own"\nextends = "rfc9325"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (RULE.replace('"versions"', '"version"'), "'version' is no kind of rule"),
        (RULE.replace("TLSv1.3", "TLS 1.3"), "'TLS 1.3' in `good` names none"),
        (RULE + 'sufficient = ["TLSv1.3"]\n', r"TLSv1\.3 is in `sufficient` and in another list"),
        (RULE + "speed = 3\n", "speed"),
        (RULE.replace('"SHOULD"', '"PERHAPS"'), "PERHAPS"),
        (RULE.replace('source = "s"', 'source = ""'), "`source` is empty"),
        (RULE.replace('source = "s"', ""), "source"),
        (RULE + 'fail = "huge"\n', "'huge' is no severity"),
        (RULE + 'effort = "hours"\n', "hours"),
        (RULE + 'against = ["me"]\n', "'me' in `against`"),
        (RULE + 'replaces = ["tls/nope"]\n', "'tls/nope' in `replaces` is no check"),
        (RULE + 'required = ["TLS"]\n', "'TLS' is no version"),
        (RULE + 'otherwise = "bad"\n', "'bad' is no class"),
        (RULE + 'settings = { qmail = "x" }\n', "'qmail' in `settings`"),
        (RULE + RULE, "another one of this id"),
        (RULE.replace("good = [", 'like = "x"\ngood = ['), "`like` names 'x'"),
        ('[checks."tls/nope"]\nfail = "low"\nwhy = "w"\nsource = "s"\n', "'tls/nope' in .checks."),
        ('[checks."tls/robot"]\nfail = "low"\nsource = "s"\n', "tls/robot: it lacks `why`"),
        ("speed = 3\n", "'speed' is not known"),
        ("levels = 3\n", "`levels` is no table of tables"),
        ("rules = 3\n", "`rules` is no array of tables"),
    ],
)
def test_mistakes_are_named(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        parse_profile(EXTENDS + text, "ours.toml")
    assert str(caught.value).startswith("ours.toml")
    assert parse_profile(EXTENDS + RULE).own[0].id == "mine/r"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ('kind = "suites"\ngood = ["TLS_NOPE_*"]', "names none of the suites"),
        ('kind = "suites"\nrequired_any = ["TLS_NOPE"]', "is no suite"),
        ('kind = "suite-order"\nonly_if = "ignored"', "names a class"),
        ('kind = "suite-order"\nrequired_any = ["TLS_AES_128_GCM_SHA256"]', "for the kind suites"),
        ('kind = "groups"\ngood = ["P-256"]', "names none of the groups"),
        ('kind = "finite-field"\ngood = ["ffdhe1"]', "names none of the Diffie-Hellman groups"),
        ('kind = "certificate-key"\ncurves_good = ["P-256"]', "is no curve"),
        ('kind = "certificate-key"\nsent = "some"', "`sent` is all or leaf"),
        ('kind = "certificate-signature"\ngood = ["sha2"]', "names none of the hashes"),
        ('kind = "certificate-lifetime"\nmax_days = 0', "`max_days`"),
        ('kind = "certificate-lifetime"', "max_days"),
        ('kind = "certificate-types"', "neither"),
        ('kind = "certificate-types"\ntypes_any = ["x"]', "no key type"),
        ('kind = "certificate-types"\nsignatures_any = ["x"]', "no algorithm"),
        ('kind = "key-exchange-hash"\ngood = ["sha3"]', "names none of the hashes"),
        ('kind = "checks"\nof = []', "names no check"),
        ('kind = "checks"\nof = ["tls/nope"]', "is no check"),
        ('kind = "checks"\nof = ["tls/robot"]\nwarn_as = "bad"', "'bad' is no class"),
    ],
)
def test_unknown_names_are_told_by_each_kind(rule: str, told: str) -> None:
    text = RULE.replace('kind = "versions"', rule).replace('good = ["TLSv1.3"]\n', "")
    with pytest.raises(ValueError, match=f"ours.toml, rule r: .*{told}"):
        parse_profile(EXTENDS + text, "ours.toml")


def test_weights_of_rules() -> None:
    usual = parse_profile(EXTENDS + RULE).own[0]
    assert (usual.fail, usual.warn) == (Severity.MEDIUM, Severity.LOW)
    own = parse_profile(EXTENDS + RULE + 'fail = "low"\nagainst = ["both"]\n').own[0]
    assert (own.fail, own.warn, own.against) == (Severity.LOW, Severity.LOW, ("passive", "active"))


def test_one_extends_another_with_its_rules(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(EXTENDS + RULE + 'replaces = ["tls/version-*"]\n')
    text = 'id = "more"\nversion = "2"\ntitle = "More"\nextends = "./base.toml"\n'
    text += '[checks."mine/r"]\nfail = "critical"\nwhy = "w"\nsource = "s"\n'
    (tmp_path / "more.toml").write_text(text + RULE.replace('"r"\nkind', '"more"\nkind'))
    more = load_profile(str(tmp_path / "more.toml"))
    assert [(rule.id, rule.fail) for rule in more.own] == [
        ("mine/r", Severity.CRITICAL),
        ("more/more", Severity.MEDIUM),
    ]
    assert more.extends == "mine/1"
    assert more.replaced["tls/version-old"] == "mine/r"
    assert more.severity(all_checks()["tls/version-old"], Verdict.FAIL) is Severity.NONE
    assert more.rules == load_profile().rules


@pytest.mark.parametrize("by", ["./a.toml", "./b.toml"])
def test_none_extends_itself(tmp_path: Path, by: str) -> None:
    for name, other in (("a", by), ("b", "./a.toml")):
        (tmp_path / f"{name}.toml").write_text(EXTENDS.replace('"rfc9325"', f'"{other}"'))
    with pytest.raises(ValueError, match="extends itself"):
        load_profile(str(tmp_path / "a.toml"))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no file"):
        load_profile(str(tmp_path / "none.toml"))
    with pytest.raises(FileNotFoundError, match="no profile 'none'"):
        load_profile("none")
    with pytest.raises(ValueError, match="cannot be read"):
        load_profile(f"{tmp_path}/")
    (tmp_path / "octets.toml").write_bytes(b"\xff")
    with pytest.raises(ValueError, match="UTF-8"):
        load_profile(str(tmp_path / "octets.toml"))
    with pytest.raises(ValueError, match="extends 'none': there is no profile"):
        parse_profile(EXTENDS.replace("rfc9325", "none"))
    with pytest.raises(ValueError, match="extends a file"):
        parse_profile(EXTENDS.replace("rfc9325", "./none.toml"))


KEYS = ("id", "version", "title", "extends", "levels", "checks", "rules", "exemptions", "document", "x")
SCALARS = st.one_of(
    st.sampled_from(
        ['"mine"', '"rfc9325"', '"./x.toml"', '"versions"', '"checks"', '"high"', '"MUST"', "[]"]
    ),
    st.sampled_from(['"TLSv1.3"', '["TLSv1.3"]', '["*"]', "3", "2027-01-01", "{}", "[{}]", "true", '""']),
)
IN_RULES = st.sampled_from(
    [
        "id",
        "kind",
        "title",
        "level",
        "source",
        "why",
        "remedy",
        "good",
        "of",
        "like",
        "check",
        "until",
        "MUST",
    ]
)
TABLES = st.sampled_from(["levels", "levels.MUST", 'checks."tls/robot"', "rules.settings"])
LINES = st.one_of(
    st.builds("{} = {}".format, st.sampled_from(KEYS), SCALARS),
    st.builds("{} = {}".format, IN_RULES, SCALARS),
    st.builds("[[{}]]".format, st.sampled_from(["rules", "exemptions"])),
    st.builds("[{}]".format, TABLES),
)


@given(st.booleans(), st.booleans(), st.lists(LINES, max_size=20))
def test_whatever_is_written_raises_nothing_else(head: bool, rule: bool, lines: list[str]) -> None:
    text = (EXTENDS if head else "") + (RULE if rule else "") + "\n".join(lines)
    with suppress(ValueError):
        parse_profile(text)


@given(st.text())
def test_nor_does_any_text(text: str) -> None:
    with suppress(ValueError):
        parse_profile(text)
    with suppress(ValueError):
        parse_profile(EXTENDS + text)


def test_nor_does_deep_nesting() -> None:
    with pytest.raises(ValueError):
        parse_profile("x = " + "[" * 100_000)
