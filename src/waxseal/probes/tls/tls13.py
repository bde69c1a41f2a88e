"""Peels TLS 1.3: suites, signature schemes and groups, several of them with each question.

A question is a handshake read to CertificateVerify, so it shows suite, group and scheme at once (RFC 8446
§4.1.1: the three are negotiated apart from one another). Servers that list their groups in
EncryptedExtensions need no peel of them; OpenSSL does where the share that was sent is not of the group that
it likes best.
"""

from collections.abc import Callable
from typing import Final

from waxseal.probes.tls.hellos import GROUPS_13, SCHEMES_13, HelloMaker
from waxseal.probes.tls.knowledge import REFUSALS, Knowledge, VersionKnowledge
from waxseal.probes.tls.question import HelloTalk, Question, Strand, Talk, Tls13Talk
from waxseal.probes.tls.suites import offered_order
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client_hello import TLS_1_3
from waxseal.wire.tls_suite_properties import suites_of_version

RSA_PSS: Final = frozenset((0x0804, 0x0805, 0x0806))
"""What a server with an RSA key is thought to sign with."""
USUAL_GROUPS: Final = frozenset((reg.X25519, reg.SECP256R1, reg.SECP384R1, reg.SECP521R1, reg.X448))
_NONE: Final[frozenset[int]] = frozenset()


