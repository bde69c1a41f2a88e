"""What the policy host serves is no policy that senders could take.

A field is missing that has to be there (version, mode, max_age, and mx unless the mode is none), has a value
that the standard does not know, or a line is no field at all. Keys and values count letter for letter: Mode
and Enforce are not mode and enforce. Senders take no policy then. Faults that can be read over are told by
mta-sts/policy-form.
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
    fail,
    not_applicable,
    passed,
)
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, lines, rejected


@check(
    title="The MTA-STS policy is malformed",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.2",),
    remedy=Remedy(
        general="Write one field to a line: version: STSv1, mode: enforce, mx: and one host name (or *. and "
        "a domain) on each line of its own, max_age: and seconds. 'waxseal records' prints one.",
    ),
    rows=("G7",),
)
def judge(published: PublishedPolicy) -> Judgement:
    """Judge the body that came."""
    if (obstacle := published.undelivered) is not None:
        return obstacle.judgement()
    reading = published.body
    if reading is None or reading.policy is not None:
        return passed("The policy can be read")
    if not published.meant:
        return not_applicable("no record announces a policy")
    return fail("What is served is no policy that senders take", *lines(rejected(reading.problems), "line"))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("good", Verdict.PASS, (record, _samples.fetch()))
    yield Example(
        "out of form, and readable", Verdict.PASS, (record, _samples.fetch(_samples.body() + b"\n"))
    )
    yield Example("a page", Verdict.FAIL, (record, _samples.fetch(b"<html>")))
    yield Example("wrong case", Verdict.FAIL, (record, _samples.fetch(_samples.body(mode="Enforce"))))
    yield Example(
        "no mx", Verdict.FAIL, (record, _samples.fetch(b"version: STSv1\nmode: enforce\nmax_age: 1"))
    )
    yield Example("a port", Verdict.FAIL, (record, _samples.fetch(_samples.body("mx.example.org:25"))))
    yield Example(
        "a page, and no record", Verdict.NOT_APPLICABLE, (_samples.no_record(), _samples.fetch(b"<html>"))
    )
    yield Example("not found", Verdict.NOT_APPLICABLE, (record, _samples.fetch(status=404)))
