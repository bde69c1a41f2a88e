"""A small builder of HTML and SVG: whatever is not markup already is escaped, so no peer's text becomes any.

What is not printable (controls, bidirectional marks, lone surrogates) is shown escaped, as in a terminal
(``report.plain``). Nothing is read here, and no document is made: see ``report.html``.
"""

from collections.abc import Iterable

from waxseal.report.plain import plain

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_VOID = frozenset({"br", "col", "hr", "link", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | Iterable[Markup] | None
"""Markup as it is, other text escaped; several pieces of markup after each other; nothing."""


def escaped(text: str) -> Markup:
    """Text of anybody's as markup, fit for content and for an attribute in double quotes."""
    return text if isinstance(text, Markup) else Markup(plain(text).translate(_ESCAPES))


def tag(name: str, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """An element.

    Args:
        name: Of the element.
        children: Its content.
        attributes: A ``_`` behind a name is left out, others are ``-``. True stands for the name alone, False
            and None leave the attribute out.
    """
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escaped(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """Several after each other, with nothing between them."""
    return Markup(
        "".join(
            escaped(child) if isinstance(child, str) else "".join(map(escaped, child))
            for child in children
            if child is not None
        )
    )
