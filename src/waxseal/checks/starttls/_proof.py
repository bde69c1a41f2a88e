"""What trials of command injection prove: which answer under TLS the smuggled command alone can have caused.

Two proofs. The random word was said in clear only and comes back under TLS, in IMAP as the tag of an answer,
in an answer of the status that the command has in the control. Or the answers under TLS are those of the
control to the commands said there, and one more, which says what the smuggled command's answer says in the
control and no other answer does; of a command cut in two, its end is answered as the whole one is in the
control, and said once more, alone, otherwise. Anything else proves nothing: a server may greet twice, repeat
an answer, or say that it threw octets away.
"""

from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from waxseal.facts import Answer, Cause, CommandInjection, InjectionTrial, MailProtocol, Stage, describe
from waxseal.wire.smtp_reply import decode_text

GO_AHEAD = frozenset(("220", "OK", "+OK"))
_GOOD = frozenset(("250", "OK", "+OK"))
_BYE = frozenset(("221", "OK", "+OK"))
_CLOSING = frozenset(("421", "BYE"))
_REFUSALS = ("5", "-ERR", "NO", "BAD")
_LATER = ("TRYLATER", "UNAVAILABLE", "SYS/TEMP")
"""Response codes of what passes by itself (RFC 5804 §1.3, RFC 9051 §7.1, RFC 3206 §4)."""


class Outcome(Enum):
    """What came of one trial."""

    EXECUTED = "executed"
    """An answer under TLS has the smuggled command for its only cause."""
    DISCARDED = "discarded"
    """TLS stood, every command said there was answered, and nothing else."""
    REFUSED = "refused"
    """STARTTLS was refused for good in words, where the control's was taken."""
    UNEXPLAINED = "unexplained"
    """TLS stood, and what was answered there fits neither."""
    OPEN = "open"
    """It shows nothing."""


class Reading(NamedTuple):
    """One trial read.

    Attributes:
        way: As in `InjectionTrial`.
        outcome: What came of it.
        because: What that rests on, in words.
    """

    way: str
    outcome: Outcome
    because: str


class Control(NamedTuple):
    """What the control taught.

    Attributes:
        unasked: Answers that came before the first command.
        forms: The answers with which each command was answered.
        nonce: The random word; commands without it are the hello and the goodbye.
    """

    unasked: tuple[Answer, ...]
    forms: dict[str, tuple[Answer, ...]]
    nonce: str

    def said(self, command: str) -> frozenset[tuple[str, ...]]:
        """What the answers to a command say."""
        return frozenset(map(_says, self.forms.get(command, ())))

    @property
    def others(self) -> frozenset[tuple[str, ...]]:
        """What the answers say that no command of the trial caused."""
        own = [
            answer for command in self.forms if self.nonce not in command for answer in self.forms[command]
        ]
        return frozenset(map(_says, (*own, *self.unasked)))


def read_control(injection: CommandInjection) -> Control | str:
    """What the control taught, or why it failed."""
    trial = next((t for t in injection.trials if t.way == "control"), None)
    if trial is None:
        return "there was none"
    if trial.ended.cause is not Cause.COMPLETED:
        return describe(trial.ended)
    unasked = _answers(trial.answers[: trial.unasked])
    asked = _answers(trial.answers[trial.unasked :])
    if not 0 <= len(trial.commands) - len(asked) <= 1:  # the goodbye may go without an answer
        return f"{len(trial.commands)} commands under TLS were answered {len(asked)} times"
    if injection.command not in trial.commands[: len(asked)]:
        return "the command was not answered under TLS by right"
    forms: dict[str, tuple[Answer, ...]] = {}
    for at, (command, answer) in enumerate(zip(trial.commands, asked, strict=False)):
        forms[command] = (*forms.get(command, ()), answer)
        good = _BYE if at == len(trial.commands) - 1 else _GOOD
        if injection.nonce not in command and answer.status not in good:
            return f"{command} was answered {answer}"[:150]  # or the answers are another command's
    return Control(unasked, forms, injection.nonce)


