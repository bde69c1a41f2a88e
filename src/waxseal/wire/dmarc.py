"""DMARC policy records and the DNS tree walk (RFC 9989), with the destinations of reports (RFC 9990).

Pure, and it asks: `read` takes the answers that are there and says which questions are open. The records of
the walk are all asked for side by side, and what the walk would not have come to is left out when they are
read. Messages are not judged, so alignment does not live here.
"""

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.wire.dns_rdata import txt_records
from waxseal.wire.idna import hostname_problem
from waxseal.wire.tag_list import Problem, TagList, read_tag_list, shown

MAX_QUERIES: Final = 8
"""Look-ups of one tree walk (RFC 9989 §4.10)."""
MAX_DESTINATIONS: Final = 10
"""Our own: report addresses whose domains are looked up."""
REMOVED_TAGS: Final = ("pct", "rf", "ri")
"""Tags of RFC 7489 that are no more (RFC 9989 §C.5.2)."""

_VERSION: Final = re.compile(rb"[ \t]*v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_ALIKE: Final = re.compile(rb"(?:v?[ \t=]{0,4})dmarc(?:1|[ \t]{0,4};)", re.IGNORECASE)
_URI: Final = re.compile(
    r"(?P<uri>(?P<scheme>[a-z][a-z0-9+.-]*):(?P<rest>[^!\s]+))(?P<size>![0-9]+[kmgt]?)?", re.I
)
_AUTHORITY: Final = re.compile(r"//(?:[^/?#@]*@)?(?P<host>[a-z0-9._-]+)(?::[0-9]*)?(?:[/?#].*)?", re.I)
_VALUES: Final = {
    "t": ("y", "n"),
    "psd": ("y", "n", "u"),
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
}
_SEEN: Final = (DnsStatus.ANSWERED, DnsStatus.NO_DATA, DnsStatus.NXDOMAIN)


class Policy(IntEnum):
    """What is to be done with mail that fails, the mildest first (RFC 9989 §4.7)."""

    NONE = 0
    QUARANTINE = 1
    REJECT = 2

    def __str__(self) -> str:
        return self.name.lower()

    @property
    def tested(self) -> "Policy":
        """What is left of it in test mode: one level less (RFC 9989 §4.7, t)."""
        return Policy(max(0, self - 1))


class ReportUri(Struct, frozen=True, omit_defaults=True):
    """One address for reports.

    Attributes:
        text: As it is written, without the size limit.
        scheme: In lower case; "" where the text is no URI.
        host: The mailbox's domain (mailto) or the host, A-labels in lower case; "" where there is none that
            can be asked for.
        size: A size limit behind it, which is syntax of RFC 7489 (RFC 9989 §4.8, obs-dmarc-report-size).
    """

    text: str
    scheme: str = ""
    host: str = ""
    size: str = ""


class DmarcRecord(Struct, frozen=True, omit_defaults=True):
    """One policy record, with the values that its tags have or default to (RFC 9989 §4.7).

    Attributes:
        p, sp, np: Policy of the domain, of its subdomains, of subdomains that do not exist; None where the
            tag is missing or its value is none.
        broken: Names of those three tags that make the record void as a policy: p where it is missing or has
            no value that is known, sp and np with such a value (RFC 9989 §4.10.1).
        psd: ``y``, ``n`` or ``u``.
        testing: Whether t=y.
        rua, ruf: Where aggregate and failure reports go.
        removed: Tags in it that RFC 9989 has no more.
        unknown: Other tags that are not registered.
        problems: Breaches of the grammar.
    """

    p: Policy | None = None
    sp: Policy | None = None
    np: Policy | None = None
    broken: tuple[str, ...] = ()
    psd: str = "u"
    testing: bool = False
    rua: tuple[ReportUri, ...] = ()
    ruf: tuple[ReportUri, ...] = ()
    removed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether a receiver applies it: else it does no DMARC at all (RFC 9989 §4.10.1)."""
        return not self.broken or any(uri.host for uri in self.rua)

    @property
    def for_domain(self) -> Policy:
        """The policy of the domain itself; none where a tag is broken (RFC 9989 §4.10.1)."""
        return Policy.NONE if self.broken or self.p is None else self.p

    @property
    def for_subdomains(self) -> Policy:
        """The policy of subdomains that exist."""
        return self.for_domain if self.broken or self.sp is None else self.sp

    @property
    def for_missing(self) -> Policy:
        """The policy of subdomains that do not exist."""
        return self.for_subdomains if self.broken or self.np is None else self.np


class Question(NamedTuple):
    """A look-up: name without trailing dot, and type."""

    name: str
    rdtype: str


class Step(Struct, frozen=True):
    """One name of the tree walk.

    Attributes:
        domain: The name, without its ``_dmarc`` label.
        answer: The look-up; None where it has not been asked.
        candidates: How many of its records are DMARC's; only one of them counts (RFC 9989 §4.10).
        record: The record, where there is exactly one.
        alike: Records that seem to be meant as DMARC, and are none for how they begin.
    """

    domain: str
    answer: DnsAnswer | None = None
    candidates: int = 0
    record: DmarcRecord | None = None
    alike: tuple[bytes, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the look-up ended with an error."""
        return self.answer is not None and self.answer.status not in _SEEN


class Destination(Struct, frozen=True):
    """The domain of one or more report addresses.

    Attributes:
        host: The domain.
        uris: The addresses in it.
        outside: Whether it belongs to another organization, so that it has to agree (RFC 9990 §4).
        mail: Whether mail is to be sent there.
        agreement: The look-up of the record by which it agrees; None where it was not asked.
        exchange: The MX look-up; None where it was not asked.
        addresses: The A and AAAA look-ups that were asked.
    """

    host: str
    uris: tuple[str, ...]
    outside: bool
    mail: bool
    agreement: DnsAnswer | None = None
    exchange: DnsAnswer | None = None
    addresses: tuple[DnsAnswer, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether a record says that reports may be sent (RFC 9990 §4)."""
        return self.agreement is not None and any(map(_VERSION.match, txt_records(self.agreement)))


class DmarcReading(Struct, frozen=True):
    """What is known of a domain's DMARC policy by the answers that are there.

    Attributes:
        domain: The domain.
        steps: The tree walk from the domain upwards, as far as it goes (RFC 9989 §4.10).
        record: The record that applies to the domain; None where there is none, or it is not known.
        found_at: The domain that has it; "" for none.
        organization: The organizational domain (RFC 9989 §4.10.2).
        policy: What the record asks for mail of the domain, before test mode; None without a usable record.
        unseen: The look-ups that leave open which record applies.
        destinations: Of the reports that the record asks for.
        questions: What is still to be asked.
    """

    domain: str
    steps: tuple[Step, ...]
    record: DmarcRecord | None
    found_at: str
    organization: str
    policy: Policy | None
    unseen: tuple[DnsAnswer, ...] = ()
    destinations: tuple[Destination, ...] = ()
    questions: tuple[Question, ...] = ()

    @property
    def applied(self) -> Policy | None:
        """The policy with test mode taken into account."""
        if self.policy is None or self.record is None:
            return None
        return self.policy.tested if self.record.testing else self.policy

    @property
    def of_registry(self) -> bool:
        """Whether the record is that of a public suffix above the domain (psd=y)."""
        return self.record is not None and self.record.psd == "y" and self.found_at != self.domain


def walk_names(domain: str) -> tuple[str, ...]:
    """The domains of a tree walk, in order: at most 8, names above 7 labels skipped (RFC 9989 §4.10)."""
    labels = domain.lower().removesuffix(".").split(".")
    kept = labels[1:] if len(labels) < MAX_QUERIES else labels[-(MAX_QUERIES - 1) :]
    return (".".join(labels), *(".".join(kept[at:]) for at in range(len(kept))))


def read_records(texts: Iterable[bytes]) -> tuple[DmarcRecord, ...]:
    """The DMARC records among TXT records; those that do not begin with the version are discarded."""
    return tuple(read_record(text) for text in texts if _VERSION.match(text))


def look_alikes(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    """The TXT records that seem to be meant as DMARC, and are discarded for how they begin."""
    return tuple(text for text in texts if not _VERSION.match(text) and _ALIKE.match(text.lstrip(b"\"' \t")))


def read_record(text: bytes) -> DmarcRecord:
    """Read one record by RFC 9989 §4.8; what breaks the grammar is flagged, and its default taken."""
    tags = read_tag_list(text)
    problems = list(tags.problems)
    if text[:1] in (b" ", b"\t"):
        problems.append(Problem("blank-first", "there is a blank before the version"))
    policies = {name: _policy(tags, name, problems) for name in ("p", "sp", "np")}
    broken = tuple(
        name
        for name, policy in policies.items()
        if policy is None and (name == "p" or tags.value(name) is not None)
    )
    values = {name: _one_of(tags, name, allowed, problems) for name, allowed in _VALUES.items()}
    options = tags.value("fo")
    if options is not None and not _are_report_options(options):
        problems.append(Problem("value", f'fo="{shown(options)}" is no list of 0, 1, d and s'))
    known = {"v", "p", "sp", "np", "fo", "rua", "ruf", *_VALUES}
    return DmarcRecord(
        **policies,
        broken=broken,
        psd=values["psd"] or "u",
        testing=values["t"] == "y",
        rua=_uris(tags, "rua", problems),
        ruf=_uris(tags, "ruf", problems),
        removed=tuple(name for name, _ in tags.tags if name in REMOVED_TAGS),
        unknown=tuple(name for name, _ in tags.tags if name not in known and name not in REMOVED_TAGS),
        problems=tuple(problems),
    )


def _policy(tags: TagList, name: str, problems: list[Problem]) -> Policy | None:
    written = tags.value(name)
    if written is None:
        return None
    found = {str(policy): policy for policy in Policy}.get(written.lower())
    if found is None:
        problems.append(
            Problem("policy", f'{name}="{shown(written)}" is none of none, quarantine and reject')
        )
    return found


def _one_of(tags: TagList, name: str, allowed: tuple[str, ...], problems: list[Problem]) -> str:
    """The value of a tag in lower case; "" where it is missing or none of those allowed."""
    written = tags.value(name)
    if written is None or written.lower() in allowed:
        return (written or "").lower()
    problems.append(Problem("value", f'{name}="{shown(written)}" is none of {", ".join(allowed)}'))
    return ""


def _are_report_options(written: str) -> bool:
    """Whether it is a list of 0 or 1, d and s, each at most once (RFC 9989 §4.8, dmarc-fo)."""
    options = [option.strip() for option in written.lower().split(":")]
    return len(options) == len(set(options)) and set(options) <= {*"01ds"} and not {"0", "1"} <= set(options)


def _uris(tags: TagList, name: str, problems: list[Problem]) -> tuple[ReportUri, ...]:
    written = tags.value(name)
    if written is None:
        return ()
    uris = tuple(_uri(part.strip()) for part in written.split(","))
    problems += [
        Problem("uri", f'{name}: "{shown(uri.text)}" is no address that reports can go to')
        for uri in uris
        if not uri.host
    ]
    return uris


def _uri(text: str) -> ReportUri:
    match = _URI.fullmatch(text)
    if match is None:
        return ReportUri(text)
    scheme = match["scheme"].lower()
    if scheme == "mailto":
        local, _, domain = unquote_to_bytes(match["rest"].partition("?")[0]).rpartition(b"@")
        host = domain.decode("ascii", "replace") if local else ""
    else:
        authority = _AUTHORITY.fullmatch(match["rest"])
        host = authority["host"] if authority is not None else ""
    host = host.lower().removesuffix(".")
    return ReportUri(match["uri"], scheme, "" if hostname_problem(host) else host, match["size"] or "")


def read(domain: str, answers: Sequence[DnsAnswer], *, exists: bool = True) -> DmarcReading:
    """Find the record that applies to a domain, as far as the answers go.

    Args:
        domain: The author domain, A-labels.
        answers: The look-ups so far, of the walk and of the destinations, in any order.
        exists: Whether the domain exists in DNS, which tells ``sp`` from ``np`` (RFC 9989 §4.10.1).

    Returns:
        The same for the same answers. Its questions come in three rounds at most: the walk; the domains that
        reports go to; the addresses of those without MX records.
    """
    known = {Question(answer.name, answer.rdtype): answer for answer in answers}
    names = walk_names(domain)
    steps = _steps(names, known)
    domain = names[0]
    organization = _organization(steps, domain)
    record, found_at = _applying(steps, organization)
    # A record at the domain itself applies whatever is above it (RFC 9989 §4.10.1).
    decisive = steps[:1] if found_at == domain else steps
    unseen = tuple(step.answer for step in decisive if step.answer is not None and step.failed)
    questions = [Question(f"_dmarc.{step.domain}", "TXT") for step in steps if step.answer is None]
    if unseen or questions:
        record, found_at = (record, found_at) if found_at == domain else (None, "")
    policy = None
    if record is not None and record.usable:
        below = record.for_subdomains if exists else record.for_missing
        policy = record.for_domain if found_at == domain else below
    destinations = _destinations(record, found_at, organization, known)
    if record is not None and not questions:
        questions = _further(destinations, found_at, known)
    return DmarcReading(
        domain=domain,
        steps=steps,
        record=record,
        found_at=found_at,
        organization=organization,
        policy=policy,
        unseen=unseen,
        destinations=destinations,
        questions=tuple(questions),
    )


def _steps(names: tuple[str, ...], known: dict[Question, DnsAnswer]) -> tuple[Step, ...]:
    """The walk up to the record that ends it, one with psd=n or psd=y (RFC 9989 §4.10, steps 2 and 6)."""
    steps = []
    for name in names:
        answer = known.get(Question(f"_dmarc.{name}", "TXT"))
        if answer is None:
            steps.append(Step(name))
            continue
        texts = txt_records(answer)
        records = read_records(texts)
        record = records[0] if len(records) == 1 else None
        steps.append(Step(name, answer, len(records), record, look_alikes(texts)))
        if record is not None and record.psd != "u":
            break
    return tuple(steps)


def _organization(steps: tuple[Step, ...], domain: str) -> str:
    """The organizational domain by the records of the walk (RFC 9989 §4.10.2)."""
    found = domain
    for step in steps:
        if step.record is None:
            continue
        if step.record.psd == "y" and step.domain != domain:
            return _one_label_below(step.domain, domain)
        found = step.domain
        if step.record.psd == "n":
            break
    return found


def _one_label_below(suffix: str, domain: str) -> str:
    labels = domain.split(".")
    return ".".join(labels[-(suffix.count(".") + 2) :])


def _applying(steps: tuple[Step, ...], organization: str) -> tuple[DmarcRecord | None, str]:
    """The record of the domain, else of its organization, else of the public suffix (RFC 9989 §4.10.1)."""
    by_name = {step.domain: step.record for step in steps if step.record is not None}
    suffix = organization.partition(".")[2]
    for name in (steps[0].domain, organization, suffix):
        record = by_name.get(name)
        if record is not None and (name != suffix or record.psd == "y"):
            return record, name
    return None, ""


def _destinations(
    record: DmarcRecord | None, found_at: str, organization: str, known: dict[Question, DnsAnswer]
) -> tuple[Destination, ...]:
    """The domains of the report addresses, in order, each once.

    Whether one belongs to the same organization is read from its name: the organization's domain, or one
    below it.
    """
    uris: dict[str, list[ReportUri]] = {}
    for uri in (*record.rua, *record.ruf) if record is not None else ():
        if uri.host:
            uris.setdefault(uri.host, []).append(uri)
    return tuple(
        Destination(
            host=host,
            uris=tuple(dict.fromkeys(uri.text for uri in found)),
            outside=not f".{host}".endswith(f".{organization}"),
            mail=any(uri.scheme == "mailto" for uri in found),
            agreement=known.get(Question(agreement_name(found_at, host), "TXT")),
            exchange=known.get(Question(host, "MX")),
            addresses=tuple(
                answer
                for rdtype in ("A", "AAAA")
                if (answer := known.get(Question(host, rdtype))) is not None
            ),
        )
        for host, found in list(uris.items())[:MAX_DESTINATIONS]
    )


def agreement_name(found_at: str, host: str) -> str:
    """Where a destination agrees to take the reports about a domain (RFC 9990 §4)."""
    return f"{found_at}._report._dmarc.{host}"


def _further(
    destinations: tuple[Destination, ...], found_at: str, known: dict[Question, DnsAnswer]
) -> list[Question]:
    questions = []
    for destination in destinations:
        if destination.outside:
            questions.append(Question(agreement_name(found_at, destination.host), "TXT"))
        if destination.mail:
            questions.append(Question(destination.host, "MX"))
        # Without MX records the domain itself takes the mail (RFC 5321 §5.1).
        without = destination.exchange is not None and destination.exchange.status is DnsStatus.NO_DATA
        if not destination.mail or without:
            questions += [Question(destination.host, rdtype) for rdtype in ("A", "AAAA")]
    return [question for question in questions if question not in known]
