"""The IMAP, POP3 and ManageSieve side of a conversation: commands, and the responses to them.

The stream, the clock and the transcript are in ``probes.conversation``. What to say next, and what the
responses mean as facts, is in ``probes.access_dialogue``; the grammars are in ``wire``.
"""

from collections.abc import Iterable

from waxseal.facts import Cause, MailProtocol, Response, Stage
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.conversation import Conversation, HeardAnswer
from waxseal.probes.recorder import Run
from waxseal.wire.access_client import AccessConnection, Event, Responded


class HeardResponse(HeardAnswer[Response]):
    """What one stage brought: `response` is the response to what was asked."""

    @property
    def response(self) -> Response:
        """The response."""
        return self.answer

    def go_on(self, stage: Stage) -> Response:
        """The response, for going on by it; to be called once it is recorded.

        Raises:
            NetError: The dialogue cannot go on: the response is not whole, or none at all (NOT_THE_PROTOCOL).
        """
        if self.broken is not None:
            raise self.broken
        if not self.response.status:
            text = (self.response.text or "".join(self.response.lines[:1]))[:120]
            raise NetError(Cause.NOT_THE_PROTOCOL, text, phase=stage, elapsed_s=self.elapsed_s)
        return self.response


class AccessConversation(Conversation[Response, HeardResponse]):
    """The conversation of one attempt with one peer.

    Use `connect`, then `greeting`, `command`, `start_tls` as the dialogue asks; `transcript` at any time.
    """

    def __init__(self, peer: Peer, run: Run, protocol: MailProtocol) -> None:
        self._connection = AccessConnection(protocol)
        super().__init__(peer, run, self._connection, HeardResponse)

    async def command(
        self, command: bytes, stage: Stage, limit_s: float | None = None, *, multiline: bool = False
    ) -> HeardResponse:
        """Send a command, given without tag and CRLF, and wait for its response, at most so long.

        Args:
            command: What to send.
            stage: For the record.
            limit_s: Seconds; None for what is left.
            multiline: POP3: whether a good answer has several lines.
        """
        await self._say(self._connection.send(command, multiline=multiline), stage)
        return await self._hear(stage, limit_s)

    async def unasked(self, stage: Stage, first_limit_s: float) -> HeardResponse:
        """Wait for a response that the server sends by itself, so long for its first octet."""
        return await self._hear(stage, first_limit_s=first_limit_s, unasked=True)

    def _receive(self, data: bytes) -> Iterable[tuple[Response, bool]]:
        return map(_told, self._connection.receive(data))

    def _end(self) -> Iterable[tuple[Response, bool]]:
        return map(_told, self._connection.end())


def _told(event: Event) -> tuple[Response, bool]:
    return event.response, isinstance(event, Responded)
