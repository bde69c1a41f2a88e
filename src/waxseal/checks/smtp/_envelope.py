"""Sample facts and words for the checks of the envelope of a message that is never sent."""

from waxseal.checks.samples import reply
from waxseal.facts import EnvelopeAnswers

RECIPIENT = "postmaster@example.org"
OK = reply(250, "2.1.0 Ok")


def envelope(**changes: object) -> EnvelopeAnswers:
    """A server that takes everything; with changes."""
    fields = {"recipient": RECIPIENT, "clear_mail": OK, "tls_mail": OK, "tls_recipient": OK}
    return EnvelopeAnswers(**{**fields, **changes})  # type: ignore[arg-type]
