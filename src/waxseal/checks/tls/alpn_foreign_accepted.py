"""The server takes a hello that asks for another protocol, though it knows the names of protocols (ALPN).

A browser whose connection is led to a mail server asks for the web's protocols. A server that knows ALPN has
to refuse a hello none of whose names it speaks, and must never confirm one that it does not speak: that is
what keeps messages of one protocol from being read as another's (ALPACA). A server that knows nothing of ALPN
passes over the names, as many mail servers do, and no rule forbids it; how far such a client gets is told by
tls/cross-protocol.
"""

from collections.abc import Iterator

from msgspec import structs

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
    warn,
)
from waxseal.checks.tls import _samples, _web
from waxseal.checks.tls._web import not_heard, speaks_web
from waxseal.facts import CrossProtocol, TlsTolerance


@check(
    title="Another protocol's ALPN name is accepted",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 7301 §3.2", "RFC 9325 §3.8"),
    remedy=Remedy(
        general="Let the TLS server refuse hellos whose ALPN names it does not speak, with the alert "
        "no_application_protocol.",
        exim="tls_alpn = smtp : esmtp (4.96 and later, the default)",
    ),
    rows=("F14",),
)
def judge(seen: CrossProtocol, tolerance: TlsTolerance | None) -> Judgement:
    """Judge the answer to a hello with the web's names only."""
    if (aside := not_heard(seen)) is not None:
        return aside
    offered = f"offered: {', '.join(seen.offered)}"
    if not seen.completed:
        return passed("A hello with another protocol's names is refused", f"alert {seen.alert}", offered)
    if speaks_web(seen):
        return passed("The port serves the web too, and says so", offered)
    if seen.selected:
        return fail(f"The server confirms {seen.selected}, which is not what it speaks", offered)
    if tolerance is None:
        return unreached(
            "no name was confirmed; whether the server knows ALPN at all was not seen",
            offered,
            advice="test with --depth standard",
        )
    if tolerance.protocol:
        return warn(
            f"The server knows ALPN (it confirms {tolerance.protocol}), yet takes a hello without that name",
            offered,
        )
    return passed("The server confirms no ALPN name, its own protocol's included", offered)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    ignorant = _samples.tolerance(all=_samples.DONE)
    yield Example("refused", Verdict.PASS, (_web.sample_refusal(),))
    yield Example("passed over", Verdict.PASS, (_web.sample(), ignorant))
    yield Example("web server too", Verdict.PASS, (_web.sample("HTTP/1.1 200 OK", selected="http/1.1"),))
    yield Example("confirmed", Verdict.FAIL, (_web.sample(selected="http/1.1"), ignorant))
    knowing = structs.replace(ignorant, protocol="smtp")
    yield Example("knows better", Verdict.WARN, (_web.sample(), knowing))
    yield Example("not known", Verdict.INCONCLUSIVE, (_web.sample(),))
    yield Example("another alert", Verdict.INCONCLUSIVE, (_web.sample_refusal(40), ignorant))
