"""Change safety: every cached state, the moments of the steps, and that each step keeps mail flowing."""

from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.trust import pki
from tests.trust.pki import CA, issue, leaf_wish
from waxseal.facts import Certificate, MailExchange, TlsaRecord
from waxseal.grading.change import plan_change
from waxseal.grading.change_steps import ChangePlan, HostPublished, Planned, Published
from waxseal.trust import dane
from waxseal.wire.mta_sts import Mode, Policy, read_policy

T = TypeVar("T")
NOW = pki.NOW
DOMAIN = "example.org"
MX, NEW = "mx.example.org", "mx.new.example"
WEEK = 604800

ROOT = issue("Root", CA)
INTER = issue("Inter", CA, ROOT)


def chain(*hosts: str, name: str = "", kind: str = "ec") -> tuple[Certificate, ...]:
    leaf = issue(name, leaf_wish(*hosts), INTER, own=pki.key(f"{hosts}{name}", kind))
    return (leaf.fact, INTER.fact)


LIVE = chain(MX)
NEXT = chain(MX, name="next")
RENEWED = (issue("again", leaf_wish(MX, serial=9), INTER, own=pki.key(f"{(MX,)}", "ec")).fact, INTER.fact)
LIVE_RSA = chain(MX, name="rsa", kind="rsa")
EE = dane.record_for(LIVE[0], 3, 1, 1)
NEXT_EE = dane.record_for(NEXT[0], 3, 1, 1)
TA = dane.record_for(INTER.fact, 2, 1, 1)
ANCHORS = (ROOT.der,)


def policy(*mx: str, mode: Mode = Mode.ENFORCE, max_age: int = WEEK) -> Policy:
    return Policy(mode, max_age, mx or (MX,))


def live(
    *records: TlsaRecord, host: str = MX, secure: bool | None = True, **changes: object
) -> HostPublished:
    base = HostPublished(
        host=host,
        owner=f"_25._tcp.{host}",
        records=records,
        ttl_s=3600 if records else None,
        secure=secure if records else False,
        names=(host, DOMAIN),
        chains=(LIVE,),
    )
    return structs.replace(base, **changes)


def today(*hosts: HostPublished, sts: Policy | None = None, **changes: object) -> Published:
    hosts = hosts or (live(),)
    mx = tuple(MailExchange(10 * n, host.host) for n, host in enumerate(hosts, 1))
    base = Published(
        DOMAIN, 25, mx, 7200, hosts, sts, policy_id="1" if sts else "", record_ttl_s=300 if sts else None
    )
    return structs.replace(base, **changes)


def to_mx(*hosts: str) -> Planned:
    return Planned(mx=tuple(MailExchange(10 * n, host) for n, host in enumerate(hosts, 1)), anchors=ANCHORS)


def to_chain(certificates: tuple[Certificate, ...], *hosts: str) -> Planned:
    return Planned(chain=certificates, chain_hosts=hosts, anchors=ANCHORS)


def verdicts(plan: ChangePlan) -> list[bool | None]:
    return [state.safe for state in plan.states]


def hours(plan: ChangePlan, words: str) -> float:
    """When the step with these words in its title may be done, in hours from now."""
    return next((step.earliest - NOW) / timedelta(hours=1) for step in plan.steps if words in step.title)


def test_a_new_host_that_a_cached_policy_refuses() -> None:
    plan = plan_change(today(sts=policy()), to_mx(NEW), NOW)
    assert plan.safe_now is False
    assert plan.states[0].until == NOW + timedelta(seconds=WEEK)
    assert "deferred" in plan.states[0].outcome
    titles = [step.title for step in plan.steps]
    assert titles == [
        "Serve a policy that allows the hosts of today and those to come",
        "Announce it with a new id",
        "Change the MX records",
        f"Take {MX} out of service",
        "Serve the policy of the hosts that are left",
        "Announce it with a new id",
    ]
    widened = read_policy(plan.steps[0].policy.encode()).policy
    assert widened is not None
    assert widened.mx == (MX, NEW)
    narrowed = read_policy(plan.steps[4].policy.encode()).policy
    assert narrowed is not None
    assert narrowed.mx == (NEW,)
    assert hours(plan, "Change the MX") == WEEK / 3600
    assert hours(plan, "out of service") == (WEEK + 7200) / 3600
    assert plan.steps[1].zone[0] != plan.steps[5].zone[0]  # another id


def test_a_second_host_leaves_the_first_to_take_the_mail() -> None:
    plan = plan_change(today(sts=policy()), to_mx(MX, NEW), NOW)
    assert plan.states[0].safe is False
    assert f"mail goes to {MX} only" in plan.states[0].outcome
    assert not any("out of service" in step.title for step in plan.steps)


