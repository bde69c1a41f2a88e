"""The records that a domain should publish about its mail: TLSA, MTA-STS and TLS-RPT, as a zone file.

Made from the certificates that the live servers show, or from given ones, and compared with what there is.
The policy stands in comments, since it is served over HTTPS; `Proposal.policy_body` holds it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from waxseal.facts import Certificate, TlsaRecord
from waxseal.grading.change_steps import HostPublished, Published
from waxseal.grading.zone_lines import comment, tlsa_line, tlsa_owner, txt_line
from waxseal.report.plain import plain
from waxseal.trust import chain as trust_chain
from waxseal.trust import dane
from waxseal.trust.names import match
from waxseal.version import __version__
from waxseal.wire import mta_sts, tls_rpt
from waxseal.wire.mta_sts import Mode, Policy

DEFAULT_MAX_AGE_S = 604800
"""A week; in the end it is to be weeks or more (RFC 8461 §3.2)."""
_POLICY_URL = "https://mta-sts.{}/.well-known/mta-sts.txt"


class Wanted(Struct, frozen=True):
    """What the records are made of.

    Attributes:
        domain, port: Whose mail, and where it is brought to.
        hosts: The mail hosts.
        chains: Certificates in use, each with those above it; empty to take those that the hosts show.
        following: Certificates to come, the same way.
        mode, max_age_s: Of the policy; None for those of today's policy, or of a first one.
        rua: Where TLS reports are to go; empty for today's addresses, or a mailbox of the domain.
        published: What is published today; None where nothing was looked up.
        mx_secure: Whether the MX RRset is secure; None where nobody validated it.
        rua_today: Where reports go today; None where that was not seen.
        anchors: DER of the roots that certificates may lead to; None where no store is at hand.
        ttl_s: TTL of the records.
        at: Now, aware UTC.
    """

    domain: str
    port: int
    hosts: tuple[str, ...]
    at: datetime
    chains: tuple[tuple[Certificate, ...], ...] = ()
    following: tuple[tuple[Certificate, ...], ...] = ()
    mode: Mode | None = None
    max_age_s: int | None = None
    rua: tuple[str, ...] = ()
    published: Published | None = None
    mx_secure: bool | None = None
    rua_today: tuple[str, ...] | None = None
    anchors: tuple[bytes, ...] | None = None
    ttl_s: int = 3600


class ProposedTlsa(Struct, frozen=True):
    """One TLSA record.

    Attributes:
        record: As in a zone file: ``3 1 1 0a1b...``.
        of: What it is of.
        change: ``add``, ``keep`` or ``remove``; "" where what is published is not known.
    """

    record: str
    of: str
    change: str = ""


class ProposedHost(Struct, frozen=True):
    """The TLSA records of one host.

    Attributes:
        host: A-label.
        owner: Where the records stand, no trailing dot.
        records: Those to publish, then those to remove.
        warnings: What to know before.
    """

    host: str
    owner: str
    records: tuple[ProposedTlsa, ...]
    warnings: tuple[str, ...] = ()


class ProposedText(Struct, frozen=True):
    """A TXT record: owner, text, ``add``/``keep``/``replace`` or "", and what to know before."""

    owner: str
    text: str
    change: str = ""
    warnings: tuple[str, ...] = ()


class Proposal(Struct, frozen=True):
    """The records of a domain.

    Attributes:
        domain: The domain.
        ttl_s: TTL of every record.
        hosts: TLSA records.
        sts: The record at ``_mta-sts``.
        policy_url: Where the policy is to be served.
        policy_body: The policy, lines ended with CRLF.
        policy_change: ``add``, ``keep`` or ``replace``; "" where what is published is not known.
        tls_rpt: The record at ``_smtp._tls``.
        warnings: About the domain as a whole.
    """

    domain: str
    ttl_s: int
    hosts: tuple[ProposedHost, ...]
    sts: ProposedText
    policy_url: str
    policy_body: str
    policy_change: str
    tls_rpt: ProposedText
    warnings: tuple[str, ...] = ()


def propose(wanted: Wanted) -> Proposal:
    """Make the records.

    Raises:
        ValueError: A reporting address or the policy cannot be written in form; the message says why.
    """
    policy = _policy(wanted)
    today = wanted.published.policy if wanted.published is not None else None
    seen = wanted.published is not None and wanted.published.policy_known
    change = "" if not seen else "keep" if policy == today else "replace" if today is not None else "add"
    return Proposal(
        domain=wanted.domain,
        ttl_s=wanted.ttl_s,
        hosts=tuple(_host(wanted, name, policy) for name in wanted.hosts),
        sts=_sts(wanted, change),
        policy_url=_POLICY_URL.format(wanted.domain),
        policy_body=mta_sts.write_policy(policy).decode("utf-8"),
        policy_change=change,
        tls_rpt=_tls_rpt(wanted),
        warnings=_warnings(wanted),
    )


class RecordsDocument(Struct, frozen=True):
    """The document (schema ``waxseal.records/1``): its schema, the version that wrote it, the proposal."""

    schema: str
    waxseal: str
    proposal: Proposal


def render_records_json(proposal: Proposal) -> bytes:
    """The document, indented, with a final line end."""
    document = RecordsDocument("waxseal.records/1", __version__, proposal)
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def zone_text(proposal: Proposal) -> str:
    """The proposal as a zone file; everything that is no record stands in comments."""
    lines = [comment(f"Records for mail to {proposal.domain}")]
    lines += [comment(f"WARNING: {warning}") for warning in proposal.warnings]
    for host in proposal.hosts:
        lines += ["", comment(f"TLSA records of {host.host} (RFC 7672 §3.1)")]
        lines += [comment(f"WARNING: {warning}") for warning in host.warnings]
        lines += [_tlsa_text(host.owner, row, proposal.ttl_s) for row in host.records]
    lines += ["", comment(f"MTA-STS (RFC 8461). Serve this policy first, at {proposal.policy_url}")]
    if proposal.policy_change:
        lines.append(comment(f"{proposal.policy_change}:"))
    lines += [f";     {plain(line)}" for line in proposal.policy_body.splitlines()]
    lines += _txt_lines(proposal.sts, proposal.ttl_s)
    lines += ["", comment("TLS reports (RFC 8460)")]
    lines += _txt_lines(proposal.tls_rpt, proposal.ttl_s)
    return "".join(f"{line}\n" for line in lines)


def _tlsa_text(owner: str, row: ProposedTlsa, ttl_s: int) -> str:
    usage, selector, matching_type, *data = row.record.split(" ")  # what is published may lack data
    record = TlsaRecord(int(usage), int(selector), int(matching_type), bytes.fromhex("".join(data)))
    line = tlsa_line(owner, record, ttl_s)
    if row.change == "remove":
        return comment(f"remove: {line} ({row.of})")
    return f"{line} ; {f'{row.change}: ' if row.change else ''}{plain(row.of)}"


def _txt_lines(text: ProposedText, ttl_s: int) -> Iterator[str]:
    yield from (comment(f"WARNING: {warning}") for warning in text.warnings)
    yield txt_line(text.owner, text.text, ttl_s) + (f" ; {text.change}" if text.change else "")


def _host(wanted: Wanted, name: str, policy: Policy) -> ProposedHost:
    known = wanted.published.host(name) if wanted.published is not None else None
    chains = _of_host(wanted.chains, name) or (known.chains if known is not None else ())
    following = _of_host(wanted.following, name)
    names = known.names if known is not None and known.names else (name, wanted.domain)
    warnings = list(_host_warnings(wanted, known, name))
    if not chains and not following:
        warnings.append("no certificate of it was seen, so no TLSA record can be made")
        return ProposedHost(name, tlsa_owner(name, wanted.port), (), tuple(warnings))
    made = dict(_end_entities((*chains, *following), chains))
    anchors, why = _anchors(chains, following, names, wanted.at)
    made.update(anchors)
    if why:
        warnings.append(why)
    existing = known.records if known is not None and known.known else ()
    kept = [record for record in existing if _fits(record, (*chains, *following), names, wanted.at)]
    for other in _sharing(wanted, known):
        kept += [r for r in existing if r not in kept and _fits(r, other.chains, other.names, wanted.at)]
    made = {**{record: made.get(record, "as published") for record in kept}, **made}
    made.update(_completed(kept, (*chains, *following), made))
    if not following:
        spare = "matches nothing that is shown: published ahead for a key to come, or left over"
        made.update(
            (r, spare) for r in existing if r not in made and _parameters(r) in map(_parameters, kept)
        )
    rows = [ProposedTlsa(str(record), of, _change(record, known)) for record, of in made.items()]
    rows += [
        ProposedTlsa(str(r), "matches nothing that is shown or given", "remove")
        for r in existing
        if r not in made
    ]
    warnings += _pkix_warnings(wanted, name, (*chains, *following), policy)
    owner = known.owner if known is not None else tlsa_owner(name, wanted.port)
    return ProposedHost(name, owner, tuple(rows), tuple(warnings))


def _of_host(chains: tuple[tuple[Certificate, ...], ...], name: str) -> tuple[tuple[Certificate, ...], ...]:
    """Those of the given chains that are for a host: by name, or all where the names tell nothing."""
    named = tuple(chain for chain in chains if match(chain[0], name).matched)
    return named or chains


def _sharing(wanted: Wanted, known: HostPublished | None) -> tuple[HostPublished, ...]:
    """The other hosts whose TLSA records stand at the same place, as they do behind aliases."""
    if wanted.published is None or known is None:
        return ()
    return tuple(o for o in wanted.published.hosts if o.owner == known.owner and o.host != known.host)


def _parameters(record: TlsaRecord) -> tuple[int, int, int]:
    return record.usage, record.selector, record.matching_type


def _change(record: TlsaRecord, known: HostPublished | None) -> str:
    if known is None or not known.known:
        return ""
    return "keep" if record in known.records else "add"


def _end_entities(
    chains: Iterable[tuple[Certificate, ...]], current: tuple[tuple[Certificate, ...], ...]
) -> Iterator[tuple[TlsaRecord, str]]:
    """``3 1 1`` for each key, as RFC 7672 §3.1 advises."""
    for chain in chains:
        leaf = chain[0]
        if leaf.spki_sha256:
            when = "in use" if chain in current else "to come"
            record = dane.record_for(leaf, dane.DANE_EE, dane.SPKI, dane.SHA2_256)
            yield record, f"{leaf.key_type} key {when}"


def _anchors(
    chains: tuple[tuple[Certificate, ...], ...],
    following: tuple[tuple[Certificate, ...], ...],
    names: tuple[str, ...],
    at: datetime,
) -> tuple[dict[TlsaRecord, str], str]:
    """``2 1 1`` for each authority that is sent; none where a chain would not match (RFC 7671 §8)."""
    found: dict[TlsaRecord, str] = {}
    for chain in (*chains, *following):
        issuer = trust_chain.issuer_of(chain, (), at)
        if issuer is not None and issuer.spki_sha256:
            record = dane.record_for(issuer, dane.DANE_TA, dane.SPKI, dane.SHA2_256)
            found[record] = f"authority {issuer.subject[:80]}"
    if not found:
        return {}, "no authority's certificate is sent, so no record of usage 2 is made"
    for chain in (*chains, *following):
        proof = dane.verify(tuple(found), chain, names, at)
        if not proof.holds:
            fault = next((row.why for row in proof.matches if row.why), "it does not match")
            return {}, f"no record of usage 2 is made, since not every certificate would match: {fault}"
    return found, ""


def _fits(
    record: TlsaRecord, chains: tuple[tuple[Certificate, ...], ...], names: tuple[str, ...], at: datetime
) -> bool:
    return any(dane.verify((record,), chain, names, at).holds for chain in chains)


def _completed(
    kept: list[TlsaRecord], chains: tuple[tuple[Certificate, ...], ...], made: dict[TlsaRecord, str]
) -> dict[TlsaRecord, str]:
    """Records so that each combination of parameters that is kept matches each key (RFC 7671 §8)."""
    added: dict[TlsaRecord, str] = {}
    for usage, selector, matching_type in dict.fromkeys(map(_parameters, kept)):
        if usage != dane.DANE_EE:
            continue
        for chain in chains:
            record = dane.record_for(chain[0], usage, selector, matching_type)
            if record not in made:
                added[record] = f"{chain[0].key_type} key, for the parameters that are kept"
    return added


def _host_warnings(wanted: Wanted, known: HostPublished | None, name: str) -> Iterator[str]:
    if known is not None and not known.known:
        yield f"its TLSA records could not be seen ({known.why}), so nothing is compared"
    if known is not None and known.signed is False:
        yield "its zone is not signed, so senders do not ask for TLSA records (RFC 7672 §2.2.2)"


def _pkix_warnings(
    wanted: Wanted, name: str, chains: Iterable[tuple[Certificate, ...]], policy: Policy
) -> Iterator[str]:
    """What senders that honour the policy would refuse (RFC 8461 §4.2)."""
    if not mta_sts.is_pattern(name):
        yield "no line of an MTA-STS policy can name it (RFC 8461 §3.2), so no policy can allow it"
        return
    if policy.mode is Mode.NONE:
        return
    held = "would not deliver" if policy.mode is Mode.ENFORCE else "would report a failure"
    for chain in chains:
        kind = chain[0].key_type
        if not match(chain[0], name).matched:
            yield f"its {kind} certificate does not bear its name: senders that do MTA-STS {held}"
        elif wanted.anchors is not None:
            proof = trust_chain.verify(chain, wanted.anchors, wanted.at)
            if not proof.trusted:
                problem = proof.problems[0]
                told = problem.detail or problem.code.value
                yield f"its {kind} certificate does not validate ({told}): senders that do MTA-STS {held}"


def _warnings(wanted: Wanted) -> tuple[str, ...]:
    if wanted.published is None:
        return ("what is published today was not looked up, so nothing is compared",)
    if wanted.mx_secure is False:
        return (
            "the MX records are not signed: TLSA records then prove the host, "
            "not that it is the right one (RFC 7672 §2.2.1)",
        )
    if wanted.mx_secure is None:
        return ("nobody validated DNSSEC here; TLSA records are of use in signed zones only (RFC 7672 §2.2)",)
    return ()


def _policy(wanted: Wanted) -> Policy:
    """The policy: what is not asked for stays as it is published; each host has a line that matches it."""
    today = wanted.published.policy if wanted.published is not None else None
    mode = wanted.mode or (today.mode if today is not None else Mode.TESTING)
    max_age = wanted.max_age_s
    if max_age is None:
        max_age = today.lifetime_s if today is not None else DEFAULT_MAX_AGE_S
    kept = [p for p in today.mx if any(mta_sts.pattern_matches(p, h) for h in wanted.hosts)] if today else []
    covered = [h for h in wanted.hosts if any(mta_sts.pattern_matches(p, h) for p in kept)]
    lines = [*kept, *(h for h in wanted.hosts if h not in covered and mta_sts.is_pattern(h))]
    if mode is Mode.NONE or not lines:
        # (RFC 8461 §3.2) without a line that names a host, no other mode is in form.
        mode, lines = Mode.NONE, []
    return Policy(mode, max_age, tuple(dict.fromkeys(lines)), today.extensions if today is not None else ())


def _sts(wanted: Wanted, policy_change: str) -> ProposedText:
    """The record that announces the policy: the same id as long as the policy stays (RFC 8461 §3.1)."""
    owner = f"_mta-sts.{wanted.domain}"
    known = wanted.published.policy_id if wanted.published is not None else ""
    if policy_change == "keep" and known:
        return ProposedText(owner, mta_sts.write_record(known), "keep")
    change = "" if not policy_change else "replace" if known else "add"
    warnings: tuple[str, ...] = ()
    if wanted.published is not None and not wanted.published.policy_known:
        warnings = (f"today's policy could not be seen: {wanted.published.policy_why}",)
    return ProposedText(owner, mta_sts.write_record(f"{wanted.at:%Y%m%d%H%M%S}"), change, warnings)


def _tls_rpt(wanted: Wanted) -> ProposedText:
    owner = f"_smtp._tls.{wanted.domain}"
    today = wanted.rua_today
    rua = wanted.rua or today or ()
    warnings: tuple[str, ...] = ()
    if not rua:
        rua = (f"mailto:tls-reports@{wanted.domain}",)
        warnings = ("see that this mailbox is there, or name another with --rua",)
    change = "" if today is None else "keep" if rua == today else "replace" if today else "add"
    return ProposedText(owner, tls_rpt.write_record(rua), change, warnings)
