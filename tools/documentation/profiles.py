"""Pages of the profiles: how much the level of a text weighs, and each rule with its reason and its source."""

from collections.abc import Iterable, Iterator
from importlib.resources import files

from tools.documentation import checks
from tools.documentation.citations import Citation, link
from tools.documentation.markdown import code, prose, relative, table
from waxseal.checks.registry import all_checks
from waxseal.grading.profile import Profile, load_profile

INDEX = "profiles/index.md"
_FIRST = "rfc9325"


def built_in() -> tuple[Profile, ...]:
    """Every built-in profile, the default one first."""
    names = (file.name.removesuffix(".toml") for file in files("waxseal.grading").joinpath("profiles").iterdir())
    return tuple(load_profile(name) for name in sorted(names, key=lambda name: (name != _FIRST, name)))


def pages(profiles: Iterable[Profile]) -> Iterator[tuple[str, str]]:
    """Every page about profiles: path and Markdown."""
    profiles = tuple(profiles)
    for profile in profiles:
        yield f"profiles/{profile.id}.md", page(profile)
    rows = ((f"[{code(p.id)}]({p.id}.md)", p.version, prose(p.title), str(len(p.rules))) for p in profiles)
    entries = "\n".join(profile.id for profile in profiles)
    yield (
        INDEX,
        "# Profiles\n\nA check says what a fact means; a profile says how much that matters. The id and the version of "
        f"the profile stand in every report.\n\n{table(('Profile', 'Version', 'Title', 'Rules'), rows)}\n"
        f"```{{toctree}}\n:hidden:\n\n{entries}\n```\n",
    )


def page(profile: Profile) -> str:
    """All that is to be said of one profile."""
    levels = ((level.value, weight.fail.label, weight.warn.label) for level, weight in profile.levels.items())
    return (
        f"# {code(profile.id)}: {prose(profile.title)}\n\nVersion {profile.version}.\n\n"
        "## By the level of the cited text\n\nFor every check without a rule of its own.\n\n"
        f"{table(('Level', 'Fails', 'Warns'), levels)}\n"
        f"## Rules\n\n{table(('Check', 'Fails', 'Warns', 'Why', 'Source'), _rules(profile))}"
    )


def _rules(profile: Profile) -> Iterator[tuple[str, ...]]:
    for check, rule in sorted(profile.rules.items()):
        name = code(check)
        if check in all_checks():
            name = f"[{name}]({relative(checks.path_of(check), 'profiles/x.md')})"
        source = link(Citation.parse(rule.source))
        yield name, rule.weight.fail.label, rule.weight.warn.label, prose(rule.why), source
