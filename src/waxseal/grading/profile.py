"""Profiles: versioned data that says how much each finding matters, and asks for more where a guideline does.

A check says what a fact means; the level of the text that it cites gives the usual weight, and a profile may
change it, with a reason and a source. A profile also has rules of its own (``grading.rules``) and exemptions
(``grading.exemptions``); it may extend another one. Adding a check needs no change to a profile.
"""

import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache, cached_property
from importlib.resources import files
from os.path import exists, isfile, realpath
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, structs

from waxseal.checks.api import Check, Finding, Level, Remedy, Verdict
from waxseal.checks.registry import all_checks
from waxseal.facts import FactSet, Subject
from waxseal.grading.exemptions import Exemption, Standing, day_of, in_force, parse_exemption, standings
from waxseal.grading.rules.judging import judge_rules
from waxseal.grading.rules.own_rule import OwnRule, expect_id, parse_rule, severity
from waxseal.grading.severity import Severity

DEFAULT: Final = "rfc9325"
_VERDICT_ORDER = {verdict: number for number, verdict in enumerate(Verdict)}
_BAD: Final = frozenset({Verdict.FAIL, Verdict.WARN})
_KEYS: Final = frozenset(
    {"id", "version", "title", "document", "extends", "levels", "checks", "rules", "exemptions"}
)
_MOST_EXTENDS: Final = 8
_MOST_OCTETS: Final = 1024 * 1024
_MOST_DOTS: Final = 100
"""Of one line: reading a key takes time by the square of its dots."""


class Weight(Struct, frozen=True):
    """What a FAIL and a WARN weigh."""

    fail: Severity
    warn: Severity


class Rule(Struct, frozen=True):
    """A profile's own word on one check, with its reason and its source."""

    weight: Weight
    why: str
    source: str


class Profile(Struct, frozen=True, dict=True):
    """A named and versioned set of weights, rules and exemptions.

    Attributes:
        id, version: Of the profile.
        title: In a line.
        levels: What a FAIL and a WARN weigh by the level of the cited text.
        rules: Its words on single checks, by check.
        document: The text that it follows, with its edition; "" for none.
        own: Rules of its own, those of the profile that it extends first.
        exemptions: What does not count.
        extends: ``id/version`` of the profile that it extends; "" for none.
    """

    id: str
    version: str
    title: str
    levels: dict[Level, Weight]
    rules: dict[str, Rule]
    document: str = ""
    own: tuple[OwnRule, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    extends: str = ""

    @cached_property
    def own_by_id(self) -> dict[str, OwnRule]:
        """Its own rules by their ids, as findings bear them."""
        return {rule.id: rule for rule in self.own}

    @cached_property
    def replaced(self) -> dict[str, str]:
        """Each check that weighs nothing here, with the id of the rule that stands for it."""
        return {name: rule.id for rule in self.own for name in rule.replaces}

    @cached_property
    def weights(self) -> dict[str, Weight]:
        """What every check weighs."""
        nothing = Weight(Severity.NONE, Severity.NONE)
        return {
            name: nothing if name in self.replaced else self._weight(check)
            for name, check in all_checks().items()
        }

    def _weight(self, check: Check) -> Weight:
        rule = self.rules.get(check.id)
        return rule.weight if rule is not None else self.levels[check.level]

    def severity(self, check: Check, verdict: Verdict) -> Severity:
        """What a verdict of a check weighs; nothing unless it is FAIL or WARN."""
        weight = self.weights[check.id]
        if verdict is Verdict.FAIL:
            return weight.fail
        return weight.warn if verdict is Verdict.WARN else Severity.NONE


class GradedFinding(Struct, frozen=True, gc=False):
    """A finding with its weight, and with what its check, or the profile's rule, says of it.

    Attributes:
        check, subject, verdict, summary, evidence, advice, follows, missing, crashed: As in `checks.Finding`.
        severity: By the profile.
        title, level, cites, remedy: As in `checks.Check`.
        exempt: Why and until when it does not count; "" where it does.
        waived: What it would weigh without that.
    """

    check: str
    subject: Subject
    verdict: Verdict
    severity: Severity
    summary: str
    evidence: tuple[str, ...]
    advice: str
    follows: bool
    missing: str
    crashed: bool
    title: str
    level: Level
    cites: tuple[str, ...]
    remedy: Remedy
    exempt: str = ""
    waived: Severity = Severity.NONE


def profile_names() -> tuple[str, ...]:
    """Ids of the built-in profiles, sorted; the default one first."""
    folder = files("waxseal.grading").joinpath("profiles")
    names = sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))
    return (DEFAULT, *(name for name in names if name != DEFAULT))


