"""What lives around STARTTLS in every mail protocol: smuggled commands, state that survives, AUTH, relaying.

Answers stand here in a form that all five protocols share. How they came about is in ``probes.injection`` and
its neighbours; what they mean, in ``checks``.
"""

from msgspec import Struct

from waxseal.facts.attempt import Ended
from waxseal.facts.record import AwareTime, Fact, fact
from waxseal.facts.smtp import Keyword, Reply
from waxseal.facts.subject import Scope


class Answer(Struct, frozen=True, omit_defaults=True, gc=False):
    """One reply or response of any of the protocols.

    Attributes:
        status: ``250``, ``OK``, ``+OK``, ``-ERR``, ...; "" for octets that are no answer.
        text: First line of what is behind it, escaped as in `Reply`, response code included.
        raw: The octets, at most 4 KiB.
        tag: IMAP's tag, ``*`` for an untagged one; "" in the other protocols.
    """

    status: str
    text: str = ""
    raw: bytes = b""
    tag: str = ""

    def __str__(self) -> str:
        """For people, in one line."""
        return " ".join(part for part in (self.tag, self.status, self.text) if part)


class InjectionTrial(Struct, frozen=True, omit_defaults=True, gc=False):
    """One conversation that tried whether octets in clear are executed under TLS.

    Attributes:
        way: ``control``: nothing is smuggled, and the command is said under TLS by right. ``one-segment``:
            STARTTLS and the command in one TCP segment. ``two-segments``: in two, both before the reply to
            STARTTLS is read. ``across``: the command's first half in clear behind STARTTLS, its second half
            as the first octets under TLS. ``with-hello``: nothing is smuggled, but the ClientHello is in one
            segment with STARTTLS: where the handshake is completed, such octets are taken for TLS.
        clear: The octets sent in clear from STARTTLS on.
        go_ahead: The answer to STARTTLS; None where none came.
        commands: What was sent under TLS, in order, one line each, without CRLF.
        answers: Every answer that came under TLS, in order.
        unasked: How many of them came before the first of `commands` was sent.
        ended: How it ended; COMPLETED where TLS stood and every command was answered or the server closed
            after the last one.
    """

    way: str
    clear: bytes
    ended: Ended
    go_ahead: Answer | None = None
    commands: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    unasked: int = 0


@fact("starttls.injection/1", Scope.PORT)
class CommandInjection(Fact, frozen=True, kw_only=True):
    """Trials of command injection behind STARTTLS (RFC 3207 §4.2; CVE-2011-0411 was of this kind).

    Attributes:
        nonce: The random word of this run that the smuggled command carries where it can.
        command: The command smuggled, without CRLF.
        trials: The control first.
    """

    nonce: str
    command: str
    trials: tuple[InjectionTrial, ...]


@fact("starttls.session/1", Scope.PORT)
class StarttlsSession(Fact, frozen=True, kw_only=True):
    """What a server keeps and forgets over STARTTLS. None: not asked, or no answer.

    Attributes:
        parameter: The answer to STARTTLS with a parameter, in clear (RFC 3207 §4 asks for 501).
        clear_mail: SMTP and LMTP: the answer to MAIL in clear, after EHLO.
        clear_user: POP3: the answer to USER in clear with a made-up name.
        unheralded: SMTP and LMTP: the answer to MAIL under TLS before EHLO was said again.
        fresh_mail: SMTP and LMTP: the answer to MAIL before any EHLO, in clear, or under TLS where that in
            clear tells nothing of `unheralded`, whose control it is.
        kept_mail: SMTP and LMTP: the answer to RCPT under TLS, where MAIL was taken in clear only, before
            EHLO was said under TLS.
        fresh_recipient: SMTP and LMTP: the answer to the same RCPT behind RSET; the control of `kept_mail`.
        kept_user: POP3: the answer to PASS under TLS, where USER was said in clear only (``--active-auth``).
        fresh_user: POP3: the answer to PASS under TLS where USER was not said at all; the control of
            `kept_user`.
        again: The answer to STARTTLS inside TLS.
        turned_down: The answer to STARTTLS where it was none to go on with.
        refused_within: The answer to STARTTLS behind MAIL or USER in clear, where it was turned down there.
        recovery_hello: Where STARTTLS was turned down: the answer to EHLO (CAPABILITY, CAPA) behind that;
            None where none came though it was asked.
        recovery_starttls: The same, of a second STARTTLS.
        auth_in_clear: The answer to AUTH ANONYMOUS in clear where that is offered (``--active-auth``).
        kept_auth: The answer to a second AUTH ANONYMOUS under TLS (503 where the first one was kept).
    """

    parameter: Answer | None = None
    clear_mail: Answer | None = None
    clear_user: Answer | None = None
    unheralded: Answer | None = None
    fresh_mail: Answer | None = None
    kept_mail: Answer | None = None
    fresh_recipient: Answer | None = None
    kept_user: Answer | None = None
    fresh_user: Answer | None = None
    again: Answer | None = None
    turned_down: Answer | None = None
    refused_within: Answer | None = None
    recovery_hello: Answer | None = None
    recovery_starttls: Answer | None = None
    auth_in_clear: Answer | None = None
    kept_auth: Answer | None = None


