"""How a look-up that ended with an error is judged, where a check of its own reports it.

Shared by the checks of SPF, DKIM and DMARC, each of which names what its error means for mail.
"""

from waxseal.checks.api import Judgement, fail, inconclusive, unreached
from waxseal.checks.dns._asked import Asked
from waxseal.checks.dns._lookup import ANSWERED, SILENT, TRY_AGAIN, shown
from waxseal.facts import DnsAnswer, Dnssec, DnsStatus, MxRecords


def judge_failed(answer: DnsAnswer, asked: Asked, mx: MxRecords | None, consequence: str) -> Judgement:
    """Judge an answer that is neither a record nor a denial.

    Args:
        answer: The look-up.
        asked: What shows whose fault an error is.
        mx: The MX look-up of the domain; where that failed too, it is the finding.
        consequence: What the error does to mail, as the end of a sentence.
    """
    what = f"the {answer.rdtype} look-up of {answer.name}"
    if mx is not None and mx.answer.status not in ANSWERED:
        told = "dnssec/mx-bogus" if mx.answer.dnssec is Dnssec.BOGUS else "dns/mx-lookup-failed"
        return unreached(
            f"{what} ended {answer.status.value}; see {told}",
            shown(answer),
            advice=TRY_AGAIN,
        )
    if answer.status is DnsStatus.NAME_INVALID:
        return fail(
            "A name that is to be looked up is none: it is too long, or a label of it is", shown(answer)
        )
    if answer.status in SILENT:
        return inconclusive(
            f"{what} got no answer ({answer.status.value}): the resolver or the network may be the reason",
            shown(answer),
            advice=TRY_AGAIN,
        )
    if not asked.blamed(answer):
        return asked.undecided(answer, shown(answer))
    return fail(
        f"T{what[1:]} is answered with an error ({answer.status.value}): {consequence}",
        shown(answer),
        *asked.proof(answer),
    )
