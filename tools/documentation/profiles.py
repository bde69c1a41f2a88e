"""Pages of the profiles: what the level of a text weighs, and each rule with its reason and its source."""

from collections.abc import Iterable, Iterator

from tools.documentation import checks
from tools.documentation.citations import links
from tools.documentation.markdown import code, prose, relative, table

from waxseal.checks.registry import all_checks
from waxseal.grading.profile import Profile, load_profile, profile_names
from waxseal.grading.rules.own_rule import OwnRule

INDEX = "profiles/index.md"
_HEADS = ("Profile", "Version", "Title", "Rules of its own", "Weights")


def built_in() -> tuple[Profile, ...]:
    """Every built-in profile, the default one first."""
    return tuple(map(load_profile, profile_names()))


def pages(profiles: Iterable[Profile]) -> Iterator[tuple[str, str]]:
    """Every page about profiles: path and Markdown."""
    profiles = tuple(profiles)
    for profile in profiles:
        yield f"profiles/{profile.id}.md", page(profile)
    rows = (
        (f"[{code(p.id)}]({p.id}.md)", p.version, prose(p.title), str(len(p.own)), str(len(p.rules)))
        for p in profiles
    )
    entries = "\n".join(profile.id for profile in profiles)
    yield (
        INDEX,
        "# Profiles\n\nA check says what a fact means; a profile says how much that matters. The id and "
        f"the version of the profile stand in every report.\n\n{table(_HEADS, rows)}\n"
        f"```{{toctree}}\n:hidden:\n\n{entries}\n```\n",
    )


def page(profile: Profile) -> str:
    """All that is to be said of one profile."""
    levels = ((level.value, weight.fail.label, weight.warn.label) for level, weight in profile.levels.items())
    parts = [f"# {code(profile.id)}: {prose(profile.title)}\n", f"Version {profile.version}.\n"]
    if profile.document:
        parts.append(f"It follows: {prose(profile.document)}.\n")
    if profile.extends:
        base = profile.extends.partition("/")[0]
        parts.append(f"Where it says nothing, [{profile.extends}]({base}.md) holds.\n")
    if profile.own:
        parts += ["## Rules of its own\n", *(own_rule(rule, profile.id) for rule in profile.own)]
    parts += [
        "## By the level of the cited text\n\nFor every check without a rule of its own.\n",
        table(("Level", "Fails", "Warns"), levels),
        "## Weights of checks\n",
        table(("Check", "Fails", "Warns", "Why", "Source"), _weights(profile)),
    ]
    return "\n".join(parts)


def own_rule(rule: OwnRule, profile: str) -> str:
    """A rule about what was seen: what it asks for, and what it stands for, on the page of a profile."""
    rows = [
        ("Rule", code(rule.id)),
        ("Looks at", f"{rule.kind}, for {checks.SCOPES[rule.scope]}"),
        *((prose(label), prose(text)) for label, text in rule.demand.told()),
        ("Why", prose(rule.why)),
        ("Source", links(rule.source)),
        ("Level", rule.level.value),
        ("Weighs", f"{rule.fail.label} where it fails, {rule.warn.label} where it warns"),
        (
            "Counts against",
            " and ".join(f"the {name} attacker" for name in rule.against) or "neither attacker",
        ),
        ("Stands for", ", ".join(map(_check, rule.replaces)) or "no check: it counts beside all"),
        ("To mend it", prose(rule.remedy.general)),
    ]
    own = rule.id.startswith(f"{profile}/")
    target = f"({checks.rule_anchor(rule.id)})=\n\n" if own else ""
    return f"{target}### {prose(rule.title)}\n\n{table(('', ''), rows)}"


def _check(name: str) -> str:
    known = name in all_checks()
    return f"[{code(name)}]({relative(checks.path_of(name), 'profiles/x.md')})" if known else code(name)


def _weights(profile: Profile) -> Iterator[tuple[str, ...]]:
    for check, rule in sorted(profile.rules.items()):
        yield (
            _check(check),
            rule.weight.fail.label,
            rule.weight.warn.label,
            prose(rule.why),
            links(rule.source),
        )
