"""IMAP as a server of the lab speaks it (RFC 9051): logins, and one mailbox that can be looked at."""

from collections.abc import Awaitable, Callable

from waxseal.facts import Stage
from waxseal.lab.access_conversation import AccessConversation

MESSAGES = 3
"""How many messages the account's INBOX holds."""
_BROKEN_SUBJECT = "Subject with a\r\nbreak"
_ADDRESS = '((NIL NIL "someone" "lab.test"))'


class ImapConversation(AccessConversation):
    """One client's conversation."""

    _tag = "*"
    _selected = False

    def complete(self, text: str) -> bytes:
        """With the tag of the command that is answered."""
        return self.behaviour.unsolicited + f"{self._tag} {text}\r\n".encode()

    def form(self, status: str, text: str, code: str = "") -> bytes:
        """``tag OK [CODE] text`` (RFC 9051 §7.1)."""
        return self.complete(f"{status} [{code}] {text}" if code else f"{status} {text}")

    def last_words(self, text: str) -> bytes:
        """An untagged BYE (RFC 9051 §7.1.5)."""
        return f"* BYE {text}\r\n".encode()

    def greeting_octets(self) -> bytes:
        """``* OK``, with the capabilities in a code (RFC 9051 §7.1)."""
        code = f"[{self._capabilities()}] " if self.behaviour.greeting_capabilities else ""
        return f"* OK {code}{self.behaviour.host} IMAP\r\n".encode()

    async def answer(self, line: bytes) -> None:
        """One command: tag, name, arguments."""
        tag, _, rest = line.partition(b" ")
        name, _, _ = rest.partition(b" ")
        self._tag = tag.decode("latin-1") or "*"
        command = name.upper().decode("latin-1")
        known = self._commands().get(command)
        if known is None:
            await self.unknown(line)
            return
        await known((await self.words(rest, b"+ Go on\r\n"))[1:])

    def _commands(self) -> dict[str, Callable[[list[bytes]], Awaitable[None]]]:
        any_time = {
            "CAPABILITY": self._capability,
            "NOOP": self._done,
            "LOGOUT": self._logout,
            "STARTTLS": self._starttls,
            "LOGIN": self._login,
            "AUTHENTICATE": self._authenticate,
        }
        logged_in = {"EXAMINE": self._open, "SELECT": self._open, "STATUS": self._status, "LIST": self._list}
        selected = {"FETCH": self._fetch, "CLOSE": self._close, "UNSELECT": self._close}
        return {
            **any_time,
            **(logged_in if self.user else {}),
            **(selected if self.user and self._selected else {}),
        }

    def _capabilities(self) -> str:
        return " ".join(("CAPABILITY", *self.behaviour.capabilities_now(in_tls=self.stream.in_tls)))

    async def logged_in(self) -> None:
        """With the capabilities, which may have changed (RFC 9051 §6.2.2)."""
        await self.respond("OK", "Logged in", self._capabilities())

    async def _capability(self, _: list[bytes]) -> None:
        octets = f"* {self._capabilities()}\r\n".encode() + self.form("OK", "CAPABILITY completed")
        await self.show_capabilities(octets)

    async def _done(self, _: list[bytes]) -> None:
        await self.respond("OK", "Done")

    async def _logout(self, _: list[bytes]) -> None:
        await self.reach(Stage.QUIT)
        await self.hang_up(b"* BYE Logging out\r\n" + self.form("OK", "LOGOUT completed"))

    async def _starttls(self, arguments: list[bytes]) -> None:
        await self.starttls(b" ".join(arguments))

    async def _login(self, arguments: list[bytes]) -> None:
        if self.user or len(arguments) != 2:
            await self.respond("BAD", "LOGIN takes user and password, once")
        elif self.secret_refused():
            # As LOGINDISABLED says (RFC 9051 §6.2.3).
            await self.respond("NO", "Not without TLS", self.privacy_code)
        else:
            await self.judge(*arguments)

    async def _authenticate(self, arguments: list[bytes]) -> None:
        if len(arguments) in (1, 2):
            await self.authenticate(arguments[0], arguments[1] if len(arguments) == 2 else None)
        else:
            await self.respond("BAD", "AUTHENTICATE takes a mechanism")

    async def _open(self, arguments: list[bytes]) -> None:
        """SELECT and EXAMINE; both read only here (RFC 9051 §6.3.3)."""
        if [name.upper() for name in arguments[:1]] != [b"INBOX"]:
            self._selected = False
            await self.respond("NO", "No such mailbox", "NONEXISTENT")
            return
        self._selected = True
        data = (
            "FLAGS (\\Seen)",
            f"{MESSAGES} EXISTS",
            "OK [PERMANENTFLAGS ()] None",
            "OK [UIDVALIDITY 1] Ok",
            f"OK [UIDNEXT {MESSAGES + 1}] Ok",
            'LIST () "/" INBOX',
        )
        await self.say(_untagged(*data) + self.form("OK", "Opened", "READ-ONLY"))

    async def _status(self, arguments: list[bytes]) -> None:
        """STATUS (RFC 9051 §6.3.11)."""
        values = {"MESSAGES": MESSAGES, "UNSEEN": 1, "UIDNEXT": MESSAGES + 1, "UIDVALIDITY": 1}
        if [name.upper() for name in arguments[:1]] != [b"INBOX"]:
            await self.respond("NO", "No such mailbox", "NONEXISTENT")
            return
        asked = b" ".join(arguments[1:]).strip(b"()").upper().decode("latin-1").split()
        found = " ".join(f"{name} {values[name]}" for name in asked if name in values)
        await self.say(_untagged(f"STATUS INBOX ({found})") + self.form("OK", "STATUS completed"))

    async def _list(self, _: list[bytes]) -> None:
        await self.say(_untagged('LIST () "/" INBOX') + self.form("OK", "LIST completed"))

    async def _fetch(self, arguments: list[bytes]) -> None:
        """FETCH of envelopes (RFC 9051 §7.5.2), one of them with a literal."""
        numbers = _sequence(arguments[0].decode("latin-1") if arguments else "")
        if b"ENVELOPE" not in b" ".join(arguments[1:]).upper():
            await self.respond("BAD", "Only ENVELOPE can be fetched here")
            return
        await self.say(b"".join(map(_envelope, numbers)) + self.form("OK", "FETCH completed"))

    async def _close(self, _: list[bytes]) -> None:
        self._selected = False
        await self.respond("OK", "Closed")


def _untagged(*data: str) -> bytes:
    return "".join(f"* {line}\r\n" for line in data).encode()


def _envelope(number: int) -> bytes:
    subject = f'"Message {number}"' if number != 2 else f"{{{len(_BROKEN_SUBJECT)}}}\r\n{_BROKEN_SUBJECT}"
    fields = ('"Wed, 1 Jul 2026 12:00:00 +0000"', subject, *(_ADDRESS,) * 4, "NIL", "NIL", "NIL")
    return _untagged(f'{number} FETCH (ENVELOPE ({" ".join(fields)} "<{number}@lab.test>"))')


def _sequence(text: str) -> list[int]:
    """The messages that a sequence set names (RFC 9051 §9), as far as they are there."""
    found: set[int] = set()
    for part in text.replace("*", str(MESSAGES)).split(","):
        first, _, last = part.partition(":")
        if first.isdecimal() and (not last or last.isdecimal()):
            ends = sorted((int(first[:9]), int((last or first)[:9])))
            found |= set(range(max(1, ends[0]), min(MESSAGES, ends[1]) + 1))
    return sorted(found)
