"""What the checks of reverse names share: the remedy, and which addresses are not judged."""

from waxseal.checks.api import Judgement, Remedy, Subject, not_applicable
from waxseal.checks.dns._hosts import barred
from waxseal.facts import RunContext

REVERSE_REMEDY = Remedy(
    general="Let whoever provides the address set its PTR record to the server's host name, and let "
    "that name have the address as its A or AAAA record.",
    dns="25.2.0.192.in-addr.arpa. PTR mx.example.org. and mx.example.org. A 192.0.2.25",
)


def unless_public(subject: Subject, context: RunContext) -> Judgement | None:
    """NOT-APPLICABLE for an address that is no place on the internet and was not allowed; else None."""
    network = barred(subject.address or "", context.allowed_networks)
    return None if network is None else not_applicable(f"the address is not public: it is in {network}")
