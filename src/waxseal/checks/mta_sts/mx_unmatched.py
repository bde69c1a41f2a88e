"""A host that the MX records name is not among those that the MTA-STS policy allows.

Under an enforced policy senders do not deliver to such a host: where every host is left out, mail waits and
is returned in the end; where only a backup is, it happens on the day when the backup is needed. While the
policy is tested, mail goes through and failures are reported. A pattern that begins with *. stands for one
label: it covers neither the domain below it nor names that are two labels deeper.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Subject, Verdict, at, check, passed
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, patterns_line, weigh
from waxseal.facts import Cause, MxTarget, Stage
from waxseal.wire.mta_sts import Mode


@check(
    title="The MTA-STS policy leaves out a mail host",
    level=Level.MUST,
    scope=Scope.HOST,
    cites=("RFC 8461 §4.1", "RFC 8461 §5", "RFC 8461 §8.4"),
    remedy=Remedy(
        general="Add an mx line with the host's name to the policy, change the id of the record, and wait "
        "for the TTL and the senders' caches before you rely on it; or take the host out of the MX records.",
    ),
    rows=("G8", "D3"),
)
def judge(published: PublishedPolicy, target: MxTarget, subject: Subject) -> Judgement:
    """Judge the host's name against every pattern."""
    policy = published.in_force()
    if isinstance(policy, Judgement):
        return policy
    host = subject.host or target.exchange
    if policy.allows(host):
        return passed("The policy allows the host", patterns_line(policy))
    consequence = "senders do not deliver to it" if policy.mode is Mode.ENFORCE else "senders report it"
    return weigh(
        policy,
        f"The MTA-STS policy leaves this mail host out: {consequence}",
        bounded(f"host {host}"),
        patterns_line(policy),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    record, mx = _samples.record(), _samples.target()
    other, wide = _samples.body("mx.example.net"), _samples.body("*.example.org")
    yield Example("named", Verdict.PASS, (record, _samples.fetch(), mx))
    yield Example("by a wildcard", Verdict.PASS, (record, _samples.fetch(wide), mx))
    yield Example("left out", Verdict.FAIL, (record, _samples.fetch(other), mx))
    deeper = at(_samples.target("a.mx.example.org"), host="a.mx.example.org")
    yield Example("two labels deeper", Verdict.FAIL, (record, _samples.fetch(wide), deeper))
    itself = at(_samples.target("example.org"), host="example.org")
    yield Example("the domain itself", Verdict.FAIL, (record, _samples.fetch(wide), itself))
    testing = _samples.fetch(_samples.body("mx.example.net", mode="testing"))
    yield Example("while testing", Verdict.WARN, (record, testing, mx))
    none = _samples.fetch(_samples.body("mx.example.net", mode="none"))
    yield Example("mode none", Verdict.NOT_APPLICABLE, (record, none, mx))
    yield Example("no policy", Verdict.NOT_APPLICABLE, (_samples.no_record(), mx))
    unseen = _samples.unfetched(Cause.NOT_ALLOWED, Stage.CONNECT)
    yield Example("not seen", Verdict.INCONCLUSIVE, (record, unseen, mx))
