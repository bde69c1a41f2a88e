"""AUTH is offered before TLS, with a mechanism that sends the password itself.

With PLAIN and LOGIN the password crosses the network as it is, with OAUTHBEARER and XOAUTH2 a token that
is as good; anyone on the path can pick it up and send mail in the user's name. It is enough
that the server offers this in clear: a program that does not ask for TLS, or one whose STARTTLS was
stripped on the way, will log in. Mechanisms that keep the password to themselves (SCRAM, CRAM-MD5,
GSSAPI) are not meant here.
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
    not_applicable,
    passed,
    unreached,
)
from waxseal.checks.smtp._replies import keywords_unsure
from waxseal.facts import EhloClear, Endpoint, TlsMode
from waxseal.wire.smtp_ehlo import masked_keyword

_SHOW_THE_SECRET = frozenset({"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"})


@check(
    title="Passwords are asked for in clear",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 4954 §4", "RFC 8314 §4.1"),
    remedy=Remedy(
        general="Offer AUTH only under TLS, and not at all on port 25.",
        postfix="smtpd_tls_auth_only = yes; smtpd_sasl_auth_enable = yes only for submission in master.cf",
        exim="server_advertise_condition = ${if def:tls_in_cipher} in each authenticator",
        sendmail="define(`confAUTH_OPTIONS', `A p')",
        exchange="Set-ReceiveConnector -AuthMechanism Tls,BasicAuth,BasicAuthRequireTLS",
        dovecot="auth_allow_cleartext = no (disable_plaintext_auth = yes before 2.4)",
    ),
    rows=("B11",),
)
def judge(endpoint: Endpoint, ehlo: EhloClear) -> Judgement:
    """Judge the AUTH mechanisms of the EHLO answer in clear."""
    if endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("TLS begins with the first octet here, nothing is sent in clear")
    if ehlo.reply.code != 250:
        return unreached(
            f"EHLO was answered {ehlo.reply.code} and not 250, so no keyword was heard",
            advice="see the finding that names this cause, and test again",
        )
    offers = [keyword for keyword in ehlo.keywords if keyword.name in ("AUTH", "AUTH=")]
    mechanisms = dict.fromkeys(word.upper() for keyword in offers for word in keyword.parameters)
    shown = [mechanism for mechanism in mechanisms if mechanism in _SHOW_THE_SECRET]
    if shown:
        return fail(
            f"The server offers {' and '.join(shown)} in clear: passwords can be read on the way",
            f"AUTH {' '.join(mechanisms)}"[:200],
        )
    if keywords_unsure(ehlo) or any(masked_keyword(keyword) for keyword in ehlo.keywords):
        return unreached(
            "the EHLO answer did not come whole and unmasked, so AUTH may be hidden in it",
            advice="test from another network, and see the findings about the server's replies",
        )
    if mechanisms:
        return passed(
            f"AUTH in clear has only mechanisms that keep the password hidden: {' '.join(mechanisms)[:120]}"
        )
    return passed("no AUTH is offered in clear")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start = samples.endpoint()
    yield Example("none", Verdict.PASS, (start, samples.ehlo()))
    yield Example("PLAIN", Verdict.FAIL, (start, samples.ehlo("STARTTLS", "AUTH PLAIN LOGIN")))
    yield Example("old form", Verdict.FAIL, (start, samples.ehlo("STARTTLS", "AUTH= LOGIN")))
    yield Example("SCRAM", Verdict.PASS, (start, samples.ehlo("STARTTLS", "AUTH SCRAM-SHA-256")))
    yield Example("masked", Verdict.INCONCLUSIVE, (start, samples.ehlo("XXXA")))
    busy = samples.ehlo(reply=samples.reply(421, "busy"), keywords=())
    yield Example("not heard", Verdict.INCONCLUSIVE, (start, busy))
    implicit = samples.endpoint(TlsMode.IMPLICIT)
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, (implicit, samples.ehlo("AUTH PLAIN")))
