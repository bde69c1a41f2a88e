"""A hello that comes in two packets at once is not answered.

TCP may cut a stream anywhere, and large hellos are cut always. A server, or a device before it, that takes
the first packet for the whole hello breaks off. Senders whose hello happens to be cut meet that as an error
that comes and goes.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail
from waxseal.checks.tls import _samples
from waxseal.checks.tls._tolerance import tolerates
from waxseal.facts import TlsTolerance


@check(
    title="A hello in two segments is not answered",
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
    """Judge the answer to a hello that was cut in two."""
    return tolerates(tolerance, "segments", "a hello in two segments", fail)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    done, alert, silent = _samples.DONE, _samples.ALERT, _samples.SILENT
    yield Example("taken", Verdict.PASS, (_samples.tolerance(all=done),))
    refused = _samples.tolerance(all=alert, segments=alert, grease=done)
    yield Example("refused", Verdict.FAIL, (refused,))
    apart = _samples.tolerance(all=alert, segments=done, grease=alert)
    yield Example("taken apart", Verdict.PASS, (apart,))
    yield Example(
        "all fail", Verdict.INCONCLUSIVE, (_samples.tolerance(all=silent, segments=silent, grease=silent),)
    )
    yield Example("not asked apart", Verdict.INCONCLUSIVE, (_samples.tolerance(all=alert),))
