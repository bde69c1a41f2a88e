"""A user that does not exist was let in with a random password.

The name and the password were made up for this run, so whoever was let in, it was not by a proof of who he
is. Everybody can send mail through such a server, or read what it shows; spammers look for nothing else. Some
honeypots do it by intention.
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
    passed,
    unreached,
)
from waxseal.checks.auth._samples import trial, trials
from waxseal.checks.auth._trials import Outcome, denied, line, outcome
from waxseal.facts import AuthTrials, Endpoint, Handshake, TlsMode


@check(
    title="A made-up user was let in",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 4422 §3.6",),
    remedy=Remedy(
        general="Let the server verify passwords against its list of users; see what stands in for that now.",
    ),
    rows=("J7",),
)
def judge(endpoint: Endpoint, handshake: Handshake | None, tried: AuthTrials) -> Judgement:
    """Judge every login that was tried with a made-up user."""
    let_in = [line(one) for one in tried.trials if outcome(one, tried.trials) is Outcome.LET_IN]
    if let_in:
        return fail("The server let in a user that does not exist, with a random password", *let_in)
    sealed = any(one.in_tls for one in tried.trials)
    if tried.trials and not sealed and (endpoint.mode is TlsMode.IMPLICIT or handshake is not None):
        return unreached(
            "no login was tried to its end under TLS",
            *(line(one) for one in tried.trials),
            advice="test again; see --transcript for how the connection under TLS ended",
        )
    if tried.trials and all(denied(one) for one in tried.trials):
        return passed("no made-up user was let in", *(line(one) for one in tried.trials))
    return unreached(
        "not every login that was tried got a clear answer",
        *(line(one) for one in tried.trials),
        advice="test again later; see --transcript for what was said",
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end = samples.endpoint()
    yes = trial("PLAIN", "334", "235 2.7.0 ok", in_tls=True)
    no = trial("PLAIN", "334", "535 5.7.8 no", in_tls=True)
    yield Example("let in", Verdict.FAIL, (end, trials(yes)))
    yield Example("not let in", Verdict.PASS, (end, trials(no)))
    yield Example("POP3", Verdict.FAIL, (end, trials(trial("USER", "+OK", "+OK 0 messages"))))
    yield Example("POP3, USER only", Verdict.PASS, (end, trials(trial("USER", "+OK", "-ERR no"))))
    yield Example("no answer", Verdict.INCONCLUSIVE, (end, trials(no, trial("LOGIN", "454 4.7.0 later"))))
    later = trial("PLAIN", "334", "454 4.7.0 later")
    yield Example("trouble behind it", Verdict.INCONCLUSIVE, (end, trials(later)))
    clear = trials(trial("PLAIN", "535 5.7.8 no"))
    yield Example("only in clear", Verdict.INCONCLUSIVE, (end, samples.handshake(), clear))
    yield Example("no TLS to try under", Verdict.PASS, (end, clear))
    yield Example("none tried", Verdict.INCONCLUSIVE, (end, trials()))
