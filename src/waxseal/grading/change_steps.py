"""The forms of a planned change: what is published today, what is planned, and what a plan says.

Worked out in ``change``, read from facts in ``change_published``, shown in ``report.plan``.
"""

from datetime import datetime

from msgspec import Struct

from waxseal.facts import Certificate, MailExchange, TlsaRecord
from waxseal.wire.mta_sts import Policy


class HostPublished(Struct, frozen=True):
    """One mail host as it stands today.

    Attributes:
        host: A-label.
        owner: Where its TLSA records stand, no trailing dot.
        records: Its TLSA records; empty where there are none, or DANE does not apply.
        ttl_s: Their TTL; None where it was not seen.
        secure: Whether they are secure; None where nobody validated them.
        known: Whether the look-ups gave an answer.
        why: The reason where they did not.
        signed: Whether the host's own zone is signed; None where nobody validated it.
        names: The reference identifiers for DANE-TA(2) (RFC 7672 §3.2.2).
        chains: The chains that it shows, each once.
    """

    host: str
    owner: str
    records: tuple[TlsaRecord, ...] = ()
    ttl_s: int | None = None
    secure: bool | None = None
    known: bool = True
    why: str = ""
    signed: bool | None = None
    names: tuple[str, ...] = ()
    chains: tuple[tuple[Certificate, ...], ...] = ()


class Published(Struct, frozen=True):
    """What the world is told today.

    Attributes:
        domain, port: Whose mail, and where it is brought to.
        mx: The MX RRset; the domain itself where there is none.
        mx_ttl_s: Its TTL; None where it was not seen.
        hosts: The hosts of `mx`, and new ones as far as they were looked at.
        policy: The policy that senders take today; None for none.
        policy_known: Whether that was seen.
        policy_why: Why there is none, or why it was not seen.
        policy_id: Id of the `_mta-sts` record; "" for none.
        record_ttl_s: TTL of that record; None where it was not seen.
    """

    domain: str
    port: int
    mx: tuple[MailExchange, ...]
    mx_ttl_s: int | None
    hosts: tuple[HostPublished, ...]
    policy: Policy | None = None
    policy_known: bool = True
    policy_why: str = ""
    policy_id: str = ""
    record_ttl_s: int | None = None

    def host(self, name: str) -> HostPublished | None:
        """A host by its name."""
        return next((host for host in self.hosts if host.host == name), None)


class Planned(Struct, frozen=True):
    """What is to be changed; what stays as it is, is left out.

    Attributes:
        mx: The whole MX RRset to come; empty where it stays.
        chain: The certificate to come and those above it, its own first; empty where they stay.
        chain_hosts: The hosts that are to show it; empty for those whose names it bears, else for all.
        anchors: DER of the roots that may end the chain; None where no store is at hand.
        policy: The policy to come; None where it stays.
    """

    mx: tuple[MailExchange, ...] = ()
    chain: tuple[Certificate, ...] = ()
    chain_hosts: tuple[str, ...] = ()
    anchors: tuple[bytes, ...] | None = None
    policy: Policy | None = None


class CachedState(Struct, frozen=True):
    """What senders that hold something from before would do if everything changed now.

    Attributes:
        holds: What they hold, in words.
        until: Until when they may hold it; None where waiting does not help.
        safe: Whether their mail arrives; None where that could not be seen.
        outcome: What becomes of their mail.
        source: Standard and section.
    """

    holds: str
    until: datetime | None
    safe: bool | None
    outcome: str
    source: str


class Step(Struct, frozen=True):
    """One step of a plan.

    Attributes:
        title: What to do.
        earliest: Not before this moment.
        zone: Records that have to stand afterwards, as lines of a zone file, in order; whole RRsets.
        remove: Records to take away.
        policy: The policy to serve afterwards, as its lines; "" where it stays.
        why: The reason for the moment.
        source: Standard and section.
    """

    title: str
    earliest: datetime
    zone: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    policy: str = ""
    why: str = ""
    source: str = ""


class ChangePlan(Struct, frozen=True):
    """What doing it now would do, and how to do it safely.

    Attributes:
        domain: Whose mail.
        at: The moment taken for now, aware UTC.
        states: What senders hold, and what becomes of their mail if all is done now.
        steps: In order, with the earliest moment of each.
        notes: What to know besides.
    """

    domain: str
    at: datetime
    states: tuple[CachedState, ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()

    @property
    def safe_now(self) -> bool | None:
        """Whether all of it may be done now; None where something could not be seen."""
        verdicts = {state.safe for state in self.states}
        return False if False in verdicts else None if None in verdicts else True
