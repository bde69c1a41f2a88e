"""Everything outside, in one bundle: what a scan is given instead of reaching for the machine's own."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from waxseal.net.clock import Clock, SystemClock
from waxseal.net.dial import Dialer, TcpDialer
from waxseal.net.guard import AddressGuard

if TYPE_CHECKING:
    from waxseal.facts import Validator
    from waxseal.net.dns import Resolver
    from waxseal.trust.anchors import RootStore


class Validation(Protocol):
    """Finds somebody who validates DNSSEC and whose word can be taken."""

    async def choose(self, fallback: "Resolver") -> "tuple[Resolver, Validator]":
        """The resolver to ask for the whole run, and how it was chosen.

        Args:
            fallback: The resolver where nobody validates; its answers stay `Dnssec.UNTRUSTED`.
        """
        ...


@dataclass(frozen=True)
class Network:
    """The outside world of one run.

    Attributes:
        resolver: Answers DNS questions.
        roots: The root store that certificates are judged against.
        dialer: Opens connections.
        guard: Says which addresses may be dialled.
        clock: Tells the time.
        mail_dialer: Opens the connections to mail servers; None for `dialer`.
        validation: Finds who validates DNSSEC; None where nobody is asked.
    """

    resolver: "Resolver"
    roots: "RootStore"
    dialer: Dialer = field(default_factory=TcpDialer)
    guard: AddressGuard = field(default_factory=AddressGuard)
    clock: Clock = field(default_factory=SystemClock)
    mail_dialer: Dialer | None = None
    validation: Validation | None = None
