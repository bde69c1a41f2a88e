"""Domain names between what people write and what DNS and SMTP carry (RFC 5890, RFC 5891, UTS #46).

Holds the way to A-labels and back, and what is wrong with a name, in plain words. Knows nothing of DNS
look-ups; comparing presented with reference identifiers (RFC 9525) is done in ``trust``.
"""

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

MAX_NAME_OCTETS: Final = 253
"""The longest name in text form without its trailing dot: 255 octets on the wire (RFC 1035 §2.3.4)."""
MAX_LABEL_OCTETS: Final = 63
_MAX_TYPED = 1024
_A_LABEL_PREFIX = "xn--"
_TYPED_LABEL = re.compile(r"[a-z0-9_-]+")
_LETTER_DIGIT_HYPHEN = re.compile(r"[A-Za-z0-9-]+")


class InvalidName(ValueError):  # noqa: N818  # says what the user's input is, not that something failed
    """What was given is no domain name; the message is one plain sentence part without a final stop."""


def to_a_label(name: str) -> str:
    """A domain as DNS knows it: A-labels, lower case, no trailing dot.

    Labels beyond US-ASCII are mapped as UTS #46 says (non-transitional, so ``ß`` stays itself) and then have
    to be valid under IDNA2008 (RFC 5891 §4). US-ASCII labels, underscores and ``xn--`` included, pass through
    in lower case; `a_label_problem` judges the latter.

    Args:
        name: What the user gave, such as ``Bücher.example``; white space around it is ignored.

    Raises:
        InvalidName: It is no domain name; the message says why.
    """
    typed = name.strip()
    if len(typed) > _MAX_TYPED:
        raise InvalidName("it is far too long for a domain name")
    mapped = typed.lower() if typed.isascii() else _map(typed)
    mapped = mapped.removesuffix(".")
    if not mapped:
        raise InvalidName("it is empty")
    # Each label alone: IDNA's rules are for U-labels, and would turn down the ASCII `_dmarc` beside one.
    result = ".".join(_a_label(label) for label in mapped.split("."))
    if len(result) > MAX_NAME_OCTETS:
        raise InvalidName(f"it has {len(result)} octets, and a domain name has at most {MAX_NAME_OCTETS}")
    return result


def to_u_label(name: str) -> str:
    """A name for display, with each ``xn--`` label decoded; what cannot be decoded stays as it is."""
    if _A_LABEL_PREFIX not in name.lower():
        return name
    return ".".join(_u_label(label)[0] or label for label in name.split("."))


def a_label_problem(name: str) -> str | None:
    """What is wrong with the ``xn--`` labels of a name: the first that is no valid A-label, and why.

    A valid A-label decodes to a U-label that encodes to the same A-label again (RFC 5890 §2.3.2.1).

    Returns:
        One plain phrase, or None where every such label is valid, or there is none.
    """
    for label in _labels(name):
        if label.lower().startswith(_A_LABEL_PREFIX):
            decoded, reason = _u_label(label)
            if decoded is None:
                return f"the label {label!a} is no valid A-label: {reason}"
    return None


@lru_cache(maxsize=1024)
def hostname_problem(name: str) -> str | None:
    """Why a name is not one that an SMTP host can go by, or None where it is.

    A host name is fully qualified (RFC 5321 §2.3.5), in letters, digits and hyphens, with no underscore
    (RFC 5321 §4.1.2, RFC 1123 §2.1), in labels of at most 63 and 253 octets in all (RFC 1035 §2.3.4), and its
    last label is not a number, so that it is no IPv4 address (RFC 1123 §2.1).

    Args:
        name: The name as presented, in A-labels, without trailing dot.

    Returns:
        One plain phrase.
    """
    if not name:
        return "it is empty"
    if name.startswith("[") or _is_address(name):
        return "it is an IP address, not a name"
    if name.endswith("."):
        return "it ends in a dot"
    if len(name) > MAX_NAME_OCTETS:
        return f"it is longer than {MAX_NAME_OCTETS} octets"
    labels = name.split(".")
    problem = next((problem for label in labels if (problem := _label_problem(label))), None)
    if problem is not None:
        return problem
    if len(labels) < 2:
        return "it is not fully qualified: it has one label only"
    if labels[-1].isdigit():
        return "its last label is a number"
    return None


def _label_problem(label: str) -> str | None:
    if not label:
        return "it has an empty label"
    if not label.isascii():
        return "it is not in A-labels: it holds characters beyond US-ASCII"
    if len(label) > MAX_LABEL_OCTETS:
        return f"it has a label longer than {MAX_LABEL_OCTETS} octets"
    if "_" in label:
        return "it holds an underscore"
    if not _LETTER_DIGIT_HYPHEN.fullmatch(label):
        return "it holds something else than letters, digits, hyphens and dots"
    if label.startswith("-") or label.endswith("-"):
        return "it has a label that begins or ends with a hyphen"
    return None


def _map(name: str) -> str:
    """The mapping of UTS #46 over a whole name, dots of other scripts included."""
    import idna

    try:
        return idna.uts46_remap(name, std3_rules=False, transitional=False)
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidName(f"it holds a character that no domain name can have ({_reason(error)})") from error


def _a_label(label: str) -> str:
    if not label:
        raise InvalidName("it has an empty label (two dots in a row, or a dot in front)")
    if label.isascii():
        if not _TYPED_LABEL.fullmatch(label):
            strange = next(character for character in label if not _TYPED_LABEL.fullmatch(character))
            raise InvalidName(f"the character {strange!a} has no place in a domain name")
        result = label
    else:
        import idna

        try:
            result = idna.alabel(label).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise InvalidName(f"the label {label!r} cannot be a domain name's ({_reason(error)})") from error
    if len(result) > MAX_LABEL_OCTETS:
        raise InvalidName(f"the label {label[:20]!r}... has more than {MAX_LABEL_OCTETS} octets")
    return result


def _u_label(label: str) -> tuple[str | None, str]:
    """An ``xn--`` label decoded, or None and the reason; any other label as it is."""
    lowered = label.lower()
    if not lowered.startswith(_A_LABEL_PREFIX):
        return label, ""
    if len(label) > MAX_LABEL_OCTETS:
        return None, f"it is longer than {MAX_LABEL_OCTETS} octets"
    import idna

    try:
        decoded = idna.ulabel(lowered)
        again = idna.alabel(decoded).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        return None, _reason(error)
    if again != lowered:
        return None, f"it decodes to what encodes to {again!a}"
    return decoded, ""


def _labels(name: str) -> Iterator[str]:
    return iter(name.removesuffix(".").split("."))


def _reason(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
