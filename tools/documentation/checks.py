"""The page of every check, made of its file; the page of every topic; the index of all."""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby

from tools.documentation import facts
from tools.documentation.citations import Citation, link, links
from tools.documentation.markdown import ORPHAN, block, code, paragraphs, prose, relative, table

from waxseal.checks import samples
from waxseal.checks.api import Check, Example, Level, Scope, Verdict
from waxseal.checks.engine import judge_all, needs_of
from waxseal.checks.registry import all_checks
from waxseal.grading.profile import Profile
from waxseal.report.grouping import SOFTWARE

INDEX = "checks/index.md"
SCOPES = {
    Scope.RUN: "the run",
    Scope.DOMAIN: "each domain",
    Scope.HOST: "each mail host",
    Scope.ADDRESS: "each address",
    Scope.PORT: "each address and port",
    Scope.CERTIFICATE: "each certificate shown",
}
LEVELS = {
    Level.MUST: "the cited text demands it",
    Level.SHOULD: "the cited text recommends it",
    Level.ADVICE: "the cited text describes it; the advice is ours",
}
TOPICS = {
    "access": "IMAP, POP3 and ManageSieve: the conversation",
    "auth": "Logins",
    "certificate": "Certificates",
    "dane": "TLSA records (DANE)",
    "dkim": "DKIM",
    "dmarc": "DMARC",
    "dns": "Names, addresses and MX records",
    "dnsbl": "DNS blocklists",
    "dnssec": "DNSSEC",
    "mta-sts": "MTA-STS",
    "policy": "Policies together",
    "reach": "Reaching a server",
    "smtp": "SMTP and LMTP: the conversation",
    "spf": "SPF",
    "starttls": "Flaws around STARTTLS",
    "tls": "TLS",
    "tls-rpt": "TLS-RPT",
}
"""What the page of each topic is called."""


def path_of(check: str) -> str:
    """Path of a check's page: ``checks/smtp/starttls-missing.md``."""
    return f"checks/{check}.md"


def source_of(check: Check) -> str:
    """Path of a check's file below the root of the repository."""
    return f"src/{check.module.replace('.', '/')}.py"


def pages(profiles: Iterable[Profile]) -> Iterator[tuple[str, str]]:
    """Every page about checks: path and Markdown."""
    profiles = tuple(profiles)
    everything = list(all_checks().values())
    for check in everything:
        yield path_of(check.id), check_page(check, profiles)
    topics = {topic: list(found) for topic, found in groupby(everything, lambda c: c.id.partition("/")[0])}
    for topic, found in topics.items():
        yield f"checks/{topic}/index.md", _topic_page(topic, found)
    yield INDEX, _index(topics)


def check_page(check: Check, profiles: Iterable[Profile]) -> str:
    """All that is to be said of one check."""
    page, topic = path_of(check.id), check.id.partition("/")[0]
    cites = [Citation.parse(cite) for cite in check.cites]
    standards = [f"{link(cite)} ({_who_else(cite, page)})" for cite in cites]
    rows = [
        ("Check", code(check.id)),
        ("Topic", f"[{TOPICS.get(topic, topic)}](index.md)"),
        ("Judged for", SCOPES[check.scope]),
        ("Standard", ", ".join(standards)),
        ("Level", f"{check.level.value}: {LEVELS[check.level]}"),
        ("Made of", ", ".join(_needed(check)) or "nothing but the subject"),
        ("Source", f"{{download}}`{source_of(check)} </source/{source_of(check)}>`"),
    ]
    settings = "".join(
        f"{SOFTWARE.get(name, name)}\n: {prose(text)}\n\n" for name, text in check.remedy.by_software.items()
    )
    return (
        f"{ORPHAN}# {prose(check.title)}\n\n{paragraphs(check.explanation)}\n"
        f"{table(('', ''), rows)}\n"
        f"## How to mend it\n\n{prose(check.remedy.general)}\n\n{settings}"
        f"## How much it weighs\n\n{table(_WEIGHT_HEADS, _weights(check, profiles, page))}\n"
        f"## Examples\n\n{_EXAMPLES}\n\n"
        f"{table(('What was seen', 'Verdict', 'What is said'), _examples(check))}\n"
        f"The same in a terminal:\n\n{block(f'waxseal explain {check.id}', 'sh')}"
    )


