"""A hello with an extension that nobody has registered is refused.

Every new feature of TLS comes as an extension, and a server has to pass over those that it does not know.
One that refuses cuts off each sender that is newer than itself.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, warn
from waxseal.checks.tls import _samples
from waxseal.checks.tls._tolerance import tolerates
from waxseal.facts import TlsTolerance


@check(
    title="Unknown extensions are not passed over",
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
    """Judge the answer to a hello with an unknown extension."""
    return tolerates(tolerance, "unknown-extension", "a hello with an unknown extension", warn)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    done, alert, silent = _samples.DONE, _samples.ALERT, _samples.SILENT
    yield Example("taken", Verdict.PASS, (_samples.tolerance(all=done),))
    refused = _samples.tolerance(all=alert, unknown_extension=alert, grease=done)
    yield Example("refused", Verdict.WARN, (refused,))
    apart = _samples.tolerance(all=alert, unknown_extension=done, grease=alert)
    yield Example("taken apart", Verdict.PASS, (apart,))
    yield Example(
        "all fail",
        Verdict.INCONCLUSIVE,
        (_samples.tolerance(all=silent, unknown_extension=silent, grease=silent),),
    )
    yield Example("not asked apart", Verdict.INCONCLUSIVE, (_samples.tolerance(all=alert),))
