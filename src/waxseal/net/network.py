"""Everything outside, in one bundle: what a scan is given instead of reaching for the machine's own."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from waxseal.net.clock import Clock, SystemClock
from waxseal.net.dial import Dialer, TcpDialer
from waxseal.net.guard import AddressGuard

if TYPE_CHECKING:
    from waxseal.net.dns import Resolver
    from waxseal.trust.anchors import RootStore


@dataclass(frozen=True)
class Network:
    """The outside world of one run.

    Attributes:
        resolver: Answers DNS questions.
        roots: The root store that certificates are judged against.
        dialer: Opens connections.
        guard: Says which addresses may be dialled.
        clock: Tells the time.
    """

    resolver: "Resolver"
    roots: "RootStore"
    dialer: Dialer = field(default_factory=TcpDialer)
    guard: AddressGuard = field(default_factory=AddressGuard)
    clock: Clock = field(default_factory=SystemClock)
