"""The DKIM key that was asked for is withdrawn: its record is there, and the key in it is empty.

That is how a domain says that a key must not be used any more. Signatures that still name it fail for good,
so where a message on its way bears one, a signer was forgotten. For a selector that nothing signs with any
more it is as it should be, and the record can go in time.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.dkim._keys import DkimKeys, named
from waxseal.checks.dkim._samples import SILENT, SOUND, key
from waxseal.facts import DkimKey
from waxseal.wire.dkim import DkimKeyRecord


@check(
    title="The DKIM key is withdrawn",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 6376 §6.1.2", "RFC 6376 §3.6.1"),
    remedy=Remedy(
        general="Let every signer use a selector with a living key.",
        dns='s2._domainkey.example.org. TXT "v=DKIM1; k=rsa; p=MIIBIjANBgkq..."',
    ),
    rows=("A15", "P2"),
)
def judge(keys: DkimKeys) -> Judgement:
    """Judge whether each key is there."""

    def one(found: DkimKey, record: DkimKeyRecord) -> Judgement:
        if record.revoked:
            return fail("The DKIM key is withdrawn: signatures that name it fail", named(found, "p is empty"))
        return passed("the key is not withdrawn", named(found, "not withdrawn"))

    return keys.worst_record(one)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("living", Verdict.PASS, (SOUND,))
    yield Example("withdrawn", Verdict.FAIL, (key("v=DKIM1; p="),))
    yield Example("no key", Verdict.NOT_APPLICABLE, (key(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
