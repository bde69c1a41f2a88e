"""A hello with reserved values in it (GREASE) is refused.

Some clients put values into their hello that mean nothing, so that servers stay used to unknown ones. A
server has to pass over what it does not know. One that refuses will refuse every future sender too, as soon
as that offers something new.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, warn
from waxseal.checks.tls import _samples
from waxseal.checks.tls._tolerance import tolerates
from waxseal.facts import TlsTolerance


@check(
    title="Reserved values in a hello are not passed over",
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
    """Judge the answer to a hello with reserved values."""
    return tolerates(tolerance, "grease", "a hello with reserved values (GREASE)", warn)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    done, alert, silent = _samples.DONE, _samples.ALERT, _samples.SILENT
    yield Example("taken", Verdict.PASS, (_samples.tolerance(all=done),))
    refused = _samples.tolerance(all=alert, grease=alert, large=done)
    yield Example("refused", Verdict.WARN, (refused,))
    apart = _samples.tolerance(all=alert, grease=done, large=alert)
    yield Example("taken apart", Verdict.PASS, (apart,))
    yield Example(
        "all fail", Verdict.INCONCLUSIVE, (_samples.tolerance(all=silent, grease=silent, large=silent),)
    )
    yield Example("not asked apart", Verdict.INCONCLUSIVE, (_samples.tolerance(all=alert),))
