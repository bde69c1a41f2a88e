"""A hello that asks for small records is refused.

Clients with little memory say how large a record may be that they get. A server either keeps to it or does
not know the extension and passes over it; a refusal cuts off these clients, among them those with GnuTLS,
which always sends it.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, warn
from waxseal.checks.tls import _samples
from waxseal.checks.tls._tolerance import tolerates
from waxseal.facts import TlsTolerance


@check(
    title="A limit of the record size is not taken",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=(
        "RFC 8449 §4",
        "RFC 8446 §9.3",
    ),
    remedy=Remedy(
        general="Upgrade the TLS library, or the device before the server that ends or inspects TLS."
    ),
    rows=("C10",),
)
def judge(tolerance: TlsTolerance) -> Judgement:
    """Judge the answer to a hello with a limit of the record size."""
    return tolerates(tolerance, "record-size-limit", "a hello with record_size_limit", warn)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    done, alert, silent = _samples.DONE, _samples.ALERT, _samples.SILENT
    yield Example("taken", Verdict.PASS, (_samples.tolerance(all=done),))
    refused = _samples.tolerance(all=alert, record_size_limit=alert, grease=done)
    yield Example("refused", Verdict.WARN, (refused,))
    apart = _samples.tolerance(all=alert, record_size_limit=done, grease=alert)
    yield Example("taken apart", Verdict.PASS, (apart,))
    yield Example(
        "all fail",
        Verdict.INCONCLUSIVE,
        (_samples.tolerance(all=silent, record_size_limit=silent, grease=silent),),
    )
    yield Example("not asked apart", Verdict.INCONCLUSIVE, (_samples.tolerance(all=alert),))
