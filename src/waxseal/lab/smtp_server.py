"""Acts out a `Behaviour`: an SMTP server (RFC 5321) with STARTTLS (RFC 3207) that fails where it is told to.

It takes no message. Octets behind a STARTTLS command are discarded unread, as a sound server does.
"""

import asyncio
import ssl

from waxseal.facts import Stage
from waxseal.lab.behaviour import Behaviour, Break, reply
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.listener import LabStream, Listener, PeerGone
from waxseal.lab.tls import server_context

MAX_COMMANDS = 100

_FIXED_REPLIES = {
    b"NOOP": reply(250, "2.0.0 Ok"),
    b"VRFY": reply(252, "2.5.2 Cannot verify"),
    b"HELP": reply(214, "2.0.0 This is the lab of waxseal"),
    b"DATA": reply(554, "5.7.1 The lab takes no mail"),
    b"AUTH": reply(535, "5.7.8 The lab knows no one"),
}
_UNKNOWN = reply(500, "5.5.2 Command unrecognized")
_BAD_SEQUENCE = reply(503, "5.5.1 Bad sequence of commands")


class SmtpServer(Listener):
    """A listener that behaves as told.

    Attributes:
        behaviour: What it was told.
    """

    def __init__(self, behaviour: Behaviour, ca: CertificateAuthority) -> None:
        super().__init__(self._converse)
        self.behaviour = behaviour
        self._context = server_context(behaviour.tls_order(), ca)

    async def _converse(self, stream: LabStream) -> None:
        await _Conversation(self.behaviour, self._context, stream).hold()


class _HungUp(Exception):  # noqa: N818  # leaves the conversation; no error
    """The server has nothing more to say."""


class _Conversation:
    """One client's conversation with a server."""

    def __init__(self, behaviour: Behaviour, context: ssl.SSLContext, stream: LabStream) -> None:
        self._behaviour = behaviour
        self._context = context
        self._stream = stream
        self._accepted = False
        self._in_transaction = False

    async def hold(self) -> None:
        """From the greeting to the end; the caller closes the stream."""
        try:
            if self._behaviour.implicit:
                await self._shake_hands()
            await self._greet()
            for _ in range(MAX_COMMANDS):
                await self._answer(await self._stream.read_line())
        except _HungUp:
            return

    async def _greet(self) -> None:
        behaviour = self._behaviour
        await self._reach(Stage.GREETING)
        if behaviour.teaser:
            await self._stream.write(behaviour.teaser)
            if await self._stream.wait_for_octets(behaviour.teaser_wait_s):
                await self._say(reply(521, "5.5.1 Protocol error"))
                raise _HungUp
        octets = behaviour.greeting_octets()
        self._accepted = octets.startswith(b"220")
        await self._say(octets)

    async def _answer(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        if verb == b"QUIT":
            await self._quit()
        elif not self._accepted:
            await self._say(_BAD_SEQUENCE)
        elif verb in (b"MAIL", b"RCPT", b"RSET"):
            await self._envelope(verb)
        elif verb == b"EHLO":
            self._in_transaction = False
            in_tls = self._stream.in_tls
            await self._reach(Stage.EHLO_TLS if in_tls and not self._behaviour.implicit else Stage.EHLO)
            await self._say(self._behaviour.ehlo_octets(in_tls=in_tls))
        elif verb == b"HELO":
            given = self._behaviour.helo
            await self._say(reply(250, self._behaviour.host) if given is None else given)
        elif verb == b"STARTTLS":
            await self._starttls(argument)
        else:
            await self._say(_FIXED_REPLIES.get(verb, _UNKNOWN))

    async def _envelope(self, verb: bytes) -> None:
        """MAIL begins a transaction, RCPT belongs into one, RSET ends it (RFC 5321 §4.1.1)."""
        behaviour = self._behaviour
        octets = reply(250, "2.0.0 Ok")
        if verb == b"RSET":
            self._in_transaction = False
        elif verb == b"MAIL":
            given = behaviour.mail_tls if self._stream.in_tls else behaviour.mail
            octets = reply(250, "2.1.0 Ok") if given is None else given
            self._in_transaction = octets.startswith(b"250")
        elif not self._in_transaction:
            octets = _BAD_SEQUENCE
        else:
            octets = reply(250, "2.1.5 Ok") if behaviour.recipient is None else behaviour.recipient
        await self._say(octets)

    async def _starttls(self, argument: bytes) -> None:
        if self._stream.in_tls:
            await self._say(_BAD_SEQUENCE)
            return
        if argument:
            await self._say(reply(501, "5.5.4 Syntax error, no parameters allowed"))
            return
        await self._reach(Stage.STARTTLS)
        octets = self._behaviour.starttls_octets()
        # Whatever came in clear behind the command is not to be taken as said under TLS (RFC 3207 §4.2).
        if octets.startswith(b"220"):
            self._stream.discard_buffer()
            self._in_transaction = False
        await self._say(octets)
        if octets.startswith(b"220"):
            await self._shake_hands()

    async def _shake_hands(self) -> None:
        order = self._behaviour.tls_order()
        if Stage.HANDSHAKE in self._behaviour.breaks or order.answer is not None:
            await self._stream.read_client_hello()
        await self._reach(Stage.HANDSHAKE)
        if order.answer is not None:
            await self._stream.write(order.answer)
            raise _HungUp
        await self._stream.start_tls(self._context)

    async def _quit(self) -> None:
        await self._reach(Stage.QUIT)
        given = self._behaviour.quit
        await self._say(reply(221, "2.0.0 Bye") if given is None else given)
        raise _HungUp

    async def _say(self, octets: bytes) -> None:
        """Send a reply; a 421 is the last word (RFC 5321 §3.8)."""
        if octets:
            await self._stream.write(octets)
        if octets.startswith((b"421", b"521")):
            raise _HungUp

    async def _reach(self, stage: Stage) -> None:
        """Wait, or fail, as the behaviour has it for this stage."""
        if delay_s := self._behaviour.delays.get(stage):
            await asyncio.sleep(delay_s)
        how = self._behaviour.breaks.get(stage)
        if how is Break.STALL:
            await self._stream.swallow()
            raise PeerGone
        if how is Break.RESET:
            self._stream.reset()
            raise PeerGone
        if how is Break.CLOSE:
            raise _HungUp
