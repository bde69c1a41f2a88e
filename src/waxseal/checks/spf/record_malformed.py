"""An SPF record breaks the grammar, so the whole of it is void.

One misspelled term is enough: receivers report a permanent error and treat the domain as if it had no
usable policy; some refuse its mail. The usual slips are ``ip4`` without its colon, an address that is
incomplete, a comma or semicolon between terms, two redirects, or a name that is no full domain name. It is
said of the domain's own record, of every record that it includes, and of a TXT record that is clearly meant
as SPF but does not begin with ``v=spf1`` and a space.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    passed,
    unreached,
)
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, bounded, shown
from waxseal.checks.spf._policy import SpfPolicy, lines
from waxseal.checks.spf._samples import SILENT, SOUND, policy, txt
from waxseal.wire.smtp_reply import decode_text
from waxseal.wire.spf import Fault


@check(
    title="An SPF record breaks the grammar",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 7208 §4.6", "RFC 7208 §12", "RFC 7208 §4.5"),
    remedy=Remedy(
        general="Mend the term that is named, or take it out; terms are parted by single spaces. Where the "
        "record is another organization's, tell them, and take the include out until it is mended.",
        dns='example.org. TXT "v=spf1 ip4:192.0.2.0/24 include:spf.example.net -all"',
    ),
    rows=("A15", "P2"),
)
def judge(policy: SpfPolicy) -> Judgement:
    """Judge the form of each record of the policy."""
    if policy.first.status not in ANSWERED:
        return unreached(
            f"the TXT look-up ended {policy.first.status.value}; see {policy.speaker()}",
            shown(policy.first),
            advice=TRY_AGAIN,
        )
    if policy.alike:
        found = (bounded(decode_text(text)) for text in policy.alike)
        return fail("A TXT record is meant as SPF, but does not begin with v=spf1 and a space", *found)
    reading = policy.read()
    broken = reading.found(Fault.SYNTAX)
    if broken:
        return fail(
            "An SPF record breaks the grammar: receivers take the whole policy for void", *lines(broken)
        )
    return policy.unless_seen(reading) or passed("every record of the policy keeps to the grammar")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("sound", Verdict.PASS, (SOUND,))
    yield Example("no record", Verdict.PASS, (policy(),))
    yield Example("half an address", Verdict.FAIL, (policy("v=spf1 ip4:192.0.2 -all"),))
    yield Example("no space", Verdict.FAIL, (policy("v=spf1;mx -all"),))
    included = policy(
        "v=spf1 include:spf.example.net -all", more=(txt("spf.example.net", "v=spf1 mxx -all"),)
    )
    yield Example("an included record", Verdict.FAIL, (included,))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