def read_trials(injection: CommandInjection, control: Control, protocol: MailProtocol) -> tuple[Reading, ...]:
    """Every trial but the control, in order."""
    trials = [trial for trial in injection.trials if trial.way != "control"]
    return tuple(
        Reading(trial.way, *(_before_tls(trial) or _under_tls(injection, control, trial, protocol)))
        for trial in trials
    )


def control_line(injection: CommandInjection, control: Control, way: str) -> str:
    """How the command smuggled in a trial was answered in the control, for evidence."""
    trial = next(trial for trial in injection.trials if trial.way == way)
    whole = _whole(injection, trial)
    answer = _list(control.forms.get(whole, ())[:1])
    return f"control: said under TLS, {whole} is answered {answer}, and each other command once"[:300]


def _before_tls(trial: InjectionTrial) -> tuple[Outcome, str] | None:
    """What came of a trial whose STARTTLS was refused; None where it was not."""
    if trial.go_ahead is None or trial.go_ahead.status in GO_AHEAD:
        return None
    later = any(word in trial.go_ahead.text.upper() for word in _LATER)
    refused = trial.go_ahead.status.startswith(_REFUSALS) and not later
    text = f"STARTTLS was answered {trial.go_ahead}"[:200]
    return (Outcome.REFUSED if refused else Outcome.OPEN), text


def _under_tls(
    injection: CommandInjection, control: Control, trial: InjectionTrial, protocol: MailProtocol
) -> tuple[Outcome, str]:
    whole = _whole(injection, trial)
    back = _word_back(injection.nonce, trial)
    if back is not None and _answers_by_right(control, whole, back):
        return Outcome.EXECUTED, f"answered under TLS, where it was not said: {back}"[:200]
    if trial.ended.stage is Stage.HANDSHAKE:
        return Outcome.OPEN, f"the handshake failed ({describe(trial.ended)})"
    if trial.ended.cause is not Cause.COMPLETED:
        return Outcome.OPEN, describe(trial.ended)
    heard = _answers(trial.answers)
    if any(answer.status in _CLOSING for answer in heard):
        return Outcome.OPEN, f"the server shut down: {_list(heard)}"
    if back is not None:
        return Outcome.UNEXPLAINED, f"the word came back, but not as an answer to the command: {back}"[:200]
    if protocol is MailProtocol.IMAP:  # tags tell answers apart, untagged ones may come at any time
        due = {command.partition(" ")[0] for command in trial.commands[:-1]}
        answered = bool(due) and due <= {answer.tag for answer in trial.answers}
        return (Outcome.DISCARDED if answered else Outcome.UNEXPLAINED), _told(heard)
    expected = _expected(control, trial)
    one_more = bool(expected) and len(heard) == len(expected) + 1
    if one_more and _one_more(heard, expected, _telling(control, trial, whole)):
        said = ", ".join(command[:40] for command in trial.commands)
        return Outcome.EXECUTED, f"{len(heard)} answers under TLS to {said}: {_list(heard)}"[:300]
    if _as_whole(control, trial, whole, heard, expected):
        answer = heard[len(control.unasked)]
        return Outcome.EXECUTED, f"{trial.commands[0]} under TLS is answered as {whole} is: {answer}"[:200]
    farewell = _statuses(control.forms.get(trial.commands[-1], ())) if trial.commands else ()
    sound = (expected, expected[:-1]) if farewell else (expected,)
    if not expected or _statuses(heard) not in sound:
        return Outcome.UNEXPLAINED, f"answers that the control does not explain: {_list(heard)}"
    if trial.way == "across" and not _tells_across(control, trial, whole):
        return Outcome.OPEN, "the command and its end are answered alike"
    return Outcome.DISCARDED, _told(heard)


def _whole(injection: CommandInjection, trial: InjectionTrial) -> str:
    """The command that a server executes which keeps what came in clear; "" where nothing did."""
    if trial.way in ("one-segment", "two-segments"):
        return injection.command
    if trial.way != "across" or not trial.commands:
        return ""
    return decode_text(trial.clear.partition(b"\n")[2]) + trial.commands[0]


def _word_back(nonce: str, trial: InjectionTrial) -> Answer | None:
    """The answer under TLS that says the word back, where it was said in clear only."""
    if any(nonce in command for command in trial.commands):
        return None
    word = nonce.encode("ascii")
    return next((a for a in trial.answers if a.tag == nonce or (not a.tag and word in a.raw.lower())), None)


