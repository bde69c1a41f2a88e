"""Servers that cannot bear something in a hello: it is named alone, and everything else is found as ever."""

from collections.abc import Callable

import pytest

from tests.probes.tls.examining import Examined, examine
from tests.probes.tls.test_depths import MODERN
from tests.tls.options import TlsServer
from waxseal.facts import (
    Attempt,
    Cause,
    NoSniAnswer,
    Ssl2Answer,
    TlsGroups,
    TlsSchemes,
    TlsSuites,
    TlsTolerance,
    TlsVersions,
)
from waxseal.probes.tls import pool
from waxseal.probes.tls.depth import Depth

pytestmark = pytest.mark.real

Start = Callable[..., TlsServer]
KIND = "openssl-3.5.8"


@pytest.fixture(autouse=True)
def short_silences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "ANSWER_LIMIT_S", 2.0)


@pytest.fixture(scope="module")
def sound(start_tls: Start) -> Examined:
    return examine(start_tls(KIND, MODERN))


def same(found: Examined, sound: Examined) -> None:
    """Everything that the server takes was found."""
    assert found.versions == sound.versions
    assert found.suites == sound.suites
    assert found.groups == sound.groups
    assert found.schemes == sound.schemes
    assert found.undecided == 0
    assert found.spending.not_asked == ()
    assert found.attempt.ended.cause is Cause.COMPLETED


def test_a_sound_server_is_asked_everything_at_once(sound: Examined) -> None:
    assert [answer.what for answer in sound.one(TlsTolerance).answers] == ["all"]
    assert sound.one(TlsTolerance).answers[0].reaction.cause is Cause.COMPLETED
    assert sound.one(TlsTolerance).answers[0].hello_octets >= 1600


@pytest.mark.parametrize(
    ("fault", "what", "cause"),
    [
        ("hangs-on-long-hello", "large", Cause.TIMED_OUT),
        ("resets-long-hello", "large", Cause.RESET),
        ("key-share-intolerant", "large", Cause.ALERT),
        ("grease-intolerant", "grease", Cause.ALERT),
        ("hangs-on-split-hello", "delayed-segments", Cause.TIMED_OUT),
    ],
)
def test_what_it_cannot_bear_is_named_alone(
    start_tls: Start, sound: Examined, fault: str, what: str, cause: Cause
) -> None:
    found = examine(start_tls(KIND, MODERN, fault=fault))
    others = {"segments"} if what == "delayed-segments" else set()  # without a pause they may come as one
    assert {w: c for w, c in found.intolerances.items() if w not in others} == {what: cause}
    same(found, sound)


@pytest.mark.parametrize("fault", ["warns-first", "name-required"])
def test_oddities_hide_nothing(start_tls: Start, sound: Examined, fault: str) -> None:
    found = examine(start_tls(KIND, MODERN, fault=fault))
    same(found, sound)
    assert found.intolerances == {}
    no_name = found.one(NoSniAnswer)
    assert no_name.completed is (fault != "name-required")
    assert no_name.alert == (112 if fault == "name-required" else None)


def test_an_answer_that_drips(start_tls: Start) -> None:
    """One octet at a time: the same facts as from a whole answer."""
    suites = "TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"
    options = {"suites": suites, "lowest": "TLSv1.2", "groups": "P-256", "leaves": ("ec-p256",)}
    whole = examine(start_tls(KIND, **options), Depth.STANDARD)
    dripped = examine(start_tls(KIND, fault="drips", **options), Depth.STANDARD)
    same(dripped, whole)
    assert dripped.one(Ssl2Answer).reaction.alert == whole.one(Ssl2Answer).reaction.alert == 70


@pytest.mark.parametrize(
    ("fault", "cause", "alert"),
    [
        ("alerts", Cause.ALERT, 40),
        ("closes", Cause.CLOSED, None),
        ("resets", Cause.RESET, None),
        ("not-tls", Cause.NOT_TLS, None),
        ("hello-then-alert", Cause.ALERT, 80),
        ("hello-then-close", Cause.CLOSED, None),
        ("half-hello", Cause.TIMED_OUT, None),
        ("hangs", Cause.TIMED_OUT, None),
        ("extension-intolerant", Cause.ALERT, 50),
        ("tls13-intolerant", Cause.CLOSED, None),
        ("version-intolerant", Cause.ALERT, 40),
    ],
)
def test_a_server_that_fails_every_handshake_takes_nothing(
    start_tls: Start, fault: str, cause: Cause, alert: int | None
) -> None:
    """A ServerHello is no working server: no fact says that anything is accepted."""
    found = examine(start_tls(KIND, MODERN, fault=fault), time_limit_s=4.0)
    assert found.wall_s < 8
    (main,) = [attempt for attempt in found.every(Attempt) if attempt.probe == "dialogue"]
    assert main.ended.cause is cause
    assert main.ended.alert == alert
    assert not any(answer.accepted for facts in found.every(TlsVersions) for answer in facts.answers)
    assert not any(suites.lists for suites in found.every(TlsSuites))
    assert not any(groups.lists for groups in found.every(TlsGroups))
    assert not any(schemes.lists for schemes in found.every(TlsSchemes))
