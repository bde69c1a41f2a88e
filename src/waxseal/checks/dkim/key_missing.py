"""There is no DKIM key at the selector that was asked for.

Signatures that name it cannot be verified and fail for good: the mail counts as unsigned, and DMARC may fail
with it. Either the record was never published, it stands at another name (zones that add their own name to
``s1._domainkey.example.org`` are a classic), or it was taken away while mail that it signed was still on its
way.
"""

from collections.abc import Iterator

from waxseal.checks.api import Example, Judgement, Level, Remedy, Scope, Verdict, check, fail, passed
from waxseal.checks.dkim._keys import DkimKeys, named, read, unless_answered
from waxseal.checks.dkim._samples import SILENT, SOUND, key
from waxseal.checks.dns._lookup import bounded, shown
from waxseal.facts import DkimKey
from waxseal.wire.smtp_reply import decode_text


@check(
    title="There is no DKIM key",
    level=Level.MUST,
    scope=Scope.DOMAIN,
    cites=("RFC 6376 §6.1.2", "RFC 6376 §3.6.2.1"),
    remedy=Remedy(
        general="Publish the public key of the signer at its selector, or let the signer use a selector that "
        "is published.",
        dns='s1._domainkey.example.org. TXT "v=DKIM1; k=rsa; p=MIIBIjANBgkq..."',
    ),
    rows=("A15", "P2"),
)
def judge(keys: DkimKeys) -> Judgement:
    """Judge whether each selector has a key."""

    def one(found: DkimKey) -> Judgement:
        if unanswered := unless_answered(found):
            return unanswered
        reading = read(found)
        if reading.records:
            return passed("there is a key", named(found, "a DKIM key"))
        others = (bounded(f"no DKIM key: {decode_text(text)}") for text in reading.others[:3])
        return fail(
            "There is no DKIM key at this selector: its signatures fail", shown(found.answer), *others
        )

    return keys.worst(one)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("a key", Verdict.PASS, (SOUND,))
    yield Example("an empty one", Verdict.PASS, (key("v=DKIM1; p="),))
    yield Example("no such name", Verdict.FAIL, (key(),))
    yield Example("another record", Verdict.FAIL, (key("v=spf1 -all"),))
    yield Example("silence", Verdict.INCONCLUSIVE, (SILENT,))
