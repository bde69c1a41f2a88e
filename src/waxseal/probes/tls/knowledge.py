"""What the strands have found out so far, and the facts that it makes, whole or not."""

from dataclasses import dataclass, field
from typing import Final

from waxseal.facts import (
    Cause,
    FallbackAnswer,
    KeyExchangeParameters,
    NumberList,
    Reaction,
    SuiteList,
    TlsGroups,
    TlsKeyExchanges,
    TlsSchemes,
    TlsSuites,
    TlsVersions,
    VersionAnswer,
)
from waxseal.probes.tls.hellos import CURVES, GROUPS_13, SCHEMES_12, SCHEMES_13
from waxseal.probes.tls.order import OrderEvidence
from waxseal.probes.tls.question import HelloTalk, Talk, Tls13Talk
from waxseal.wire.tls_key_exchange import ServerKeyExchange
from waxseal.wire.tls_server_hello import ServerHello, version_name
from waxseal.wire.tls_suite_properties import suites_of_version

VERSIONS: Final = (0x0304, 0x0303, 0x0302, 0x0301, 0x0300)
"""TLS 1.3 to SSL 3.0, newest first."""
SSL_2_NAME: Final = "SSLv2"
MAX_PUBLICS: Final = 8
_PUBLIC_OCTETS: Final = 64
REFUSALS: Final = (Cause.ALERT, Cause.CLOSED, Cause.RESET)
"""Ends by which a server refuses what a hello offered; silence is none."""


@dataclass(slots=True)
class Dimension:
    """Groups or schemes of one version, while they are peeled off the offers.

    Attributes:
        accepted: Found so far, in that order.
        remaining: Not decided.
        listed: The server listed them itself.
        refusal: How the server refused some, asked for alone; None where it did not.
    """

    accepted: list[int]
    remaining: list[int]
    listed: bool = False
    refusal: Reaction | None = None

    def take(self, number: int | None) -> bool:
        """Note one as found; whether it was not known before."""
        if number is None or number in self.accepted:
            return False
        self.accepted.append(number)
        if number in self.remaining:
            self.remaining.remove(number)
        return True

    def close(self, refusal: Reaction | None = None, some: tuple[int, ...] | None = None) -> None:
        """All that remain are refused, or some of them."""
        self.remaining = [] if some is None else [number for number in self.remaining if number not in some]
        self.refusal = refusal

    def take_back(self, doubted: list[Reaction], everything: list[int]) -> bool:
        """Undo a refusal that is in doubt; whether there was one."""
        if self.refusal is None or self.refusal not in doubted:
            return False
        self.remaining = [number for number in everything if number not in self.accepted]
        self.refusal = None
        return True

    def as_list(self, version: str) -> NumberList:
        """The same as part of a fact."""
        return NumberList(version, tuple(self.accepted), tuple(self.remaining), self.listed)


@dataclass(slots=True)
class VersionKnowledge:
    """One version.

    Attributes:
        number: The version.
        accepted: Whether the server selects it; None while nobody knows.
        reaction: How it refused.
        suites: Suites that were selected, in that order.
        undecided: Suites that are not decided.
        evidence: Choices of suites, for whose order it is.
        refusal: How the rest of the suites was refused.
        groups, schemes: The other dimensions.
        hello: The first ServerHello.
        extensions: Numbers of the extensions seen.
        in_parts: Whether the suites were asked for in several lists, so that their order is not known.
    """

    number: int
    accepted: bool | None = None
    reaction: Reaction | None = None
    suites: list[int] = field(default_factory=list)
    undecided: list[int] = field(default_factory=list)
    evidence: OrderEvidence = field(default_factory=OrderEvidence)
    refusal: Reaction | None = None
    groups: Dimension = field(default_factory=lambda: Dimension([], []))
    schemes: Dimension = field(default_factory=lambda: Dimension([], []))
    hello: ServerHello | None = None
    extensions: dict[int, None] = field(default_factory=dict)
    in_parts: bool = False

    @property
    def name(self) -> str:
        """As facts name it."""
        return version_name(self.number)

    def selected(self, hello: ServerHello) -> None:
        """The server selected this version."""
        self.accepted = True
        if self.hello is None:
            self.hello = hello
        self.extensions.update(dict.fromkeys(hello.extensions.numbers))

    def refused(self, reaction: Reaction) -> None:
        """The server was asked for it and would not; what was selected before stays true."""
        if self.accepted is None:
            self.accepted = False
            self.reaction = reaction
            self.undecided.clear()

    def unknown(self, reaction: Reaction) -> None:
        """The server was asked for it and gave no answer."""
        if self.accepted is None:
            self.reaction = reaction

    def take_back(self, doubted: list[Reaction]) -> bool:
        """Undo refusals that are in doubt; whether there were any."""
        fresh = _fresh(self.number)
        found = self.groups.take_back(doubted, fresh.groups.remaining)
        found |= self.schemes.take_back(doubted, fresh.schemes.remaining)
        if self.accepted is False and self.reaction in doubted:
            self.accepted, found = None, True
        if self.refusal is not None and self.refusal in doubted:
            self.undecided = [suite for suite in fresh.undecided if suite not in self.suites]
            self.refusal, found = None, True
        return found

    def list_groups(self, listed: tuple[int, ...] | None, used: int | None) -> None:
        """Take in the group that was used, and those that the server lists, which decides all of them."""
        if listed and not self.groups.listed:
            rest = [group for group in self.groups.accepted if group not in listed]
            self.groups.accepted = [*listed, *rest]
            self.groups.listed = True
            self.groups.close()
        elif not self.groups.listed:
            self.groups.take(used)

    def answer(self) -> VersionAnswer:
        """The same as part of a fact."""
        hello = self.hello
        sentinel = None if hello is None else hello.downgrade_sentinel
        return VersionAnswer(
            version=self.name,
            accepted=self.accepted,
            reaction=self.reaction,
            server_hello=b"" if hello is None else hello.octets[:4096],
            extensions=tuple(self.extensions),
            compression=0 if hello is None else hello.compression,
            session_id_octets=0 if hello is None else len(hello.session_id),
            sentinel="" if sentinel is None else version_name(sentinel),
        )


