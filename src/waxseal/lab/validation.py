"""The lab's own resolver as the validator of a run, tried out like any other before its word is taken."""

from typing import TYPE_CHECKING

from waxseal.facts import DnsStatus, Validator, ValidatorKind, ValidatorProbe
from waxseal.net.dns import DnsClient

if TYPE_CHECKING:
    from waxseal.net.dns import Resolver


class LabValidation:
    """Chooses the lab's DNS where it shows that it validates.

    Args:
        place: Where it answers, ``address:port``.
        bogus_name: A name whose zone is bogus.
        timeout_s: Limit of one try.
    """

    def __init__(self, place: str, bogus_name: str, timeout_s: float) -> None:
        self._place = place
        self._bogus_name = bogus_name
        self._timeout_s = timeout_s

    async def choose(self, fallback: "Resolver") -> "tuple[Resolver, Validator]":
        """The resolver to ask for the whole run, and how it was chosen.

        A validator sets AD for a name that is known to be secure, and hides what is bogus from all but those
        who set CD (RFC 4035 §3.2.2 and §3.2.3).
        """
        plain = DnsClient(servers=(self._place,), timeout_s=self._timeout_s)
        root = await plain.query(".", "NS")
        bogus = await plain.query(self._bogus_name, "A")
        unchecked = await plain.query(self._bogus_name, "A", checking_disabled=True)
        validates = (
            root.authenticated
            and bogus.status is DnsStatus.SERVFAIL
            and unchecked.status is DnsStatus.ANSWERED
        )
        probe = ValidatorProbe(
            ValidatorKind.LOOPBACK,
            self._place,
            root=root.status,
            root_authenticated=root.authenticated,
            bogus=bogus.status,
            bogus_unchecked=unchecked.status,
            validates=validates,
        )
        if not validates:
            return fallback, Validator(bogus_name=self._bogus_name, probes=(probe,))
        chosen = Validator(kind=probe.kind, place=probe.place, bogus_name=self._bogus_name, probes=(probe,))
        return DnsClient(servers=(self._place,), timeout_s=self._timeout_s, validates=True), chosen
