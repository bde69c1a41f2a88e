"""How a look-up's end is weighed: what counts as an answer, as broken DNS, and as silence on the way to it.

Shared by the checks of this folder; the statuses themselves are facts (``facts.dns``).
"""

from waxseal.checks.api import Judgement, not_applicable, unreached
from waxseal.facts import DnsAnswer, Dnssec, DnsStatus, MxRecords

EMPTY = frozenset({DnsStatus.NO_DATA, DnsStatus.NXDOMAIN})
"""DNS answered, and there is no such RRset (RFC 2308 §2)."""
ANSWERED = EMPTY | {DnsStatus.ANSWERED}
BROKEN = frozenset(
    {
        DnsStatus.SERVFAIL,
        DnsStatus.REFUSED,
        DnsStatus.OTHER_RCODE,
        DnsStatus.MALFORMED,
        DnsStatus.CNAME_LOOP,
    }
)
"""An answer came, and it is an error; whose fault it is, `_asked.Asked` says."""
SILENT = frozenset({DnsStatus.TIMED_OUT, DnsStatus.UNREACHABLE})
"""No answer came: the resolver, the path or this machine may be at fault as well as the zone."""

TRY_AGAIN = "test again later, or give another --resolver"
_MAX_EVIDENCE = 200


def shown(answer: DnsAnswer) -> str:
    """One line of evidence, such as ``MX example.org: servfail from 192.0.2.53:53``."""
    parts = [f"{answer.rdtype} {answer.name}: {answer.status.value}"]
    if answer.rdata:
        parts.append(", ".join(answer.rdata))
    if answer.aliases:
        parts.append("by way of " + ", ".join(answer.aliases))
    if answer.server:
        parts.append(f"from {answer.server}")
    if answer.extended_errors:
        parts.append(f"({'; '.join(answer.extended_errors)})")
    return bounded(" ".join(parts))


def bounded(text: str) -> str:
    """Text that others wrote, on one line and not too long."""
    line = text[: _MAX_EVIDENCE + 1]
    if not line.isprintable():
        line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= _MAX_EVIDENCE else f"{line[: _MAX_EVIDENCE - 3]}..."


def unless_answered(mx: MxRecords) -> Judgement | None:
    """The answer where the MX look-up leaves nothing to judge, which other checks report; else None."""
    status = mx.answer.status
    if mx.answer.dnssec is Dnssec.BOGUS:
        return unreached(
            "the MX answer is bogus; see dnssec/mx-bogus",
            shown(mx.answer),
            advice="mend that first, then test again",
        )
    if status is DnsStatus.NXDOMAIN:
        return not_applicable("the domain does not exist; see dns/domain-missing")
    if status not in ANSWERED:
        return unreached(
            f"the MX look-up ended {status.value}; see dns/mx-lookup-failed",
            shown(mx.answer),
            advice="mend the look-up first, or give another --resolver",
        )
    return None


def speaker(answer: DnsAnswer, mx: MxRecords | None, *, bogus: str, failed: str) -> str:
    """The check that tells why a look-up beside that of the MX records gave no answer that counts.

    Args:
        answer: The look-up.
        mx: The MX look-up of the domain; where that failed too, its check speaks for both.
        bogus: The check of bogus answers to this look-up.
        failed: The check of its other failures.
    """
    lost = mx is not None and mx.answer.dnssec is Dnssec.BOGUS
    if answer.dnssec is Dnssec.BOGUS:
        return "dnssec/mx-bogus" if lost else bogus
    if mx is not None and mx.answer.status not in ANSWERED:
        return "dnssec/mx-bogus" if lost else "dns/mx-lookup-failed"
    return failed


def null_exchanges(mx: MxRecords) -> int:
    """How many of the MX records name the root, which is no host (RFC 7505 §3)."""
    return sum(1 for record in mx.exchanges if not record.exchange)