class AuthTrial(Struct, frozen=True, omit_defaults=True, gc=False):
    """One login that was tried with a made-up user and password.

    Attributes:
        mechanism: SASL mechanism, or ``LOGIN`` (IMAP's command) or ``USER`` (POP3's USER and PASS).
        in_tls: Whether it was tried under TLS.
        answers: What was answered, challenges included, in order.
        ended: How the trial ended.
    """

    mechanism: str
    in_tls: bool
    answers: tuple[Answer, ...]
    ended: Ended


@fact("auth.trials/1", Scope.PORT)
class AuthTrials(Fact, frozen=True, kw_only=True):
    """Logins tried with a made-up user, which no sound server lets in (``--active-auth``).

    Attributes:
        user: The made-up name.
        trials: In the order tried.
    """

    user: str
    trials: tuple[AuthTrial, ...]


class RelayTrial(Struct, frozen=True, omit_defaults=True, gc=False):
    """One form of asking a server to carry mail to somebody else's domain; DATA never follows.

    Attributes:
        form: Name of the form, such as ``plain``, ``percent``, ``source-route``.
        sender, recipient: As they stood in MAIL and RCPT, without angle brackets.
        mail, rcpt: The replies; None where none came or it was not said.
    """

    form: str
    sender: str
    recipient: str
    mail: Reply | None = None
    rcpt: Reply | None = None


@fact("smtp.relay/1", Scope.PORT)
class RelayTrials(Fact, frozen=True, kw_only=True):
    """Whether a server relays for anybody (``--relay``). Foreign recipients are reserved names (RFC 2606).

    Attributes:
        control: The reply to RCPT of a recipient that the server should take (its domain's postmaster); None
            where none could be named or answered.
        trials: In the order tried.
    """

    control: Reply | None
    trials: tuple[RelayTrial, ...]


class SmugglingTrial(Struct, frozen=True, omit_defaults=True, gc=False):
    """One message with a doubtful end of data in its middle, and a NOOP behind that.

    Attributes:
        variant: Name of the variant, such as ``lf-dot-crlf``; ``control`` for the message without one.
        octets: The doubtful end.
        replies: All replies from DATA's 354 on, in order, up to that to QUIT.
        expected: How many replies there are where the doubtful end is text and nothing else.
        ended: How the conversation ended.
    """

    variant: str
    octets: bytes
    expected: int
    ended: Ended
    replies: tuple[Reply, ...] = ()


@fact("smtp.smuggling/1", Scope.PORT)
class SmugglingTrials(Fact, frozen=True, kw_only=True):
    """Whether a server ends a message where no message ends (``--own-recipient``; RFC 5321 §4.1.1.4).

    Attributes:
        recipient: The user's own address, which got the messages.
        trials: The control first.
    """

    recipient: str
    trials: tuple[SmugglingTrial, ...]


@fact("smtp.commands/1", Scope.PORT)
class CommandAnswers(Fact, frozen=True, kw_only=True):
    """The replies to commands that tell about users; None where not asked or not answered.

    Attributes:
        vrfy: To VRFY of a made-up user.
        expn: To EXPN of a made-up list.
        vrfy_known: To VRFY of ``postmaster``, which every domain has (RFC 5321 §4.5.1).
        expn_known: To EXPN of ``postmaster``, which often stands for a list.
    """

    vrfy: Reply | None = None
    expn: Reply | None = None
    vrfy_known: Reply | None = None
    expn_known: Reply | None = None


@fact("tls.cross-protocol/1", Scope.PORT)
class CrossProtocol(Fact, frozen=True, kw_only=True):
    """How the server takes a web client that was led to it (ALPACA).

    Attributes:
        offered: The ALPN names offered, none of which is a mail protocol's.
        completed: Whether the handshake was completed.
        selected: The ALPN name that the server selected; "" for none.
        alert: Description of the alert that refused it; None for none.
        request: The octets of the HTTP request that was said under TLS; b"" where it was not reached.
        answers: What the server answered to it, line by line, at most 64.
        lines_taken: How many lines of the request it answered with an error, and went on.
        echoed: Whether the request's nonce came back.
        closed: Whether the server ended the connection by itself before the request was through.
        ended: How it ended.
    """

    offered: tuple[str, ...]
    completed: bool
    ended: Ended
    selected: str = ""
    alert: int | None = None
    request: bytes = b""
    answers: tuple[str, ...] = ()
    lines_taken: int = 0
    echoed: bool = False
    closed: bool = False


@fact("earlier.endpoint/1", Scope.PORT)
class EarlierEndpoint(Fact, frozen=True, kw_only=True):
    """What an earlier run saw of this endpoint (``--baseline``).

    Attributes:
        seen_at: When that run began.
        keywords: EHLO keywords or capabilities, in clear; None where they were not heard.
        starttls: Whether STARTTLS was offered; None where that was not heard.
        version: Negotiated TLS version; "" where no handshake was completed.
        leaf_sha256: Of the leaf shown for the server's name.
    """

    seen_at: AwareTime
    keywords: tuple[Keyword, ...] | None = None
    starttls: bool | None = None
    version: str = ""
    leaf_sha256: str = ""
