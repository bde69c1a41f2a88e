"""Fuzz target: the first flight in clear, the talks around it, and the facts made of it. Any cut, the same.

Run with ``python fuzz/fuzz_tls_flight.py [corpus directory]``; needs atheris.
"""

import sys

import msgspec

from waxseal.facts import Cause, VersionAnswer
from waxseal.probes.tls.extras import Ssl2Talk, shown
from waxseal.probes.tls.hellos import HelloMaker
from waxseal.probes.tls.knowledge import Knowledge
from waxseal.probes.tls.question import HelloTalk, Talk
from waxseal.wire.tls_first_flight import MAX_FLIGHT_OCTETS, FirstFlight
from waxseal.wire.tls_suite_properties import suites_of_version

HELLO = HelloMaker("mx.example.org").up_to_12(0x0303, suites_of_version(0x0303))
SUITES = suites_of_version(0x0304)


def fuzz_one(data: bytes) -> None:
    """The first octet says where to cut; the others come from the server."""
    if not data:
        return
    step, octets = 1 + data[0], data[1:]
    whole, cut = FirstFlight(), FirstFlight()
    whole.feed(octets)
    for start in range(0, len(octets), step):
        cut.feed(octets[start : start + step])
    assert _state(cut) == _state(whole)
    assert sum(len(message) for _, message in whole.messages) <= max(MAX_FLIGHT_OCTETS, len(octets))
    for talk in (HelloTalk(HELLO), HelloMaker("mx.example.org").tls13(SUITES), Ssl2Talk()):
        _hold(talk, octets, step)


def _hold(talk: Talk, octets: bytes, step: int) -> None:
    """Hold a talk with these octets as all that the server says, and make facts of it."""
    talk.start()
    for start in range(0, len(octets), step):
        if talk.done:
            break
        talk.receive(octets[start : start + step])
    if not talk.done:
        talk.end(Cause.CLOSED)
    knowledge = Knowledge()
    knowledge.note(talk)
    shown(talk)
    facts = (
        knowledge.fact_versions(VersionAnswer("SSLv2", None, talk.reaction())),
        knowledge.fact_suites(),
        knowledge.fact_groups(),
        knowledge.fact_schemes(),
        knowledge.fact_exchanges(),
    )
    for fact in facts:
        assert msgspec.json.decode(msgspec.json.encode(fact), type=type(fact)) == fact
    talk.farewell()


def _state(flight: FirstFlight) -> tuple[object, ...]:
    return (
        flight.done,
        flight.hello,
        flight.messages,
        flight.alert,
        flight.warnings,
        flight.not_tls,
        flight.heartbeats,
        [deviation.rule for deviation in flight.deviations],
        flight.whole,
        flight.version,
        flight.suite,
        flight.key_exchange,
        flight.group,
        flight.scheme,
        flight.certificates,
        flight.status,
        flight.request,
    )


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
