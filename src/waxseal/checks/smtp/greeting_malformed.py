"""What the server says first is no SMTP greeting.

A greeting is a reply with the code 220, or a refusal with 4yz or 5yz. Here something else came: another
service answers on the port (a web or SSH server, a proxy, TLS from the first octet), or the server is
broken. No sender can deliver mail to it. A greeting that a firewall has overwritten with asterisks is
smtp/greeting-masked, and a greeting that was begun and never finished is smtp/greeting-missing or
smtp/greeting-closed.
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
    passed,
    unreached,
)
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import broken, first_line, shown
from waxseal.facts import Greeting
from waxseal.wire.smtp_ehlo import masked_greeting

_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")


@check(
    title="The greeting is not SMTP",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.2", "RFC 5321 §4.3.2"),
    remedy=Remedy(
        general="See which program listens on this port, and put the mail server there; if the port begins "
        "with TLS, name it so in the test.",
        postfix="the line for this port in master.cf; smtpd_tls_wrappermode = yes only on port 465",
        exim="daemon_smtp_ports, tls_on_connect_ports = 465",
    ),
    rows=("B4",),
)
def judge(greeting: Greeting) -> Judgement:
    """Judge whether the first reply is one, and one of those that may open a connection."""
    reply = greeting.reply
    received = f"received: {shown(reply.raw)}"
    if masked_greeting(reply):
        return unreached(
            "something on the path has overwritten the greeting, so the server's own was not seen",
            advice="test from another network; see smtp/greeting-masked",
        )
    if reply.code is None:
        if reply.raw.startswith(_TLS_RECORDS):
            return fail("The server sends TLS records where its greeting is due", received)
        if "not-a-reply" in broken(reply):
            return fail("What the server says first is no SMTP reply", received)
        return inconclusive(
            "the greeting broke off before its code was complete", received, advice="test again later"
        )
    if reply.code == 220 or reply.code // 100 in (4, 5):
        return passed(f"the greeting is an SMTP reply with the code {reply.code}")
    if "codes-mixed" in broken(reply):
        return unreached(
            "the lines of the greeting differ in their code", received, advice="see smtp/reply-codes-mixed"
        )
    return fail(f"The greeting has the code {reply.code}, and only 220 opens a session", first_line(reply))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("220", Verdict.PASS, (samples.greeting(),))
    yield Example("a web server", Verdict.FAIL, (_samples.greeting(b"HTTP/1.1 400 Bad Request\r\n"),))
    yield Example("a TLS alert", Verdict.FAIL, (_samples.greeting(b"\x15\x03\x03\x00\x02\x02\x0a"),))
    yield Example("250", Verdict.FAIL, (_samples.greeting(b"250 mx.example.org\r\n"),))
    yield Example("broke off", Verdict.INCONCLUSIVE, (_samples.greeting(b"22"),))
    yield Example("masked", Verdict.INCONCLUSIVE, (_samples.greeting(b"220********************0*2****\r\n"),))
    mixed = _samples.greeting(b"220-mx.example.org\r\n250 ESMTP\r\n")
    yield Example("codes differ", Verdict.INCONCLUSIVE, (mixed,))