def _answers_by_right(control: Control, whole: str, back: Answer) -> bool:
    """Whether an answer is one that the control heard to this command; IMAP's tag and status are enough."""
    return any(
        answer.status == back.status and (back.tag or _says(answer) == _says(back))
        for answer in control.forms.get(whole, ())
    )


def _expected(control: Control, trial: InjectionTrial) -> tuple[str, ...]:
    """The statuses of a sound server's answers; empty where the control did not hear one of the commands.

    The end of a cut command is answered like an unknown command, which the control need not have heard, nor
    behind the hello: then its place is taken from the trial itself.
    """
    expected = list(_statuses(control.unasked))
    for at, command in enumerate(trial.commands):
        forms = _statuses(control.forms.get(command, ()))
        if trial.way == "across" and at and command == trial.commands[0]:
            expected += _statuses(_answers(trial.answers))[len(expected) :][:1]
        elif forms:
            expected.append(forms[-1] if len(forms) == 1 or at else forms[0])
        elif trial.way == "across" and at == 0:
            place = len(expected)
            expected += _statuses(_answers(trial.answers))[place : place + 1]
        elif at < len(trial.commands) - 1:
            return ()
    return tuple(expected)


def _telling(control: Control, trial: InjectionTrial, whole: str) -> frozenset[tuple[str, ...]]:
    """What the smuggled command's answer says, and no other that may come in the trial does."""
    return frozenset() if trial.way == "across" else control.said(whole) - control.others


def _tells_across(control: Control, trial: InjectionTrial, whole: str) -> bool:
    """Whether the answer to a whole command can be told from that to its end alone."""
    word = control.nonce.encode("ascii")
    if any(word in answer.raw.lower() for answer in control.forms.get(whole, ())):
        return True
    rest = trial.commands[0]
    statuses = {answer.status for answer in control.forms.get(rest, ())}
    return bool(statuses) and not statuses & {answer.status for answer in control.forms.get(whole, ())}


def _as_whole(
    control: Control, trial: InjectionTrial, whole: str, heard: tuple[Answer, ...], sound: tuple[str, ...]
) -> bool:
    """``across``: whether the end of the command was answered as the whole one is, all else as is due."""
    place = len(control.unasked)
    if trial.way != "across" or len(heard) != len(sound) or len(heard) <= place:
        return False
    if trial.commands[0] not in control.forms or not _tells_across(control, trial, whole):
        return False
    alone = [at for at, command in enumerate(trial.commands) if at and command == trial.commands[0]]
    if not alone or _says(heard[place + alone[0]]) == _says(heard[place]):
        return False
    statuses = _statuses(heard)
    rest_alike = statuses[:place] == sound[:place] and statuses[place + 1 :] == sound[place + 1 :]
    return rest_alike and _says(heard[place]) in control.said(whole)


def _one_more(
    heard: tuple[Answer, ...], expected: tuple[str, ...], telling: frozenset[tuple[str, ...]]
) -> bool:
    """Whether taking one answer that tells out of those heard leaves those expected."""
    statuses = _statuses(heard)
    return any(
        statuses[:at] + statuses[at + 1 :] == expected and _says(heard[at]) in telling
        for at in range(len(heard))
    )


def _says(answer: Answer) -> tuple[str, ...]:
    """Status and words, those that hold digits (times, numbers of sessions) left out."""
    return _said(answer.status, answer.text)


@lru_cache(maxsize=256)
def _said(status: str, text: str) -> tuple[str, ...]:
    words = text.upper().split()
    words = [word for word in words if word.isalpha() or not any(c.isdigit() for c in word)]
    return (status, *words)


def _answers(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """All that are answers; lines of POP3's CAPA are none."""
    return tuple([answer for answer in answers if answer.status])


def _told(heard: Iterable[Answer]) -> str:
    return f"answers under TLS: {_list(heard)}"


def _statuses(answers: Iterable[Answer]) -> tuple[str, ...]:
    return tuple([answer.status for answer in answers])


def _list(answers: Iterable[Answer]) -> str:
    return ", ".join(str(answer)[:60] for answer in answers if answer.status)[:200] or "none"
