"""Acts out a `Behaviour`: an SMTP server (RFC 5321) or LMTP server (RFC 2033) with STARTTLS (RFC 3207).

It takes no message but for the one recipient that it is told to. The crossing into TLS is in
``lab.conversation``.
"""

import ssl
from dataclasses import dataclass

from waxseal.facts import Stage
from waxseal.lab.behaviour import Behaviour, reply
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.common_behaviour import PLAIN_TEXT
from waxseal.lab.conversation import Conversation, HungUp
from waxseal.lab.listener import LabStream, Listener
from waxseal.lab.relaying import forms_asked, is_local, mailbox, user_of
from waxseal.lab.sasl import decoded, login
from waxseal.lab.tls import server_context

MAX_MESSAGE_OCTETS = 256 * 1024
MAX_MESSAGES = 20
MAX_RECIPIENTS = 20

_FIXED_REPLIES = {
    "NOOP": reply(250, "2.0.0 Ok"),
    "HELP": reply(214, "2.0.0 This is the lab of waxseal"),
}
_BAD_SEQUENCE = reply(503, "5.5.1 Bad sequence of commands")
_NO_MAIL = reply(554, "5.7.1 The lab takes no mail")
_END_OF_DATA = b"\r\n.\r\n"


@dataclass(frozen=True)
class Message:
    """A message that was taken in.

    Attributes:
        sender, recipients: As in MAIL and RCPT, without angle brackets.
        octets: The message as it came, dots included, without the octets that ended it.
    """

    sender: str
    recipients: tuple[str, ...]
    octets: bytes


class SmtpServer(Listener):
    """A listener that behaves as told.

    Args:
        behaviour: What to do.
        ca: Makes its certificates.
        domains: Domains and address literals (RFC 5321 §4.1.3) that it takes mail for, beside the domains
            that follow from the behaviour.

    Attributes:
        behaviour: What it was told.
        messages: The first messages that it took in.
    """

    def __init__(self, behaviour: Behaviour, ca: CertificateAuthority, domains: tuple[str, ...] = ()) -> None:
        super().__init__(self._converse)
        self.behaviour = behaviour
        self.messages: list[Message] = []
        self._domains = behaviour.takes_mail_for() | frozenset(name.lower() for name in domains)
        self._context = server_context(behaviour.tls_order(), ca)

    async def _converse(self, stream: LabStream) -> None:
        talk = _Conversation(self.behaviour, self._context, stream, self._domains)
        try:
            await talk.hold()
        finally:
            self.messages += talk.messages[: MAX_MESSAGES - len(self.messages)]


