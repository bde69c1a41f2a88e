"""Responses break the grammar of the protocol: line ends, NUL, lines that are no response, lengths.

Most mail programs forgive a lone LF, accented letters or a text without its quotes, and so these are to be
mended only. NUL, a lone CR, a line that is none of the protocol's or a response without an end can make two
programs read two different answers, and are mostly the mark of a script or a proxy that writes answers of its
own. A greeting of another protocol is access/greeting-malformed.
"""

from collections.abc import Iterator

from waxseal.checks.access import _samples as samples
from waxseal.checks.access._responses import counted, heard, not_of_the_protocol, shown
from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed, warn
from waxseal.facts import (
    AccessGreeting,
    AccessLogout,
    AccessStarttls,
    CapabilitiesClear,
    CapabilitiesTls,
    Endpoint,
)

_WORDS = {
    "bare-lf": "a lone LF ends a line",
    "bare-cr": "a lone CR stands in a line",
    "nul": "a NUL stands in a line",
    "eight-bit": "octets above 127 where they are not allowed",
    "literal-plus": "a literal of the form that only clients may send",
    "code-open": "a response code without its closing bracket",
    "status-case": "a status in lower case",
    "line-too-long": "a line of more than 512 octets",
    "quoted-too-long": "a quoted string of more than 1024 octets",
    "text-not-a-string": "a text without its quotes",
    "not-a-response": "a line that is no response",
    "too-many-lines": "a response of very many lines",
    "response-too-long": "a response of more than 64 KiB",
}
_FORGIVEN = frozenset(
    {
        "bare-lf",
        "eight-bit",
        "code-open",
        "status-case",
        "line-too-long",
        "quoted-too-long",
        "text-not-a-string",
    }
)


@check(
    title="Responses break the protocol's grammar",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9051 §9", "RFC 9051 §2.2", "RFC 2449 §3", "RFC 1939 §3", "RFC 5804 §4"),
    remedy=Remedy(
        general="Find the program or script that writes these responses, mostly a proxy or a banner text, "
        "and mend it or bring it up to date.",
        dovecot="login_greeting is one line of US-ASCII",
    ),
    rows=("K1", "K3"),
)
def judge(
    endpoint: Endpoint,
    greeting: AccessGreeting,
    listed: CapabilitiesClear | None,
    starttls: AccessStarttls | None,
    listed_tls: CapabilitiesTls | None,
    farewell: AccessLogout | None,
) -> Judgement:
    """Judge the deviations of every response heard."""
    responses = heard(endpoint.protocol, greeting, listed, starttls, listed_tls, farewell)
    if not responses:
        return not_of_the_protocol()
    found = [
        (what, deviation)
        for what, response in responses
        for deviation in response.deviations
        if deviation.rule in _WORDS
    ]
    if not found:
        return passed(f"the grammar is kept in {counted(responses)}")
    grave = [pair for pair in found if pair[1].rule not in _FORGIVEN]
    answer = fail if grave else warn
    first = (grave or found)[0][1]
    return answer(
        f"The server's responses break the grammar: {_WORDS[first.rule]} ({first.source})",
        *(f"{what}: {_WORDS[deviation.rule]}: {shown(deviation.octets)}"[:200] for what, deviation in found),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    for protocol, octets, verdict in (
        (samples.IMAP, b"* OK ready\n", Verdict.WARN),
        (samples.IMAP, b"* OK re\0dy\r\n", Verdict.FAIL),
        (samples.POP3, b"+ok ready\r\n", Verdict.WARN),
        (samples.POP3, b"+OK re\rdy\r\n", Verdict.FAIL),
        (samples.SIEVE, b'"SASL" ""\r\nOK ready.\r\n', Verdict.WARN),
        (samples.SIEVE, b'"SASL" ""\r\nHello!\r\nOK\r\n', Verdict.FAIL),
    ):
        start, name = samples.endpoint(protocol), f"{protocol.label}, {verdict.value}"
        yield Example(name, verdict, (start, samples.greeting(protocol, octets)))
    for protocol in (samples.IMAP, samples.POP3, samples.SIEVE):
        facts = (samples.greeting(protocol), samples.listed(protocol), samples.logout(protocol))
        yield Example(f"{protocol.label}, sound", Verdict.PASS, (samples.endpoint(protocol), *facts))
    garbage = samples.greeting(samples.IMAP, b"220 mx\r\n")
    yield Example("no IMAP", Verdict.INCONCLUSIVE, (samples.endpoint(), garbage))