def load_profile(name: str = DEFAULT) -> Profile:
    """A built-in profile by its id, or one's own by its path.

    Args:
        name: An id; or a path, which contains ``/`` or ends in ``.toml``.

    Raises:
        FileNotFoundError: There is none of that name, or no such file.
        ValueError: Its file cannot be read, or is not of the form; the message names it.
    """
    return _load_file(Path(name), ()) if _is_path(name) else _load_built_in(name)


def find_rule(rule_id: str) -> OwnRule | None:
    """A rule of a built-in profile by its id (``ncsc-nl-2025-05/suites``); None where there is none."""
    name = rule_id.partition("/")[0]
    return load_profile(name).own_by_id.get(rule_id) if name in profile_names() else None


def _is_path(name: str) -> bool:
    return "/" in name or name.endswith(".toml")


@cache
def _load_built_in(name: str) -> Profile:
    if name not in profile_names():
        raise FileNotFoundError(f"there is no profile {name!r}")
    text = files("waxseal.grading").joinpath("profiles", f"{name}.toml").read_text(encoding="utf-8")
    return parse_profile(text, f"the profile {name}", loaded=(name,))


def _load_file(path: Path, loaded: tuple[str, ...]) -> Profile:
    """Read a file; one that another profile extends is a regular one, so that nothing waits for a FIFO."""
    if loaded and exists(path) and not isfile(path):
        raise ValueError(f"{path} is no regular file")
    try:
        with path.open("rb") as file:
            octets = file.read(_MOST_OCTETS + 1)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {str(path)!r}") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    if len(octets) > _MOST_OCTETS:
        raise ValueError(f"{path} is larger than {_MOST_OCTETS // 2**20} MiB")
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8") from error
    return parse_profile(text, str(path), path.parent, (*loaded, realpath(path)))


