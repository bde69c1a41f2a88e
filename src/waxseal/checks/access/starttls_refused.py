"""The server lists STARTTLS (STLS in POP3) and then refuses the command.

It promises what it does not do: mostly the certificate or key cannot be read, or a proxy before the real
server passes the list on and not the command. Mail programs that demand TLS cannot be used with it; those
set to "TLS if available" send passwords in clear. A refusal whose code says "not now" is
access/starttls-temporary.
"""

from collections.abc import Iterator

from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import said, temporary, unclear, whole
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
    title="STARTTLS is offered and refused",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9051 §11.2", "RFC 8314 §4", "RFC 2595 §4", "RFC 5804 §2.2"),
    remedy=Remedy(
        general="Read the server's log for the TLS error and mend what it names: mostly a certificate or key "
        "file that is missing, unreadable or does not fit. Let the program that lists STARTTLS carry it out.",
        dovecot="the files that ssl_cert and ssl_key (from 2.4 on: ssl_server_cert_file, "
        "ssl_server_key_file) name; look for ssl_cert in doveadm log errors",
    ),
    rows=("K1", "K3"),
)
def judge(answer: AccessStarttls) -> Judgement:
    """Judge the answer to STARTTLS."""
    response = answer.response
    if response.good:
        return passed(f"{answer.command} is offered and given")
    if not whole(response):
        return unclear(response, answer.command)
    if temporary(response):
        return not_applicable(f"{answer.command} is put off, see access/starttls-temporary")
    return fail(f"The server offers {answer.command} and refuses it ({response.status})", said(response))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    refusals = {
        samples.IMAP: (b"a1 NO TLS is not configured\r\n", b"a1 NO [UNAVAILABLE] later\r\n"),
        samples.POP3: (b"-ERR no TLS here\r\n", b"-ERR [SYS/TEMP] later\r\n"),
        samples.SIEVE: (b'NO "no TLS here"\r\n', b'NO (TRYLATER) "later"\r\n'),
    }
    for protocol, (refusal, later) in refusals.items():
        name = protocol.label
        yield Example(f"{name}, given", Verdict.PASS, (samples.starttls(protocol),))
        yield Example(f"{name}, refused", Verdict.FAIL, (samples.starttls(protocol, refusal),))
        yield Example(f"{name}, put off", Verdict.NOT_APPLICABLE, (samples.starttls(protocol, later),))
    yield Example("IMAP, unknown", Verdict.FAIL, (samples.starttls(samples.IMAP, b"a1 BAD what?\r\n"),))
    yield Example("IMAP, hangs up", Verdict.FAIL, (samples.starttls(samples.IMAP, b"* BYE no\r\n"),))
    yield Example("garbage", Verdict.INCONCLUSIVE, (samples.starttls(samples.POP3, b"220 go\r\n"),))
