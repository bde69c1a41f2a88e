"""A chain as shown with its proof, and what a check answers where the proof does not reach its question.

Each reason why a path does not hold belongs to one check, so that one fault gives one finding.
"""

from functools import cached_property

from waxseal.checks.api import Around, Bundle, Judgement, Subject, inconclusive, not_applicable, unreached
from waxseal.checks.certificate._weighing import broken, is_submission
from waxseal.checks.dane._tlsa import ShownToSenders, short
from waxseal.facts import (
    Certificate,
    CertificateChain,
    Endpoint,
    Handshake,
    MxRecords,
    OpensslVerdict,
    TlsaRecord,
    TlsaRecords,
    TrustAnchors,
)
from waxseal.trust import chain as trust_chain
from waxseal.trust.chain import ChainProof, Problem, ProblemCode
from waxseal.trust.openssl_codes import openssl_errors
from waxseal.trust.proof import plain

MAX_LINE = 200
MAX_LINES = 5
MAX_NAME = 100
SEND_LESS = "send only the certificates between the server's own and the root, in order"

CHECK_OF: dict[ProblemCode, str] = {
    ProblemCode.UNPARSEABLE: "certificate/unreadable",
    ProblemCode.CURVE_NOT_NAMED: "certificate/unreadable",
    ProblemCode.EXPIRED: "certificate/expired",
    ProblemCode.NOT_YET_VALID: "certificate/not-yet-valid",
    ProblemCode.SIGNATURE_INVALID: "certificate/signature-invalid",
    ProblemCode.SELF_SIGNED_LEAF: "certificate/self-signed",
    ProblemCode.SELF_SIGNED_ROOT_UNTRUSTED: "certificate/root-untrusted",
    ProblemCode.INTERMEDIATE_MISSING: "certificate/intermediate-missing",
    ProblemCode.ISSUER_UNKNOWN: "certificate/issuer-unknown",
    ProblemCode.NOT_A_CA: "certificate/issuer-not-a-ca",
    ProblemCode.PATH_LENGTH_EXCEEDED: "certificate/issuer-not-a-ca",
    ProblemCode.NAME_CONSTRAINTS_VIOLATED: "certificate/name-constraints-violated",
    ProblemCode.EXTENDED_KEY_USAGE: "certificate/usage-wrong",
    ProblemCode.KEY_USAGE: "certificate/usage-wrong",
    ProblemCode.UNKNOWN_CRITICAL_EXTENSION: "certificate/critical-extension-unknown",
}
"""The check that speaks for each problem. What waxseal itself gave up (TOO_COMPLEX) is INCONCLUSIVE in each
check that needs the path, and a chain is never empty (NO_CERTIFICATE)."""


