"""What trials of command injection prove: which answer under TLS the smuggled command alone can have caused.

Two proofs. The random word was said in clear only and comes back under TLS, in IMAP as the tag of an answer.
Or the answers under TLS are those of the control to the commands said there, and one more, of the form that
the smuggled command's answer has in the control. Anything else proves nothing.
"""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from waxseal.facts import Answer, Cause, CommandInjection, InjectionTrial, MailProtocol, Stage, describe
from waxseal.wire.smtp_reply import decode_text

GO_AHEAD = frozenset(("220", "OK", "+OK"))
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
        unasked: Status of each answer that came before the first command.
        forms: The statuses with which each command was answered.
    """

    unasked: tuple[str, ...]
    forms: dict[str, tuple[str, ...]]


def read_control(injection: CommandInjection) -> Control | str:
    """What the control taught, or why it failed."""
    trial = next((t for t in injection.trials if t.way == "control"), None)
    if trial is None:
        return "there was none"
    if trial.ended.cause is not Cause.COMPLETED:
        return describe(trial.ended)
    unasked = _statuses(trial.answers[: trial.unasked])
    asked = _statuses(trial.answers[trial.unasked :])
    if not 0 <= len(trial.commands) - len(asked) <= 1:  # the goodbye may go without an answer
        return f"{len(trial.commands)} commands under TLS were answered {len(asked)} times"
    if injection.command not in trial.commands[: len(asked)]:
        return "the command was not answered under TLS by right"
    forms: dict[str, tuple[str, ...]] = {}
    for command, status in zip(trial.commands, asked, strict=False):
        forms[command] = (*forms.get(command, ()), status)
    return Control(unasked, forms)


def read_trials(injection: CommandInjection, control: Control, protocol: MailProtocol) -> tuple[Reading, ...]:
    """Every trial but the control, in order."""
    trials = [trial for trial in injection.trials if trial.way != "control"]
    return tuple(_read(injection, control, trial, protocol) for trial in trials)


def _read(
    injection: CommandInjection, control: Control, trial: InjectionTrial, protocol: MailProtocol
) -> Reading:
    def reading(outcome: Outcome, because: str) -> Reading:
        return Reading(trial.way, outcome, because)

    if trial.go_ahead is not None and trial.go_ahead.status not in GO_AHEAD:
        later = any(word in trial.go_ahead.text.upper() for word in _LATER)
        refused = trial.go_ahead.status.startswith(_REFUSALS) and not later
        text = f"STARTTLS was answered {trial.go_ahead}"[:200]
        return reading(Outcome.REFUSED if refused else Outcome.OPEN, text)
    back = _word_back(injection.nonce, trial)
    if back is not None:
        return reading(Outcome.EXECUTED, f"under TLS came {back}"[:200])
    if trial.ended.stage is Stage.HANDSHAKE:
        return reading(Outcome.OPEN, f"the handshake failed ({describe(trial.ended)})")
    if trial.ended.cause is not Cause.COMPLETED:
        return reading(Outcome.OPEN, describe(trial.ended))
    heard = _statuses(trial.answers)
    if protocol is MailProtocol.IMAP:  # tags tell answers apart, untagged ones may come at any time
        due = {command.partition(" ")[0] for command in trial.commands[:-1]}
        answered = bool(due) and due <= {answer.tag for answer in trial.answers}
        outcome = Outcome.DISCARDED if answered else Outcome.OPEN
        return reading(outcome, f"answers under TLS: {_list(trial.answers)}")
    expected = _expected(control, trial)
    smuggled, instead = _smuggled(injection, control, trial)
    if any(expected and _one_more(heard, expected, status) for status in smuggled):
        return reading(Outcome.EXECUTED, f"one answer more than commands under TLS: {_list(trial.answers)}")
    if instead and heard in instead:
        return reading(Outcome.EXECUTED, f"answered as the whole command is: {_list(trial.answers)}")
    if expected and heard in (expected, expected[:-1]):
        return reading(Outcome.DISCARDED, f"answers under TLS: {_list(trial.answers)}")
    return reading(Outcome.OPEN, f"answers that the control does not explain: {_list(trial.answers)}")


def _word_back(nonce: str, trial: InjectionTrial) -> Answer | None:
    """The answer under TLS that says the word back, where it was said in clear only."""
    if any(nonce in command for command in trial.commands):
        return None
    word = nonce.encode("ascii")
    return next((a for a in trial.answers if a.tag == nonce or (not a.tag and word in a.raw.lower())), None)


def _expected(control: Control, trial: InjectionTrial) -> tuple[str, ...]:
    """The statuses of a sound server's answers; empty where the control did not hear one of the commands.

    The end of a cut command, which the control need not have heard, is answered like an unknown command: its
    place is taken from the trial itself.
    """
    expected = list(control.unasked)
    for at, command in enumerate(trial.commands):
        forms = control.forms.get(command)
        if forms is not None:
            expected.append(forms[-1] if len(forms) == 1 or at else forms[0])
        elif trial.way == "across" and at == 0:
            place = len(control.unasked)
            expected += _statuses(trial.answers)[place : place + 1]
        elif at < len(trial.commands) - 1:
            return ()
    return tuple(expected)


def _smuggled(
    injection: CommandInjection, control: Control, trial: InjectionTrial
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Statuses that an answer to the smuggled command can have; and of ``across``, whole rows of answers."""
    if trial.way != "across":
        smuggling = trial.way in ("one-segment", "two-segments")
        return (control.forms.get(injection.command, ()) if smuggling else ()), ()
    rest = trial.commands[0] if trial.commands else ""
    whole = decode_text(trial.clear.partition(b"\n")[2]) + rest
    forms = control.forms.get(whole, ())
    if rest not in control.forms or set(forms) & set(control.forms[rest]):
        return (), ()  # both are answered alike
    sound = _expected(control, trial)
    place = len(control.unasked)
    return (), tuple((*sound[:place], status, *sound[place + 1 :]) for status in forms)


def _one_more(heard: tuple[str, ...], expected: tuple[str, ...], status: str) -> bool:
    """Whether taking one answer of this status out of those heard leaves those expected."""
    return any(heard[at] == status and heard[:at] + heard[at + 1 :] == expected for at in range(len(heard)))


def _statuses(answers: Iterable[Answer]) -> tuple[str, ...]:
    """Of all that are answers; lines of POP3's CAPA are none."""
    return tuple(answer.status for answer in answers if answer.status)


def _list(answers: Iterable[Answer]) -> str:
    return ", ".join(str(answer)[:60] for answer in answers if answer.status)[:200] or "none"
