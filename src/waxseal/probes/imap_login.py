"""Logs in to an IMAP server with an account of the user's own, and looks at its INBOX without changing it.

Only where the user gave one (`ProbeSettings.account`). The password goes out under TLS 1.2 or later only, and
only to a server whose certificate proves, on this very connection, a name that the user himself gave or one
inside the domain that he gave (RFC 8314 §3.2, RFC 6186 §6); else it is not sent. The login is AUTHENTICATE
(RFC 9051 §6.2.2, with an initial response where SASL-IR allows it, RFC 4959 §3), or LOGIN where the server
has no mechanism that is spoken here. Then STATUS, EXAMINE and FETCH of the newest envelopes: what is in them
is counted and thrown away, and neither facts nor the transcript hold any of it. What the answers mean is in
``checks/auth``.
"""

import secrets

from msgspec import structs

from waxseal.facts import (
    Cause,
    ImapLogin,
    KeyProof,
    Keyword,
    MailProtocol,
    Response,
    Stage,
    Subject,
    Target,
    TargetKind,
    TlsMode,
)
from waxseal.net.errors import NetError
from waxseal.net.peer import Peer
from waxseal.probes.imap_conversation import ImapConversation
from waxseal.probes.key_proof import key_proof
from waxseal.probes.recorder import Recorder, Run, attempt, completed, declined
from waxseal.probes.settings import Account, ProbeSettings
from waxseal.probes.way import Way
from waxseal.trust import chain as trust_chain
from waxseal.trust.anchors import candidates
from waxseal.trust.certificate import parse
from waxseal.trust.names import match
from waxseal.wire import sasl
from waxseal.wire.access_capabilities import capabilities
from waxseal.wire.access_command import authenticate
from waxseal.wire.imap_response import envelopes, exists, messages
from waxseal.wire.tls_summary import summarize

PROBE = "imap.login"
MAILBOX = "INBOX"
MAX_ENVELOPES = 10
MAX_CERTIFICATES = 32
MAX_CHALLENGES = 4

_FIT_VERSIONS = frozenset({0x0303, 0x0304})
"""TLS 1.2 and 1.3, which are what mail programs are to use (RFC 8314 §4)."""


async def try_login(
    peer: Peer, recorder: Recorder, subjects: tuple[Subject, ...], settings: ProbeSettings, way: Way
) -> None:
    """Log in and look, and record it (`imap.login/1`), whatever comes of it.

    Where the password is not sent, no such fact is recorded, and the attempt ends DECLINED and says why.
    """
    async with attempt(recorder, subjects, PROBE, peer.network.clock) as run:
        if settings.account is None or way.protocol is not MailProtocol.IMAP:
            run.ended = declined(Stage.CONNECT, None, "there is no account, or another protocol is spoken")
            return
        talk = ImapConversation(peer, run, settings.account.password)
        visit = _Visit(talk, run, way, settings.account)
        try:
            await talk.connect()
            if await visit.reach_tls() and visit.may_send_password(recorder, subjects):
                await visit.log_in()
            await talk.leave()
        finally:
            if visit.login is not None:
                run.emit(visit.login)
            run.emit(talk.transcript())


