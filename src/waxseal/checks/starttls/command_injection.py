"""The server executes, under TLS, commands that came in clear behind STARTTLS.

Somebody on the path can put commands behind the client's STARTTLS. A sound server throws such octets away or
takes them for TLS. This one keeps them in its buffer and executes them once TLS stands, as if the client had
said them under TLS: with SMTP the attacker begins a message of his own into which the client's login or mail
runs, with POP3, IMAP and ManageSieve he brings the client's password or mail out of step and into his own
account. Certificates and policies do not help, since the handshake itself is sound.

Said only where an answer under TLS has the smuggled command for its only cause, by a random word that was
said in clear only or by one answer too many that says what a control has shown. The command is harmless.
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
    fail,
    inconclusive,
    not_applicable,
    passed,
)
from waxseal.checks.starttls import _samples
from waxseal.checks.starttls._proof import Outcome, Reading, control_line, read_control, read_trials
from waxseal.facts import CommandInjection, Endpoint, InjectionTrial, TlsMode
from waxseal.wire.smtp_reply import decode_text

_NO_CHANCE = 2
"""So often has STARTTLS to be refused that it cannot be for another reason, such as a busy server."""
_WAYS = {
    "one-segment": "in one segment",
    "two-segments": "in two segments",
    "across": "cut in two by the handshake",
}


@check(
    title="Commands in clear are executed under TLS",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9051 §6.2.1", "RFC 3207 §4.2"),
    remedy=Remedy(
        general="Bring the server up to date, and any proxy before it that handles STARTTLS (Courier: 1.1.5 "
        "or later, CVE-2021-38084); until then let mail programs use implicit TLS (465, 993, 995).",
        postfix="2.7.3 or later (CVE-2011-0411)",
    ),
    rows=("F9", "F10"),
)
def judge(endpoint: Endpoint, injection: CommandInjection) -> Judgement:
    """Judge the trials by the control."""
    if endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("TLS begins with the first octet here, there is no STARTTLS")
    control = read_control(injection)
    if isinstance(control, str):
        return inconclusive(
            f"the control failed: {control}",
            advice="test again; see --transcript for what was heard",
        )
    readings = read_trials(injection, control, endpoint.protocol)
    evidence = tuple(f"{reading.way}: {reading.because}"[:200] for reading in readings)
    proved = [reading for reading in readings if reading.outcome is Outcome.EXECUTED]
    if proved:
        return fail(
            "The server executes under TLS what came in clear behind STARTTLS",
            f"sent in clear: {_clear(injection, proved[0])}",
            *(f"{_WAYS.get(reading.way, reading.way)}: {reading.because}" for reading in proved),
            control_line(injection, control, proved[0].way),
        )
    outcomes = {reading.way: reading.outcome for reading in readings}
    if Outcome.UNEXPLAINED in outcomes.values():
        return inconclusive(
            "answers came under TLS that the commands said there do not explain, and that prove nothing",
            *evidence,
            advice="test again; where it stays so, see --transcript for what answers beside the server",
        )
    if outcomes.get("one-segment") is Outcome.DISCARDED:
        return passed("nothing that came in clear behind STARTTLS is answered under TLS", *evidence)
    if sum(outcome is Outcome.REFUSED for outcome in outcomes.values()) >= _NO_CHANCE:
        return passed("a command behind STARTTLS is refused before TLS begins", *evidence)
    if outcomes.get("with-hello") is Outcome.DISCARDED:
        return passed("octets behind STARTTLS are taken for TLS, not for commands", *evidence)
    return inconclusive(
        "no trial showed what becomes of octets in clear behind STARTTLS",
        *evidence,
        advice="test again, from near the server; see --transcript for what was heard",
    )


def _clear(injection: CommandInjection, reading: Reading) -> str:
    found: InjectionTrial = next(trial for trial in injection.trials if trial.way == reading.way)
    return decode_text(found.clear[:150])


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    end, command = _samples.endpoint(), f"OP {_samples.NONCE}"
    sound = ("250 mx.example.org", "221 Bye")
    clean = _samples.trial("one-segment", *sound, smuggled=f"{command}\r\n")
    yield Example("thrown away", Verdict.PASS, (end, _samples.injection(clean)))
    kept = _samples.trial("one-segment", "500 5.5.2 unknown", *sound, smuggled=f"{command}\r\n")
    yield Example("executed", Verdict.FAIL, (end, _samples.injection(kept)))
    said = _samples.trial("one-segment", f"500 5.5.2 {command}?", *sound, smuggled=f"{command}\r\n")
    unknown = f"500 5.5.2 {command}?"
    echoes = ("250 2.0.0 Ok", unknown, sound[0], unknown, sound[1])
    control = _samples.control(answers=tuple(map(_samples.answer, echoes)))
    back = CommandInjection(nonce=_samples.NONCE, command=command, trials=(control, said))
    yield Example("said back", Verdict.FAIL, (end, back))
    alone = (sound[0], "500 5.5.2 unknown", sound[1])
    cut = (command, "EHLO probe.example.net", command, "QUIT")
    joined = _samples.trial("across", "250 2.0.0 Ok", *alone, smuggled="NO", commands=cut)
    yield Example("executed across the handshake", Verdict.FAIL, (end, _samples.injection(clean, joined)))
    refusal = _samples.answer("554 SMTP synchronization error")
    refused = _samples.trial("one-segment", go_ahead=refusal, commands=())
    twice = (refused, _samples.trial("two-segments", go_ahead=refusal, commands=()))
    yield Example("refused", Verdict.PASS, (end, _samples.injection(*twice)))
    yield Example("refused once", Verdict.INCONCLUSIVE, (end, _samples.injection(refused)))
    repeated = _samples.trial("one-segment", "250 mx.example.org", *sound, smuggled=f"{command}\r\n")
    yield Example("an answer repeated", Verdict.INCONCLUSIVE, (end, _samples.injection(repeated)))
    told = _samples.trial("one-segment", "503 5.5.0 thrown away: " + command, *sound, smuggled=command)
    yield Example("said to be thrown away", Verdict.INCONCLUSIVE, (end, _samples.injection(told)))
    failed = _samples.trial("one-segment", ended=_samples.BROKEN, commands=())
    yield Example("handshakes failed", Verdict.INCONCLUSIVE, (end, _samples.injection(failed)))
    kind = _samples.trial(
        "across", "250 2.0.0 Ok", sound[0], "250 2.0.0 Ok", sound[1], smuggled="NO", commands=cut
    )
    yield Example("yes to the end alone", Verdict.INCONCLUSIVE, (end, _samples.injection(clean, kind)))
    taken = _samples.trial("with-hello", *sound)
    yield Example("taken for TLS", Verdict.PASS, (end, _samples.injection(failed, taken)))
    odd = _samples.trial("one-segment", "421 4.3.0 later", *sound, smuggled=f"{command}\r\n")
    yield Example("another answer too many", Verdict.INCONCLUSIVE, (end, _samples.injection(odd)))
    failed_control = CommandInjection(
        nonce=_samples.NONCE, command=command, trials=(_samples.control(ended=_samples.BROKEN), kept)
    )
    yield Example("control failed", Verdict.INCONCLUSIVE, (end, failed_control))
