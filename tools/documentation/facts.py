"""Pages of the facts, by the first word of their tags: what each is about, and each field of it."""

import ast
import enum
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from msgspec import Raw, Struct
from tools.documentation.markdown import ORPHAN, code, paragraphs, prose, table

from waxseal.checks.engine import needs_of
from waxseal.checks.registry import all_checks
from waxseal.facts import FACT_TYPES, Fact

INDEX = "facts/index.md"
PARTS = "facts/parts.md"
_SECTIONS = re.compile(r"^(Class attributes|Attributes|Raises|Args|Returns):$", re.MULTILINE)
_TERM = re.compile(r"(\w+(?:, \w+)*): (.*)", re.DOTALL)
_ABOUT = {"any": "any subject", "run": "the whole run", "port": "each address and port"}
_SIMPLE = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    bytes: "octets",
    datetime: "time",
    type(None): "null",
    Raw: "any JSON",
    Any: "anything",
}


def group_of(tag: str) -> str:
    """Which page a fact stands on: the first word of its tag."""
    return re.split(r"[./]", tag)[0]


def path_of(tag: str) -> str:
    """Path of the page on which a fact stands."""
    return f"facts/{group_of(tag)}.md"


def anchor(tag: str) -> str:
    """Anchor of a fact on its page: ``smtp-greeting-1``."""
    return "fact-" + re.sub(r"[^a-z0-9]+", "-", tag.lower())


def pages() -> Iterator[tuple[str, str]]:
    """Every page about facts: path and Markdown."""
    groups: dict[str, list[type[Fact]]] = {}
    for tag, kind in FACT_TYPES.items():
        groups.setdefault(group_of(tag), []).append(kind)
    for group, kinds in groups.items():
        yield (
            f"facts/{group}.md",
            "\n".join([f"{ORPHAN}# Facts: {code(group)}\n\n{_OMITTED}\n", *map(_fact, kinds)]),
        )
    yield PARTS, "\n".join([_PARTS, *map(_part, _parts())])
    yield INDEX, _index(groups)


_OMITTED = "A field that has its default value is left out where a fact is stored."
_PARTS = f"""{ORPHAN}# What facts are made of

Forms that several facts, or their fields, share. Octets are stored as base64, times as RFC 3339 in UTC.
"""


def _index(groups: dict[str, list[type[Fact]]]) -> str:
    rows = (
        (f"[{code(kind.TAG)}](#{anchor(kind.TAG)})", about(kind), _first(kind))
        for group, kinds in groups.items()
        for kind in kinds
    )
    return (
        "# Facts\n\nEverything that waxseal records is one of these. How they are stored, and what holds "
        f"for all of them, stands in [stored facts](../facts.md); [what facts are made of](parts.md) has the "
        f"forms that they share.\n\n{table(('Fact', 'About', 'What was seen'), rows)}"
    )


def about(kind: type[Fact]) -> str:
    """The level of subject that carries a fact."""
    return "any" if kind.TAG == "attempt/1" else kind.SCOPE.name.lower()


def _first(kind: type) -> str:
    return prose(" ".join(description(kind).split("\n\n")[0].split()))


def description(kind: type) -> str:
    """A type's docstring up to its sections; "" where it has none of its own."""
    return description_of(kind.__doc__ or "")[0]


def description_of(docstring: str) -> tuple[str, dict[str, str]]:
    """A docstring in Google's style: what stands before its sections, and what is said of each attribute."""
    head, *parts = _SECTIONS.split(inspect.cleandoc(docstring))
    words: dict[str, str] = {}
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        if name == "Attributes":
            words |= dict(_terms(inspect.cleandoc("\n" + text)))
    return head.strip(), words


def field_words(kind: type) -> dict[str, str]:
    """What the docstring says of each field, those of its base classes included."""
    words: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        words |= description_of(base.__doc__ or "")[1]
    return words


def _terms(text: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"\n(?=\S)", text.strip()):
        match = _TERM.fullmatch(part)
        if match:
            for name in match[1].split(", "):
                yield name, " ".join(match[2].split())


def _fact(kind: type[Fact]) -> str:
    readers = _readers().get(kind, [])
    read = ", ".join(code(check) for check in readers) or "no check; it is shown, or read by other parts"
    return (
        f"({anchor(kind.TAG)})=\n## {code(kind.TAG)}\n\n{paragraphs(description(kind))}\n"
        f"About: {_ABOUT.get(about(kind), f'each {about(kind)}')}.\n\n{_fields(kind)}\nRead by: {read}.\n"
    )


def _fields(kind: type) -> str:
    words = field_words(kind)
    rows = [
        (code(field.name), type_words(field.type), _default(field), prose(words.get(field.name, "")))
        for field in msgspec.structs.fields(typing.cast("type[Struct]", kind))
    ]
    return table(("Field", "Form", "Default", "What it holds"), rows) if rows else "It has no fields.\n"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        return code(repr(field.default_factory()))
    if field.default is msgspec.NODEFAULT:
        return ""
    value = field.default
    return code(str(value.value) if isinstance(value, enum.Enum) else _json(value))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def type_words(hint: Any) -> str:
    """A field's form in words, other types linked."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return type_words(inner[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(type_words, inner)))
    if origin is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return f"list of {type_words(inner[0])}"
        return f"list: {', '.join(map(type_words, inner))}"
    if origin in (list, frozenset, set):
        return f"list of {type_words(inner[0])}"
    if origin is dict:
        return f"object, from {type_words(inner[0])} to {type_words(inner[1])}"
    if origin is typing.Literal:
        return " or ".join(code(_json(value)) for value in inner)
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if isinstance(hint, type) and issubclass(hint, Fact) and hint.TAG:
        return f"[{code(hint.TAG)}](#{anchor(hint.TAG)})"
    return f"[{hint.__name__}](#{_part_anchor(hint)})"


def _part_anchor(kind: type) -> str:
    return f"part-{kind.__name__.lower()}"


@cache
def _readers() -> dict[type[Fact], list[str]]:
    found: dict[type[Fact], list[str]] = {}
    for check in all_checks().values():
        for kind in dict.fromkeys(need.kind for need in needs_of(check.judge) if need.kind):
            found.setdefault(kind, []).append(check.id)
    return found


def _parts() -> list[type]:
    """Structs and enumerations that facts hold, by name."""
    found: set[type] = set()
    left: list[Any] = [*FACT_TYPES.values()]
    while left:
        hint = left.pop()
        left += [arg for arg in typing.get_args(hint) if not isinstance(arg, str)]
        if not isinstance(hint, type) or hint in found or not issubclass(hint, (Struct, enum.Enum)):
            continue
        if issubclass(hint, Struct):
            left += [field.type for field in msgspec.structs.fields(hint)]
        if not (issubclass(hint, Fact) and hint.TAG):
            found.add(hint)
    return sorted(found, key=lambda kind: kind.__name__)


def _part(kind: type) -> str:
    heads = f"({_part_anchor(kind)})=\n## {kind.__name__}\n\n{paragraphs(description(kind))}\n"
    if not issubclass(kind, enum.Enum):
        return heads + _fields(kind)
    words = _member_words(kind)
    rows = [(code(str(member.value)), prose(words.get(member.name, ""))) for member in kind]
    return heads + table(("Value", "Meaning"), rows)


def _member_words(kind: type[enum.Enum]) -> dict[str, str]:
    """The string behind each member of an enumeration, where it has one."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)
    words = {}
    for one, after in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(one, ast.Assign)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            target = one.targets[0]
            if isinstance(target, ast.Name) and isinstance(after.value.value, str):
                words[target.id] = " ".join(after.value.value.split())
    return words
