"""What a server of any of the five protocols lists for logging in, in clear and under TLS.

The lists are those of EHLO (RFC 4954 §3), CAPABILITY (RFC 9051 §7.2.2, RFC 5804 §1.7) and CAPA (RFC 5034 §3).
With implicit TLS the first list is the one under TLS, and there is none in clear. What the mechanisms are
worth is in ``_mechanisms``.
"""

from functools import cached_property

from msgspec import Struct

from waxseal.checks.absence import came_whole, is_local
from waxseal.checks.api import Bundle, DialogueAttempt, Judgement, Subject, not_applicable, unreached
from waxseal.checks.auth._mechanisms import SHOW_THE_SECRET, listed
from waxseal.facts import (
    AccessGreeting,
    Capabilities,
    CapabilitiesClear,
    CapabilitiesTls,
    EhloAnswer,
    EhloClear,
    EhloTls,
    Endpoint,
    Handshake,
    MailProtocol,
    TlsMode,
    describe,
)
from waxseal.wire.smtp_ehlo import masked_keyword

SUBMISSION_PORTS = frozenset({587, 465})
_STARTS_TLS = ("STARTTLS", "STLS")


class Listed(Struct, frozen=True):
    """What one answer lists.

    Attributes:
        mechanisms: SASL mechanisms in upper case, in order.
        names: Names of all keywords.
        whole: Whether the answer came whole and unmasked, so that what is not in it is not offered.
        in_tls: Whether it was heard under TLS.
    """

    mechanisms: tuple[str, ...]
    names: frozenset[str]
    whole: bool
    in_tls: bool

    @property
    def plain(self) -> tuple[str, ...]:
        """The mechanisms that send the secret itself."""
        return tuple(name for name in self.mechanisms if name in SHOW_THE_SECRET)

    @property
    def line(self) -> str:
        """For evidence."""
        return f"offered {'under TLS' if self.in_tls else 'in clear'}: {listed(self.mechanisms)}"

    def unless_whole(self) -> Judgement | None:
        """The answer of a check that found nothing in a list from which something may be missing."""
        if self.whole:
            return None
        return unreached(
            "the server's list did not come whole and unmasked, so mechanisms may be missing from it",
            advice="test from another network, and see the findings about the server's answers",
        )


class Offers(Bundle, frozen=True, dict=True):
    """The lists of one endpoint, and what they rest on."""

    subject: Subject
    endpoint: Endpoint
    ehlo: EhloClear | None
    ehlo_tls: EhloTls | None
    capabilities: CapabilitiesClear | None
    capabilities_tls: CapabilitiesTls | None
    greeting: AccessGreeting | None
    handshake: Handshake | None
    attempt: DialogueAttempt | None

    def aside(self) -> Judgement | None:
        """The answer where no list was heard at all."""
        if self._first is not None:
            return None
        refused = self._refused(self.ehlo or self.capabilities)
        if refused:
            why = f"the server's list was asked for and refused ({refused})"
        elif self.attempt is not None:
            why = f"the server's list was not heard: {describe(self.attempt.ended, self.protocol)}"[:200]
        else:
            why = "the server's list was not heard"
        return unreached(why, advice="see the finding that names the cause, and test again")

    @property
    def protocol(self) -> MailProtocol:
        """What is spoken."""
        return self.endpoint.protocol

    @cached_property
    def clear(self) -> Listed | None:
        """What is listed in clear; None with implicit TLS."""
        return None if self.endpoint.mode is TlsMode.IMPLICIT else self._first

    @cached_property
    def sealed(self) -> Listed | None:
        """What is listed under TLS; None where that was not heard."""
        if self.endpoint.mode is TlsMode.IMPLICIT:
            return self._first
        return _listed(self.ehlo_tls or self.capabilities_tls, in_tls=True)

    @cached_property
    def everywhere(self) -> tuple[Listed, ...]:
        """The lists that were heard, that in clear first."""
        return tuple(found for found in (self.clear, self.sealed) if found is not None)

    @property
    def is_submission(self) -> bool:
        """Whether programs hand in mail here, by the port (RFC 8314 §3.3, RFC 6409 §3.1)."""
        return self.protocol is MailProtocol.SMTP and self.subject.port in SUBMISSION_PORTS

    def in_clear(self) -> Listed | Judgement:
        """What is listed in clear; or the answer of a check that asks for it, where nothing is."""
        if is_local(self.subject):
            return not_applicable("a socket of this machine: nothing crosses a network")
        found = self.clear
        if found is None:
            return not_applicable("TLS begins with the first octet here, nothing is sent in clear")
        return found

    def under_tls(self) -> Listed | Judgement:
        """What is listed under TLS; or the answer of a check that asks for it, where that was not heard."""
        found = self.sealed
        if found is not None:
            return found
        refused = self._refused(self.ehlo_tls or self.capabilities_tls)
        if refused:
            why = f"the list under TLS was refused ({refused})"
        elif self.handshake is None and self.offers_no_tls:
            return not_applicable("the server offers no TLS here")
        elif self.attempt is not None:
            why = f"the list under TLS was not heard: {describe(self.attempt.ended, self.protocol)}"[:200]
        else:
            why = "the list under TLS was not heard"
        return unreached(why, advice="see the finding that names the cause, and test again")

    @cached_property
    def offers_no_tls(self) -> bool:
        """Whether the list in clear came whole and names no way into TLS."""
        found = self.clear
        return found is not None and found.whole and not any(name in found.names for name in _STARTS_TLS)

    @property
    def login_is_open(self) -> bool:
        """IMAP: whether LOGIN is not disabled in clear (RFC 9051 §7.2.2)."""
        found = self.clear
        return self.protocol is MailProtocol.IMAP and found is not None and "LOGINDISABLED" not in found.names

    @property
    def user_is_open(self) -> bool:
        """POP3: whether USER is listed in clear (RFC 2449 §6.2)."""
        found = self.clear
        return self.protocol is MailProtocol.POP3 and found is not None and "USER" in found.names

    @cached_property
    def _first(self) -> Listed | None:
        return _listed(self.ehlo or self.capabilities, in_tls=self.endpoint.mode is TlsMode.IMPLICIT)

    def _refused(self, answer: EhloAnswer | Capabilities | None) -> str:
        """How a list was refused; "" where it was not."""
        if isinstance(answer, EhloAnswer):
            return f"{answer.reply.code} {answer.reply.text}"[:120] if answer.reply.code != 250 else ""
        if answer is not None and not answer.response.good:
            return str(answer.response)[:120]
        return ""


def _listed(answer: EhloAnswer | Capabilities | None, *, in_tls: bool) -> Listed | None:
    """What an answer lists; None for none, or one that says no."""
    if isinstance(answer, EhloAnswer):
        if answer.reply.code != 250:
            return None
        whole = came_whole(answer) and not any(masked_keyword(keyword) for keyword in answer.keywords)
    elif answer is not None and answer.response.good:
        whole = not answer.response.deviations and not answer.extra
    else:
        return None
    names = frozenset(keyword.name for keyword in answer.keywords)
    return Listed(answer.mechanisms, names, whole, in_tls)
