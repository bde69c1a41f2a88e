"""What an issuer says of a certificate's revocation, stapled or asked for, with the proof of each statement.

One fault gives one finding: what is wrong with a staple belongs to ``certificate/staple-invalid``, what is
wrong with an answer to ``certificate/revocation-unknown``, and a revocation that is proved to
``certificate/revoked``.
"""

from waxseal.checks.api import Bundle
from waxseal.checks.certificate._shown import MAX_LINE, ShownChain
from waxseal.facts import Certificate, RevocationAnswer, StapledResponse
from waxseal.facts.certificates import CRL, OCSP
from waxseal.trust.chain import issuer_of
from waxseal.trust.crl import judge_crl
from waxseal.trust.ocsp import judge_ocsp
from waxseal.trust.proof import plain
from waxseal.trust.revocation import REASONS, RevocationVerdict


class Statements(Bundle, frozen=True):
    """The statements on a certificate that were seen."""

    staple: StapledResponse | None
    answer: RevocationAnswer | None

    def stapled(self, shown: ShownChain) -> RevocationVerdict | None:
        """What the staple proves; None where none came, or the issuer's certificate is not at hand."""
        issuer = issuer_certificate(shown)
        if self.staple is None or not self.staple.octets or issuer is None:
            return None
        return judge_ocsp(self.staple.octets, shown.chain.leaf, issuer, self.staple.shown_at)

    def answered(self, shown: ShownChain) -> RevocationVerdict | None:
        """What the answer proves; None where none came, or the issuer's certificate is not at hand."""
        issuer = issuer_certificate(shown)
        answer = self.answer
        if answer is None or not answer.octets or issuer is None or answer.method not in {OCSP, CRL}:
            return None
        judge = judge_ocsp if answer.method == OCSP else judge_crl
        return judge(answer.octets, shown.chain.leaf, issuer, answer.asked_at)


def issuer_certificate(shown: ShownChain) -> Certificate | None:
    """The certificate that signed the leaf; None where it is not at hand."""
    return issuer_of(shown.chain.certificates, shown.anchors.candidates, shown.chain.shown_at)


def lines(verdict: RevocationVerdict) -> tuple[str, ...]:
    """Evidence: what the statement says, and what is wrong with it."""
    said = f"status: {verdict.status.value}"
    if verdict.revoked_at is not None:
        said += f" since {verdict.revoked_at:%Y-%m-%d %H:%M} UTC"
    if verdict.reason is not None:
        said += f", reason {REASONS.get(verdict.reason, str(verdict.reason))}"
    told = [said]
    if verdict.this_update is not None:
        until = f" until {verdict.next_update:%Y-%m-%d %H:%M} UTC" if verdict.next_update else ""
        told.append(f"of {verdict.this_update:%Y-%m-%d %H:%M} UTC{until}")
    told.extend(
        f"{problem.code.value}: {plain(problem.detail)}"[:MAX_LINE] for problem in verdict.problems[:4]
    )
    return tuple(told)
