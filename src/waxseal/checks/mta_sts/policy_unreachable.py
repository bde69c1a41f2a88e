"""The TXT record announces a policy, and the policy host cannot be reached.

Its name does not resolve, it refuses the connection, or the TLS handshake or the response breaks off. Senders
without a policy of the domain in their cache then deliver as if there were none: the record protects nobody
new. That no connection came about in time is held against the host only where this machine had other
connections in the same run.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    inconclusive,
    not_applicable,
    passed,
    unreached,
)
from waxseal.checks.dns._lookup import bounded, shown
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy
from waxseal.checks.reach._connecting import Connections
from waxseal.facts import Cause, Stage, StsFetch, describe


@check(
    title="The MTA-STS policy host cannot be reached",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8461 §3.3", "RFC 8461 §3.2"),
    remedy=Remedy(
        general="Give mta-sts. below the domain an address, and let a web server answer there on port 443, "
        "for https and all clients.",
        dns="mta-sts.example.org. IN A 192.0.2.80",
    ),
    rows=("G7",),
)
def judge(published: PublishedPolicy, connections: Connections) -> Judgement:
    """Judge how the fetch ended."""
    fetch = published.fetch
    if not published.meant:
        return not_applicable("no record announces a policy; see mta-sts/record-missing")
    if fetch is None:
        return unreached("the policy was not fetched", advice="test again with this version of waxseal")
    obstacle = published.undelivered
    if obstacle is None or obstacle.check != "mta-sts/policy-unreachable":
        return passed("The policy host answers", f"{fetch.url} from {fetch.address}"[:200])
    ended, evidence = fetch.ended, _evidence(fetch)
    if obstacle.seen:
        return fail("A policy is announced and cannot be had: new senders deliver without one", *evidence)
    proof = _stood(fetch, connections)
    if (ended.cause is Cause.TIMED_OUT and ended.stage is Stage.HANDSHAKE) or proof:
        return fail(
            "A policy is announced, and its host does not answer in time from here", *evidence, *proof
        )
    return inconclusive(
        f"the policy host was not reached from here: {obstacle.why}",
        *evidence,
        advice="test again later, or from another network",
    )


def _evidence(fetch: StsFetch) -> tuple[str, ...]:
    answers = (answer for answer in (fetch.a, fetch.aaaa) if answer is not None)
    told = tuple(shown(answer) for answer in answers) if fetch.ended.stage is Stage.RESOLVE else ()
    return (bounded(f"{fetch.url} {fetch.address}: {describe(fetch.ended)}"), *told)


def _stood(fetch: StsFetch, connections: Connections) -> tuple[str, ...]:
    """Another connection of the run over the same address family, where a connection request timed out."""
    if fetch.ended.cause is not Cause.TIMED_OUT or fetch.ended.stage is not Stage.CONNECT:
        return ()
    where = connections.stood_over.get(":" in fetch.address)
    return () if where is None else (f"a connection to [{where.address}]:{where.port} stood in the same run",)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record = _samples.record()
    yield Example("reached", Verdict.PASS, (record, _samples.fetch()))
    yield Example("reached, status 404", Verdict.PASS, (record, _samples.fetch(status=404)))
    refused = _samples.unfetched(Cause.REFUSED, Stage.CONNECT)
    yield Example("refused", Verdict.FAIL, (record, refused))
    yield Example(
        "no address", Verdict.FAIL, (record, _samples.unfetched(Cause.DNS, Stage.RESOLVE, "nxdomain"))
    )
    yield Example("alert", Verdict.FAIL, (record, _samples.unfetched(Cause.ALERT, Stage.HANDSHAKE)))
    silent = _samples.unfetched(Cause.TIMED_OUT, Stage.CONNECT, "after 10.0 s")
    yield Example("silence", Verdict.INCONCLUSIVE, (record, silent))
    yield Example("silence to this one only", Verdict.FAIL, (record, silent, samples.attempt()))
    yield Example(
        "not allowed", Verdict.INCONCLUSIVE, (record, _samples.unfetched(Cause.NOT_ALLOWED, Stage.CONNECT))
    )
    yield Example("not announced", Verdict.NOT_APPLICABLE, (_samples.no_record(), refused))
