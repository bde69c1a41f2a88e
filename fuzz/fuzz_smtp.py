"""Fuzz target: SMTP replies, EHLO answers and the dialogue core. No exception, any cut gives the same events.

Run with ``python fuzz/fuzz_smtp.py [corpus directory]``; needs atheris.
"""

import sys

from waxseal.wire.smtp_client import Event, SmtpConnection
from waxseal.wire.smtp_command import ehlo, noop, starttls
from waxseal.wire.smtp_ehlo import greeting_host_name, masked_greeting, masked_keyword, parse_ehlo
from waxseal.wire.smtp_reply import MAX_REPLY_LINES, MAX_REPLY_OCTETS, RULES, ReplyParser


def fuzz_one(data: bytes) -> None:
    """The first octet says where to cut and what was sent; the others come from the server."""
    if not data:
        return
    seed, octets = data[0], data[1:]
    whole = _connection(seed)
    events = whole.receive(octets)
    step = 1 + seed % 7
    cut = _connection(seed)
    cut_events: list[Event] = []
    for start in range(0, len(octets), step):
        cut_events += cut.receive(octets[start : start + step])
    assert cut_events == events
    assert (cut.leftover, cut.buffered, cut.outstanding, cut.tls_due, cut.overflow) == (
        whole.leftover,
        whole.buffered,
        whole.outstanding,
        whole.tls_due,
        whole.overflow,
    )
    end = whole.end()
    assert cut.end() == end
    for event in events + end:
        reply = event.reply
        assert len(reply.raw) <= MAX_REPLY_OCTETS
        assert len(reply.lines) <= MAX_REPLY_LINES
        assert all(RULES[deviation.rule] == deviation.source for deviation in reply.deviations)
        for keyword in parse_ehlo(reply)[1]:
            masked_keyword(keyword)
        greeting_host_name(reply)
        masked_greeting(reply)
    if whole.tls_due:
        whole.start_tls()
    parser = ReplyParser(smtputf8=bool(seed & 1))
    replies = parser.feed(octets)
    other = ReplyParser(smtputf8=bool(seed & 1))
    assert other.feed(octets[:seed]) + other.feed(octets[seed:]) == replies
    assert other.finish() == parser.finish()


def _connection(seed: int) -> SmtpConnection:
    connection = SmtpConnection(greeting=bool(seed & 128))
    for bit, command in ((64, ehlo("client.example")), (32, starttls()), (16, noop())):
        if seed & bit:
            connection.send(command)
    return connection


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
