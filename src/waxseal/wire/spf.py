"""An SPF policy as a whole: the records that it is spread over, and what following them takes (RFC 7208 §4).

Pure, and it asks: `read` takes the answers that are there and says which questions are open, so that a probe
goes on until none is, and a check repeats the same reading on the recorded answers. There is no message and
no client, so a policy is followed to its end, as for a client that no mechanism matches. Records themselves
are read in ``wire.spf_record``.

Not followed: names that hold something of the client or of the local-part, the PTR names of a client, and the
addresses of the hosts that an MX answer names.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct

from waxseal.facts import DnsAnswer, DnsStatus
from waxseal.wire.dns_rdata import mx_records, txt_records
from waxseal.wire.spf_record import (
    LOOKUP_MECHANISMS,
    Mechanism,
    Modifier,
    SpfRecord,
    expand,
    presentation,
    read_record,
    select_records,
)
from waxseal.wire.tag_list import shown

LOOKUP_LIMIT: Final = 10
"""Terms with a look-up that an evaluation may take (RFC 7208 §4.6.4)."""
VOID_LIMIT: Final = 2
"""Look-ups without a record that an evaluation should allow (RFC 7208 §4.6.4)."""
MX_LIMIT: Final = 10
"""Hosts of one MX answer that are looked up (RFC 7208 §4.6.4)."""
FOLLOW_LIMIT: Final = 40
"""Our own: terms with a look-up that are followed, so that records which name each other twice stay small."""

_EMPTY: Final = (DnsStatus.NO_DATA, DnsStatus.NXDOMAIN)


class Question(NamedTuple):
    """A look-up: name in presentation form, lower case, no trailing dot, and type."""

    name: str
    rdtype: str


class Fault(StrEnum):
    """What keeps a policy from being evaluated to its end."""

    RECORDS_SEVERAL = "records-several"
    """More than one SPF record at one name: permerror (RFC 7208 §4.5)."""
    SYNTAX = "syntax"
    """A term breaks the grammar: permerror (RFC 7208 §4.6)."""
    RECORD_MISSING = "record-missing"
    """include or redirect names a domain without a record: permerror (RFC 7208 §5.2, §6.1)."""
    NAME_INVALID = "name-invalid"
    """include or redirect names what cannot be a domain: the same."""
    LOOP = "loop"
    """include or redirect leads back to a record that it is part of: there is no end but the limit."""
    MX_TOO_MANY = "mx-too-many"
    """The MX answer of an mx mechanism has more than 10 hosts: permerror (RFC 7208 §4.6.4)."""
    LOOKUP_FAILED = "lookup-failed"
    """A look-up ended with an error: temperror (RFC 7208 §4.4, §5)."""


class SpfProblem(Struct, frozen=True):
    """One fault.

    Attributes:
        fault: Which.
        domain: The domain whose record has the term, or for records-several and syntax the record itself.
        term: The term as it is written, escaped; "" for the record as a whole.
        detail: What is wrong, in a plain phrase.
        answer: The look-up that showed it; None where there was none.
    """

    fault: Fault
    domain: str
    term: str
    detail: str
    answer: DnsAnswer | None = None


class SpfNode(Struct, frozen=True):
    """A record of the policy, with those that it brings in.

    Attributes:
        domain: Whose record it is; "" where no name could be made of the term.
        term: The include or redirect that led here, as it is written; "" for the first record.
        record: The record; None where there is none that can be read.
        lookups: Terms with a look-up in it and below it; the term that led here is its parent's.
        default: Qualifier of the ``all`` that ends it, also by way of a redirect; "" where nothing does; None
            where that could not be seen.
        children: The records that it includes or redirects to, in order.
    """

    domain: str
    term: str
    record: SpfRecord | None
    lookups: int
    default: str | None
    children: tuple["SpfNode", ...] = ()

    def walk(self) -> Iterable["SpfNode"]:
        """This record and all below it, in the order of evaluation."""
        yield self
        for child in self.children:
            yield from child.walk()


class VoidLookup(Struct, frozen=True):
    """A term whose look-up gives no record.

    Attributes:
        domain: Whose record has the term.
        term: As it is written.
        families: The address families of clients for which it gives none: 4, 6 or both.
    """

    domain: str
    term: str
    families: tuple[int, ...]


class OpenTerm(NamedTuple):
    """A term by which mail from anywhere passes, in the record of a domain."""

    domain: str
    term: str


class SpfReading(Struct, frozen=True):
    """What is known of a policy by the answers that are there.

    Attributes:
        tree: The records, from the domain's own.
        questions: What is still to be asked, records first; empty where the policy is known to its end.
        problems: In the order of evaluation.
        voids: Look-ups without a record.
        open_terms: Terms that let mail from every address of a family pass.
        unfollowed: ``(domain, term)`` of what depends on the client or the message.
        ptr_terms: ``(domain, term)`` of each ptr mechanism.
        cut: Following ended at `FOLLOW_LIMIT`, or a record is longer than is read.
    """

    tree: SpfNode
    questions: tuple[Question, ...]
    problems: tuple[SpfProblem, ...] = ()
    voids: tuple[VoidLookup, ...] = ()
    open_terms: tuple[OpenTerm, ...] = ()
    unfollowed: tuple[tuple[str, str], ...] = ()
    ptr_terms: tuple[tuple[str, str], ...] = ()
    cut: bool = False

    @property
    def complete(self) -> bool:
        """Whether everything was seen that can be seen without a message."""
        return not self.questions and not self.cut

    @property
    def lookups(self) -> int:
        """Terms with a look-up in the whole policy; at least so many where it is not complete."""
        return self.tree.lookups

    def found(self, *faults: Fault) -> tuple[SpfProblem, ...]:
        """The problems of these kinds."""
        return tuple(problem for problem in self.problems if problem.fault in faults)

    def void_lookups(self, family: int) -> int:
        """Look-ups without a record for a client of an address family."""
        return sum(1 for void in self.voids if family in void.families)


def read(domain: str, answers: Sequence[DnsAnswer]) -> SpfReading:
    """Follow a domain's SPF policy as far as the answers go.

    Args:
        domain: A-labels, no trailing dot.
        answers: The look-ups so far, in any order; each answers the `Question` of its name and type.

    Returns:
        The same for the same answers. Asking its questions and reading again ends after at most
        `FOLLOW_LIMIT` + 1 rounds.
    """
    walk = _Walk(domain, answers)
    tree = walk.follow(presentation(domain.lower().removesuffix(".")) or domain, "", ())
    records = [question for question in walk.questions if question.rdtype == "TXT"]
    others = [question for question in walk.questions if question.rdtype != "TXT"]
    return SpfReading(
        tree=tree,
        questions=(*records, *others),
        problems=walk.problems,
        voids=tuple(walk.voids),
        open_terms=tuple(walk.open_terms),
        unfollowed=tuple(walk.unfollowed),
        ptr_terms=tuple(walk.ptr_terms),
        cut=walk.cut,
    )


class _Walk:
    """One evaluation: answers in, the finds of `SpfReading` out."""

    def __init__(self, domain: str, answers: Sequence[DnsAnswer]) -> None:
        self._sender_domain = domain
        self._answers = {Question(answer.name, answer.rdtype): answer for answer in answers}
        self._followed = 0
        self.questions: dict[Question, None] = {}
        self._faults: dict[tuple[Fault, str, str, str], SpfProblem] = {}
        self.voids: list[VoidLookup] = []
        self.open_terms: list[OpenTerm] = []
        self.unfollowed: list[tuple[str, str]] = []
        self.ptr_terms: list[tuple[str, str]] = []
        self.cut = False

    def follow(self, domain: str, term: str, above: tuple[str, ...], *, passing: bool = True) -> SpfNode:
        """One record and all below it.

        Args:
            domain: Whose record.
            term: What led here; "" for the first record.
            above: The domains between the first record and this one.
            passing: Whether a match in it lets mail pass, by the qualifiers on the way here.
        """
        record = self._record(domain, term, above[-1] if above else domain)
        if record is None:
            return SpfNode(domain, term, None, 0, None)
        below = (*above, domain)
        before = self._followed
        children: list[SpfNode] = []
        for mechanism in record.mechanisms:
            child = self._mechanism(mechanism, below, passing=passing)
            if child is not None:
                children.append(child)
                # An included policy that passes everything ends the evaluation (RFC 7208 §5.2).
                if child.default == "+":
                    return SpfNode(
                        domain, term, record, self._followed - before, mechanism.qualifier, tuple(children)
                    )
        default: str | None = record.all.qualifier if record.all is not None else ""
        if (redirect := record.redirect) is not None:
            child = self._refer(redirect, redirect.value, below, passing=passing)
            default = child.default if child is not None else None
            children += [child] if child is not None else []
        return SpfNode(domain, term, record, self._followed - before, default, tuple(children))

    def _record(self, domain: str, term: str, asking: str) -> SpfRecord | None:
        """The one record of a domain that can be evaluated."""
        answer = self._ask(Question(domain, "TXT"))
        if answer is None:
            return None
        if answer.status not in (*_EMPTY, DnsStatus.ANSWERED):
            self._fault(
                Fault.LOOKUP_FAILED,
                asking,
                term,
                f"the TXT look-up of {domain} ended {answer.status.value}",
                answer,
            )
            return None
        records = select_records(txt_records(answer))
        if not records:
            if term:
                self._fault(Fault.RECORD_MISSING, asking, term, f"{domain} has no SPF record", answer)
            return None
        if len(records) > 1:
            self._fault(Fault.RECORDS_SEVERAL, domain, "", f"{domain} has {len(records)} SPF records", answer)
            return None
        record = read_record(records[0])
        self.cut |= record.cut
        for problem in record.problems:
            self._fault(Fault.SYNTAX, domain, problem.term, problem.detail, answer)
        return None if record.problems else record

    def _mechanism(self, mechanism: Mechanism, below: tuple[str, ...], *, passing: bool) -> SpfNode | None:
        """Take account of a mechanism; the record that it includes, where it is an include."""
        domain = below[-1]
        if mechanism.takes_all and mechanism.qualifier == "+" and passing:
            self.open_terms.append(OpenTerm(domain, shown(mechanism.text.encode("latin-1"))))
        if mechanism.name == "include":
            passes = passing and mechanism.qualifier == "+"
            return self._refer(mechanism, mechanism.target, below, passing=passes)
        if mechanism.name in LOOKUP_MECHANISMS:
            self._designator(mechanism, domain)
        return None

    def _refer(
        self, term: Mechanism | Modifier, spec: str, below: tuple[str, ...], *, passing: bool
    ) -> SpfNode | None:
        """The record behind an include or a redirect; None where it is not followed."""
        domain, text = below[-1], shown(term.text.encode("latin-1"))
        if not self._count():
            return None
        name = expand(spec, domain, self._sender_domain)
        if name is None:
            self.unfollowed.append((domain, text))
            return None
        if not name:
            self._fault(Fault.NAME_INVALID, domain, text, "no domain name can be made of it")
            return SpfNode("", text, None, 0, None)
        if name in below:
            self._fault(Fault.LOOP, domain, text, f"it leads back to {name}")
            return SpfNode(name, text, None, 0, None)
        return self.follow(name, text, below, passing=passing)

    def _designator(self, mechanism: Mechanism, domain: str) -> None:
        """a, mx, ptr or exists."""
        text = shown(mechanism.text.encode("latin-1"))
        if not self._count():
            return
        if mechanism.name == "ptr":
            self.ptr_terms.append((domain, text))
            return
        name = expand(mechanism.target, domain, self._sender_domain) if mechanism.target else domain
        if name is None:
            self.unfollowed.append((domain, text))
            return
        if not name:
            return  # what an evaluation makes of it is not defined (RFC 7208 §4.8)
        # exists takes an A look-up whatever the client's family (RFC 7208 §5.7).
        types = {"a": ("A", "AAAA"), "mx": ("MX",), "exists": ("A",)}[mechanism.name]
        answers = [self._ask(Question(name, rdtype)) for rdtype in types]
        failed = next((a for a in answers if a and a.status not in (*_EMPTY, DnsStatus.ANSWERED)), None)
        if failed is not None:
            detail = f"the {failed.rdtype} look-up of {name} ended {failed.status.value}"
            self._fault(Fault.LOOKUP_FAILED, domain, text, detail, failed)
            return
        empty = [answer is not None and answer.status in _EMPTY for answer in answers]
        families = tuple(family for family, void in zip((4, 6), (empty[0], empty[-1]), strict=True) if void)
        if families:
            self.voids.append(VoidLookup(domain, text, families))
        if mechanism.name == "mx" and answers[0] is not None:
            hosts = len(mx_records(answers[0]))
            if hosts > MX_LIMIT:
                detail = f"{name} has {hosts} MX records, and at most {MX_LIMIT} are looked up"
                self._fault(Fault.MX_TOO_MANY, domain, text, detail, answers[0])

    def _count(self) -> bool:
        """Count a term with a look-up; False where it is not followed any more."""
        if self._followed >= FOLLOW_LIMIT:
            self.cut = True
            return False
        self._followed += 1
        return True

    def _ask(self, question: Question) -> DnsAnswer | None:
        answer = self._answers.get(question)
        if answer is None:
            self.questions[question] = None
        return answer

    def _fault(
        self, fault: Fault, domain: str, term: str, detail: str, answer: DnsAnswer | None = None
    ) -> None:
        """Keep a problem, once: a record that is included twice has the same ones."""
        problem = SpfProblem(fault, domain, term, detail, answer)
        self._faults.setdefault((fault, domain, term, detail), problem)

    @property
    def problems(self) -> tuple[SpfProblem, ...]:
        """In the order of evaluation."""
        return tuple(self._faults.values())
