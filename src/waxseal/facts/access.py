"""What IMAP, POP3 and ManageSieve servers said, response by response.

One family of facts for the three, since they go the same way: a greeting, capabilities, STARTTLS (STLS in
POP3), capabilities again. IMAP4rev2 is RFC 9051 (rev1 RFC 3501), POP3 RFC 1939, 2449 and 2595, ManageSieve
RFC 5804. SMTP and LMTP have their own, in ``facts.smtp``.
"""

from msgspec import Struct

from waxseal.facts.attempt import Deviation
from waxseal.facts.record import Fact, fact
from waxseal.facts.smtp import Keyword
from waxseal.facts.subject import Scope


class Response(Struct, frozen=True, omit_defaults=True, gc=False):
    """One response, with the data that came before it or belongs to it, whole or as far as it came.

    Attributes:
        status: ``OK``, ``NO``, ``BAD``, ``BYE`` or ``PREAUTH`` (IMAP, ManageSieve), ``+OK`` or ``-ERR``
            (POP3), ``+`` for a request to go on (IMAP, POP3); "" where none could be read.
        code: The response code without its brackets, such as ``REFERRAL imap://other/`` or ``SYS/TEMP`` (RFC
            9051 §7.1, RFC 2449 §8, RFC 5804 §1.3); "" for none.
        text: What is for people, decoded as UTF-8, other octets escaped ``\\xNN``.
        lines: The data: IMAP's untagged responses without ``* ``, the lines of a POP3 answer that has several
            (dots unstuffed), ManageSieve's data lines; literals included. Decoded like `text`.
        raw: The octets as received, at most 64 KiB.
        deviations: Breaches of the grammar.
    """

    status: str
    code: str = ""
    text: str = ""
    lines: tuple[str, ...] = ()
    raw: bytes = b""
    deviations: tuple[Deviation, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it says yes."""
        return self.status in ("OK", "+OK", "PREAUTH")

    def __str__(self) -> str:
        """For people: status, code and text in one line."""
        code = f"[{self.code}]" if self.code else ""
        return " ".join(part for part in (self.status, code, self.text) if part)


@fact("access.greeting/1", Scope.PORT)
class AccessGreeting(Fact, frozen=True, kw_only=True):
    """The first response, before we said anything.

    Attributes:
        response: The response; ManageSieve's holds the capabilities as `lines`.
        capabilities: Those that the greeting lists, as `Capabilities.keywords`; None where it lists none.
        first_octet_s: From the standing connection to its first octet.
        elapsed_s: From the standing connection to the end of the response.
        extra: Octets that came after it and before our first command.
        in_tls: True on ports with implicit TLS.
    """

    response: Response
    capabilities: tuple[Keyword, ...] | None = None
    first_octet_s: float = 0.0
    elapsed_s: float = 0.0
    extra: bytes = b""
    in_tls: bool = False


class Capabilities(Fact, frozen=True, kw_only=True):
    """Common shape of what a server says it can do.

    Attributes:
        response: The response to CAPABILITY or CAPA; that which came by itself in ManageSieve.
        keywords: In the order received, names in upper case: IMAP's are single words (``AUTH=PLAIN``), POP3's
            and ManageSieve's have parameters (``SASL`` with ``PLAIN``, ``LOGIN``).
        asked: False where the server said it unasked, as ManageSieve does in its greeting and after TLS.
        extra: Octets that came after the response and before our next command.
        elapsed_s: From our command, or from TLS, to the end of the response.
    """

    response: Response
    keywords: tuple[Keyword, ...] = ()
    asked: bool = True
    extra: bytes = b""
    elapsed_s: float = 0.0

    def keyword(self, name: str) -> Keyword | None:
        """The first keyword of that name (any case)."""
        wanted = name.upper()
        return next((k for k in self.keywords if k.name == wanted), None)

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms listed, in upper case, in order."""
        imap = [k.name.removeprefix("AUTH=") for k in self.keywords if k.name.startswith("AUTH=")]
        others = [word.upper() for k in self.keywords if k.name == "SASL" for word in k.parameters]
        return tuple(dict.fromkeys(imap + others))


@fact("access.capabilities/1", Scope.PORT)
class CapabilitiesClear(Capabilities, frozen=True, kw_only=True):
    """What the server can do before TLS, or the only answer on a port with implicit TLS."""


@fact("access.capabilities-tls/1", Scope.PORT)
class CapabilitiesTls(Capabilities, frozen=True, kw_only=True):
    """What the server can do behind STARTTLS."""


@fact("access.starttls/1", Scope.PORT)
class AccessStarttls(Fact, frozen=True, kw_only=True):
    """The response to STARTTLS, or to STLS.

    Attributes:
        command: Which of the two.
        response: The response.
        offered: Whether the capabilities before it listed the command.
        extra: Octets in clear that came behind the response, before our ClientHello.
        elapsed_s: From our command to the end of its response.
    """

    command: str
    response: Response
    offered: bool
    extra: bytes = b""
    elapsed_s: float = 0.0


@fact("access.logout/1", Scope.PORT)
class AccessLogout(Fact, frozen=True, kw_only=True):
    """The response to LOGOUT or QUIT; `response` is None where the server hung up without one."""

    response: Response | None
    elapsed_s: float = 0.0


@fact("imap.login/1", Scope.PORT)
class ImapLogin(Fact, frozen=True, kw_only=True):
    """What an account of the user's own met under TLS (``--account``). Nothing of its mail is kept.

    Attributes:
        mechanism: The mechanism used, or ``LOGIN`` for the command.
        response: How the login was answered, referral included.
        keywords: Capabilities behind the login.
        mailbox: Which mailbox was looked at, read only (EXAMINE).
        examine: The response to EXAMINE; None where it was not reached.
        status: The response to STATUS.
        messages: How many messages STATUS counts.
        fetch: The response to FETCH of envelopes, without its lines.
        envelopes: How many envelopes came, at most 10 were asked for.
    """

    mechanism: str
    response: Response
    keywords: tuple[Keyword, ...] = ()
    mailbox: str = ""
    examine: Response | None = None
    status: Response | None = None
    messages: int | None = None
    fetch: Response | None = None
    envelopes: int | None = None
