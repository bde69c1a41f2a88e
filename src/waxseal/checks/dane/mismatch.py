"""The TLSA records do not match the certificate that the server shows.

Senders that use DANE may not deliver to a server that its TLSA records do not authenticate: mail waits, and
is returned after days, while everyone else delivers as before. It is judged for every address and every
certificate by itself, so one server of a pair that was forgotten in a renewal shows, and so does an ECDSA
certificate that the records do not know beside an RSA one that they do: then only the senders that are shown
the ECDSA one are kept out. Mostly the certificate got a new key and the records stayed. With usage 3 neither
names nor dates count, only the digest.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    passed,
    unreached,
)
from waxseal.checks.dane import _samples
from waxseal.checks.dane._tlsa import MEND, ShownToSenders, key_kind
from waxseal.facts import Dnssec, DnsStatus, TlsaRecord


@check(
    title="TLSA records do not match a certificate",
    level=Level.MUST,
    scope=Scope.CERTIFICATE,
    cites=("RFC 7672 §3.2", "RFC 7672 §8.1", "RFC 7671 §9"),
    remedy=Remedy(
        general="Publish the record that the evidence names, beside those of every other live certificate. "
        "When a key changes, publish the new record two TTLs before the server gets the key; or keep the "
        "key when the certificate is renewed, then '3 1 1' stays as it is.",
        dns="'waxseal records example.org' prints the records for every live key",
    ),
    rows=("G2", "G3", "G6"),
)
def judge(shown: ShownToSenders) -> Judgement:
    """Judge whether a record authenticates the server by this certificate."""
    if shown.proof.holds:
        return passed("A TLSA record matches the certificate", *shown.held())
    speaker = shown.speaker()
    if speaker != "dane/mismatch":
        return unreached(f"the TLSA records do not authenticate the server, see {speaker}", advice=MEND)
    aside = any(match.aside and match.depth is not None for match in shown.proof.matches)
    digest = "; the record that would match is passed over for a stronger digest" if aside else ""
    return shown.broken(
        f"No TLSA record matches the {key_kind(shown.chain.leaf)} certificate: {shown.consequence()}{digest}"
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    good, server = _samples.record("3 1 1", "good"), _samples.shown("good")
    yield Example("no record matches", Verdict.FAIL, (*server, _samples.tlsa(_samples.OTHER)))
    yield Example("one of two matches", Verdict.PASS, (*server, _samples.tlsa(_samples.OTHER, good)))
    other_digest = _samples.tlsa(good, TlsaRecord(3, 1, 2, bytes(64)))
    yield Example("SHA-256 right, SHA-512 wrong", Verdict.FAIL, (*server, other_digest))
    for name in ("expired", "other_name", "self_signed"):
        facts = (*_samples.shown(name), _samples.tlsa(_samples.record("3 1 1", name)))
        yield Example(f"usage 3, {name}", Verdict.PASS, facts)
    untrusted = _samples.tlsa(_samples.OTHER, dnssec=Dnssec.UNTRUSTED)
    yield Example("no match, not validated", Verdict.WARN, (*server, untrusted))
    yield Example(
        "match, not validated", Verdict.PASS, (*server, _samples.tlsa(good, dnssec=Dnssec.UNTRUSTED))
    )
    unsigned = _samples.tlsa(_samples.OTHER, dnssec=Dnssec.INSECURE)
    yield Example("unsigned", Verdict.NOT_APPLICABLE, (*server, unsigned))
    yield Example("no records", Verdict.NOT_APPLICABLE, (*server, _samples.no_tlsa()))
    failed = _samples.tlsa(status=DnsStatus.SERVFAIL, dnssec=Dnssec.INDETERMINATE)
    yield Example("failed", Verdict.INCONCLUSIVE, (*server, failed))
    pkix = _samples.tlsa(TlsaRecord(1, 1, 1, bytes(32)))
    yield Example("none usable", Verdict.NOT_APPLICABLE, (*server, pkix))
    base = _samples.tlsa(_samples.OTHER, base="mail.example.net")
    yield Example("the base domain is another name", Verdict.INCONCLUSIVE, (*server, base))
    named = (*_samples.shown("good", server_name="mail.example.net"), base)
    yield Example("shown to the base domain", Verdict.FAIL, named)
