"""The SMTP and LMTP side of a conversation: commands, and the replies to them.

The stream, the clock and the transcript are in ``probes.conversation``. What to say next, and what the
replies mean as facts, is in ``probes.smtp_dialogue``; the grammar is in ``wire``.
"""

from collections.abc import Iterable

from waxseal.facts import Cause, Reply, Stage
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.conversation import Conversation, HeardAnswer
from waxseal.probes.recorder import Run
from waxseal.wire import smtp_command
from waxseal.wire.smtp_client import Event, Replied, SmtpConnection


class Heard(HeardAnswer[Reply]):
    """What one stage brought: `reply` is the reply to what was asked."""

    @property
    def reply(self) -> Reply:
        """The reply."""
        return self.answer

    def go_on(self, stage: Stage) -> int:
        """The code, for going on by it; to be called once the reply is recorded.

        Raises:
            NetError: The dialogue cannot go on: the reply is not whole, or none at all (NOT_SMTP).
        """
        if self.broken is not None:
            raise self.broken
        if self.reply.code is None:
            raise NetError(Cause.NOT_SMTP, self.reply.text[:120], phase=stage, elapsed_s=self.elapsed_s)
        return self.reply.code


class SmtpConversation(Conversation[Reply, Heard]):
    """The conversation of one attempt with one peer.

    Use `connect`, then `greeting`, `command`, `start_tls` as the dialogue asks; `transcript` at any time.
    """

    def __init__(self, peer: Peer, run: Run) -> None:
        self._smtp = SmtpConnection()
        super().__init__(peer, run, self._smtp, Heard)

    def own_name(self, given: str) -> str:
        """The name for EHLO: the one given, else the literal of the local address (RFC 5321 §4.1.3)."""
        return given or smtp_command.address_literal(self.stream.local_address or "127.0.0.1")

    async def command(self, line: bytes, stage: Stage, limit_s: float | None = None) -> Heard:
        """Send a command and wait for its reply, at most so long."""
        await self._say(self._smtp.send(line), stage)
        return await self._hear(stage, limit_s)

    def _receive(self, data: bytes) -> Iterable[tuple[Reply, bool]]:
        return map(_told, self._smtp.receive(data))

    def _end(self) -> Iterable[tuple[Reply, bool]]:
        return map(_told, self._smtp.end())


def _told(event: Event) -> tuple[Reply, bool]:
    return event.reply, isinstance(event, Replied)