def _fresh(version: int) -> VersionKnowledge:
    known = VersionKnowledge(version, undecided=list(suites_of_version(version)))
    if version == 0x0304:
        known.groups.remaining = list(GROUPS_13)
        known.schemes.remaining = list(SCHEMES_13)
    elif version > 0x0300:
        known.groups.remaining = list(CURVES)
        known.schemes.remaining = list(SCHEMES_12) if version == 0x0303 else []
    return known


@dataclass(slots=True)
class Knowledge:
    """All that is known of one server.

    Attributes:
        versions: By number.
        parameters: Parameters of key exchanges, by version, group and prime.
        no_ecdsa: Whether the server refused every ECDSA scheme of TLS 1.3, so has no such certificate on a
            curve of TLS 1.3.
        leaf_curves: Curves of the EC certificates that were seen; up to TLS 1.2 they have to be among the
            groups offered (RFC 8422 §5.3).
        fallback: The answer to TLS_FALLBACK_SCSV.
    """

    versions: dict[int, VersionKnowledge] = field(
        default_factory=lambda: {version: _fresh(version) for version in VERSIONS}
    )
    parameters: dict[tuple[int, int | None, bytes, bytes], KeyExchangeParameters] = field(
        default_factory=dict
    )
    no_ecdsa: bool = False
    leaf_curves: set[int] = field(default_factory=set)
    fallback: FallbackAnswer | None = None

    @property
    def highest(self) -> int | None:
        """The highest version that the server selects; None while nobody knows one."""
        return next((v for v in VERSIONS if self.versions[v].accepted), None)

    def note(self, talk: Talk) -> VersionKnowledge | None:
        """Take in what an answer shows, whatever was asked; the version that was selected."""
        if not isinstance(talk, HelloTalk | Tls13Talk) or talk.selected is None:
            return None
        hello = talk.selected
        known = self.versions.get(hello.version)
        if known is None:
            return None
        known.selected(hello)
        if isinstance(talk, Tls13Talk):
            seen = talk.encrypted_extensions
            if seen is not None:
                known.extensions.update(dict.fromkeys(seen.message.extensions.numbers))
        elif talk.flight.key_exchange is not None:
            self._exchange(hello, talk.flight.key_exchange)
        return known

    def take_back(self, doubted: list[Reaction]) -> bool:
        """Undo refusals that are in doubt; whether there were any."""
        found = [known.take_back(doubted) for known in self.versions.values()]
        if self.fallback is not None and self.fallback.reaction in doubted:
            self.fallback = None
            found.append(True)
        return any(found)

    def _exchange(self, hello: ServerHello, seen: ServerKeyExchange) -> None:
        key = (hello.version, seen.group, seen.prime, seen.generator)
        if not (seen.prime or seen.curve_type is not None):
            return
        known = self.parameters.get(key)
        publics = () if known is None else known.publics
        public = seen.public[:_PUBLIC_OCTETS]
        if public not in publics and len(publics) < MAX_PUBLICS:
            publics = (*publics, public)
        self.parameters[key] = KeyExchangeParameters(
            version=version_name(hello.version),
            suite=hello.suite if known is None else known.suite,
            group=seen.group,
            curve_type=seen.curve_type,
            prime=seen.prime,
            generator=seen.generator,
            publics=publics,
            shown=1 if known is None else known.shown + 1,
        )

    def fact_versions(self, ssl2: VersionAnswer) -> TlsVersions:
        """Versions, oldest first."""
        return TlsVersions(answers=(ssl2, *(self.versions[v].answer() for v in reversed(VERSIONS))))

    def fact_suites(self) -> TlsSuites:
        """Suites of the versions that are accepted."""
        return TlsSuites(
            lists=tuple(
                SuiteList(
                    version=known.name,
                    accepted=tuple(known.suites),
                    undecided=tuple(known.undecided),
                    order="" if known.in_parts else known.evidence.verdict(tuple(known.suites)),
                    refusal=known.refusal,
                )
                for known in self._accepted()
            )
        )

    def fact_groups(self) -> TlsGroups:
        """Groups of TLS 1.3, and of the newest version before it."""
        lists = [k.groups.as_list(k.name) for k in self._accepted() if k.groups.accepted]
        new = [found for found in lists if found.version == version_name(VERSIONS[0])]
        return TlsGroups(lists=(*new, *[found for found in lists if found not in new][:1]))

    def fact_schemes(self) -> TlsSchemes:
        """Signature schemes of TLS 1.3 and 1.2."""
        return TlsSchemes(
            lists=tuple(k.schemes.as_list(k.name) for k in self._accepted() if k.schemes.accepted)
        )

    def fact_exchanges(self) -> TlsKeyExchanges:
        """Parameters of key exchanges."""
        return TlsKeyExchanges(parameters=tuple(self.parameters.values()))

    def _accepted(self) -> list[VersionKnowledge]:
        return [self.versions[v] for v in VERSIONS if self.versions[v].accepted]