class _Visit:
    """One login.

    Attributes:
        login: What is to be recorded so far; None before the login was answered.
    """

    def __init__(self, talk: ImapConversation, run: Run, way: Way, account: Account) -> None:
        self.login: ImapLogin | None = None
        self._talk = talk
        self._run = run
        self._way = way
        self._account = account
        self._keywords: tuple[Keyword, ...] = ()

    async def reach_tls(self) -> bool:
        """Greeting and handshake; False where the server declines."""
        talk = self._talk
        if self._way.mode is TlsMode.IMPLICIT:
            await talk.start_tls(self._way.server_name)
        greeting = await talk.hear(Stage.GREETING)
        if greeting.status != "OK":
            return self._declined(Stage.GREETING, greeting, "the server does not ask for a login")
        if self._way.mode is TlsMode.STARTTLS:
            go_ahead = await talk.say(b"STARTTLS", Stage.STARTTLS)
            if not go_ahead.good:
                return self._declined(Stage.STARTTLS, go_ahead, "no TLS")
            await talk.start_tls(self._way.server_name)
        return True

    def may_send_password(self, recorder: Recorder, subjects: tuple[Subject, ...]) -> bool:
        """Whether the server has proved whom it is to be."""
        name = self._way.server_name
        facts = recorder.facts()
        targets = [target for s in subjects if (target := facts.nearest(Target, s)) is not None]
        if not name or not any(named_by_user(target, name) for target in targets):
            why = "its name was not given by the user"
        else:
            why = unproved(self._talk, name)
        if why:
            detail = f"the password was not sent: the certificate does not prove the server ({why})"
            self._run.ended = declined(Stage.HANDSHAKE, None, detail)
        return not why

    async def log_in(self) -> None:
        """Log in, and look where that succeeds."""
        listed = await self._talk.say(b"CAPABILITY", Stage.EHLO_TLS)
        names = {keyword.name for keyword in capabilities(MailProtocol.IMAP, listed)}
        mechanism = next((m for m in sasl.PREFERENCE if f"AUTH={m}" in names and self._carried(m)), "")
        if mechanism:
            response = await self._authenticate(mechanism, initially="SASL-IR" in names)
        elif "LOGINDISABLED" not in names and self._carried("LOGIN"):
            mechanism = "LOGIN"
            response = await self._talk.log_in(self._account.user, self._account.password)
        else:
            self._declined(Stage.EHLO_TLS, listed, "no way to log in that is spoken here")
            return
        self.login = ImapLogin(mechanism=mechanism, response=self._talk.told(response))
        self._run.ended = completed(Stage.ENVELOPE)
        if response.good:
            await self._look(response)

    def _carried(self, mechanism: str) -> bool:
        return sasl.carries(mechanism, self._account.user, self._account.password)

    async def _authenticate(self, mechanism: str, *, initially: bool) -> Response:
        """AUTHENTICATE, to its end; an exchange that breaks the mechanism's rules is cancelled."""
        user, password = self._account.user, self._account.password
        login = sasl.client(mechanism, user, password, secrets.token_hex(16))
        initial = None
        if initially and login.initial is not None:
            initial = sasl.encoded(login.initial).decode("ascii")
        command = authenticate(MailProtocol.IMAP, mechanism, initial)
        response = await self._talk.say(command, Stage.ENVELOPE, shown=f"AUTHENTICATE {mechanism} ****")
        for _ in range(MAX_CHALLENGES):
            if response.status != "+":
                return response
            challenge = sasl.decoded(response.text.encode("ascii", "replace"))
            try:
                line = b"*" if challenge is None else sasl.encoded(login.answer(challenge))
            except sasl.SaslError:
                line = b"*"  # cancels the exchange (RFC 9051 §6.2.2)
            response = await self._talk.go_on(line)
        if response.status == "+":
            raise NetError(Cause.LIMIT, "challenges without an end", phase=Stage.ENVELOPE)
        return response

    async def _look(self, response: Response) -> None:
        """What a mail program asks first, read only."""
        keywords = capabilities(MailProtocol.IMAP, response)
        if not keywords:
            again = await self._talk.say(b"CAPABILITY", Stage.ENVELOPE)
            keywords = capabilities(MailProtocol.IMAP, again)
        self._note(keywords=keywords, mailbox=MAILBOX)
        items = b"(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)"
        status = await self._talk.say(b"STATUS " + MAILBOX.encode() + b" " + items, Stage.ENVELOPE)
        self._note(status=self._talk.told(status), messages=messages(status))
        examine = await self._talk.say(b"EXAMINE " + MAILBOX.encode(), Stage.ENVELOPE)
        self._note(examine=self._talk.told(examine))
        last = exists(examine)
        if not examine.good or last is None:
            return
        if last == 0:
            self._note(envelopes=0)
            return
        wanted = b"%d:%d" % (max(1, last - MAX_ENVELOPES + 1), last)
        fetch = await self._talk.say(b"FETCH " + wanted + b" (ENVELOPE)", Stage.ENVELOPE)
        self._note(fetch=self._talk.told(fetch), envelopes=min(envelopes(fetch), MAX_ENVELOPES))

    def _note(self, **seen: object) -> None:
        if self.login is not None:
            self.login = structs.replace(self.login, **seen)

    def _declined(self, stage: Stage, response: Response, why: str) -> bool:
        self._run.ended = declined(stage, None, f"{why}: {response}")
        return False


def named_by_user(target: Target, name: str) -> bool:
    """Whether a server's name is one that the user gave, or lies in the domain that he gave.

    A name that came out of a look-up could be anybody's (RFC 6186 §6).
    """
    given = {target.expected_name, target.name if target.kind is TargetKind.HOST else None}
    wanted = name.lower().removesuffix(".")
    if any(wanted == one.lower().removesuffix(".") for one in given if one):
        return True
    domain = target.name.lower().removesuffix(".")
    return target.kind is TargetKind.DOMAIN and (wanted == domain or wanted.endswith(f".{domain}"))


def unproved(talk: ImapConversation, name: str) -> str:
    """Why the handshake of this connection does not prove the name; "" where it does."""
    summary = summarize(talk.tls_events)
    if summary.version not in _FIT_VERSIONS:
        return "TLS is older than 1.2"
    if key_proof(talk.tls_events) not in (KeyProof.SIGNATURE, KeyProof.DECRYPTION):
        return "its key was not proved"
    shown = tuple(parse(der) for der in summary.certificates[:MAX_CERTIFICATES])
    network = talk.peer.network
    proof = trust_chain.verify(shown, candidates(shown, network.roots), network.clock.now())
    if not proof.trusted:
        return ", ".join(dict.fromkeys(problem.code.value for problem in proof.problems))[:120]
    return "" if match(shown[0], name).matched else f"it does not bear the name {name}"
