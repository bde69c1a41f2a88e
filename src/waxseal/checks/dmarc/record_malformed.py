"""The DMARC record breaks the grammar, and receivers read it otherwise than it is meant.

A record that does not begin with ``v=DMARC1`` and a semicolon is ignored as a whole. A policy that is
misspelled turns the record into ``p=none``, or into nothing where there is no address for reports. Other
slips cost only the tag that they are in: a report address without ``mailto:``, a value that does not exist.
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
    warn,
)
from waxseal.checks.dmarc._policy import MAX_LINES, DmarcPolicy, place
from waxseal.checks.dmarc._samples import SILENT, SOUND, walk
from waxseal.checks.dns._lookup import bounded
from waxseal.wire.smtp_reply import decode_text


@check(
    title="The DMARC record breaks the grammar",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 9989 §4.8", "RFC 9989 §4.10.1", "RFC 9989 §4.7"),
    remedy=Remedy(
        general="Begin the record with v=DMARC1; and part its tags by semicolons; p, sp and np are none, "
        "quarantine or reject; report addresses begin with mailto: and are parted by commas.",
        dns='_dmarc.example.org. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: DmarcPolicy) -> Judgement:
    """Judge the form of the record that applies, or is meant to."""
    reading = policy.read()
    if unseen := policy.unless_seen(reading):
        return unseen
    record = reading.record
    if record is None:
        alike = [(step.domain, text) for step in reading.steps for text in step.alike]
        if alike and all(step.candidates < 2 for step in reading.steps):
            found = (bounded(f"_dmarc.{domain}: {decode_text(text)}") for domain, text in alike)
            return fail("A record is meant as DMARC, but does not begin with v=DMARC1;", *found)
        return policy.without_record(reading) or passed("there is no record")
    if reading.of_registry:
        return not_applicable("only the record of a public suffix applies; see dmarc/record-missing")
    evidence = [place(reading, problem.detail) for problem in record.problems][:MAX_LINES]
    if "p" in record.broken and not any(problem.rule == "policy" for problem in record.problems):
        evidence.append(place(reading, "there is no tag p"))
    if not record.usable:
        return fail("The DMARC record has no policy that is known: receivers do nothing with it", *evidence)
    if any(problem.rule == "policy" for problem in record.problems):
        return fail(
            "A policy in the DMARC record is misspelled: receivers take p=none in its place", *evidence
        )
    if any(problem.rule == "tag-twice" for problem in record.problems):
        return fail("A tag comes twice in the DMARC record, which makes the whole of it invalid", *evidence)
    if evidence:
        return warn("The DMARC record breaks the grammar in a place that costs a part of it", *evidence)
    return passed("the DMARC record keeps to the grammar", place(reading, "the record found"))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("sound", Verdict.PASS, (SOUND,))
    yield Example("an unknown tag", Verdict.PASS, (walk("v=DMARC1; p=none; x=y"),))
    yield Example("no semicolon", Verdict.FAIL, (walk("v=DMARC1 p=none"),))
    yield Example("misspelled", Verdict.FAIL, (walk("v=DMARC1; p=rejected"),))
    yield Example(
        "sp misspelled", Verdict.FAIL, (walk("v=DMARC1; p=reject; sp=no; rua=mailto:d@example.org"),)
    )
    yield Example("p twice", Verdict.FAIL, (walk("v=DMARC1; p=reject; p=none"),))
    yield Example("no p, but reports", Verdict.WARN, (walk("v=DMARC1; rua=mailto:d@example.org"),))
    yield Example("no mailto", Verdict.WARN, (walk("v=DMARC1; p=none; rua=d@example.org"),))
    yield Example("none", Verdict.NOT_APPLICABLE, (walk(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
