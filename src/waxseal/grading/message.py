"""Messages: what is said, as an id with its values, and how a template and its values become a text.

The messages themselves are in ``grading.wording``, their choice in ``grading.headline``, other languages in
``grading.language``.
"""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

Value: TypeAlias = "str | int | float | Message"
"""What stands in a placeholder's place: a name or the peer's words, a number, or a message of its own."""

TITLE = "check-title"
"""Context of the titles of checks, whose ids are those of the checks."""
DECIMAL_MARK = "number.decimal-mark"
_PROPER = frozenset({"Heartbleed", "Ticketbleed"})


class Message(Struct, frozen=True):
    """One message and its values, as every language can say it.

    Attributes:
        message: Its id.
        values: By placeholder. The number that a plural goes by is `count`, or else `total`.
        text: The English of it.
        context: `TITLE` for the title of a check; "" elsewhere.
    """

    message: str
    values: dict[str, "str | int | float | Message"]
    text: str
    context: str = ""


class Plural(Struct, frozen=True):
    """English of a message that goes by a number.

    Attributes:
        other: For every number but 1.
        one: For 1; "" where that never occurs in English, or differs in nothing.
    """

    other: str
    one: str = ""


class _Clause(str):
    """A message inside another one; the format ``inside`` begins it small, unless it begins with a name."""

    __slots__ = ()

    def __format__(self, form: str) -> str:
        first = self.split(" ", 1)[0].rstrip(":,")
        if form != "inside" or first in _PROPER or any(c.isupper() for c in first[1:]):
            return str(self)
        return f"{self[:1].lower()}{self[1:]}"


def fill(template: str, values: dict[str, Value], spoken: Callable[[Message], str], mark: str) -> str:
    """A template with its values in their places.

    Args:
        template: With placeholders in braces.
        values: By placeholder; more than the template names do no harm.
        spoken: Says a message that is a value.
        mark: Decimal mark of numbers.
    """
    shown: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Message):
            shown[name] = _Clause(spoken(value))
        elif isinstance(value, float):
            shown[name] = f"{value:g}".replace(".", mark)
        else:
            shown[name] = str(value)
    return template.format_map(shown)


def plural_number(values: dict[str, Value]) -> int:
    """The number that a message's plural goes by; 0 where there is none."""
    number = values.get("count", values.get("total", 0))
    return number if isinstance(number, int) else 0


def title(check: str, english: str) -> Message:
    """The title of a check."""
    return Message(check, {}, english, TITLE)
