"""What the two letters are: of a target and of each address, what was lost and what gives it back.

How they come about is in ``letters`` and, for one address, in ``letter_sum``.
"""

from enum import StrEnum

from msgspec import Struct

from waxseal.facts import Subject
from waxseal.grading.letter_rules import Axis


class Basis(StrEnum):
    """Which address decides the letters of a target."""

    WORST = "worst"
    BEST = "best"
    FIRST = "first"
    """The worst one of the mail hosts that senders try first."""


class Lost(Struct, frozen=True):
    """What one check took at one address.

    Attributes:
        check: Its id, or that of a profile's own rule.
        subject: Where its weightiest finding is.
        points: What it takes from the sum; 0 for one that only caps.
        cap: The best letter that it leaves; "" for one that caps nothing.
        title: The fault.
        regain: What mends it.
        effort: A key of ``[efforts]``.
    """

    check: str
    subject: Subject
    points: int
    cap: str
    title: str
    regain: str
    effort: str


class Letter(Struct, frozen=True):
    """One letter.

    Attributes:
        axis: The attacker.
        letter: ``A`` to ``F``; None where what decides it could not be seen.
        points: 0 to 100, caps applied; None with the letter.
        lost: Each lost point's check, most first.
        rung: Id of the rung; "" for the passive axis, and where no rung could be seen.
        kind: Which rungs apply: ``mail`` between servers, ``access`` for mail programs; "" like `rung`.
        why: Why there is no letter, or what could not be seen and might make another one; "" for nothing.
    """

    axis: Axis
    letter: str | None
    points: int | None = None
    lost: tuple[Lost, ...] = ()
    rung: str = ""
    kind: str = ""
    why: str = ""


class AddressLetters(Struct, frozen=True):
    """Both letters of one address and port."""

    subject: Subject
    passive: Letter
    active: Letter


class Regain(Struct, frozen=True):
    """What mending one thing gives back at the addresses that decide.

    Attributes:
        check, title, remedy, effort: As in `Lost`.
        passive, active: Points on each axis.
        caps: The axes on which it lifts a cap.
    """

    check: str
    title: str
    remedy: str
    effort: str
    passive: int = 0
    active: int = 0
    caps: tuple[Axis, ...] = ()


class Letters(Struct, frozen=True):
    """Both letters of a target.

    Attributes:
        passive, active: Of the address that decides, each.
        by_address: Of every address, in the order of the plan.
        regain: What gives points back: what lifts a cap first, then by gain for effort.
        basis: Which address decides.
        version: ``id/version`` of the rules.
    """

    passive: Letter
    active: Letter
    by_address: tuple[AddressLetters, ...] = ()
    regain: tuple[Regain, ...] = ()
    basis: Basis = Basis.WORST
    version: str = ""
