"""The server greets with "not now" (a code that begins with 4) instead of 220.

It is overloaded, has reached its limit of connections (in all, or from this address), is shutting down,
or puts unknown callers off the first time (greylisting). Senders come back later, so mail is late and not
lost. As the reason may lie with the caller, nothing was learned about TLS: this is not the same as "no
STARTTLS".
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.smtp._replies import first_line, no_smtp
from waxseal.facts import Greeting

_MEANING = {
    421: "it is closing, overloaded, or has its limit of connections",
    450: "a policy such as greylisting or a rate limit",
    451: "an error on its side, or greylisting",
    452: "it is short of storage or of other resources",
}


@check(
    title="The server puts the client off at the greeting",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2.1", "RFC 5321 §3.8"),
    remedy=Remedy(
        general="If this was not meant, raise the limits of connections and processes, or exempt the tester "
        "from greylisting and rate limits.",
        postfix="smtpd_client_connection_count_limit, postscreen_client_connection_count_limit",
        exim="smtp_accept_max, smtp_accept_max_per_host, smtp_load_reserve, and defer in acl_smtp_connect",
        exchange="Set-ReceiveConnector -MaxInboundConnectionPerSource",
    ),
    rows=("B4", "P10"),
)
def judge(greeting: Greeting) -> Judgement:
    """Judge the code of the greeting."""
    code = greeting.reply.code
    if code is None:
        return no_smtp()
    if code // 100 == 4:
        meaning = _MEANING.get(code, "no common reason is tied to this code")
        return inconclusive(
            f"the server puts this client off at the greeting ({code}: {meaning}); nothing more was seen",
            first_line(greeting.reply),
            advice="test again in a few minutes, and from an address that the server knows",
        )
    if code // 100 == 5:
        return not_applicable("the server refuses this client for good, see smtp/greeting-refused")
    return passed("the server does not put clients off at the greeting")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("welcome", Verdict.PASS, (samples.greeting(),))
    for code, text in ((421, "mx.example.org too many connections"), (450, "4.7.1 try again in 5 minutes")):
        yield Example(f"{code}", Verdict.INCONCLUSIVE, (samples.greeting(text, code=code),))
    refusal = samples.greeting("no SMTP service here", code=554, host_name="")
    yield Example("refused for good", Verdict.NOT_APPLICABLE, (refusal,))
