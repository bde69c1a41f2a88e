"""The profiles of BSI TR-03108 and NIST SP 800-52 Rev. 2: each rule fires, and each keeps silent."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from waxseal.api import check as run
from waxseal.checks import samples
from waxseal.checks.api import At, Example, Verdict, at
from waxseal.checks.certificate._samples import chain, stapled
from waxseal.checks.dane import _samples as dane
from waxseal.checks.engine import judge_all
from waxseal.checks.mta_sts import _samples as sts
from waxseal.checks.tls import _samples as tls
from waxseal.checks.tls_rpt import _samples as rpt
from waxseal.facts import (
    CertificateChain,
    Dnssec,
    DnsStatus,
    Fact,
    FactSet,
    HeartbeatAnswer,
    NumberList,
    Renegotiation,
    Resumption,
    TlsGroups,
    TlsSchemes,
    TlsSessions,
)
from waxseal.grading.profile import GradedFinding, grade, load_profile, profile_names
from waxseal.grading.rules.own_rule import parse_rule
from waxseal.grading.severity import Severity
from waxseal.lab.domains import all_domains
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings

PAGE = Path(__file__).parents[2] / "docs/reference/profile-sources.md"
BSI, NIST = "bsi-tr-03108", "nist-800-52r2"
FAIL, WARN, PASS = Verdict.FAIL, Verdict.WARN, Verdict.PASS
OPEN, NONE = Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE
CHACHA, ECDSA_GCM, CBC_SHA256 = 0xCCA8, 0xC02B, 0xC027
FFDHE2048, FFDHE3072, P256, X25519, HYBRID = 256, 257, 23, 29, 4588
ECDSA_256, RSA_PKCS1_256, RSA_SHA1 = 0x0403, 0x0401, 0x0201

Facts = tuple[Fact | At, ...]


def graded(profile: str, facts: Facts) -> tuple[GradedFinding, ...]:
    found = samples.fact_set(Example("", PASS, facts))
    return grade(judge_all(found), load_profile(profile), found)


def verdict(profile: str, rule: str, facts: Facts) -> Verdict:
    (finding,) = (f for f in graded(profile, facts) if f.check == f"{profile}/{rule}")
    assert not finding.crashed
    return finding.verdict


def offer(*suites: int, version: str = "TLSv1.2", **more: Any) -> Facts:
    return tls.offer({version: suites or (tls.GCM,)}, **more)


def with_key(**leaf: Any) -> Facts:
    """The good chain with another key in its first certificate."""
    shown, anchors = chain("good")
    assert isinstance(shown.fact, CertificateChain)
    first, *rest = shown.fact.certificates
    changed = replace(shown.fact, certificates=(replace(first, **leaf), *rest))
    return (samples.endpoint(), at(changed), anchors)


def signed_with(**schemes: int) -> Facts:
    lists = tuple(NumberList(name.replace("_", "."), (scheme,)) for name, scheme in schemes.items())
    return (*tls.offer({name.replace("_", "."): (tls.GCM,) for name in schemes}), TlsSchemes(lists=lists))


def in_groups(*numbers: int) -> Facts:
    return (*tls.offer({"TLSv1.3": (tls.AES_13,)}), TlsGroups(lists=(NumberList("TLSv1.3", numbers),)))


OLD = tls.offer({"TLSv1.2": (tls.GCM,), "TLSv1": (tls.CBC,)})
SSL = tls.offer({"TLSv1.2": (tls.GCM,), "SSLv3": (tls.STATIC_CBC,)})
NEW = tls.offer({"TLSv1.3": (tls.AES_13,), "TLSv1.2": (tls.GCM,)})
BARE_MX = (dane.mx(), dane.no_tlsa())
OTHERS = (dane.elsewhere(dane.no_tlsa(Dnssec.INSECURE), "mx2.example.org"), dane.mx(), dane.tlsa(dane.OTHER))
UNUSABLE = dane.tlsa(replace(dane.OTHER, usage=1))
DHE = offer(tls.DHE)
BIG_PRIME = tls.exchange(prime=b"\xff" * 400)
RENEGOTIATION = Renegotiation(version="TLSv1.2", info_sent=True, attempted=12, completed=12)
EARLY = TlsSessions(resumptions=(), early_data_octets=16384, early_data_accepted=True)
LATE = TlsSessions(resumptions=(Resumption("psk", True, tickets=2),))
RSA_2048: Mapping[str, Any] = {"key_type": "rsa", "key_bits": 2048, "curve": ""}
RSA_3072: Mapping[str, Any] = {**RSA_2048, "key_bits": 3072}
RSA_1024: Mapping[str, Any] = {**RSA_2048, "key_bits": 1024}
ED25519: Mapping[str, Any] = {"key_type": "ed25519", "key_bits": None, "curve": ""}
PKCS1: Mapping[str, Any] = {"signature_algorithm": "sha256WithRSAEncryption", "signature_hash": "sha256"}
SHA1: Mapping[str, Any] = {"signature_algorithm": "sha1WithRSAEncryption", "signature_hash": "sha1"}
ASKED: Mapping[str, Any] = {"ocsp_urls": ("http://ocsp.example.net/",)}

CASES: tuple[tuple[str, str, str, Verdict, Facts], ...] = (
    # What a domain publishes.
    (BSI, "dnssec", "signed", PASS, (dane.mx(),)),
    (BSI, "dnssec", "unsigned", FAIL, (dane.mx(Dnssec.INSECURE),)),
    (BSI, "dnssec", "bogus", FAIL, (dane.mx(Dnssec.BOGUS, DnsStatus.SERVFAIL),)),
    (BSI, "dnssec", "nobody validated", OPEN, (dane.mx(Dnssec.UNTRUSTED),)),
    (BSI, "dnssec", "no mail", NONE, (samples.mx_records((0, "")),)),
    (BSI, "mta-sts", "no domain", NONE, (samples.mx_records(status=DnsStatus.NXDOMAIN), sts.no_record())),
    (BSI, "mta-sts", "no address", NONE, (dane.mx(), samples.host_addresses(), sts.no_record())),
    (BSI, "dane", "secure", PASS, (dane.mx(), dane.tlsa(dane.OTHER))),
    (BSI, "dane", "none", FAIL, BARE_MX),
    (BSI, "dane", "unsigned", FAIL, (dane.mx(), dane.tlsa(dane.OTHER, dnssec=Dnssec.INSECURE))),
    (BSI, "dane", "not usable", FAIL, (dane.mx(), UNUSABLE)),
    (BSI, "dane", "one of two", FAIL, OTHERS),
    (BSI, "dane", "nobody validated", OPEN, (dane.mx(), dane.tlsa(dane.OTHER, dnssec=Dnssec.UNTRUSTED))),
    (BSI, "dane", "failed", OPEN, (dane.mx(), dane.tlsa(status=DnsStatus.SERVFAIL))),
    (BSI, "dane", "one not asked", OPEN, (samples.mx_records((1, dane.HOST), (2, "b.test")), OTHERS[2])),
    (BSI, "tls-reporting", "published", PASS, (dane.mx(), rpt.good())),
    (BSI, "tls-reporting", "none", WARN, (dane.mx(), rpt.record())),
    (BSI, "tls-reporting", "failed", OPEN, (dane.mx(), rpt.record(status=DnsStatus.SERVFAIL))),
    (BSI, "mta-sts", "enforced", PASS, (dane.mx(), sts.record(), sts.fetch())),
    (BSI, "mta-sts", "testing", WARN, (dane.mx(), sts.record(), sts.fetch(sts.body(mode="testing")))),
    (BSI, "mta-sts", "none", WARN, (dane.mx(), sts.no_record())),
    (BSI, "mta-sts", "failed", OPEN, (dane.mx(), sts.record(status=DnsStatus.SERVFAIL))),
    (BSI, "mta-sts", "not fetched", OPEN, (dane.mx(), sts.record())),
    (NIST, "dane", "none", WARN, BARE_MX),
    (NIST, "dane", "secure", PASS, (dane.mx(), dane.tlsa(dane.OTHER))),
    (NIST, "mta-sts", "none", WARN, (dane.mx(), sts.no_record())),
    (NIST, "tls-reporting", "none", WARN, (dane.mx(), rpt.record())),
    # Versions: the BSI recommends 1.2 and 1.3; NIST discourages 1.0 and 1.1, demands 1.3 and lets 1.2 go.
    (BSI, "versions", "1.2 and 1.3", PASS, NEW),
    (BSI, "versions", "1.0", FAIL, OLD),
    (NIST, "versions", "1.0", WARN, OLD),
    (NIST, "versions", "SSL 3.0", FAIL, SSL),
    (NIST, "versions", "not seen", OPEN, offer(unknown=("TLSv1",))),
    (BSI, "version-13", "1.2 alone", FAIL, offer()),
    (NIST, "version-13", "1.2 alone", FAIL, offer()),
    (NIST, "version-13", "1.3 alone", PASS, tls.offer({"TLSv1.3": (tls.AES_13,)})),
    # Suites: ChaCha20 is in no table of the BSI and not approved by NIST; CBC with SHA-1 is of NIST's list.
    (BSI, "suites", "AES-GCM", PASS, offer()),
    (BSI, "suites", "ChaCha20", WARN, offer(tls.GCM, CHACHA)),
    (BSI, "suites", "RSA key exchange", FAIL, offer(tls.STATIC)),
    (BSI, "suites", "CBC with SHA-1", FAIL, offer(tls.CBC)),
    (BSI, "suites", "not asked", OPEN, offer(tls.GCM, undecided={"TLSv1.2": (tls.RC4,)})),
    (NIST, "suites", "AES-GCM", PASS, NEW),
    (NIST, "suites", "ChaCha20", FAIL, offer(tls.GCM, CHACHA)),
    (NIST, "suites", "RSA key exchange", FAIL, offer(tls.STATIC)),
    (NIST, "suites", "CBC with SHA-1", PASS, offer(tls.CBC)),
    (NIST, "suites", "3DES", FAIL, offer(tls.TRIPLE)),
    # Groups: 3000 bits and no X25519 at the BSI; X25519 is not approved by NIST, its hybrid is.
    (BSI, "groups", "P-256 and ffdhe3072", PASS, in_groups(P256, FFDHE3072)),
    (BSI, "groups", "X25519", WARN, in_groups(P256, X25519)),
    (BSI, "groups", "ffdhe2048", FAIL, in_groups(P256, FFDHE2048)),
    (NIST, "groups", "ffdhe2048 and a hybrid", PASS, in_groups(P256, FFDHE2048, HYBRID)),
    (NIST, "groups", "X25519", WARN, in_groups(P256, X25519)),
    (NIST, "groups", "a weak curve", FAIL, in_groups(P256, 19)),
    (NIST, "group-p256", "X25519 alone", WARN, in_groups(X25519)),
    (NIST, "group-p256", "P-256", PASS, in_groups(P256)),
    (BSI, "dh", "2048 bits", FAIL, (*DHE, tls.exchange())),
    (BSI, "dh", "3200 bits", PASS, (*DHE, BIG_PRIME)),
    (BSI, "dh", "no DHE", NONE, offer()),
    (NIST, "dh", "ffdhe2048", PASS, (*DHE, tls.exchange())),
    (NIST, "dh", "of no standard", WARN, (*DHE, BIG_PRIME)),
    (NIST, "dh", "1024 bits", FAIL, (*DHE, tls.exchange(prime=b"\xff" * 128))),
    # Certificates.
    (BSI, "certificate-key", "P-256", PASS, with_key()),
    (BSI, "certificate-key", "RSA 2048", FAIL, with_key(**RSA_2048)),
    (BSI, "certificate-key", "RSA 3072", PASS, with_key(**RSA_3072)),
    (BSI, "certificate-key", "Ed25519", WARN, with_key(**ED25519)),
    (NIST, "certificate-key", "RSA 2048", PASS, with_key(**RSA_2048)),
    (NIST, "certificate-key", "RSA 1024", FAIL, with_key(**RSA_1024)),
    (BSI, "certificate-signature", "SHA-1", FAIL, with_key(**SHA1)),
    (BSI, "certificate-signature", "SHA-256", PASS, with_key()),
    (NIST, "certificate-signature", "SHA-1", FAIL, with_key(**SHA1)),
    (NIST, "certificate-signature", "SHA-256", PASS, with_key(**PKCS1)),
    (BSI, "certificate-padding", "ECDSA", PASS, with_key()),
    (BSI, "certificate-padding", "PKCS#1 v1.5", WARN, with_key(**PKCS1)),
    (BSI, "certificate-padding", "a hash that another rule tells", PASS, with_key(**SHA1)),
    (BSI, "certificate-padding", "of its own", NONE, (samples.endpoint(), *chain("self_signed"))),
    (BSI, "certificate-padding", "unreadable", OPEN, (samples.endpoint(), *chain("garbage"))),
    (NIST, "certificate-lifetime", "usual", PASS, with_key()),
    (NIST, "certificate-lifetime", "four years", FAIL, with_key(not_before=samples.NOW - samples.days(1461))),
    (NIST, "certificate-status-named", "none", FAIL, with_key()),
    (NIST, "certificate-status-named", "one", PASS, with_key(**ASKED)),
    (NIST, "certificate-status-named", "of its own", NONE, (samples.endpoint(), *chain("self_signed"))),
    (NIST, "certificate-status-named", "unreadable", OPEN, (samples.endpoint(), *chain("garbage"))),
    (NIST, "certificate-status", "stapled", PASS, (*with_key(**ASKED), stapled("ocsp_good"))),
    (NIST, "certificate-status", "not stapled", FAIL, (*with_key(**ASKED), stapled(""))),
    (NIST, "certificate-status", "not asked", OPEN, (*with_key(**ASKED), stapled("", offered=False))),
    (NIST, "certificate-status", "nothing to staple", NONE, (*with_key(), stapled(""))),
    # Signatures over the key exchange.
    (BSI, "handshake-signature", "ECDSA", PASS, signed_with(TLSv1_3=ECDSA_256, TLSv1_2=ECDSA_256)),
    (BSI, "handshake-signature", "PKCS#1 v1.5", WARN, signed_with(TLSv1_2=RSA_PKCS1_256)),
    (BSI, "handshake-signature", "SHA-1", FAIL, signed_with(TLSv1_2=RSA_SHA1)),
    (NIST, "signature-algorithms", "PKCS#1 v1.5", PASS, signed_with(TLSv1_2=RSA_PKCS1_256)),
    (NIST, "signature-algorithms", "SHA-1", FAIL, signed_with(TLSv1_2=RSA_SHA1)),
    (NIST, "signature-algorithms", "not seen", OPEN, (*offer(), TlsSchemes(lists=()))),
    # Extensions and settings.
    (BSI, "encrypt-then-mac", "without", FAIL, offer(CBC_SHA256)),
    (BSI, "encrypt-then-mac", "with", PASS, offer(CBC_SHA256, extensions={"TLSv1.2": (22,)})),
    (BSI, "encrypt-then-mac", "no CBC", NONE, offer()),
    (NIST, "encrypt-then-mac", "without", FAIL, offer(tls.GCM, tls.CBC)),
    (NIST, "encrypt-then-mac", "not asked", OPEN, offer(undecided={"TLSv1.2": (tls.CBC,)})),
    (BSI, "heartbeat", "on", FAIL, (*offer(), HeartbeatAnswer(mode=1))),
    (BSI, "heartbeat", "seen beside", FAIL, offer(extensions={"TLSv1.2": (15,)})),
    (BSI, "heartbeat", "off", PASS, (*offer(), HeartbeatAnswer(mode=None))),
    (BSI, "heartbeat", "not offered", OPEN, offer()),
    (BSI, "heartbeat", "no such version", NONE, tls.offer({"TLSv1.3": (tls.AES_13,)})),
    (BSI, "extended-main-secret", "missing", FAIL, offer(extensions={"TLSv1.2": (0xFF01,)})),
    (BSI, "extended-main-secret", "there", PASS, offer()),
    (NIST, "extended-main-secret", "missing", FAIL, offer(extensions={"TLSv1.2": (0xFF01,)})),
    (BSI, "renegotiation-secure", "missing", FAIL, offer(extensions={"TLSv1.2": (23,)})),
    (NIST, "renegotiation-info", "missing", FAIL, offer(extensions={"TLSv1.2": (23,)})),
    (NIST, "renegotiation-info", "there", PASS, offer()),
    (BSI, "renegotiation-by-client", "without limit", FAIL, (*offer(), RENEGOTIATION)),
    (BSI, "renegotiation-by-client", "not tried", OPEN, offer()),
    (BSI, "early-data", "accepted", FAIL, (*NEW, EARLY)),
    (NIST, "early-data", "accepted", FAIL, (*NEW, EARLY)),
    (NIST, "early-data", "not announced", PASS, (*NEW, LATE)),
)


@pytest.mark.parametrize(
    ("profile", "rule", "expected", "facts"),
    [(p, rule, expected, facts) for p, rule, _, expected, facts in CASES],
    ids=[f"{p}/{rule}: {name}" for p, rule, name, _, _ in CASES],
)
def test_rule(profile: str, rule: str, expected: Verdict, facts: Facts) -> None:
    assert verdict(profile, rule, facts) is expected


@pytest.mark.parametrize("profile", [BSI, NIST])
def test_every_rule_is_shown_to_fire_or_takes_the_word_of_a_check(profile: str) -> None:
    shown = {rule for p, rule, _, expected, _ in CASES if p == profile and expected in (FAIL, WARN)}
    left = {r.id.partition("/")[2] for r in load_profile(profile).own} - shown
    assert left <= {"compression", "fallback-scsv"}


@pytest.mark.parametrize("profile", [BSI, NIST])
def test_every_rule_cites_its_document(profile: str) -> None:
    wanted = ("BSI TR-0",) if profile == BSI else ("NIST SP 800-",)
    for rule in load_profile(profile).own:
        assert rule.source.startswith(wanted), rule.id
        assert rule.fail >= rule.warn > Severity.NONE, rule.id


@pytest.mark.parametrize("profile", [BSI, NIST])
def test_what_a_rule_replaces_weighs_nothing_beside_it(profile: str) -> None:
    weights = {f.check: f.severity for f in graded(profile, offer(tls.RC4, tls.STATIC_CBC))}
    assert weights["tls/suite-rc4"] is weights["tls/forward-secrecy-missing"] is Severity.NONE
    assert weights[f"{profile}/suites"] is Severity.HIGH


@pytest.mark.parametrize("profile", [BSI, NIST])
def test_no_check_is_replaced_twice(profile: str) -> None:
    replaced = [name for rule in load_profile(profile).own for name in rule.replaces]
    assert len(replaced) == len(set(replaced))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"kind": "published", "what": "dnskey"}, "dnskey"),
        ({"kind": "published", "what": "dane", "missing": "good"}, "missing"),
        ({"kind": "heartbeat", "present": "sufficient"}, "present"),
        ({"kind": "encrypt-then-mac", "missing": "never"}, "never"),
        ({"kind": "ocsp-named", "missing": "ignored"}, "missing"),
        ({"kind": "ocsp-stapled", "staple": "phase_out"}, "staple"),
        ({"kind": "signature-schemes", "good": ["rsa_pss"]}, "rsa_pss"),
        ({"kind": "signature-schemes", "good": ["ed25519"], "versions": ["TLSv9"]}, "TLSv9"),
        ({"kind": "certificate-algorithm", "good": ["sha256"]}, "sha256"),
    ],
)
def test_a_rule_that_makes_no_sense_is_told(keys: dict[str, Any], said: str) -> None:
    row = {"id": "x", "title": "t", "level": "MUST", "source": "s", "why": "w", "remedy": "r", **keys}
    usual = load_profile().levels
    weights = {level: (weight.fail, weight.warn) for level, weight in usual.items()}
    with pytest.raises(ValueError, match=said):
        parse_rule(row, "mine", weights, {})


@pytest.fixture(scope="module")
def sound() -> FactSet:
    domain = next(domain for domain in all_domains() if domain.name == "sound.test")
    settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8, policy_time_limit_s=6)

    async def seen() -> FactSet:
        async with LabWorld((domain,)) as world:
            return (await run(domain.target, network=world.network(), settings=settings)).facts

    return asyncio.run(seen())


SOUND: dict[str, dict[str, Verdict]] = {
    # A server as OpenSSL 3 sets itself up, in a signed domain that publishes everything.
    BSI: {
        "groups": FAIL,  # TLS 1.3 takes ffdhe2048, recommended until 2022; x25519 and x448 are in no table
        "suites": WARN,  # ChaCha20-Poly1305 is in no table
        "handshake-signature": OPEN,  # of TLS 1.2 the usual depth asks for one scheme
        "renegotiation-by-client": OPEN,  # tried at --depth full only
        "dh": NONE,  # no DHE up to TLS 1.2
        "encrypt-then-mac": NONE,  # no CBC
    },
    NIST: {
        "suites": FAIL,  # ChaCha20-Poly1305 is not approved
        "certificate-status-named": FAIL,  # the lab's authority answers no OCSP
        "groups": WARN,  # x25519 and x448 are not approved for key establishment
        "signature-algorithms": OPEN,  # of TLS 1.2 the usual depth asks for one scheme
        "certificate-status": NONE,  # nobody to ask, nothing to staple
        "dh": NONE,
        "encrypt-then-mac": NONE,
        "fallback-scsv": NONE,  # TLS 1.3 tells of a fall back by itself
    },
}


@pytest.mark.parametrize("profile", [BSI, NIST])
def test_sound(profile: str, sound: FactSet) -> None:
    """Every rule that is not named passes."""
    found: dict[str, set[Verdict]] = {}
    for finding in grade(judge_all(sound), load_profile(profile), sound):
        if finding.check.startswith(f"{profile}/"):
            assert not finding.crashed
            found.setdefault(finding.check.partition("/")[2], set()).add(finding.verdict)
    assert set(found) == {rule.id.partition("/")[2] for rule in load_profile(profile).own}
    assert found == {rule: {SOUND[profile].get(rule, PASS)} for rule in found}


@pytest.mark.parametrize("profile", profile_names())
def test_the_page_of_sources_has_a_row_for_every_rule(profile: str) -> None:
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {profile}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| [^|]+ \|$", section, re.MULTILINE)
    own = [rule.id.partition("/")[2] for rule in load_profile(profile).own]
    assert sorted(rows) == sorted(own)
    assert section.strip()