@pytest.mark.parametrize(
    "sts", [None, policy(mode=Mode.TESTING), policy(NEW, MX), policy("*.example.org", NEW)]
)
def test_a_new_host_that_no_policy_refuses(sts: Policy | None) -> None:
    seen = today(live(), sts=sts)
    new = live(host=NEW, chains=(chain(NEW),))
    plan = plan_change(structs.replace(seen, hosts=(*seen.hosts, new)), to_mx(NEW), NOW)
    assert plan.safe_now is True
    assert hours(plan, "Change the MX") == 0
    assert hours(plan, "out of service") == 2


def test_a_new_host_whose_certificate_was_not_seen_is_left_open() -> None:
    plan = plan_change(today(sts=policy(MX, NEW)), to_mx(NEW), NOW)
    assert plan.safe_now is None
    shown = structs.replace(to_mx(NEW), chain=chain(NEW))
    assert plan_change(today(sts=policy(MX, NEW)), shown, NOW).safe_now is True
    misnamed = structs.replace(to_mx(NEW), chain=chain("mx.other.example"))
    assert plan_change(today(sts=policy(MX, NEW)), misnamed, NOW).safe_now is False


def test_a_new_key_that_cached_records_do_not_match() -> None:
    plan = plan_change(today(live(EE)), to_chain(NEXT), NOW)
    assert verdicts(plan) == [False]
    assert [step.title.split(" ")[0] for step in plan.steps] == ["Publish", "Deploy", "See"]
    assert hours(plan, "Deploy") == 2  # twice the TTL of an hour (RFC 7671 §8.1)
    first, _, last = plan.steps
    assert first.zone == (
        f"_25._tcp.{MX}. 3600 IN TLSA {EE}",
        f"_25._tcp.{MX}. 3600 IN TLSA {NEXT_EE}",
    )
    assert last.zone == (f"_25._tcp.{MX}. 3600 IN TLSA {NEXT_EE}",)
    assert last.remove == (f"_25._tcp.{MX}. 3600 IN TLSA {EE}",)


@pytest.mark.parametrize(
    ("records", "certificates", "expected"),
    [
        ((EE,), RENEWED, [True]),  # the same key
        ((TA,), NEXT, [True]),  # the same authority
        ((EE, NEXT_EE), NEXT, [True]),  # published before
        ((EE, TA), NEXT, [False]),  # each combination has to match (RFC 7671 §8)
        ((dane.record_for(LIVE[0], 3, 0, 1),), RENEWED, [False]),  # of the certificate, not of its key
        ((), NEXT, []),
    ],
)
def test_which_records_a_new_certificate_needs(
    records: tuple[TlsaRecord, ...], certificates: tuple[Certificate, ...], expected: list[bool]
) -> None:
    assert verdicts(plan_change(today(live(*records)), to_chain(certificates), NOW)) == expected


def test_a_twin_of_the_other_key_type_keeps_its_record() -> None:
    twin = dane.record_for(LIVE_RSA[0], 3, 1, 1)
    plan = plan_change(today(live(EE, twin, chains=(LIVE, LIVE_RSA))), to_chain(NEXT), NOW)
    assert plan.steps[-1].remove == (f"_25._tcp.{MX}. 3600 IN TLSA {EE}",)


def test_a_leaf_alone_for_records_of_usage_2_is_told() -> None:
    other_root = issue("Other", CA)
    alone = (issue("x", leaf_wish(MX), other_root, own=pki.key("alone")).fact,)
    plan = plan_change(today(live(TA)), to_chain(alone), NOW)
    assert plan.safe_now is False
    assert any("usage 2" in note for note in plan.notes)


def test_what_could_not_be_seen_is_left_open() -> None:
    unseen = live(known=False, why="the TLSA look-up ended timed-out")
    assert verdicts(plan_change(today(unseen), to_chain(NEXT), NOW)) == [None]
    unknown = today(policy_known=False, policy_why="the TXT look-up failed")
    assert plan_change(unknown, to_mx(NEW), NOW).safe_now is None


def test_a_certificate_that_a_policy_would_refuse() -> None:
    stranger = issue("Stranger", CA)
    bad = (issue("y", leaf_wish(MX), stranger, own=pki.key("bad")).fact, stranger.fact)
    assert plan_change(today(sts=policy()), to_chain(bad), NOW).safe_now is False
    assert plan_change(today(sts=policy(mode=Mode.TESTING)), to_chain(bad), NOW).safe_now is True
    assert plan_change(today(sts=policy()), to_chain(NEXT), NOW).safe_now is True
    without_roots = structs.replace(to_chain(NEXT), anchors=None)
    assert plan_change(today(sts=policy()), without_roots, NOW).safe_now is None


