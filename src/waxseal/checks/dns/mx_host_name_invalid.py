"""The name of a mail host is no valid host name.

Host names are made of letters, digits and hyphens, and are fully qualified; an underscore, a label that is too
long or a bare ``mail`` without a domain is none. Some senders look the name up all the same, stricter ones turn
it down, and no certificate authority will put it into a certificate. What is wrong with internationalized labels
is told by dns/idn-invalid.
"""

from collections.abc import Iterator

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
from waxseal.checks.dns._hosts import told_elsewhere
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.dns._samples import mx_target
from waxseal.facts import MxTarget
from waxseal.wire.idna import hostname_problem


@check(
    title="A mail server's name is no host name",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 5321 §2.3.5", "RFC 5321 §4.1.2", "RFC 1123 §2.1"),
    remedy=Remedy(
        general="Rename the host: letters, digits and hyphens, with its whole domain; then let the MX record and "
        "the certificate bear the new name.",
        dns="example.org. MX 10 mail-1.example.org. (mind the dot at the end)",
    ),
    rows=("A6",),
)
def judge(subject: Subject, target: MxTarget | None) -> Judgement:
    """Judge the form of the host's name."""
    if elsewhere := told_elsewhere(target):
        return elsewhere
    name = subject.host or ""
    problem = hostname_problem(name)
    if problem is not None:
        return fail(f"The name is no valid host name: {bounded(problem)}", bounded(name))
    return passed("the name is a valid host name", bounded(name))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("valid", Verdict.PASS, (mx_target(),))
    yield Example(
        "underscore", Verdict.FAIL, (at(mx_target("mail_1.example.org"), host="mail_1.example.org"),)
    )
    yield Example("one label", Verdict.FAIL, (at(mx_target("mail"), host="mail"),))
    yield Example("localhost", Verdict.NOT_APPLICABLE, (at(mx_target("localhost"), host="localhost"),))
    yield Example(
        "address", Verdict.NOT_APPLICABLE, (at(mx_target("192.0.2.1", "192.0.2.1"), host="192.0.2.1"),)
    )
