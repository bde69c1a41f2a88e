"""Small sound facts from which the examples of checks are made; one sample world, ``example.org``.

Every builder takes only what an example wants to vary.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from waxseal.checks.api import At, Example
from waxseal.facts import (
    DIALOGUE,
    Attempt,
    Cause,
    DnsAnswer,
    DnsStatus,
    EhloClear,
    EhloTls,
    Ended,
    Endpoint,
    Fact,
    FactSet,
    Greeting,
    Handshake,
    HostAddresses,
    KeyProof,
    Keyword,
    MailExchange,
    MxRecords,
    Record,
    Reply,
    RunContext,
    Scope,
    Stage,
    StarttlsAnswer,
    Subject,
    Target,
    TargetKind,
    TlsMode,
)

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
SUBJECT = Subject(
    domain="example.org",
    host="mx.example.org",
    address="192.0.2.25",
    port=25,
    server_name="mx.example.org",
    certificate_type="rsa",
)


def fact_set(example: Example) -> FactSet:
    """The facts of an example, each at its place, with the run's context where it has none."""
    facts = list(example.facts)
    if not any(
        isinstance(f, RunContext) or (isinstance(f, At) and isinstance(f.fact, RunContext)) for f in facts
    ):
        facts.insert(0, run_context())
    return FactSet(_record(placed) for placed in facts)


def _record(placed: Fact | At) -> Record:
    fact, overrides = (placed.fact, placed.overrides) if isinstance(placed, At) else (placed, {})
    scope = Scope.PORT if isinstance(fact, Attempt) else fact.SCOPE
    fields = {name: getattr(SUBJECT.up_to(scope), name) for name in SUBJECT.__struct_fields__}
    subject = Subject(**{**fields, **overrides})
    return Record(subject=subject, fact=fact, seen_at=NOW, attempt="a1")


def run_context(**changes: Any) -> RunContext:
    """The run at `NOW`."""
    return RunContext(**{"started_at": NOW, "version": "0", "ehlo_name": "probe.example.net", **changes})


def days(number: float) -> timedelta:
    """So many days."""
    return timedelta(days=number)


def target(kind: TargetKind = TargetKind.DOMAIN, name: str = "example.org", **changes: Any) -> Target:
    """What the user asked for."""
    return Target(**{"given": name, "kind": kind, "name": name, **changes})


def endpoint(mode: TlsMode = TlsMode.STARTTLS, names: tuple[str, ...] = ("mx.example.org",)) -> Endpoint:
    """The endpoint as planned."""
    return Endpoint(mode=mode, reference_names=names)


def answer(
    name: str, rdtype: str, *rdata: str, status: DnsStatus = DnsStatus.ANSWERED, **changes: Any
) -> DnsAnswer:
    """One DNS answer."""
    return DnsAnswer(name=name, rdtype=rdtype, status=status, rdata=rdata, **changes)


def mx_records(*exchanges: tuple[int, str], status: DnsStatus = DnsStatus.ANSWERED) -> MxRecords:
    """An MX RRset of (preference, exchange) pairs."""
    rdata = tuple(f"{preference} {exchange}." for preference, exchange in exchanges)
    return MxRecords(
        answer=answer("example.org", "MX", *rdata, status=status),
        exchanges=tuple(MailExchange(preference, exchange) for preference, exchange in exchanges),
    )


def host_addresses(*addresses: str, host: str = "mx.example.org", **changes: Any) -> HostAddresses:
    """A host with these addresses, the rest answered with no data."""
    v4 = tuple(a for a in addresses if ":" not in a)
    v6 = tuple(a for a in addresses if ":" in a)
    fields: dict[str, Any] = {
        "a": answer(host, "A", *v4, status=DnsStatus.ANSWERED if v4 else DnsStatus.NO_DATA),
        "aaaa": answer(host, "AAAA", *v6, status=DnsStatus.ANSWERED if v6 else DnsStatus.NO_DATA),
        "addresses": v4 + v6,
    }
    return HostAddresses(**{**fields, **changes})


def reply(code: int | None, *lines: str, **changes: Any) -> Reply:
    """A reply of a code and its lines of text."""
    raw = b"".join(
        f"{code}{'-' if i < len(lines) - 1 else ' '}{line}\r\n".encode() for i, line in enumerate(lines)
    )
    return Reply(**{"code": code, "lines": lines, "raw": raw, **changes})


def greeting(text: str = "mx.example.org ESMTP", code: int | None = 220, **changes: Any) -> Greeting:
    """A greeting of one line."""
    name = text.split(" ")[0]
    fields = {"reply": reply(code, text), "host_name": name, "first_octet_s": 0.02, "elapsed_s": 0.02}
    return Greeting(**{**fields, **changes})


def _ehlo(kind: Any, keywords: Iterable[str], changes: dict[str, Any]) -> Any:
    words = tuple(keywords)
    parsed = tuple(Keyword(w.split(" ")[0].upper(), tuple(w.split(" ")[1:])) for w in words)
    fields = {
        "command": "EHLO",
        "reply": reply(250, "mx.example.org", *words),
        "host_name": "mx.example.org",
        "keywords": parsed,
        "elapsed_s": 0.02,
    }
    return kind(**{**fields, **changes})


def ehlo(*keywords: str, **changes: Any) -> EhloClear:
    """The first EHLO answer; without arguments: PIPELINING, SIZE 10240000, STARTTLS."""
    result: EhloClear = _ehlo(EhloClear, keywords or ("PIPELINING", "SIZE 10240000", "STARTTLS"), changes)
    return result


def ehlo_tls(*keywords: str, **changes: Any) -> EhloTls:
    """The EHLO answer under TLS; without arguments: PIPELINING, SIZE 10240000."""
    result: EhloTls = _ehlo(EhloTls, keywords or ("PIPELINING", "SIZE 10240000"), changes)
    return result


def starttls(
    code: int | None = 220, text: str = "2.0.0 Ready to start TLS", **changes: Any
) -> StarttlsAnswer:
    """The answer to STARTTLS."""
    fields = {"reply": reply(code, text), "offered": True, "elapsed_s": 0.02}
    return StarttlsAnswer(**{**fields, **changes})


def handshake(version: str = "TLSv1.3", suite: str = "TLS_AES_256_GCM_SHA384", **changes: Any) -> Handshake:
    """A completed handshake."""
    fields = {
        "version": version,
        "suite": suite,
        "server_name": "mx.example.org",
        "offered_versions": ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
        "elapsed_s": 0.05,
        "key_proof": KeyProof.SIGNATURE,
    }
    return Handshake(**{**fields, **changes})


def attempt(
    cause: Cause = Cause.COMPLETED,
    stage: Stage | None = Stage.QUIT,
    probe: str = DIALOGUE,
    **changes: Any,
) -> Attempt:
    """The end of an attempt; `alert`, `code`, `detail` and `stage_s` go to how it ended."""
    end = {k: changes.pop(k) for k in ("alert", "code", "detail", "stage_s") if k in changes}
    if cause is Cause.TIMED_OUT:
        end.setdefault("stage_s", 30.0)
    ended = Ended(cause=cause, stage=stage, **end)
    fields = {"id": "a1", "probe": probe, "ended": ended, "elapsed_s": 0.3, "connections": 1}
    return Attempt(**{**fields, **changes})
