"""Examines the TLS of one address and port: which strands are asked at which depth, and the facts they make.

The main conversation came before and shook hands once, alone. Here, some connections at a time are driven to
the hello (``probes.tls.pool``) for the strands of ``tls13``, ``below13`` and ``extras``; whatever ends them
early, what was seen until then is recorded.
"""

from waxseal.facts import (
    Cause,
    CertificateTypeQuery,
    CertificateTypes,
    Ended,
    MailProtocol,
    NoSniAnswer,
    Reaction,
    Stage,
    Subject,
    TlsMode,
    TlsSpending,
    VersionAnswer,
)
from waxseal.net.peer import Peer
from waxseal.probes.certificate_chain import emit_chain
from waxseal.probes.dialogue import DialogueResult
from waxseal.probes.recorder import Recorder, Run, attempt
from waxseal.probes.settings import ProbeSettings
from waxseal.probes.tls.below13 import Below13
from waxseal.probes.tls.control import Control
from waxseal.probes.tls.depth import Depth
from waxseal.probes.tls.extras import Extras, Taker, shown
from waxseal.probes.tls.flaws import Flaws
from waxseal.probes.tls.hellos import HelloMaker
from waxseal.probes.tls.knowledge import REFUSALS, SSL_2_NAME, VERSIONS, Knowledge
from waxseal.probes.tls.pool import Pool
from waxseal.probes.tls.question import HelloTalk, Strand, Talk, Tls13Talk
from waxseal.probes.tls.scout import Scouted
from waxseal.probes.tls.sessions import Sessions
from waxseal.probes.tls.simulation import Simulation, chosen_shapes
from waxseal.probes.tls.suites import signs
from waxseal.probes.tls.tls13 import Tls13Peel
from waxseal.trust.certificate import parse
from waxseal.wire import tls_registry as reg
from waxseal.wire.smtp_command import address_literal
from waxseal.wire.tls_client_hello import TLS_1_2, TLS_1_3
from waxseal.wire.tls_record import alert_name

PROBE = "tls"
INTERNAL_ERROR = 80
"""An alert that says nothing of what was offered (RFC 8446 §6.2)."""
_SUITES_FOR_ORDER = 2
_CURVES = {name: number for number, name in reg.GROUP_NAMES.items()}


