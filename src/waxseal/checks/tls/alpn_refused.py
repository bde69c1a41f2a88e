"""A hello that names the application protocol (ALPN) is refused.

Some senders say in their hello that mail is what they want. A server that knows the name confirms it, one
that does not know of such names passes over them. A server may refuse names that are not on its list, which
keeps attackers from passing a connection to another service; but then its list has to hold what senders say.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, warn
from waxseal.checks.tls import _samples
from waxseal.checks.tls._tolerance import tolerates
from waxseal.facts import TlsTolerance


@check(
    title="A hello with ALPN is refused",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=(
        "RFC 7301 §3.2",
        "RFC 9325 §3.8",
    ),
    remedy=Remedy(
        general="Put the protocol's name (smtp, imap, pop3) on the server's ALPN list, or switch ALPN off."
    ),
    rows=("C10",),
)
def judge(tolerance: TlsTolerance) -> Judgement:
    """Judge the answer to a hello with an ALPN name."""
    return tolerates(tolerance, "alpn", "a hello with ALPN", warn)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    done, alert, silent = _samples.DONE, _samples.ALERT, _samples.SILENT
    yield Example("taken", Verdict.PASS, (_samples.tolerance(all=done),))
    refused = _samples.tolerance(all=alert, alpn=alert, grease=done)
    yield Example("refused", Verdict.WARN, (refused,))
    apart = _samples.tolerance(all=alert, alpn=done, grease=alert)
    yield Example("taken apart", Verdict.PASS, (apart,))
    yield Example(
        "all fail", Verdict.INCONCLUSIVE, (_samples.tolerance(all=silent, alpn=silent, grease=silent),)
    )
    yield Example("not asked apart", Verdict.INCONCLUSIVE, (_samples.tolerance(all=alert),))
