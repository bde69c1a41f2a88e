"""Change safety: what doing a change now would do, and the order and moments in which it is safe.

Pure: what is published comes from ``change_published``, what senders may hold is weighed in
``change_situation``, the forms are in ``change_steps``, and nothing is looked up.
"""

from datetime import datetime, timedelta

from msgspec import structs

from waxseal.facts import MailExchange
from waxseal.grading.change_situation import TLSA_WAIT, Situation, listed, tlsa_ttl
from waxseal.grading.change_steps import ChangePlan, HostPublished, Planned, Published, Step
from waxseal.grading.zone_lines import mx_line, tlsa_line, txt_line
from waxseal.trust import dane
from waxseal.wire.mta_sts import MAX_AGE_S, Mode, Policy, is_pattern, write_policy, write_record

_OPT_OUT_MAX_AGE_S = 86400
"""The small max_age of a policy of mode none (RFC 8461 §8.3: "e.g., one day")."""


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
    case = Situation(published, planned, at)
    timeline = _Timeline(case)
    states = (
        *case.policy_states(),
        *case.mx_states(),
        *case.tlsa_states(),
        *case.new_host_states(),
        *case.chain_states(),
    )
    return ChangePlan(published.domain, at, states, timeline.steps(), timeline.notes())


class _Timeline:
    """The steps of one change."""

    def __init__(self, case: Situation) -> None:
        self.case = case

    def steps(self) -> tuple[Step, ...]:
        """Every step with its earliest moment, in order of time."""
        steps = self._widen()
        changing = self.case.changing()
        deploy_at = self.case.at
        if changing:
            wait = max(tlsa_ttl(host) for host in changing) * TLSA_WAIT
            deploy_at = self.case.at + timedelta(seconds=wait)
            steps.append(self._prepublish(changing))
        if first := self.case.first_records():
            steps.append(
                Step(
                    "Publish TLSA records for the new hosts",
                    self.case.at,
                    zone=first,
                    why="senders that do DANE prove the new hosts from the first message on",
                    source="RFC 7672 §2.2.3",
                )
            )
        if self.case.planned.chain:
            steps.append(self._deploy(deploy_at, waits=bool(changing)))
        if changing:
            steps.append(self._retire(changing, deploy_at))
        done_at = self.case.at
        if self.case.planned.mx:
            switch_at = self._switch_at(deploy_at)
            done_at = switch_at + timedelta(seconds=self.case.mx_ttl_s if self.case.old_hosts else 0)
            steps.append(self._switch(switch_at))
        if self.case.planned.chain and self.case.tightens:
            done_at = max(done_at, deploy_at)
        steps += self._settle(done_at)
        return tuple(sorted(steps, key=lambda step: step.earliest))

    def _widen(self) -> list[Step]:
        """Serve the policy that fits today and tomorrow, body first, then the id (RFC 8461 §8.1)."""
        if self.case.transitional is None or self.case.transitional == self.case.now.policy:
            return []
        title = "Serve a policy that allows the hosts of today and those to come"
        if self.case.transitional.mode is Mode.NONE:
            title = "Serve the policy of mode none"
        if self.case.planned.policy is not None and self.case.transitional == self.case.planned.policy:
            title = "Serve the planned policy"
        return self._policy_steps(title, self.case.transitional, self.case.at)

    def _id_line(self, policy_at: datetime) -> tuple[datetime, str]:
        """When the record of a policy that is served from a moment on may change, and that record."""
        after = policy_at + timedelta(minutes=1)
        owner = f"_mta-sts.{self.case.now.domain}"
        return after, txt_line(owner, write_record(f"{after:%Y%m%d%H%M%S}"), self.case.now.record_ttl_s)

    def _policy_steps(self, title: str, policy: Policy, at: datetime) -> list[Step]:
        after, line = self._id_line(at)
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
                zone=(line,),
                why=f"senders see it once the record's TTL of {self.case.record_ttl_s} s has passed; "
                "copies of the policy before it last until their max_age",
                source="RFC 8461 §3.1",
            ),
        ]

    def _prepublish(self, hosts: tuple[HostPublished, ...]) -> Step:
        zone, removed = [], []
        for host in hosts:
            between = self.case.records_between(host)
            zone += [tlsa_line(host.owner, record, host.ttl_s) for record in between]
            removed += [
                tlsa_line(host.owner, record, host.ttl_s) for record in host.records if record not in between
            ]
        return Step(
            "Publish the TLSA records of the certificate to come beside today's",
            self.case.at,
            zone=tuple(zone),
            remove=tuple(removed),
            why="both match something that a sender may hold",
            source="RFC 7671 §8.1",
        )

    def _deploy(self, at: datetime, *, waits: bool) -> Step:
        why = (
            f"{TLSA_WAIT} TTLs after the records, when no cache holds the TLSA records of before"
            if waits
            else "no cached record speaks against it"
        )
        return Step(
            f"Deploy the new certificate on {listed(self.case.chain_hosts)}",
            at,
            why=why,
            source="RFC 7671 §8.1" if waits else "RFC 7672 §4",
        )

    def _retire(self, hosts: tuple[HostPublished, ...], at: datetime) -> Step:
        zone, removed = [], []
        for host in hosts:
            after, between = self.case.records_after(host), self.case.records_between(host)
            zone += [tlsa_line(host.owner, record, host.ttl_s) for record in after]
            removed += [
                tlsa_line(host.owner, record, host.ttl_s) for record in between if record not in after
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
        policy = self.case.now.policy
        at = deploy_at if any(host in self.case.chain_hosts for host in self.case.new_hosts) else self.case.at
        refused = policy is not None and any(not policy.allows(host) for host in self.case.coming)
        if self.case.binds and refused:
            at = max(at, self.case.policy_expires)
        return at

    def _switch(self, at: datetime) -> Step:
        policy = self.case.now.policy
        waits = self.case.binds and policy is not None and any(not policy.allows(h) for h in self.case.coming)
        why = "no cached policy refuses a host to come"
        if waits and policy is not None:
            early = self.case.at + timedelta(seconds=self.case.record_ttl_s, minutes=1)
            why = (
                f"until then senders may hold today's policy, for its max_age of {policy.lifetime_s} s; from "
                f"{early:%Y-%m-%d %H:%M} UTC on those that look again before they give up find the new one"
            )
        return Step(
            "Change the MX records",
            at,
            zone=tuple(
                mx_line(self.case.now.domain, record, self.case.now.mx_ttl_s)
                for record in self.case.planned.mx
            ),
            why=why,
            source="RFC 8461 §5" if waits else "RFC 8461 §4.1",
        )

    def _settle(self, at: datetime) -> list[Step]:
        """What ends the change: old hosts off, their records away, and the final policy."""
        steps = []
        if self.case.old_hosts:
            remove = [
                tlsa_line(host.owner, record, host.ttl_s)
                for host in self.case.now.hosts
                if host.host in self.case.old_hosts and self.case.sharing(host) == (host,)
                for record in host.records
            ]
            steps.append(
                Step(
                    f"Take {listed(self.case.old_hosts)} out of service",
                    at,
                    remove=tuple(dict.fromkeys(remove)),
                    why=f"the MX records of before are in no cache after their TTL of {self.case.mx_ttl_s} s",
                    source="RFC 1035 §3.2.1",
                )
            )
        if self.case.final is not None and self.case.final != self.case.transitional:
            title = "Serve the policy of the hosts that are left"
            if self.case.tightens:
                title = "Serve the planned policy, which binds senders"
            steps += self._policy_steps(title, self.case.final, at)
        removing = self.case.planned.policy is not None and self.case.planned.policy.mode is Mode.NONE
        if removing and self.case.now.policy is not None and self.case.now.policy.mode is not Mode.NONE:
            steps.append(self._removal())
        return steps

    def _removal(self) -> Step:
        """The end of MTA-STS at a domain: when every policy served before has expired (RFC 8461 §8.3)."""
        _, announced = self._id_line(self.case.at)
        return Step(
            "Remove the MTA-STS record and the policy host, if MTA-STS is to go for good",
            self.case.policy_expires + timedelta(minutes=1),
            remove=(announced,),
            why="every copy of the policy before has expired",
            source="RFC 8461 §8.3",
        )

    def notes(self) -> tuple[str, ...]:
        """What to know besides."""
        notes = []
        if self.case.now.policy is not None and self.steps_wait_for_policy():
            notes.append(
                "if a policy with a longer max_age was served before, wait for that one (RFC 8461 §8.3)"
            )
        if self.case.changing() or self.case.old_hosts:
            notes.append(
                "the TTL of a signed record is the one in its signature, of others what the resolver told, "
                "from its cache what was left: where your zone has a longer one, wait for that"
            )
        if self.case.now.mx_ttl_s is None and self.case.planned.mx:
            notes.append("the TTL of the MX records was not seen; an hour is assumed")
        if any(host.ttl_s is None for host in self.case.changing()):
            notes.append("the TTL of the TLSA records was not seen; an hour is assumed")
        if self.case.planned.chain and len(self.case.planned.chain) == 1 and self._needs_anchor():
            notes.append(
                "the file holds no certificate of a CA, so the records of usage 2 cannot be prepared; "
                "give the whole chain"
            )
        elif given_up := [host.host for host in self.case.changing() if self.case.given_up(host)]:
            notes.append(
                f"the TLSA records of usage 2 of {listed(given_up)} cannot match the certificate to come, so "
                "3 1 1 takes their place"
            )
        notes += self._new_host_notes()
        unnamed = [host for host in self.case.coming if not is_pattern(host)]
        if self.case.final is not None and self.case.final.mode is not Mode.NONE and unnamed:
            notes.append(
                f"no MTA-STS policy can allow {listed(unnamed)}: a line cannot name it (RFC 8461 §3.2)"
            )
        policy = self.case.planned.policy
        if policy is not None and policy != self.case.final:
            left_out = [host for host in self.case.coming if not policy.allows(host)]
            notes.append(f"the planned policy leaves out {listed(left_out)}; the steps add what it needs")
        if policy is not None and policy.mode is Mode.NONE and policy.lifetime_s > _OPT_OUT_MAX_AGE_S:
            notes.append(
                "a policy of mode none does best with a small max_age, such as a day (RFC 8461 §8.3)"
            )
        return tuple(notes)

    def _new_host_notes(self) -> list[str]:
        notes = []
        proved = any(host.records for host in self.case.now.hosts if host.host in self.case.today)
        for name in self.case.new_hosts:
            host = self.case.now.host(name)
            if host is None or not host.chains:
                notes.append(f"{name} was not seen to take TLS; test it before the MX records change")
            if proved and not (host is not None and host.records) and name not in self.case.chain_hosts:
                notes.append(f"{name} has no TLSA records, so mail to it is not proved as it is today")
        return notes

    def steps_wait_for_policy(self) -> bool:
        """Whether a step waits for today's policy to expire."""
        removing = self.case.planned.policy is not None and self.case.planned.policy.mode is Mode.NONE
        policy = self.case.now.policy
        refused = policy is not None and any(not policy.allows(host) for host in self.case.coming)
        return self.case.binds and (refused or removing)

    def _needs_anchor(self) -> bool:
        hosts = (self.case.now.host(name) for name in self.case.chain_hosts)
        return any(
            record.usage == dane.DANE_TA and not dane.unusable(record)
            for host in hosts
            if host is not None
            for record in host.records
        )


def _body(policy: Policy) -> str:
    """The policy as its lines; what cannot be written in form is left out."""
    sound = structs.replace(policy, max_age=min(policy.max_age, MAX_AGE_S))
    try:
        return write_policy(sound).decode("utf-8")
    except ValueError:
        return write_policy(structs.replace(sound, extensions=())).decode("utf-8")


def implicit_mx(domain: str) -> tuple[MailExchange, ...]:
    """The domain itself as its only host, where it has no MX records (RFC 5321 §5.1)."""
    return (MailExchange(0, domain),)
