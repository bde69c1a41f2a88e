"""SPF records by the grammar of RFC 7208 §12: mechanisms, modifiers, macros.

Holds one record and what is wrong with it. Which records a policy consists of, and how many look-ups it
takes, is in ``wire.spf``. Received text never raises; a breach is a problem of the record.
"""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from msgspec import Struct

from waxseal.wire.dns_rdata import MAX_LABEL_OCTETS, name_text
from waxseal.wire.tag_list import shown

MAX_TERMS: Final = 2000
"""Terms of one record that are read."""
MAX_PROBLEMS: Final = 20
"""Problems of one record that are kept."""
MAX_NAME_CHARACTERS: Final = 253
"""What an expanded name is cut to, from the left (RFC 7208 §7.3)."""
LOOKUP_MECHANISMS: Final = frozenset({"include", "a", "mx", "ptr", "exists"})
"""Mechanisms that take a look-up (RFC 7208 §4.6.4); the modifier redirect does so too."""

_VERSION: Final = re.compile(rb"v=spf1(?: |\Z)", re.IGNORECASE)
# Seemingly meant as SPF: a quotation mark or a blank too many, no version, no space behind it.
_ALIKE: Final = re.compile(rb"[\"' \t]*(?:v[ \t]*=[ \t]*spf|spf1(?![0-9a-z]))", re.IGNORECASE)

_MACRO: Final = (
    r"%(?:\{(?P<letter>[slodiphcrtv])(?P<digits>[0-9]*)(?P<reverse>r?)(?P<delimiters>[.\-+,/_=]*)\}|[%_-])"
)
_PLAIN_MACRO: Final = re.sub(r"\?P<[a-z]+>", "?:", _MACRO)
_LITERAL: Final = r"[!-$&-~]"
_STRING: Final = rf"(?:{_PLAIN_MACRO}|{_LITERAL})*"
_TOP_LABEL: Final = r"(?:(?=[0-9]*[a-z])[a-z0-9]++|[a-z0-9]++-[a-z0-9-]*[a-z0-9])"
_MACRO_STRING: Final = re.compile(_STRING, re.IGNORECASE)
_DOMAIN_SPEC: Final = re.compile(rf"{_STRING}(?:\.{_TOP_LABEL}\.?|{_PLAIN_MACRO})", re.IGNORECASE)
_EACH_MACRO: Final = re.compile(_MACRO, re.IGNORECASE)
_MODIFIER: Final = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.IGNORECASE | re.DOTALL)
_MECHANISM: Final = re.compile(r"([+?~-]?)([a-z][a-z0-9_.-]*)([:/].*)?", re.IGNORECASE | re.DOTALL)
_TARGET: Final = re.compile(r"(?::(?P<spec>.+?))?(?:/(?P<v4>[0-9]+))?(?://(?P<v6>[0-9]+))?", re.DOTALL)
_LENGTH: Final = re.compile(r"0|[1-9][0-9]{0,2}")


class Mechanism(Struct, frozen=True, omit_defaults=True):
    """One directive.

    Attributes:
        text: As it is written.
        name: In lower case.
        qualifier: ``+`` (also where none is written), ``-``, ``~`` or ``?``.
        target: The domain-spec, or the network of ip4 and ip6; "" where there is none.
        prefix4, prefix6: Prefix lengths; None where they are not written.
    """

    text: str
    name: str
    qualifier: str = "+"
    target: str = ""
    prefix4: int | None = None
    prefix6: int | None = None

    @property
    def takes_all(self) -> bool:
        """Whether it matches every address of a family."""
        return self.name == "all" or 0 in (self.prefix4, self.prefix6)


class Modifier(Struct, frozen=True):
    """One modifier: name in lower case, value as written."""

    text: str
    name: str
    value: str


class SyntaxProblem(Struct, frozen=True):
    """A term that breaks the grammar, and how."""

    term: str
    detail: str


