"""The server tells strangers who its users are: VRFY confirms an address, or EXPN lists an alias's members.

Lists of addresses are made that way, and a list's members are nobody's business. A server that answers VRFY
with 252 for everybody, or knows neither command, tells nothing. One that turns a made-up user down and
answers 252 otherwise tells no more than RCPT does with most servers, which is not held against it here.
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
    inconclusive,
    passed,
    warn,
)
from waxseal.checks.samples import reply
from waxseal.checks.smtp import _trials
from waxseal.checks.smtp._replies import first_line
from waxseal.facts import CommandAnswers, Reply


@check(
    title="VRFY or EXPN tells of users",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 2505 §2.11",),
    remedy=Remedy(
        general="Answer VRFY with 252 and refuse EXPN, at least to clients that have not logged in.",
        postfix="disable_vrfy_command = yes (Postfix knows no EXPN)",
        exim="leave acl_smtp_vrfy and acl_smtp_expn unset, or let them accept your own hosts only",
        sendmail="O PrivacyOptions=novrfy,noexpn",
    ),
    rows=("P4",),
)
def judge(answers: CommandAnswers) -> Judgement:
    """Judge the replies for a made-up name beside those for postmaster."""
    list_known, list_unknown = answers.expn_known, answers.expn
    if list_known is not None and list_known.code == 250 and not _alike(list_known, list_unknown):
        return warn(
            "EXPN is answered to strangers: it can tell whom an alias stands for", *_lines(list_known)
        )
    known, unknown = answers.vrfy_known, answers.vrfy
    if known is None or unknown is None or answers.expn is None:
        return inconclusive("not every command was answered", advice="test again")
    pair = (f"made-up user: {first_line(unknown)}"[:200], f"postmaster: {first_line(known)}"[:200])
    if any(400 <= (reply.code or 400) < 500 for reply in (unknown, known, list_known or answers.expn)):
        return inconclusive("VRFY or EXPN was put off", *pair, advice="test again later")
    if known.code in (250, 251) and unknown.code not in (250, 251, 252):
        return warn("VRFY confirms to strangers which users there are", *pair)
    if known.code == 252 and unknown.code != 252:
        return passed("VRFY turns a made-up user down, as RCPT mostly does, and confirms nobody", *pair)
    return passed("VRFY and EXPN tell nothing of users", *pair)


def _alike(known: Reply, unknown: Reply | None) -> bool:
    """Whether a name that exists is answered like one that does not, so that nothing is told."""
    return unknown is not None and _said(known) == _said(unknown)


def _said(reply: Reply) -> list[list[str]]:
    """The words of each line, without addresses and the names asked for."""
    asked = ("@", "<", "postmaster", "waxseal-")
    lines = [line.lower().split() for line in reply.lines]
    return [[word for word in line if not any(part in word for part in asked)] for line in lines]


def _lines(expanded: Reply) -> tuple[str, ...]:
    """The first line, and how many there are: not the members."""
    more = f" and {len(expanded.lines) - 1} more lines" if len(expanded.lines) > 1 else ""
    return (f"{expanded.code} ({len(expanded.text)} octets of text{more})",)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    no, unsaid, user = _trials.UNKNOWN_COMMAND, reply(252, "2.0.0 Try RCPT"), reply(250, "<pm@example.org>")
    tells = CommandAnswers(vrfy=_trials.NO_USER, vrfy_known=user, expn=no, expn_known=no)
    yield Example("VRFY confirms", Verdict.WARN, (tells,))
    lists = CommandAnswers(vrfy=unsaid, vrfy_known=unsaid, expn=_trials.NO_USER, expn_known=user)
    yield Example("EXPN lists", Verdict.WARN, (lists,))
    quiet = CommandAnswers(vrfy=unsaid, vrfy_known=unsaid, expn=no, expn_known=no)
    yes = CommandAnswers(
        vrfy=_trials.OK,
        vrfy_known=_trials.OK,
        expn=reply(250, "Ok <waxseal-1@example.org>"),
        expn_known=reply(250, "Ok <postmaster@example.org>"),
    )
    yield Example("250 for all", Verdict.PASS, (yes,))
    yield Example("252 for all", Verdict.PASS, (quiet,))
    none = CommandAnswers(vrfy=no, vrfy_known=no, expn=no, expn_known=no)
    yield Example("not known", Verdict.PASS, (none,))
    stock = CommandAnswers(vrfy=_trials.NO_USER, vrfy_known=unsaid, expn=no, expn_known=no)
    yield Example("as RCPT does", Verdict.PASS, (stock,))
    yield Example("cut off", Verdict.INCONCLUSIVE, (CommandAnswers(vrfy=unsaid),))
    later = CommandAnswers(vrfy=_trials.LATER, vrfy_known=_trials.LATER, expn=no, expn_known=no)
    yield Example("put off", Verdict.INCONCLUSIVE, (later,))
