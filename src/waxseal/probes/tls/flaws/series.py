"""A series of spoilt messages, one connection each, whose replies are compared.

Trials ride on connections of the peels, so they may be of several suites. Replies that are all the same need
no more; where any differ, the whole series is asked again, on one and the same suite, and only that counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from waxseal.facts import Cause, OracleReply, Reaction
from waxseal.probes.tls.question import Talk

ROUNDS: Final = 2
"""How often the series is asked again where replies differ."""
Sort = tuple[Cause, int | None]


class Trial(Talk):
    """A talk that sends one spoilt message.

    Attributes:
        variant: How it is spoilt.
        version, suite: Of the handshake.
    """

    variant: str = ""
    version: int = 0
    suite: int = 0

    def reply(self) -> Reaction | None:
        """What came of it; None where it could not be sent, or the answer not be waited for."""
        raise NotImplementedError


def sort_of(reply: Reaction) -> Sort:
    """By what a client can tell replies apart; whether a stream ends by FIN or RST is often chance."""
    return Cause.CLOSED if reply.cause is Cause.RESET else reply.cause, reply.alert


@dataclass(slots=True)
class Series:
    """All trials of one kind on one server.

    Attributes:
        variants: Their names, in the order in which they are tried.
        trials: Every one that was begun.
        confirmed: Those of the second look, all of one suite; None where none was needed.
    """

    variants: tuple[str, ...]
    trials: list[Trial] = field(default_factory=list)
    confirmed: list[Trial] | None = None

    def missing(self) -> tuple[str, ...]:
        """The variants that have no reply, nor one to come."""
        there = {t.variant for t in self.trials if not t.done or t.reply() is not None}
        return tuple(variant for variant in self.variants if variant not in there)

    def next(self) -> str | None:
        """The next variant to try; None where all are tried, or one failed twice."""
        left = self.missing()
        tried = [trial.variant for trial in self.trials]
        return next((variant for variant in left if tried.count(variant) < ROUNDS), None)

    @property
    def differs(self) -> bool:
        """Whether two replies are not of one sort."""
        replies = (trial.reply() for trial in self.trials)
        return len({sort_of(reply) for reply in replies if reply is not None}) > 1

    def of_record(self) -> list[Trial]:
        """The trials that count, and had a reply: those of the second look, unless it could not be had."""
        second = [trial for trial in self.confirmed or () if trial.reply() is not None]
        return second or [trial for trial in self.trials if trial.reply() is not None]

    def answers(self) -> tuple[OracleReply, ...]:
        """The replies by variant; a variant without any is not among them."""
        return tuple(_answers(self.variants, self.of_record()))


def _answers(variants: tuple[str, ...], trials: list[Trial]) -> Iterable[OracleReply]:
    for variant in variants:
        found = [trial.reply() for trial in trials if trial.variant == variant]
        replies = tuple(reply for reply in found if reply is not None)
        if replies:
            yield OracleReply(variant, replies)
