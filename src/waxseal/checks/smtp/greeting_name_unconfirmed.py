"""The name in the greeting is neither the name the host was asked by nor a reverse name of its address.

A mail host has most use of one name: the one in the MX record, in the PTR record of its address and in
its greeting. Where the greeting names yet another host, logs are harder to read, and receivers that
compare the names trust the host's own mail less. Nothing breaks: big providers greet with one name on all
their hosts. An address without a PTR record is reported by the checks of DNS and not here.
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
    check,
    inconclusive,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._names import literal_address, name_problem
from waxseal.checks.smtp._replies import cut_off
from waxseal.facts import DnsStatus, Greeting, ReverseNames


@check(
    title="The greeting's name fits neither the host nor its reverse name",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.3.1", "RFC 1912 §2.1"),
    remedy=Remedy(
        general="Let the host name, the PTR record of the address and the greeting agree.",
        postfix="myhostname = mx.example.org",
        exim="primary_hostname = mx.example.org",
        dns="25.2.0.192.in-addr.arpa. PTR mx.example.org.",
    ),
    rows=("A7",),
)
def judge(greeting: Greeting, reverse: ReverseNames, subject: Subject) -> Judgement:
    """Compare the greeting's name with the host's and with the PTR names."""
    name = greeting.host_name.lower()
    if greeting.reply.code != 220 or cut_off(greeting.reply) or name_problem(name) is not None:
        return not_applicable("the greeting gives no host name to compare")
    if name == subject.host:
        return passed("the greeting gives the name of the host")
    if (literal := literal_address(name)) is not None and literal == subject.address:
        return passed("the greeting gives the address of the host")
    names = [target.rstrip(".").lower() for target in reverse.answer.rdata]
    if name in names:
        return passed("the greeting gives a reverse name of the address")
    if reverse.answer.status is not DnsStatus.ANSWERED or not names:
        return inconclusive(
            f"no reverse name to compare with: the PTR look-up ended {reverse.answer.status.value}",
            advice="give the address a PTR record, or mend the look-up",
        )
    return warn(
        "The greeting gives a name that is neither the host's nor a reverse name of its address",
        f"greeting: {name}",
        f"reverse names: {', '.join(names)[:180]}",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    other = samples.greeting("mail.example.net ESMTP")
    yield Example("host's name", Verdict.PASS, (samples.greeting(), _samples.reverse("a.example.net")))
    yield Example("reverse name", Verdict.PASS, (other, _samples.reverse("mail.example.net.")))
    literal = samples.greeting("[192.0.2.25] ESMTP")
    yield Example("address literal", Verdict.PASS, (literal, _samples.reverse("a.example.net")))
    yield Example("a third name", Verdict.WARN, (other, _samples.reverse("a.example.net")))
    none = _samples.reverse(status=DnsStatus.NXDOMAIN)
    yield Example("no reverse name", Verdict.INCONCLUSIVE, (other, none))
    yield Example("no name", Verdict.NOT_APPLICABLE, (samples.greeting("localhost"), none))
