"""What TLS each address takes: versions, suites by preference, groups and signature schemes.

Addresses that take the same are told together. The data is that of ``report.tls_inventory``.
"""

from collections.abc import Iterable, Sequence
from functools import cache

from msgspec.structs import replace

from waxseal.facts import Subject
from waxseal.report.grouping import places
from waxseal.report.html_page import Page, all_of, code, counted, definitions, table
from waxseal.report.markup import Child, Markup, tag
from waxseal.report.tls_inventory import NamesRow, TlsInventory, VersionRow, tls_inventory, version_name
from waxseal.wire.tls_suite_properties import SuiteProperties, suite_properties
from waxseal.wire.tls_suites import SUITE_NAMES

_MOST = 8
_ORDERS = {"server": "the server's order", "client": "the client's order decides", "": "order not known"}


def tls(page: Page) -> Markup | None:
    """The section; None where no TLS was examined."""
    groups: dict[TlsInventory, list[Subject]] = {}
    for endpoint in page.report.endpoints:
        found = tls_inventory(page.facts, endpoint.subject)
        if found is not None:
            same = replace(found, subject=Subject(), connections=0)
            groups.setdefault(same, []).append(endpoint.subject)
    if not groups:
        return None
    several = len(groups) > 1
    parts = [_inventory(page, found, at, several=several) for found, at in list(groups.items())[:_MOST]]
    if len(groups) > _MOST:
        parts.append(tag("p", f"and {counted(len(groups) - _MOST, 'more set', 'more sets')} of addresses."))
    return page.section("tls", "What TLS is taken", parts)


def _inventory(page: Page, found: TlsInventory, at: list[Subject], *, several: bool) -> Markup:
    everywhere = len(at) == len(page.report.endpoints) and len(at) > 1
    where = all_of(len(at)) if everywhere else places(at)
    newest_first = found.versions[::-1]
    with_suites = [row for row in newest_first if row.suites]
    return tag(
        "div",
        page.heading(f"At {where}", 2)
        if several
        else tag("p", f"The same at {where}." if len(at) > 1 else f"At {where}.", class_="lead"),
        definitions(_versions(newest_first), class_="versions"),
        [_suites(row) for row in with_suites],
        definitions(_names(found)),
        class_="inventory",
    )


def _versions(rows: Sequence[VersionRow]) -> Iterable[tuple[str, Child]]:
    for title, accepted in (("Taken", True), ("Refused", False), ("Not known", None)):
        names = [version_name(row.version) for row in rows if row.accepted is accepted]
        if names:
            yield title, ", ".join(names)


def _suites(row: VersionRow) -> Markup:
    """The suites of a version, the most preferred first."""
    caption = f"{version_name(row.version)}: {counted(len(row.suites), 'suite', 'suites')}"
    if len(row.suites) > 1:
        caption += f", {_ORDERS.get(row.order, row.order)}"
    if row.suites_undecided:
        caption += f"; {row.suites_undecided} more not asked for"
    rows = [_suite(number, name) for number, name in enumerate(row.suites, start=1)]
    columns = ("#", "Suite", "Key exchange", "Cipher", "If the key is lost")
    return table(caption, columns, rows, "suites")


def _suite(number: int, name: str) -> Sequence[Child]:
    known = _properties().get(name)
    if known is None:
        return str(number), code(name), "", "", ""
    exchange = "by the group" if known.key_exchange == "any" else known.key_exchange
    gives = "recordings stay secret" if known.forward_secret else "recordings can be read"
    kind = "word good" if known.forward_secret else "word bad"
    cipher = f"{known.cipher.replace('_', ' ')}, {counted(known.key_bits, 'bit', 'bits')}"
    return str(number), code(name), exchange, cipher, tag("span", gives, class_=kind)


@cache
def _properties() -> dict[str, SuiteProperties]:
    return {
        name: known for number, name in SUITE_NAMES.items() if (known := suite_properties(number)) is not None
    }


def _names(found: TlsInventory) -> Iterable[tuple[str, Child]]:
    yield from _lists("Groups", found.groups)
    yield from _lists("Signature schemes", found.schemes)
    for row in found.parameters:
        prime = row.prime or "a prime with no name"
        yield f"Parameters, {version_name(row.version)}", f"{row.bits} bits, {prime} ({row.suite})"
    if found.depth:
        rest = f"; not asked: {'; '.join(found.not_asked)}" if found.not_asked else ""
        yield "Asked", f"at depth {found.depth}{rest}"


def _lists(title: str, rows: Iterable[NamesRow]) -> Iterable[tuple[str, Child]]:
    for row in rows:
        rest = f"; {row.undecided} not decided" if row.undecided else ""
        yield f"{title}, {version_name(row.version)}", (", ".join(row.accepted) or "none") + rest
