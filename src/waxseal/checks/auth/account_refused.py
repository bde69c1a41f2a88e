"""The account that was given could not log in to the IMAP server.

The password was sent under TLS to a server that proved its name, and the server answered no. The response
says why as far as it wants to: a wrong password, an account that is locked, a login that needs an
application password, or trouble behind the server. What lies behind the login could not be looked at. A login
that is referred to another server is auth/referral's.
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
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.auth import _samples
from waxseal.facts import Endpoint, ImapLogin, MailProtocol, Response


@check(
    title="The account could not log in",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 9051 §6.2.2",),
    remedy=Remedy(
        general="See that user and password in the --account file are right and may log in here; the "
        "server's log says more than its response."
    ),
    rows=("K4",),
)
def judge(endpoint: Endpoint, login: ImapLogin) -> Judgement:
    """Judge how the login was answered."""
    told = str(login.response)[:200]
    if login.response.good:
        return passed(f"the account logged in with {login.mechanism[:20]}", told)
    if login.response.code.upper().startswith("REFERRAL "):
        return not_applicable("the login was referred to another server, see auth/referral")
    return warn(f"The server refused the account's login ({login.mechanism[:20]})", told)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end = _samples.endpoint(MailProtocol.IMAP)
    yield Example("in", Verdict.PASS, (end, ImapLogin(mechanism="PLAIN", response=Response("OK"))))
    no = Response("NO", "AUTHENTICATIONFAILED", "Authentication failed.")
    yield Example("refused", Verdict.WARN, (end, ImapLogin(mechanism="PLAIN", response=no)))
    other = Response("NO", "REFERRAL imap://user@imap2.example.org/")
    yield Example("referred", Verdict.NOT_APPLICABLE, (end, ImapLogin(mechanism="LOGIN", response=other)))
