"""The server offers ways to log in that are withdrawn or were never fit for use.

DIGEST-MD5 was moved to historic, SKEY and KERBEROS_V4 are obsolete, NTLM and CRAM-MD5 rest on old hashes
and prove no server. A mail program that knows such a mechanism may prefer it to a better one, and whoever
sits in between can strike the better ones from the list. LOGIN is obsolete too, but as good as PLAIN: beside
PLAIN it is no fault, as old programs know nothing else; alone it is one.
"""

from collections.abc import Iterator

from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    not_applicable,
    passed,
    warn,
)
from waxseal.checks.auth import _samples
from waxseal.checks.auth._mechanisms import LOGIN, OBSOLETE, listed
from waxseal.checks.auth._offers import Offers


@check(
    title="Obsolete login mechanisms are offered",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 6331 §1", "RFC 5802 §A", "RFC 2444 §8", "RFC 5801 §14.3"),
    remedy=Remedy(
        general="Offer PLAIN under TLS, and SCRAM where the stored passwords allow it; strike the others.",
        postfix="smtpd_sasl_mechanism_filter = !digest-md5, !cram-md5, !ntlm, static:rest",
        dovecot="auth_mechanisms = plain scram-sha-256",
    ),
    rows=("J7",),
)
def judge(offers: Offers) -> Judgement:
    """Judge every mechanism that is listed anywhere."""
    lists = offers.everywhere
    names = tuple(dict.fromkeys(name for found in lists for name in found.mechanisms))
    faults = {name: OBSOLETE[name] for name in names if name in OBSOLETE}
    if "LOGIN" in names and "PLAIN" not in names:
        faults["LOGIN"] = LOGIN
    if faults:
        lines = [f"{name}: {fault.why} ({fault.source})" for name, fault in faults.items()]
        return warn(f"The server offers {' and '.join(faults)}, which should no longer be used", *lines)
    unsure = next((judgement for found in lists if (judgement := found.unless_whole())), None)
    if unsure is not None:
        return unsure
    under_tls = offers.under_tls()
    if isinstance(under_tls, Judgement) and under_tls.follows:
        return under_tls
    if not names:
        return not_applicable("no login mechanism is offered here")
    aside = ("LOGIN is obsolete, but no weaker than PLAIN beside it",) if "LOGIN" in names else ()
    return passed(f"none of the mechanisms offered is obsolete: {listed(names)}", *aside)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    yield Example("DIGEST-MD5", Verdict.WARN, _samples.smtp(under_tls="PLAIN DIGEST-MD5"))
    yield Example("CRAM-MD5 in clear", Verdict.WARN, _samples.smtp("CRAM-MD5", "CRAM-MD5 PLAIN"))
    yield Example("IMAP", Verdict.WARN, _samples.imap("AUTH=NTLM", "LOGINDISABLED"))
    yield Example("LOGIN alone", Verdict.WARN, _samples.smtp(under_tls="LOGIN"))
    yield Example("LOGIN beside PLAIN", Verdict.PASS, _samples.smtp(under_tls="PLAIN LOGIN"))
    yield Example("none", Verdict.NOT_APPLICABLE, _samples.smtp())
    yield Example("TLS not reached", Verdict.INCONCLUSIVE, _samples.smtp("SCRAM-SHA-256")[:2])
