"""Facts from which the examples of this folder are made, beside ``checks.samples``."""

from typing import Any

from waxseal.checks import samples
from waxseal.checks.certificate._samples import chain
from waxseal.facts import (
    Cause,
    CertificateChain,
    DnsStatus,
    Ended,
    KeyProof,
    MxTarget,
    Stage,
    StsEarlier,
    StsFetch,
    StsRecord,
    TrustAnchors,
)

URL = "https://mta-sts.example.org/.well-known/mta-sts.txt"


def record(*texts: str, status: DnsStatus = DnsStatus.ANSWERED, **changes: Any) -> StsRecord:
    """The TXT records at ``_mta-sts``; without arguments a good one."""
    if status is DnsStatus.ANSWERED:
        texts = tuple(f'"{text}"' for text in texts or ("v=STSv1; id=20261101",))
    return StsRecord(answer=samples.answer("_mta-sts.example.org", "TXT", *texts, status=status, **changes))


def no_record() -> StsRecord:
    """DNS denies that there is one."""
    return record(status=DnsStatus.NXDOMAIN)


def body(*mx: str, mode: str = "enforce", max_age: int = 604800) -> bytes:
    """A policy; without arguments for mx.example.org."""
    patterns = "".join(f"mx: {pattern}\r\n" for pattern in mx or ("mx.example.org",))
    return f"version: STSv1\r\nmode: {mode}\r\n{patterns}max_age: {max_age}\r\n".encode()


def fetch(content: bytes | None = None, certificate: str = "wildcard", **changes: Any) -> StsFetch:
    """A policy that was fetched: `content`, from a host with one of the sample chains.

    `fields` of the response are given as pairs; "" for `certificate` is no handshake.
    """
    fields: dict[str, Any] = {
        "url": URL,
        "ended": Ended(Cause.COMPLETED, Stage.RESPONSE),
        "fetched_at": samples.NOW,
        "address": "192.0.2.80",
        "status": 200,
        "fields": (("content-type", "text/plain"),),
        "body": body() if content is None else content,
        "elapsed_s": 0.2,
    }
    if certificate:
        shown, anchors = (placed.fact for placed in chain(certificate))
        if isinstance(shown, CertificateChain) and isinstance(anchors, TrustAnchors):
            fields |= {
                "version": "TLSv1.3",
                "certificates": shown.certificates,
                "key_proof": KeyProof.SIGNATURE,
                "anchors": anchors.candidates,
                "store": anchors.store,
                "store_size": anchors.store_size,
            }
    fields |= changes
    fields.setdefault("body_octets", len(fields["body"]))
    return StsFetch(**fields)


def unfetched(cause: Cause, stage: Stage, detail: str = "", **changes: Any) -> StsFetch:
    """A fetch that ended before a response came."""
    made = {"ended": Ended(cause, stage, detail=detail), "status": None, "fields": ()}
    certificate = "wildcard" if stage is Stage.RESPONSE else ""
    return fetch(b"", certificate, **{**made, **changes})


def earlier(
    content: bytes | None = None, text: str = "v=STSv1; id=20261101", days_ago: float = 2
) -> StsEarlier:
    """What was published some days before."""
    seen_at = samples.NOW - samples.days(days_ago)
    return StsEarlier(seen_at=seen_at, texts=(text.encode(),), body=body() if content is None else content)


def target(exchange: str = "mx.example.org") -> MxTarget:
    """An MX record of preference 10."""
    return MxTarget(exchange=exchange, preference=10)
