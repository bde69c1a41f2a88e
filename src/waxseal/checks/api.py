"""Everything a check file imports: the decorator, the parameter forms, the verdicts and the examples.

A check is one file. Its path is its id, its module docstring explains the fault to a mail administrator, its
judge's parameter types say which facts it needs::

    @check(title=..., level=Level.MUST, scope=Scope.PORT, cites=("RFC 3207 §4",), remedy=Remedy("..."))
    def judge(ehlo: EhloClear, before: EhloTls | None, chains: Each[CertificateChain]) -> Judgement: ...

* ``X``: the fact at the subject or the nearest one around it. Missing: the engine answers INCONCLUSIVE
  (or NOT-APPLICABLE, by ``checks.absence``), and the judge is not called.
* ``X | None``: the same, but the judge is called with None.
* ``Each[X]``: every ``(subject, fact)`` inside the subject, at least one. ``Each[X] | None``: or none.
* ``Around[X]``: every fact of the type at the subject, or else at the nearest one around it that has any; at
  least one. ``Around[X] | None``: or none.
* ``Everywhere[X]``: every ``(subject, fact)`` of the run, or none: for what one subject proves of another.
* ``DialogueAttempt``: the attempt of the main conversation.
* ``Subject``: the subject itself.
* a `Bundle`: its fields are of these forms, for facts that several checks judge together. One whose fields
  are all `Everywhere` is made once for the run, and is the place for an index: a judge that goes through the
  run for each subject takes hours where there are thousands.
"""

from collections.abc import Callable
from typing import Annotated, NamedTuple, TypeVar

from msgspec import Struct

from waxseal.checks.verdict import (
    Finding,
    Judgement,
    Level,
    Verdict,
    fail,
    inconclusive,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.facts import DIALOGUE, Attempt, Fact, Scope, Subject

__all__ = [
    "Around",
    "At",
    "Bundle",
    "Check",
    "DialogueAttempt",
    "Each",
    "Everywhere",
    "Example",
    "Finding",
    "Judgement",
    "Level",
    "Probe",
    "Remedy",
    "Scope",
    "Subject",
    "Verdict",
    "at",
    "check",
    "fail",
    "inconclusive",
    "not_applicable",
    "passed",
    "unreached",
    "warn",
]

F = TypeVar("F", bound=Fact)

Each = tuple[tuple[Subject, F], ...]
"""Every fact of a type inside the subject, each with its own subject."""


class Nearest(NamedTuple):
    """Marks a parameter that takes all facts of the nearest subject that has any."""


Around = Annotated[tuple[F, ...], Nearest()]
"""Every fact of a type at the nearest subject that has any, in the order recorded."""


class WholeRun(NamedTuple):
    """Marks a parameter that takes its facts from the whole run, wherever the subject is."""


Everywhere = Annotated[tuple[tuple[Subject, F], ...], WholeRun()]
"""Every fact of a type in the run, each with its own subject; empty where there is none."""


class Probe(NamedTuple):
    """Names the probe whose attempt a parameter means."""

    name: str


DialogueAttempt = Annotated[Attempt, Probe(DIALOGUE)]
"""The attempt of the main SMTP conversation of an endpoint."""


class Bundle(Struct, frozen=True):
    """Facts that belong together, filled field by field as a judge's parameters are.

    Subclasses may hold the questions that several checks ask of them.
    """

    def aside(self) -> Judgement | None:
        """The answer of every check where the bundle is not to be judged at all; None where it is."""
        return None


class Remedy(Struct, frozen=True):
    """How to mend it: in general, and the setting for each server software where that helps.

    Attributes:
        general: One or two sentences in the imperative.
        postfix, exim, sendmail, opensmtpd, exchange, dovecot, dns: The setting, as it is written there.
    """

    general: str
    postfix: str = ""
    exim: str = ""
    sendmail: str = ""
    opensmtpd: str = ""
    exchange: str = ""
    dovecot: str = ""
    dns: str = ""

    @property
    def by_software(self) -> dict[str, str]:
        """Only the settings that are given, by software, in a fixed order."""
        names = ("postfix", "exim", "sendmail", "opensmtpd", "exchange", "dovecot", "dns")
        return {name: text for name in names if (text := getattr(self, name))}


class Check(Struct, frozen=True):
    """A registered check.

    Attributes:
        id: Its path below ``checks``, with hyphens: ``smtp/starttls-missing``.
        title: The fault in a few words, as a headline names it.
        level: Level of the cited text.
        scope: The level of subject that it judges.
        cites: Standard and section, most binding first.
        remedy: How to mend it.
        rows: Rows of the feature table that it serves.
        explanation: The module docstring.
        judge: The pure judge.
        module: Import path of its file.
    """

    id: str
    title: str
    level: Level
    scope: Scope
    cites: tuple[str, ...]
    remedy: Remedy
    rows: tuple[str, ...]
    explanation: str
    judge: Callable[..., Judgement]
    module: str


class At(NamedTuple):
    """A fact of an example, placed at a subject other than the usual one."""

    fact: Fact
    overrides: dict[str, str | int | None]


def at(fact: Fact, **overrides: str | int | None) -> At:
    """Place an example's fact elsewhere: ``at(HostAddresses(...), host="mx2.example.org")``."""
    return At(fact, overrides)


class Example(NamedTuple):
    """The smallest facts that lead to an answer.

    Attributes:
        name: What is shown, in a few words.
        verdict: The answer that must come.
        facts: Facts, each at the sample subject of its scope unless placed by `at`.
    """

    name: str
    verdict: Verdict
    facts: tuple[Fact | At, ...]


CHECK_ATTRIBUTE = "__waxseal_check__"


def check(
    *,
    title: str,
    level: Level,
    scope: Scope,
    cites: tuple[str, ...],
    remedy: Remedy,
    rows: tuple[str, ...] = (),
) -> Callable[[Callable[..., Judgement]], Callable[..., Judgement]]:
    """Make a pure function the judge of the check that its file is."""

    def register(judge: Callable[..., Judgement]) -> Callable[..., Judgement]:
        module = judge.__module__
        name = module.removeprefix("waxseal.checks.").replace(".", "/").replace("_", "-")
        explanation = (judge.__globals__.get("__doc__") or "").strip()
        registered = Check(
            id=name,
            title=title,
            level=level,
            scope=scope,
            cites=cites,
            remedy=remedy,
            rows=rows,
            explanation=explanation,
            judge=judge,
            module=module,
        )
        setattr(judge, CHECK_ATTRIBUTE, registered)
        return judge

    return register
