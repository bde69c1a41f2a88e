"""An https endpoint for TLS reports did not answer when it was asked for its head.

Nothing was sent to it; any HTTP status counts as an answer, since an endpoint may take reports only, and its
certificate does not matter, as senders may ignore it too. Reports for an endpoint that refuses or breaks off
the connection are lost after a day of trying. That no connection came about in time may be the network's
fault here and is left open.
"""

from collections.abc import Iterator

from waxseal.checks.api import Around, Example, Judgement, Level, Remedy, Scope, Verdict, check
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.mta_sts._policy import OURS
from waxseal.checks.tls_rpt import _samples
from waxseal.checks.tls_rpt._record import Outcome, judge_all_of
from waxseal.facts import Cause, Ended, ReportDestination, Stage, describe


@check(
    title="An endpoint for TLS reports does not answer",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 8460 §5.4", "RFC 8460 §5.5"),
    remedy=Remedy(general="See that the endpoint's web server runs, or name another destination."),
    rows=("G11",),
)
def judge(destinations: Around[ReportDestination]) -> Judgement:
    """Judge how the request to each https endpoint ended."""
    outcomes = [
        _answered(destination, destination.ended)
        for destination in destinations
        if destination.ended is not None and destination.ended.cause is not Cause.DNS
    ]
    return judge_all_of(
        outcomes,
        "Every endpoint for reports answers",
        "does not answer",
        advice="test again later, or from another network",
    )


def _answered(destination: ReportDestination, ended: Ended) -> tuple[Outcome, str]:
    uri = bounded(destination.uri)
    if ended.cause is Cause.COMPLETED:
        return Outcome.WORKS, bounded(f"{uri}: status {destination.status}")
    line = bounded(f"{uri}: {describe(ended)}")
    silent = ended.cause is Cause.TIMED_OUT and ended.stage is Stage.CONNECT
    return (Outcome.UNSEEN if silent or ended.cause in OURS else Outcome.FAILS), line


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    refused = _samples.endpoint(Cause.REFUSED, Stage.CONNECT)
    yield Example("method not allowed", Verdict.PASS, (_samples.endpoint(),))
    yield Example("refused", Verdict.FAIL, (refused,))
    yield Example("one of two", Verdict.WARN, (_samples.endpoint(), refused))
    yield Example("no response", Verdict.FAIL, (_samples.endpoint(Cause.TIMED_OUT, Stage.RESPONSE),))
    yield Example("silence", Verdict.INCONCLUSIVE, (_samples.endpoint(Cause.TIMED_OUT, Stage.CONNECT),))
    yield Example("not allowed", Verdict.INCONCLUSIVE, (_samples.endpoint(Cause.NOT_ALLOWED, Stage.CONNECT),))
    yield Example("a mailbox", Verdict.NOT_APPLICABLE, (_samples.mailbox(),))
    yield Example("no address", Verdict.NOT_APPLICABLE, (_samples.endpoint(Cause.DNS, Stage.RESOLVE),))
