"""The server greets with a refusal (a code that begins with 5) instead of 220.

With a plain 521 the host says that it never takes mail from anybody: as a mail host of a domain it loses
all its mail. Any other refusal, mostly 554, is usually meant for the caller: its address is on a block
list, has no reverse name, or belongs to a network that is not wanted. Then nothing was learned about TLS,
and this says so. A 521 with an enhanced code counts as one of those, as Postfix's postscreen drops
unwanted callers with "521 5.7.1". A refusal for now (code 4yz) is smtp/greeting-temporary.
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
    fail,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import first_line, no_smtp
from waxseal.facts import Greeting


@check(
    title="The server refuses at the greeting",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 7504 §3", "RFC 5321 §3.1", "RFC 5321 §4.3.2"),
    remedy=Remedy(
        general="If the host is to take mail, remove the rule that answers the connection with a refusal; "
        "if not, take it out of the MX records.",
        postfix="smtpd_client_restrictions, postscreen_access_list, postscreen_dnsbl_sites",
        exim="the deny and drop statements of acl_smtp_connect",
        dns='a domain that takes no mail says so with the null MX: "MX 0 ."',
    ),
    rows=("B4", "P10"),
)
def judge(greeting: Greeting) -> Judgement:
    """Judge the code of the greeting."""
    code = greeting.reply.code
    if code is None:
        return no_smtp()
    if code == 521 and greeting.reply.enhanced is None:
        return fail("The host says that it never takes mail (521)", first_line(greeting.reply))
    if code // 100 == 5:
        return inconclusive(
            f"the server refuses this client at the greeting ({code}), so nothing more could be seen",
            first_line(greeting.reply),
            advice="test from an address that the server accepts: with a reverse name, on no block list",
        )
    if code // 100 == 4:
        return not_applicable("the server puts this client off for now, see smtp/greeting-temporary")
    return passed("the server does not refuse at the greeting")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("welcome", Verdict.PASS, (samples.greeting(),))
    blocked = samples.greeting("5.7.1 Service unavailable; client host blocked", code=554, host_name="")
    yield Example("blocked", Verdict.INCONCLUSIVE, (blocked,))
    never = samples.greeting("mx.example.org does not accept mail", code=521, host_name="")
    yield Example("never takes mail", Verdict.FAIL, (never,))
    dropped = samples.greeting(host_name="", reply=_samples.parsed(b"521 5.7.1 client blocked\r\n"))
    yield Example("dropped by postscreen", Verdict.INCONCLUSIVE, (dropped,))
    busy = samples.greeting("mx.example.org too busy", code=421)
    yield Example("later, please", Verdict.NOT_APPLICABLE, (busy,))
