"""What the world is told about a domain's mail: DNSSEC, TLSA, MTA-STS, TLS-RPT, SPF and DMARC, in short.

The same section serves the terminal and the JSON document. It shows what was published and who vouches for
it; what is wrong with it is said by the checks.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from waxseal.facts import (
    DmarcWalk,
    DnsAnswer,
    Dnssec,
    DnsStatus,
    FactSet,
    HostAddresses,
    MxRecords,
    Scope,
    SpfAnswers,
    StsRecord,
    Subject,
    Target,
    TargetKind,
    TlsaRecord,
    TlsaRecords,
    TlsRptRecord,
    Validator,
    ValidatorKind,
)
from waxseal.grading.delivery_seen import HostSeen, RouteSeen, route_seen, tlsa_lookup
from waxseal.report.plain import KEY_TYPES, plain
from waxseal.trust import dane
from waxseal.wire import dmarc, mta_sts, spf_record, tls_rpt
from waxseal.wire.dns_rdata import txt_records

_MOST_TEXT = 300
_MOST_DATA = 16
_DNSSEC_LOOK = {
    Dnssec.SECURE: "green",
    Dnssec.INSECURE: "yellow",
    Dnssec.BOGUS: "red",
    Dnssec.INDETERMINATE: "magenta",
    Dnssec.UNTRUSTED: "magenta",
}


_STANDING = {Dnssec.SECURE: "", Dnssec.INSECURE: "not signed: no sender uses it"}
_ASIDE = "passed over for a stronger digest"
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)

_VALIDATORS = {
    ValidatorKind.LOOPBACK: "a resolver on this machine,",
    ValidatorKind.GIVEN: "the resolver that was given,",
    ValidatorKind.LIBUNBOUND: "libunbound,",
    ValidatorKind.TLS: "a resolver over TLS,",
    ValidatorKind.HTTPS: "a resolver over HTTPS,",
}
"""Who validated, in words; the place stands behind."""


class DnssecRow(Struct, frozen=True):
    """The standing of one RRset.

    Attributes:
        name, rdtype: The question.
        status: How the look-up ended.
        dnssec: What the validator of the run says of it.
        why_bogus: Its words, where it is bogus.
        ttl_s: TTL; None without an answer.
    """

    name: str
    rdtype: str
    status: DnsStatus
    dnssec: Dnssec
    why_bogus: str = ""
    ttl_s: int | None = None


class TlsaMatch(Struct, frozen=True):
    """A TLSA record and a certificate.

    Attributes:
        address: Where the certificate is shown.
        key_type: Of the certificate: ``rsa``, ``ec``.
        why: Why the record does not authenticate the server by it; "" where it does.
    """

    address: str
    key_type: str
    why: str = ""


class TlsaRow(Struct, frozen=True):
    """One TLSA record.

    Attributes:
        host: The mail host.
        owner: Where the record stands.
        record: As in a zone file.
        unusable: Why it cannot be used for SMTP; "" where it can.
        matched: Addresses where it authenticates every certificate shown.
        partly: Addresses where it authenticates one of several.
        unmatched: Addresses where it authenticates none of them.
        unseen: Addresses where no certificate was seen.
        certificates: What it says of each certificate, address by address.
        standing: Why senders do not go by it as it stands; "" where they do.
    """

    host: str
    owner: str
    record: str
    unusable: str
    matched: tuple[str, ...]
    partly: tuple[str, ...]
    unmatched: tuple[str, ...]
    unseen: tuple[str, ...]
    certificates: tuple[TlsaMatch, ...]
    standing: str = ""


class StsRow(Struct, frozen=True):
    """The MTA-STS policy that senders take today.

    Attributes:
        id: Of the record; "" for none.
        mode, max_age_s, mx: Of the policy; "" and None and empty for none.
        why: Why there is no policy; "" where there is one.
    """

    id: str = ""
    mode: str = ""
    max_age_s: int | None = None
    mx: tuple[str, ...] = ()
    why: str = ""


class PolicySection(Struct, frozen=True):
    """What a domain publishes about its mail.

    Attributes:
        validator: Who validated: kind and place; "" where nobody did.
        dnssec: The MX RRset, then each host's addresses and TLSA records.
        tlsa: Every TLSA record.
        sts: Its MTA-STS policy; None where it was not looked up.
        tls_rpt: Where reports go; None where it was not looked up or no answer came.
        spf: Its SPF record; "" for none, None where it was not looked up or no answer came.
        dmarc: The DMARC record that applies, likewise.
    """

    validator: str
    dnssec: tuple[DnssecRow, ...]
    tlsa: tuple[TlsaRow, ...]
    sts: StsRow | None
    tls_rpt: tuple[str, ...] | None
    spf: str | None
    dmarc: str | None


def policy_section(facts: FactSet, root: Subject) -> PolicySection | None:
    """The section of a domain; None for any other target, and where no policy was looked up."""
    target = next(iter(facts.at(Target, root)), None)
    if target is None or target.kind is not TargetKind.DOMAIN:
        return None
    kinds = (StsRecord, TlsRptRecord, TlsaRecords, SpfAnswers, DmarcWalk)
    if not any(facts.within(kind, root) for kind in kinds):
        return None
    route = route_seen(facts, root, target.port)
    return PolicySection(
        validator=_validator(facts),
        dnssec=tuple(_dnssec_rows(facts, root, target.port)),
        tlsa=tuple(row for host in route.hosts for row in _tlsa_rows(facts, root, target.port, host)),
        sts=_sts(facts, root, route),
        tls_rpt=tls_rpt_destinations(facts, root),
        spf=_spf(facts, root),
        dmarc=_dmarc(facts, root),
    )


def policy_view(facts: FactSet, root: Subject) -> RenderableType | None:
    """The section for a terminal, without its heading; None where there is none."""
    section = policy_section(facts, root)
    if section is None:
        return None
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in _lines(section):
        table.add_row(Text(f"{label}:" if label else "", style="cyan"), text)
    return Group(table)


def _lines(section: PolicySection) -> Iterable[tuple[str, Text]]:
    yield "DNSSEC", Text(plain(f"validated by {section.validator}" if section.validator else "not validated"))
    for rows in alike_rows(section.dnssec):
        yield "", _dnssec_text(rows)
    for tlsa in section.tlsa:
        yield "TLSA", Text(plain(tlsa_text(tlsa)))
    if section.sts is not None:
        yield "MTA-STS", Text(plain(sts_text(section.sts)))
    if section.tls_rpt is not None:
        yield "TLS-RPT", Text(plain(", ".join(section.tls_rpt) or "none"))
    if section.spf is not None:
        yield "SPF", Text(plain(section.spf or "none"))
    if section.dmarc is not None:
        yield "DMARC", Text(plain(section.dmarc or "none"))


def alike_rows(rows: tuple[DnssecRow, ...]) -> list[list[DnssecRow]]:
    """The rows of one name with one standing together: A and AAAA are mostly alike."""
    groups: dict[tuple[object, ...], list[DnssecRow]] = {}
    for row in rows:
        groups.setdefault((row.name, row.status, row.dnssec, row.why_bogus), []).append(row)
    return list(groups.values())


def _dnssec_text(rows: list[DnssecRow]) -> Text:
    first = rows[0]
    text = Text(first.dnssec.value.ljust(14), style=_DNSSEC_LOOK[first.dnssec])
    ended = "" if first.status is DnsStatus.ANSWERED else f" ({first.status.value})"
    types = ", ".join(row.rdtype for row in rows)
    text.append(plain(f"{types:8} {first.name}{ended}"), style="default")
    if first.why_bogus:
        text.append(plain(f": {first.why_bogus}"), style="default")
    return text


def tlsa_text(row: TlsaRow) -> str:
    """A TLSA record, shortened, and what it matches, in one line."""
    numbers, _, data = row.record.rpartition(" ")
    shown = f"{data[:_MOST_DATA]}..." if len(data) > _MOST_DATA else data
    if row.unusable:
        said = f"not usable: {row.unusable}"
    else:
        parts = _matching(row)
        if row.unseen:
            parts.append(f"no certificate seen at {', '.join(row.unseen)}")
        said = "; ".join(parts) or "no address to match it with"
    standing = f" ({row.standing})" if row.standing else ""
    return f"{row.owner} {numbers} {shown}  {said}{standing}"


def _matching(row: TlsaRow) -> list[str]:
    """What the record matches, the addresses with the same answer together."""
    groups: dict[str, list[str]] = {}
    for address in dict.fromkeys(match.address for match in row.certificates):
        here = [match for match in row.certificates if match.address == address]
        words = _match_words(
            [match for match in here if not match.why], [match for match in here if match.why]
        )
        groups.setdefault(words, []).append(address)
    return [words.format(", ".join(addresses)) for words, addresses in groups.items()]


def _match_words(held: list[TlsaMatch], missed: list[TlsaMatch]) -> str:
    """A phrase with a gap for the addresses."""
    if not missed:
        return "matches at {}"
    why = ", ".join(dict.fromkeys(match.why for match in missed)).replace("{", "{{").replace("}", "}}")
    if not held:
        return f"does not match at {{}}: {why}"
    fine, others = _kinds(held), _kinds(missed)
    if fine == others:
        return f"matches one {fine} certificate at {{}}, not the other: {why}"
    why = "" if why.startswith("it is of another") and "," not in why else f": {why}"
    return f"matches the {fine} certificate at {{}}, not the {others} one{why}"


def _kinds(matches: list[TlsaMatch]) -> str:
    return " and ".join(dict.fromkeys(KEY_TYPES.get(m.key_type, m.key_type) or "other" for m in matches))


def sts_text(row: StsRow) -> str:
    """An MTA-STS policy in one line, or why there is none."""
    if not row.mode:
        return row.why or "none"
    mx = f", mx {', '.join(row.mx)}" if row.mx else ""
    return f"mode {row.mode}, max_age {row.max_age_s} s, id {row.id}{mx}"


def _validator(facts: FactSet) -> str:
    found = facts.nearest(Validator, Subject())
    return "" if found is None or found.kind is None else f"{_VALIDATORS[found.kind]} {found.place}".strip()


def _dnssec_rows(facts: FactSet, root: Subject, port: int) -> Iterable[DnssecRow]:
    mx = facts.nearest(MxRecords, root)
    if mx is not None:
        yield _row(mx.answer)
    for host in facts.inside(root, Scope.HOST):
        for found in facts.at(HostAddresses, host)[-1:]:
            yield from (_row(answer) for answer in (found.a, found.aaaa) if answer is not None)
        for records in facts.at(TlsaRecords, host):
            if records.port == port:
                yield from (_row(lookup.answer) for lookup in records.lookups)


def _row(answer: DnsAnswer) -> DnssecRow:
    return DnssecRow(
        answer.name, answer.rdtype, answer.status, answer.dnssec, answer.why_bogus[:_MOST_TEXT], answer.ttl_s
    )


def _tlsa_rows(facts: FactSet, root: Subject, port: int, host: HostSeen) -> Iterable[TlsaRow]:
    lookup = tlsa_lookup(facts, Subject(domain=root.domain, host=host.host), port)
    if lookup is None:
        return
    standing = _STANDING.get(lookup.answer.dnssec, "not proved")
    # (RFC 7671 §9) what digest agility leaves out hangs on the records alone.
    aside = {m.record for m in dane.verify(lookup.records, (), (), _ANY_TIME).matches if m.aside}
    for record in lookup.records:
        found = tuple(_matches(record, host))
        whys: dict[str, list[str]] = {}
        for match in found:
            whys.setdefault(match.address, []).append(match.why)
        yield TlsaRow(
            host.host,
            lookup.answer.name,
            str(record),
            dane.unusable(record),
            matched=tuple(place for place, why in whys.items() if not any(why)),
            partly=tuple(place for place, why in whys.items() if any(why) and not all(why)),
            unmatched=tuple(place for place, why in whys.items() if all(why)),
            unseen=tuple(a.subject.address or host.host for a in host.addresses if not a.chains),
            certificates=found,
            standing=standing or (_ASIDE if record in aside else ""),
        )


def _matches(record: TlsaRecord, host: HostSeen) -> Iterable[TlsaMatch]:
    for address in host.addresses:
        place = address.subject.address or host.host
        for shown in address.chains:
            chain = shown.chain
            (found,) = dane.verify((record,), chain.certificates, host.names, chain.shown_at).matches
            yield TlsaMatch(place, chain.leaf.key_type, found.why)


def _sts(facts: FactSet, root: Subject, route: RouteSeen) -> StsRow | None:
    record = facts.nearest(StsRecord, root)
    if record is None:
        return None
    read = mta_sts.read_record(txt_records(record.answer)).record
    known = read.id if read is not None else ""
    policy = route.sts.policy
    if policy is None:
        return StsRow(known, why=route.sts.why)
    return StsRow(known, policy.mode.value, policy.max_age, policy.mx)


def tls_rpt_destinations(facts: FactSet, root: Subject) -> tuple[str, ...] | None:
    """Where a domain has TLS reports sent; None where that was not looked up, or no answer came."""
    record = facts.nearest(TlsRptRecord, root)
    if record is None or not _came(record.answer):
        return None
    read = tls_rpt.read_record(txt_records(record.answer))
    return tuple(destination.uri for destination in read.destinations)


def _spf(facts: FactSet, root: Subject) -> str | None:
    found = facts.nearest(SpfAnswers, root)
    if found is None or not found.answers or not _came(found.answers[0]):
        return None
    records = spf_record.select_records(txt_records(found.answers[0]))
    return "; ".join(_text(record) for record in records)


def _dmarc(facts: FactSet, root: Subject) -> str | None:
    walk = facts.nearest(DmarcWalk, root)
    if walk is None or not walk.answers:
        return None
    for answer in walk.answers:
        if not _came(answer):
            return None
        texts = txt_records(answer)
        if dmarc.read_records(texts):
            record = next(text for text in texts if dmarc.read_records((text,)))
            return f"{_text(record)} (at {answer.name})"
    return ""


def _came(answer: DnsAnswer) -> bool:
    return answer.status in (DnsStatus.ANSWERED, DnsStatus.NO_DATA, DnsStatus.NXDOMAIN)


def _text(record: bytes) -> str:
    return record.decode("utf-8", "backslashreplace")[:_MOST_TEXT]
