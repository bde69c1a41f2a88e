"""Evidence names OpenSSL's error: its own where it was asked, else by correspondence."""

from waxseal.checks import samples
from waxseal.checks.api import At, Example, Verdict, at
from waxseal.checks.certificate._samples import chain
from waxseal.checks.engine import judge_all
from waxseal.checks.registry import all_checks
from waxseal.facts import Fact, OpensslVerdict


def evidence(check: str, *facts: Fact | At) -> tuple[str, ...]:
    fact_set = samples.fact_set(Example("", Verdict.PASS, (samples.endpoint(), *facts)))
    (found,) = judge_all(fact_set, [all_checks()[check]])
    assert not found.crashed
    return found.evidence


def test_by_correspondence() -> None:
    line = "OpenSSL: error 10 at depth 0, X509_V_ERR_CERT_HAS_EXPIRED (by correspondence)"
    assert line in evidence("certificate/expired", *chain("expired"))
    line = "OpenSSL: error 10 at depth 1, X509_V_ERR_CERT_HAS_EXPIRED (by correspondence)"
    assert line in evidence("certificate/expired", *chain("expired_intermediate"))


def test_its_own_word_where_it_was_asked() -> None:
    said = at(OpensslVerdict(code=10, message="certificate has expired", library="OpenSSL 3.0.22"))
    line = "OpenSSL: error 10 at depth 0, X509_V_ERR_CERT_HAS_EXPIRED (OpenSSL 3.0.22)"
    assert line in evidence("certificate/expired", *chain("expired"), said)


def test_another_word_is_not_taken_for_it() -> None:
    said = at(OpensslVerdict(code=20, message="unable to get local issuer certificate", library="x"))
    assert not any("(x)" in line for line in evidence("certificate/expired", *chain("expired"), said))
