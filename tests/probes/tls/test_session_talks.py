"""Renegotiation asked of a scripted server of TLS 1.2: what counts as its answer, and what came too early."""

import pytest

from tests.wire.tls12_peer import Peer12, client
from waxseal.facts import Cause
from waxseal.probes.tls.session_talks import RenegotiationTalk
from waxseal.wire import tls_registry as reg

NO_RENEGOTIATION = b"\x01\x64"


def standing(behind: bytes = b"", times: int = 1) -> tuple[RenegotiationTalk, Peer12, bytes]:
    """A talk whose handshake stands; alerts may stand in the same segment as the server's Finished."""
    talk, peer = RenegotiationTalk(client()), Peer12()
    heard = talk.start()[5:]
    answer = talk.receive(peer.say(peer.hello(heard), *peer.flight()))
    peer.read(answer)
    last = peer.finish()
    last += b"".join(peer.seal(reg.ALERT, behind) for _ in range(times)) if behind else b""
    return talk, peer, talk.receive(last)


def test_a_refusal_is_followed_by_a_try_without_the_extension() -> None:
    talk, peer, sent = standing()
    assert (talk.attempted, talk.how, bool(sent)) == (1, None, True)
    again = talk.receive(peer.seal(reg.ALERT, NO_RENEGOTIATION))
    assert again
    assert talk.how is not None
    assert (talk.how.cause, talk.without_info, talk.done) == (Cause.ALERT, None, False)
    assert talk.receive(peer.seal(reg.ALERT, NO_RENEGOTIATION)) == b""
    assert (talk.without_info, talk.done) == (False, True)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_alert_that_came_before_the_question_is_no_answer(times: int) -> None:
    talk, _, sent = standing(NO_RENEGOTIATION, times)
    assert sent
    assert (talk.attempted, talk.how, talk.without_info, talk.done) == (1, None, None, False)


def test_of_two_refusals_at_once_the_second_answers_nothing() -> None:
    talk, peer, _ = standing()
    assert talk.receive(peer.seal(reg.ALERT, NO_RENEGOTIATION) + peer.seal(reg.ALERT, NO_RENEGOTIATION))
    assert (talk.without_info, talk.done) == (None, False)
