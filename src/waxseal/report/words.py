"""Words that every form of the report uses alike: states, scopes, and which settings mend what is spoken.

Places, and findings put together, are in ``report.grouping``; the words of the letters are in
``report.letters_view``.
"""

from waxseal.checks.api import Remedy, Scope
from waxseal.facts import MailProtocol
from waxseal.grading.headline import LOCAL
from waxseal.grading.seal import State
from waxseal.report.grouping import SOFTWARE
from waxseal.report.model import Report

ACCESS = frozenset({MailProtocol.IMAP, MailProtocol.POP3, MailProtocol.SIEVE})
"""What speaks with users' programs, and takes no mail."""
SCOPE_WORDS = {
    Scope.RUN: "run",
    Scope.DOMAIN: "domain",
    Scope.HOST: "mail host",
    Scope.ADDRESS: "address",
    Scope.PORT: "address and port",
    Scope.CERTIFICATE: "certificate shown",
}
_NOT_FOR_ACCESS = frozenset({"postfix", "exim", "sendmail", "opensmtpd"})
"""Software that speaks SMTP and LMTP only: its settings mend nothing there."""
_STATES = {
    State.SEALED: "SEALED",
    State.NO_MAIL: "NO MAIL",
    State.MEND: "MEND",
    State.PARTLY_UNKNOWN: "PARTLY SEEN",
    State.UNKNOWN: "NOT SEEN",
    State.UNDELIVERABLE: "NO DELIVERY",
    State.EXPOSED: "EXPOSED",
}


def state_word(report: Report) -> str:
    """The state of a target in a word or two, in capitals."""
    if report.headline.id == LOCAL:
        return "LOCAL"
    if report.headline.state is State.UNDELIVERABLE and report.target.protocol in ACCESS:
        return "NO SERVICE"
    return _STATES[report.headline.state]


def settings(remedy: Remedy, protocol: MailProtocol = MailProtocol.SMTP) -> list[tuple[str, str]]:
    """Software and setting of each that mends something where `protocol` is spoken."""
    access = protocol in ACCESS
    return [
        (SOFTWARE[software], setting)
        for software, setting in remedy.by_software.items()
        if not access or (software not in _NOT_FOR_ACCESS and "ReceiveConnector" not in setting)
    ]
