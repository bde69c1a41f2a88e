"""A planned change against what senders may have cached: what fits, what is refused, what must come first.

Senders keep a policy for its max_age (RFC 8461 §3.2), TLSA and MX records for their TTL; so whatever they may
hold has to fit what they find. The steps that follow are laid out in ``change``, the forms are in
``change_steps``.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import structs

from waxseal.facts import Certificate, TlsaRecord
from waxseal.grading.change_steps import CachedState, HostPublished, Planned, Published
from waxseal.grading.zone_lines import DEFAULT_TTL_S, tlsa_line, tlsa_owner
from waxseal.trust import chain as trust_chain
from waxseal.trust import dane
from waxseal.trust.names import match
from waxseal.wire.mta_sts import Mode, Policy, is_pattern, pattern_matches

TLSA_WAIT = 2
"""TTLs between publishing the next TLSA record and the change of the key (RFC 7671 §8.1)."""


class Situation:
    """One change, and what senders hold from before it.

    Attributes:
        now, planned, at: As given.
        today, coming: MX hosts of today and after the change.
        new_hosts, old_hosts: Those that come and go.
        chain_hosts: Those that are to show the certificate to come; empty without one.
        transitional: The policy for the time between; None for none.
        final: The policy at the end; None for none. One that is planned gets a line for each host that it
            leaves out, since no order of steps would make it safe without.
    """

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
            return _allowing(self.planned.policy, self.coming)
        policy = self.now.policy
        if policy is None or policy.mode is Mode.NONE or not self.planned.mx:
            return policy
        kept = tuple(p for p in policy.mx if any(pattern_matches(p, host) for host in self.coming))
        final = _allowing(structs.replace(policy, mx=kept), self.coming)
        return final if final.mx else policy

    def _transitional_policy(self) -> Policy | None:
        """The policy for the time between: it allows the hosts of today and those to come.

        A policy that is to bind senders for the first time comes last, when every host that mail may be
        brought to is one that it was made for.
        """
        if self.tightens:
            return self.now.policy
        base = self.planned.policy or self.now.policy
        return base if base is None else _allowing(base, (*self.today, *self.new_hosts))

    @property
    def tightens(self) -> bool:
        """Whether a policy is planned that binds senders, and nothing binds them today."""
        return self.planned.policy is not None and self.planned.policy.mode is Mode.ENFORCE and not self.binds

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
        outcome = f"{listed(refused)} refused: no mx line matches; " + (
            f"mail goes to {listed(left)} only" if left else "mail is deferred, and returned in the end"
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
        outcome = f"mail still comes to {listed(self.old_hosts)}, which have to stay in service"
        return (CachedState(holds, until, True, outcome, "RFC 1035 §3.2.1"),)

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
            until = self.at + timedelta(seconds=TLSA_WAIT * tlsa_ttl(host))
            if not self.missing_records(host):
                told = "the certificate to come matches them"
                states.append(CachedState(holds, until, True, told, "RFC 7671 §8"))
                continue
            told = "the certificate to come does not match: mail to this host is deferred"
            if host.secure is None:
                told += ", where its zone is signed (nobody validated it here)"
            states.append(CachedState(holds, until, False, told, "RFC 7672 §2.2"))
        return tuple(states)

    def new_host_states(self) -> tuple[CachedState, ...]:
        """Senders that do DANE, at the new hosts that keep their certificates."""
        states = []
        for name in self.new_hosts:
            host = self.now.host(name)
            if host is None or name in self.chain_hosts or (host.known and not host.records):
                continue
            holds = f"the TLSA records of {name}"
            if not host.known:
                told = f"they could not be seen: {host.why}"
                states.append(CachedState(holds, None, None, told, "RFC 7672 §2.1.2"))
                continue
            names = host.names or (name,)
            proofs = [dane.verify(host.records, chain, names, self.at) for chain in host.chains]
            if not proofs:
                told = "its certificate was not seen"
                states.append(CachedState(holds, None, None, told, "RFC 7672 §2.2"))
            elif all(proof.holds or not proof.usable for proof in proofs):
                told = "its certificate matches them"
                states.append(CachedState(holds, None, True, told, "RFC 7672 §2.2"))
            else:
                told = "a certificate that it shows does not match: mail to this host is deferred"
                if host.secure is None:
                    told += ", where its zone is signed (nobody validated it here)"
                states.append(CachedState(holds, None, False, told, "RFC 7672 §2.2"))
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

    def missing_records(self, host: HostPublished) -> tuple[TlsaRecord, ...]:
        """What has to be added for the certificate to come: each combination has to match (RFC 7671 §8).

        Where a trust anchor's record cannot be made to match, ``3 1 1`` takes its place, for the certificates
        of today and for the one to come, since it has to match both (RFC 7671 §8.4).
        """
        added: list[TlsaRecord] = []
        for record, combination in self._due(host):
            if record is not None:
                added.append(record)
                continue
            if combination.usage == dane.DANE_TA:
                added += [_end_entity(chain[0]) for chain in host.chains]
            added.append(_end_entity(self.planned.chain[0]))
        return tuple(record for record in dict.fromkeys(added) if record not in host.records)

    def _due(self, host: HostPublished) -> list[tuple[TlsaRecord | None, dane.Combination]]:
        """The combinations that do not match the certificate to come, each with the record that would."""
        chain, names = self.planned.chain, host.names or (host.host,)
        found: list[tuple[TlsaRecord | None, dane.Combination]] = []
        for combination in dane.verify(host.records, chain, names, self.at).combinations:
            if combination.holds:
                continue
            of = chain[:1] if combination.usage == dane.DANE_EE else chain[1:2]
            record = None
            if of:
                record = dane.record_for(
                    of[0], combination.usage, combination.selector, combination.matching_type
                )
                if not dane.verify((record,), chain, names, self.at).holds:
                    record = None
            found.append((record, combination))
        return found

    def given_up(self, host: HostPublished) -> tuple[TlsaRecord, ...]:
        """Today's records of combinations that can never match the certificate to come."""
        lost = {
            (combination.usage, combination.selector, combination.matching_type)
            for record, combination in self._due(host)
            if record is None
        }
        return tuple(r for r in host.records if (r.usage, r.selector, r.matching_type) in lost)

    def sharing(self, host: HostPublished) -> tuple[HostPublished, ...]:
        """The hosts to come whose TLSA records stand at the same place, as they do behind aliases."""
        hosts = [other for other in self.now.hosts if other.owner == host.owner and other.host in self.coming]
        return tuple(dict.fromkeys([host, *hosts]))

    def records_between(self, host: HostPublished) -> tuple[TlsaRecord, ...]:
        """Today's records and those of the certificate to come."""
        group = [other for other in self.sharing(host) if other.host in self.chain_hosts]
        dropped = {record for other in group for record in self.given_up(other)}
        missing = [record for other in group for record in self.missing_records(other)]
        return tuple(r for r in dict.fromkeys([*host.records, *missing]) if r not in dropped)

    def records_after(self, host: HostPublished) -> tuple[TlsaRecord, ...]:
        """The records that still match a certificate once the new one is shown, each by itself.

        All of them, where another host's certificates, which they may be of, were not seen.
        """
        between = self.records_between(host)
        if not all(self._chains_to_come(other.host) for other in self.sharing(host)):
            return between
        kept = set()
        for other in self.sharing(host):
            names = other.names or (other.host,)
            for chain in self._chains_to_come(other.host):
                kept |= {r for r in between if dane.verify((r,), chain, names, self.at).holds}
        return tuple(record for record in between if record in kept)

    def changing(self) -> tuple[HostPublished, ...]:
        """Hosts whose TLSA records need a record more before the certificate changes, one for each place."""
        hosts = (self.now.host(name) for name in self.chain_hosts)
        found = [h for h in hosts if h is not None and h.records and self.missing_records(h)]
        return tuple({host.owner: host for host in found}.values())

    def first_records(self) -> tuple[str, ...]:
        """TLSA records for new hosts, where the domain's others have some."""
        if not self.planned.chain or not any(host.records for host in self.now.hosts):
            return ()
        bare = [
            name
            for name in self.chain_hosts
            if name in self.new_hosts and not ((host := self.now.host(name)) and host.records)
        ]
        record = _end_entity(self.planned.chain[0])
        return tuple(tlsa_line(tlsa_owner(name, self.now.port), record) for name in bare)


