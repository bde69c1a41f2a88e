"""A public authority's certificate shows no timestamp of a public log.

Authorities write the certificates they issue into public logs (Certificate Transparency), so that the owner
of a domain can see what was issued for it. Browsers demand the logs' timestamps; mail servers do not, so
nothing breaks today, and this is small advice. Timestamps come in the certificate, in a TLS extension, or in
a staple; all three are looked at. Their signatures are not verified: that takes a list of logs, which
waxseal does not keep. Certificates of an authority of one's own belong in no log.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    at,
    check,
    inconclusive,
    passed,
    warn,
)
from waxseal.checks.certificate._public import unless_public
from waxseal.checks.certificate._samples import chain
from waxseal.checks.certificate._shown import ShownChain
from waxseal.checks.certificate._statements import Statements
from waxseal.facts import Timestamps
from waxseal.trust.ocsp import OcspVerdict
from waxseal.trust.timestamps import TimestampList, read_list, read_timestamps


@check(
    title="The certificate is in no public log",
    level=Level.ADVICE,
    scope=Scope.CERTIFICATE,
    cites=("RFC 6962 §3.3",),
    remedy=Remedy(
        general="Have the certificate issued anew by an authority that embeds timestamps, as nearly all "
        "do by themselves.",
    ),
    rows=("D9",),
)
def judge(shown: ShownChain, statements: Statements, timestamps: Timestamps | None) -> Judgement:
    """Look for a timestamp in each of the three places (RFC 6962 §3.3)."""
    if (answer := unless_public(shown)) is not None:
        return answer
    stapled = statements.stapled(shown)
    by_staple = stapled.timestamp_list if isinstance(stapled, OcspVerdict) else b""
    places = {
        "in the certificate": read_timestamps(shown.chain.leaf.embedded_timestamps),
        "in the TLS extension": read_list(timestamps.octets if timestamps is not None else b""),
        "in the staple": read_list(by_staple),
    }
    found = {where: listed for where, listed in places.items() if listed.timestamps}
    if found:
        lines = tuple(_line(where, listed) for where, listed in found.items())
        return passed("The certificate shows timestamps of public logs", *lines)
    if timestamps is None or not timestamps.offered:
        return inconclusive(
            "no timestamp is embedded, and the handshake did not ask for one", advice="test again"
        )
    return warn("The certificate shows no timestamp of a public log", "none embedded, in TLS, or stapled")


def _line(where: str, listed: TimestampList) -> str:
    return f"{where}: {len(listed.timestamps)} from {listed.logs} logs, signatures not verified (no log list)"


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    bare = (samples.endpoint(), *chain("public_unlogged"))
    asked = at(Timestamps(offered=True))
    yield Example("nowhere", Verdict.WARN, (*bare, asked))
    yield Example("embedded", Verdict.PASS, (samples.endpoint(), *chain("public")))
    one = bytes.fromhex("0035" + "0033" + "00" + "5a" * 32 + "00" * 8 + "0000" + "0403" + "0004" + "01020304")
    yield Example("in the TLS extension", Verdict.PASS, (*bare, at(Timestamps(offered=True, octets=one))))
    yield Example("not asked for", Verdict.INCONCLUSIVE, bare)
    yield Example("an authority of one's own", Verdict.NOT_APPLICABLE, (samples.endpoint(), *chain("good")))