def test_a_planned_policy_that_refuses_a_live_host() -> None:
    plan = plan_change(today(sts=policy()), Planned(policy=policy("mx9.example.org"), anchors=ANCHORS), NOW)
    assert plan.safe_now is False
    enforced = Planned(policy=policy(), anchors=ANCHORS)
    assert plan_change(today(sts=policy(mode=Mode.TESTING)), enforced, NOW).safe_now is True
    bad = live(chains=(chain("mx.other.example"),))
    assert plan_change(today(bad, sts=policy(mode=Mode.TESTING)), enforced, NOW).safe_now is False


def test_removal_waits_for_the_old_policy() -> None:
    none = Planned(policy=policy(mode=Mode.NONE, max_age=86400), anchors=ANCHORS)
    plan = plan_change(today(sts=policy()), none, NOW)
    assert plan.safe_now is True
    assert plan.steps[-1].title.startswith("Remove the MTA-STS record")
    assert plan.steps[-1].earliest > NOW + timedelta(seconds=WEEK)
    # What is to be removed is the record that announced mode none, not the one before it.
    assert plan.steps[-1].remove == plan.steps[1].zone != ()


def test_removed_hosts_stay_allowed_while_mx_records_may_be_cached() -> None:
    seen = today(live(), live(host=NEW), sts=policy(MX, NEW))
    plan = plan_change(seen, structs.replace(to_mx(NEW), policy=policy(NEW)), NOW)
    assert plan.safe_now is False  # a fresh policy with MX records of before
    assert plan.states[-1].until is None or plan.states[1].safe is not None
    assert hours(plan, "hosts that are left") == 2
    assert hours(plan, "Change the MX") == 0


def test_a_record_that_agility_leaves_out_goes_with_its_key() -> None:
    """RFC 7671 §8.3, §8.4: each digest matches the same keys, and those of retired keys are removed."""
    plan = plan_change(today(live(EE, dane.record_for(LIVE[0], 3, 1, 2))), to_chain(NEXT), NOW)
    assert len(plan.steps[-1].remove) == 2
    assert plan.steps[-1].zone == tuple(
        f"_25._tcp.{MX}. 3600 IN TLSA {dane.record_for(NEXT[0], 3, 1, kind)}" for kind in (1, 2)
    )


def test_a_policy_that_binds_for_the_first_time_comes_last() -> None:
    """Till then, today's certificates and hosts, which it was not made for, are what senders find."""
    unproved = live(EE, chains=(chain("mx.other.example"),))
    enforced = structs.replace(to_chain(NEXT), policy=policy())
    assert hours(plan_change(today(unproved), enforced, NOW), "binds senders") == 2  # with the certificate
    moving = structs.replace(to_mx(NEW), policy=policy(NEW))
    for sts in (None, policy(mode=Mode.TESTING)):
        plan = plan_change(today(unproved, sts=sts), moving, NOW)
        assert hours(plan, "Change the MX") == 0
        assert hours(plan, "binds senders") == 2  # when no MX record of before is cached
        assert [step.policy for step in plan.steps if step.policy] == [
            f"version: STSv1\r\nmode: enforce\r\nmx: {NEW}\r\nmax_age: {WEEK}\r\n"
        ]


def test_a_planned_policy_gets_what_it_leaves_out() -> None:
    plan = plan_change(today(sts=policy()), Planned(policy=policy("mx9.example.org")), NOW)
    bodies = [read_policy(step.policy.encode()).policy for step in plan.steps if step.policy]
    assert bodies == [policy("mx9.example.org", MX)]
    assert any(f"leaves out {MX}" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("record", "changes", "expected"),
    [
        (EE, {}, True),
        (NEXT_EE, {}, False),
        (NEXT_EE, {"secure": None}, False),
        (TlsaRecord(1, 1, 1, b"\0" * 32), {}, True),  # TLS without proof (RFC 7672 §2.2)
        (EE, {"chains": ()}, None),
        (EE, {"known": False, "records": ()}, None),
    ],
)
def test_a_new_host_is_held_to_its_own_records(
    record: TlsaRecord, changes: dict[str, object], expected: bool | None
) -> None:
    """RFC 7672 §2.2: no delivery to a host whose certificate matches none of its records."""
    new = structs.replace(live(record, host=NEW), **changes)
    plan = plan_change(structs.replace(today(), hosts=(live(), new)), to_mx(NEW), NOW)
    assert plan.safe_now is expected


def test_a_trust_anchor_that_cannot_prove_the_next_certificate_gives_way() -> None:
    """RFC 7671 §8.4: in every RRset that may be cached, each combination matches what is shown."""
    elsewhere = chain("mx.other.example", name="elsewhere")
    plan = plan_change(today(live(TA)), to_chain(elsewhere, MX), NOW)
    first, _, last = plan.steps
    coming = dane.record_for(elsewhere[0], 3, 1, 1)
    assert first.zone == tuple(f"_25._tcp.{MX}. 3600 IN TLSA {record}" for record in (EE, coming))
    assert first.remove == (f"_25._tcp.{MX}. 3600 IN TLSA {TA}",)
    assert last.zone == (f"_25._tcp.{MX}. 3600 IN TLSA {coming}",)
    assert hours(plan, "Deploy") == 2
    assert any("usage 2" in note for note in plan.notes)


