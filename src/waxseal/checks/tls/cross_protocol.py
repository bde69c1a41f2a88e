"""The server puts up with a whole web request under TLS, and its certificate is good for a web server's name.

A man in the middle can pass a browser's connection for a web site on to the mail server (ALPACA, 2021). If
the certificate fits, the browser sends what is meant for the site, cookies included, to the mail server,
which may keep it or send part of it back. Three things stop that: the refusal of the web's ALPN names,
hanging up at the first lines that are no mail commands, and certificates for the mail host's own name only.
This is said where none of the three was seen.
"""

from collections.abc import Iterator

from msgspec import structs

from waxseal.checks import samples
from waxseal.checks.api import (
    At,
    Each,
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Subject,
    Verdict,
    at,
    check,
    inconclusive,
    passed,
    unreached,
    warn,
)
from waxseal.checks.tls import _web
from waxseal.checks.tls._web import not_heard, speaks_web, web_names
from waxseal.facts import Cause, Certificate, CertificateChain, CrossProtocol, Ended, Endpoint, Stage

FEW = 3
"""So many lines may be wrong before a server has to have had enough."""


@check(
    title="A web client is put up with",
    level=Level.SHOULD,
    scope=Scope.PORT,
    cites=("RFC 9325 §3.9",),
    remedy=Remedy(
        general="Give the mail host a certificate for its own name only. Let the server refuse foreign ALPN "
        "names, and hang up after a few errors.",
        postfix="smtpd_forbidden_commands as it is by default; smtpd_hard_error_limit",
        exim="tls_alpn = smtp : esmtp; smtp_max_unknown_commands = 3, both the default",
    ),
    rows=("F14",),
)
def judge(
    subject: Subject, seen: CrossProtocol, endpoint: Endpoint, chains: Each[CertificateChain]
) -> Judgement:
    """Judge how far a web request got, and whether a browser would have sent it."""
    if (aside := not_heard(seen)) is not None:
        return aside
    if not seen.completed:
        return passed("A hello with the web's names is refused, so no web request gets here")
    if speaks_web(seen):
        return passed("The port serves the web too, so a web request is no stranger here")
    if seen.selected:
        return unreached(
            f"the server says that it speaks {seen.selected}; see tls/alpn-foreign-accepted",
            advice="mend that first",
        )
    if seen.ended.cause is Cause.BUDGET_SPENT and not seen.answers:
        return unreached(
            "there was no time left to hear the answer to a web request", advice="raise --time-limit"
        )
    said = f"{seen.lines_taken} of {len(seen.request.splitlines())} lines answered with an error"
    first = tuple(line[:200] for line in seen.answers[:3])
    if not seen.request or not (seen.closed or seen.echoed or seen.lines_taken >= FEW):
        return inconclusive(
            "the server neither answered the request nor hung up", said, *first, advice="test again"
        )
    if seen.closed and not seen.echoed:
        return passed("The server hangs up on a web request", said, *first)
    names = web_names(subject, endpoint, tuple(chain for _, chain in chains))
    if not names:
        return passed(
            "The server puts up with a web request, but its certificate is for mail hosts only", said
        )
    what = "sends a part of it back" if seen.echoed else "stays to its end"
    return warn(
        f"The server takes a web request under TLS and {what}, and its certificate is good for "
        f"{names[0]}, where a web server may be",
        said,
        *first,
        f"names: {', '.join(names)}"[:200],
    )


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    here = samples.endpoint()
    mail, web = _shown("mx.example.org", "mail2.example.org"), _shown("mx.example.org", "*.example.org")
    errors = _web.sample(*["500 5.5.1 Unknown command"] * 3, lines_taken=15)
    yield Example("wildcard", Verdict.WARN, (here, errors, web))
    echo = _web.sample("500 unknown: /nonce", lines_taken=1, echoed=True, closed=True)
    yield Example("echoed", Verdict.WARN, (here, echo, _shown("www.example.org")))
    yield Example("mail names only", Verdict.PASS, (here, errors, mail))
    polite = _web.sample("221 2.7.0 Goodbye", closed=True)
    yield Example("hangs up", Verdict.PASS, (here, polite, web))
    yield Example("ALPN refused", Verdict.PASS, (here, _web.sample_refusal(), web))
    yield Example("another alert", Verdict.INCONCLUSIVE, (here, _web.sample_refusal(40), web))
    confirmed = structs.replace(errors, selected="http/1.1")
    yield Example("confirmed", Verdict.INCONCLUSIVE, (here, confirmed, web))
    spent = structs.replace(_web.sample(), ended=Ended(Cause.BUDGET_SPENT, Stage.RESPONSE))
    yield Example("no time left", Verdict.INCONCLUSIVE, (here, spent, web))
    yield Example("silent", Verdict.INCONCLUSIVE, (here, _web.sample(), web))


def _shown(*names: str) -> At:
    leaf = Certificate(der=b"", sha256="aa", dns_names=names)
    return at(CertificateChain(certificates=(leaf,), shown_at=samples.NOW))
