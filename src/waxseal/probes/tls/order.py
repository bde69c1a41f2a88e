"""Whose order decides: evidence from what was offered, in which order, and what was selected of it."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class OrderEvidence:
    """Choices of a server among offers.

    Attributes:
        choices: Each offer in the order sent, and what was selected of it.
    """

    choices: list[tuple[tuple[int, ...], int]] = field(default_factory=list)

    def note(self, offered: tuple[int, ...], chosen: int) -> None:
        """Take in one choice."""
        self.choices.append((offered, chosen))

    def verdict(self, accepted: tuple[int, ...]) -> str:
        """``server``, ``client``, or "" where the choices fit both, or neither.

        The client's order fits where each choice was the first accepted one of its offer; the server's fits
        where no two choices contradict one another as parts of one order of preference.
        """
        known = set(accepted)
        first = all(next((x for x in offer if x in known), None) == chosen for offer, chosen in self.choices)
        fixed = self._has_one_order(known)
        if first == fixed or len(known) < 2:
            return ""
        return "client" if first else "server"

    def _has_one_order(self, known: set[int]) -> bool:
        """Whether the preferences that the choices show have no circle."""
        below: dict[int, set[int]] = {x: set() for x in known}
        for offer, chosen in self.choices:
            if chosen in known:
                below[chosen] |= {x for x in offer if x in known and x != chosen}
        while below:
            least = [x for x, others in below.items() if not others & below.keys()]
            if not least:
                return False
            for x in least:
                del below[x]
        return True
