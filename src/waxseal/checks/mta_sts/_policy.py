"""The policy that senders take today, or what keeps them from it: shared by the checks of this folder.

A domain that publishes nothing gets one answer from all of them; that it publishes nothing is told by
``policy/none-published``. Each obstacle on the way to a policy belongs to one check, and the others point to
it.
"""

from functools import cached_property, lru_cache

from msgspec import Struct

from waxseal.checks.api import Bundle, Judgement, fail, not_applicable, unreached, warn
from waxseal.checks.dns._lookup import ANSWERED, bounded, speaker
from waxseal.facts import Cause, DnsAnswer, Dnssec, KeyProof, MxRecords, Stage, StsFetch, StsRecord, describe
from waxseal.trust import chain as trust_chain
from waxseal.trust.names import match, names_presented
from waxseal.trust.proof import plain
from waxseal.wire.dns_rdata import txt_records
from waxseal.wire.mta_sts import (
    MAX_POLICY_OCTETS,
    Effect,
    Mode,
    Policy,
    PolicyReading,
    Problem,
    RecordReading,
    read_policy,
    read_record,
)

OURS = frozenset(
    {
        Cause.NO_ROUTE,
        Cause.NOT_ALLOWED,
        Cause.BLOCKED_HERE,
        Cause.BUDGET_SPENT,
        Cause.CRASHED,
        Cause.TLS_FAILED,
    }
)
"""Ends of a fetch that say nothing of the policy host."""
TRY_AGAIN = "mend that first, then test again"
MAX_LINES = 5


class Obstacle(Struct, frozen=True):
    """What keeps senders from a policy.

    Attributes:
        check: The check that speaks of it.
        why: It, in words.
        seen: Whether it is known to be so; False where the policy could not be seen from here.
    """

    check: str
    why: str
    seen: bool = True

    def judgement(self) -> Judgement:
        """The answer of every other check that needs the policy."""
        if self.seen:
            return not_applicable(f"senders get no policy: {self.why}; see {self.check}")
        return unreached(f"the policy was not seen: {self.why}; see {self.check}", advice=TRY_AGAIN)


class PublishedPolicy(Bundle, frozen=True, dict=True):
    """What the domain publishes by way of MTA-STS."""

    record: StsRecord
    fetch: StsFetch | None
    mx: MxRecords | None = None

    def aside(self) -> Judgement | None:
        """The answer where there is no sign of a policy."""
        if self.served is not None or self.meant:
            return None
        if is_told(self.record.answer):
            return not_applicable("the domain publishes no MTA-STS policy")
        return unreached(
            f"whether there is a policy is not known, see {speaker_of(self.record, self.mx)}",
            advice=TRY_AGAIN,
        )

    @cached_property
    def reading(self) -> RecordReading:
        """What the TXT records say."""
        return read_record(txt_records(self.record.answer))

    @cached_property
    def meant(self) -> bool:
        """Whether a TXT record is there that is, or seems to be meant as, one of MTA-STS."""
        return self.reading.candidates > 0 or bool(rejected(self.reading.problems))

    @cached_property
    def body(self) -> PolicyReading | None:
        """What the policy says; None where none came that could be read at all."""
        return _read(self.fetch.body) if self.fetch is not None and not _undelivered(self.fetch) else None

    @cached_property
    def served(self) -> Policy | None:
        """The policy that the host serves, whether or not senders may take it."""
        return self.body.policy if self.body is not None else None

    @cached_property
    def undelivered(self) -> Obstacle | None:
        """Why no policy came; None where there is one to read, well-formed or not."""
        if self.fetch is None:
            return Obstacle("mta-sts/policy-unreachable", "it was not fetched", seen=False)
        return _undelivered(self.fetch)

    @cached_property
    def unserved(self) -> Obstacle | None:
        """Why there is no policy in form; None where there is one."""
        if (obstacle := self.undelivered) is not None:
            return obstacle
        return None if self.served is not None else Obstacle("mta-sts/policy-malformed", "it is malformed")

    @cached_property
    def obstacle(self) -> Obstacle | None:
        """What keeps senders without a cached policy from taking this one today, the first in their order."""
        return self._unannounced() or self._undelivered_or_unproved() or self.unserved

    @cached_property
    def policy(self) -> Policy | None:
        """The policy that senders take today; None where they take none."""
        return self.served if self.obstacle is None else None

    @cached_property
    def why(self) -> str:
        """Why they take none; "" where they take one."""
        return self.obstacle.why if self.obstacle is not None else ""

    def in_force(self) -> Policy | Judgement:
        """The policy that senders hold MX hosts to; or the answer where there is none."""
        if (obstacle := self.obstacle) is not None:
            return obstacle.judgement()
        policy = self.served
        if policy is None or policy.mode is Mode.NONE:
            return not_applicable("the policy says none, so senders hold nobody to it; see mta-sts/mode-none")
        return policy

    def _unannounced(self) -> Obstacle | None:
        answer, reading = self.record.answer, self.reading
        if not is_told(answer):
            how = "is bogus" if is_bogus(answer) else f"ended {answer.status.value}"
            told = speaker_of(self.record, self.mx)
            return Obstacle(told, f"the TXT look-up {how}", seen=is_bogus(answer))
        if reading.candidates > 1:
            return Obstacle("mta-sts/records-several", "there are several TXT records")
        if reading.record is None and not self.meant:
            return Obstacle("mta-sts/record-missing", "no TXT record announces one")
        if reading.record is None:
            return Obstacle("mta-sts/record-malformed", "the TXT record is malformed")
        return None

    def _undelivered_or_unproved(self) -> Obstacle | None:
        if self.fetch is None or not self.fetch.certificates:
            return self.undelivered
        proof = prove_host(self.fetch)
        if proof.unseen:
            return Obstacle("mta-sts/policy-host-certificate", proof.unseen, seen=False)
        if proof.faults:
            return Obstacle("mta-sts/policy-host-certificate", "the policy host's certificate does not hold")
        return None


