"""Fuzz target: the dialogues before TLS. No exception, one command at a time, and each turn cut the same.

The input is what a server says, turn by turn; a turn ends where the command after it is sent. Run with
``python fuzz/fuzz_starttls.py [corpus directory]``; needs atheris.
"""

import sys

from waxseal.facts import MailProtocol, TlsMode
from waxseal.wire.starttls import Opener, opener
from waxseal.wire.starttls_dialogue import MAX_EXTRA_OCTETS, MAX_STAGE_OCTETS

PROTOCOLS = tuple(MailProtocol)
TURN_ENDS = b"\x1e"


def fuzz_one(data: bytes) -> None:
    """The first octet says which protocol, the second where to cut; then the server's turns."""
    if len(data) < 2:
        return
    protocol, step = PROTOCOLS[data[0] % len(PROTOCOLS)], 1 + data[1]
    whole, cut = _new(protocol), _new(protocol)
    for turn in data[2:].split(TURN_ENDS):
        expected = whole.receive(turn)
        assert expected.count(b"\n") <= 1
        assert len(whole.extra) <= MAX_EXTRA_OCTETS
        assert len(whole._buffer) <= MAX_STAGE_OCTETS  # type: ignore[attr-defined]
        whole.goodbye()
        sent = [cut.receive(turn[at : at + step]) for at in range(0, len(turn), step)]
        cut.goodbye()
        if whole.declined is not None or cut.declined is not None or len([s for s in sent if s]) > 1:
            return  # what comes too early is told from an answer by when it comes
        assert b"".join(sent) == expected
        assert (whole.stage, whole.ready) == (cut.stage, cut.ready)


def _new(protocol: MailProtocol) -> Opener:
    return opener(protocol, TlsMode.STARTTLS, "probe.example.test", keep_lines=True)


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
