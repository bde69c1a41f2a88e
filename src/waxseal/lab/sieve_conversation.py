"""ManageSieve as a server of the lab speaks it (RFC 5804), up to the login."""

from waxseal.facts import Stage
from waxseal.lab.access_conversation import AccessConversation


class SieveConversation(AccessConversation):
    """One client's conversation."""

    failed_code = ""
    privacy_code = "ENCRYPT-NEEDED"

    def complete(self, text: str) -> bytes:
        """A line as it is."""
        return f"{text}\r\n".encode()

    def form(self, status: str, text: str, code: str = "") -> bytes:
        """``OK (CODE) "text"``; there is no BAD (RFC 5804 §1.2 and §1.3)."""
        word = "OK" if status == "OK" else "NO"
        if code.startswith("REFERRAL "):
            word, code = "BYE", f'REFERRAL "{code.removeprefix("REFERRAL ")}"'
        return self.complete(
            " ".join(part for part in (word, f"({code})" if code else "", _quoted(text)) if part)
        )

    def last_words(self, text: str) -> bytes:
        """BYE (RFC 5804 §1.2)."""
        return self.complete(f"BYE {_quoted(text)}")

    def greeting_octets(self) -> bytes:
        """The capabilities and OK (RFC 5804 §1.7)."""
        return self._capabilities("Ready")

    def frame_challenge(self, text: bytes) -> bytes:
        """A string (RFC 5804 §2.1)."""
        return b'"' + text + b'"\r\n'

    async def read_response(self) -> bytes:
        """A string, quoted or literal."""
        words = await self.words(await self.read_line(), b"")
        return words[0] if words else b""

    async def behind_handshake(self) -> None:
        """The capabilities again, unasked (RFC 5804 §2.2)."""
        if not self.behaviour.silent_after_tls:
            await self.show_capabilities(self._capabilities("TLS stands"))

    async def let_in(self, name: str, good: bool) -> None:
        """A referral is the last word (RFC 5804 §1.3)."""
        await super().let_in(name, good)
        if self.behaviour.referral:
            await self.hang_up()

    async def answer(self, line: bytes) -> None:
        """One command."""
        word, _, rest = line.partition(b" ")
        name = word.upper()
        arguments = await self.words(rest, b"")
        match name:
            case b"CAPABILITY":
                await self.show_capabilities(self._capabilities("Done"))
            case b"STARTTLS":
                await self.starttls(b" ".join(arguments))
            case b"NOOP":
                # The tag comes back in a code (RFC 5804 §2.13).
                tag = arguments[0].decode("latin-1") if arguments else ""
                await self.respond("OK", "Done", f"TAG {_quoted(tag)}" if arguments else "")
            case b"AUTHENTICATE" if arguments:
                await self.authenticate(arguments[0], arguments[1] if len(arguments) > 1 else None)
            case b"LOGOUT":
                await self.reach(Stage.QUIT)
                await self.hang_up(self.form("OK", "Bye"))
            case _:
                await self.unknown(line)

    def _capabilities(self, text: str) -> bytes:
        lines = []
        for entry in self.behaviour.capabilities_now(in_tls=self.stream.in_tls):
            name, space, value = entry.partition(" ")
            # SASL has a value even where it is empty (RFC 5804 §1.7).
            valued = space or name == "SASL"
            lines.append(f"{_quoted(name)} {_quoted(value)}\r\n" if valued else f"{_quoted(name)}\r\n")
        return "".join(lines).encode() + self.form("OK", text)


def _quoted(text: str) -> str:
    """A quoted string (RFC 5804 §4)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
