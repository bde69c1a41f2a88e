"""The answer to MAIL in clear, wherever it was heard."""

import re

from waxseal.facts import Answer, EnvelopeAnswers, StarttlsSession

_LOGIN = re.compile(r"auth|log ?in|sign ?in")


def mail_in_clear(envelope: EnvelopeAnswers | None, session: StarttlsSession | None) -> Answer | None:
    """The answer where the envelope was tried, else that where STARTTLS was; None where neither was heard."""
    reply = envelope.clear_mail if envelope is not None else None
    if reply is not None and reply.code is not None:
        return Answer(status=f"{reply.code:03d}", text=reply.text, raw=reply.raw[:4096])
    heard = session.clear_mail if session is not None else None
    return heard if heard is not None and heard.status else None


def demands_starttls(answer: Answer) -> bool:
    """Whether it says that STARTTLS has to come first: 530 (RFC 3207 §4), or another 5yz in these words.

    A server that wants a login says 530 too, with a word of it (RFC 4954 §6): "Authentication required",
    Exchange's "Client was not authenticated", "login first".
    """
    text = answer.text.lower()
    if "starttls" in text or "tls" in text.split():
        return answer.status.startswith("5")
    return answer.status == "530" and not _LOGIN.search(text)
