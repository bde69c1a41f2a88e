"""Octets in clear follow the go-ahead to STARTTLS (STLS in POP3).

After it the next thing on the wire is the client's TLS hello; the server has nothing to say. Octets that
come there are not protected by TLS: a server or proxy that says more than it was asked, or somebody on the
path who speaks as the server. A careless mail program takes them for answers under TLS, and so can be told
of another server, of mail that is not there, or to log in another way. Sound programs throw them away.
"""

from collections.abc import Iterator

from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import shown
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
from waxseal.facts import AccessStarttls


@check(
    title="Octets in clear follow the answer to STARTTLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9051 §6.2.1", "RFC 2595 §4", "RFC 5804 §2.2"),
    remedy=Remedy(
        general="Bring the server and any proxy before it up to date, and test again from another network: "
        "if the octets are there from one network only, somebody on that path puts them in.",
    ),
    rows=("B7",),
)
def judge(answer: AccessStarttls) -> Judgement:
    """Judge whether anything in clear came behind the go-ahead."""
    if not answer.response.good:
        return not_applicable(f"{answer.command} was not answered with a go-ahead")
    if not answer.extra:
        return passed(f"nothing in clear followed the answer to {answer.command}")
    return fail(
        f"{len(answer.extra)} octets in clear follow the answer to {answer.command}, where TLS must begin",
        f"received: {shown(answer.extra)}",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    for protocol, extra in (
        (samples.IMAP, b"* PREAUTH welcome\r\n"),
        (samples.POP3, b"+OK\r\n"),
        (samples.SIEVE, b'"SASL" "PLAIN"\r\nOK\r\n'),
    ):
        name = protocol.label
        yield Example(f"{name}, nothing", Verdict.PASS, (samples.starttls(protocol),))
        yield Example(f"{name}, responses", Verdict.FAIL, (samples.starttls(protocol, extra=extra),))
    refused = samples.starttls(samples.IMAP, b"a1 NO no\r\n")
    yield Example("refused", Verdict.NOT_APPLICABLE, (refused,))
