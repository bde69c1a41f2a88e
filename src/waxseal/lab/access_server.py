"""Acts out an `AccessBehaviour`: an IMAP, POP3 or ManageSieve server with STARTTLS or implicit TLS."""

from waxseal.facts import MailProtocol
from waxseal.lab.access_behaviour import AccessBehaviour
from waxseal.lab.access_conversation import AccessConversation
from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.imap_conversation import ImapConversation
from waxseal.lab.listener import LabStream, Listener
from waxseal.lab.pop3_conversation import Pop3Conversation
from waxseal.lab.sieve_conversation import SieveConversation
from waxseal.lab.tls import server_context

_CONVERSATIONS: dict[MailProtocol, type[AccessConversation]] = {
    MailProtocol.IMAP: ImapConversation,
    MailProtocol.POP3: Pop3Conversation,
    MailProtocol.SIEVE: SieveConversation,
}


class AccessServer(Listener):
    """A listener that behaves as told.

    Attributes:
        behaviour: What it was told.
    """

    def __init__(self, behaviour: AccessBehaviour, ca: CertificateAuthority) -> None:
        super().__init__(self._converse)
        self.behaviour = behaviour
        self._context = server_context(behaviour.tls_order(), ca)

    async def _converse(self, stream: LabStream) -> None:
        await _CONVERSATIONS[self.behaviour.protocol](self.behaviour, self._context, stream).hold()
