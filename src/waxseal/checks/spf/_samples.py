"""Facts from which the examples of this folder are made."""

from waxseal.checks.samples import answer
from waxseal.facts import DnsAnswer, DnsStatus, SpfAnswers


def txt(name: str, *texts: str, status: DnsStatus | None = None) -> DnsAnswer:
    """A TXT answer; without texts there are none."""
    found = DnsStatus.ANSWERED if texts else DnsStatus.NO_DATA
    return answer(name, "TXT", *(f'"{text}"' for text in texts), status=status or found)


def policy(*texts: str, more: tuple[DnsAnswer, ...] = (), status: DnsStatus | None = None) -> SpfAnswers:
    """The SPF look-ups of example.org: its own TXT records, and the further answers."""
    return SpfAnswers(answers=(txt("example.org", *texts, status=status), *more))


def denied(name: str, *rdtypes: str) -> tuple[DnsAnswer, ...]:
    """Look-ups that found no such name."""
    return tuple(answer(name, rdtype, status=DnsStatus.NXDOMAIN) for rdtype in rdtypes)


SOUND = policy("v=spf1 ip4:192.0.2.0/24 -all")
"""A policy without fault."""
SILENT = policy(status=DnsStatus.TIMED_OUT)
"""A look-up without an answer."""
