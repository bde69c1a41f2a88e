"""The DKIM key record breaks the rules, so that receivers cannot or must not use the key.

Signatures made with it fail for good. The usual reasons: a key that was cut or broken by line ends on its
way into the zone, one that is no key at all, a type or service that receivers do not know, a tag that comes
twice, or two records at one selector, of which nobody knows which one counts.
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
)
from waxseal.checks.dkim._keys import DkimKeys, named, read, rsa_bits, unless_answered
from waxseal.checks.dkim._samples import ED25519, SILENT, SOUND, key, rsa
from waxseal.facts import DkimKey


@check(
    title="The DKIM key record cannot be used",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 6376 §6.1.2", "RFC 6376 §3.6.1", "RFC 6376 §3.6.2.2", "RFC 8463 §4.2"),
    remedy=Remedy(
        general="Publish the record again as the signing software writes it, in strings of at most 255 "
        "characters with nothing between them, and only one record for each selector.",
        dns='s1._domainkey.example.org. TXT ( "v=DKIM1; k=rsa; p=MIIBIjANBgkq..." "...IDAQAB" )',
    ),
    rows=("A15", "P2"),
)
def judge(keys: DkimKeys) -> Judgement:
    """Judge the form of each key record."""

    def one(found: DkimKey) -> Judgement:
        if unanswered := unless_answered(found):
            return unanswered
        records = read(found).records
        if not records:
            return not_applicable("there is no key; see dkim/key-missing")
        if len(records) > 1:
            lines = named(found, f"{len(records)} key records")
            return fail("There are several DKIM keys at one selector: which one counts is not defined", lines)
        problems = [problem.detail for problem in records[0].problems]
        if records[0].key_type == "rsa" and records[0].key and rsa_bits(records[0]) is None:
            problems.append("what p holds is no RSA key")
        if problems:
            return fail(
                "The DKIM key record cannot be used as it is", *(named(found, text) for text in problems)
            )
        return passed(
            "the key record keeps to the rules", named(found, f"a key of type {records[0].key_type}")
        )

    return keys.worst(one)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("RSA", Verdict.PASS, (SOUND,))
    yield Example("Ed25519", Verdict.PASS, (key(f"v=DKIM1; k=ed25519; p={ED25519}"),))
    yield Example("withdrawn", Verdict.PASS, (key("v=DKIM1; p="),))
    yield Example("cut off", Verdict.FAIL, (key(f"v=DKIM1; p={rsa()[:100]}"),))
    yield Example("no base64", Verdict.FAIL, (key("v=DKIM1; p=-----BEGIN PUBLIC KEY-----"),))
    yield Example("unknown type", Verdict.FAIL, (key(f"v=DKIM1; k=rsa2; p={rsa()}"),))
    yield Example("two records", Verdict.FAIL, (key(f"p={rsa()}", f"p={rsa(4096)}"),))
    yield Example("no key", Verdict.NOT_APPLICABLE, (key(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
