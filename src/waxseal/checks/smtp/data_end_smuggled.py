"""The server ends a message at octets that are not the end of a message (SMTP smuggling).

Whoever can write the text of a message that another server passes on unchanged can put such octets and a
second message into it: this server then takes the second one as sent by that other server, with its good
name, SPF and all. Postfix (CVE-2023-51764), sendmail (CVE-2023-51765) and Exim (CVE-2023-51766) were mended
or given a setting against it. Tried only with --own-recipient: the proof is one reply too many, to a NOOP in
the message's text. Clients that the server trusts may be let off, so test from an address outside.
"""

import re
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
    inconclusive,
    passed,
)
from waxseal.checks.samples import reply
from waxseal.checks.smtp import _trials
from waxseal.checks.smtp._replies import first_line
from waxseal.facts import Cause, Ended, SmugglingTrial, SmugglingTrials, Stage, describe
from waxseal.wire.data_endings import CONTROL, VARIANTS

_LINE_ENDS = re.compile(r"\bbare\b|line ?feed|newline|\blf\b|\bcr\b|line end|\bnul\b", re.I)


@check(
    title="A false end of message is taken for its end",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 5321 §4.1.1.4", "RFC 5321 §2.3.8"),
    remedy=Remedy(
        general="Bring the server up to date, and have it refuse line ends other than CRLF.",
        postfix="smtpd_forbid_bare_newline = normalize (3.5.24, 3.6.14, 3.7.10, 3.8.5 and 3.9 or later; yes "
        "in the versions before these), and look whom smtpd_forbid_bare_newline_exclusions leaves out",
        exim="4.97.1 or later",
        sendmail="8.18 or later, with o in srv_features",
    ),
    rows=("F13",),
)
def judge(smuggling: SmugglingTrials) -> Judgement:
    """Judge how many replies came to a message, against one without a doubtful end."""
    control = next((t for t in smuggling.trials if t.variant == CONTROL), None)
    if control is None or not 2 <= _count(control) <= control.expected or control.replies[1].code != 250:
        return inconclusive(
            "the message without a doubtful end was not taken, so the others show nothing",
            *([] if control is None else [_line(control)]),
            advice="give another --own-recipient, or test from an address that the server takes mail from",
        )
    tried = [trial for trial in smuggling.trials if trial.variant != CONTROL]
    ended = [trial for trial in tried if _count(trial) > _count(control)]
    if ended:
        names = ", ".join(_octets_named(trial.variant) for trial in ended)
        return fail(
            f"The server takes {names} for the end of a message, and executes what follows",
            *(_line(trial) for trial in ended[:7]),
        )
    unseen = [trial for trial in tried if _count(trial) < 2 or _cut_short(trial)]
    missing = {variant.variant for variant in VARIANTS} - {trial.variant for trial in tried}
    if unseen or missing:
        names = ", ".join(map(_octets_named, sorted(missing | {trial.variant for trial in unseen})))
        return inconclusive(
            f"how the server takes {names} was not seen",
            *(_line(trial) for trial in unseen[:7]),
            advice="test again later, with more --max-connections",
        )
    refused = sum(trial.replies[1].code != 250 for trial in tried)
    return passed(
        f"each of the {len(tried)} doubtful ends was taken for text ({len(tried) - refused}) or refused "
        f"({refused})"
    )


def _count(trial: SmugglingTrial) -> int:
    """Replies but for a 421, which may come at any time (RFC 5321 §3.8) and then answers nothing.

    As the reply to the message itself it counts.
    """
    return sum(reply.code != 421 or number == 1 for number, reply in enumerate(trial.replies))


def _cut_short(trial: SmugglingTrial) -> bool:
    """Whether a refusal for now was the last reply, and not for the line ends (as sendmail's 421 is).

    It may be the reply to a message that ended at the doubtful end, so what follows was never read.
    """
    last = trial.replies[-1]
    for_now = last.code is not None and last.code // 100 == 4
    return len(trial.replies) == 2 and for_now and not any(_LINE_ENDS.search(line) for line in last.lines)


def _line(trial: SmugglingTrial) -> str:
    said = ", ".join(first_line(reply)[:40] for reply in trial.replies[:6])
    return f"{trial.variant}: {said or describe(trial.ended)}"[:200]


def _octets_named(variant: str) -> str:
    """A doubtful end as people write it: ``LF.CRLF``."""
    return variant.upper().replace("-DOT-", ".").replace("-", " ")


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    smuggling = _trials.smuggling
    yield Example("bare LF", Verdict.FAIL, (smuggling(lf_dot_lf=_trials.EXECUTED),))
    broke_rules = (*_trials.EXECUTED[:3], _trials.EXECUTED[4])
    yield Example("hangs up at the dot", Verdict.FAIL, (smuggling(crlf_dot_lf=broke_rules),))
    yield Example("all text", Verdict.PASS, (smuggling(),))
    yield Example("refused", Verdict.PASS, (smuggling(lf_dot_lf=_trials.REFUSED),))
    declined = Ended(Cause.DECLINED, Stage.ENVELOPE, code=550, detail="5.1.1 User unknown")
    yield Example("control refused", Verdict.INCONCLUSIVE, (smuggling(1, control=declined),))
    yield Example("control answered twice", Verdict.INCONCLUSIVE, (smuggling(control=_trials.EXECUTED),))
    busy = (_trials.EXECUTED[0], _trials.LATER)
    yield Example("put off", Verdict.INCONCLUSIVE, (smuggling(lf_dot_lf=busy),))
    sendmail = (_trials.EXECUTED[0], reply(421, "4.5.0 Bare linefeed (LF) not allowed"))
    yield Example("refused with 421", Verdict.PASS, (smuggling(lf_dot_lf=sendmail),))
    closed = Ended(Cause.CLOSED, Stage.ENVELOPE)
    yield Example("no answer", Verdict.INCONCLUSIVE, (smuggling(cr_dot_cr=closed),))
    yield Example("not all tried", Verdict.INCONCLUSIVE, (smuggling(4),))
