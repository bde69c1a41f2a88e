"""What came of offering a server the exact hello of a well-known mail client (``wire.client_shapes``).

Numbers are those of IANA's registries. A selection is no completed handshake: the server may still fail it,
and the client may refuse the certificate.
"""

from waxseal.facts.attempt import Deviation
from waxseal.facts.record import Fact, fact
from waxseal.facts.subject import Scope
from waxseal.facts.tls_offer import Reaction


@fact("tls.simulated/1", Scope.PORT)
class ClientSimulation(Fact, frozen=True, kw_only=True):
    """One client's hello and the server's answer; an endpoint has one for each client that was asked for.

    Attributes:
        client: Id of the client's shape.
        software: Its name and version.
        library: Name and version of its TLS library.
        role: ``sender``, ``submitter``, ``mail program`` or ``tool``.
        documented: Whether the shape is from a vendor's documents, not from a recording.
        hello_sha256: Of the hello without its fresh parts, lower-case hex: says which hello it was, should
            the client's shape change later.
        offered: Versions offered, lowest first.
        lists_versions: Whether the hello lists its versions (RFC 8446 §4.2.1); without, it tells only the
            highest, which is then alone in `offered`.
        reaction: COMPLETED where the server selected a version and a suite; else how it ended.
        version: Selected; "" where nothing was.
        suite: Selected; None where nothing was.
        group: Of the key exchange; None where none was named in clear.
        scheme: That the key exchange is signed with; None in TLS 1.3, where it is encrypted, and where
            nothing is signed.
        retried: Whether the server asked for a key share in another group, so that `group` is its wish (a
            HelloRetryRequest, RFC 8446 §4.1.4).
        shared_with: Ids of the other clients whose hello is the same: one connection was made for all.
        deviations: What the server selected against the hello's offer.
    """

    client: str
    software: str
    library: str
    role: str
    hello_sha256: str
    offered: tuple[str, ...]
    reaction: Reaction
    lists_versions: bool = True
    documented: bool = False
    version: str = ""
    suite: int | None = None
    group: int | None = None
    scheme: int | None = None
    retried: bool = False
    shared_with: tuple[str, ...] = ()
    deviations: tuple[Deviation, ...] = ()
