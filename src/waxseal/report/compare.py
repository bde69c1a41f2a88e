"""A comparison of two runs as people read it, and as ``waxseal.compare/1`` (docs/reference/compare.md).

Made in ``grading.compare``. The sentences are here, one for each kind of difference, with the sides' names.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

import msgspec
from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from waxseal.facts import Subject
from waxseal.grading.compare_model import Comparison, Difference, Kind, Side, Unseen, Vantage
from waxseal.grading.severity import Severity
from waxseal.report.plain import plain
from waxseal.report.terminal import write
from waxseal.version import __version__

SCHEMA = "waxseal.compare/1"

_SENTENCES = {
    Kind.STARTTLS: "From {has} STARTTLS is offered, from {lacks} the keyword is missing: something on the "
    "path of {lacks} takes it away, or the server treats {lacks} differently",
    Kind.STARTTLS_MASKED: "From {has} STARTTLS is offered, from {lacks} keywords are overwritten and it is "
    "not among the rest: a firewall on the path of {lacks} takes it away",
    Kind.CERTIFICATE_ISSUER: "From {has} the certificate leads to a root that is trusted, from {lacks} "
    "another key is shown that nobody vouches for: TLS from {lacks} may end at a stranger",
    Kind.CERTIFICATE_KEY: "{a} and {b} are shown certificates with different keys: TLS does not end at the "
    "same place",
    Kind.STARTTLS_ANSWER: "From {has} STARTTLS is answered with yes, from {lacks} it is not: mail from "
    "{lacks} travels in clear or waits",
    Kind.HANDSHAKE: "From {has} TLS comes to stand, from {lacks} the handshake fails",
    Kind.REACH: "From {has} the server is reached, from {lacks} it is not; many networks let nobody out to "
    "port 25",
    Kind.GREETING: "From {has} the server greets, from {lacks} it is silent or turns the client away: it, "
    "or something on the path, treats {lacks} differently",
    Kind.HELLO: "From {has} the server says what it can do, from {lacks} it does not, so TLS cannot begin "
    "there",
    Kind.MASKED: "From {lacks} what the server says is partly overwritten, from {has} it is not: a "
    "firewall on the path of {lacks} rewrites it",
    Kind.MECHANISMS: "{a} and {b} are offered different mechanisms to log in with",
    Kind.KEYWORDS: "{a} and {b} are offered different extensions in clear",
    Kind.KEYWORDS_TLS: "{a} and {b} are offered different extensions under TLS, where nothing on the path "
    "can change them: the server itself tells the two apart, unless TLS ends elsewhere",
    Kind.VERSION: "From {has} a newer version of TLS is negotiated than from {lacks}",
    Kind.MX: "{a} and {b} are told different mail hosts by DNS",
    Kind.TLSA: "{a} and {b} are told different TLSA records by DNS",
    Kind.ADDRESSES: "{a} and {b} are told different addresses by DNS, as is usual where load is spread",
    Kind.POLICY: "{a} and {b} are told different MTA-STS records or policies",
    Kind.DNSSEC: "The same answer stands better in DNSSEC from {has} than from {lacks}",
    Kind.CERTIFICATE: "{a} and {b} are shown different certificates for the same key, as after a renewal",
    Kind.SUITE: "{a} and {b} negotiate different cipher suites",
    Kind.ENDING: "Both {a} and {b} fail at the same stage, in different ways",
    Kind.PARAMETERS: "{a} and {b} are told different parameters of the same extensions",
    Kind.BANNER: "{a} and {b} are greeted in different words: other servers may answer",
    Kind.RENEWAL: "The certificate was renewed with a new key between the two runs",
}
_LOOK = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


class JsonDifference(Struct, frozen=True):
    """A difference as the document has it; `weight` is a word."""

    kind: str
    weight: str
    subject: Subject
    lacks: str | None
    sentence: str
    a: str
    b: str


class JsonComparison(Struct, frozen=True):
    """The document; `differs` says whether something weighty does, as the exit code."""

    schema: str
    waxseal: str
    a: Vantage
    b: Vantage
    differs: bool
    compared: tuple[Subject, ...]
    differences: tuple[JsonDifference, ...]
    unseen: tuple[Unseen, ...]
    neither: tuple[Unseen, ...]


def weighty(comparison: Comparison) -> bool:
    """Whether the two sides differ in whether, or with whom, mail is sealed."""
    return comparison.worst >= Severity.HIGH


def sentence(difference: Difference, a: Vantage, b: Vantage) -> str:
    """The difference in one sentence, without a full stop."""
    names = {Side.A: a.name, Side.B: b.name}
    lacks = difference.lacks or Side.B
    words = {"a": a.name, "b": b.name, "lacks": names[lacks], "has": names[lacks.other]}
    return plain(_SENTENCES[difference.kind].format(**words))


def render_json(comparison: Comparison, a: Vantage, b: Vantage) -> bytes:
    """The document, indented, with a final line end."""
    document = JsonComparison(
        schema=SCHEMA,
        waxseal=__version__,
        a=a,
        b=b,
        differs=weighty(comparison),
        compared=comparison.compared,
        differences=tuple(
            JsonDifference(
                kind=d.kind,
                weight=d.weight.label,
                subject=d.subject,
                lacks=d.lacks,
                sentence=sentence(d, a, b),
                a=d.a,
                b=d.b,
            )
            for d in comparison.differences
        ),
        unseen=comparison.unseen,
        neither=comparison.neither,
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def print_comparison(console: Console, comparison: Comparison, a: Vantage, b: Vantage) -> None:
    """Print what differs, weightiest first, then what could not be seen."""
    write(console, Group(*_parts(comparison, a, b)))


def _parts(comparison: Comparison, a: Vantage, b: Vantage) -> Iterable[RenderableType]:
    yield _head(comparison, a, b)
    for side in (a, b):
        yield _indented(_labelled(side.name, _when(side), "bold"), 2)
    if comparison.differences:
        yield Text("")
        yield _text("What differs", "bold")
        groups = groupby(comparison.differences, key=lambda d: (d.weight, d.kind, d.lacks, d.a, d.b))
        for number, (_, group) in enumerate(groups, start=1):
            if number > 1:
                yield Text("")
            yield _indented(_difference(number, list(group), a, b), 2)
    names = {Side.A: a.name, Side.B: b.name}
    told = [(f"{names[u.side]} did not see", u) for u in comparison.unseen]
    told += [("neither saw", u) for u in comparison.neither]
    if told:
        yield Text("")
        yield _text("What could not be compared", "bold")
        for (who, what, why), same in _alike(told).items():
            line = _row()
            line.add_row(_text("•"), _text(f"{who} {what}: {why}"))
            yield _indented(line, 2)
            yield _indented(_labelled("At", "; ".join(dict.fromkeys(map(str, same)))), 4)
    yield Text("")
    yield _text(_counted(comparison), "dim")


def _alike(told: list[tuple[str, Unseen]]) -> dict[tuple[str, str, str], list[Subject]]:
    groups: dict[tuple[str, str, str], list[Subject]] = {}
    for who, unseen in told:
        groups.setdefault((who, unseen.what, unseen.why), []).append(unseen.subject)
    return groups


def _head(comparison: Comparison, a: Vantage, b: Vantage) -> Text:
    word, look, said = _verdict(comparison)
    text = Text()
    text.append(f" {word} ", style=f"{look} reverse")
    text.append(" ")
    text.append(plain(said.format(a=a.name, b=b.name)), style="bold")
    return text


def _verdict(comparison: Comparison) -> tuple[str, str, str]:
    if weighty(comparison):
        return "DIFFERENT", "bold red", "{a} and {b} do not get the same seal"
    if not comparison.compared:
        return "NOT SEEN", "bold magenta", "{a} and {b} have no address and port in common"
    if comparison.differences:
        return "ALIKE", "bold yellow", "{a} and {b} get the same seal; some of what they see differs"
    if comparison.unseen or comparison.neither:
        return "ALIKE", "bold yellow", "{a} and {b} see the same, as far as they see"
    return "THE SAME", "bold green", "{a} and {b} see the same"


def _difference(number: int, group: list[Difference], a: Vantage, b: Vantage) -> RenderableType:
    first = group[0]
    told = _text(f"{sentence(first, a, b)} ")
    told.append(f"[{first.weight.label}]", style=_LOOK[first.weight.label])
    told.append(f"  {first.kind}", style="dim")
    title = _row()
    title.add_row(_text(f"{number}."), told)
    places = "; ".join(dict.fromkeys(str(difference.subject) for difference in group))
    seen = _row()
    seen.add_row(_text("At:", "cyan"), _text(places))
    for side, what in ((a, first.a), (b, first.b)):
        seen.add_row(_text(f"{side.name}:", "cyan"), _text(what))
    return Group(title, _indented(seen, 3))


def _counted(comparison: Comparison) -> str:
    places, found = len(comparison.compared), len(comparison.differences)
    return (
        f"{places} address{'' if places == 1 else 'es'} compared, "
        f"{found} difference{'' if found == 1 else 's'}, "
        f"{len(comparison.unseen) + len(comparison.neither)} not seen."
    )


def _when(side: Vantage) -> str:
    parts = [_moment(side.started_at), side.via and f"via {side.via}", f"waxseal {side.version}"]
    return ", ".join(filter(None, parts))


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _indented(what: RenderableType, columns: int) -> Padding:
    return Padding(what, (0, 0, 0, columns), expand=False)


def _text(text: str, style: str = "") -> Text:
    return Text(plain(text), style=style)


def _row() -> Table:
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(no_wrap=True)
    row.add_column(overflow="fold")
    return row


def _labelled(label: str, text: str, style: str = "cyan") -> Table:
    row = _row()
    row.add_row(_text(f"{label}:", style), _text(text))
    return row
