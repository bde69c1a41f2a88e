"""A name has a label that begins with ``xn--`` but is no valid internationalized label.

Such labels stand for letters beyond US-ASCII. One that cannot be decoded, or that decodes to letters which
are not allowed in names, was typed or converted wrongly. DNS may serve it all the same, but mail software
that checks names turns it down, and certificates and policies for it are refused or never match. The host's
name is judged, and with the domain's first mail host also the domain itself.
"""

from collections.abc import Iterator
from functools import cached_property

from waxseal.checks import samples
from waxseal.checks.api import (
    Bundle,
    Everywhere,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    fail,
    not_applicable,
    passed,
)
from waxseal.checks.dns._hosts import resolved
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.dns._samples import mx_target
from waxseal.facts import HostAddresses, MxTarget
from waxseal.wire.idna import a_label_problem


class _Hosts(Bundle, frozen=True, dict=True):
    """Every host to test of the run."""

    targets: Everywhere[MxTarget]

    @cached_property
    def first(self) -> dict[str | None, str | None]:
        """The first host of each domain."""
        return {where.domain: where.host for where, _ in reversed(self.targets)}


@check(
    title="An internationalized name is not valid",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 5890 §2.3.2.1", "RFC 5891 §5.4"),
    remedy=Remedy(
        general="Convert the name again with software that follows IDNA 2008, and publish what comes out.",
        dns="for example: idn2 bücher.example gives xn--bcher-kva.example",
    ),
    rows=("A13",),
)
def judge(addresses: HostAddresses, subject: Subject, hosts: _Hosts) -> Judgement:
    """Judge every ``xn--`` label of the host's name and, once, of the domain's."""
    names = [subject.host or ""]
    first = hosts.first.get(subject.domain, subject.host)
    if subject.domain is not None and subject.host == first:
        names.append(subject.domain)
    faults = [(name, problem) for name in dict.fromkeys(names) if (problem := a_label_problem(name))]
    if faults:
        return fail(
            f"The name has a label that is no valid internationalized label: {bounded(faults[0][1])}",
            resolved(subject.host or "", addresses),
            *(f"the domain: {bounded(name)}" for name, _ in faults if name != subject.host),
        )
    if not any(label.startswith("xn--") for name in names for label in name.split(".")):
        return not_applicable("the name has no internationalized label")
    return passed("every internationalized label of the name is valid", *map(bounded, names))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    plain, good, bad = "mx.example.org", "mx.xn--bcher-kva.example", "mx.xn--0.example"
    for name, domain, host, verdict in (
        ("valid", "example.org", good, Verdict.PASS),
        ("the host", "example.org", bad, Verdict.FAIL),
        ("the domain", "xn--0.example", plain, Verdict.FAIL),
        ("named directly", None, bad, Verdict.FAIL),
        ("plain names", "example.org", plain, Verdict.NOT_APPLICABLE),
    ):
        found = samples.host_addresses("192.0.2.25", host=host)
        facts = (mx_target(host), found) if domain else (found,)
        yield Example(name, verdict, tuple(at(fact, domain=domain, host=host) for fact in facts))
