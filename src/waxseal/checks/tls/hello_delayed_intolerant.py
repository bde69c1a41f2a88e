"""A hello whose second part comes a moment later is not answered.

On a slow or lossy path the second packet of a hello comes late. A server, or a device before it, that does
not wait for the rest breaks off, so those senders have trouble that nobody can repeat from nearby. The pause
was two tenths of a second.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, warn
from waxseal.checks.tls import _samples
from waxseal.checks.tls._tolerance import tolerates
from waxseal.facts import TlsTolerance


@check(
    title="A hello with a pause in it is not answered",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=(
        "RFC 8446 §9.3",
        "RFC 5246 §D.4",
    ),
    remedy=Remedy(general="Upgrade the server and the devices before it: one of them wants it in one piece."),
    rows=("C10",),
)
def judge(tolerance: TlsTolerance) -> Judgement:
    """Judge the answer to a hello whose second part came later."""
    return tolerates(tolerance, "delayed-segments", "a hello with a pause in it", warn)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    done, alert, silent = _samples.DONE, _samples.ALERT, _samples.SILENT
    yield Example("taken", Verdict.PASS, (_samples.tolerance(all=done),))
    refused = _samples.tolerance(all=alert, delayed_segments=alert, grease=done)
    yield Example("refused", Verdict.WARN, (refused,))
    apart = _samples.tolerance(all=alert, delayed_segments=done, grease=alert)
    yield Example("taken apart", Verdict.PASS, (apart,))
    yield Example(
        "all fail",
        Verdict.INCONCLUSIVE,
        (_samples.tolerance(all=silent, delayed_segments=silent, grease=silent),),
    )
    yield Example("not asked apart", Verdict.INCONCLUSIVE, (_samples.tolerance(all=alert),))