class SpfRecord(Struct, frozen=True):
    """One record.

    Attributes:
        terms: Mechanisms and modifiers in order; those that break the grammar are not among them.
        problems: Each of them makes the whole record unusable (RFC 7208 §4.6).
        cut: There are more terms than are read.
    """

    terms: tuple[Mechanism | Modifier, ...]
    problems: tuple[SyntaxProblem, ...] = ()
    cut: bool = False

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """The mechanisms that can be tested: those after ``all`` are ignored (RFC 7208 §5.1)."""
        found: list[Mechanism] = []
        for term in self.terms:
            if isinstance(term, Mechanism):
                found.append(term)
                if term.name == "all":
                    break
        return tuple(found)

    @property
    def all(self) -> Mechanism | None:
        """The ``all`` that ends the record."""
        return next((mechanism for mechanism in self.mechanisms if mechanism.name == "all"), None)

    @property
    def redirect(self) -> Modifier | None:
        """The redirect that counts: none beside an ``all``, wherever that stands (RFC 7208 §6.1)."""
        if self.all is not None:
            return None
        return next((t for t in self.terms if isinstance(t, Modifier) and t.name == "redirect"), None)


def select_records(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    """The TXT records that are SPF (RFC 7208 §4.5): ``v=spf1`` in any case, then a space or the end."""
    return tuple(text for text in texts if _VERSION.match(text))


def look_alikes(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    """The TXT records that seem to be meant as SPF, and are none for how they begin."""
    return tuple(text for text in texts if not _VERSION.match(text) and _ALIKE.match(text))


@lru_cache(maxsize=64)
def read_record(text: bytes) -> SpfRecord:
    """Read one record that `select_records` gave."""
    terms: list[Mechanism | Modifier] = []
    problems: list[SyntaxProblem] = []
    words = [word for word in text.split(b" ")[1:] if word]
    for written in words[:MAX_TERMS]:
        word = written.decode("latin-1")
        term = _term(word)
        if isinstance(term, str):
            problems.append(SyntaxProblem(shown(written), term))
        else:
            terms.append(term)
    for name in ("redirect", "exp"):  # neither may come twice (RFC 7208 §6)
        again = [term for term in terms if isinstance(term, Modifier) and term.name == name][1:]
        problems += [SyntaxProblem(shown(term.text), f"{name} comes more than once") for term in again]
    return SpfRecord(tuple(terms), tuple(problems[:MAX_PROBLEMS]), cut=len(words) > MAX_TERMS)


def _term(word: str) -> Mechanism | Modifier | str:
    """A term, or what is wrong with it."""
    # A modifier has its equals sign right behind the name (RFC 7208 §4.6.1).
    if modifier := _MODIFIER.fullmatch(word):
        name, value = modifier[1].lower(), modifier[2]
        if name in ("redirect", "exp"):
            wrong = _spec_problem(value)
        else:
            wrong = "" if _MACRO_STRING.fullmatch(value) else "its value is no macro-string"
        return wrong or Modifier(word, name, value)
    mechanism = _MECHANISM.fullmatch(word)
    if mechanism is None:
        return "it is neither a mechanism nor a modifier"
    qualifier, name, rest = mechanism[1] or "+", mechanism[2].lower(), mechanism[3] or ""
    if name == "all":
        return "all takes nothing behind it" if rest else Mechanism(word, name, qualifier)
    if name in ("ip4", "ip6"):
        return _network(word, name, qualifier, rest)
    if name not in LOOKUP_MECHANISMS:
        return f'there is no mechanism "{shown(name)}"'
    return _designator(word, name, qualifier, rest)


def _designator(word: str, name: str, qualifier: str, rest: str) -> Mechanism | str:
    """include, a, mx, ptr or exists."""
    target = rest.removeprefix(":")
    prefixes: list[int | None] = [None, None]
    if name in ("a", "mx"):
        match = _TARGET.fullmatch(rest)
        if match is None:
            return "what follows the name is no domain and no prefix length"
        target = match["spec"] or ""
        for at, (written, most) in enumerate(((match["v4"], 32), (match["v6"], 128))):
            if written is not None and (not _LENGTH.fullmatch(written) or int(written) > most):
                return f"/{shown(written)} is no prefix length: it goes from 0 to {most}"
            prefixes[at] = None if written is None else int(written)
    elif rest and (not rest.startswith(":") or not target):
        return "what follows the name is no domain"
    if not target:
        return (
            f"{name} needs a domain"
            if name in ("include", "exists")
            else Mechanism(word, name, qualifier, "", *prefixes)
        )
    return _spec_problem(target) or Mechanism(word, name, qualifier, target, *prefixes)


def _network(word: str, name: str, qualifier: str, rest: str) -> Mechanism | str:
    address, slash, length = rest.removeprefix(":").partition("/")
    most = 32 if name == "ip4" else 128
    kind = ipaddress.IPv4Address if name == "ip4" else ipaddress.IPv6Address
    try:
        kind(address if rest.startswith(":") and "%" not in address else "")
    except ValueError:
        return f"{name} needs an IPv{name[2]} address with all its parts"
    if slash and (not _LENGTH.fullmatch(length) or int(length) > most):
        return f"/{shown(length)} is no prefix length: it goes from 0 to {most}"
    prefix = int(length) if slash else None
    if name == "ip4":
        return Mechanism(word, name, qualifier, address, prefix4=prefix)
    return Mechanism(word, name, qualifier, address, prefix6=prefix)


def _spec_problem(spec: str) -> str:
    """What is wrong with a domain-spec; "" where nothing is."""
    if not _DOMAIN_SPEC.fullmatch(spec):
        return f'"{shown(spec.encode("latin-1", "replace"))}" is no fully qualified domain or macro'
    for macro in _EACH_MACRO.finditer(spec):
        # c, r and t are for the text that exp leads to, and for no name (RFC 7208 §7.2).
        if (macro["letter"] or "?") in "crtCRT":
            return f"the macro {shown(macro[0])} is allowed in the text of an explanation only"
        if macro["digits"] and not int(macro["digits"][:1000]):  # MUST be nonzero (RFC 7208 §7.3)
            return f"the macro {shown(macro[0])} keeps no part of the name"
    return ""


def expand(spec: str, domain: str, sender_domain: str) -> str | None:
    """The name that a domain-spec stands for (RFC 7208 §7.3), where it is the same for every message.

    Args:
        spec: A well-formed domain-spec.
        domain: The domain whose record it stands in (``%{d}``).
        sender_domain: The domain of the sender (``%{o}``).

    Returns:
        A-labels in presentation form, lower case, no trailing dot; "" where no name can be made of it, as
        with a label over 63 octets; None where it depends on the client or the local-part.
    """
    known = {"d": domain, "o": sender_domain}
    if any(m["letter"] and m["letter"].lower() not in known for m in _EACH_MACRO.finditer(spec)):
        return None

    def value(macro: re.Match[str]) -> str:
        if not macro["letter"]:
            return {"%%": "%", "%_": " ", "%-": "%20"}[macro[0]]
        parts = re.split(f"[{re.escape(macro['delimiters'] or '.')}]", known[macro["letter"].lower()])
        if macro["reverse"]:
            parts.reverse()
        # More digits than a name has labels keep everything (RFC 7208 §7.3).
        keep = int(macro["digits"][:1000]) if macro["digits"] else len(parts)
        return ".".join(parts[-keep:])

    name = _EACH_MACRO.sub(value, spec).lower().removesuffix(".")
    while len(name) > MAX_NAME_CHARACTERS and "." in name:
        name = name.partition(".")[2]
    return presentation(name)


def presentation(name: str) -> str:
    """A name whose labels stand for themselves, in presentation form (RFC 1035 §5.1); "" where it is none."""
    labels = [label.encode("latin-1", "replace") for label in name.split(".")]
    if len(name) > MAX_NAME_CHARACTERS or not all(0 < len(label) <= MAX_LABEL_OCTETS for label in labels):
        return ""
    return name_text(b"".join(bytes((len(label),)) + label for label in labels) + b"\0")
