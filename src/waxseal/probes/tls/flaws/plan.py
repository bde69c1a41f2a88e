"""What is tried for known flaws: riding on connections of the peels, and in questions of their own.

A peel ends a connection where its question is answered: behind ServerHelloDone. From there `Flaws.choose`
goes on with what is still to be tried and fits the suite that was selected, so most tests cost no
connection. What did not get one is asked by itself at depth ``full``, and so are, at any depth, series whose
replies differ.
"""

from collections.abc import Callable, Iterator
from functools import partial

from waxseal.facts import (
    EarlyChangeCipherSpec,
    Fact,
    HeartbeatAnswer,
    MailProtocol,
    PaddingOracle,
    RsaOracle,
    TlsMode,
)
from waxseal.probes.tls.depth import Depth
from waxseal.probes.tls.flaws.cbc_padding import SPOILT, SpoiltTalk, in_cbc
from waxseal.probes.tls.flaws.clear import ClearTalk, Joined, quiet_after
from waxseal.probes.tls.flaws.early_ccs import EarlyCcsTalk
from waxseal.probes.tls.flaws.heartbeat import HeartbeatTalk
from waxseal.probes.tls.flaws.rsa_padding import BLOCKS, RsaTalk, usable_key, with_rsa
from waxseal.probes.tls.flaws.series import ROUNDS, Series
from waxseal.probes.tls.full12 import FullTalk12, spoken, whole_hello
from waxseal.probes.tls.hellos import HelloMaker
from waxseal.probes.tls.knowledge import Knowledge
from waxseal.probes.tls.question import HelloTalk, Question, Strand, Talk, entropy, wait
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls12 import Tls12Client
from waxseal.wire.tls12_keys import SSL_3_0
from waxseal.wire.tls_client_hello import TLS_1_2
from waxseal.wire.tls_server_hello import version_name

Place = tuple[int, int]
"""A version and a suite."""


