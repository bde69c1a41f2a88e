"""Servers that refuse, break off, stall, or change: a run ends in time and keeps what it saw."""

import asyncio
from collections.abc import Callable, Generator

import pytest

from tests.probes.tls.examining import Examined, examine
from tests.probes.tls.fronts import share_with, short_minutes, turn_after
from tests.probes.tls.test_depths import MODERN
from tests.tls.options import TlsServer
from waxseal.facts import Attempt, Cause, Stage, TlsSuites, TlsVersions
from waxseal.probes.tls import pool
from waxseal.probes.tls.depth import Depth
from waxseal.wire.tls_suite_properties import suites_of_version

pytestmark = pytest.mark.real

Start = Callable[..., TlsServer]
KIND = "openssl-3.5.8"
TLS_1_2 = 0x0303


@pytest.fixture(scope="module")
def sound(start_tls: Start) -> Examined:
    return examine(start_tls(KIND, MODERN))


def nothing_false(found: Examined, sound: Examined) -> None:
    """What is said to be accepted is, and what is said to be refused is refused."""
    for answer in found.one(TlsVersions).answers:
        assert answer.accepted in (None, sound.versions[answer.version]), answer.version
    for version, suites in found.suites.items():
        assert suites <= sound.suites[version]
    for told in found.one(TlsSuites).lists:
        if told.version == "TLSv1.2":
            refused = set(suites_of_version(TLS_1_2)) - {*told.accepted, *told.undecided}
            assert refused & sound.suites["TLSv1.2"] == set()


@pytest.mark.parametrize("fault", ["closes", "resets", "hangs", "half-hello"])
@pytest.mark.parametrize("sound_for", [1, 12])
def test_a_server_that_falls_ill(
    start_tls: Start, sound: Examined, monkeypatch: pytest.MonkeyPatch, fault: str, sound_for: int
) -> None:
    """From some connection on no hello is answered: that refuses nothing."""
    monkeypatch.setattr(pool, "ANSWER_LIMIT_S", 0.5)
    monkeypatch.setattr(pool, "FIRST_PAUSE_S", 0.05)
    turn_after(monkeypatch, sound_for)
    found = examine(start_tls(KIND, MODERN, fault=fault), time_limit_s=20.0)
    assert found.wall_s < 22
    nothing_false(found, sound)
    assert found.versions["TLSv1.3"] is True
    if sound_for == 1:
        assert found.versions["TLSv1.2"] is None
        assert found.versions["SSLv2"] is None
    assert found.undecided > 0
    if fault in ("closes", "resets"):
        assert found.attempt.ended.cause in (Cause.CLOSED, Cause.BUDGET_SPENT)