class Tls13Peel:
    """The peel of TLS 1.3 on one server; see `ask`."""

    def __init__(self, knowledge: Knowledge, maker: HelloMaker, *, all_schemes: bool = True) -> None:
        self.knowledge = knowledge
        self.known: VersionKnowledge = knowledge.versions[TLS_1_3]
        self.maker = maker
        self.all_schemes = all_schemes
        self.turn = 0
        self.riding = True

    def ask(self) -> Strand:
        """Ask until all is decided, refused, or cannot be asked for."""
        if not self.known.suites:
            yield from self._suites(first=True)
        if not self.known.suites:
            return
        yield from self._schemes(self._unexpected_schemes)
        yield from self._suites()
        yield from self._groups()
        if self.all_schemes:
            yield from self._schemes(lambda: frozenset(self.known.schemes.remaining))

    def other_key(self) -> Strand:
        """One question: does it have a certificate of another key type than the one it shows?"""
        shown = self.known.schemes.accepted
        rsa = bool(set(reg.RSA_SCHEMES) & set(shown))
        other = frozenset(reg.ECDSA_SCHEMES if rsa else reg.RSA_SCHEMES)
        suites = tuple(self.known.suites) or suites_of_version(TLS_1_3)
        talk = yield self._question(
            "signature schemes", suites, without_schemes=frozenset(SCHEMES_13) - other
        )
        self.take(talk)
        if talk.cause in REFUSALS:
            self.known.schemes.refusal = talk.reaction()
            self.known.schemes.remaining = [s for s in self.known.schemes.remaining if s not in other]

    def _expected_schemes(self) -> frozenset[int]:
        return RSA_PSS if RSA_PSS & set(self.known.schemes.accepted) else _NONE

    def _unexpected_schemes(self) -> frozenset[int]:
        """All but those that are thought to come with the suites; and once, where not all are wanted."""
        rest = frozenset(self.known.schemes.remaining) - self._expected_schemes()
        both_types = {scheme in reg.RSA_SCHEMES for scheme in self.known.schemes.accepted} == {True, False}
        return _NONE if both_types and not self.all_schemes else rest

    def _suites(self, *, first: bool = False) -> Strand:
        while self.known.undecided:
            without_groups = without_schemes = _NONE
            if self.riding and self.known.suites:
                without_schemes = self._ride(self._expected_schemes(), self.known.schemes.accepted)
                if not self.known.groups.listed:
                    without_groups = self._ride(USUAL_GROUPS, self.known.groups.accepted)
            offered = offered_order(self.known.undecided, self.turn)
            self.turn += 1
            more = 1 if self._more_behind_suites() else 0
            talk = yield self._question("suites", offered, without_groups, without_schemes, more=more)
            self.take(talk)
            hello = talk.selected if isinstance(talk, Tls13Talk) else None
            if hello is not None and hello.version == TLS_1_3:
                if hello.suite not in self.known.undecided:
                    return  # one that was not offered: nothing can be peeled
                self.known.suites.append(hello.suite)
                self.known.undecided.remove(hello.suite)
                self.known.evidence.note(offered, hello.suite)
                if first:
                    return
            elif hello is None and talk.cause not in REFUSALS:
                self.known.unknown(talk.reaction())
                return
            elif without_groups or without_schemes:
                self.riding = False
            else:
                self.known.refusal = talk.reaction()
                self.known.undecided.clear()
                self.known.refused(talk.reaction())

    def _more_behind_suites(self) -> bool:
        """Whether questions are sure to follow, even where this one is refused."""
        schemes = set(self.known.schemes.remaining) - self._expected_schemes()
        return bool(self.known.groups.remaining) or (self.all_schemes and bool(schemes))

    def _ride(self, expected: frozenset[int], accepted: list[int]) -> frozenset[int]:
        """What may be left out, since more is expected to be accepted."""
        return frozenset(accepted) if expected - set(accepted) else _NONE

    def _question(
        self,
        about: str,
        suites: tuple[int, ...],
        without_groups: frozenset[int] = _NONE,
        without_schemes: frozenset[int] = _NONE,
        *,
        more: int = 0,
    ) -> Question:
        groups = tuple(g for g in GROUPS_13 if g not in without_groups)
        schemes = tuple(s for s in SCHEMES_13 if s not in without_schemes)
        return Question(f"{about} TLSv1.3", lambda: self.maker.tls13(suites, groups, schemes), more=more)

    def take(self, talk: Talk) -> None:
        """Take in the group, the scheme and the list of groups that an answer shows."""
        known = self.knowledge.note(talk)
        if known is not self.known or not isinstance(talk, Tls13Talk):
            return
        self.known.schemes.take(talk.scheme)
        seen = talk.encrypted_extensions
        listed = None if seen is None else seen.message.extensions.groups
        self.known.list_groups(listed, talk.group)

    def _schemes(self, wanted: Callable[[], frozenset[int]]) -> Strand:
        """Ask for these schemes with a suite that is known; a refusal decides them all."""
        suites = tuple(self.known.suites[:1])
        while rest := wanted() & set(self.known.schemes.remaining):
            talk = yield self._question(
                "signature schemes",
                suites,
                without_schemes=frozenset(SCHEMES_13) - rest,
                more=1 if self.known.undecided else 0,
            )
            self.take(talk)
            scheme = talk.scheme if isinstance(talk, Tls13Talk) else None
            if scheme in rest and scheme not in self.known.schemes.remaining:
                continue
            if talk.cause not in REFUSALS:
                return
            self.known.schemes.refusal = talk.reaction()
            for scheme in rest:
                self.known.schemes.remaining.remove(scheme)
            if set(reg.ECDSA_SCHEMES) <= rest:
                self.knowledge.no_ecdsa = True

    def _groups(self) -> Strand:
        """Peel the groups that are left, by HelloRetryRequest (RFC 8446 §4.1.4)."""
        suites = tuple(self.known.suites)
        while self.known.groups.remaining:
            groups = tuple(self.known.groups.remaining)
            talk = yield Question(
                "groups TLSv1.3",
                lambda groups=groups: self.maker.retry(suites, groups),  # type: ignore[misc]
                more=len(USUAL_GROUPS - set(self.known.groups.accepted)),
            )
            known = self.knowledge.note(talk)
            group = talk.group if isinstance(talk, HelloTalk) else None
            if known is self.known and self.known.groups.take(group):
                continue
            if talk.cause not in REFUSALS:
                return
            self.known.groups.close(talk.reaction())
