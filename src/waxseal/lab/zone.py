"""The lab's DNS data: records and scripted faults, and what they make of a question (RFC 1034 §4.3.2).

Sending and receiving is in ``lab.dns_server``.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

TTL_S = 300
_SOA = "ns.lab.test. hostmaster.lab.test. 1 3600 600 86400 60"
_MAX_ALIASES = 16


class DnsFault(StrEnum):
    """What goes wrong with the questions for a name."""

    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    SILENCE = "silence"
    """No answer ever comes."""
    TRUNCATED = "truncated"
    """Over UDP comes an empty answer with the TC bit; over TCP the whole one."""


_RCODES = {
    DnsFault.NXDOMAIN: dns.rcode.NXDOMAIN,
    DnsFault.SERVFAIL: dns.rcode.SERVFAIL,
    DnsFault.REFUSED: dns.rcode.REFUSED,
}


@dataclass(frozen=True)
class DnsRecord:
    """One record of class IN.

    Attributes:
        name: Owner, A-labels, no trailing dot.
        rdtype: Type mnemonic, such as ``MX``.
        rdata: In presentation form; names in it with their trailing dot.
    """

    name: str
    rdtype: str
    rdata: str


@dataclass(frozen=True)
class FaultyName:
    """A scripted fault.

    Attributes:
        name: The owner name whose questions it strikes.
        fault: What goes wrong.
        rdtype: Only questions for this type; "" for every one.
    """

    name: str
    fault: DnsFault
    rdtype: str = ""


def host_records(name: str, *addresses: str, reverse: str | None = None) -> Iterator[DnsRecord]:
    """The A and AAAA records of a host, and the PTR records that lead back to it.

    Args:
        name: The host.
        addresses: Its addresses.
        reverse: The name that the PTR records hold; None for the host's, "" for no PTR record.
    """
    for address in addresses:
        yield DnsRecord(name, "AAAA" if ":" in address else "A", address)
        if reverse != "":
            yield DnsRecord(reverse_name(address), "PTR", f"{reverse or name}.")


def reverse_name(address: str) -> str:
    """Where the PTR records of an address stand (RFC 1035 §3.5, RFC 3596 §2.5)."""
    return ipaddress.ip_address(address).reverse_pointer


class Zone:
    """All names of the lab in one: a name that is not in it does not exist.

    Args:
        records: The records; several of one name and type make an RRset, in this order.
        faults: What goes wrong; the first that fits a question counts.
        authenticated: Set the AD bit, as a validating resolver does (RFC 6840 §5.8).
    """

    def __init__(
        self, records: Iterable[DnsRecord], faults: Iterable[FaultyName] = (), *, authenticated: bool = False
    ) -> None:
        self._authenticated = authenticated
        self._faults = tuple(faults)
        self._rdata: dict[tuple[str, str], list[str]] = {}
        for record in records:
            rdata = self._rdata.setdefault((record.name.lower(), record.rdtype), [])
            if record.rdata not in rdata:
                rdata.append(record.rdata)
        self._existing: set[str] = set()
        for name, _ in self._rdata:
            labels = name.split(".")
            self._existing |= {".".join(labels[at:]) for at in range(len(labels))}

    def respond(self, query: dns.message.Message, *, over_tcp: bool) -> dns.message.Message | None:
        """The response to a query with one question; None for silence."""
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        rdtype = dns.rdatatype.to_text(question.rdtype)
        response = dns.message.make_response(query, recursion_available=True)
        fault = self._fault(name, rdtype)
        if fault is DnsFault.SILENCE:
            return None
        if fault is DnsFault.TRUNCATED and not over_tcp:
            response.flags |= dns.flags.TC
            return response
        if fault in _RCODES:
            response.set_rcode(_RCODES[fault])
            return response
        if self._authenticated:
            response.flags |= dns.flags.AD
        self._fill(response, name, rdtype)
        return response

    def _fault(self, name: str, rdtype: str) -> DnsFault | None:
        return next((f.fault for f in self._faults if f.name == name and f.rdtype in ("", rdtype)), None)

    def _fill(self, response: dns.message.Message, name: str, rdtype: str) -> None:
        for _ in range(_MAX_ALIASES):
            rdata = self._rdata.get((name, rdtype))
            if rdata is not None:
                response.answer += _rrsets(name, rdtype, rdata)
                return
            alias = self._rdata.get((name, "CNAME"))
            if alias is None:
                break
            response.answer += _rrsets(name, "CNAME", alias)
            name = alias[0].removesuffix(".").lower()
        if name not in self._existing:
            response.set_rcode(dns.rcode.NXDOMAIN)
        # A denial comes with the zone's SOA (RFC 2308 §2).
        response.authority += _rrsets(name.rpartition(".")[2], "SOA", [_SOA])


def _rrsets(name: str, rdtype: str, rdata: list[str]) -> list[dns.rrset.RRset]:
    """Each record by itself, because dnspython shuffles the records of one set."""
    return [dns.rrset.from_text(f"{name}.", TTL_S, "IN", rdtype, text) for text in rdata]
