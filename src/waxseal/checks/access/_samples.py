"""Sample facts of IMAP, POP3 and ManageSieve conversations, as they came over the wire.

IMAP's commands bear the tag ``a1`` here, whichever they are.
"""

from typing import Any

from waxseal.facts import (
    AccessGreeting,
    AccessLogout,
    AccessStarttls,
    CapabilitiesClear,
    CapabilitiesTls,
    Endpoint,
    MailProtocol,
    Response,
    TlsMode,
)
from waxseal.wire import access_command
from waxseal.wire.access_capabilities import capabilities, lists_capabilities
from waxseal.wire.access_client import AccessConnection

IMAP, POP3, SIEVE = MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE

_GREETINGS = {
    IMAP: b"* OK IMAP4rev2 Service Ready\r\n",
    POP3: b"+OK POP3 server ready\r\n",
    SIEVE: b'"IMPLEMENTATION" "Sieved"\r\n"SASL" ""\r\n"STARTTLS"\r\nOK\r\n',
}
_LISTS = {
    IMAP: b"* CAPABILITY IMAP4rev2 STARTTLS LOGINDISABLED\r\na1 OK completed\r\n",
    POP3: b"+OK Capability list follows\r\nUIDL\r\nSTLS\r\n.\r\n",
    SIEVE: _GREETINGS[SIEVE],
}
_LISTS_TLS = {
    IMAP: b"* CAPABILITY IMAP4rev2 AUTH=PLAIN\r\na1 OK completed\r\n",
    POP3: b"+OK Capability list follows\r\nUIDL\r\nSASL PLAIN\r\n.\r\n",
    SIEVE: b'"IMPLEMENTATION" "Sieved"\r\n"SASL" "PLAIN"\r\nOK\r\n',
}
_GO_AHEADS = {
    IMAP: b"a1 OK Begin TLS now\r\n",
    POP3: b"+OK Begin TLS now\r\n",
    SIEVE: b'OK "Begin TLS now"\r\n',
}
_FAREWELLS = {
    IMAP: b"* BYE logging out\r\na1 OK completed\r\n",
    POP3: b"+OK signing off\r\n",
    SIEVE: b"OK\r\n",
}


def endpoint(protocol: MailProtocol = IMAP, mode: TlsMode = TlsMode.STARTTLS) -> Endpoint:
    """The endpoint as planned."""
    return Endpoint(mode=mode, reference_names=("mx.example.org",), protocol=protocol)


def parsed(protocol: MailProtocol, octets: bytes, command: bytes = b"") -> Response:
    """The first response in these octets, whole or as far as it goes.

    Args:
        protocol: What is spoken.
        octets: What the server says.
        command: What it answers; the greeting where there is none.

    Raises:
        ValueError: There are no octets.
    """
    connection = AccessConnection(protocol, greeting=not command)
    if command:
        connection.send(command, multiline=command == b"CAPA")
    events = connection.receive(octets) or connection.end()
    if not events:
        raise ValueError("an example needs octets")
    return events[0].response


def greeting(protocol: MailProtocol = IMAP, octets: bytes = b"", **changes: Any) -> AccessGreeting:
    """The greeting; without octets, a sound one."""
    response = parsed(protocol, octets or _GREETINGS[protocol])
    listed = capabilities(protocol, response) if lists_capabilities(protocol, response) else None
    return AccessGreeting(**{"response": response, "capabilities": listed, "first_octet_s": 0.02, **changes})


def _listed(kind: Any, protocol: MailProtocol, octets: bytes, changes: dict[str, Any]) -> Any:
    response = parsed(protocol, octets, access_command.capability(protocol))
    asked = protocol is not SIEVE
    fields = {"response": response, "keywords": capabilities(protocol, response), "asked": asked}
    return kind(**{**fields, **changes})


def listed(protocol: MailProtocol = IMAP, octets: bytes = b"", **changes: Any) -> CapabilitiesClear:
    """The first capabilities; without octets, with STARTTLS among them."""
    result: CapabilitiesClear = _listed(CapabilitiesClear, protocol, octets or _LISTS[protocol], changes)
    return result


def listed_tls(protocol: MailProtocol = IMAP, octets: bytes = b"", **changes: Any) -> CapabilitiesTls:
    """The capabilities behind STARTTLS; without octets, without STARTTLS."""
    result: CapabilitiesTls = _listed(CapabilitiesTls, protocol, octets or _LISTS_TLS[protocol], changes)
    return result


def starttls(protocol: MailProtocol = IMAP, octets: bytes = b"", **changes: Any) -> AccessStarttls:
    """The answer to STARTTLS; without octets, the go-ahead."""
    command = access_command.starttls(protocol)
    response = parsed(protocol, octets or _GO_AHEADS[protocol], command)
    fields = {"command": command.decode("ascii"), "response": response, "offered": True}
    return AccessStarttls(**{**fields, **changes})


def logout(protocol: MailProtocol = IMAP, octets: bytes = b"") -> AccessLogout:
    """The answer to LOGOUT or QUIT; without octets, a sound one."""
    return AccessLogout(
        response=parsed(protocol, octets or _FAREWELLS[protocol], access_command.logout(protocol)),
        elapsed_s=0.02,
    )
