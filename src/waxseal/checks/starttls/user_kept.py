"""POP3: the user name said before TLS counts under TLS.

USER was said in clear, with a made-up name, and under TLS the server takes PASS as that user's password. So
somebody on the path can choose whom the client logs in as; a client that goes on with PASS gives its password
to another account's login. PASS belongs right behind USER, and both under TLS. Tried with --active-auth only,
since it is a login that fails.
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
    unreached,
    warn,
)
from waxseal.checks.starttls import _samples
from waxseal.checks.starttls._session import Session, put_off, shown, taken, told_later, words
from waxseal.facts import Cause, MailProtocol, Stage


@check(
    title="USER of before TLS counts under TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 1939 §7", "RFC 2595 §4"),
    remedy=Remedy(
        general="Take no USER before STLS.",
        dovecot="disable_plaintext_auth = yes (2.3), auth_allow_cleartext = no (2.4)",
    ),
    rows=("F10", "K4"),
)
def judge(session: Session) -> Judgement:
    """Judge PASS under TLS behind USER in clear, by PASS without USER."""
    if (other := session.not_of(MailProtocol.POP3)) is not None:
        return other
    heard = session.answers
    if heard.clear_user is not None and not taken(heard.clear_user):
        return not_applicable("USER is not taken in clear, so there is nothing to keep")
    if heard.refused_within is not None:
        if put_off(heard.refused_within):
            return told_later(heard.refused_within)
        return passed("STLS is not taken behind USER", shown(heard.refused_within))
    kept, fresh = heard.kept_user, heard.fresh_user
    if kept is None and heard.clear_user is not None and not session.broke_off:
        return not_applicable("PASS was not tried (--active-auth)")
    if kept is None:
        return session.unheard("the answer to PASS under TLS")
    if fresh is None:
        return unreached("how PASS is answered without USER was not heard", shown(kept), advice="test again")
    if put_off(kept) or put_off(fresh):
        return told_later(kept if put_off(kept) else fresh)
    if (kept.status, words(kept)) == (fresh.status, words(fresh)):
        return passed("PASS under TLS is answered as it is without any USER", shown(kept))
    return warn(
        "The server takes PASS under TLS for the user that was named in clear",
        f"PASS, USER in clear only: {shown(kept)}",
        f"PASS without USER: {shown(fresh)}",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end, first = _samples.endpoint(MailProtocol.POP3), "-ERR No username given."
    heard = {"clear_user": "+OK", "kept_user": first, "fresh_user": first}
    yield Example("forgotten", Verdict.PASS, (end, _samples.answers(**heard)))
    failed = {**heard, "kept_user": "-ERR [AUTH] Authentication failed."}
    yield Example("kept", Verdict.WARN, (end, _samples.answers(**failed)))
    numbered = {**heard, "kept_user": "-ERR wrong (1/5)", "fresh_user": "-ERR wrong (2/5)"}
    yield Example("the same but for a number", Verdict.PASS, (end, _samples.answers(**numbered)))
    busy = {**heard, "kept_user": "-ERR [SYS/TEMP] later"}
    yield Example("put off", Verdict.INCONCLUSIVE, (end, _samples.answers(**busy)))
    done = _samples.ended(Cause.COMPLETED, Stage.QUIT)
    yield Example("not tried", Verdict.NOT_APPLICABLE, (end, _samples.answers(clear_user="+OK"), done))
    refused = _samples.answers(clear_user="+OK", refused_within="-ERR invalid command")
    yield Example("STLS not taken behind USER", Verdict.PASS, (end, refused))
    disallowed = _samples.answers(clear_user="-ERR [AUTH] Plaintext authentication disallowed")
    yield Example("not taken in clear", Verdict.NOT_APPLICABLE, (end, disallowed))
    yield Example(
        "broken off",
        Verdict.INCONCLUSIVE,
        (end, _samples.answers(clear_user="+OK"), _samples.ended(Cause.CLOSED, Stage.ENVELOPE)),
    )
    yield Example(
        "no control", Verdict.INCONCLUSIVE, (end, _samples.answers(clear_user="+OK", kept_user=first))
    )
    yield Example("SMTP", Verdict.NOT_APPLICABLE, (_samples.endpoint(), _samples.answers()))
