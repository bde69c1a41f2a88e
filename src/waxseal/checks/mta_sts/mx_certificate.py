"""The domain has an MTA-STS policy, and the certificate of a mail host does not hold for it.

It has to be in date, to lead to a root that senders trust, and to name the MX host in its subjectAltName.
Under an enforced policy senders do not deliver to the host otherwise; while the policy is tested they
deliver, and report it. Each address and each type of certificate is judged, as every one is shown to some
sender. What exactly is wrong is told by the check of the certificate that is named.
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
    not_applicable,
    passed,
    unreached,
)
from waxseal.checks.certificate._samples import chain
from waxseal.checks.certificate._shown import CHECK_OF, SEND_LESS, ShownChain
from waxseal.checks.certificate._weighing import is_submission
from waxseal.checks.dns._lookup import bounded
from waxseal.checks.mta_sts import _samples
from waxseal.checks.mta_sts._policy import PublishedPolicy, patterns_line, weigh
from waxseal.facts import MxTarget
from waxseal.trust.names import match
from waxseal.wire.mta_sts import Mode


@check(
    title="A mail host's certificate does not hold under the MTA-STS policy",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 8461 §4.2", "RFC 8461 §5", "RFC 8461 §7.1"),
    remedy=Remedy(
        general="Give the server a certificate of a public authority with the name of the MX host, and all "
        "its intermediates. As long as that takes, set the policy to mode: testing and change the id.",
        postfix="smtpd_tls_chain_files = /path/key.pem, /path/fullchain.pem",
        exim="tls_certificate = /path/fullchain.pem; tls_privatekey = /path/key.pem",
    ),
    rows=("G8", "D3"),
)
def judge(published: PublishedPolicy, shown: ShownChain, target: MxTarget) -> Judgement:
    """Judge chain, dates and name, as a sender that holds the policy does."""
    policy = published.in_force()
    if isinstance(policy, Judgement):
        return policy
    if is_submission(shown.endpoint, shown.subject):
        return not_applicable("mail programs connect here, and MTA-STS is for mail servers")
    if (answer := shown.without_roots()) is not None:
        return answer
    host = shown.subject.host or target.exchange
    faults = [(CHECK_OF.get(problem.code, ""), problem.code.value) for problem in shown.proof.problems]
    if any(not speaker for speaker, _ in faults):
        return shown.without_path() or unreached("the chain cannot be followed to its end", advice=SEND_LESS)
    if faults and (cut := shown.unless_whole()) is not None:
        return cut
    if not match(shown.chain.leaf, host).matched:
        faults.append(("certificate/name-mismatch", f"does not bear the name {host}"))
    if not faults:
        return passed(f"The certificate holds for {host}", patterns_line(policy))
    speakers = " and ".join(dict.fromkeys(speaker for speaker, _ in faults))
    consequence = "senders do not deliver" if policy.mode is Mode.ENFORCE else "senders report it"
    return weigh(
        policy,
        f"The certificate does not hold, so under the MTA-STS policy {consequence}; see {speakers}",
        *(bounded(f"{why}: {speaker}") for speaker, why in faults[:5]),
        patterns_line(policy),
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    base = (_samples.record(), _samples.target(), samples.endpoint())
    enforced = _samples.fetch()
    yield Example("sound", Verdict.PASS, (*base, enforced, *chain("good")))
    for name in ("other_name", "expired", "self_signed", "intermediate_missing", "only_common_name"):
        yield Example(f"the chain {name!r}", Verdict.FAIL, (*base, enforced, *chain(name)))
    testing = _samples.fetch(_samples.body(mode="testing"))
    yield Example("while testing", Verdict.WARN, (*base, testing, *chain("expired")))
    none = _samples.fetch(_samples.body(mode="none"))
    yield Example("mode none", Verdict.NOT_APPLICABLE, (*base, none, *chain("expired")))
    nameless = (samples.handshake(), *chain("expired", server_name=""))
    yield Example("shown only without a name", Verdict.NOT_APPLICABLE, (*base, enforced, *nameless))
