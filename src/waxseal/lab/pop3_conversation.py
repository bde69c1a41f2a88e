"""POP3 as a server of the lab speaks it (RFC 1939, 2449, 2595, 5034): logins, and an empty mailbox."""

import ssl

from waxseal.facts import Stage
from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.access_conversation import AccessConversation
from waxseal.lab.listener import LabStream


class Pop3Conversation(AccessConversation):
    """One client's conversation."""

    failed_code = "AUTH"
    privacy_code = ""

    def __init__(self, behaviour: AccessBehaviour, context: ssl.SSLContext, stream: LabStream) -> None:
        super().__init__(behaviour, context, stream)
        self._name: bytes | None = None

    def complete(self, text: str) -> bytes:
        """A line as it is."""
        return f"{text}\r\n".encode()

    def form(self, status: str, text: str, code: str = "") -> bytes:
        """``+OK text`` or ``-ERR [CODE] text`` (RFC 1939 §3, RFC 2449 §8)."""
        word = "+OK" if status == "OK" else "-ERR"
        return self.complete(f"{word} [{code}] {text}" if code else f"{word} {text}")

    def last_words(self, text: str) -> bytes:
        """An error like any other."""
        return self.form("BAD", text)

    def greeting_octets(self) -> bytes:
        """One line (RFC 1939 §4)."""
        return self.form("OK", f"{self.behaviour.host} POP3")

    def forget(self) -> None:
        """The user that was named in clear, too."""
        super().forget()
        if not self.behaviour.keeps_user:
            self._name = None

    async def answer(self, line: bytes) -> None:
        """One command."""
        word, _, argument = line.partition(b" ")
        match word.upper():
            case b"CAPA":
                await self._capa()
            case b"STLS":
                await self.starttls(argument)
            case b"USER":
                await self._user(argument)
            case b"PASS":
                await self._pass(argument)
            case b"AUTH" if argument:
                name, _, text = argument.partition(b" ")
                await self.authenticate(name, text or None)
            case b"QUIT":
                await self.reach(Stage.QUIT)
                await self.hang_up(self.form("OK", "Bye"))
            case b"STAT" if self.user:
                await self.respond("OK", "0 0")
            case b"NOOP" if self.user:
                # Only behind a login (RFC 1939 §5).
                await self.respond("OK", "Done")
            case _:
                await self.unknown(line)

    async def _capa(self) -> None:
        """Several lines, the last one a dot (RFC 2449 §5)."""
        lines = self.behaviour.capabilities_now(in_tls=self.stream.in_tls)
        listed = b"".join(f"{line}\r\n".encode() for line in (*lines, "."))
        await self.show_capabilities(self.form("OK", "Capabilities") + listed)

    async def _user(self, name: bytes) -> None:
        if self.user or not name:
            await self.respond("NO", "USER takes a name, once")
        elif self.secret_refused() and not self.behaviour.user_in_clear:
            await self.respond("NO", "Not without TLS")
        else:
            self._name = name
            await self.respond("OK", "Say PASS")

    async def _pass(self, password: bytes) -> None:
        name, self._name = self._name, None
        if name is None:
            await self.respond("NO", "Say USER first")
        elif self.secret_refused():
            await self.respond("NO", "Not without TLS")
        else:
            await self.judge(name, password)
