"""The server takes mail for other people's domains from the address that tested it.

A server that relays for strangers is found within days and used to send spam; then its address is on every
blocklist, and its owner's own mail is refused. Tried only with --relay, in several classic forms, and never
as far as a message. What the server allows goes by who asks: a tester in a network that it trusts, such as
the machine itself, may relay by right. Some forms could also name a local user with an odd name; whether they
do is told by a made-up user at the server's own domain.
"""

from collections.abc import Iterator
from typing import Annotated

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Probe,
    Remedy,
    Scope,
    Verdict,
    check,
    fail,
    inconclusive,
    passed,
    warn,
)
from waxseal.checks.smtp import _trials
from waxseal.checks.smtp._relaying import aside, lines, refused, taken, wants_login
from waxseal.checks.smtp._replies import first_line
from waxseal.facts import Attempt, Cause, RelayTrial, RelayTrials
from waxseal.wire.relay_forms import LOCAL_READING, UNKNOWN_USER

_AT_OWN_DOMAIN = frozenset(("percent", "quoted-at-own", "bang-at-own", "two-at"))


@check(
    title="The server relays for strangers",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 2505 §2.1", "RFC 5321 §7.9"),
    remedy=Remedy(
        general="Take mail for foreign domains only from your own networks and from users who logged in.",
        postfix="smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, "
        "reject_unauth_destination; and keep mynetworks small",
        exim="in the default configuration: hostlist relay_from_hosts with your own networks only, and "
        "domainlist relay_to_domains with the domains that you relay for",
        sendmail="without FEATURE(promiscuous_relay); relay domains in /etc/mail/relay-domains",
    ),
    rows=("B10", "P4"),
)
def judge(relay: RelayTrials, attempt: Annotated[Attempt, Probe("smtp.relay")] | None) -> Judgement:
    """Judge the replies to RCPT with a foreign recipient."""
    found = [trial for trial in relay.trials if taken(trial.rcpt)]
    whom = f" from {attempt.local_address}" if attempt is not None and attempt.local_address else ""
    strangers = [t for t in found if t.form != UNKNOWN_USER and t.form not in LOCAL_READING]
    odd = [trial for trial in found if trial.form in LOCAL_READING]
    unknown = next((trial.rcpt for trial in relay.trials if trial.form == UNKNOWN_USER), None)
    refuses_unknown = unknown is not None and unknown.code is not None and unknown.code // 100 == 5
    if strangers:
        return fail(f"Mail for a foreign domain is taken{whom}: the server relays for it", *lines(strangers))
    if refuses_unknown and (read := [trial for trial in odd if trial.form in _AT_OWN_DOMAIN]):
        return fail(
            f"Mail for a foreign domain is taken{whom} in disguise, where a made-up local user is refused",
            *lines(read),
        )
    if odd and not taken(unknown):
        return warn(
            f"An address that can mean a foreign domain is taken{whom}; it can also mean a local user of "
            "that odd name, and which is meant was not seen",
            *lines(odd),
        )
    return _not_open(relay, odd, complete=attempt is None or attempt.ended.cause is Cause.COMPLETED)


def _not_open(relay: RelayTrials, odd: list[RelayTrial], *, complete: bool) -> Judgement:
    """The answer where nothing shows that the server relays."""
    tried = [trial for trial in relay.trials if trial.form != UNKNOWN_USER]
    if all(trial.mail is None for trial in tried):
        return inconclusive("no reply was heard that can be proof", advice="test again; see --transcript")
    if not taken(relay.control):
        if tried and all(wants_login(trial.mail) for trial in tried):
            return passed("The server takes no mail at all without a login", *lines(tried[:1]))
        return inconclusive(
            "the server did not take mail for its own postmaster either, so a refusal shows nothing",
            *([] if relay.control is None else [first_line(relay.control)]),
            advice="test later, or from an address that it takes mail from; --envelope tells what it refuses",
        )
    unsure = [trial for trial in tried if not refused(trial) and trial not in odd]
    if unsure:
        return inconclusive(
            "the server neither took nor refused some of the forms",
            *lines(unsure),
            advice="test again later",
        )
    if odd:
        return inconclusive(
            "the server takes made-up users of its own domain, so forms that can name one show nothing; it "
            "refused the others",
            *lines(odd),
            advice="try the forms listed with a mailbox of your own, and see where the message goes",
        )
    denials = [t for t in tried if t.form not in LOCAL_READING and t.rcpt is not None and not aside(t.rcpt)]
    if not denials or not complete:
        why = "stopped before all forms were tried" if denials else "refused each form for another reason"
        return inconclusive(
            f"the server {why}", *lines(tried), advice="test again later, or from another address"
        )
    return passed(f"each of the {len(tried)} forms tried was refused", *lines(denials[:2]))


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    ok, relay = _trials.OK, _trials.relay
    yield Example("plain", Verdict.FAIL, (relay(plain=ok),))
    here = samples.attempt(probe="smtp.relay", local_address="127.0.0.1")
    yield Example("source route", Verdict.FAIL, (relay(source_route=ok), here))
    yield Example("percent interpreted", Verdict.FAIL, (relay(percent=ok),))
    yield Example("bang, unclear", Verdict.WARN, (relay(bang=ok),))
    yield Example(
        "percent, unknown user later", Verdict.WARN, (relay(percent=ok, unknown_user=_trials.LATER),)
    )
    yield Example("refused", Verdict.PASS, (relay(), here))
    yield Example("login first", Verdict.PASS, (_trials.no_mail(_trials.NO_LOGIN),))
    yield Example("all taken", Verdict.INCONCLUSIVE, (relay(percent=ok, unknown_user=ok),))
    yield Example("control refused", Verdict.INCONCLUSIVE, (relay(control=_trials.DENIED),))
    yield Example("put off", Verdict.INCONCLUSIVE, (relay(plain=_trials.LATER),))
    yield Example("null MX", Verdict.INCONCLUSIVE, (_trials.relay_each(_trials.NO_MAIL_DOMAIN),))
    cut = samples.attempt(Cause.CLOSED, probe="smtp.relay")
    yield Example("cut off", Verdict.INCONCLUSIVE, (relay(most=3), cut))
