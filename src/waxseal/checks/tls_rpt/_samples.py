"""Facts from which the examples of this folder are made, beside ``checks.samples``."""

from typing import Any

from waxseal.checks import samples
from waxseal.facts import (
    Cause,
    DnsAnswer,
    DnsStatus,
    Ended,
    OnwardReports,
    ReportDestination,
    Stage,
    TlsRptRecord,
)


def answer(*texts: str, domain: str = "example.org", status: DnsStatus = DnsStatus.ANSWERED) -> DnsAnswer:
    """The TXT look-up at ``_smtp._tls``; without texts it is denied, unless `status` says otherwise."""
    if not texts and status is DnsStatus.ANSWERED:
        status = DnsStatus.NXDOMAIN
    return samples.answer(f"_smtp._tls.{domain}", "TXT", *(f'"{text}"' for text in texts), status=status)


def record(*texts: str, status: DnsStatus = DnsStatus.ANSWERED) -> TlsRptRecord:
    """The records of example.org."""
    return TlsRptRecord(answer=answer(*texts, status=status))


def good(*uris: str) -> TlsRptRecord:
    """A record with these destinations, or with one mailbox at example.net."""
    return record(f"v=TLSRPTv1; rua={','.join(uris or ('mailto:tls@example.net',))}")


def mailbox(
    domain: str = "example.net",
    *exchanges: str,
    status: DnsStatus = DnsStatus.ANSWERED,
    address: DnsStatus | None = None,
    onward: tuple[OnwardReports, ...] = (),
) -> ReportDestination:
    """A mailbox; `status` is that of the MX look-up, `address` that of the address look-ups behind it."""
    if status is DnsStatus.ANSWERED:
        exchanges = tuple(f"10 {name}." for name in exchanges or ("mx.example.net",))
    a = aaaa = None
    if address is not None:
        rdata = ("192.0.2.7",) if address is DnsStatus.ANSWERED else ()
        a = samples.answer(domain, "A", *rdata, status=address)
        aaaa = samples.answer(domain, "AAAA", status=DnsStatus.NO_DATA)
    return ReportDestination(
        uri=f"mailto:tls@{domain}",
        place=domain,
        mx=samples.answer(domain, "MX", *exchanges, status=status),
        a=a,
        aaaa=aaaa,
        onward=onward,
    )


def null_mx() -> ReportDestination:
    """A mailbox whose domain takes no mail."""
    mx = samples.answer("example.net", "MX", "0 .")
    return ReportDestination(uri="mailto:tls@example.net", place="example.net", mx=mx)


def endpoint(
    cause: Cause = Cause.COMPLETED, stage: Stage = Stage.RESPONSE, status: int | None = 405, **changes: Any
) -> ReportDestination:
    """An https endpoint that was asked for its head."""
    place = "reports.example.net"
    fields: dict[str, Any] = {
        "uri": f"https://{place}/in",
        "place": place,
        "a": samples.answer(place, "A", "192.0.2.8"),
        "aaaa": samples.answer(place, "AAAA", status=DnsStatus.NO_DATA),
        "ended": Ended(cause, stage),
        "status": status if cause is Cause.COMPLETED else None,
    }
    return ReportDestination(**{**fields, **changes})


def onward(domain: str, *places: str, status: DnsStatus = DnsStatus.ANSWERED) -> OnwardReports:
    """Where a domain has the reports about itself mailed to; without places it wants none."""
    uris = ",".join(f"mailto:tls@{place}" for place in places)
    texts = (f"v=TLSRPTv1; rua={uris}",) if places else ()
    return OnwardReports(domain, answer(*texts, domain=domain, status=status))
