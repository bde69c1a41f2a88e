"""Facts from which the examples of this folder are made."""

from waxseal.checks.samples import answer
from waxseal.facts import DmarcWalk, DnsAnswer, DnsStatus


def txt(name: str, *texts: str, status: DnsStatus | None = None) -> DnsAnswer:
    """A TXT answer; without texts the name does not exist."""
    found = DnsStatus.ANSWERED if texts else DnsStatus.NXDOMAIN
    return answer(name, "TXT", *(f'"{text}"' for text in texts), status=status or found)


def walk(*texts: str, above: tuple[str, ...] = (), status: DnsStatus | None = None) -> DmarcWalk:
    """The tree walk of example.org: its own records, and those of org."""
    return DmarcWalk(answers=(txt("_dmarc.example.org", *texts, status=status), txt("_dmarc.org", *above)))


def subdomain(*texts: str, own: tuple[str, ...] = ()) -> DmarcWalk:
    """The tree walk of mail.example.org: the records of example.org, and its own."""
    return DmarcWalk(answers=(txt("_dmarc.mail.example.org", *own), *walk(*texts).answers))


def reporting(
    address: str = "mailto:d@example.net",
    agreement: tuple[str, ...] = (),
    exchange: str = "10 mx.example.net.",
    status: DnsStatus | None = None,
) -> DmarcWalk:
    """A policy with reports to example.net, the record by which that agrees, and its MX record."""
    found = status or (DnsStatus.ANSWERED if exchange else DnsStatus.NO_DATA)
    mx = answer("example.net", "MX", *filter(None, (exchange,)), status=found)
    return DmarcWalk(
        answers=walk(f"v=DMARC1; p=reject; rua={address}").answers,
        authorizations=(txt("example.org._report._dmarc.example.net", *agreement),),
        exchanges=(mx,),
    )


SOUND = walk("v=DMARC1; p=reject; rua=mailto:dmarc@example.org")
"""A policy without fault."""
SILENT = walk(status=DnsStatus.TIMED_OUT)
"""A look-up without an answer."""
