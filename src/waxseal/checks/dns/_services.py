"""Sample SRV look-ups for the examples of the checks of mail programs' services."""

from waxseal.checks.samples import answer
from waxseal.facts import DnsStatus, MailService, MailServices, ServiceTarget
from waxseal.wire.dns_rdata import service_records

HOST = "mail.example.org"


def services(
    *records: tuple[str, str], status: DnsStatus = DnsStatus.ANSWERED, **of_host: str
) -> MailServices:
    """Services by label and record; what is not named is denied. `a` and `alias` are those of the host."""
    labels = ("_submissions._tcp", "_submission._tcp", "_imaps._tcp", "_imap._tcp")
    found = []
    for label in labels:
        rdata = tuple(text for name, text in records if name == label)
        ended = status if rdata or status is not DnsStatus.ANSWERED else DnsStatus.NXDOMAIN
        told = answer(f"{label}.example.org", "SRV", *rdata, status=ended)
        found.append(MailService(label, told, service_records(told)))
    address = of_host.get("a", "192.0.2.30")
    ended = DnsStatus.ANSWERED if address else DnsStatus.NO_DATA
    aliases = (of_host["alias"],) if "alias" in of_host else ()
    a = answer(HOST, "A", *filter(None, (address,)), status=ended, aliases=aliases)
    target = ServiceTarget(HOST, a, answer(HOST, "AAAA", status=DnsStatus.NO_DATA, aliases=aliases))
    return MailServices(services=tuple(found), targets=(target,))
