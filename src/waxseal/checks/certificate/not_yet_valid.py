"""The certificate, or one that its path needs, begins only in the future.

Clients that verify refuse it until then, just as an expired one. Either it was installed too early, or
the clock of whoever made it was wrong; where the start lies only minutes ahead, the clock of the machine
that runs waxseal may be the one that is wrong. On port 25 this is a warning, on submission a failure.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    at,
    check,
    passed,
)
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._shown import ShownChain, unread
from waxseal.trust.chain import ProblemCode


@check(
    title="A certificate is not valid yet",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 5280 §6.1.3", "RFC 5280 §4.1.2.5", "RFC 8314 §4.4"),
    remedy=Remedy(
        general="Go back to the former certificate until the new one begins, and see that clocks are right "
        "(NTP).",
    ),
    rows=("D4",),
)
def judge(shown: ShownChain) -> Judgement:
    """Judge the start dates at the time of the run."""
    found = shown.problems(ProblemCode.NOT_YET_VALID)
    if found:
        now = f"judged at {shown.chain.shown_at:%Y-%m-%d %H:%M} UTC"
        return shown.broken(f"{shown.place(found[0].depth)} is not valid yet", *shown.lines(found), now)
    if shown.chain.leaf.not_before is None or any(c.not_before is None for _, c in shown.sent_on_path()):
        return unread("the start date")
    return passed(
        "Every certificate has begun", f"valid from {shown.chain.leaf.not_before:%Y-%m-%d %H:%M} UTC"
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("begins in two days", Verdict.WARN, (samples.endpoint(), *sample("future")))
    yield Example(
        "on submission", Verdict.FAIL, (at(samples.endpoint(), port=587), *sample("future", port=587))
    )
    yield Example("in date", Verdict.PASS, (samples.endpoint(), *sample("good")))
    yield Example("no readable date", Verdict.INCONCLUSIVE, (samples.endpoint(), *sample("unreadable")))
