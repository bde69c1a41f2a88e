"""What a TLS server takes and how it behaves, with names instead of numbers: rows for people, data for JSON.

Facts only; what they mean is in the findings. What was not asked is said, and never counted as refused.
"""

from collections.abc import Iterator

from msgspec import Struct

from waxseal.facts import (
    FactSet,
    KeyExchangeParameters,
    Subject,
    TlsGroups,
    TlsKeyExchanges,
    TlsSchemes,
    TlsSessions,
    TlsSpending,
    TlsSuites,
    TlsTolerance,
    TlsVersions,
)
from waxseal.wire.dh_primes import known_prime
from waxseal.wire.tls_registry import extension_name, group_name, scheme_name
from waxseal.wire.tls_suites import suite_name

_ORDER = {"server": "the server's order", "client": "the client's order decides", "": "order not known"}
_NAMES = {
    "SSLv2": "SSL 2.0",
    "SSLv3": "SSL 3.0",
    "TLSv1": "TLS 1.0",
    "TLSv1.1": "TLS 1.1",
    "TLSv1.2": "TLS 1.2",
    "TLSv1.3": "TLS 1.3",
}


class VersionRow(Struct, frozen=True):
    """One version.

    Attributes:
        version: As in the facts, such as ``TLSv1.2``.
        accepted: None where it was not asked, or no answer came.
        suites: Names of the suites accepted, in the order found.
        order: ``server``, ``client`` or "" where it is not known whose order decides.
        suites_undecided: How many suites were not asked for, or got no answer.
        extensions: Names of the extensions that the server sent.
    """

    version: str
    accepted: bool | None
    suites: tuple[str, ...] = ()
    order: str = ""
    suites_undecided: int = 0
    extensions: tuple[str, ...] = ()


class NamesRow(Struct, frozen=True):
    """Groups or signature schemes of one version: those accepted, and how many are undecided."""

    version: str
    accepted: tuple[str, ...]
    undecided: int = 0


class ParametersRow(Struct, frozen=True):
    """Finite-field parameters, or those of a temporary RSA key; `prime` is its name, where it has one."""

    version: str
    suite: str
    bits: int
    prime: str = ""


class TlsInventory(Struct, frozen=True):
    """The TLS of one address and port.

    Attributes:
        subject: The address and port.
        versions: Oldest first.
        groups, schemes: By version.
        parameters: Of key exchanges without a named curve.
        depth: How much was asked.
        connections: Connections that were spent.
        most_connections: The most that were allowed.
        not_asked: What was not asked, and why.
    """

    subject: Subject
    versions: tuple[VersionRow, ...]
    groups: tuple[NamesRow, ...] = ()
    schemes: tuple[NamesRow, ...] = ()
    parameters: tuple[ParametersRow, ...] = ()
    depth: str = ""
    connections: int = 0
    most_connections: int = 0
    not_asked: tuple[str, ...] = ()


def version_name(version: str) -> str:
    """A version of the facts as people write it: ``TLS 1.2``."""
    return _NAMES.get(version, version)


def tls_inventory(facts: FactSet, subject: Subject) -> TlsInventory | None:
    """The inventory of a port; None where its TLS was not examined."""
    versions = next(reversed(facts.at(TlsVersions, subject)), None)
    if versions is None:
        return None
    suites = next(reversed(facts.at(TlsSuites, subject)), TlsSuites(lists=()))
    groups = next(reversed(facts.at(TlsGroups, subject)), TlsGroups(lists=()))
    schemes = next(reversed(facts.at(TlsSchemes, subject)), TlsSchemes(lists=()))
    exchanges = next(reversed(facts.at(TlsKeyExchanges, subject)), TlsKeyExchanges(parameters=()))
    spending = next(reversed(facts.at(TlsSpending, subject)), None)
    rows = []
    for answer in versions.answers:
        found = suites.of(answer.version)
        rows.append(
            VersionRow(
                version=answer.version,
                accepted=answer.accepted,
                suites=tuple(suite_name(s) for s in found.accepted) if found is not None else (),
                order=found.order if found is not None else "",
                suites_undecided=len(found.undecided) if found is not None else 0,
                extensions=tuple(extension_name(number) for number in answer.extensions),
            )
        )
    return TlsInventory(
        subject=subject,
        versions=tuple(rows),
        groups=tuple(
            NamesRow(x.version, tuple(group_name(g) for g in x.accepted), len(x.undecided))
            for x in groups.lists
        ),
        schemes=tuple(
            NamesRow(x.version, tuple(scheme_name(s) for s in x.accepted), len(x.undecided))
            for x in schemes.lists
        ),
        parameters=tuple(_parameters(p) for p in exchanges.parameters if p.prime),
        depth=spending.depth if spending is not None else "",
        connections=spending.spent if spending is not None else 0,
        most_connections=spending.planned if spending is not None else 0,
        not_asked=spending.not_asked if spending is not None else (),
    )


