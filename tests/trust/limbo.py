"""Runs the cases of x509-limbo (C2SP/x509-limbo at 8a2e6f4, Apache-2.0) through waxseal's proofs.

``tests/data/x509-limbo.json.gz`` is a copy of its limbo.json without the bettertls part and private keys. The
expected results stand in ``limbo_expected.json``, written by ``python -m tests.trust.limbo``: for each case
whether waxseal agrees, and where not, why. The reasons are kept in `DISAGREEMENTS` and `SKIPPED` below.

A case is accepted where the chain is trusted, every expected name matches, no certificate is revoked by the
CRLs given, and the path has no breach of form: by RFC 5280, and for the cases in ``webpki::`` by the Baseline
Requirements as well. Without a time of their own, cases are judged at `AT`.
"""

import gzip
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from waxseal.net.roots import pem_certificates
from waxseal.trust.certificate import parse
from waxseal.trust.chain import CLIENT_AUTH, SERVER_AUTH, ChainProof, verify
from waxseal.trust.crl import judge_crl
from waxseal.trust.names import match
from waxseal.trust.revocation import RevocationCode

DATA = Path(__file__).parents[1] / "data" / "x509-limbo.json.gz"
EXPECTED = Path(__file__).with_name("limbo_expected.json")
OTHER = RevocationCode.OTHER_ISSUER
AT = datetime(2026, 1, 1, tzinfo=UTC)

USAGE = (
    "a key that may only sign certificates cannot make a TLS server's handshake signature (RFC 5280 §4.2.1.3)"
)
COMMON = "the common name is no entry of the subjectAltName, which limbo's own webpki::cn::not-in-san refuses"
ANCHOR = "a trust anchor's own issuer is not looked at (RFC 5280 §6.1.1 (d)), as cve::cve-2024-0567 needs it"
CRITICAL = "RFC 5280 §4.2.1.10 demands a critical extension, though the Baseline Requirements do not"
SUFFIX = "no list of public suffixes is kept, and RFC 9525 §7.1 leaves wildcards over them to the CA's rules"
DISAGREEMENTS = {
    "pathlen::validation-ignores-pathlen-in-leaf": USAGE,
    "rfc5280::ca-as-leaf": USAGE,
    "rfc5280::aki::cross-signed-root-missing-aki": ANCHOR,
    "webpki::nc::permitted-dns-match-noncritical": CRITICAL,
    "webpki::nc::nc-permits-dns-san-pattern": COMMON,
    "webpki::san::exact-localhost-ip-san": COMMON,
    "webpki::san::leftmost-wildcard-san": COMMON,
}
"""Why waxseal answers otherwise than limbo expects."""

OTHER_REASON = {
    "webpki::san::public-suffix-multi-label-wildcard-san": SUFFIX,
    "webpki::san::public-suffix-private-namespace-wildcard-san": SUFFIX,
}
"""Cases that waxseal refuses as limbo expects, but not for what the case is about, and why."""

SKIPPED: dict[str, str] = {}
"""Cases that waxseal cannot be asked, and why; there is none."""


@dataclass(frozen=True)
class Case:
    """One case and what waxseal says of it."""

    id: str
    expected: bool
    accepted: bool
    proof: ChainProof
    reasons: tuple[str, ...]


@cache
def raw_cases() -> tuple[dict[str, Any], ...]:
    """The cases as limbo writes them."""
    return tuple(json.loads(gzip.decompress(DATA.read_bytes()))["testcases"])


def ders(pems: list[str]) -> tuple[bytes, ...]:
    """DER of each certificate."""
    return tuple(octets for pem in pems for octets in pem_certificates(pem.encode()))


def moment(case: dict[str, Any]) -> datetime:
    """When the case is to be judged."""
    return datetime.fromisoformat(case["validation_time"]) if case.get("validation_time") else AT


@cache
def cases() -> tuple[Case, ...]:
    """Every case, run."""
    return tuple(run(case) for case in raw_cases())


def run(case: dict[str, Any]) -> Case:
    """Ask waxseal about one case."""
    at = moment(case)
    chain = tuple(map(parse, ders([case["peer_certificate"], *case["untrusted_intermediates"]])))
    anchors = ders(case["trusted_certs"])
    purpose = CLIENT_AUTH if case["validation_kind"] == "CLIENT" else SERVER_AUTH
    proof = verify(chain, anchors, at, purpose, intermediates_limit=case.get("max_chain_depth"))
    reasons = [f"{each.code} at {each.depth}" for each in proof.problems]
    baseline = case["id"].startswith("webpki::")
    reasons += [
        f"form: {each.code} at {each.depth}, {each.source}"
        for each in proof.form
        if baseline or not each.source.startswith("CA/B")
    ]
    name = case.get("expected_peer_name")
    if name is not None and not match(chain[0], name["value"]).matched:
        reasons.append("name")
    if len(proof.path) > 1 and case.get("crls"):
        known = {octets: parse(octets) for octets in (*(c.der for c in chain), *anchors)}
        by_print = {found.sha256: found for found in known.values()}
        issuer = by_print[proof.path[1].sha256]
        lists = [judge_crl(octets, chain[0], issuer, at) for octets in crl_ders(case["crls"])]
        verdicts = [each for each in lists if all(p.code is not OTHER for p in each.problems)]
        reasons += [f"crl: {problem.code}" for verdict in verdicts for problem in verdict.problems]
        reasons += ["crl: revoked" for verdict in verdicts if verdict.status == "revoked"]
    expected = case["expected_result"] == "SUCCESS"
    return Case(case["id"], expected, not reasons, proof, tuple(reasons))


def crl_ders(pems: list[str]) -> tuple[bytes, ...]:
    """DER of each CRL."""
    return ders([pem.replace("X509 CRL", "CERTIFICATE") for pem in pems])


def outcome(case: Case) -> dict[str, Any]:
    """What is committed of a case."""
    row: dict[str, Any] = {"accepted": case.accepted, "by": list(case.reasons)}
    if case.id in SKIPPED:
        return {"result": "skipped", "why": SKIPPED[case.id]}
    if case.accepted == case.expected:
        note = {"but": OTHER_REASON[case.id]} if case.id in OTHER_REASON else {}
        return {"result": "agrees", **note, **row}
    return {"result": "disagrees", "why": DISAGREEMENTS.get(case.id, ""), **row}


if __name__ == "__main__":
    found = {case.id: outcome(case) for case in cases()}
    EXPECTED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(Counter(row["result"] for row in found.values()))  # noqa: T201
