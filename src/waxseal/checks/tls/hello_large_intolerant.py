"""A hello that does not fit into one packet is not answered.

Senders with post-quantum key exchange, which current libraries switch on by themselves, send a hello of more
than 1500 octets. Some servers, and devices before them, wait for ever or break off because they expect it in
one piece. Mail from these senders then hangs, goes out in clear, or comes back. The hello was sent with all
that is unusual and again with its size alone, and failed both times.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail
from waxseal.checks.tls import _samples
from waxseal.checks.tls._tolerance import tolerates
from waxseal.facts import TlsTolerance


@check(
    title="Large hellos are not answered",
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
    """Judge the answer to a hello of the size of post-quantum ones."""
    return tolerates(tolerance, "large", "a hello of more than 1500 octets", fail)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    done, alert, silent = _samples.DONE, _samples.ALERT, _samples.SILENT
    yield Example("taken", Verdict.PASS, (_samples.tolerance(all=done),))
    refused = _samples.tolerance(all=alert, large=alert, grease=done)
    yield Example("refused", Verdict.FAIL, (refused,))
    apart = _samples.tolerance(all=alert, large=done, grease=alert)
    yield Example("taken apart", Verdict.PASS, (apart,))
    yield Example(
        "all fail", Verdict.INCONCLUSIVE, (_samples.tolerance(all=silent, large=silent, grease=silent),)
    )
    yield Example("not asked apart", Verdict.INCONCLUSIVE, (_samples.tolerance(all=alert),))
