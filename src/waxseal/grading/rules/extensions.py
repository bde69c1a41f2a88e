"""Rules about extensions of TLS up to 1.2: heartbeats (RFC 6520) and encrypt-then-MAC (RFC 7366)."""

from typing import Any, ClassVar, Final

from msgspec import Struct

from waxseal.checks.api import Judgement, Scope, not_applicable, passed, unreached
from waxseal.checks.tls._offer import (
    FULL,
    accepted_below_13,
    fits,
    listed,
    spoken,
    unknown_below_13,
)
from waxseal.facts import HeartbeatAnswer, TlsSuites, TlsVersions
from waxseal.grading.rules.outcome import expect_bad, of_class
from waxseal.grading.rules.scene import Scene
from waxseal.wire.tls_registry import ENCRYPT_THEN_MAC, HEARTBEAT
from waxseal.wire.tls_suite_properties import SuiteProperties


class HeartbeatRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Heartbeats are switched off.

    Attributes:
        present: Class of a server that knows them: ``phase_out`` or ``insufficient``.
    """

    present: str = "insufficient"

    SCOPE: ClassVar[Scope] = Scope.PORT

    def __post_init__(self) -> None:
        expect_bad("present", self.present)

    def judge(self, scene: Scene) -> Judgement:
        """Judge by the server's own extension; that it keeps silent counts where it was offered one."""
        versions, answer = scene.nearest(TlsVersions), scene.nearest(HeartbeatAnswer)
        if versions is None:
            return scene.lacking(TlsVersions)
        accepted = accepted_below_13(versions)
        shown = [spoken(found.version) for found in accepted if HEARTBEAT in found.extensions]
        if shown or (answer is not None and answer.mode is not None):
            return of_class(self.present, "The server knows heartbeats", *shown)
        if answer is not None:
            return passed("Heartbeats were offered, and the server does not know them")
        if accepted or unknown_below_13(versions):
            return unreached("whether the server knows heartbeats was not seen", advice=FULL)
        return not_applicable("heartbeats are of TLS up to 1.2, and none of it is spoken")

    def told(self) -> tuple[tuple[str, str], ...]:
        """What counts against the server."""
        return (("with heartbeats", self.present.replace("_", "-")),)


class EncryptThenMacRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Suites in CBC mode go with encrypt-then-MAC.

    Attributes:
        missing: Class of a server that takes such suites without: ``phase_out`` or ``insufficient``.
    """

    missing: str = "insufficient"

    SCOPE: ClassVar[Scope] = Scope.PORT

    def __post_init__(self) -> None:
        expect_bad("missing", self.missing)

    def judge(self, scene: Scene) -> Judgement:
        """Judge the versions with a suite in CBC mode; the extension is negotiated with such a suite only."""
        versions, suites = scene.nearest(TlsVersions), scene.nearest(TlsSuites)
        if versions is None or suites is None:
            return scene.lacking(TlsVersions if versions is None else TlsSuites)
        guarded = {a.version for a in versions.answers if ENCRYPT_THEN_MAC in a.extensions}
        in_cbc = {f.version: [s for s in f.accepted if fits(s, _in_cbc)] for f in suites.lists}
        accepted = {version: found for version, found in in_cbc.items() if found}
        bare = {version: found for version, found in accepted.items() if version not in guarded}
        if bare:
            lines = [f"{spoken(version)}: {listed(found)}" for version, found in bare.items()]
            return of_class(self.missing, "CBC suites are accepted without encrypt-then-MAC", *lines)
        left = [spoken(name) for name in unknown_below_13(versions)]
        left += [
            spoken(found.version)
            for found in suites.lists
            if found.version not in guarded and any(fits(s, _in_cbc) for s in found.undecided)
        ]
        if left:
            return unreached("whether a suite in CBC mode is accepted was not seen", *left, advice=FULL)
        if accepted:
            return passed("CBC suites are accepted with encrypt-then-MAC", *map(spoken, accepted))
        return not_applicable("no suite in CBC mode is accepted")

    def told(self) -> tuple[tuple[str, str], ...]:
        """What counts against the server."""
        return (("CBC without it", self.missing.replace("_", "-")),)


def _in_cbc(suite: SuiteProperties) -> bool:
    return suite.mode == "CBC"


KINDS: Final[dict[str, type[Any]]] = {"heartbeat": HeartbeatRule, "encrypt-then-mac": EncryptThenMacRule}
