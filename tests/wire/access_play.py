"""Transcripts of IMAP, POP3 and ManageSieve, played with the client's side."""

from waxseal.facts import MailProtocol
from waxseal.wire.access_client import AccessConnection, Event, Responded


def play(connection: AccessConnection, transcript: str, multiline: tuple[str, ...] = ()) -> list[Event]:
    """Play ``C:``/``S:`` lines in order; a ``C: +`` line answers a request to go on, ``TLS`` crosses over.

    A command line holds what follows IMAP's tag, which must be the one that comes next by itself.
    """
    events: list[Event] = []
    for line in transcript.splitlines():
        side, _, said = line.partition(" ")
        if side == "TLS":
            connection.start_tls()
            if connection.protocol is MailProtocol.SIEVE:
                connection.expect_unasked()
        elif side == "C:" and said.startswith("+ "):
            connection.go_on(said[2:].encode())
        elif side == "C:":
            connection.send(said.encode(), multiline=said.split()[0] in multiline)
        else:
            events += connection.receive(said.encode() + b"\r\n")
    return events


def answered(events: list[Event]) -> list[tuple[str, str]]:
    """Command and status of each response to a command."""
    return [
        (event.command.decode(), event.response.status) for event in events if isinstance(event, Responded)
    ]


def rules(event: Event) -> list[str]:
    """Names of the rules that a response broke."""
    return [deviation.rule for deviation in event.response.deviations]
