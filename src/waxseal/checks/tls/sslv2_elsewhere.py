"""Another server of the run speaks SSL 2.0 with this server's certificate, so this one's mail is exposed.

DROWN (CVE-2016-0800) needs one server that answers SSL 2.0 with an RSA key to decrypt connections to every
other server that uses the same key, however new its software is, where these were made with RSA key
exchange. Said of a server that takes suites with RSA key exchange and was seen to share its certificate with
one that speaks SSL 2.0. Only servers of the same run are compared, so a PASS says nothing of others.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from waxseal.checks import samples
from waxseal.checks.api import (
    Bundle,
    Each,
    Everywhere,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    fail,
    not_applicable,
    passed,
)
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import Offer
from waxseal.facts import Certificate, CertificateChain, Ssl2Answer


class _Ssl2Seen(Bundle, frozen=True, dict=True):
    """Every answer to SSL 2.0 of the run."""

    answers: Everywhere[Ssl2Answer]

    @cached_property
    def by_certificate(self) -> dict[str, list[tuple[int, Subject]]]:
        """Where each certificate was seen with SSL 2.0, and as the how manieth answer of the run."""
        found: dict[str, list[tuple[int, Subject]]] = defaultdict(list)
        for number, (place, answer) in enumerate(self.answers):
            if answer.kinds:
                found[answer.certificate_sha256].append((number, place))
        return found


@check(
    title="The certificate is also used with SSL 2.0",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 9325 §3.9", "RFC 9325 §4.1"),
    remedy=Remedy(
        general="Switch SSL 2.0 off on the other server, give both new keys that they do not share, and "
        "switch RSA key exchange off here.",
        postfix="smtpd_tls_exclude_ciphers = kRSA",
        dovecot="ssl_cipher_list = ALL:!kRSA:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4",
    ),
    rows=("F4",),
)
def judge(offer: Offer, chains: Each[CertificateChain], own: Ssl2Answer | None, seen: _Ssl2Seen) -> Judgement:
    """Judge whether the leaf was seen with SSL 2.0 elsewhere."""
    if own is not None and own.kinds:
        return not_applicable("it speaks SSL 2.0 itself, see tls/version-sslv2")
    leaves = {chain.leaf.sha256 for _, chain in chains}
    found = sorted(each for leaf in leaves for each in seen.by_certificate.get(leaf, ()))
    others = [place for _, place in found if not place.within(offer.subject)]
    if not others:
        return passed("No other server of this run speaks SSL 2.0 with this certificate")
    kind = offer.of_kind(lambda suite: suite.key_exchange.startswith("RSA"))
    place = others[0]
    where = f"SSL 2.0 with the same certificate: {place.host or place.address or 'another server'}"
    if kind.accepted:
        return fail("Connections here can be decrypted with the help of another server", where, *kind.lines)
    if kind.undecided or kind.versions:
        return kind.none("with RSA key exchange")
    return passed("No suite with RSA key exchange is accepted, so DROWN finds nothing here", where)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    own = Ssl2Answer(answered=False, reaction=_samples.ALERT)
    ssl2 = Ssl2Answer(answered=True, reaction=_samples.DONE, kinds=(0x010080,), certificate_sha256="aa")
    elsewhere = at(ssl2, domain=None, host=None, address=None, port=None)
    chain = CertificateChain(
        certificates=(Certificate(der=b"", sha256="aa", key_type="rsa"),), shown_at=samples.NOW
    )
    static = _samples.offer({"TLSv1.2": (_samples.STATIC,)})
    ephemeral = _samples.offer({"TLSv1.2": (_samples.GCM,)})
    part = _samples.offer({"TLSv1.2": (_samples.GCM,)}, {"TLSv1.2": (_samples.STATIC,)})
    yield Example("shared", Verdict.FAIL, (*static, chain, own, elsewhere))
    yield Example("shared, no RSA key exchange", Verdict.PASS, (*ephemeral, chain, own, elsewhere))
    yield Example("not shared", Verdict.PASS, (*static, chain))
    yield Example("its own", Verdict.NOT_APPLICABLE, (*static, chain, ssl2))
    yield Example("not all asked", Verdict.INCONCLUSIVE, (*part, chain, own, elsewhere))