def _allowing(policy: Policy, hosts: Iterable[str]) -> Policy:
    """A policy with a line more for each host that it leaves out and that a line can name.

    One of mode none stays as it is.
    """
    if policy.mode is Mode.NONE:
        return policy
    missing = [host for host in hosts if not policy.allows(host) and is_pattern(host)]
    return structs.replace(policy, mx=tuple(dict.fromkeys([*policy.mx, *missing])))


def _end_entity(certificate: Certificate) -> TlsaRecord:
    return dane.record_for(certificate, dane.DANE_EE, dane.SPKI, dane.SHA2_256)


def _staying(
    live: Iterable[tuple[Certificate, ...]], coming: tuple[Certificate, ...]
) -> tuple[tuple[Certificate, ...], ...]:
    """The chains shown beside the new one: those of other key types, where it replaces one of its own."""
    chains = tuple(live)
    of_its_type = [chain for chain in chains if chain[0].key_type == coming[0].key_type]
    return tuple(chain for chain in chains if chain not in of_its_type) if of_its_type else ()


def tlsa_ttl(host: HostPublished) -> int:
    """TTL of a host's TLSA records in seconds, an hour where it was not seen."""
    return DEFAULT_TTL_S if host.ttl_s is None else host.ttl_s


def listed(names: Iterable[str]) -> str:
    """Names as they stand in a sentence."""
    return ", ".join(names)
