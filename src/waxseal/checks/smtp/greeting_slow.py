"""The greeting begins only after more than five seconds.

The server was slow to say its first word: it looks up the caller's name or block lists with a resolver
that does not answer, asks an ident service, has no free process, or holds callers back on purpose. Mail
still comes through, as senders may wait five minutes, but every connection costs that long, and impatient
senders give up. A greeting that begins at once and is finished late is smtp/pregreet-wait; one that never
comes is smtp/greeting-missing.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, passed, warn
from waxseal.facts import Greeting

SLOW_S = 5.0


@check(
    title="The greeting is slow",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 5321 §3.1", "RFC 5321 §4.5.3.2.1"),
    remedy=Remedy(
        general="Give the mail server a resolver that answers fast, drop block lists that no longer exist, "
        "and allow enough processes.",
        postfix="smtpd_client_restrictions (block lists), smtpd_peername_lookup, default_process_limit",
        exim="rfc1413_query_timeout = 0s, host_lookup, and any delay or dnslists in acl_smtp_connect",
        sendmail="define(`confTO_IDENT', `0s'), FEATURE(`greet_pause')",
    ),
    rows=("B2", "B4"),
)
def judge(greeting: Greeting) -> Judgement:
    """Judge the time to the first octet."""
    waited = greeting.first_octet_s
    if waited > SLOW_S:
        return warn(
            f"The greeting began only after {waited:.1f} s",
            f"first octet after {waited:.2f} s, limit {SLOW_S:.0f} s",
        )
    return passed(f"the greeting began after {waited:.2g} s")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("at once", Verdict.PASS, (samples.greeting(),))
    yield Example("after 12 s", Verdict.WARN, (samples.greeting(first_octet_s=12.0, elapsed_s=12.1),))
    yield Example("after 5 s", Verdict.PASS, (samples.greeting(first_octet_s=5.0, elapsed_s=5.0),))