def parse_profile(
    text: str, name: str = "the profile", folder: Path | None = None, loaded: tuple[str, ...] = ()
) -> Profile:
    """Read a profile's TOML.

    Args:
        text: It.
        name: What messages call it.
        folder: Where a path in ``extends`` begins; None where there can be none.
        loaded: What is being loaded already, so that no profile extends itself.

    Raises:
        ValueError: It is not of the form; the message says where.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > _MOST_DOTS and not line.lstrip().startswith("#"):
            raise ValueError(f"{name}: there are more than {_MOST_DOTS} dots in line {number}")
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also of a number with thousands of digits
        raise ValueError(f"{name} is no TOML: {error}") from error
    unknown = sorted(set(data) - _KEYS)
    if unknown:
        raise ValueError(f"{name}: the key {unknown[0]!r} is not known")
    base = _base(data, name, folder, loaded)
    try:
        return _Reading(data, name, base).profile()
    except KeyError as error:
        raise ValueError(f"{name} lacks {error}") from error


def _base(data: dict[str, Any], name: str, folder: Path | None, loaded: tuple[str, ...]) -> Profile | None:
    extends = data.get("extends")
    if extends is None:
        return None
    if not isinstance(extends, str):
        raise ValueError(f"{name}: `extends` is no text")  # noqa: TRY004  # the file is at fault
    try:
        if not _is_path(extends):
            if extends in loaded:
                raise ValueError(f"{name} extends itself by way of {extends}")
            return _load_built_in(extends)
        if folder is None:
            raise ValueError(f"{name} extends a file, and is none itself")
        if "\0" in extends:
            raise ValueError(f"{name}: `extends` is no path")
        path = folder / extends
        if realpath(path) in loaded:
            raise ValueError(f"{name} extends itself by way of {extends}")
        if len(loaded) > _MOST_EXTENDS:
            raise ValueError(f"{name} is extended by {_MOST_EXTENDS} others, which is the most")
        return _load_file(path, loaded)
    except FileNotFoundError as error:
        raise ValueError(f"{name} extends {extends!r}: {error}") from error


class _Reading:
    """Reads one profile's data over that of the profile that it extends."""

    def __init__(self, data: dict[str, Any], name: str, base: Profile | None) -> None:
        self._data = data
        self._name = name
        self._base = base
        self._levels: dict[Level, Weight] = {}

    def profile(self) -> Profile:
        """The profile."""
        base = self._base
        words = {key: self._word(key) for key in ("id", "version", "title")}
        expect_id(words["id"], self._name)
        self._levels = self._read_levels()
        own = self._own(words["id"])
        own, rules = self._weighed(own)
        known = set(all_checks()) | {rule.id for rule in own}
        return Profile(
            **words,
            levels=self._levels,
            rules=rules,
            document=self._word("document", base.document if base is not None else ""),
            own=own,
            exemptions=(base.exemptions if base is not None else ()) + self._exemptions(known),
            extends=f"{base.id}/{base.version}" if base is not None else "",
        )

    def _word(self, key: str, usual: str | None = None) -> str:
        value = self._data[key] if usual is None else self._data.get(key, usual)
        if not isinstance(value, str) or (usual is None and not value.strip()):
            raise ValueError(f"{self._name}: `{key}` is no text")
        return value

    def _tables(self, key: str) -> list[tuple[int, Mapping[str, Any]]]:
        rows = self._data.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError(f"{self._name}: `{key}` is no array of tables, as [[{key}]]")
        return list(enumerate(rows, 1))

    def _named(self, key: str) -> dict[str, Mapping[str, Any]]:
        rows = self._data.get(key, {})
        if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
            raise ValueError(f"{self._name}: `{key}` is no table of tables")
        return rows

    def _read_levels(self) -> dict[Level, Weight]:
        levels = dict(self._base.levels) if self._base is not None else {}
        for label, row in self._named("levels").items():
            if label not in set(Level):
                raise ValueError(f"{self._name}: {label!r} is no level; there are {', '.join(Level)}")
            levels[Level(label)] = self._weight(f"level {label}", row, None)
        missing = [level.value for level in Level if level not in levels]
        if missing:
            hint = f'; `extends = "{DEFAULT}"` takes them from there'
            raise ValueError(f"{self._name} lacks the weight of {missing[0]} in [levels]{hint}")
        return levels

    def _weight(self, what: str, row: Mapping[str, Any], usual: Weight | None) -> Weight:
        labels = {key: row[key] for key in ("fail", "warn") if key in row}
        if not all(isinstance(label, str) for label in labels.values()):
            raise ValueError(f"{self._name}, {what}: `fail` and `warn` are severities")
        if "fail" not in labels:
            raise ValueError(f"{self._name}, {what}: it lacks `fail`")
        try:
            fail = severity(labels["fail"])
            default = min(fail, usual.warn) if usual is not None else fail
            return Weight(fail, severity(labels["warn"]) if "warn" in labels else default)
        except ValueError as error:
            raise ValueError(f"{self._name}, {what}: {error}") from error

    def _own(self, profile: str) -> tuple[OwnRule, ...]:
        usual = {level: (weight.fail, weight.warn) for level, weight in self._levels.items()}
        inherited = self._base.own if self._base is not None else ()
        earlier = {rule.id.partition("/")[2]: rule for rule in inherited}
        found: list[OwnRule] = []
        for number, row in self._tables("rules"):
            where = f"{self._name}, rule {row['id'] if isinstance(row.get('id'), str) else number}"
            try:
                rule = parse_rule(row, profile, usual, earlier)
                rule = structs.replace(rule, replaces=_expanded(rule.replaces))
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from error
            if rule.id in {other.id for other in (*inherited, *found)} or rule.id in all_checks():
                raise ValueError(f"{where}: there is another one of this id")
            found.append(rule)
            earlier[rule.id.partition("/")[2]] = rule
        return (*inherited, *found)

    def _weighed(self, own: tuple[OwnRule, ...]) -> tuple[tuple[OwnRule, ...], dict[str, Rule]]:
        """The words on checks; and the own rules with those on them."""
        by_id = {rule.id: rule for rule in own}
        rules = dict(self._base.rules) if self._base is not None else {}
        for name, row in self._named("checks").items():
            check, rule = all_checks().get(name), by_id.get(name)
            if check is None and rule is None:
                raise ValueError(f"{self._name}: {name!r} in [checks] is no check and no rule of the profile")
            for key in ("why", "source"):
                if not isinstance(row.get(key), str) or not row[key].strip():
                    raise ValueError(f"{self._name}, check {name}: it lacks `{key}`")
            level = check.level if check is not None else by_id[name].level
            weight = self._weight(f"check {name}", row, self._levels[level])
            if rule is not None:
                by_id[name] = structs.replace(rule, fail=weight.fail, warn=weight.warn)
            else:
                rules[name] = Rule(weight, row["why"], row["source"])
        return tuple(by_id.values()), rules

    def _exemptions(self, known: set[str]) -> tuple[Exemption, ...]:
        found = []
        for number, row in self._tables("exemptions"):
            try:
                found.append(parse_exemption(row, known))
            except ValueError as error:
                raise ValueError(f"{self._name}, exemption {number}: {error}") from error
        return tuple(found)


