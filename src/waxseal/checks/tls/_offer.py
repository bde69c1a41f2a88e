"""What a server was seen to take: suites of a kind in all its versions, and what stayed undecided.

A kind is "not accepted" only where every suite of it was refused in every version; where some were not asked
for, the answer is INCONCLUSIVE.
"""

from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import Final

from msgspec import Struct

from waxseal.checks.api import Bundle, Judgement, Subject, passed, unreached
from waxseal.facts import Endpoint, Handshake, TlsSuites, TlsVersions, VersionAnswer
from waxseal.wire.tls_suite_properties import SuiteProperties, suite_class, suite_properties
from waxseal.wire.tls_suites import suite_name

MAX_LINE: Final = 200
MAX_NAMES: Final = 4
FULL: Final = "ask for everything with --depth full, and --max-connections if that is the limit"
OLD: Final = ("TLSv1.1", "TLSv1")
BELOW_13: Final = ("TLSv1.2", "TLSv1.1", "TLSv1", "SSLv3")
"""Newest first."""
_TOLD_ELSEWHERE: Final = frozenset({"null", "anonymous", "export"})
"""Classes that have a check of their own; at most depths one suite of each is asked for."""


def spoken(version: str) -> str:
    """A version as people write it: ``TLS 1.2``."""
    name = version.replace("TLSv", "TLS ").replace("SSLv", "SSL ")
    return name if "." in name else f"{name}.0"


def accepted_below_13(versions: TlsVersions) -> tuple[VersionAnswer, ...]:
    """The versions from SSL 3.0 to TLS 1.2 that the server selected, newest first."""
    answers = (versions.of(version) for version in BELOW_13)
    return tuple(answer for answer in answers if answer is not None and answer.accepted)


def unknown_below_13(versions: TlsVersions) -> tuple[str, ...]:
    """The versions from SSL 3.0 to TLS 1.2 of which nothing is known, newest first."""
    answers = {version: versions.of(version) for version in BELOW_13}
    return tuple(name for name, answer in answers.items() if answer is None or answer.accepted is None)


class Kind(Struct, frozen=True):
    """The suites of one kind.

    Attributes:
        accepted: Version and number of each that was selected.
        undecided: The same of those that were not asked for or got no answer.
        versions: Versions of which nothing is known.
    """

    accepted: tuple[tuple[str, int], ...]
    undecided: tuple[tuple[str, int], ...]
    versions: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """IANA names of the accepted ones."""
        return frozenset(suite_name(number) for _, number in self.accepted)

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each version that accepts any."""
        by_version: dict[str, list[int]] = {}
        for version, number in self.accepted:
            by_version.setdefault(version, []).append(number)
        return tuple(f"{spoken(version)}: {listed(found)}" for version, found in by_version.items())

    def none(self, what: str) -> Judgement:
        """The answer where none is accepted: PASS, unless some were not asked for.

        TLS 1.3 has few suites of such kinds, known to hardly any library; where only they were not asked for,
        the answer is about the versions before it.
        """
        new = [number for version, number in self.undecided if version == "TLSv1.3"]
        if new and len(new) == len(self.undecided) and not self.versions:
            left_out = f"{len(new)} suites of TLS 1.3 were not asked for"
            return passed(f"No suite {what} is accepted up to TLS 1.2", left_out)
        if self.undecided or self.versions:
            left = [f"{spoken(version)} was not asked for" for version in self.versions]
            if self.undecided:
                left.append(f"{len(self.undecided)} suites were not asked for or got no answer")
            return unreached(f"no suite {what} was found, but not every one was tried", *left, advice=FULL)
        return passed(f"No suite {what} is accepted")


class Offer(Bundle, frozen=True, dict=True):
    """The versions and suites that a server takes."""

    endpoint: Endpoint
    subject: Subject
    handshake: Handshake
    versions: TlsVersions
    suites: TlsSuites

    def aside(self) -> Judgement | None:
        """Without any list there is nothing to judge."""
        if self.suites.lists:
            return None
        return unreached("no suites were asked for", advice=FULL)

    def of_kind(
        self,
        wanted: Callable[[SuiteProperties], bool],
        *,
        of_versions: Iterable[str] | None = None,
    ) -> Kind:
        """The suites of a kind.

        An undecided suite of a class that has a check of its own is passed over where another suite of that
        class is accepted, because that check tells of it.
        """
        chosen = None if of_versions is None else frozenset(of_versions)
        lists = [found for found in self.suites.lists if chosen is None or found.version in chosen]
        told = self._told
        return Kind(
            accepted=tuple((f.version, s) for f in lists for s in f.accepted if fits(s, wanted)),
            undecided=tuple(
                (f.version, s)
                for f in lists
                for s in f.undecided
                if fits(s, wanted) and _class(s) not in told
            ),
            versions=tuple(v for v in self._unknown if chosen is None or v in chosen),
        )

    @cached_property
    def _told(self) -> frozenset[str]:
        """The accepted classes that have a check of their own."""
        return _TOLD_ELSEWHERE & {_class(s) for found in self.suites.lists for s in found.accepted}

    @cached_property
    def _unknown(self) -> tuple[str, ...]:
        return unknown_below_13(self.versions)

    def negotiated(self, kind: Kind) -> bool:
        """Whether the main handshake, with every suite on offer, chose one of a kind."""
        return self.handshake.suite in kind.names


def fits(suite: int, wanted: Callable[[SuiteProperties], bool]) -> bool:
    """Whether a suite is of a kind; unknown numbers are of none."""
    properties = suite_properties(suite)
    return properties is not None and wanted(properties)


def none_fits(suites: TlsSuites | None, wanted: Callable[[SuiteProperties], bool]) -> bool:
    """Whether it was seen that no suite of a kind is accepted in the versions that are spoken."""
    if suites is None or not suites.lists:
        return False
    return not any(fits(s, wanted) for found in suites.lists for s in (*found.accepted, *found.undecided))


def on_curves(suite: SuiteProperties) -> bool:
    """Whether a suite's key exchange may take an elliptic curve that the client names."""
    return suite.key_exchange.startswith("ECDHE") or suite.key_exchange in ("ECDH_anon", "any")


def signed(suite: SuiteProperties) -> bool:
    """Whether the key exchange of a suite up to TLS 1.2 is signed."""
    signers = ("RSA", "ECDSA", "DSS")
    return suite.key_exchange in ("ECDHE", "DHE") and suite.authentication in signers


@lru_cache(maxsize=1024)
def _class(suite: int) -> str:
    properties = suite_properties(suite)
    return "" if properties is None else suite_class(properties)


def listed(suites: Iterable[int]) -> str:
    """Names of suites in a line, the first of them where they are many."""
    names = [suite_name(suite) for suite in suites]
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return (", ".join(names[:MAX_NAMES]) + more)[:MAX_LINE]
