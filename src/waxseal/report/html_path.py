"""The way of a message, drawn: what was asked for, its hosts by preference, their addresses, TLS or not.

Two drawings of the same, one for wide screens and one for narrow ones; the style sheet chooses. Words stand
beside every colour, and the table below the drawing has the same in full.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from waxseal.facts import HostAddresses, MailExchange, MxRecords, Scope, Subject
from waxseal.grading.seal import EndpointSeal, State
from waxseal.report.grouping import bare, tls_words
from waxseal.report.html_head import seal
from waxseal.report.html_page import Page, counted, table
from waxseal.report.markup import Child, Markup, joined, tag
from waxseal.wire.idna import to_u_label

_MOST_HOSTS = 6
_FEW_HOSTS = 3
_MOST_ADDRESSES = {True: 4, False: 2}
"""Addresses drawn of each host: where the hosts are few, and where they are many."""
_MOST_ROWS = 40
_HEIGHT = 46
_STEP = 58
_SHUT = "M4 8V5a4 4 0 0 1 8 0v3M2.5 8h11v8h-11z"
_AJAR = "M4 8V5a4 4 0 0 1 7.6-1.8M2.5 8h11v8h-11z"
_UNKNOWN = "M5 6a3 3 0 1 1 4.4 2.6Q8 9.4 8 11M8 14v1.5"
_ICONS = {"sealed": _SHUT, "encrypted": _SHUT, "exposed": _AJAR}


class Stop(Struct, frozen=True):
    """A place on the way.

    Attributes:
        name: What it is called.
        note: What is said of it.
        kind: The state of an address, ``untested``, or "".
        further: Where the way goes on.
    """

    name: str
    note: str
    kind: str = ""
    further: tuple["Stop", ...] = ()


class Layout(Struct, frozen=True):
    """Where the three columns stand, in the drawing's own units.

    Attributes:
        name: For the style sheet.
        left: Left edge of the boxes of each depth.
        width: Their width.
        stacked: Whether a box stands above what follows it, not beside.
    """

    name: str
    left: tuple[int, int, int]
    width: tuple[int, int, int]
    stacked: bool

    @property
    def total(self) -> int:
        """Width of the drawing."""
        return self.left[2] + self.width[2] + 2


_WIDE = Layout("wide", (2, 272, 572), (212, 246, 386), stacked=False)
_NARROW = Layout("narrow", (2, 18, 34), (336, 320, 304), stacked=True)


def path(page: Page) -> Markup:
    """The section: the drawing, and a table of the addresses."""
    way = _way(page)
    return page.section(
        "path",
        "The way of the mail",
        None if page.brief else [_drawing(page, way, _WIDE), _drawing(page, way, _NARROW)],
        _addresses(page),
    )


def _way(page: Page) -> Stop:
    target = page.report.target
    hosts = tuple(_hosts(page))
    shown = hosts[:_MOST_HOSTS]
    if len(hosts) > len(shown):
        shown += (
            Stop(f"and {counted(len(hosts) - len(shown), 'more mail host', 'more mail hosts')}", "not drawn"),
        )
    root = page.report.root
    name = to_u_label(root.domain) if root.domain else target.given
    service = f"{target.protocol.label}, port {target.port}" if target.port else target.protocol.label
    return Stop(name, service, further=shown)


def _hosts(page: Page) -> Iterator[Stop]:
    """Hosts that were looked at or that the MX records name, most preferred first."""
    facts, root = page.facts, page.report.root
    mx = facts.nearest(MxRecords, root) if root.domain is not None else None
    if page.report.headline.state is State.NO_MAIL:
        yield Stop("null MX", "takes no mail")
        return
    named: dict[str, MailExchange] = {}
    for record in mx.exchanges if mx is not None else ():
        named.setdefault(record.exchange.lower(), record)
    seen = {place.host: place for place in facts.inside(root, Scope.HOST) if place.host}
    for host in dict.fromkeys([*named, *seen]):
        place = seen.get(host, Subject(domain=root.domain, host=host))
        known = named.get(host)
        note = f"preference {known.preference}" if known is not None else _unnamed(page)
        few = len(named.keys() | seen.keys()) <= _FEW_HOSTS
        yield Stop(to_u_label(host) or ".", note, further=tuple(_leaves(page, place, _MOST_ADDRESSES[few])))
    if not named and not seen:
        yield from _hostless(page, mx)


def _unnamed(page: Page) -> str:
    return "no MX record" if page.report.root.domain is not None else "named directly"


def _hostless(page: Page, mx: MxRecords | None) -> Iterator[Stop]:
    if page.report.endpoints:
        yield Stop("no name", "named by its address", further=tuple(_rows(page.report.endpoints)))
    elif mx is not None:
        yield Stop("no mail host", f"DNS: {mx.answer.status.value.replace('-', ' ')}")
    else:
        yield Stop("no mail host", "nothing was found")


def _leaves(page: Page, host: Subject, most: int) -> Iterator[Stop]:
    """The addresses of a host, those first that were tested."""
    tested = [seal for seal in page.report.endpoints if seal.subject.within(host)]
    stops = list(_rows(tested))
    known = page.facts.at(HostAddresses, host)[-1:]
    of_tested = {seal.subject.address for seal in tested}
    stops += [
        Stop(f"[{address}]", "not tested", "untested")
        for found in known
        for address in found.addresses
        if address not in of_tested
    ]
    if not stops:
        stops = [Stop("no address", _status(known), "untested")]
    yield from stops[:most]
    if len(stops) > most:
        rest = counted(len(stops) - most, "more address", "more addresses")
        yield Stop(f"and {rest}", "not drawn", "untested")


def _status(known: Sequence[HostAddresses]) -> str:
    answers = [answer for found in known for answer in (found.a, found.aaaa) if answer is not None]
    ended = dict.fromkeys(answer.status.value.replace("-", " ") for answer in answers)
    return f"DNS: {', '.join(ended)}" if ended else "not looked up"


def _rows(seals: Sequence[EndpointSeal]) -> Iterator[Stop]:
    for row in seals:
        yield Stop(bare(row.subject), f"{row.seal.value}: {tls_words(row)}", row.seal.value)


def _drawing(page: Page, way: Stop, layout: Layout) -> Markup:
    """The drawing; it has a title and says in words what it shows."""
    pen = _Pen(layout)
    height = pen.draw(way)
    title, said = f"{page.id}-way-{layout.name}", f"{page.id}-said-{layout.name}"
    return tag(
        "svg",
        tag("title", f"The way of the mail for {way.name}", id=title),
        tag("desc", _said(way), id=said),
        pen.lines,
        pen.boxes,
        viewBox=f"0 0 {layout.total} {height}",
        width=layout.total,
        height=height,
        role="img",
        aria_labelledby=title,
        aria_describedby=said,
        class_=f"way {layout.name}",
    )


def _said(way: Stop) -> str:
    """The drawing in words."""
    hosts = (
        f"{host.name}, {host.note}" + "".join(f"; {leaf.name} {leaf.note}" for leaf in host.further)
        for host in way.further
    )
    return f"{way.name} ({way.note}) leads to: {'. '.join(hosts)}."


class _Pen:
    """Draws stop after stop, downwards."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._next = 2.0
        self.boxes: list[Markup] = []
        self.lines: list[Markup] = []

    def draw(self, way: Stop) -> int:
        """Draw it all and return its height."""
        self._place(way, 0)
        return int(self._next - (_STEP - _HEIGHT) + 2)

    def _place(self, stop: Stop, depth: int) -> float:
        """Draw a stop and what follows it; returns the middle of its box."""
        stacked = self._layout.stacked
        top = self._next
        if stacked or not stop.further:
            self._next += _STEP
        middles = [(self._place(after, depth + 1), after) for after in stop.further]
        if middles and not stacked:
            top = (middles[0][0] + middles[-1][0]) / 2 - _HEIGHT / 2
        middle = top + _HEIGHT / 2
        self._box(stop, depth, top)
        for end, after in middles:
            self._line(depth, top, end, after.kind)
        return middle

    def _box(self, stop: Stop, depth: int, top: float) -> None:
        left, width = self._layout.left[depth], self._layout.width[depth]
        inset = 36 if depth == 2 else 12
        most = (width - inset - 6) * 2 // 15  # of the letters that are widest: 7.5 units
        icon = tag("path", d=_ICONS.get(stop.kind, _UNKNOWN), transform="translate(11 14)", class_="icon")
        self.boxes.append(
            tag(
                "g",
                tag("rect", x=0.5, y=0.5, width=width - 1, height=_HEIGHT - 1, rx=9),
                icon if depth == 2 else None,
                tag(
                    "text",
                    _middle(stop.name, most if depth == 2 else most * 7 // 8),
                    x=inset,
                    y=19,
                    class_="name",
                ),
                tag("text", _cut(stop.note, most * 6 // 5), x=inset, y=36, class_="note"),
                transform=f"translate({left} {top:g})",
                class_=f"stop depth-{depth} {stop.kind}".rstrip(),
            )
        )

    def _line(self, depth: int, top: float, end: float, kind: str) -> None:
        layout = self._layout
        start = layout.left[depth]
        goal = layout.left[depth + 1]
        if layout.stacked:
            drawn = f"M{start + 8} {top + _HEIGHT:g}V{end:g}H{goal}"
        else:
            begin = start + layout.width[depth]
            middle = (begin + goal) / 2
            from_ = top + _HEIGHT / 2
            drawn = f"M{begin} {from_:g}C{middle:g} {from_:g} {middle:g} {end:g} {goal} {end:g}"
        self.lines.append(tag("path", d=drawn, class_=f"line {kind}".rstrip()))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _middle(text: str, most: int) -> str:
    """A name cut in its middle, so that both ends can be read."""
    if len(text) <= most:
        return text
    left = (most - 1) // 2
    return f"{text[:left]}…{text[len(text) - (most - 1 - left) :]}"


def _addresses(page: Page) -> Markup | None:
    """The table of the addresses, with the letters of each."""
    endpoints = page.report.endpoints
    if not endpoints:
        return None
    letters = {row.subject: row for row in page.report.letters.by_address}
    rows: list[Sequence[Child]] = []
    for row in endpoints[:_MOST_ROWS]:
        found = letters.get(row.subject)
        host = to_u_label(row.subject.host) if row.subject.host else ""
        rows.append(
            (
                joined(
                    tag("span", bare(row.subject), class_="address"), tag("small", host) if host else None
                ),
                tag("span", row.seal.value, class_=f"word {row.seal.value}"),
                joined(tls_words(row), tag("small", row.suite) if row.suite else None),
                _letter(found.passive.letter if found else None),
                _letter(found.active.letter if found else None),
            )
        )
    more = len(endpoints) - _MOST_ROWS
    rest = f", the first {_MOST_ROWS} of {len(endpoints)}" if more > 0 else ""
    columns = ("Address", "State", "TLS", "Listener", "Man in the middle")
    return table(f"Addresses{rest}", columns, rows, "addresses")


def _letter(letter: str | None) -> Markup:
    return joined(seal(letter, "seal small"), tag("span", letter or "not known", class_="unseen"))