def _expanded(patterns: Iterable[str]) -> tuple[str, ...]:
    """The checks that names and patterns mean."""
    found: dict[str, None] = {}
    for pattern in patterns:
        fitting = [name for name in all_checks() if name == pattern or fnmatchcase(name, pattern)]
        if not fitting:
            raise ValueError(f"{pattern!r} in `replaces` is no check")
        found.update(dict.fromkeys(fitting))
    return tuple(found)


def grade(findings: tuple[Finding, ...], profile: Profile, facts: FactSet) -> tuple[GradedFinding, ...]:
    """Weigh findings, and add those of the profile's own rules.

    Args:
        findings: Of all checks.
        profile: Whose word counts.
        facts: What the findings are about.

    Returns:
        What to fix first comes first: by severity, then verdict and check.
    """
    return tuple(sorted(weigh(findings, profile, facts), key=fix_order))


def weigh(findings: tuple[Finding, ...], profile: Profile, facts: FactSet) -> list[GradedFinding]:
    """As `grade`, in the order of the findings, those of the profile's own rules last."""
    checks = all_checks()
    exemptions = in_force(profile.exemptions, day_of(facts)) if profile.exemptions else ()
    graded = []
    fail, warn, nothing = Verdict.FAIL, Verdict.WARN, Severity.NONE
    for finding in findings:
        check, verdict = checks[finding.check], finding.verdict
        bad = verdict is fail or verdict is warn
        weight = profile.severity(check, verdict) if bad else nothing
        graded.append(
            _graded(finding, check.title, check.level, check.cites, check.remedy, weight, exemptions)
        )
    for rule, finding in judge_rules(profile.own, facts, findings):
        bad = finding.verdict in _BAD
        weight = (rule.fail if finding.verdict is Verdict.FAIL else rule.warn) if bad else Severity.NONE
        cites = (rule.source,)
        graded.append(_graded(finding, rule.title, rule.level, cites, rule.remedy, weight, exemptions))
    return graded


def exemption_standings(
    profile: Profile, graded: Iterable[GradedFinding], facts: FactSet
) -> tuple[Standing, ...]:
    """What became of each exemption: in force, ended, or nothing that it is about was found."""
    if not profile.exemptions:
        return ()
    bad = [(f.check, f.subject) for f in graded if f.verdict in _BAD]
    return standings(profile.exemptions, bad, day_of(facts))


def fix_order(finding: GradedFinding) -> tuple[int, int, str]:
    """Sorts findings: the severest first, then the worst verdict, then by check."""
    return -finding.severity, _VERDICT_ORDER[finding.verdict], finding.check


def _graded(
    finding: Finding,
    title: str,
    level: Level,
    cites: tuple[str, ...],
    remedy: Remedy,
    weight: Severity,
    exemptions: tuple[Exemption, ...],
) -> GradedFinding:
    exempt, waived = "", Severity.NONE
    if exemptions and finding.verdict in _BAD:
        own = next((e for e in exemptions if e.fits(finding.check, finding.subject)), None)
        if own is not None:
            exempt, waived, weight = own.text, weight, Severity.NONE
    return GradedFinding(  # by position, which is the quickest: there are hundreds to a target
        finding.check,
        finding.subject,
        finding.verdict,
        weight,
        finding.summary,
        finding.evidence,
        finding.advice,
        finding.follows,
        finding.missing,
        finding.crashed,
        title,
        level,
        cites,
        remedy,
        exempt,
        waived,
    )
