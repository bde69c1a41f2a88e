"""The server lists STARTTLS (STLS in POP3) and then says "not now".

The code of its refusal ([UNAVAILABLE], [SYS/TEMP], TRYLATER) says that it may go better later. Mostly its TLS
is broken inside, and "later" lasts until somebody mends it. Meanwhile mail programs that demand TLS fail,
and those set to "TLS if available" send passwords in clear. Test again: if the answer stays the same, it is
not temporary.
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
    title="STARTTLS is offered and not given for now",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 8314 §4", "RFC 9051 §7.1", "RFC 3206 §4", "RFC 5804 §1.3"),
    remedy=Remedy(
        general="Read the server's log for the TLS error, and mend what it names: mostly a key or "
        "certificate file that is missing, unreadable or does not fit, or a process that is down. Then test "
        "again.",
        dovecot="look for 'ssl' among the errors of doveadm log errors",
    ),
    rows=("K1", "K3"),
)
def judge(answer: AccessStarttls) -> Judgement:
    """Judge the code of the answer to STARTTLS."""
    response = answer.response
    if response.good:
        return passed(f"{answer.command} is offered and given")
    if not whole(response):
        return unclear(response, answer.command)
    if not temporary(response):
        return not_applicable(f"{answer.command} is refused for good, see access/starttls-refused")
    return fail(
        f"The server offers {answer.command}, and answers it with {response.code[:60]}: not for now",
        said(response),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    answers = {
        samples.IMAP: (b"a1 NO [UNAVAILABLE] later\r\n", b"a1 NO no TLS here\r\n"),
        samples.POP3: (b"-ERR [SYS/TEMP] later\r\n", b"-ERR [SYS/PERM] no TLS here\r\n"),
        samples.SIEVE: (b'NO (TRYLATER) "later"\r\n', b'NO "no TLS here"\r\n'),
    }
    for protocol, (later, refusal) in answers.items():
        name = protocol.label
        yield Example(f"{name}, given", Verdict.PASS, (samples.starttls(protocol),))
        yield Example(f"{name}, put off", Verdict.FAIL, (samples.starttls(protocol, later),))
        yield Example(f"{name}, refused", Verdict.NOT_APPLICABLE, (samples.starttls(protocol, refusal),))
    yield Example("garbage", Verdict.INCONCLUSIVE, (samples.starttls(samples.POP3, b"220 go\r\n"),))
