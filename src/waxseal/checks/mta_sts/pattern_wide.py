"""A pattern of the policy is a wildcard directly below a top-level domain, such as *.com.

Anybody with a domain there can get a certificate that the policy accepts, so it protects from nobody. That is
all that is said here: no list of the suffixes under which strangers register names (co.uk and thousands more)
is part of waxseal, and a wildcard below one of those is not found out. Nor can it be seen whether all hosts
below a domain of one's own are trustworthy, which a wildcard there rests on.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, patterns_line
from waxseal.wire.mta_sts import Mode


@check(
    title="A pattern of the MTA-STS policy allows nearly everybody",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §10.4",),
    remedy=Remedy(general="Name the mail hosts one by one, or use a wildcard below a domain of your own."),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge what stands behind each wildcard."""
    if (obstacle := published.unserved) is not None:
        return obstacle.judgement()
    policy = published.served
    if policy is None or policy.mode is Mode.NONE:
        return not_applicable("the policy says none; see mta-sts/mode-none")
    wide = [pattern for pattern in policy.mx if pattern.startswith("*.") and pattern.count(".") == 1]
    if wide:
        return warn("A pattern allows every host directly below a top-level domain", bounded(", ".join(wide)))
    return passed("No wildcard stands directly below a top-level domain", patterns_line(policy))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("a name", Verdict.PASS, (record, _samples.fetch()))
    yield Example("one's own domain", Verdict.PASS, (record, _samples.fetch(_samples.body("*.example.org"))))
    yield Example("all of org", Verdict.WARN, (record, _samples.fetch(_samples.body("*.org"))))
    none = _samples.fetch(_samples.body("*.org", mode="none"))
    yield Example("mode none", Verdict.NOT_APPLICABLE, (record, none))
