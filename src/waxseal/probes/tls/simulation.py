"""What well-known mail clients would negotiate, by offering the server exactly their hello.

Clients whose hellos are the same octets but for their fresh parts share one question. The shapes are in
``wire.client_shapes``; each answer becomes a `ClientSimulation`. Nothing is completed: a selection is what
the server's first flight says in clear.
"""

from collections.abc import Iterable, Sequence

from waxseal.facts import Cause, ClientSimulation, Deviation, Reaction
from waxseal.probes.tls.question import HelloTalk, Question, Strand, entropy
from waxseal.wire import tls_registry as reg
from waxseal.wire.client_shapes import ClientShape, client_shapes
from waxseal.wire.tls_client_hello import TLS_1_3
from waxseal.wire.tls_fields import number
from waxseal.wire.tls_first_flight import FirstFlight
from waxseal.wire.tls_server_hello import ServerHello, version_name

EVERY_CLIENT = "all"
NOT_ASKED = "it was not asked"


class UnknownClientError(ValueError):
    """No client has this id."""


def chosen_shapes(ids: Iterable[str]) -> tuple[ClientShape, ...]:
    """The shapes of these ids, in the order of their files; ``all`` stands for every one.

    Raises:
        UnknownClientError: There is none of an id; its text is that id.
    """
    wanted = set(ids)
    known = client_shapes()
    for id_ in sorted(wanted - {EVERY_CLIENT} - {shape.id for shape in known}):
        raise UnknownClientError(id_)
    return tuple(shape for shape in known if EVERY_CLIENT in wanted or shape.id in wanted)


class ShapeTalk(HelloTalk):
    """A client's hello, in its own records and pieces, and the server's first flight in clear."""

    def __init__(self, shape: ClientShape, server_name: str) -> None:
        hello, _ = shape.hello(server_name, entropy)
        super().__init__(hello)
        self._writes = shape.writes(hello)

    def start(self) -> bytes:
        """The hello in the client's own records."""
        return b"".join(self._writes)

    def segments(self) -> tuple[bytes, ...]:
        """The same as the client writes it."""
        return self._writes


class Simulation:
    """The questions that simulate some clients, and what came of them.

    Args:
        shapes: The clients.
        server_name: SNI for the clients that send one; "" for none.
    """

    def __init__(self, shapes: Sequence[ClientShape], server_name: str) -> None:
        self._server_name = server_name
        self._groups: dict[tuple[object, ...], list[ClientShape]] = {}
        for shape in shapes:
            self._groups.setdefault(shape.alike(), []).append(shape)
        self._answers: dict[str, HelloTalk] = {}

    @property
    def connections(self) -> int:
        """How many connections it takes: one for each hello that is like no other."""
        return len(self._groups)

    def strands(self) -> tuple[Strand, ...]:
        """One strand of one question for each hello; they depend on nothing, so any may be asked first."""
        return tuple(self._ask(shapes[0]) for shapes in self._groups.values())

    def _ask(self, shape: ClientShape) -> Strand:
        talk = yield Question(_about(shape), lambda: ShapeTalk(shape, self._server_name))
        if isinstance(talk, HelloTalk):
            self._answers[shape.id] = talk

    def facts(self, not_asked: Iterable[str] = ()) -> tuple[ClientSimulation, ...]:
        """One for each client, in the order of their ids; those that were not asked say so.

        Args:
            not_asked: What the pool did not ask: `Question.about`, a colon, the reason.
        """
        reasons = dict(line.split(": ", 1) for line in not_asked if ": " in line)
        made = [
            _fact(shape, shapes, self._answers.get(shapes[0].id), reasons.get(_about(shapes[0]), NOT_ASKED))
            for shapes in self._groups.values()
            for shape in shapes
        ]
        return tuple(sorted(made, key=lambda fact: fact.client))


def _about(shape: ClientShape) -> str:
    return f"client {shape.id}"


def _fact(
    shape: ClientShape, alike: Sequence[ClientShape], talk: HelloTalk | None, reason: str
) -> ClientSimulation:
    hello = None if talk is None else talk.selected
    return ClientSimulation(
        client=shape.id,
        software=shape.label,
        library=f"{shape.library} {shape.library_version}".rstrip(),
        role=shape.role.value,
        hello_sha256=shape.sha256(),
        offered=tuple(version_name(version) for version in shape.versions),
        reaction=Reaction(Cause.BUDGET_SPENT, detail=reason) if talk is None else talk.reaction(),
        lists_versions=shape.lists_versions,
        documented=shape.documented,
        version="" if hello is None else version_name(hello.version),
        suite=None if hello is None else hello.suite,
        group=None if talk is None or hello is None else talk.group,
        scheme=None if talk is None or hello is None else talk.scheme,
        retried=hello is not None and hello.retry,
        shared_with=tuple(other.id for other in alike if other is not shape),
        deviations=() if talk is None or hello is None else _deviations(shape, talk.flight, hello),
    )


def _deviations(shape: ClientShape, flight: FirstFlight, hello: ServerHello) -> tuple[Deviation, ...]:
    """What a client would not take because it did not offer it, or because the server warns of it."""
    found = list(flight.deviations)
    if hello.suite not in shape.suites:
        found.append(Deviation("suite-not-offered", "RFC 8446 §4.1.3", number(hello.suite, 2)))
    if flight.group is not None and flight.group not in shape.groups:
        found.append(Deviation("group-not-offered", "RFC 8446 §4.2.8", number(flight.group, 2)))
    if hello.compression not in shape.compressions:
        found.append(Deviation("compression-not-offered", "RFC 5246 §7.4.1.3", number(hello.compression, 1)))
    numbers = {extension.number for extension in shape.extensions or ()}
    if reg.EMPTY_RENEGOTIATION_INFO_SCSV in shape.suites:
        numbers.add(reg.RENEGOTIATION_INFO)  # the value stands for the extension (RFC 5746 §3.3)
    unasked = sorted(set(hello.extensions.numbers) - numbers - {reg.COOKIE})
    if unasked:
        found.append(Deviation("extension-not-offered", "RFC 8446 §4.2", number(unasked[0], 2)))
    if hello.downgrade_sentinel is not None and shape.versions[-1] >= TLS_1_3 > hello.version:
        found.append(Deviation("downgrade-sentinel", "RFC 8446 §4.1.3", hello.random[24:]))
    return tuple(found)
