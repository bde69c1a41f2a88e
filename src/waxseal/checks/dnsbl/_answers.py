"""The answers of the blocklists asked about one address, sorted by what they say."""

from waxseal.checks.api import Around, Bundle
from waxseal.facts import BlocklistAnswer
from waxseal.wire.blocklists import Standing, blocklists, read_answer

MAX_EVIDENCE = 200


class Answers(Bundle, frozen=True):
    """Every answer about one address."""

    answers: Around[BlocklistAnswer]

    def told(self, standing: Standing) -> tuple[str, ...]:
        """A line for each list of that standing: its title and its reasons."""
        lines = []
        for fact in self.answers:
            said, reasons = read_answer(fact)
            if said is standing:
                known = blocklists().get(fact.list_id)
                title = known.title if known is not None else fact.zone
                lines.append(f"{title} ({fact.zone}): {'; '.join(reasons) or said.value}"[:MAX_EVIDENCE])
        return tuple(lines)

    def pages(self) -> tuple[str, ...]:
        """Where the lists that list the address say why, and how to be taken off."""
        found = (
            known.look_up
            for fact in self.answers
            if read_answer(fact)[0] is Standing.LISTED and (known := blocklists().get(fact.list_id))
        )
        return tuple(dict.fromkeys(found))
