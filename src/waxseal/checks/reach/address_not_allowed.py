"""waxseal did not connect, because the address is a special one and was not allowed.

A domain's DNS can hold any address, that of a machine in the tester's own network included. So private,
loopback and other special addresses are connected to only when their network is named with --allow. Nothing
is known about the server then. What it means for the domain is told by dns/mx-special-address and
dns/mx-is-localhost.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.absence import is_local
from waxseal.checks.api import (
    DialogueAttempt,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.reach._connecting import UNHEARD, stood
from waxseal.facts import Cause, Stage, describe


@check(
    title="The address was not allowed to be tested",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 6890 §2.2.2", "RFC 6890 §2.2.3"),
    remedy=Remedy(
        general="Publish a public address for the server; or, to test a server of your own network, allow "
        "that network with --allow.",
    ),
    rows=("A6",),
)
def judge(subject: Subject, dialogue: DialogueAttempt) -> Judgement:
    """Judge whether the guard let the connection be tried."""
    if dialogue.ended.cause is Cause.NOT_ALLOWED and is_local(subject):
        return inconclusive(
            "the socket was not connected to",
            dialogue.ended.detail,
            advice="name the path of a socket that is there and may be opened",
        )
    if dialogue.ended.cause is Cause.NOT_ALLOWED:
        return inconclusive(
            "the address was not connected to: it is no public one and was not allowed",
            dialogue.ended.detail,
            advice="allow the network with --allow if you mean to test it",
        )
    if stood(dialogue) or dialogue.ended.cause in UNHEARD:
        return passed("the address was free to be tested")
    return not_applicable(f"no connection was tried: {describe(dialogue.ended)}")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    guarded = samples.attempt(Cause.NOT_ALLOWED, Stage.CONNECT, detail="10.0.0.25 is in 10.0.0.0/8")
    yield Example("stands", Verdict.PASS, (samples.attempt(),))
    yield Example("refused by the server", Verdict.PASS, (samples.attempt(Cause.REFUSED, Stage.CONNECT),))
    yield Example("not allowed", Verdict.INCONCLUSIVE, (guarded,))
    missing = at(samples.attempt(Cause.NOT_ALLOWED, Stage.CONNECT), address="unix:/run/lmtp", port=0)
    yield Example("no such socket", Verdict.INCONCLUSIVE, (missing,))
    yield Example(
        "no time left", Verdict.NOT_APPLICABLE, (samples.attempt(Cause.BUDGET_SPENT, Stage.CONNECT),)
    )