def test_a_hello_that_comes_to_nothing_is_not_accepted(
    start_tls: Start, sound: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_after(monkeypatch, 1)
    found = examine(start_tls(KIND, MODERN, fault="hello-then-alert"))
    assert found.suites == {"TLSv1.3": {*found.suites["TLSv1.3"]} & sound.suites["TLSv1.3"]}
    assert len(found.suites["TLSv1.3"]) == 1, "that of the main conversation"
    assert found.versions["TLSv1.2"] is not True


def test_it_waits_where_it_is_put_off_and_goes_on(
    start_tls: Start, sound: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_minutes(monkeypatch, 1.5)
    server = start_tls(KIND, MODERN, per_minute=14)
    found = examine(server)
    assert server.front.counts.refused > 0
    assert found.spending.put_off > 0
    assert found.spending.not_asked == ()
    assert found.suites == sound.suites
    assert found.undecided == 0
    nothing_false(found, sound)


@pytest.mark.parametrize("most", [4, 9, 16])
def test_where_it_is_put_off_for_good_the_rest_is_not_asked(
    start_tls: Start, sound: Examined, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(pool, "FIRST_PAUSE_S", 0.05)
    found = examine(start_tls(KIND, MODERN, per_minute=most))
    assert found.spending.put_off == pool.MAX_PUT_OFF + 1
    assert found.spending.not_asked
    assert all("421" in line for line in found.spending.not_asked), found.spending.not_asked
    assert found.attempt.ended.cause is Cause.BUDGET_SPENT
    assert found.connections <= most + pool.MAX_PUT_OFF + 3
    assert found.undecided > 0 or found.versions["TLSv1.2"] is None
    nothing_false(found, sound)


@pytest.mark.parametrize("at_once", [1, 2])
def test_few_connections_at_once(
    start_tls: Start, sound: Examined, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(pool, "FIRST_PAUSE_S", 0.1)
    found = examine(start_tls(KIND, MODERN, at_once=at_once))
    assert found.spending.not_asked == ()
    assert found.suites == sound.suites
    nothing_false(found, sound)


def test_connections_that_are_reset(
    start_tls: Start, sound: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "FIRST_PAUSE_S", 0.05)
    turn_after(monkeypatch, 9)
    found = examine(start_tls(KIND, MODERN, fault="resets-on-connect"))
    assert found.spending.put_off == pool.MAX_PUT_OFF + 1
    assert found.spending.not_asked
    assert found.undecided > 0
    nothing_false(found, sound)


@pytest.mark.parametrize("fault", ["never-greets", "greets-slowly", "bad-starttls"])
def test_a_way_to_tls_that_closes(
    start_tls: Start, sound: Examined, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """The first conversation went well; the later ones do not come as far as the hello."""
    monkeypatch.setattr(pool, "FIRST_PAUSE_S", 0.05)
    turn_after(monkeypatch, 1)
    found = examine(start_tls(KIND, MODERN, fault=fault), time_limit_s=6.0)
    assert found.wall_s < 9
    assert found.spending.not_asked
    assert found.versions == dict.fromkeys(found.versions, None) | {"TLSv1.3": True}
    nothing_false(found, sound)


@pytest.mark.parametrize("fault", ["never-greets", "greets-slowly"])
def test_a_greeting_that_does_not_come(start_tls: Start, fault: str) -> None:
    found = examine(start_tls(KIND, MODERN, fault=fault), time_limit_s=2.0)
    assert found.wall_s < 4
    (main,) = [attempt for attempt in found.every(Attempt) if attempt.probe == "dialogue"]
    assert (main.ended.cause, main.ended.stage) == (Cause.TIMED_OUT, Stage.GREETING)
    assert found.every(TlsVersions) == []


@pytest.mark.parametrize("depth", Depth)
def test_a_server_that_is_two(start_tls: Start, monkeypatch: pytest.MonkeyPatch, depth: Depth) -> None:
    """Behind one address stand two servers with different set-ups: what is found is of one of them."""
    options = {
        "highest": "TLSv1.2",
        "lowest": "TLSv1",
        "suites": "AES128-SHA:AES256-SHA:ECDHE-RSA-AES128-SHA",
    }
    other = start_tls(KIND, **options)
    assert other.tls_port is not None
    both = [examine(start_tls(KIND, MODERN)), examine(other)]
    share_with(monkeypatch, other.tls_port)
    found = examine(start_tls(KIND, MODERN), depth)
    assert found.connections <= depth.most_connections
    for version, suites in found.suites.items():
        assert suites <= set().union(*(one.suites.get(version, set()) for one in both))
    for version, accepted in found.versions.items():
        assert not accepted or any(one.versions[version] for one in both)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 9, 15, 22])
@pytest.mark.parametrize("depth", [Depth.STANDARD, Depth.FULL])
def test_a_budget_is_kept_at_any_size(start_tls: Start, sound: Examined, limit: int, depth: Depth) -> None:
    found = examine(start_tls(KIND, MODERN), depth, connection_limit=limit)
    assert found.spending.spent == found.connections <= limit
    assert found.connections == limit or found.spending.not_asked == ()
    nothing_false(found, sound)


def test_a_pool_that_waits_for_what_never_comes_ends_behind_the_time_limit(
    start_tls: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: pool.Pool) -> Generator[object, bytes, None]:
        yield asyncio.Event().wait()

    monkeypatch.setattr(pool, "GRACE_S", 0.1)
    monkeypatch.setattr(pool.Pool, "_next", never)
    found = examine(start_tls(KIND, MODERN), Depth.GRADE, time_limit_s=2.0)
    assert found.spending.not_asked
    assert all(line.endswith("the time limit is spent") for line in found.spending.not_asked)
