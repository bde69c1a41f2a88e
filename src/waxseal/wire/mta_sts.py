"""MTA-STS as octets: the TXT record, the policy, and which MX hosts it allows (RFC 8461 §3.1, §3.2, §4.1).

Both grammars are read to the letter, and every breach is named with what it does: a record out of form is
none (§3.1), while §3.2 tells senders to accept policies in form and leaves open what to do with others. So of
a policy as much is read as can be read in one way only; whether a strict sender takes it is in `conforms`.
The TXT form, which TLS-RPT shares, is in ``txt_policy``. Certificates, time and caches are no matter of this
module.
"""

import ipaddress
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from waxseal.wire.idna import InvalidName, to_a_label
from waxseal.wire.txt_policy import Effect, Problem, Problems, choose, read_fields

__all__ = [
    "MAX_AGE_S",
    "MAX_POLICY_OCTETS",
    "Effect",
    "Mode",
    "Policy",
    "PolicyReading",
    "Problem",
    "RecordReading",
    "StsText",
    "is_pattern",
    "pattern_matches",
    "patterns_for",
    "read_policy",
    "read_record",
    "write_policy",
    "write_record",
]

VERSION: Final = b"v=STSv1"
MAX_AGE_S: Final = 31_557_600
"""The longest max_age (RFC 8461 §3.2)."""
MAX_POLICY_OCTETS: Final = 64 * 1024
"""The size of a policy that senders are advised to stop at (RFC 8461 §3.3); more is not read."""
RECORD_SOURCE: Final = "RFC 8461 §3.1"
POLICY_SOURCE: Final = "RFC 8461 §3.2"

_WSP = b" \t"
_BOM = b"\xef\xbb\xbf"
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_MAX_AGE = re.compile(rb"[0-9]{1,10}")
_NOT_IN_VALUE = re.compile("[\x00-\x1f\x7f]")
# Domain of RFC 5321 §4.1.2, its labels within the 63 octets of RFC 1035 §2.3.4.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PATTERN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
_MAX_NAME = 253


class StsText(Struct, frozen=True, omit_defaults=True):
    """A well-formed TXT record.

    Attributes:
        id: Names this instance of the policy; 1 to 32 letters and digits, case kept.
        extensions: The other fields, name and value; of several with one name the first.
    """

    id: str
    extensions: tuple[tuple[str, str], ...] = ()


class RecordReading(Struct, frozen=True):
    """What the TXT records at ``_mta-sts`` say.

    Attributes:
        record: The one record, where exactly one is left and it is well-formed; else None: senders then have
            to take it that there is no policy (RFC 8461 §3.1).
        candidates: How many records were not discarded.
        problems: In the order found; `Problem.line` is the number of the record, from 1.
    """

    record: StsText | None
    candidates: int
    problems: tuple[Problem, ...] = ()


