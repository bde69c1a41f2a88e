"""The dialogue as it was held: each line with its time, its direction and whether it went under TLS."""

from collections import defaultdict
from collections.abc import Iterator

from waxseal.facts import Attempt, Endpoint, FactSet, Record, Subject, Transcript, describe
from waxseal.report.plain import plain


def render_transcript(facts: FactSet, root: Subject) -> Iterator[str]:
    """Lines of text, one conversation after the other, in the order in which they were held.

    ``C`` is us, ``S`` the server, ``*`` an event; a lock word marks what went under TLS. Conversations with
    an address that several hosts share are shown once.
    """
    shown: set[str] = set()
    for record in facts.once(_conversations).get(root, ()):
        fact = record.fact
        if not isinstance(fact, Transcript) or record.attempt in shown:
            continue
        shown.add(record.attempt)
        yield plain(f"--- {record.subject}  {fact.probe}")
        for line in fact.lines:
            seal = "tls" if line.in_tls else "   "
            yield plain(f"{line.at_s:9.3f} {seal} {line.sender} {line.text}")
        ended = next((a.ended for a in facts.at(Attempt, record.subject) if a.id == record.attempt), None)
        if ended is not None:
            endpoint = facts.nearest(Endpoint, record.subject)
            spoken = endpoint.protocol if endpoint is not None else None
            yield plain(f"    ended: {describe(ended, spoken)}")
        yield ""


def _conversations(facts: FactSet) -> dict[Subject, list[Record]]:
    """The records of conversations by each subject that they are inside of, in the order of recording."""
    found: dict[Subject, list[Record]] = defaultdict(list)
    for record in facts:
        if isinstance(record.fact, Transcript):
            for around in record.subject.outwards():
                found[around].append(record)
    return found