def _parameters(seen: KeyExchangeParameters) -> ParametersRow:
    prime = int.from_bytes(seen.prime, "big")
    known = known_prime(prime)
    name = known.name if known is not None else ""
    return ParametersRow(seen.version, suite_name(seen.suite), prime.bit_length(), name)


def inventory_lines(facts: FactSet, subject: Subject, *, verbose: bool) -> Iterator[tuple[str, str]]:
    """Label and text of each line about a port's TLS; with the suites by name where `verbose`."""
    found = tls_inventory(facts, subject)
    if found is None:
        return
    taken = [version_name(row.version) for row in reversed(found.versions) if row.accepted]
    refused = [version_name(row.version) for row in reversed(found.versions) if row.accepted is False]
    unknown = [version_name(row.version) for row in reversed(found.versions) if row.accepted is None]
    parts = [", ".join(taken) or "none"]
    parts += [f"refused: {', '.join(refused)}"] if refused else []
    parts += [f"not known: {', '.join(unknown)}"] if unknown else []
    yield "TLS versions", "; ".join(parts)
    for row in reversed(found.versions):
        if row.suites:
            yield f"  {version_name(row.version)}", _suites(row, verbose=verbose)
    for rows, label in ((found.groups, "Groups"), (found.schemes, "Signatures")):
        for names in rows:
            rest = f"; {names.undecided} not decided" if names.undecided else ""
            yield f"{label} {names.version.removeprefix('TLSv')}", ", ".join(names.accepted) + rest
    for parameters in found.parameters:
        name = f", {parameters.prime}" if parameters.prime else ", a prime with no name"
        yield "Parameters", f"{parameters.bits} bits{name} ({parameters.suite})"
    yield from _behaviour(facts, subject)
    if found.depth:
        rest = f"; not asked: {'; '.join(found.not_asked)}" if found.not_asked else ""
        spent = f"{found.connections} of at most {found.most_connections} connections"
        yield "Asked", f"depth {found.depth}: {spent}{rest}"


def _suites(row: VersionRow, *, verbose: bool) -> str:
    count = f"{len(row.suites)} suite{'' if len(row.suites) == 1 else 's'}"
    text = f"{count}, {_ORDER.get(row.order, row.order)}" if len(row.suites) > 1 else count
    if row.suites_undecided:
        text += f", {row.suites_undecided} not asked for"
    most = len(row.suites) if verbose else 3
    more = f", and {len(row.suites) - most} more" if len(row.suites) > most else ""
    return f"{text}: {', '.join(row.suites[:most])}{more}"


def _behaviour(facts: FactSet, subject: Subject) -> Iterator[tuple[str, str]]:
    sessions = next(reversed(facts.at(TlsSessions, subject)), None)
    if sessions is not None:
        words = {True: "resumed", False: "not resumed", None: "not seen"}
        parts = [f"{r.means} {words[r.resumed]}" for r in sessions.resumptions]
        early = {True: "early data accepted", False: "early data refused", None: ""}
        parts += [early[sessions.early_data_accepted]] if sessions.early_data_accepted is not None else []
        yield "Sessions", ", ".join(parts)
    tolerance = next(reversed(facts.at(TlsTolerance, subject)), None)
    if tolerance is not None:
        parts = [f"{a.what} {a.reaction.cause.value.replace('-', ' ')}" for a in tolerance.answers]
        yield "Odd hellos", ", ".join(parts)
