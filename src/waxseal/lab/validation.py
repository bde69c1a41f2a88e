"""The lab's own resolver as the validator of a run, tried out like any other before its word is taken."""

from typing import TYPE_CHECKING

from waxseal.facts import DnsStatus
from waxseal.net.dns import DnsClient
from waxseal.net.validation import SystemValidation

if TYPE_CHECKING:
    from waxseal.facts import Validator
    from waxseal.net.dns import Resolver

_TRIES = 3  # the lab answers in the same process, which may be busy for longer than probing waits


class LabValidation:
    """Implements `net.network.Validation`: whoever is asked by default, if it validates; nobody else.

    Args:
        bogus_name: A name of the lab that is bogus.
        timeout_s: Limit of the one try that each question gets.
    """

    def __init__(self, bogus_name: str, timeout_s: float) -> None:
        self._system = SystemValidation(bogus_name=bogus_name, recursion=False, libraries=())
        self._timeout_s = timeout_s

    async def choose(self, fallback: "Resolver") -> "tuple[Resolver, Validator]":
        """The resolver to ask for the whole run, and how it was chosen."""
        for _ in range(_TRIES):
            resolver, chosen = await self._system.choose(fallback)
            if all(probe.root is not DnsStatus.TIMED_OUT for probe in chosen.probes):
                break
        if chosen.kind is None:
            return resolver, chosen
        client = DnsClient(servers=(chosen.place,), timeout_s=self._timeout_s, attempts=1, validates=True)
        return client, chosen
