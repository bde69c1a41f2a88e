"""A hello that also offers a version of the future is refused.

A server has to choose the newest version that both know and pass over the others. One that refuses will be
cut off from senders when the next version of TLS comes, as it happened with TLS 1.3.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, warn
from waxseal.checks.tls import _samples
from waxseal.checks.tls._tolerance import tolerates
from waxseal.facts import TlsTolerance


@check(
    title="Unknown versions are not passed over",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=(
        "RFC 8446 §9.3",
        "RFC 5746 §3.6",
    ),
    remedy=Remedy(
        general="Upgrade the TLS library, or the device before the server that ends or inspects TLS."
    ),
    rows=("C10",),
)
def judge(tolerance: TlsTolerance) -> Judgement:
    """Judge the answer to a hello that offers an unknown version."""
    return tolerates(tolerance, "unknown-version", "a hello with an unknown version", warn)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    done, alert, silent = _samples.DONE, _samples.ALERT, _samples.SILENT
    yield Example("taken", Verdict.PASS, (_samples.tolerance(all=done),))
    refused = _samples.tolerance(all=alert, unknown_version=alert, grease=done)
    yield Example("refused", Verdict.WARN, (refused,))
    apart = _samples.tolerance(all=alert, unknown_version=done, grease=alert)
    yield Example("taken apart", Verdict.PASS, (apart,))
    yield Example(
        "all fail",
        Verdict.INCONCLUSIVE,
        (_samples.tolerance(all=silent, unknown_version=silent, grease=silent),),
    )
    yield Example("not asked apart", Verdict.INCONCLUSIVE, (_samples.tolerance(all=alert),))