class HostProof(Struct, frozen=True):
    """Whether the policy host proved its name.

    Attributes:
        faults: What is wrong, one line each; empty where it holds.
        unseen: Why that cannot be told; "" where it can.
    """

    faults: tuple[str, ...] = ()
    unseen: str = ""


def prove_host(fetch: StsFetch) -> HostProof:
    """Prove the policy host's certificate for its name, by DNS-ID only (RFC 8461 §3.3).

    Args:
        fetch: With at least one certificate.
    """
    if fetch.store_size == 0:
        return HostProof(unseen="no root store was at hand")
    leaf, name = fetch.certificates[0], policy_host(fetch)
    proof = trust_chain.verify(fetch.certificates, fetch.anchors, fetch.fetched_at)
    faults = [plain(f"{problem.code.value}: {problem.detail}") for problem in proof.problems]
    if not match(leaf, name).matched:
        presented = ", ".join(names_presented(leaf)) or "none"
        faults.append(plain(f"not for {name}; names in the certificate: {presented}", 190))
    if fetch.key_proof is KeyProof.MISMATCH:
        faults.append("the handshake is not signed with the certificate's key")
    return HostProof(tuple(faults[:MAX_LINES]))


def policy_host(fetch: StsFetch) -> str:
    """The host in the URL that was asked for."""
    return fetch.url.partition("://")[2].partition("/")[0].partition(":")[0]


def coding(fetch: StsFetch) -> str:
    """The content coding of the response; "" for none."""
    value = fetch.field("content-encoding").strip().lower()
    return "" if value == "identity" else value


def media_type(fetch: StsFetch) -> str:
    """The media type of the response in lower case, without its parameters; "" for none."""
    return fetch.field("content-type").partition(";")[0].strip().lower()


def is_bogus(answer: DnsAnswer) -> bool:
    """Whether the signatures of the answer do not hold."""
    return answer.dnssec is Dnssec.BOGUS


def speaker_of(record: StsRecord, mx: MxRecords | None) -> str:
    """The check that tells why the look-up of the record gave no answer that senders take."""
    return speaker(record.answer, mx, bogus="mta-sts/record-bogus", failed="mta-sts/record-lookup-failed")


def is_told(answer: DnsAnswer) -> bool:
    """Whether DNS gave the records, or denied that there are any, in a way that senders take."""
    return answer.status in ANSWERED and not is_bogus(answer)


def rejected(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Those that make senders act as if nothing were there."""
    return tuple(problem for problem in problems if problem.fatal)


def out_of_form(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Those that can be read over, and that strict senders do not."""
    return tuple(problem for problem in problems if problem.effect is Effect.OUT_OF_FORM)


def lines(problems: tuple[Problem, ...], what: str) -> tuple[str, ...]:
    """One line of evidence for each problem, at most five: where, what, and the octets.

    Args:
        problems: In the order found.
        what: What is counted: ``line`` or ``record``.
    """
    told = []
    for problem in problems[:MAX_LINES]:
        place = f"{what} {problem.line}: " if problem.line else ""
        octets = f" {problem.octets.decode('latin-1')!a}" if problem.octets else ""
        told.append(bounded(f"{place}{problem.id}{octets} ({problem.source})"))
    return tuple(told)


def unanswered(published: PublishedPolicy) -> Judgement:
    """The answer of a check of the response where none came."""
    obstacle = published.undelivered
    why = obstacle.why if obstacle is not None else "no response came"
    speaker = obstacle.check if obstacle is not None else "mta-sts/policy-unreachable"
    return unreached(f"the policy was not seen: {why}; see {speaker}", advice=TRY_AGAIN)


def weigh(policy: Policy, summary: str, *evidence: str) -> Judgement:
    """FAIL where the policy is enforced, so that mail is held back; WARN while it is tested (RFC 8461 §5)."""
    return (fail if policy.mode is Mode.ENFORCE else warn)(summary, *evidence)


def patterns_line(policy: Policy) -> str:
    """The patterns on one line."""
    return bounded(f"mode {policy.mode.value}, mx: {', '.join(policy.mx)}")


@lru_cache(maxsize=64)
def _read(body: bytes) -> PolicyReading:
    return read_policy(body)


def _undelivered(fetch: StsFetch) -> Obstacle | None:
    ended = fetch.ended
    if ended.cause is Cause.LIMIT and fetch.body_octets > MAX_POLICY_OCTETS:
        return Obstacle("mta-sts/policy-too-large", "it is too large")
    if ended.cause is Cause.TIMED_OUT and ended.stage is Stage.RESPONSE:
        return Obstacle("mta-sts/policy-slow", "it did not come in time")
    if ended.cause is not Cause.COMPLETED:
        unseen = ended.cause in OURS or ended.cause is Cause.TIMED_OUT
        return Obstacle("mta-sts/policy-unreachable", bounded(describe(ended)), seen=not unseen)
    if fetch.status is None:
        return Obstacle("mta-sts/policy-unreachable", "no response came", seen=False)
    if fetch.status // 100 == 3:
        return Obstacle("mta-sts/policy-redirected", "the policy host redirects")
    if fetch.status != 200:
        return Obstacle("mta-sts/policy-status", f"the policy host answers with status {fetch.status}")
    if coding(fetch):
        return Obstacle("mta-sts/policy-compressed", "it comes in a coding that nobody asked for")
    if fetch.body_octets > MAX_POLICY_OCTETS:
        return Obstacle("mta-sts/policy-too-large", "it is too large")
    return None
