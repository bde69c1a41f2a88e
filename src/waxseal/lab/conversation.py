"""One client's conversation with a mail server of the lab, as far as the protocols share it.

Greeting, commands line by line, the crossing into TLS with all that can go wrong there, and hanging up. What
the commands are is in ``lab.smtp_server`` and ``lab.access_server``.
"""

import asyncio
import ssl
from abc import ABC, abstractmethod
from base64 import b64encode

from waxseal.facts import Stage
from waxseal.lab.alpn import alpn_names
from waxseal.lab.common_behaviour import Break, CommonBehaviour
from waxseal.lab.listener import LabStream, PeerGone
from waxseal.lab.orders import alert_record
from waxseal.lab.sasl import Login, decoded

MAX_COMMANDS = 100
MAX_SMUGGLED = 20
MAX_EXCHANGES = 8
_NO_APPLICATION_PROTOCOL = 120


class HungUp(Exception):  # noqa: N818  # leaves the conversation; no error
    """The server has nothing more to say."""


class Conversation(ABC):
    """Base of the conversations.

    Attributes:
        stream: The server's end of the connection.
        challenge_prefix: What stands in front of a SASL challenge.
    """

    challenge_prefix = b"+ "

    def __init__(self, behaviour: CommonBehaviour, context: ssl.SSLContext, stream: LabStream) -> None:
        self.stream = stream
        self._common = behaviour
        self._context = context
        self._held = bytearray()
        self._kept = 0
        self._answering_kept = False
        self._errors = 0
        self._turned_down = False
        self._went_ahead_twice = False

    @abstractmethod
    async def greet(self) -> None:
        """Say the greeting."""

    @abstractmethod
    async def answer(self, line: bytes) -> None:
        """Answer one command, without its line end."""

    @abstractmethod
    def forget(self) -> None:
        """Drop all that the client said in clear, but for what the behaviour keeps."""

    @abstractmethod
    async def behind_handshake(self) -> None:
        """Say what has to be said unasked once STARTTLS has led to TLS."""

    async def hold(self) -> None:
        """From the greeting to the end; the caller closes the stream."""
        try:
            if self._common.implicit:
                await self.shake_hands()
            await self.greet()
            for _ in range(MAX_COMMANDS):
                await self._next()
        except HungUp:
            await self._flush()

    async def say(self, octets: bytes) -> None:
        """Send a part of an answer."""
        if self._turned_down:
            await self._fail(self._common.after_refusal)
        self._held += octets
        waiting = self._kept or self._answering_kept or self.stream.has_line
        if not (self._common.joins_answers and waiting):
            await self._flush()

    async def hang_up(self, octets: bytes = b"") -> None:
        """Send the last words and end the conversation.

        Raises:
            HungUp: Always.
        """
        await self.say(octets)
        raise HungUp

    async def read_line(self) -> bytes:
        """The next line, without its line end."""
        line = await self.stream.read_line()
        self._kept -= self._kept > 0
        return line

    async def note_error(self, last_words: bytes) -> None:
        """Count an unknown command.

        Raises:
            HungUp: It was one too many; these words have been said.
        """
        self._errors += 1
        limit = self._common.errors_limit
        if limit is not None and self._errors >= limit:
            await self.hang_up(last_words)

    def echo(self, line: bytes) -> str:
        """What to put behind the words of an answer to an unknown command."""
        return f": {line.decode('latin-1')}" if self._common.echoes else ""

    def frame_challenge(self, text: bytes) -> bytes:
        """A challenge in BASE64 as a part of an answer."""
        return self.challenge_prefix + text + b"\r\n"

    async def read_response(self) -> bytes:
        """The client's response in BASE64."""
        return await self.read_line()

    async def exchange(self, login: Login) -> bool | None:
        """Hold a SASL exchange.

        Returns:
            Whether the client is in; None where it gave up with ``*`` (RFC 4954 §4) or sent no BASE64.
        """
        try:
            challenge = next(login)
            for _ in range(MAX_EXCHANGES):
                await self.say(self.frame_challenge(b64encode(challenge)))
                response = decoded(await self.read_response())
                if response is None:
                    return None
                challenge = login.send(response)
        except StopIteration as end:
            return bool(end.value)
        return None

    async def reach(self, stage: Stage) -> None:
        """Wait, or fail, as the behaviour has it for this stage."""
        if delay_s := self._common.delays.get(stage):
            await self._flush()
            await asyncio.sleep(delay_s)
        await self._fail(self._common.breaks.get(stage))

    async def turn_down(self, octets: bytes) -> None:
        """Refuse STARTTLS for now, or for good."""
        await self.say(octets)
        self._turned_down = self._common.after_refusal is not None

    async def go_ahead_again(self, octets: bytes) -> None:
        """Answer STARTTLS inside TLS as if it were the first; no second TLS is laid inside."""
        await self.say(octets)
        self._went_ahead_twice = True

    def anything_behind(self) -> bool:
        """Whether octets came in clear behind the command that is being answered."""
        self.stream.take_in()
        return self.stream.has_octets

    async def cross(self, go_ahead: bytes) -> None:
        """Say the go-ahead and shake hands; nothing that came in clear is remembered, unless told so."""
        how = self._common
        pipelined = self.anything_behind()
        kept = await self._sort_out_clear(go_ahead)
        if pipelined:
            await self._fail(how.breaks_pipelining)
        await self.shake_hands()
        self.forget()
        self._errors = 0
        self.stream.put_back(kept)
        self._kept = kept.count(b"\n")
        if how.greets_again:
            await self.greet()
        await self.behind_handshake()
        if self._kept and how.late_s:
            await asyncio.sleep(how.late_s)

    async def shake_hands(self) -> None:
        """TLS, as ordered."""
        order = self._common.tls_order()
        if Stage.HANDSHAKE in self._common.breaks or order.answer is not None or order.refuses_alpn:
            hello = await self.stream.read_client_hello()
            if order.refuses_alpn and not _acceptable(hello, order.alpn):
                await self.stream.write(alert_record(_NO_APPLICATION_PROTOCOL))
                raise HungUp
        await self.reach(Stage.HANDSHAKE)
        if order.answer is not None:
            await self.stream.write(order.answer)
            raise HungUp
        await self.stream.start_tls(self._context)

    async def _next(self) -> None:
        self._answering_kept = self._kept > 0
        line = await self.read_line()
        if self._went_ahead_twice:
            raise HungUp
        await self.answer(line)

    async def _sort_out_clear(self, go_ahead: bytes) -> bytes:
        """Say the go-ahead; give what came in clear behind STARTTLS and is to be taken as said under TLS."""
        how = self._common
        if how.listens_s:
            await asyncio.sleep(how.listens_s)
        self.stream.take_in()
        if how.takes_for_tls:
            await self.say(go_ahead)
            await self._flush()
            return b""
        whole, end, part = self.stream.discard_buffer().rpartition(b"\n")
        if how.runs_in_clear:
            self._held += go_ahead
            for line in whole.split(b"\n")[:MAX_SMUGGLED] if end else ():
                await self.answer(line.removesuffix(b"\r"))
        else:
            await self.say(go_ahead)
        await self._flush()
        return (whole + end if how.keeps_buffer else b"") + (part if how.keeps_partial else b"")

    async def _flush(self) -> None:
        if self._held:
            octets = bytes(self._held)
            self._held.clear()
            await self.stream.write(octets)

    async def _fail(self, how: Break | None) -> None:
        if how is Break.STALL:
            await self._flush()
            await self.stream.swallow()
            raise PeerGone
        if how is Break.RESET:
            self.stream.reset()
            raise PeerGone
        if how is Break.CLOSE:
            raise HungUp


def _acceptable(hello: bytes, names: tuple[str, ...]) -> bool:
    """Whether a ClientHello asks for no protocol by ALPN, or for one of these."""
    asked = alpn_names(hello)
    return not asked or any(name.encode() in asked for name in names)
