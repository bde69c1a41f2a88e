"""Rules about the groups of the key exchange: named ones, and the finite fields sent up to TLS 1.2."""

from collections.abc import Collection
from functools import cached_property
from typing import Any, ClassVar, Final

from waxseal.checks.api import Judgement, Scope, not_applicable
from waxseal.checks.tls._finite_field import FiniteField
from waxseal.checks.tls._offer import BELOW_13, fits, on_curves, spoken, unknown_below_13
from waxseal.facts import KeyExchangeParameters, TlsGroups, TlsKeyExchanges, TlsSuites, TlsVersions
from waxseal.grading.rules.classes import Classes, Rank, Tally, matters
from waxseal.grading.rules.offer import expect_versions
from waxseal.grading.rules.scene import Scene
from waxseal.wire.dh_prime_table import GROUPS
from waxseal.wire.dh_primes import known_prime
from waxseal.wire.tls_registry import GROUP_NAMES, group_name
from waxseal.wire.tls_suite_properties import SuiteProperties

_GROUPS: Final = frozenset(GROUP_NAMES.values())
_PRIMES: Final = frozenset(name for _, _, name, _ in GROUPS.values())
_BOTH: Final = ("TLSv1.2", "TLSv1.3")


class GroupRule(Classes, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The named groups that are accepted for the key exchange.

    Attributes:
        versions: ``TLSv1.2`` (which stands for those before it) and ``TLSv1.3``; empty: both.
    """

    versions: tuple[str, ...] = ()

    NOUN: ClassVar[str] = "groups"
    SCOPE: ClassVar[Scope] = Scope.PORT

    def __post_init__(self) -> None:
        super().__post_init__()
        expect_versions(self.versions)

    @classmethod
    def names(cls) -> Collection[str]:
        """Every group that IANA has numbered."""
        return _GROUPS

    @cached_property
    def by_number(self) -> dict[int, Rank | None]:
        """The class of every group."""
        return {number: self.rank(name) for number, name in GROUP_NAMES.items()}

    def judge(self, scene: Scene) -> Judgement:
        """Judge the groups of both kinds of versions."""
        groups, versions = scene.nearest(TlsGroups), scene.nearest(TlsVersions)
        if groups is None:
            return scene.lacking(TlsGroups)
        tally = Tally("groups")
        wanted = [version for version in _BOTH if not self.versions or version in self.versions]
        for version in wanted:
            lists = [f for f in groups.lists if (f.version == "TLSv1.3") == (version == "TLSv1.3")]
            for found in lists:
                for group in found.accepted:
                    tally.saw(group_name(group), self.by_number.get(group, self.default))
                for group in found.undecided:
                    if matters(rank := self.by_number.get(group, self.default)):
                        tally.missed(f"{group_name(group)} ({spoken(found.version)})", rank)
            if not lists and _may_have_groups(version, versions, scene.nearest(TlsSuites)):
                tally.unknown(f"the groups of {spoken(version)} were not seen")
        if tally.empty:
            return not_applicable("no key exchange that the rule is about is accepted")
        return tally.judgement()


def _may_have_groups(version: str, versions: TlsVersions | None, suites: TlsSuites | None) -> bool:
    """Whether a key exchange with named groups may be accepted in a version (or one that it stands for)."""
    if versions is None:
        return True
    names = ("TLSv1.3",) if version == "TLSv1.3" else BELOW_13
    answers = [versions.of(name) for name in names]
    if all(answer is not None and answer.accepted is False for answer in answers):
        return False
    if version == "TLSv1.3" or suites is None:
        return True
    if any(answer is None or answer.accepted is None for answer in answers):
        return True
    lists = [found for found in suites.lists if found.version in BELOW_13]
    return any(fits(s, on_curves) for f in lists for s in (*f.accepted, *f.undecided))


class FiniteFieldRule(Classes, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The Diffie-Hellman groups that a server sent up to TLS 1.2: by name, else by size.

    Attributes:
        min_bits_good, min_bits_sufficient, min_bits_phase_out: The least size of a prime that no list
            names, for each class; 0: the size does not bring it there.
    """

    min_bits_good: int = 0
    min_bits_sufficient: int = 0
    min_bits_phase_out: int = 0

    NOUN: ClassVar[str] = "Diffie-Hellman groups"
    SCOPE: ClassVar[Scope] = Scope.PORT

    @classmethod
    def names(cls) -> Collection[str]:
        """Every prime that is known by name."""
        return _PRIMES

    def judge(self, scene: Scene) -> Judgement:
        """Judge every group that was sent."""
        versions, suites = scene.nearest(TlsVersions), scene.nearest(TlsSuites)
        if versions is None or suites is None:
            return scene.lacking(TlsVersions if versions is None else TlsSuites)
        exchanges = scene.nearest(TlsKeyExchanges) or TlsKeyExchanges(parameters=())
        field = FiniteField(versions=versions, suites=suites, exchanges=exchanges)
        aside = field.aside()
        if aside is not None:
            return aside
        tally = Tally("Diffie-Hellman groups")
        for parameters in field.parameters:
            tally.saw(*self._ranked(parameters))
        for name in unknown_below_13(versions):
            tally.unknown(f"{spoken(name)} was not asked for")
        if any(fits(s, _ephemeral) for found in suites.lists for s in found.undecided):
            tally.unknown("not every suite with DHE was asked for")
        return tally.judgement()

    def _ranked(self, parameters: KeyExchangeParameters) -> tuple[str, Rank | None]:
        """A known group is one with its own generator; any other is told by its size."""
        prime, generator = int.from_bytes(parameters.prime), int.from_bytes(parameters.generator)
        known = known_prime(prime)
        bits = prime.bit_length()
        if known is not None and known.generator in (None, generator):
            name = known.name
            label = name if known.name.startswith("ffdhe") else f"{name} ({bits} bits)"
            if name in self.table:
                return label, self.table[name]
        else:
            label = f"a group of its own ({bits} bits)"
        for rank, least in self._sizes():
            if least and bits >= least:
                return label, rank
        return label, self.default

    def _sizes(self) -> tuple[tuple[Rank, int], ...]:
        return (
            (Rank.GOOD, self.min_bits_good),
            (Rank.SUFFICIENT, self.min_bits_sufficient),
            (Rank.PHASE_OUT, self.min_bits_phase_out),
        )

    def told(self) -> tuple[tuple[str, str], ...]:
        """The classes by name, then by size."""
        sizes = [(rank.label, f"other groups from {least} bits on") for rank, least in self._sizes() if least]
        return (*sizes, *super().told())


def _ephemeral(suite: SuiteProperties) -> bool:
    return suite.key_exchange in ("DHE", "DHE_PSK")


KINDS: Final[dict[str, type[Any]]] = {"groups": GroupRule, "finite-field": FiniteFieldRule}