_WEIGHT_HEADS = ("Profile", "Fails", "Warns", "Why")
_EXAMPLES = "The smallest facts that lead to each answer, and what waxseal says of them."


def _who_else(cite: Citation, page: str) -> str:
    """A link to a row of a table, where Markdown has no targets."""
    return f'<a href="{relative("standards.html", page)}#{cite.anchor}">who else</a>'


def _needed(check: Check) -> Iterator[str]:
    kinds = {need.kind for need in needs_of(check.judge) if need.kind is not None}
    for kind in sorted(kinds, key=lambda kind: kind.TAG):
        yield f"[{code(kind.TAG)}](#{facts.anchor(kind.TAG)})"


def _weights(check: Check, profiles: Iterable[Profile], page: str) -> Iterator[tuple[str, ...]]:
    """What the check weighs, profiles that agree in one row."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for profile in profiles:
        rule = profile.rules.get(check.id)
        why = "by the level of the cited text"
        if check.id in profile.replaced:
            why = f"the rule {_rule(profile.replaced[check.id])} stands for it"
        elif rule is not None:
            why = f"{prose(rule.why)} ({links(rule.source)})"
        weights = (profile.severity(check, verdict).label for verdict in (Verdict.FAIL, Verdict.WARN))
        name = f"[{profile.id}]({relative(f'profiles/{profile.id}.md', page)})"
        rows.setdefault((*weights, why), []).append(name)
    for row, names in rows.items():
        yield ", ".join(names), *row


def _rule(name: str) -> str:
    return f"[{code(name)}](#{rule_anchor(name)})"


def rule_anchor(name: str) -> str:
    """Anchor of a profile's own rule on the page of the profile that brought it."""
    return "rule-" + re.sub(r"[^a-z0-9]+", "-", name.lower())


def _examples(check: Check) -> Iterator[tuple[str, ...]]:
    examples: list[Example] = list(sys.modules[check.module].examples())
    for example in examples:
        (said,) = {(f.verdict, f.summary) for f in judge_all(samples.fact_set(example), [check])}
        yield prose(example.name), verdict(said[0]), prose(said[1])


def verdict(of: Verdict) -> str:
    """A verdict as Markdown, with its own look in HTML."""
    return f"[{of.value}]{{.verdict .verdict-{of.value}}}"


def _topic_page(topic: str, found: list[Check]) -> str:
    return f"# {TOPICS.get(topic, topic)}\n\n{_about(topic)}{_table(found, f'checks/{topic}/index.md')}"


def _about(topic: str) -> str:
    module = sys.modules[f"waxseal.checks.{topic.replace('-', '_')}"]
    said = inspect.getdoc(module)
    return f"{prose(said)}\n\n" if said else ""


def _table(found: list[Check], page: str) -> str:
    return table(
        ("Check", "What is wrong", "Level", "Standard"),
        (
            (
                f"[{code(check.id)}]({relative(path_of(check.id), page)})",
                prose(check.title),
                check.level.value,
                ", ".join(link(Citation.parse(cite)) for cite in check.cites),
            )
            for check in found
        ),
    )


def _index(topics: dict[str, list[Check]]) -> str:
    parts = [
        "# Checks\n",
        f"{sum(map(len, topics.values()))} checks, by topic. A check is named for what is wrong; where "
        "nothing is, it passes. What a verdict weighs is the [profile](../profiles/index.md)'s word. "
        "The other way round, [standards](../standards.md) leads from a section to its checks.\n",
    ]
    for topic, found in topics.items():
        parts += [f"## [{TOPICS.get(topic, topic)}]({topic}/index.md)\n", _table(found, INDEX)]
    entries = "\n".join(f"{topic}/index" for topic in topics)
    return "\n".join([*parts, f"```{{toctree}}\n:hidden:\n\n{entries}\n```\n"])
