"""The Diffie-Hellman groups over finite fields that a server sent up to TLS 1.2.

In TLS 1.3 the client names the group (RFC 7919), so there is nothing to judge.
"""

from waxseal.checks.api import Bundle, Judgement, not_applicable, passed, unreached
from waxseal.checks.tls._offer import FULL, fits, unknown_below_13
from waxseal.facts import KeyExchangeParameters, TlsKeyExchanges, TlsSuites, TlsVersions
from waxseal.wire.tls_suite_properties import SuiteProperties


class FiniteField(Bundle, frozen=True):
    """What was seen of such key exchanges, and what was left open."""

    versions: TlsVersions
    suites: TlsSuites
    exchanges: TlsKeyExchanges

    @property
    def parameters(self) -> tuple[KeyExchangeParameters, ...]:
        """Those with a prime, of suites with a certificate.

        Temporary RSA keys and groups of export suites are left out. Those of anonymous suites count only in a
        version that takes other suites with DHE too, and showed no group of their own.
        """
        seen = [p for p in self.exchanges.parameters if p.prime]
        own = [p for p in seen if fits(p.suite, _ephemeral)]
        lacking = self._versions() - {p.version for p in own}
        shared = [p for p in seen if p.version in lacking and fits(p.suite, _anonymous)]
        return (*own, *shared)

    def _versions(self) -> set[str]:
        """The versions that take suites with DHE and a certificate."""
        return {f.version for f in self.suites.lists if any(fits(s, _ephemeral) for s in f.accepted)}

    def aside(self) -> Judgement | None:
        """Where none was seen, there is none, or it was not asked for."""
        if self.parameters:
            return None
        if self._versions():
            return unreached("suites with DHE are accepted, but their group was not seen", advice=FULL)
        if self._open():
            return unreached("not every suite with DHE was asked for", advice=FULL)
        return not_applicable("no suite with DHE is accepted up to TLS 1.2")

    def sound(self, what: str, *evidence: str) -> Judgement:
        """The answer where all that was seen is sound."""
        return passed(f"The Diffie-Hellman groups seen are {what}", *evidence)

    def _open(self) -> bool:
        undecided = any(fits(s, _ephemeral) for found in self.suites.lists for s in found.undecided)
        return undecided or bool(unknown_below_13(self.versions))


def _ephemeral(suite: SuiteProperties) -> bool:
    return suite.key_exchange in ("DHE", "DHE_PSK")


def _anonymous(suite: SuiteProperties) -> bool:
    return suite.key_exchange == "DH_anon"
