"""The DKIM key is too short.

An RSA key of less than 1024 bits can be broken in hours: whoever does so signs mail in the domain's name.
Receivers must not accept such signatures. Keys of 1024 bits are still accepted, but should be replaced by
2048 bits. Keys of 4096 bits and Ed25519 keys are fine, where receivers can verify them.
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
    fail,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dkim._keys import DkimKeys, named, rsa_bits
from waxseal.checks.dkim._samples import ED25519, SILENT, SOUND, key, rsa
from waxseal.facts import DkimKey
from waxseal.wire.dkim import DkimKeyRecord

LEAST_BITS = 1024
ADVISED_BITS = 2048


@check(
    title="The DKIM key is too short",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 8301 §3.2",),
    remedy=Remedy(
        general="Make a new RSA key of 2048 bits, publish it at a new selector, and let the signer use it; "
        "take the old one away some days later.",
        dns='s2._domainkey.example.org. TXT "v=DKIM1; k=rsa; p=MIIBIjANBgkq..."',
    ),
    rows=("A15", "P2"),
)
def judge(keys: DkimKeys) -> Judgement:
    """Judge the size of each RSA key."""

    def one(found: DkimKey, record: DkimKeyRecord) -> Judgement:
        if record.revoked:
            return not_applicable("the key is withdrawn; see dkim/key-revoked")
        if record.key_type == "ed25519" and record.key:
            return passed("the key is an Ed25519 key", named(found, "Ed25519"))
        bits = rsa_bits(record)
        if bits is None:
            return not_applicable("the key cannot be read; see dkim/key-malformed")
        evidence = named(found, f"RSA key of {bits} bits")
        if bits < LEAST_BITS:
            return fail(f"The DKIM key has {bits} bits: receivers must not accept its signatures", evidence)
        if bits < ADVISED_BITS:
            return warn(f"The DKIM key has {bits} bits; it should have {ADVISED_BITS}", evidence)
        return passed(f"the DKIM key has {bits} bits", evidence)

    return keys.worst_record(one)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("2048 bits", Verdict.PASS, (SOUND,))
    yield Example("Ed25519", Verdict.PASS, (key(f"v=DKIM1; k=ed25519; p={ED25519}"),))
    yield Example("1024 bits", Verdict.WARN, (key(f"v=DKIM1; p={rsa(1024)}"),))
    yield Example("512 bits", Verdict.FAIL, (key(f"p={rsa(512)}"),))
    yield Example("withdrawn", Verdict.NOT_APPLICABLE, (key("v=DKIM1; p="),))
    yield Example("unreadable", Verdict.NOT_APPLICABLE, (key("v=DKIM1; p=AAAA"),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
