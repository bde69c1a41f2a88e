"""The stored form of facts: one JSON object a line, each fact under its tag and version.

A line is ``{"fact": "smtp.greeting/1", "subject": {...}, "seen_at": "...", "attempt": "a3", "data": {...}}``.
Tags that this version does not know survive a round trip octet for octet. Octet strings are base64.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from waxseal.errors import UsageError
from waxseal.facts.address import UNIX, canonical
from waxseal.facts.record import FACT_TYPES, AwareTime, Fact, FactSet, Record, UnknownFact
from waxseal.facts.subject import Subject

SCHEMA = "waxseal.facts/1"
MAX_LINE_OCTETS = 16 * 1024 * 1024


class _Line(msgspec.Struct, omit_defaults=True, gc=False):
    fact: str
    subject: Subject
    seen_at: AwareTime
    data: msgspec.Raw
    attempt: str = ""


_encoder = msgspec.json.Encoder()
_line_decoder = msgspec.json.Decoder(_Line)
_fact_decoders: dict[type[Fact], msgspec.json.Decoder[Fact]] = {}


def _decode_fact(tag: str, data: msgspec.Raw) -> Fact:
    kind = FACT_TYPES.get(tag)
    if kind is None:
        return UnknownFact(tag=tag, raw=msgspec.Raw(bytes(data)))
    decoder = _fact_decoders.get(kind)
    if decoder is None:
        decoder = _fact_decoders[kind] = msgspec.json.Decoder(kind)
    return decoder.decode(data)


def dump_record(record: Record) -> bytes:
    """One record as a JSON line, without the line end."""
    fact = record.fact
    if isinstance(fact, UnknownFact):
        tag, data = fact.tag, fact.raw
    else:
        tag, data = fact.TAG, msgspec.Raw(_encoder.encode(fact))
    line = _Line(fact=tag, subject=record.subject, seen_at=record.seen_at, data=data, attempt=record.attempt)
    return _encoder.encode(line)


def dump(facts: Iterable[Record]) -> Iterator[bytes]:
    """Every record as a JSON line with its line end; the first line names the schema."""
    yield _encoder.encode({"schema": SCHEMA}) + b"\n"
    for record in facts:
        yield dump_record(record) + b"\n"


def load(lines: Iterable[bytes], source: str = "facts") -> FactSet:
    """Read stored facts back.

    Args:
        lines: Lines as `dump` writes them; blank lines are passed over.
        source: Name of where they come from, for messages.

    Raises:
        UsageError: A line is not of the form, or of a schema that this version cannot read.
    """
    records: list[Record] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        if len(text) > MAX_LINE_OCTETS:
            raise UsageError(
                f"{source}, line {number}: longer than {MAX_LINE_OCTETS} octets",
                "give a file that waxseal check --facts or --save wrote",
            )
        try:
            if text.startswith(b'{"schema"'):
                _check_schema(text, source)
                continue
            parsed = _line_decoder.decode(text)
            fact = _decode_fact(parsed.fact, parsed.data)
            _expect_address(parsed.subject.address)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise UsageError(
                f"{source}, line {number}: not a recorded fact ({error})",
                "facts are written by 'waxseal check --facts'",
            ) from error
        records.append(
            Record(subject=parsed.subject, fact=fact, seen_at=parsed.seen_at, attempt=parsed.attempt)
        )
    return FactSet(records)


@lru_cache(maxsize=4096)
def _expect_address(text: str | None) -> None:
    """An address in canonical form, the path of a socket, or none.

    Raises:
        ValueError: It is neither.
    """
    if text is not None and not text.startswith(f"{UNIX}/") and canonical(text) != text:
        raise ValueError(f"{text[:64]!r} is no address in canonical form")


def _check_schema(text: bytes, source: str) -> None:
    schema = msgspec.json.decode(text).get("schema")
    if schema != SCHEMA:
        raise UsageError(f"{source}: schema {schema!r} cannot be read by this version", f"it reads {SCHEMA}")
