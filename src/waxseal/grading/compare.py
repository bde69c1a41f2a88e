"""Holds two recorded runs against each other: what differs by the path that connections took (``--vantage``).

Stripping is a property of a path and not of a server, so it is found where two places see one server
differently. Pure, and even: the runs the other way round give the same differences, with the sides swapped.
What one side could not see is told apart from what it saw differently.
"""

from collections.abc import Iterable

from waxseal.facts import FactSet, HostAddresses, MxRecords, RunContext, Scope, Subject
from waxseal.grading.compare_heard import heard
from waxseal.grading.compare_model import Comparison, Difference, Kind, Runs, Side, Told, Unseen, Vantage
from waxseal.grading.compare_ports import compare_port
from waxseal.grading.compare_published import compare_domain, compare_host

_KINDS = tuple(Kind)


def compare(a: FactSet, b: FactSet) -> Comparison:
    """What two runs saw differently.

    Args:
        a: The facts of one run.
        b: Those of the other one.
    """
    runs = Runs(a, b)
    told: list[Told] = []
    for domain in _common(a, b, Scope.DOMAIN):
        told += compare_domain(runs, domain)
    for host in _common(a, b, Scope.HOST):
        told += compare_host(runs, host)
    tested = [{s for s in facts.subjects(Scope.PORT) if heard(facts, s) is not None} for facts in (a, b)]
    both = sorted(tested[0] & tested[1], key=_order)
    for place in both:
        told += compare_port(runs, place)
    told += _only(runs, tested[0] - tested[1], Side.B)
    told += _only(runs, tested[1] - tested[0], Side.A)
    told = list(dict.fromkeys(told))
    differences = sorted((t for t in told if isinstance(t, Difference)), key=_weight)
    unseen, neither = _apart([t for t in told if isinstance(t, Unseen)])
    return Comparison(tuple(both), tuple(differences), unseen, neither)


def vantages(a: FactSet, b: FactSet, files: tuple[str, str]) -> tuple[Vantage, Vantage]:
    """What the two sides are called: by the place, else by the way, else by the file; never both the same."""
    contexts = [facts.nearest(RunContext, Subject()) for facts in (a, b)]
    places = [c.vantage if c is not None else "" for c in contexts]
    ways = [f"via {c.via}" if c is not None and c.via else "" for c in contexts]
    both = [" ".join(filter(None, pair)) for pair in zip(places, ways, strict=True)]
    candidates = ([p or w for p, w in zip(places, ways, strict=True)], both, list(files), ["A", "B"])
    for names in candidates:
        filled = [name or file for name, file in zip(names, files, strict=True)]
        if filled[0] != filled[1]:
            break
    sides = [
        Vantage(
            name=name[:80],
            started_at=c.started_at if c is not None else None,
            via=c.via if c is not None else "",
            version=c.version if c is not None else "",
        )
        for name, c in zip(filled, contexts, strict=True)
    ]
    return sides[0], sides[1]


def _common(a: FactSet, b: FactSet, scope: Scope) -> list[Subject]:
    return sorted(set(a.subjects(scope)) & set(b.subjects(scope)), key=_order)


def _order(subject: Subject) -> tuple[str, str, str, int]:
    return subject.domain or "", subject.host or "", subject.address or "", subject.port or 0


def _weight(difference: Difference) -> tuple[object, ...]:
    return (
        -difference.weight,
        _KINDS.index(difference.kind),
        _order(difference.subject),
        sorted((difference.a, difference.b)),
    )


def _only(runs: Runs, places: Iterable[Subject], missing: Side) -> Iterable[Unseen]:
    """Places that one side alone tested; the reason is mostly that DNS told the other one something else."""
    facts = runs.of(missing)
    for place in sorted(places, key=_order):
        host = place.up_to(Scope.HOST)
        known = facts.nearest(HostAddresses, host) if place.host is not None else None
        if known is not None and place.address not in known.addresses:
            why = "DNS did not name this address there"
        elif known is None and place.domain is not None and facts.at(MxRecords, place.up_to(Scope.DOMAIN)):
            why = "DNS did not name this mail host there"
        else:
            why = "it was not tested there"
        yield Unseen(missing, place, "this address and port", why)


def _apart(unseen: list[Unseen]) -> tuple[tuple[Unseen, ...], tuple[Unseen, ...]]:
    """What one side alone could not see; and what neither could, once for both."""
    places = [{(u.subject, u.what) for u in unseen if u.side is side} for side in Side]
    shared = places[0] & places[1]
    one = [u for u in unseen if (u.subject, u.what) not in shared]
    neither = [u for u in unseen if (u.subject, u.what) in shared and u.side is Side.A]
    return tuple(sorted(one, key=_unseen_order)), tuple(sorted(neither, key=_unseen_order))


def _unseen_order(unseen: Unseen) -> tuple[object, ...]:
    return _order(unseen.subject), unseen.what, unseen.why