class ShownChain(Bundle, frozen=True, dict=True):
    """A chain as a server showed it, with what its judgement rests on."""

    subject: Subject
    endpoint: Endpoint
    chain: CertificateChain
    anchors: TrustAnchors
    handshake: Handshake | None
    openssl: OpensslVerdict | None
    tlsa: Around[TlsaRecords] | None
    mx: MxRecords | None

    def aside(self) -> Judgement | None:
        """The extra chain that is shown without SNI is not judged by itself.

        Who verifies also sends a name (RFC 8461 §7.1, RFC 7672 §8.1), so that chain is weighed as a whole by
        ``tls/sni-changes-certificate``. Where the main handshake sent no name either (a bare address), it is
        the chain of the server and is judged like any other.
        """
        if self.subject.server_name == "" and self.handshake is not None and self.handshake.server_name:
            return not_applicable("senders that verify also send a name; see tls/sni-changes-certificate")
        return None

    @cached_property
    def proof(self) -> ChainProof:
        """The proof of the chain as sent, at the time when it was shown."""
        return trust_chain.verify(self.chain.certificates, self.anchors.candidates, self.chain.shown_at)

    def problems(self, *codes: ProblemCode) -> tuple[Problem, ...]:
        """Those problems of the proof, leaf first."""
        return tuple(problem for problem in self.proof.problems if problem.code in codes)

    def broken(self, summary: str, *evidence: str) -> Judgement:
        """FAIL where clients have to verify, WARN where senders are opportunistic.

        For faults that a TLSA record makes up for: where a secure one authenticates the server by this
        certificate, there is nothing to mend.
        """
        record = self.vouched()
        if record is not None:
            return not_applicable(
                f"{summary}; but a TLSA record vouches for this certificate ({short(record)})"
            )
        return self.weakened(summary, *evidence)

    def weakened(self, summary: str, *evidence: str) -> Judgement:
        """The same for faults that no TLSA record makes up for: weak keys, revocation."""
        return broken(self.endpoint, self.subject, summary, *evidence)

    def vouched(self) -> TlsaRecord | None:
        """A secure TLSA record by which senders take this certificate, between mail servers; else None.

        With usage 3 names, dates and issuers do not count (RFC 7672 §3.1.1); with usage 2 the path to the
        anchor of the record counts in place of one to a public root (RFC 7672 §3.1.2).
        """
        if not self.tlsa or is_submission(self.endpoint, self.subject):
            return None
        shown = ShownToSenders(
            subject=self.subject,
            endpoint=self.endpoint,
            chain=self.chain,
            handshake=self.handshake,
            tlsa=self.tlsa,
            mx=self.mx,
        )
        if shown.aside() is not None or not shown.is_secure:
            return None
        return next((match.record for match in shown.proof.matches if match.holds), None)

    def place(self, depth: int) -> str:
        """What the certificate at a depth of the path is, to begin a sentence with."""
        if depth == 0:
            return "The certificate"
        path = self.proof.path
        ended = path[-1].anchor or self.problems(ProblemCode.SELF_SIGNED_ROOT_UNTRUSTED)
        return "The root" if depth == len(path) - 1 and ended else "An intermediate certificate"

    def lines(self, found: tuple[Problem, ...]) -> tuple[str, ...]:
        """One line of evidence for each problem, at most five: whose it is, and the particulars.

        Behind them, how OpenSSL calls the first of them, as it stands in the log of a sender that verifies.
        """
        path = self.proof.path
        told = [f"{_called(path[p.depth].subject)}: {plain(p.detail)}" for p in found]
        return tuple(line[:MAX_LINE] for line in told[:MAX_LINES]) + self._openssl_line(found)

    def _openssl_line(self, found: tuple[Problem, ...]) -> tuple[str, ...]:
        """OpenSSL's error for the first problem: its own word where it was asked, else by correspondence."""
        errors = openssl_errors(ChainProof(False, self.proof.path, found))
        if not errors:
            return ()
        error = errors[0]
        asked = self.openssl is not None and self.openssl.code == error.code
        who = self.openssl.library[:40] if self.openssl is not None and asked else "by correspondence"
        return (f"OpenSSL: error {error.code} at depth {error.depth}, {error.name} ({plain(who)})",)

    def sent_on_path(self) -> tuple[tuple[int, Certificate], ...]:
        """The certificates of the path that the server sent, trust anchors left out, each with its depth."""
        return tuple(
            (depth, self.chain.certificates[step.index])
            for depth, step in enumerate(self.proof.path)
            if step.index is not None and not (step.anchor and depth > 0)
        )

    def store_line(self) -> str:
        """The root store that was asked."""
        return f"root store: {self.anchors.store[:60]} ({self.anchors.store_size} roots)"

    def without_roots(self) -> Judgement | None:
        """The answer where the store holds nothing, so that no path can end."""
        if self.anchors.store_size > 0:
            return None
        return inconclusive(
            "no root store was at hand, so no certificate can be proved",
            advice="name a root store to judge with",
        )

    def cut(self) -> str:
        """What to say of a chain of which not every certificate was kept; "" for a whole one."""
        kept, sent = len(self.chain.certificates), self.chain.sent_count
        return f"the server sent {sent} certificates, only {kept} were kept" if sent > kept else ""

    def unless_whole(self) -> Judgement | None:
        """The answer where what is missing may be among the certificates that were not kept."""
        if not (cut := self.cut()):
            return None
        return unreached(f"{cut}, see certificate/chain-superfluous", advice=SEND_LESS)

    def without_path(self) -> Judgement | None:
        """The answer of a check that needs the whole path, where there is none; None where there is one.

        A chain that ends in a root outside the store is whole.
        """
        codes = {problem.code for problem in self.proof.problems}
        if ProblemCode.UNPARSEABLE in codes:
            return unread("a certificate")
        if ProblemCode.SELF_SIGNED_LEAF in codes:
            return not_applicable("a self-signed certificate has no path, see certificate/self-signed")
        if ProblemCode.TOO_COMPLEX in codes:
            return inconclusive(
                "the chain is too long or too entangled to be followed to its end", advice=SEND_LESS
            )
        for code in (ProblemCode.INTERMEDIATE_MISSING, ProblemCode.ISSUER_UNKNOWN):
            if code in codes:
                return unreached(
                    f"the path is incomplete, see {CHECK_OF[code]}", advice="mend that first, then test again"
                )
        return None


def unread(what: str) -> Judgement:
    """The answer where a part that the check needs cannot be read."""
    return unreached(f"{what} cannot be read, see certificate/unreadable", advice="replace the certificate")


def called(certificate: Certificate) -> str:
    """The subject of a certificate, bounded and without control characters."""
    return _called(certificate.subject)


def _called(subject: str) -> str:
    return plain(subject, MAX_NAME) or "a certificate without a subject"
