"""Something on the path has overwritten the greeting with asterisks.

Cisco PIX and ASA firewalls that inspect SMTP replace the text of the greeting by asterisks, to hide the
software. The same inspection also overwrites EHLO keywords that it does not know, in many versions
STARTTLS among them, and then mail travels in clear (see smtp/starttls-masked). Where it eats the space
behind 220 too, senders take the greeting for garbage. The firewall may stand before the server or before
the tester.
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
    passed,
    warn,
)
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import first_line, shown
from waxseal.facts import Greeting
from waxseal.wire.smtp_ehlo import MASKED_BY, masked_greeting


@check(
    title="The greeting is masked by a firewall",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2", "RFC 5321 §4.3.1", "RFC 5321 §2.3.5"),
    remedy=Remedy(
        general="Switch SMTP inspection off on the firewall: 'no inspect esmtp' in the policy map of a "
        "Cisco ASA, 'no fixup protocol smtp' on a PIX.",
    ),
    rows=("B7",),
)
def judge(greeting: Greeting) -> Judgement:
    """Judge whether the greeting's text is a mask."""
    reply = greeting.reply
    if not masked_greeting(reply):
        return passed("the greeting's text is not masked")
    by = f"known to do so: {MASKED_BY}"
    if reply.code is None:
        return fail(
            "Something on the path overwrites the greeting so that it is no SMTP reply any more",
            f"received: {shown(reply.raw)}",
            by,
        )
    return warn("Something on the path overwrites the greeting with asterisks", first_line(reply), by)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("plain", Verdict.PASS, (samples.greeting(),))
    yield Example("masked", Verdict.WARN, (samples.greeting("*******************0*2******0***"),))
    yield Example("masked whole", Verdict.FAIL, (_samples.greeting(b"220*********************0*2***\r\n"),))
    yield Example("decoration", Verdict.PASS, (samples.greeting("mx.example.org *** no spam ***"),))
