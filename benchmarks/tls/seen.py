"""What a tool says of a server, in one form for all of them, and where two tools differ.

Suites, groups and schemes carry their IANA names, so that one element has one name whoever saw it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from waxseal.wire.tls_registry import GROUP_NAMES, SCHEME_NAMES, group_name, scheme_name
from waxseal.wire.tls_suites import suite_name

VERSIONS = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
ANY = "any version"
_GROUPS = {name.lower(): name for name in GROUP_NAMES.values()}
_GROUPS |= {"prime256v1": "secp256r1", "curve25519": "x25519", "ecdh_x25519": "x25519", "ecdh_x448": "x448"}
_SIGNATURES = {"RSA": 1, "DSA": 2, "ECDSA": 3}
_HASHES = {"MD5": 1, "SHA1": 2, "SHA224": 3, "SHA256": 4, "SHA384": 5, "SHA512": 6}
_SCHEMES = {name.upper(): number for number, name in SCHEME_NAMES.items()}


@dataclass
class Seen:
    """What one tool saw of one server.

    Attributes:
        sets: By question, such as ``suites TLSv1.2``: what the server took, in the tool's order. A question
            that the tool does not ask has no entry; an empty one says that the server took nothing.
        answers: By question, such as ``heartbleed``: one word. Again without entries for what is not asked.
        wrong: What went wrong, as far as the tool says so.
    """

    sets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()

    def add(self, question: str, elements: Iterable[str] = ()) -> None:
        """Note that a question was asked, and elements that the answer has, each once."""
        self.sets[question] = tuple(dict.fromkeys((*self.sets.get(question, ()), *elements)))

    def tell(self, question: str, truth: object) -> None:
        """Note an answer: yes or no for a bool, nothing for None."""
        if truth is not None:
            self.answers[question] = {True: "yes", False: "no"}.get(truth, str(truth))  # type: ignore[call-overload]

    @property
    def pairs(self) -> int:
        """Pairs of a version and a suite."""
        return sum(len(found) for question, found in self.sets.items() if question.startswith("suites "))


@dataclass(frozen=True)
class Difference:
    """Something on which the tools that asked do not agree.

    Attributes:
        question: As in `Seen`.
        element: A member of a set; "" for a question with one answer.
        said: By answer (``seen`` and ``not seen`` for a member), the tools.
    """

    question: str
    element: str
    said: Mapping[str, tuple[str, ...]]


def differences(seen: Mapping[str, Seen]) -> list[Difference]:
    """Every element on which tools differ that asked for it, in the order of questions.

    Args:
        seen: By the name of the tool.
    """
    found: list[Difference] = []
    for question in sorted({question for one in seen.values() for question in one.sets}):
        asked = {name: one.sets[question] for name, one in seen.items() if question in one.sets}
        for element in dict.fromkeys(element for elements in asked.values() for element in elements):
            having = tuple(name for name, elements in asked.items() if element in elements)
            lacking = tuple(name for name in asked if name not in having)
            if lacking:
                found.append(Difference(question, element, {"seen": having, "not seen": lacking}))
    for question in sorted({question for one in seen.values() for question in one.answers}):
        said: dict[str, tuple[str, ...]] = {}
        for name, one in seen.items():
            if question in one.answers:
                said[one.answers[question]] = (*said.get(one.answers[question], ()), name)
        if len(said) > 1:
            found.append(Difference(question, "", said))
    return found


def suite(said: int | str) -> str:
    """IANA name of a suite, from its number, the number in hexadecimal, or a name."""
    if isinstance(said, str) and said.lower().startswith(("0x", "x")):
        said = int(said.lower().removeprefix("0").removeprefix("x"), 16)
    if isinstance(said, int):
        return suite_name(said)
    return said.replace("TLS_AKE_WITH_", "TLS_").replace("-draft", "")


def group(said: int | str) -> str:
    """IANA name of a group, from its number, the number in hexadecimal, or any common name."""
    if isinstance(said, str):
        said = said.lower()
        return group_name(int(said, 16)) if said.startswith("0x") else _GROUPS.get(said, said)
    return group_name(said)


def scheme(said: int | str) -> str:
    """Name of a signature scheme, from its number or a name such as RSA_SHA256."""
    if isinstance(said, int):
        return scheme_name(said)
    if said.startswith("0x"):
        return scheme_name(int(said, 16))
    upper = said.upper()
    first, _, last = upper.partition("_")
    if first in _SIGNATURES and last in _HASHES:
        return scheme_name(_HASHES[last] << 8 | _SIGNATURES[first])
    return scheme_name(_SCHEMES[upper]) if upper in _SCHEMES else said