class Examination:
    """One address and port, examined once for every subject that shares it."""

    def __init__(
        self,
        peer: Peer,
        recorder: Recorder,
        subjects: tuple[Subject, ...],
        settings: ProbeSettings,
        mode: TlsMode,
        protocol: MailProtocol,
    ) -> None:
        self.peer = peer
        self.recorder = recorder
        self.subjects = subjects
        self.settings = settings
        self.mode = mode
        self.protocol = protocol
        self.knowledge = Knowledge()
        self._leaves: set[tuple[str, str]] = set()
        self._types: set[str] = set()
        self._done: set[str] = set()
        self._server_name = ""
        self._sessions: Sessions
        self._flaws: Flaws

    async def run(self, main: DialogueResult, server_name: str, other_names: tuple[str, ...]) -> None:
        """Ask, and record what was seen.

        Args:
            main: How the main conversation went; its handshake was completed.
            server_name: The SNI that it sent; "" for none.
            other_names: Further names to ask for certificates of.
        """
        depth = self.settings.depth
        self._server_name = server_name
        self._take_main(main)
        async with attempt(self.recorder, self.subjects, PROBE, self.peer.network.clock) as run:
            pool = self._pool(run)
            maker = HelloMaker(server_name)
            extras = Extras(self.knowledge, maker, self.protocol)
            self._flaws = Flaws(self.knowledge, maker, depth, self.protocol, self.mode)
            self._sessions = self._make_sessions(maker, main)
            control = Control(self.knowledge, extras, self.peer)
            strands = self._strands(run, maker, extras, depth, main, other_names)
            simulation = Simulation(chosen_shapes(self.settings.simulate), server_name)
            self.peer.connection_limit += simulation.connections
            try:
                await pool.ask(*map(control.watched, strands), *simulation.strands())
                await pool.ask(control.ask())
            finally:
                control.settle()
                self._record(run, pool, extras, depth)
                for fact in simulation.facts(pool.not_asked):
                    run.emit(fact)
            if control.doubted:
                run.ended = Ended(Cause.CLOSED, detail="from some question on, without an alert")
            elif pool.not_asked:
                run.ended = Ended(Cause.BUDGET_SPENT, detail=pool.not_asked[0])

    async def without_name(self, main: DialogueResult) -> None:
        """The main handshake was refused with an alert: see whether it goes on without SNI."""
        async with attempt(self.recorder, self.subjects, "tls.no-sni", self.peer.network.clock) as run:
            extras = Extras(self.knowledge, HelloMaker(), self.protocol)
            pool = self._pool(run)
            await pool.ask(extras.show("", "no server name", self._no_name_taker(run, main)))
            if pool.not_asked:
                run.ended = Ended(Cause.BUDGET_SPENT, detail=pool.not_asked[0])

    def _pool(self, run: Run) -> Pool:
        settings = self.settings
        return Pool(
            self.peer, run, self.protocol, self.mode, settings.ehlo_name, settings.parallel_per_server
        )

    def _make_sessions(self, maker: HelloMaker, main: DialogueResult) -> Sessions:
        sessions = Sessions(
            self.knowledge,
            maker,
            self.settings.depth,
            self.protocol,
            self.mode,
            own_name=main.own_name or self.settings.ehlo_name or address_literal("127.0.0.1"),
            now=self.peer.network.clock.monotonic,
        )
        broke_off = main.stage is Stage.EHLO_TLS and main.cause in (Cause.ALERT, Cause.CLOSED, Cause.RESET)
        stood = True if main.stage is Stage.QUIT else False if broke_off else None
        sessions.take_main(main.scouted, stood=stood)
        return sessions

    def _take_main(self, main: DialogueResult) -> None:
        """What the main conversation tells already: a version, and the leaf."""
        self._take_scouted(main.scouted)
        self._leaves.add((self._server_name, main.leaf_sha256))
        self._take_key(main.key_type, main.leaf_curve)

    def _take_scouted(self, scouted: Scouted) -> None:
        """Version, suite, group and scheme of the main handshake, and the groups that the server lists."""
        hello = scouted.hello
        if hello is None or hello.version not in self.knowledge.versions:
            return
        known = self.knowledge.versions[hello.version]
        known.selected(hello)
        known.extensions.update(dict.fromkeys(scouted.extensions))
        # Newer ones were offered too, if not with every suite there is.
        assume = self.settings.depth is not Depth.FULL
        for newer in VERSIONS[: VERSIONS.index(hello.version)] if assume else ():
            reaction = Reaction(Cause.COMPLETED, detail=f"{known.name} was selected")
            self.knowledge.versions[newer].refused(reaction)
        if hello.version == TLS_1_3 and hello.suite in known.undecided:
            known.suites.append(hello.suite)
            known.undecided.remove(hello.suite)
            known.evidence.note(scouted.offered, hello.suite)
            known.schemes.take(scouted.scheme)
            known.list_groups(scouted.groups, scouted.group)

    def _take_key(self, key_type: str, curve: str) -> None:
        self._types.add(key_type)
        if curve in _CURVES:
            self.knowledge.leaf_curves.add(_CURVES[curve])

    def _strands(
        self,
        run: Run,
        maker: HelloMaker,
        extras: Extras,
        depth: Depth,
        main: DialogueResult,
        other_names: tuple[str, ...],
    ) -> list[Strand]:
        below = Below13(self.knowledge, maker, depth, self._flaws.choose)
        peel = Tls13Peel(self.knowledge, maker, all_schemes=depth is Depth.FULL)
        # The longest strand first: it decides how long all of them take.
        strands = [self._watched(run, maker.server_name, below.tls12(), "1.2")]
        new = self.knowledge.versions[TLS_1_3].accepted
        if depth is not Depth.GRADE and (new is not False or depth is Depth.FULL):
            strands.append(self._watched(run, maker.server_name, peel.ask(), "1.3"))
        strands.append(self._watched(run, maker.server_name, below.older(), "older"))
        strands.append(extras.ask_ssl2())
        no_name = self._no_name_taker(run, main) if maker.server_name else None
        if no_name is not None and depth is Depth.GRADE:
            strands.append(extras.show("", "no server name", no_name))
        strands += [
            extras.show(name, f"certificate of {name}", self._chain_taker(run, name)) for name in other_names
        ]
        strands.append(below.fallback(self._versions_known))
        if depth is Depth.GRADE and new:
            strands.append(self._watched(run, maker.server_name, peel.other_key(), "1.3"))
        if depth is not Depth.GRADE:
            strands.append(extras.ask_tolerance(self._usual_known, no_name))
            strands.append(self._sessions.ask(self._sessions_due))
            strands.append(self._flaws.ask(lambda: {"1.2", "older"} <= self._done))
        return strands

    def _usual_known(self) -> bool:
        """Whether enough is known for a hello like those that are answered, with suites to choose from."""
        some = len(self.knowledge.versions[TLS_1_3].suites) >= _SUITES_FOR_ORDER
        return some or bool({"1.3", "1.2"} & self._done)

    def _versions_known(self) -> bool:
        """Whether every version up to TLS 1.2 is decided, as far as it is going to be."""
        return "older" in self._done and (
            "1.2" in self._done or bool(self.knowledge.versions[TLS_1_2].suites)
        )

    def _sessions_due(self) -> bool:
        """Whether enough suites are known for sessions, which tell whose order decides as well."""
        some = len(self.knowledge.versions[TLS_1_2].suites) >= _SUITES_FOR_ORDER
        return "older" in self._done and ("1.2" in self._done or some)

    def _watched(self, run: Run, server_name: str, strand: Strand, name: str) -> Strand:
        """The same strand; certificates that it shows for the first time are recorded."""
        try:
            question = next(strand)
            while True:
                talk = yield question
                self._take_chain(run, talk, server_name)
                self._sessions.see(talk)
                question = strand.send(talk)
        except StopIteration:
            pass
        finally:
            self._done.add(name)

    def _take_chain(self, run: Run, talk: Talk, server_name: str) -> None:
        """Record a chain whose leaf was not seen before.

        What is shown for the server's own name is recorded for that name, also where another name or none got
        it first: senders ask by that name, and checks of DANE look at what is shown to them.
        """
        chain = shown(talk)
        if not chain or not isinstance(talk, HelloTalk | Tls13Talk) or talk.selected is None:
            return
        leaf = parse(chain[0])
        if (server_name, leaf.sha256) in self._leaves or (self._server_name, leaf.sha256) in self._leaves:
            return
        self._leaves.add((server_name, leaf.sha256))
        known = self.knowledge.versions.get(talk.selected.version)
        emit_chain(run, chain, known.name if known is not None else "", server_name, self.peer.network)
        self._take_key(leaf.key_type, leaf.curve)

    def _chain_taker(self, run: Run, name: str) -> Taker:
        return lambda talk, chain: self._take_chain(run, talk, name)

    def _no_name_taker(self, run: Run, main: DialogueResult) -> Taker:
        def take(talk: Talk, chain: tuple[bytes, ...]) -> None:
            if not chain:
                if talk.cause in (Cause.ALERT, Cause.CLOSED, Cause.RESET):
                    reaction = talk.reaction()
                    run.emit(NoSniAnswer(completed=False, alert=reaction.alert, detail=_ending(reaction)))
                return
            sha256 = parse(chain[0]).sha256
            run.emit(NoSniAnswer(completed=True, leaf_sha256=sha256))
            if sha256 != main.leaf_sha256:
                self._take_chain(run, talk, "")

        return take

    def _record(self, run: Run, pool: Pool, extras: Extras, depth: Depth) -> None:
        """Every fact that the questions made, also where they were cut short."""
        ssl2 = extras.ssl2
        answer = VersionAnswer(SSL_2_NAME, None)
        if ssl2 is not None:
            decided = ssl2.answered or ssl2.reaction.cause in (*REFUSALS, Cause.NOT_TLS)
            answer = VersionAnswer(SSL_2_NAME, ssl2.answered if decided else None, ssl2.reaction)
            run.emit(ssl2)
        knowledge = self.knowledge
        run.emit(knowledge.fact_versions(answer))
        run.emit(knowledge.fact_suites())
        run.emit(knowledge.fact_groups())
        run.emit(knowledge.fact_schemes())
        run.emit(knowledge.fact_exchanges())
        run.emit(self._certificate_types())
        if knowledge.fallback is not None:
            run.emit(knowledge.fallback)
        if extras.tolerance is not None:
            run.emit(extras.tolerance)
        for fact in (*self._sessions.facts(), *self._flaws.facts()):
            run.emit(fact)
        run.emit(
            TlsSpending(
                depth=depth.value,
                planned=self.peer.connection_limit,
                spent=self.peer.connections,
                parallel=pool.most_open,
                put_off=pool.put_off,
                not_asked=tuple(pool.not_asked),
            )
        )

    def _certificate_types(self) -> CertificateTypes:
        return CertificateTypes(queries=tuple(self._type_query(kind) for kind in ("rsa", "ec")))

    def _type_query(self, kind: str) -> CertificateTypeQuery:
        """Whether a key type is there: by schemes in TLS 1.3, by suites before it.

        Only an alert that names the offer as the cause says that it is not (RFC 8446 §4.4.2.2); a connection
        that is merely broken off may have other reasons.
        """
        new = self.knowledge.versions[TLS_1_3]
        old = self.knowledge.versions[0x0303]
        schemes = reg.RSA_SCHEMES if kind == "rsa" else reg.ECDSA_SCHEMES
        signer = "rsa" if kind == "rsa" else "ecdsa"
        if kind in self._types:
            return CertificateTypeQuery(kind, True)
        asked_new = new.accepted is False or not set(schemes) & set(new.schemes.remaining)
        asked_old = old.accepted is False or not any(signs(s) == signer for s in old.undecided)
        if not asked_new or not (asked_old or new.accepted):
            return CertificateTypeQuery(kind, None, "not asked for alone")
        refusal = new.schemes.refusal if new.accepted else old.refusal
        how = "no answer" if refusal is None else _ending(refusal)
        is_no = refusal is not None and refusal.alert not in (None, INTERNAL_ERROR)
        return CertificateTypeQuery(kind, False if is_no else None, f"asked for alone: {how}")


def _ending(reaction: Reaction) -> str:
    """In words, with the name of the alert."""
    alert = f"{alert_name(reaction.alert)} ({reaction.alert})" if reaction.alert is not None else ""
    return " ".join(part for part in (reaction.cause.value, alert, reaction.detail) if part)
