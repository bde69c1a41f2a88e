"""A password is taken in clear, although no such login is offered there.

The server lists no mechanism in clear that sends the password, but a program that says AUTH PLAIN, LOGIN or
USER all the same is asked for the password in place of being turned away. Programs with a fixed setting do
just that, and so does one whose list was changed on the way: the password then crosses the network as it is.
A sound server answers that TLS is needed first. IMAP's LOGIN is answered with NO in both cases; there a
warning says that the answer in clear is the one under TLS, which does not prove that the password counts.
Where the login is offered in clear openly, auth/offered-in-clear and its neighbours speak.
"""

from collections.abc import Iterator

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
    warn,
)
from waxseal.checks.auth import _samples
from waxseal.checks.auth._offers import Listed, Offers
from waxseal.checks.auth._samples import trial, trials
from waxseal.checks.auth._trials import Outcome, line, outcome
from waxseal.facts import AuthTrials


@check(
    title="Passwords are taken in clear",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 4954 §4", "RFC 9051 §6.2.3", "RFC 8314 §4.1"),
    remedy=Remedy(
        general="Let the server turn down every login that sends the password until TLS stands.",
        postfix="smtpd_tls_auth_only = yes",
        dovecot="auth_allow_cleartext = no (disable_plaintext_auth = yes before 2.4)",
    ),
    rows=("B11", "J7"),
)
def judge(offers: Offers, tried: AuthTrials) -> Judgement:
    """Judge the logins that were tried in clear."""
    listed = offers.in_clear()
    if isinstance(listed, Judgement):
        return listed
    found = [(one, outcome(one, tried.trials)) for one in tried.trials if not one.in_tls]
    seen = {kind for _, kind in found}
    if Outcome.LET_IN in seen:
        return not_applicable("a made-up user was let in, see auth/made-up-user-let-in")
    spoken_for = _spoken_for(offers, listed)
    for kind, weigh, text in (
        (Outcome.ASKED, fail, "In clear the server asks for the password, though it offers no such login"),
        (Outcome.AS_UNDER_TLS, warn, "LOGIN in clear is answered as under TLS and not turned down"),
    ):
        if kind in seen and spoken_for:
            return not_applicable(f"such a login is offered in clear, and taken as offered, see {spoken_for}")
        if kind in seen:
            return weigh(text, *(line(one) for one, what in found if what is kind), listed.line)
    if Outcome.UNCLEAR in seen or not found:
        return unreached(
            "no clear answer came to a login in clear",
            *(line(one) for one, what in found if what is Outcome.UNCLEAR),
            advice="test again later; see --transcript for what was said",
        )
    return passed("every login in clear was turned down", *(line(one) for one, _ in found))


def _spoken_for(offers: Offers, listed: Listed) -> str:
    """The check that speaks for logins in clear; "" where none is offered."""
    if listed.plain:
        return "auth/offered-in-clear"
    if offers.login_is_open:
        return "auth/login-not-disabled"
    return "auth/user-in-clear" if offers.user_is_open else ""


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    hidden = _samples.smtp(under_tls="PLAIN")
    asked = trials(trial("PLAIN", "334", "535 5.7.8 no"))
    turned = trials(trial("PLAIN", "538 5.7.11 Encryption required"))
    yield Example("asked for", Verdict.FAIL, (*hidden, asked))
    yield Example("turned down", Verdict.PASS, (*hidden, turned))
    yield Example("offered", Verdict.NOT_APPLICABLE, (*_samples.smtp("PLAIN", "PLAIN"), asked))
    yield Example("let in", Verdict.NOT_APPLICABLE, (*hidden, trials(trial("PLAIN", "334", "235 2.7.0 ok"))))
    yield Example("busy", Verdict.INCONCLUSIVE, (*hidden, trials(trial("PLAIN", "454 4.7.0 later"))))
    imap, failed = _samples.imap("LOGINDISABLED"), "NO [AUTHENTICATIONFAILED] Authentication failed."
    control = trial("LOGIN", failed, in_tls=True)
    yield Example("LOGIN as under TLS", Verdict.WARN, (*imap, trials(trial("LOGIN", failed), control)))
    private = trial("LOGIN", "NO [PRIVACYREQUIRED] Not in clear.")
    yield Example("LOGIN turned down", Verdict.PASS, (*imap, trials(private, control)))
    yield Example("LOGIN, no control", Verdict.INCONCLUSIVE, (*imap, trials(trial("LOGIN", failed))))
    user = trials(trial("USER", "+OK", "-ERR [AUTH] no"))
    yield Example("POP3", Verdict.FAIL, (*_samples.pop3("SASL"), user))
