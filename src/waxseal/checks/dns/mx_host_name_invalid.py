"""The name of a mail host is no valid host name.

Host names are made of letters, digits and hyphens, and are fully qualified; an underscore, a label that is
too long or a bare ``mail`` without a domain is none. Some senders look the name up all the same, stricter
ones turn it down, and no certificate authority will put it into a certificate. What is wrong with
internationalized labels is told by dns/idn-invalid. A host that the user named himself may bear any name.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
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
    passed,
)
from waxseal.checks.dns._hosts import resolved, told_elsewhere
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.dns._samples import mx_target, no_addresses
from waxseal.facts import DnsStatus, HostAddresses, MxTarget
from waxseal.wire.idna import hostname_problem


@check(
    title="A mail server's name is no host name",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 5321 §4.1.2", "RFC 5321 §2.3.5", "RFC 1123 §2.1"),
    remedy=Remedy(
        general="Rename the host: letters, digits and hyphens, with its whole domain; then let the MX "
        "record and the certificate bear the new name.",
        dns="example.org. MX 10 mail-1.example.org. (mind the dot at the end)",
    ),
    rows=("A6",),
)
def judge(subject: Subject, addresses: HostAddresses, target: MxTarget) -> Judgement:
    """Judge the form of the host's name."""
    if elsewhere := told_elsewhere(target):
        return elsewhere
    name = subject.host or ""
    problem = hostname_problem(name)
    if problem is not None:
        return fail(f"The name is no valid host name: {bounded(problem)}", resolved(name, addresses))
    return passed("the name is a valid host name", bounded(name))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    for exchange, verdict in (
        ("mx.example.org", Verdict.PASS),
        ("mail_1.example.org", Verdict.FAIL),
        ("mail", Verdict.FAIL),
        ("localhost", Verdict.NOT_APPLICABLE),
    ):
        found = samples.host_addresses("192.0.2.25", host=exchange)
        yield Example(exchange, verdict, (at(mx_target(exchange), host=exchange), at(found, host=exchange)))
    unresolved = no_addresses(DnsStatus.NXDOMAIN, host="mail")
    yield Example(
        "no address", Verdict.FAIL, (at(mx_target("mail"), host="mail"), at(unresolved, host="mail"))
    )
    direct = at(samples.host_addresses("192.0.2.25", host="mail"), domain=None, host="mail")
    yield Example("named directly", Verdict.NOT_APPLICABLE, (direct,))
    literal = HostAddresses(a=None, aaaa=None)
    yield Example(
        "address",
        Verdict.NOT_APPLICABLE,
        (at(mx_target("192.0.2.1", "192.0.2.1"), host="192.0.2.1"), at(literal, host="192.0.2.1")),
    )
