"""How much broken authentication weighs on an endpoint.

Between mail servers TLS is opportunistic: whether to believe a certificate is each sender's own decision
(RFC 3207 §4.1), and most deliver to an unverifiable one, because the alternative is clear text. So on a
relay or MX port an unverifiable certificate is a WARN, and nothing where a secure TLSA record vouches for it
(see ``_shown``). What MTA-STS (RFC 8461 §4.2) and DANE demand is judged with their policies. On submission,
and where mail programs fetch mail, the client sends a password and has to verify (RFC 8314 §5.3, RFC 7817
§3), and the provider has to keep a valid certificate (RFC 8314 §4.4): there it is a FAIL.
"""

from waxseal.checks.api import Judgement, Subject, fail, warn
from waxseal.facts import Endpoint, MailProtocol, TlsMode

SUBMISSION_PORTS = frozenset({587, 465})
_OF_PROGRAMS = frozenset({MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE})


def is_submission(endpoint: Endpoint, subject: Subject) -> bool:
    """Whether mail programs and not other servers connect here: by protocol, port or implicit TLS."""
    of_programs = endpoint.submission or endpoint.protocol in _OF_PROGRAMS
    return of_programs or endpoint.mode is TlsMode.IMPLICIT or subject.port in SUBMISSION_PORTS


def broken(endpoint: Endpoint, subject: Subject, summary: str, *evidence: str) -> Judgement:
    """FAIL where clients have to verify, WARN where senders are opportunistic."""
    weigh = fail if is_submission(endpoint, subject) else warn
    return weigh(summary, *evidence)
