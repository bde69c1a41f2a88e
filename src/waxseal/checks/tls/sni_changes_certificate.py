"""Without a server name (SNI) the server shows another certificate, and that one does not fit the host.

Senders that send no name and verify nevertheless, older ones mostly, refuse what they are shown; it may
also be a default certificate that nobody looks after. Showing another certificate is no fault in itself:
where that one bears a name of this host too and is in date, all is well. Said only where the certificate
shown with the name does fit, so that the fault is really the difference.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Each,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    inconclusive,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.certificate._names import presented
from waxseal.checks.certificate._samples import chain as sample
from waxseal.checks.certificate._samples import leaf_sha256
from waxseal.facts import Certificate, CertificateChain, Endpoint, Handshake, NoSniAnswer
from waxseal.trust.names import match


@check(
    title="Without a server name another certificate is shown",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 8461 §7.1", "RFC 9325 §3.7"),
    remedy=Remedy(
        general="Make the certificate of the MX host the default one, for clients that send no server name.",
        postfix="smtpd_tls_chain_files holds the default, tls_server_sni_maps the others",
        exim="let tls_certificate expand to the MX host's certificate where $tls_in_sni is empty",
        dovecot="ssl_cert (from 2.4 on ssl_server_cert_file) outside the local_name sections is the default",
    ),
    rows=("D10",),
)
def judge(
    endpoint: Endpoint,
    handshake: Handshake,
    answer: NoSniAnswer,
    chains: Each[CertificateChain],
) -> Judgement:
    """Judge the certificate shown without a name, where it is another one."""
    if handshake.server_name == "":
        return not_applicable("the main handshake sent no name, so there is nothing to compare")
    if not answer.completed:
        if answer.alert is not None:
            return not_applicable("without a name the handshake is refused, see tls/sni-required")
        return inconclusive(
            f"the handshake without a name was not completed: {answer.detail or 'no reason recorded'}"[:200],
            advice="test again; it may have failed by chance or for a limit of connections",
        )
    named = [chain.leaf for subject, chain in chains if subject.server_name]
    if answer.leaf_sha256 in {leaf.sha256 for leaf in named}:
        return passed("The same certificate is shown without a server name")
    chain = next((chain for _, chain in chains if chain.leaf.sha256 == answer.leaf_sha256), None)
    if chain is None:
        return inconclusive(
            "another certificate is shown without a name, but it was not recorded", advice="test again"
        )
    other = chain.leaf
    if not endpoint.reference_names:
        return inconclusive("no name is known to judge it by", advice="give the server's name with --name")
    if not any(_fits(leaf, endpoint) for leaf in named):
        return not_applicable("the certificate shown with the name does not fit either")
    if not _fits(other, endpoint):
        return warn(
            "Without a server name the server shows a certificate that does not bear its name",
            presented(other),
        )
    if other.not_after is not None and other.not_after < chain.shown_at:
        return warn(
            "Without a server name the server shows an expired certificate",
            f"valid until {other.not_after:%Y-%m-%d %H:%M} UTC",
        )
    return passed("Without a server name another certificate is shown, which fits too", presented(other))


def _fits(leaf: Certificate, endpoint: Endpoint) -> bool:
    return any(match(leaf, name).matched for name in endpoint.reference_names)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    seen = (samples.endpoint(), samples.handshake(), *sample("good"))

    def without(name: str) -> NoSniAnswer:
        return NoSniAnswer(completed=True, leaf_sha256=leaf_sha256(name))

    other = sample("other_name", server_name="")
    yield Example("another host's", Verdict.WARN, (*seen, without("other_name"), *other))
    expired = sample("expired", server_name="")
    yield Example("an expired one", Verdict.WARN, (*seen, without("expired"), *expired))
    fitting = sample("wildcard", server_name="")
    yield Example("another that fits", Verdict.PASS, (*seen, without("wildcard"), *fitting))
    yield Example("the same", Verdict.PASS, (*seen, without("good")))
    yield Example("not recorded", Verdict.INCONCLUSIVE, (*seen, without("wildcard")))
    refused = NoSniAnswer(completed=False, alert=112)
    yield Example("refused", Verdict.NOT_APPLICABLE, (*seen, refused))
