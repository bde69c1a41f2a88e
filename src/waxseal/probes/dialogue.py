"""What the main conversations of all protocols share: the attempt, the handshake with its facts, the timing.

What is said before and behind the handshake is in ``smtp_dialogue`` and ``access_dialogue``; which of them
holds an endpoint's conversation, in ``main_dialogue``.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from waxseal.facts import (
    DIALOGUE,
    Cause,
    Handshake,
    Stage,
    StapledResponse,
    Subject,
    Timestamps,
    Timing,
    TlsMode,
)
from waxseal.net.peer import Peer
from waxseal.probes.certificate_chain import emit_chain
from waxseal.probes.conversation import Conversation
from waxseal.probes.key_proof import key_proof
from waxseal.probes.recorder import Recorder, Run, attempt
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.depth import Depth
from waxseal.probes.tls.scout import Scouted, ScoutStream

QUIT_LIMIT_S = 5.0
"""How long the answer to QUIT or LOGOUT is waited for; nothing depends on it."""
_MEASURABLE_ROUND_TRIP_S = 0.0001


class DialogueResult(Struct):
    """What the planner needs to know to decide what else to ask.

    Attributes:
        cause: How the conversation ended.
        stage: Where it ended.
        handshake_completed: Whether TLS stood.
        version: Negotiated version; "" without TLS.
        key_type: Key type of the leaf ("" without TLS).
        leaf_sha256: Of the leaf.
        dns_names: The leaf's subjectAltName names.
        leaf_curve: The curve of its key; "" for other keys.
        own_name: The name that was sent with EHLO or LHLO; "" where none was.
        scouted: What else the handshake showed; with the tickets, once the conversation is over.
    """

    cause: Cause = Cause.COMPLETED
    stage: Stage | None = None
    handshake_completed: bool = False
    version: str = ""
    key_type: str = ""
    leaf_sha256: str = ""
    dns_names: tuple[str, ...] = ()
    leaf_curve: str = ""
    own_name: str = ""
    scouted: Scouted = msgspec.field(default_factory=Scouted)

    @property
    def heard_without_tls(self) -> bool:
        """Whether the server was heard in clear, and STARTTLS was not offered or was turned down."""
        ends = {(Cause.COMPLETED, Stage.QUIT), (Cause.DECLINED, Stage.STARTTLS)}
        return not self.handshake_completed and (self.cause, self.stage) in ends


C = TypeVar("C", bound=Conversation[Any, Any])


class Dialogue(Generic[C]):
    """One main conversation in its stages; ends early by setting `run.ended`, or by a `NetError`.

    Attributes:
        talk: The conversation.
        run: The attempt.
        seconds: What each stage took, by the field names of `Timing`.
    """

    def __init__(
        self,
        talk: C,
        run: Run,
        settings: ProbeSettings,
        mode: TlsMode,
        server_name: str,
        result: DialogueResult,
    ) -> None:
        self.talk = talk
        self.run = run
        self.settings = settings
        self.implicit = mode is TlsMode.IMPLICIT
        self.server_name = server_name
        self.result = result
        self.seconds: dict[str, float] = {}

    async def hold(self) -> None:
        """The whole conversation, as far as the server lets it go."""
        await self.talk.connect()
        self.seconds["connect_s"] = self.talk.connect_s
        if self.implicit:
            await self.shake_hands(behind_starttls=False)
        await self.converse()

    async def converse(self) -> None:
        """Everything from the greeting on."""
        raise NotImplementedError

    async def shake_hands(self, *, behind_starttls: bool) -> None:
        """Cross into TLS, and record the handshake, the chain and what came with it."""
        elapsed = await self.talk.start_tls(self.server_name, behind_starttls=behind_starttls)
        self.seconds["handshake_s"] = elapsed
        tls = self.talk.tls
        if tls is None:
            raise RuntimeError("no TLS after the handshake")
        self.result.handshake_completed = True
        self.result.version = tls.version
        self.run.emit(
            Handshake(
                version=tls.version,
                suite=tls.suite,
                server_name=self.server_name,
                offered_versions=tls.offered_versions,
                elapsed_s=elapsed,
                server_hello=tls.scanner.server_hello[:4096],
                key_proof=key_proof(tls.events),
            )
        )
        self._record_chain(tls)

    def _record_chain(self, tls: ScoutStream) -> None:
        """The certificates shown, and the OCSP response and timestamps beside them."""
        scouted = self.result.scouted = tls.scouted()
        network = self.talk.peer.network
        leaf = emit_chain(
            self.run,
            tls.certificates(),
            tls.version,
            self.server_name,
            network,
            openssl=self.settings.depth is not Depth.GRADE,
        )
        if leaf is None:
            return
        self.result.leaf_curve = leaf.curve
        self.result.key_type = leaf.key_type
        self.result.leaf_sha256 = leaf.sha256
        self.result.dns_names = leaf.dns_names
        place = {"server_name": self.server_name, "certificate_type": leaf.key_type or "unknown"}
        staple = StapledResponse(offered=True, shown_at=network.clock.now(), octets=scouted.status)
        self.run.emit(staple, **place)
        self.run.emit(Timestamps(offered=True, octets=scouted.timestamps), **place)

    def timing(self) -> Timing:
        """Seconds of each stage that was reached, and what sealing cost beside a bare round trip."""
        parts = [self.seconds.get(name) for name in ("starttls_s", "handshake_s", "ehlo_tls_s")]
        extra: float | None = None
        trips: float | None = None
        if not self.implicit and all(part is not None for part in parts):
            extra = sum(part for part in parts if part is not None)
            connect = self.seconds["connect_s"]
            trips = extra / connect if connect >= _MEASURABLE_ROUND_TRIP_S else None
        return Timing(**self.seconds, starttls_extra_s=extra, round_trips_extra=trips)


async def hold_dialogue(
    peer: Peer,
    recorder: Recorder,
    subjects: tuple[Subject, ...],
    make: Callable[[Run, DialogueResult], Dialogue[Any]],
) -> DialogueResult:
    """Hold a conversation and record it for every subject; never raises for what the peer does."""
    result = DialogueResult()
    async with attempt(recorder, subjects, DIALOGUE, peer.network.clock) as run:
        dialogue = make(run, result)
        try:
            await dialogue.hold()
        finally:
            if dialogue.talk.tls is not None:
                result.scouted = dialogue.talk.tls.scouted()
            run.emit(dialogue.talk.transcript())
            run.emit(dialogue.timing())
    result.cause, result.stage = run.ended.cause, run.ended.stage
    return result