class Mode(StrEnum):
    """What senders do where the policy does not hold (RFC 8461 §5)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


class Policy(Struct, frozen=True, omit_defaults=True):
    """A policy as published.

    Attributes:
        mode: Its mode.
        max_age: Its lifetime in seconds as written, at most ten digits; see `lifetime_s`.
        mx: The patterns as written, in order; possibly none where the mode is none.
        extensions: The other fields, name and value; of several with one name the first.
    """

    mode: Mode
    max_age: int
    mx: tuple[str, ...] = ()
    extensions: tuple[tuple[str, str], ...] = ()

    @property
    def lifetime_s(self) -> int:
        """How long senders keep it: `max_age`, at most the longest that there is."""
        return min(self.max_age, MAX_AGE_S)

    def allows(self, host: str) -> bool:
        """Whether one of the patterns matches an MX host."""
        wanted = patterns_for(host)
        return any(pattern.lower() in wanted for pattern in self.mx)


class PolicyReading(Struct, frozen=True):
    """What the body at the policy URL says.

    Attributes:
        policy: As far as it can be read in one way only; None where a problem is fatal.
        problems: In the order found; `Problem.line` counts from 1, and is 0 for what is missing altogether.
    """

    policy: Policy | None
    problems: tuple[Problem, ...] = ()

    @property
    def conforms(self) -> bool:
        """Whether the body keeps the grammar and every limit, so that each sender has to accept it."""
        return all(problem.effect is Effect.PASSED_OVER for problem in self.problems)


def read_record(texts: Sequence[bytes]) -> RecordReading:
    """Read the TXT records at ``_mta-sts`` (RFC 8461 §3.1).

    Problems beside those of ``txt_policy``: ``id-missing`` and ``id-form`` (both fatal), ``field-repeated``
    (passed over: the first counts, §3.2).

    Args:
        texts: The records in the order received, each with its strings put together without spaces (§3.1).
    """
    problems = Problems(RECORD_SOURCE)
    chosen = choose(texts, VERSION, problems)
    fields: dict[str, str] = {}
    for name, value in read_fields(chosen, VERSION, problems):
        if name in fields or name == "v":
            problems.add(
                "field-repeated", Effect.PASSED_OVER, chosen.number, f"{name}={value}".encode(), POLICY_SOURCE
            )
        fields.setdefault(name, value)
    identifier = fields.pop("id", None)
    fields.pop("v", None)
    if chosen.text is not None and identifier is None:
        problems.add("id-missing", Effect.REJECTED, chosen.number, chosen.text)
    elif identifier is not None and not _ID.fullmatch(identifier):
        problems.add("id-form", Effect.REJECTED, chosen.number, identifier.encode())
    record = None
    if identifier is not None and not problems.rejected:
        record = StsText(identifier, tuple(fields.items()))
    return RecordReading(record, chosen.candidates, problems.found())


def read_policy(body: bytes) -> PolicyReading:
    """Read a policy (RFC 8461 §3.2).

    Fatal problems: ``empty``; ``too-large``; ``bare-cr`` (a CR that ends no line); ``line-form`` (a line
    without ":"); ``version-missing``, ``version-unknown``, ``mode-missing``, ``mode-unknown``,
    ``max-age-missing``, ``max-age-form``, ``mx-missing``; ``mx-form`` (no ``["*."]Domain`` in A-labels),
    ``mx-address``.

    Out of form, and read all the same: ``bom``, ``blank-line``, ``space-before-key``, ``space-before-colon``,
    ``extension-name``, ``extension-value``, ``max-age-excessive``.

    Passed over: ``field-repeated`` (of all fields but mx the first counts).

    Args:
        body: The content of the response, without content coding.
    """
    draft = _Draft()
    if len(body) > MAX_POLICY_OCTETS:
        draft.problems.add("too-large", Effect.REJECTED, source="RFC 8461 §3.3")
        return PolicyReading(None, draft.problems.found())
    if body.startswith(_BOM):
        draft.problems.add("bom", Effect.OUT_OF_FORM, 1, _BOM)
        body = body[len(_BOM) :]
    if not body.strip(b" \t\r\n"):
        draft.problems.add("empty", Effect.REJECTED, octets=body)
        return PolicyReading(None, draft.problems.found())
    *ended, last = body.split(b"\n")
    lines = [line.removesuffix(b"\r") for line in ended]
    if last:  # the last line may lack its end, and nothing may follow the last end
        lines.append(last)
    for number, line in enumerate(lines, 1):
        draft.add_line(number, line)
    return draft.reading()


class _Draft:
    """A policy in the making."""

    def __init__(self) -> None:
        self.problems = Problems(POLICY_SOURCE)
        self.first: dict[str, tuple[int, bytes]] = {}
        self.mx: list[str] = []
        self.extensions: dict[str, str] = {}

    def add_line(self, number: int, line: bytes) -> None:
        """Take in one line without its end."""
        if b"\r" in line:
            # A line ends with LF or CRLF (§3.2, sts-policy-term).
            self.problems.add("bare-cr", Effect.REJECTED, number, line)
            return
        if not line.strip(_WSP):
            self.problems.add("blank-line", Effect.OUT_OF_FORM, number, line)
            return
        key, colon, rest = line.partition(b":")
        if not colon:
            self.problems.add("line-form", Effect.REJECTED, number, line)
            return
        if key[:1] in (b" ", b"\t"):
            self.problems.add("space-before-key", Effect.OUT_OF_FORM, number, line)
        if key.strip(_WSP) and key[-1:] in (b" ", b"\t"):
            self.problems.add("space-before-colon", Effect.OUT_OF_FORM, number, line)
        self._add_field(number, key.strip(_WSP), rest.strip(_WSP))

    def _add_field(self, number: int, key: bytes, value: bytes) -> None:
        if key == b"mx":
            self._add_pattern(number, value)
            return
        if not _NAME.fullmatch(key):
            self.problems.add("extension-name", Effect.OUT_OF_FORM, number, key)
            return
        name = key.decode("ascii")
        if name in self.first:
            self.problems.add("field-repeated", Effect.PASSED_OVER, number, key + b": " + value)
        elif name not in ("version", "mode", "max_age"):
            self._add_extension(number, name, value)
        self.first.setdefault(name, (number, value))

    def _add_pattern(self, number: int, value: bytes) -> None:
        pattern = value.decode("latin-1")
        if is_pattern(pattern):
            self.mx.append(pattern)
        else:
            fault = "mx-address" if _PATTERN.fullmatch(pattern) and _is_address(pattern) else "mx-form"
            self.problems.add(fault, Effect.REJECTED, number, value)

    def _add_extension(self, number: int, name: str, value: bytes) -> None:
        """Any UTF-8 without controls, white space inside being SP only (§3.2, sts-policy-ext-value)."""
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        if not text or _NOT_IN_VALUE.search(text):
            self.problems.add("extension-value", Effect.OUT_OF_FORM, number, value)
            return
        self.extensions[name] = text

    def reading(self) -> PolicyReading:
        """The policy, where everything that is required was there."""
        self._required("version", b"STSv1")
        value = self._required("mode", *(mode.value.encode() for mode in Mode))
        max_age = self._max_age()
        mode = Mode(value.decode()) if value is not None else None
        if not self.mx and mode is not Mode.NONE and not self._malformed_pattern():
            self.problems.add("mx-missing", Effect.REJECTED)
        policy = None
        if mode is not None and max_age is not None and not self.problems.rejected:
            policy = Policy(mode, max_age, tuple(self.mx), tuple(self.extensions.items()))
        return PolicyReading(policy, self.problems.found())

    def _required(self, name: str, *known: bytes) -> bytes | None:
        """The first value of a field that has to be one of a few, letter for letter (%s of RFC 7405)."""
        if name not in self.first:
            self.problems.add(f"{name}-missing", Effect.REJECTED)
            return None
        number, value = self.first[name]
        if value not in known:
            self.problems.add(f"{name}-unknown", Effect.REJECTED, number, value)
            return None
        return value

    def _max_age(self) -> int | None:
        if "max_age" not in self.first:
            self.problems.add("max-age-missing", Effect.REJECTED)
            return None
        number, value = self.first["max_age"]
        if not _MAX_AGE.fullmatch(value):
            self.problems.add("max-age-form", Effect.REJECTED, number, value)
            return None
        # Up to ten digits are in form, and no more than 31,557,600 is allowed (§3.2; erratum 7282).
        if int(value) > MAX_AGE_S:
            self.problems.add("max-age-excessive", Effect.OUT_OF_FORM, number, value)
        return int(value)

    def _malformed_pattern(self) -> bool:
        return any(problem.id in ("mx-form", "mx-address") for problem in self.problems.found())


def is_pattern(text: str) -> bool:
    """Whether a text can stand in an mx line: ``["*."]Domain`` in A-labels (RFC 8461 §3.2), no address.

    Not every name in an MX record can: one with an underscore is no Domain (RFC 5321 §4.1.2).
    """
    in_form = _PATTERN.fullmatch(text) is not None and len(text.removeprefix("*.")) <= _MAX_NAME
    return in_form and not _is_address(text)


def pattern_matches(pattern: str, host: str) -> bool:
    """Whether an mx pattern allows an MX host (RFC 8461 §4.1).

    Labels are compared without regard to case. A ``*`` stands for exactly one whole label, the left-most: the
    domain below it is not matched itself, nor is anything deeper.

    Args:
        pattern: As the policy has it. One out of form, U-labels among them, matches nothing: it has to be
            given in A-labels (RFC 8461 §3.2).
        host: Name in the MX record; one trailing dot is allowed, and U-labels are turned into A-labels. An
            address matches nothing.
    """
    return pattern.lower() in patterns_for(host)


@lru_cache(maxsize=1024)
def patterns_for(host: str) -> frozenset[str]:
    """The patterns in form, in lower case, that match an MX host: at most its name and one wildcard.

    A policy may hold thousands of lines; so a host is read once, and not once for each of them.

    Args:
        host: As for `pattern_matches`.
    """
    if "*" in host or _is_address(host):
        return frozenset()
    try:
        name = (host if host.isascii() else to_a_label(host)).lower().removesuffix(".")
    except InvalidName:
        return frozenset()
    if not all(name.split(".")):
        return frozenset()
    _, dot, below = name.partition(".")
    return frozenset(found for found in (name, f"*.{below}" if dot else name) if is_pattern(found))


def write_policy(policy: Policy) -> bytes:
    """The policy as a body to serve, every line ended with CRLF (RFC 8461 §3.2).

    Raises:
        ValueError: It cannot be written so that it reads the same again: a pattern or an extension is out of
            form, or `max_age` is beyond the limit.
    """
    lines = ["version: STSv1", f"mode: {policy.mode.value}"]
    lines += [f"mx: {pattern}" for pattern in policy.mx]
    lines.append(f"max_age: {policy.max_age}")
    lines += [f"{name}: {value}" for name, value in policy.extensions]
    body = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogatepass")
    reading = read_policy(body)
    if reading.policy != policy or reading.problems:
        found = ", ".join(problem.id for problem in reading.problems) or "it reads otherwise"
        raise ValueError(f"no policy in form: {found}")
    return body


def write_record(identifier: str) -> str:
    """The TXT record for an id: ``v=STSv1; id=...;``.

    Raises:
        ValueError: The id is not 1 to 32 letters and digits (RFC 8461 §3.1).
    """
    if not _ID.fullmatch(identifier):
        raise ValueError("an id is 1 to 32 letters and digits")
    return f"v=STSv1; id={identifier};"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removesuffix("."))
    except ValueError:
        return False
    return True
