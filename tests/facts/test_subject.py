import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waxseal.facts import Scope, Subject

FULL = Subject(
    domain="example.org",
    host="mx.example.org",
    address="192.0.2.1",
    port=25,
    server_name="mx.example.org",
    certificate_type="rsa",
)
FIELDS = {
    Scope.DOMAIN: {"domain"},
    Scope.HOST: {"host"},
    Scope.ADDRESS: {"address"},
    Scope.PORT: {"port"},
    Scope.CERTIFICATE: {"server_name", "certificate_type"},
}

names = st.sampled_from([None, "a.example", "b.example"])
subjects = st.builds(
    Subject,
    domain=names,
    host=names,
    address=st.sampled_from([None, "192.0.2.1", "2001:db8::1"]),
    port=st.sampled_from([None, 25, 587]),
    server_name=st.sampled_from([None, "", "a.example"]),
    certificate_type=st.sampled_from([None, "rsa", "ec"]),
)


def test_scopes_go_from_wide_to_narrow() -> None:
    order = ["RUN", "DOMAIN", "HOST", "ADDRESS", "PORT", "CERTIFICATE"]
    assert [scope.name for scope in sorted(Scope)] == order


@pytest.mark.parametrize(
    ("subject", "scope"),
    [
        (Subject(), Scope.RUN),
        (Subject(domain="example.org"), Scope.DOMAIN),
        (Subject(host="mx.example.org"), Scope.HOST),
        (Subject(domain="example.org", host="mx.example.org"), Scope.HOST),
        (Subject(address="192.0.2.1"), Scope.ADDRESS),
        (Subject(address="192.0.2.1", port=25), Scope.PORT),
        (Subject(address="192.0.2.1", port=25, server_name=""), Scope.CERTIFICATE),
        (Subject(address="192.0.2.1", port=25, certificate_type="ec"), Scope.CERTIFICATE),
    ],
)
def test_scope_is_the_narrowest_level_filled_in(subject: Subject, scope: Scope) -> None:
    assert subject.scope is scope


@pytest.mark.parametrize("level", list(Scope))
def test_up_to_keeps_what_is_wider_and_drops_what_is_narrower(level: Scope) -> None:
    kept = set().union(*(fields for scope, fields in FIELDS.items() if scope <= level))
    cut = FULL.up_to(level)
    assert {name for name in FULL.__struct_fields__ if getattr(cut, name) is not None} == kept
    assert all(getattr(cut, name) == getattr(FULL, name) for name in kept)
    assert cut.scope is level


def test_within_follows_the_tree() -> None:
    chain = [FULL.up_to(level) for level in Scope]
    for wide, narrow in itertools.combinations(chain, 2):
        assert narrow.within(wide)
        assert not wide.within(narrow)


@pytest.mark.parametrize(
    "stranger",
    [
        Subject(domain="example.com"),
        Subject(host="mx.example.org"),
        Subject(domain="example.org", host="mx2.example.org"),
        Subject(domain="example.org", host="mx.example.org", address="192.0.2.2"),
        Subject(domain="example.org", host="mx.example.org", address="192.0.2.1", port=587),
    ],
)
def test_not_within_a_neighbour(stranger: Subject) -> None:
    assert not FULL.within(stranger)


def test_two_addresses_of_one_host_are_two_subjects() -> None:
    first = Subject(host="mx.example.org", address="192.0.2.1")
    second = Subject(host="mx.example.org", address="192.0.2.2")
    assert first != second
    assert not first.within(second)
    assert first.up_to(Scope.HOST) == second.up_to(Scope.HOST)


@given(subjects)
def test_is_within_itself_and_within_the_run(subject: Subject) -> None:
    assert subject.within(subject)
    assert subject.within(Subject())


@given(subjects, st.sampled_from(Scope), st.sampled_from(Scope))
def test_going_up_twice_is_going_up_once_to_the_wider(subject: Subject, first: Scope, second: Scope) -> None:
    assert subject.up_to(first).up_to(second) == subject.up_to(min(first, second))


@given(subjects, st.sampled_from(Scope))
def test_lies_within_whatever_encloses_it(subject: Subject, level: Scope) -> None:
    assert subject.within(subject.up_to(level))
    assert subject.up_to(level).scope <= subject.scope


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (Subject(), "this run"),
        (Subject(domain="example.org"), "example.org"),
        (Subject(domain="example.org", host="mx.example.org"), "mx.example.org"),
        (Subject(host="mx.example.org", address="192.0.2.1", port=25), "mx.example.org [192.0.2.1]:25"),
        (Subject(address="2001:db8::1", port=465), "[2001:db8::1]:465"),
        (Subject(address="192.0.2.1"), "[192.0.2.1]"),
        (FULL, "mx.example.org [192.0.2.1]:25 (rsa, name mx.example.org)"),
        (Subject(address="192.0.2.1", port=25, server_name=""), "[192.0.2.1]:25 (no name sent)"),
    ],
)
def test_str_is_for_people(subject: Subject, text: str) -> None:
    assert str(subject) == text
