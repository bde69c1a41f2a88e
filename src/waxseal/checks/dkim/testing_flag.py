"""The DKIM key says that the domain is only testing (``t=y``).

Receivers are told to treat mail signed with it no better than unsigned mail, so the signatures are worth
nothing. The flag is meant for the first days, and is easily forgotten. Many receivers pass over it; those
that do not, give the domain's mail no credit.
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
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.dkim._keys import DkimKeys, named
from waxseal.checks.dkim._samples import SILENT, SOUND, key, rsa
from waxseal.facts import DkimKey
from waxseal.wire.dkim import DkimKeyRecord


@check(
    title="The DKIM key is marked as a test",
    level=Level.ADVICE,
    scope=Scope.DOMAIN,
    cites=("RFC 6376 §3.6.1",),
    remedy=Remedy(
        general="Take t=y out of the record when signatures verify; t=s may stay.",
        dns='s1._domainkey.example.org. TXT "v=DKIM1; k=rsa; t=s; p=MIIBIjANBgkq..."',
    ),
    rows=("A15", "P2"),
)
def judge(keys: DkimKeys) -> Judgement:
    """Judge whether a key has the flag."""

    def one(found: DkimKey, record: DkimKeyRecord) -> Judgement:
        if record.revoked:
            return not_applicable("the key is withdrawn; see dkim/key-revoked")
        if record.testing:
            evidence = named(found, f"t={':'.join(record.flags)}")
            return warn("The DKIM key is marked as a test, so its signatures count for nothing", evidence)
        return passed("the key is not marked as a test", named(found, "no flag y"))

    return keys.worst_record(one)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("without", Verdict.PASS, (SOUND,))
    yield Example("another flag", Verdict.PASS, (key(f"v=DKIM1; t=s; p={rsa()}"),))
    yield Example("testing", Verdict.WARN, (key(f"v=DKIM1; t=s:y; p={rsa()}"),))
    yield Example("no key", Verdict.NOT_APPLICABLE, (key(),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
