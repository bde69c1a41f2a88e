"""What IMAP, POP3 and ManageSieve conversations share in the lab: STARTTLS, logins, words and literals."""

import hmac
import re
import ssl
from abc import abstractmethod

from waxseal.facts import Stage
from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.common_behaviour import PLAIN_TEXT
from waxseal.lab.conversation import Conversation, HungUp
from waxseal.lab.listener import LabStream
from waxseal.lab.sasl import decoded, login

MAX_LITERALS = 8
MAX_LITERAL_OCTETS = 4096
_LITERAL = re.compile(rb"\{(\d{1,6})(\+?)\}$")
_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_ESCAPED = re.compile(rb"\\(.)")


class AccessConversation(Conversation):
    """Base of the three.

    Attributes:
        behaviour: How the server behaves.
        user: Who is logged in; "" for nobody.
        failed_code: The response code for a wrong password; "" for none.
        privacy_code: The same for a password that is not looked at in clear.
    """

    failed_code = "AUTHENTICATIONFAILED"
    privacy_code = "PRIVACYREQUIRED"

    def __init__(self, behaviour: AccessBehaviour, context: ssl.SSLContext, stream: LabStream) -> None:
        super().__init__(behaviour, context, stream)
        self.behaviour = behaviour
        self.user = ""

    @abstractmethod
    def complete(self, text: str) -> bytes:
        """A last line of a response out of ``OK text``, as the protocol frames it."""

    @abstractmethod
    def form(self, status: str, text: str, code: str = "") -> bytes:
        """A last line of a response.

        Args:
            status: ``OK``, ``NO`` or ``BAD``, or what the protocol has in their place.
            text: For people.
            code: The response code without brackets; "" for none.
        """

    @abstractmethod
    def last_words(self, text: str) -> bytes:
        """What is said before the server hangs up by itself."""

    async def respond(self, status: str, text: str, code: str = "") -> None:
        """Say it."""
        await self.say(self.form(status, text, code))

    async def greet(self) -> None:
        """The greeting; one that turns the client away is the last word."""
        await self.reach(Stage.GREETING)
        given = self.behaviour.greeting
        octets = self.greeting_octets() if given is None else given
        await self.say(octets)
        if octets.upper().startswith((b"* BYE", b"BYE", b"-ERR")):
            raise HungUp
        if octets.upper().startswith(b"* PREAUTH"):
            self.user = self.behaviour.account[0]

    @abstractmethod
    def greeting_octets(self) -> bytes:
        """The sound greeting."""

    def forget(self) -> None:
        """Nobody is logged in behind STARTTLS, unless that is the flaw."""
        if not self.behaviour.keeps_login:
            self.user = ""

    async def behind_handshake(self) -> None:
        """Nothing, but in ManageSieve."""

    async def show_capabilities(self, octets: bytes) -> None:
        """Say them, at the stage that they belong to."""
        behind_starttls = self.stream.in_tls and not self.behaviour.implicit
        await self.reach(Stage.EHLO_TLS if behind_starttls else Stage.EHLO)
        given = self.behaviour.capability_tls if self.stream.in_tls else self.behaviour.capability
        await self.say(octets if given is None else self.complete(given))

    async def starttls(self, argument: bytes) -> None:
        """STARTTLS or STLS: before a login only, and once (RFC 9051 §6.2.1, RFC 2595 §4, RFC 5804 §2.2)."""
        how = self.behaviour
        if self.stream.in_tls:
            if how.takes_again:
                await self.go_ahead_again(self.form("OK", "Begin TLS"))
            else:
                await self.respond("BAD", "TLS stands already")
        elif argument and not how.takes_parameter:
            await self.respond("BAD", "No parameter is taken")
        elif self.user and not how.keeps_login:
            await self.respond("BAD", "Not behind a login")
        elif how.refuses_pipelining and self.anything_behind():
            await self.hang_up(self.form("BAD", "Protocol synchronization error"))
        else:
            await self.reach(Stage.STARTTLS)
            text = how.starttls
            if text is None:
                good = how.offers_starttls()
                octets = self.form("OK", "Begin TLS") if good else self.form("BAD", "Unknown command")
            else:
                good = text.startswith(("OK", "+OK"))
                octets = self.complete(text)
            await (self.cross(octets + how.extra) if good else self.turn_down(octets))

    def secret_refused(self) -> bool:
        """Whether passwords are not looked at as things are."""
        return not self.stream.in_tls and not self.behaviour.login_in_clear

    async def judge(self, name: bytes, password: bytes) -> None:
        """Answer a user name and password."""
        pairs = zip((name, password), self.behaviour.account, strict=True)
        good = all(hmac.compare_digest(given, due.encode()) for given, due in pairs)
        await self.let_in(name.decode("latin-1"), good or self.behaviour.lets_anyone_in)

    async def let_in(self, name: str, good: bool) -> None:
        """Answer a login that has been judged."""
        if self.behaviour.referral:
            await self.respond("NO", "The account is elsewhere", f"REFERRAL {self.behaviour.referral}")
        elif good:
            self.user = name
            await self.logged_in()
        else:
            await self.respond("NO", "Authentication failed", self.failed_code)

    async def logged_in(self) -> None:
        """Answer a good login."""
        await self.respond("OK", "Logged in")

    async def authenticate(self, name: bytes, text: bytes | None) -> None:
        """A SASL login.

        Args:
            name: The mechanism, as the client wrote it.
            text: The initial response in BASE64; None for none.
        """
        how = self.behaviour
        in_tls = self.stream.in_tls
        mechanism = name.upper().decode("latin-1")
        if self.user:
            await self.respond("BAD", "You are logged in already")
        elif not how.takes_mechanism(mechanism, how.mechanisms_now(in_tls=in_tls), in_tls=in_tls):
            await self.respond("NO", "Unknown mechanism")
        elif mechanism in PLAIN_TEXT and self.secret_refused():
            await self.respond("NO", "Not without TLS", self.privacy_code)
        else:
            initial = None if text is None else decoded(text)
            exchange = login(mechanism, initial, how.account, anyone=how.lets_anyone_in)
            good = await self.exchange(exchange)
            if good is None:
                await self.respond("BAD", "Authentication cancelled")
            else:
                await self.let_in(how.account[0], good)

    async def unknown(self, line: bytes) -> None:
        """Answer what is no command."""
        await self.respond("BAD", f"Unknown command{self.echo(line)}")
        await self.note_error(self.last_words("Too many errors"))

    async def words(self, line: bytes, go_on: bytes) -> list[bytes]:
        """The words of a command: atoms, quoted strings without their quotes, and literals.

        Args:
            line: Its first line.
            go_on: What is said when a client waits before a literal; b"" where all literals come unasked.
        """
        found: list[bytes] = []
        for _ in range(MAX_LITERALS):
            literal = _LITERAL.search(line)
            part = line[: literal.start()] if literal else line
            found += [_ESCAPED.sub(rb"\1", m[1]) if m[2] is None else m[2] for m in _WORD.finditer(part)]
            if literal is None:
                return found
            count = int(literal[1])
            if count > MAX_LITERAL_OCTETS:
                await self.hang_up(self.last_words("Literal too long"))
            if go_on and not literal[2]:
                await self.say(go_on)
            found.append(await self.stream.read_exactly(count))
            line = await self.read_line()
        return found