def test_hosts_that_share_records_are_changed_together() -> None:
    """RFC 7672 §2.2.3: TLSA names may be aliases of one RRset, which then has to fit every host."""
    other, shared = "mx2.example.org", "tlsa._dane.example.org"
    theirs = chain(other)
    of_other = dane.record_for(theirs[0], 3, 1, 1)
    hosts = (live(EE, of_other, owner=shared), live(EE, of_other, host=other, owner=shared, chains=(theirs,)))
    plan = plan_change(today(*hosts), to_chain(NEXT, MX), NOW)
    assert plan.steps[0].zone == tuple(f"{shared}. 3600 IN TLSA {r}" for r in (EE, of_other, NEXT_EE))
    assert plan.steps[-1].remove == (f"{shared}. 3600 IN TLSA {EE}",)
    unseen = structs.replace(hosts[1], chains=())
    assert plan_change(today(hosts[0], unseen), to_chain(NEXT, MX), NOW).steps[-1].remove == ()
    moved = plan_change(today(*hosts), to_mx(other), NOW)
    assert next(step for step in moved.steps if "out of service" in step.title).remove == ()


@pytest.mark.parametrize("host", ["mx_1.new.example", "192.0.2.25"])
def test_a_host_that_no_policy_can_name(host: str) -> None:
    """RFC 8461 §3.2: mx is a Domain of RFC 5321 §4.1.2, which what stands in an MX record need not be."""
    plan = plan_change(today(sts=policy()), to_mx(host), NOW)
    assert plan.safe_now is False
    assert any(host in note and "§3.2" in note for note in plan.notes)
    assert all(read_policy(step.policy.encode()).conforms for step in plan.steps if step.policy)
    assert hours(plan, "Change the MX") == WEEK / 3600


def test_nothing_planned() -> None:
    with pytest.raises(ValueError, match="nothing"):
        plan_change(today(), Planned(), NOW)
    with pytest.raises(ValueError, match="time zone"):
        plan_change(today(), to_mx(NEW), NOW.replace(tzinfo=None))


HOSTS = (MX, NEW, "mx3.example.org")
PATTERNS = (*HOSTS, "*.example.org", "*.new.example")


@settings(max_examples=150, deadline=None)
@given(
    old=st.lists(st.sampled_from(HOSTS), min_size=1, unique=True),
    new=st.lists(st.sampled_from(HOSTS), min_size=1, unique=True),
    patterns=st.lists(st.sampled_from(PATTERNS), min_size=1, unique=True),
    max_age=st.sampled_from([3600, WEEK]),
    given_policy=st.booleans(),
    key_too=st.booleans(),
)
def test_at_every_step_whatever_a_sender_may_hold_allows_what_it_finds(
    old: list[str], new: list[str], patterns: list[str], max_age: int, given_policy: bool, key_too: bool
) -> None:
    """Play the plan: at each moment every policy and every MX RRset that may be cached fit each other."""
    sts = policy(*patterns, max_age=max_age)
    seen = today(*(live(EE, host=host) for host in old), sts=sts)
    if not all(sts.allows(host) for host in old):
        return  # broken before
    planned = structs.replace(
        to_mx(*new), policy=policy(*new) if given_policy else None, chain=NEXT if key_too else ()
    )
    plan = plan_change(seen, planned, NOW)
    policies = [(sts, NOW - timedelta(days=9))]
    exchanges = [(tuple(old), NOW - timedelta(days=9))]
    for step in plan.steps:
        if step.policy and (read := read_policy(step.policy.encode()).policy):
            policies.append((read, step.earliest))
        if "MX" in step.title:
            exchanges.append((tuple(new), step.earliest))
    for moment in [step.earliest + timedelta(seconds=1) for step in plan.steps]:
        for held in _cached(policies, moment, [p.lifetime_s for p, _ in policies]):
            for hosts in _cached(exchanges, moment, [7200] * len(exchanges)):
                assert all(held.allows(host) for host in hosts), (held.mx, hosts)


def _cached(versions: list[tuple[T, datetime]], moment: datetime, lifetimes: list[int]) -> list[T]:
    """The versions that a cache may hold: the one in force, and those replaced less than a lifetime ago."""
    held = []
    for number, (version, since) in enumerate(versions):
        replaced = versions[number + 1][1] if number + 1 < len(versions) else None
        lasts = replaced is None or replaced + timedelta(seconds=lifetimes[number]) > moment
        if since <= moment and lasts:
            held.append(version)
    return held