class Flaws:
    """The tests of one server, and what they found."""

    def __init__(
        self, knowledge: Knowledge, maker: HelloMaker, depth: Depth, protocol: MailProtocol, mode: TlsMode
    ) -> None:
        self.knowledge = knowledge
        self.maker = maker
        self.depth = depth
        self.protocol = protocol
        self.greeted = mode is TlsMode.IMPLICIT or protocol is MailProtocol.SIEVE
        self.whole = Series(BLOCKS)
        self.short = Series(BLOCKS)
        self.cbc = Series(tuple(SPOILT))
        self._rides: list[Talk] = []
        self._slowest_s = 0.0
        self._control: FullTalk12 | None = None
        self._mode: int | None = None
        self._flight_seen = False
        self._heartbeat: HeartbeatTalk | None = None
        self._early_ccs: EarlyCcsTalk | None = None

    def choose(self, talk: HelloTalk) -> Talk | None:
        """What else is tried on a connection whose flight came whole; None for nothing."""
        self._slowest_s = max(self._slowest_s, talk.elapsed_s)
        ride = self._choose(talk)
        if ride is not None:
            self._rides.append(ride)
        return ride

    @property
    def _quiet_s(self) -> float:
        return quiet_after(self._slowest_s)

    def _choose(self, talk: HelloTalk) -> Talk | None:
        version, hello = talk.flight.version, talk.flight.hello
        if self.depth is Depth.GRADE or hello is None or version is None or version > TLS_1_2:
            return None
        self._flight_seen = True
        mode = hello.extensions.heartbeat_mode
        if mode is not None and self._mode is None:
            self._mode = mode
        if mode is not None and (self._heartbeat is None or self._heartbeat.lost) and _can_go_on(talk):
            self._heartbeat = HeartbeatTalk(mode, talk, self._quiet_s)
            return self._heartbeat
        if self._early_ccs is None or _lost(self._early_ccs):
            self._early_ccs = EarlyCcsTalk(version, 2 * self._quiet_s)
            return self._early_ccs
        return self._rsa_ride(talk) or self._cbc_ride(talk) or self._short_ride(talk)

    def _rsa_ride(self, talk: HelloTalk) -> Talk | None:
        if not with_rsa(talk.flight.suite or 0) or usable_key(talk) is None:
            return None
        variant = self.whole.next()
        if variant is not None:
            return self._rsa_trial(variant, self.whole, talk)
        if self._control is None and _can_go_on(talk):
            self._control = FullTalk12(Tls12Client(talk.hello, entropy), talk)
            return self._control
        return None

    def _short_ride(self, talk: HelloTalk) -> Talk | None:
        """Without Finished, right ciphertexts meet silence, which takes time: only at depth ``full``."""
        variant = self.short.next()
        unfit = not with_rsa(talk.flight.suite or 0) or usable_key(talk) is None
        if self.depth is not Depth.FULL or variant is None or unfit:
            return None
        return self._rsa_trial(variant, self.short, talk)

    def _rsa_trial(self, variant: str, series: Series, talk: HelloTalk) -> Talk | None:
        key = usable_key(talk)
        if key is None:
            return None
        trial = RsaTalk(variant, talk, key, self._quiet_s, finished=series is self.whole)
        series.trials.append(trial)
        return trial

    def _cbc_ride(self, talk: HelloTalk) -> Talk | None:
        hello = talk.flight.hello
        variant = self.cbc.next()
        if variant is None or hello is None or hello.version <= SSL_3_0 or not in_cbc(hello.suite):
            return None
        if hello.extensions.has(reg.ENCRYPT_THEN_MAC) or not _can_go_on(talk):
            return None
        client = Tls12Client(talk.hello, entropy)
        trial = SpoiltTalk(
            variant, client, self.protocol, greeted=self.greeted, behind=talk, quiet_s=self._quiet_s
        )
        self.cbc.trials.append(trial)
        return trial

    def ask(self, when: Callable[[], bool]) -> Strand:
        """What did not get a connection to ride on, and what has to be seen again.

        Args:
            when: Whether the peels are through.
        """
        if self.depth is Depth.GRADE:
            return
        yield from wait("flaws", lambda: when() and all(ride.done for ride in self._rides))
        place = self._place(lambda version, suite: with_rsa(suite))
        if place is not None:
            yield from self._series(self.whole, partial(self._rsa_question, self.whole, place))
            yield from self._ask_control(place)
            if not self.whole.differs and self.depth is Depth.FULL:
                yield from self._series(self.short, partial(self._rsa_question, self.short, place))
        place = self._place(
            lambda version, suite: version > SSL_3_0 and in_cbc(suite) and suite in spoken([suite])
        )
        if place is not None:
            yield from self._series(self.cbc, partial(self._cbc_question, place))

    def _series(self, series: Series, question: Callable[[str, bool], Question]) -> Strand:
        """Ask for what is missing; where replies differ, ask for all again."""
        if self.depth is Depth.FULL:
            while (variant := series.next()) is not None:
                began = len(series.trials)
                yield question(variant, len(series.missing()) > 1)
                if len(series.trials) == began:
                    break  # the handshake did not come so far
        if series.differs:
            before, series.trials = series.trials, []
            again = series.variants * ROUNDS
            try:
                for number, variant in enumerate(again, 1):
                    yield question(variant, number < len(again))
            finally:  # also where the time is spent
                series.trials, series.confirmed = before, series.trials

    def _ask_control(self, place: Place) -> Strand:
        missing = self._control is None or not self._control.done
        if self.depth is Depth.FULL and missing and spoken((place[1],)):
            version, suite = place
            hello = whole_hello(self.maker, version, (suite,))
            talk = yield Question("RSA key exchange", lambda: FullTalk12(Tls12Client(hello, entropy)))
            if isinstance(talk, FullTalk12):
                self._control = talk

    def _place(self, fits: Callable[[int, int], bool]) -> Place | None:
        """The highest version up to TLS 1.2, and a suite of it, that fit; None where none was selected."""
        for number, known in self.knowledge.versions.items():
            if number <= TLS_1_2:
                found = next((suite for suite in known.suites if fits(number, suite)), None)
                if found is not None:
                    return number, found
        return None

    def _rsa_question(self, series: Series, place: Place, variant: str, more: bool) -> Question:
        def talk() -> Talk:
            hello = self.maker.up_to_12(place[0], (place[1],))
            return Joined(HelloTalk(hello), lambda first: self._rsa_trial(variant, series, first))

        return Question(f"RSA padding: {variant}", talk, more=more)

    def _cbc_question(self, place: Place, variant: str, more: bool) -> Question:
        def talk() -> Talk:
            hello = whole_hello(self.maker, place[0], (place[1],), encrypt_then_mac=False)
            client = Tls12Client(hello, entropy)
            trial = SpoiltTalk(variant, client, self.protocol, greeted=self.greeted, quiet_s=self._quiet_s)
            self.cbc.trials.append(trial)
            return trial

        return Question(f"CBC padding: {variant}", talk, more=more)

    def facts(self) -> Iterator[Fact]:
        """What was found, also where it was cut short."""
        yield from (fact for fact in (self._heartbeats(), self._change_cipher_spec()) if fact is not None)
        answers = self.whole.answers()
        if answers:
            first = self.whole.of_record()[0]
            yield RsaOracle(
                version=version_name(first.version),
                suite=first.suite,
                answers=answers,
                short_answers=self.short.answers(),
                control_completed=self._control_completed(),
            )
        answers = self.cbc.answers()
        if answers:
            trial = self.cbc.of_record()[0]
            yield PaddingOracle(version=version_name(trial.version), suite=trial.suite, answers=answers)

    def _control_completed(self) -> bool | None:
        """By the control, or by any other test that went through such a handshake first."""
        whole = (ride for ride in (*self._rides, *self.cbc.trials) if isinstance(ride, FullTalk12))
        if any(
            ride.completed and ride.client.suite is not None and with_rsa(ride.client.suite.number)
            for ride in whole
        ):
            return True
        control = self._control
        return control.completed if control is not None and control.done else None

    def _heartbeats(self) -> HeartbeatAnswer | None:
        if self._heartbeat is not None:
            return self._heartbeat.fact()
        return HeartbeatAnswer(mode=self._mode) if self._flight_seen else None

    def _change_cipher_spec(self) -> EarlyChangeCipherSpec | None:
        return None if self._early_ccs is None else self._early_ccs.fact()


def _lost(talk: ClearTalk) -> bool:
    """Whether a test ended with no answer."""
    return talk.done and talk.reply() is None


def _can_go_on(talk: HelloTalk) -> bool:
    """Whether our client can finish the handshake whose flight came."""
    hello = talk.flight.hello
    return hello is not None and not hello.compression and bool(spoken((hello.suite,)))