class _Conversation(Conversation):
    """One client's conversation with a server."""

    challenge_prefix = b"334 "

    def __init__(
        self, behaviour: Behaviour, context: ssl.SSLContext, stream: LabStream, domains: frozenset[str]
    ) -> None:
        super().__init__(behaviour, context, stream)
        self.messages: list[Message] = []
        self._behaviour = behaviour
        self._domains = domains
        self._accepted = False
        self._hello = False
        self._logged_in = False
        self._sender: str | None = None
        self._sender_in_clear = False
        self._recipients: list[str] = []

    async def greet(self) -> None:
        """The greeting, in two parts where it has a teaser."""
        behaviour = self._behaviour
        await self.reach(Stage.GREETING)
        if behaviour.teaser:
            await self.stream.write(behaviour.teaser)
            if await self.stream.wait_for_octets(behaviour.teaser_wait_s):
                await self._say(reply(521, "5.5.1 Protocol error"))
                raise HungUp
        octets = behaviour.greeting_octets()
        self._accepted = octets.startswith(b"220")
        await self._say(octets)

    async def answer(self, line: bytes) -> None:
        """One command."""
        word, _, argument = line.partition(b" ")
        verb = word.upper().decode("latin-1")
        if verb == "QUIT":
            await self._quit()
        elif not self._accepted:
            await self._say(_BAD_SEQUENCE)
        elif verb in ("EHLO", "HELO", "LHLO"):
            await self._greeted(verb, line)
        elif verb in ("MAIL", "RCPT", "RSET", "DATA"):
            await self._envelope(verb, argument)
        elif verb == "STARTTLS":
            await self._starttls(argument)
        elif verb == "AUTH":
            await self._auth(argument)
        elif verb in ("VRFY", "EXPN"):
            await self._say(self._about(verb, argument.decode("latin-1").strip()))
        elif verb in _FIXED_REPLIES:
            await self._say(_FIXED_REPLIES[verb])
        else:
            await self._unknown(line)

    def forget(self) -> None:
        """What was said in clear is not taken as said under TLS (RFC 3207 §4.2)."""
        how = self._behaviour
        self._hello = self._hello and how.keeps_hello
        self._logged_in = self._logged_in and how.keeps_login
        if not how.keeps_mail:
            self._end_transaction()

    async def behind_handshake(self) -> None:
        """Nothing: the client speaks first (RFC 3207 §4.2)."""

    async def _greeted(self, verb: str, line: bytes) -> None:
        """EHLO, HELO, LHLO; an LMTP server takes the last only (RFC 2033 §4.1), an SMTP server does not."""
        behaviour = self._behaviour
        if (verb == "LHLO") is not behaviour.lmtp:
            await self._unknown(line)
            return
        if verb == "HELO":
            octets = reply(250, behaviour.host) if behaviour.helo is None else behaviour.helo
        else:
            in_tls = self.stream.in_tls
            await self.reach(Stage.EHLO_TLS if in_tls and not behaviour.implicit else Stage.EHLO)
            octets = behaviour.ehlo_octets(in_tls=in_tls)
        if octets.startswith(b"250"):
            self._hello = True
            # It resets the transaction like RSET (RFC 5321 §4.1.4).
            if not (self._sender_in_clear and self.stream.in_tls and behaviour.keeps_mail):
                self._end_transaction()
        await self._say(octets)

    def _end_transaction(self) -> None:
        self._sender = None
        self._sender_in_clear = False
        self._recipients = []

    async def _envelope(self, verb: str, argument: bytes) -> None:
        """MAIL begins a transaction, RCPT and DATA belong into one, RSET ends it (RFC 5321 §4.1.4)."""
        if verb == "RSET":
            self._end_transaction()
            await self._say(reply(250, "2.0.0 Ok"))
        elif verb == "MAIL":
            await self._mail(argument)
        elif self._sender is None:
            await self._say(_BAD_SEQUENCE)
        elif verb == "RCPT":
            await self._recipient(mailbox(argument))
        else:
            await self._data()

    async def _mail(self, argument: bytes) -> None:
        behaviour = self._behaviour
        given = behaviour.mail_tls if self.stream.in_tls else behaviour.mail
        octets = reply(250, "2.1.0 Ok") if given is None else given
        if not self._hello or self._sender is not None:
            octets = _BAD_SEQUENCE
        elif octets.startswith(b"250"):
            self._sender = mailbox(argument)
            self._sender_in_clear = not self.stream.in_tls
        await self._say(octets)

    async def _recipient(self, address: str) -> None:
        octets = self._judged(address)
        if octets.startswith(b"25") and len(self._recipients) < MAX_RECIPIENTS:
            self._recipients.append(address)
        await self._say(octets)

    def _judged(self, address: str) -> bytes:
        """The reply to RCPT."""
        behaviour = self._behaviour
        if behaviour.recipient is not None:
            return behaviour.recipient
        forms = forms_asked(address, self._sender or "", self._domains)
        if forms & set(behaviour.relays) or self._known(address):
            return reply(250, "2.1.5 Ok")
        if is_local(address, self._domains) and not forms:
            return reply(550, "5.1.1 No such user here")
        return reply(554, "5.7.1 Relay access denied")

    def _known(self, address: str) -> bool:
        """Whether a mailbox is its own; a source route that leads to one is passed over."""
        inner = address.partition(":")[2] if address.startswith("@") else address
        if not is_local(inner, self._domains):
            return False
        return self._behaviour.catch_all or user_of(inner).lower() in self._behaviour.known_users()

    async def _data(self) -> None:
        """A message, where all its recipients are the one that messages are taken for."""
        behaviour = self._behaviour
        wanted = behaviour.takes_for.lower()
        if not self._recipients or any(name.lower() != wanted for name in self._recipients):
            await self._say(_NO_MAIL if self._recipients else _BAD_SEQUENCE)
            return
        await self._say(reply(354, "End data with <CR><LF>.<CR><LF>"))
        # The line end of DATA is the first one of an end that comes at once.
        self.stream.put_back(b"\r\n")
        ends = (_END_OF_DATA, *behaviour.ends_at)
        whole = await self.stream.read_until(ends, MAX_MESSAGE_OCTETS)
        octets = whole.removesuffix(next(end for end in ends if whole.endswith(end)))[2:]
        self.stream.drop_line_feed_behind(whole)
        bare = octets.replace(b"\r\n", b"")
        if behaviour.refuses_bare_lf and (b"\n" in bare or b"\r" in bare):
            await self._say(reply(521, "5.5.2 Bare line ends are not taken"))
        if len(self.messages) < MAX_MESSAGES:
            self.messages.append(Message(self._sender or "", tuple(self._recipients), octets))
        # One reply for each recipient in LMTP (RFC 2033 §4.2), one for all in SMTP.
        answers = len(self._recipients) if behaviour.lmtp else 1
        self._end_transaction()
        await self._say(reply(250, "2.0.0 Ok, taken") * answers)

    def _about(self, verb: str, name: str) -> bytes:
        """The reply to VRFY and EXPN (RFC 5321 §3.5)."""
        address = name.strip("<>")
        if verb == "VRFY":
            if not self._behaviour.tells_users:
                return reply(252, "2.5.2 Cannot verify")
            if not self._known(address):
                return reply(550, "5.1.1 No such user here")
            return reply(250, f"2.1.5 <{user_of(address)}@{self._behaviour.host}>")
        if not self._behaviour.tells_lists:
            return reply(502, "5.5.1 Command not implemented")
        if user_of(address).lower() != "staff":
            return reply(550, "5.1.1 No such list here")
        return reply(250, *(f"2.1.5 <{user}@{self._behaviour.host}>" for user in ("postmaster", "abuse")))

    async def _starttls(self, argument: bytes) -> None:
        behaviour = self._behaviour
        go_ahead = reply(220, "2.0.0 Ready to start TLS")
        if self.stream.in_tls:
            await (self.go_ahead_again(go_ahead) if behaviour.takes_again else self._say(_BAD_SEQUENCE))
            return
        if argument and not behaviour.takes_parameter:
            await self._say(reply(501, "5.5.4 Syntax error, no parameters allowed"))
            return
        if behaviour.refuses_pipelining and self.anything_behind():
            await self.hang_up(reply(554, "5.5.0 SMTP synchronization error"))
        await self.reach(Stage.STARTTLS)
        octets = behaviour.starttls_octets()
        if octets.startswith(b"220"):
            await self.cross(octets)
        elif octets.startswith((b"421", b"521")):
            await self._say(octets)
        else:
            await self.turn_down(octets)

    async def _auth(self, argument: bytes) -> None:
        """A login (RFC 4954 §4)."""
        behaviour = self._behaviour
        words = argument.upper().decode("latin-1").split()
        in_tls = self.stream.in_tls
        listed = behaviour.mechanisms(in_tls=in_tls)
        if self._logged_in or self._sender is not None or not self._hello:
            await self._say(_BAD_SEQUENCE)
        elif not words or not behaviour.takes_mechanism(words[0], listed, in_tls=in_tls):
            await self._say(reply(504, "5.5.4 Unrecognized authentication mechanism"))
        elif words[0] in PLAIN_TEXT and not in_tls and not behaviour.login_in_clear:
            await self._say(reply(538, "5.7.11 Encryption required for requested authentication mechanism"))
        else:
            _, _, text = argument.strip().partition(b" ")
            initial = decoded(text.strip()) if text.strip() else None
            anyone = behaviour.lets_anyone_in
            exchange = login(words[0], initial, behaviour.account, anyone=anyone)
            let_in = await self.exchange(exchange)
            if let_in is None:
                await self._say(reply(501, "5.5.2 Authentication cancelled"))
            elif let_in:
                self._logged_in = True
                await self._say(reply(235, "2.7.0 Authentication successful"))
            else:
                await self._say(reply(535, "5.7.8 Authentication credentials invalid"))

    async def _unknown(self, line: bytes) -> None:
        await self._say(reply(500, f"5.5.2 Command unrecognized{self.echo(line)}"))
        await self.note_error(reply(421, "4.7.0 Too many errors"))

    async def _quit(self) -> None:
        await self.reach(Stage.QUIT)
        given = self._behaviour.quit
        await self.hang_up(reply(221, "2.0.0 Bye") if given is None else given)

    async def _say(self, octets: bytes) -> None:
        """Send a reply; a 421 is the last word (RFC 5321 §3.8)."""
        await self.say(octets)
        if octets.startswith((b"421", b"521")):
            raise HungUp
