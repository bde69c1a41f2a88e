"""The IMAP server refers the login to another server.

The account's mail lies elsewhere, and the response to the login says where. Few mail programs follow such a
referral, so for most users the login simply fails or shows an empty mailbox; and one that follows it sends
the password to a server that nobody looked at here. Test that server too, and give users its name.
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
    passed,
    warn,
)
from waxseal.checks.auth import _samples
from waxseal.facts import Endpoint, ImapLogin, MailProtocol, Response
from waxseal.trust.proof import plain


@check(
    title="The login is referred to another server",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 2221 §4.1",),
    remedy=Remedy(
        general="Give users the name of the server that holds their mail, or let this one pass logins on."
    ),
    rows=("K4",),
)
def judge(endpoint: Endpoint, login: ImapLogin) -> Judgement:
    """Judge whether the response to the login holds a referral."""
    word, _, where = login.response.code.partition(" ")
    if word.upper() != "REFERRAL":
        return passed("the login is not referred elsewhere")
    instead = "beside" if login.response.good else "in place of"
    return warn(
        f"The server refers the login to another one, {instead} serving it itself", f"to {plain(where, 180)}"
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end = _samples.endpoint(MailProtocol.IMAP)
    other = Response("NO", "REFERRAL imap://user@imap2.example.org/", "Try there")
    yield Example("referred", Verdict.WARN, (end, ImapLogin(mechanism="PLAIN", response=other)))
    yield Example("served", Verdict.PASS, (end, ImapLogin(mechanism="PLAIN", response=Response("OK"))))
    no = Response("NO", "AUTHENTICATIONFAILED", "no")
    yield Example("refused", Verdict.PASS, (end, ImapLogin(mechanism="PLAIN", response=no)))
