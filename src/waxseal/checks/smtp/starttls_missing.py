"""The server was heard properly, and its EHLO answer does not list STARTTLS.

Mail to this server travels in clear: anyone on the path can read and change it. Senders that demand TLS
(DANE, MTA-STS in enforce mode, REQUIRETLS) will not deliver at all. This is said only of a server that
answered EHLO with 250; one that refused, hung or answered garbage has findings of its own.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.absence import is_local
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    check,
    fail,
    not_applicable,
    passed,
    unreached,
)
from waxseal.checks.smtp import _samples
from waxseal.checks.smtp._replies import keywords_unsure
from waxseal.facts import EhloClear, Endpoint, TlsMode
from waxseal.wire.smtp_ehlo import masked_keyword


@check(
    title="STARTTLS is not offered",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 7435 §3", "RFC 3207 §4", "RFC 9325 §3.2"),
    remedy=Remedy(
        general="Give the server a certificate and switch STARTTLS on for all clients.",
        postfix="smtpd_tls_security_level = may; smtpd_tls_chain_files = /path/key.pem, /path/fullchain.pem",
        exim="tls_advertise_hosts = *; tls_certificate = /path/fullchain.pem; tls_privatekey = /path/key.pem",
        opensmtpd='pki mx.example.org cert "/path/fullchain.pem"; pki mx.example.org key "/path/key.pem"; '
        "listen on 0.0.0.0 tls pki mx.example.org",
        exchange="Set-ReceiveConnector with -AuthMechanism Tls, and enable a certificate for SMTP",
    ),
    rows=("B4", "K2"),
)
def judge(subject: Subject, endpoint: Endpoint, ehlo: EhloClear) -> Judgement:
    """Judge the keywords of the first EHLO answer."""
    if endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("TLS begins with the first octet here")
    if is_local(subject):
        return not_applicable("a socket of this machine: nothing crosses a network")
    if ehlo.keyword("STARTTLS") is not None:
        return passed("STARTTLS is offered")
    if ehlo.reply.code != 250:
        return unreached(
            f"{ehlo.command} was answered {ehlo.reply.code} and not 250, so no keyword was heard",
            ehlo.reply.text[:200],
            advice="test from an address that the server accepts, or later",
        )
    if ehlo.rejected is not None:
        return unreached(
            "EHLO was rejected, so the server could list nothing",
            f"{ehlo.rejected.code} {ehlo.rejected.text}"[:200],
            advice="see smtp/ehlo-rejected",
        )
    if keywords_unsure(ehlo):
        return unreached(
            "the EHLO answer came cut short or in pieces, so keywords may be missing from it",
            advice="see the findings about the server's replies, and test again",
        )
    if any(masked_keyword(keyword) for keyword in ehlo.keywords):
        return unreached(
            "something on the path masks keywords, so the server's own offer was not seen",
            advice="test from another network; see smtp/starttls-masked",
        )
    offered = ", ".join(keyword.name for keyword in ehlo.keywords)[:190] or "no keyword at all"
    return fail(
        f"The server answers {ehlo.command} but does not offer STARTTLS: mail travels in clear",
        f"offered: {offered}",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("offered", Verdict.PASS, (samples.endpoint(), samples.ehlo("STARTTLS")))
    yield Example("not offered", Verdict.FAIL, (samples.endpoint(), samples.ehlo("PIPELINING", "SIZE 1000")))
    unknown = samples.reply(502, "5.5.2 command not recognized")
    helo = samples.ehlo(command="HELO", keywords=(), rejected=unknown)
    yield Example("HELO only", Verdict.INCONCLUSIVE, (samples.endpoint(), helo))
    cut = _samples.ehlo(b"250-mx.example.org\r\n250-PIPE")
    yield Example("cut short", Verdict.INCONCLUSIVE, (samples.endpoint(), cut))
    yield Example(
        "masked", Verdict.INCONCLUSIVE, (samples.endpoint(), samples.ehlo("PIPELINING", "XXXXXXXA"))
    )
    yield Example(
        "EHLO answered 421",
        Verdict.INCONCLUSIVE,
        (samples.endpoint(), samples.ehlo(reply=samples.reply(421, "busy"), keywords=())),
    )
    yield Example(
        "implicit TLS",
        Verdict.NOT_APPLICABLE,
        (samples.endpoint(TlsMode.IMPLICIT), samples.ehlo("SIZE 1000")),
    )
