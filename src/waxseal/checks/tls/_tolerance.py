"""What a server makes of hellos that a standard allows and few send: one judgement for each kind.

All kinds are sent at once first. Only where that fails is each sent alone, so a kind that is said to be
refused failed twice.
"""

from collections.abc import Callable
from typing import Final

from waxseal.checks.api import Judgement, passed, unreached
from waxseal.facts import Cause, Reaction, TlsTolerance
from waxseal.wire.tls_record import alert_name

_REFUSALS: Final = frozenset(
    {Cause.ALERT, Cause.CLOSED, Cause.RESET, Cause.TIMED_OUT, Cause.DECLINED, Cause.NOT_TLS}
)


def tolerates(tolerance: TlsTolerance, what: str, words: str, weigh: Callable[..., Judgement]) -> Judgement:
    """Judge the answer to one kind of hello.

    Args:
        tolerance: All answers.
        what: The kind, as the fact names it.
        words: What to call it.
        weigh: Makes the judgement where it is refused.
    """
    together = tolerance.to("all")
    if together is not None and together.reaction.cause is Cause.COMPLETED:
        return passed(f"{words} is answered, with all that is unusual at once")
    answer = tolerance.to(what)
    if answer is None:
        return unreached(f"{words} was not tried by itself", advice="test again; see --max-connections")
    if answer.reaction.cause is Cause.COMPLETED:
        return passed(f"{words} is answered")
    parts = [part for part in tolerance.answers if part.what != "all"]
    if answer.reaction.cause not in _REFUSALS or all(p.reaction.cause in _REFUSALS for p in parts):
        return unreached(
            f"{words} was not answered, and neither was any other hello: it may not be the reason",
            _said(answer.reaction),
            advice="test again later; the server may limit connections",
        )
    size = f"{answer.hello_octets} octets in {tolerance.version}"
    return weigh(f"The server does not answer {words}", _said(answer.reaction), size)


def _said(reaction: Reaction) -> str:
    if reaction.alert is not None:
        return f"alert {alert_name(reaction.alert)}"
    if reaction.cause is Cause.TIMED_OUT:
        return f"silence for {reaction.elapsed_s:.1f} s"
    return f"{reaction.cause.value} {reaction.detail}".strip()[:200]
