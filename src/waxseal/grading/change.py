"""Change safety: what senders with something cached would do after a change, and the safe order of its steps.

Senders keep a policy for its max_age (RFC 8461 §3.2), TLSA and MX records for their TTL. So whatever a sender
may still hold has to fit what it finds. Pure: what is published comes from ``change_published``, the forms
are in ``change_steps``, and nothing is looked up.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import structs

from waxseal.facts import Certificate, MailExchange, TlsaRecord
from waxseal.grading.change_steps import (
    CachedState,
    ChangePlan,
    HostPublished,
    Planned,
    Published,
    Step,
)
from waxseal.grading.zone_lines import DEFAULT_TTL_S, mx_line, tlsa_line, tlsa_owner, txt_line
from waxseal.trust import chain as trust_chain
from waxseal.trust import dane
from waxseal.trust.names import match
from waxseal.wire.mta_sts import MAX_AGE_S, Mode, Policy, write_policy, write_record

_OPT_OUT_MAX_AGE_S = 86400
"""The small max_age of a policy of mode none (RFC 8461 §8.3: "e.g., one day")."""
_TLSA_WAIT = 2
"""TTLs between publishing the next TLSA record and the change of the key (RFC 7671 §8.1)."""


def plan_change(published: Published, planned: Planned, at: datetime) -> ChangePlan:
    """What doing the change now would do to senders, and the steps that do it safely.

    Args:
        published: What the world is told today.
        planned: What is to change.
        at: The moment taken for now, aware.

    Raises:
        ValueError: `at` has no time zone, or nothing is planned.
    """
    if at.tzinfo is None:
        raise ValueError("a plan needs a moment with a time zone")
    if not (planned.mx or planned.chain or planned.policy is not None):
        raise ValueError("nothing is planned")
    planner = _Planner(published, planned, at)
    states = (*planner.policy_states(), *planner.mx_states(), *planner.tlsa_states(), *planner.chain_states())
    return ChangePlan(published.domain, at, states, planner.steps(), planner.notes())


class _Planner:
    """One change, with what follows from it."""

    def __init__(self, published: Published, planned: Planned, at: datetime) -> None:
        self.now, self.planned, self.at = published, planned, at
        self.today = tuple(record.exchange for record in published.mx)
        self.coming = tuple(r.exchange for r in planned.mx) or self.today
        self.new_hosts = tuple(host for host in self.coming if host not in self.today)
        self.old_hosts = tuple(host for host in self.today if host not in self.coming)
        self.chain_hosts = self._chain_hosts() if planned.chain else ()
        self.final = self._final_policy()
        self.transitional = self._transitional_policy()

    # What is to be served

    def _chain_hosts(self) -> tuple[str, ...]:
        if self.planned.chain_hosts:
            return self.planned.chain_hosts
        leaf = self.planned.chain[0]
        return tuple(host for host in self.coming if match(leaf, host).matched) or self.coming

    def _final_policy(self) -> Policy | None:
        """The policy at the end: the planned one, or today's for the hosts to come."""
        if self.planned.policy is not None:
            return self.planned.policy
        policy = self.now.policy
        if policy is None or policy.mode is Mode.NONE or not self.planned.mx:
            return policy
        kept = [p for p in policy.mx if any(_allows(p, host) for host in self.coming)]
        missing = [host for host in self.coming if not policy.allows(host)]
        return structs.replace(policy, mx=tuple(dict.fromkeys([*kept, *missing])))

    def _transitional_policy(self) -> Policy | None:
        """The policy for the time between: it allows the hosts of today and those to come."""
        base = self.planned.policy or self.now.policy
        if base is None or base.mode is Mode.NONE:
            return base
        hosts = (*self.today, *self.new_hosts)
        missing = [host for host in hosts if not base.allows(host)]
        return structs.replace(base, mx=tuple(dict.fromkeys([*base.mx, *missing])))

    @property
    def binds(self) -> bool:
        """Whether senders may hold a policy that binds them."""
        return self.now.policy is not None and self.now.policy.mode is Mode.ENFORCE

    @property
    def policy_expires(self) -> datetime:
        """When the last copy of today's policy is out of every cache, if it is replaced now."""
        age = self.now.policy.lifetime_s if self.now.policy is not None else 0
        return self.at + timedelta(seconds=age)

    @property
    def mx_ttl_s(self) -> int:
        """TTL of the MX RRset, an hour where it was not seen."""
        return DEFAULT_TTL_S if self.now.mx_ttl_s is None else self.now.mx_ttl_s

    @property
    def record_ttl_s(self) -> int:
        """TTL of the MTA-STS record, an hour where it was not seen."""
        return DEFAULT_TTL_S if self.now.record_ttl_s is None else self.now.record_ttl_s

    # What senders hold

    def policy_states(self) -> tuple[CachedState, ...]:
        """Senders with today's policy, and those that fetch the planned one."""
        states = []
        policy = self.now.policy
        if not self.now.policy_known:
            told = f"today's policy could not be seen: {self.now.policy_why}"
            states.append(CachedState("an MTA-STS policy", None, None, told, "RFC 8461 §3.3"))
        elif policy is not None and self.binds:
            holds = f"today's MTA-STS policy (max_age {policy.lifetime_s} s)"
            refused = [host for host in self.coming if not policy.allows(host)]
            states.append(self._bound(holds, refused, self.coming, self.policy_expires))
        planned = self.planned.policy
        if planned is not None and planned.mode is Mode.ENFORCE:
            refused = [host for host in self.coming if not planned.allows(host)]
            states.append(self._bound("the planned MTA-STS policy", refused, self.coming, None))
        return tuple(states)

    def _bound(
        self, holds: str, refused: list[str], hosts: tuple[str, ...], until: datetime | None
    ) -> CachedState:
        if not refused:
            return CachedState(holds, until, True, "every MX host is allowed", "RFC 8461 §4.1")
        left = [host for host in hosts if host not in refused]
        outcome = f"{_list(refused)} refused: no mx line matches; " + (
            f"mail goes to {_list(left)} only" if left else "mail is deferred, and returned in the end"
        )
        return CachedState(holds, until, False, outcome, "RFC 8461 §5")

    def mx_states(self) -> tuple[CachedState, ...]:
        """Senders with today's MX records."""
        if not self.old_hosts:
            return ()
        until = self.at + timedelta(seconds=self.mx_ttl_s)
        holds = f"today's MX records (TTL {self.mx_ttl_s} s)"
        # Senders that fetch the policy afresh may hold the MX records of before.
        refused = [
            host
            for host in self.old_hosts
            if self.final is not None and self.final.mode is Mode.ENFORCE and not self.final.allows(host)
        ]
        if refused and self.planned.policy is not None:
            return (self._bound(f"{holds} and the planned policy", refused, self.today, until),)
        outcome = f"mail still comes to {_list(self.old_hosts)}, which have to stay in service"
        return (CachedState(holds, until, True, outcome, "RFC 5321 §5.1"),)

    def tlsa_states(self) -> tuple[CachedState, ...]:
        """Senders with today's TLSA records of the hosts that are to show another certificate."""
        states = []
        for name in self.chain_hosts:
            host = self.now.host(name)
            if host is None:
                continue
            holds = f"today's TLSA records of {name}"
            if not host.known:
                told = f"they could not be seen: {host.why}"
                states.append(CachedState(holds, None, None, told, "RFC 7672 §2.1.2"))
                continue
            if not host.records:
                continue
            until = self.at + timedelta(seconds=_TLSA_WAIT * _ttl(host))
            if not self._missing(host):
                told = "the certificate to come matches them"
                states.append(CachedState(holds, until, True, told, "RFC 7671 §8"))
                continue
            told = "the certificate to come does not match: mail to this host is deferred"
            if host.secure is None:
                told += ", where its zone is signed (nobody validated it here)"
            states.append(CachedState(holds, until, False, told, "RFC 7672 §2.2"))
        return tuple(states)

    def chain_states(self) -> tuple[CachedState, ...]:
        """Senders that validate by MTA-STS, at the hosts that show another certificate or are new."""
        policies = (self.now.policy, self.planned.policy)
        if not any(policy is not None and policy.mode is Mode.ENFORCE for policy in policies):
            return ()
        states = []
        for name in self.coming:
            chains = self._chains_to_come(name)
            if name not in self.new_hosts and name not in self.chain_hosts and self.planned.policy is None:
                continue
            holds = f"a policy in force, at {name}"
            if not chains:
                told = "its certificate was not seen; give it with --certificate"
                states.append(CachedState(holds, None, None, told, "RFC 8461 §4.2"))
                continue
            faults = [self._pkix_fault(chain, name) for chain in chains]
            bad = next((fault for fault in faults if fault), "")
            unsure = not bad and self.planned.anchors is None
            told = bad or (
                "no root store is at hand to judge its path" if unsure else "its certificate holds"
            )
            verdict = False if bad else None if unsure else True
            told = f"{told}: mail to this host is deferred" if bad else told
            states.append(CachedState(holds, None, verdict, told, "RFC 8461 §4.2"))
        return tuple(states)

    def _chains_to_come(self, name: str) -> tuple[tuple[Certificate, ...], ...]:
        host = self.now.host(name)
        live = host.chains if host is not None else ()
        if name not in self.chain_hosts:
            return live
        return (self.planned.chain, *_staying(live, self.planned.chain))

    def _pkix_fault(self, chain: tuple[Certificate, ...], name: str) -> str:
        if not match(chain[0], name).matched:
            return "the certificate does not bear its name"
        if self.planned.anchors is None:
            return ""
        proof = trust_chain.verify(chain, self.planned.anchors, self.at)
        if proof.trusted:
            return ""
        problem = proof.problems[0]
        return f"the certificate does not lead to a trusted root ({problem.detail or problem.code.value})"

    # TLSA records

    def _missing(self, host: HostPublished) -> tuple[TlsaRecord, ...]:
        """What has to be added for the certificate to come: each combination has to match (RFC 7671 §8)."""
        chain = self.planned.chain
        proof = dane.verify(host.records, chain, host.names or (host.host,), self.at)
        added = []
        for combination in proof.combinations:
            if combination.holds:
                continue
            of = chain[0] if combination.usage == dane.DANE_EE else next(iter(chain[1:]), None)
            if of is not None:
                added.append(
                    dane.record_for(of, combination.usage, combination.selector, combination.matching_type)
                )
            else:
                added.append(dane.record_for(chain[0], dane.DANE_EE, dane.SPKI, dane.SHA2_256))
        return tuple(dict.fromkeys(added))

    def _records_between(self, host: HostPublished) -> tuple[TlsaRecord, ...]:
        return tuple(dict.fromkeys([*host.records, *self._missing(host)]))

    def _records_after(self, host: HostPublished) -> tuple[TlsaRecord, ...]:
        """The records that still match a certificate once the new one is shown."""
        staying = (self.planned.chain, *_staying(host.chains, self.planned.chain))
        names = host.names or (host.host,)
        between = self._records_between(host)
        kept = {
            found.record
            for chain in staying
            for found in dane.verify(between, chain, names, self.at).matches
            if found.holds or found.aside
        }
        return tuple(record for record in between if record in kept)

    def _changing(self) -> tuple[HostPublished, ...]:
        """Hosts whose TLSA records need a record more before the certificate changes."""
        hosts = (self.now.host(name) for name in self.chain_hosts)
        return tuple(h for h in hosts if h is not None and h.records and self._missing(h))

    def _first_records(self) -> tuple[str, ...]:
        """TLSA records for new hosts, where the domain's others have some."""
        if not self.planned.chain or not any(host.records for host in self.now.hosts):
            return ()
        bare = [
            name
            for name in self.chain_hosts
            if name in self.new_hosts and not ((host := self.now.host(name)) and host.records)
        ]
        record = dane.record_for(self.planned.chain[0], dane.DANE_EE, dane.SPKI, dane.SHA2_256)
        return tuple(tlsa_line(tlsa_owner(name, self.now.port), record) for name in bare)

    # Steps

    def steps(self) -> tuple[Step, ...]:
        """Every step with its earliest moment, in order of time."""
        steps: list[Step] = []
        widened = self._widen()
        steps += widened
        changing = self._changing()
        deploy_at = self.at
        if changing:
            wait = max(_ttl(host) for host in changing) * _TLSA_WAIT
            deploy_at = self.at + timedelta(seconds=wait)
            steps.append(self._prepublish(changing))
        if first := self._first_records():
            steps.append(
                Step(
                    "Publish TLSA records for the new hosts",
                    self.at,
                    zone=first,
                    why="senders that do DANE prove the new hosts from the first message on",
                    source="RFC 7672 §2.2.3",
                )
            )
        if self.planned.chain:
            steps.append(self._deploy(deploy_at, waits=bool(changing)))
        if changing:
            steps.append(self._retire(changing, deploy_at))
        done_at = self.at
        if self.planned.mx:
            switch_at = self._switch_at(deploy_at)
            done_at = switch_at + timedelta(seconds=self.mx_ttl_s if self.old_hosts else 0)
            steps.append(self._switch(switch_at))
        steps += self._settle(done_at, already=bool(widened))
        return tuple(sorted(steps, key=lambda step: step.earliest))

    def _widen(self) -> list[Step]:
        """Serve the policy that fits today and tomorrow, body first, then the id (RFC 8461 §8.1)."""
        if self.transitional is None or self.transitional == self.now.policy:
            return []
        title = "Serve a policy that allows the hosts of today and those to come"
        if self.transitional.mode is Mode.NONE:
            title = "Serve the policy of mode none"
        if self.planned.policy is not None and self.transitional == self.planned.policy:
            title = "Serve the planned policy"
        return self._policy_steps(title, self.transitional, self.at)

    def _policy_steps(self, title: str, policy: Policy, at: datetime) -> list[Step]:
        after = at + timedelta(minutes=1)
        new_id = f"{after:%Y%m%d%H%M%S}"
        return [
            Step(
                title,
                at,
                policy=_body(policy),
                why="the body comes before the record that announces it",
                source="RFC 8461 §8.1",
            ),
            Step(
                "Announce it with a new id",
                after,
                zone=(txt_line(f"_mta-sts.{self.now.domain}", write_record(new_id), self.now.record_ttl_s),),
                why=f"senders see it once the record's TTL of {self.record_ttl_s} s has passed; "
                "copies of the policy before it last until their max_age",
                source="RFC 8461 §3.1",
            ),
        ]

    def _prepublish(self, hosts: tuple[HostPublished, ...]) -> Step:
        zone = [
            tlsa_line(host.owner, record, host.ttl_s)
            for host in hosts
            for record in self._records_between(host)
        ]
        return Step(
            "Publish the TLSA records of the certificate to come beside today's",
            self.at,
            zone=tuple(zone),
            why="both match something that a sender may hold",
            source="RFC 7671 §8.1",
        )

    def _deploy(self, at: datetime, *, waits: bool) -> Step:
        why = (
            f"{_TLSA_WAIT} TTLs after the records, when no cache holds the TLSA records of before"
            if waits
            else "no cached record speaks against it"
        )
        return Step(
            f"Deploy the new certificate on {_list(self.chain_hosts)}",
            at,
            why=why,
            source="RFC 7671 §8.1" if waits else "RFC 7672 §4",
        )

    def _retire(self, hosts: tuple[HostPublished, ...], at: datetime) -> Step:
        zone, removed = [], []
        for host in hosts:
            after = self._records_after(host)
            zone += [tlsa_line(host.owner, record, host.ttl_s) for record in after]
            removed += [
                tlsa_line(host.owner, record, host.ttl_s) for record in host.records if record not in after
            ]
        return Step(
            "See that it works on every address, then remove the TLSA records of the old key",
            at,
            zone=tuple(zone),
            remove=tuple(removed),
            why="they match nothing that is shown any more",
            source="RFC 7671 §8.1",
        )

    def _switch_at(self, deploy_at: datetime) -> datetime:
        """When the MX records may change: no cached policy refuses a host, and all certificates stand."""
        policy = self.now.policy
        at = deploy_at if any(host in self.chain_hosts for host in self.new_hosts) else self.at
        refused = policy is not None and any(not policy.allows(host) for host in self.coming)
        if self.binds and refused:
            at = max(at, self.policy_expires)
        return at

    def _switch(self, at: datetime) -> Step:
        policy = self.now.policy
        waits = self.binds and policy is not None and any(not policy.allows(h) for h in self.coming)
        why = "no cached policy refuses a host to come"
        if waits and policy is not None:
            early = self.at + timedelta(seconds=self.record_ttl_s, minutes=1)
            why = (
                f"until then senders may hold today's policy, for its max_age of {policy.lifetime_s} s; from "
                f"{early:%Y-%m-%d %H:%M} UTC on those that look again before they give up find the new one"
            )
        return Step(
            "Change the MX records",
            at,
            zone=tuple(mx_line(self.now.domain, record, self.now.mx_ttl_s) for record in self.planned.mx),
            why=why,
            source="RFC 8461 §5" if waits else "RFC 8461 §4.1",
        )

    def _settle(self, at: datetime, *, already: bool) -> list[Step]:
        """What ends the change: old hosts off, their records away, and the final policy."""
        steps = []
        if self.old_hosts:
            remove = [
                tlsa_line(host.owner, record, host.ttl_s)
                for host in self.now.hosts
                if host.host in self.old_hosts
                for record in host.records
            ]
            steps.append(
                Step(
                    f"Take {_list(self.old_hosts)} out of service",
                    at,
                    remove=tuple(remove),
                    why=f"the MX records of before are out of every cache, after their TTL of {self.mx_ttl_s} s",
                    source="RFC 5321 §5.1",
                )
            )
        if self.final is not None and self.final != self.transitional:
            steps += self._policy_steps("Serve the policy of the hosts that are left", self.final, at)
        removing = self.planned.policy is not None and self.planned.policy.mode is Mode.NONE
        if removing and self.now.policy is not None and self.now.policy.mode is not Mode.NONE:
            steps.append(self._removal())
        return steps

    def _removal(self) -> Step:
        """The end of MTA-STS at a domain: when every policy served before has expired (RFC 8461 §8.3)."""
        owner = f"_mta-sts.{self.now.domain}"
        gone = (
            (txt_line(owner, write_record(self.now.policy_id), self.now.record_ttl_s),)
            if self.now.policy_id
            else ()
        )
        return Step(
            "Remove the MTA-STS record and the policy host, if MTA-STS is to go for good",
            self.policy_expires + timedelta(minutes=1),
            remove=gone,
            why="every copy of the policy before has expired",
            source="RFC 8461 §8.3",
        )

    def notes(self) -> tuple[str, ...]:
        """What to know besides."""
        notes = []
        if self.now.policy is not None and self.steps_wait_for_policy():
            notes.append(
                "if a policy with a longer max_age was served before, wait for that one (RFC 8461 §8.3)"
            )
        if self.now.mx_ttl_s is None and self.planned.mx:
            notes.append("the TTL of the MX records was not seen; an hour is assumed")
        if any(host.ttl_s is None for host in self._changing()):
            notes.append("the TTL of the TLSA records was not seen; an hour is assumed")
        if self.planned.chain and len(self.planned.chain) == 1 and self._needs_anchor():
            notes.append(
                "the file holds no certificate of a CA, so the records of usage 2 cannot be prepared; "
                "give the whole chain"
            )
        policy = self.planned.policy
        if policy is not None and policy.mode is Mode.NONE and policy.lifetime_s > _OPT_OUT_MAX_AGE_S:
            notes.append(
                "a policy of mode none does best with a small max_age, such as a day (RFC 8461 §8.3)"
            )
        return tuple(notes)

    def steps_wait_for_policy(self) -> bool:
        """Whether a step waits for today's policy to expire."""
        removing = self.planned.policy is not None and self.planned.policy.mode is Mode.NONE
        policy = self.now.policy
        refused = policy is not None and any(not policy.allows(host) for host in self.coming)
        return self.binds and (refused or removing)

    def _needs_anchor(self) -> bool:
        hosts = (self.now.host(name) for name in self.chain_hosts)
        return any(
            record.usage == dane.DANE_TA and not dane.unusable(record)
            for host in hosts
            if host is not None
            for record in host.records
        )


def _staying(
    live: Iterable[tuple[Certificate, ...]], coming: tuple[Certificate, ...]
) -> tuple[tuple[Certificate, ...], ...]:
    """The chains shown beside the new one: those of other key types, where it replaces one of its own."""
    chains = tuple(live)
    of_its_type = [chain for chain in chains if chain[0].key_type == coming[0].key_type]
    return tuple(chain for chain in chains if chain not in of_its_type) if of_its_type else ()


def _allows(pattern: str, host: str) -> bool:
    return Policy(Mode.ENFORCE, 0, (pattern,)).allows(host)


def _ttl(host: HostPublished) -> int:
    return DEFAULT_TTL_S if host.ttl_s is None else host.ttl_s


def _body(policy: Policy) -> str:
    """The policy as its lines; what cannot be written in form is left out."""
    sound = structs.replace(policy, max_age=min(policy.max_age, MAX_AGE_S))
    try:
        return write_policy(sound).decode("utf-8")
    except ValueError:
        return write_policy(structs.replace(sound, extensions=())).decode("utf-8")


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def implicit_mx(domain: str) -> tuple[MailExchange, ...]:
    """The domain itself as its only host, where it has no MX records (RFC 5321 §5.1)."""
    return (MailExchange(0, domain),)
