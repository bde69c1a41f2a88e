"""Whether a server offers STARTTLS now, asked in the same way of every protocol that has it."""

from typing import NamedTuple

from waxseal.checks.absence import came_whole
from waxseal.checks.api import Judgement, unreached
from waxseal.facts import CapabilitiesClear, EhloClear, Keyword
from waxseal.wire.smtp_ehlo import masked_keyword

ADVICE = "see the findings about the server's replies, and test again"
_STARTS_TLS = ("STARTTLS", "STLS")


class Offer(NamedTuple):
    """What a server lists in clear.

    Attributes:
        starttls: Whether STARTTLS (POP3: STLS) is among it; None where that was not heard.
        keywords: Everything that was heard.
        unheard: The answer of a check where `starttls` is None.
    """

    starttls: bool | None
    keywords: tuple[Keyword, ...] = ()
    unheard: Judgement | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the keywords, each once."""
        return tuple(dict.fromkeys(keyword.name for keyword in self.keywords))


def offer(hello: EhloClear | CapabilitiesClear | None) -> Offer:
    """What is offered in clear, or why it is not known."""
    if hello is None:
        return Offer(None, (), unreached("what the server offers in clear was not heard", advice=ADVICE))
    keywords = hello.keywords
    if any(keyword.name in _STARTS_TLS for keyword in keywords):
        return Offer(True, keywords)
    if isinstance(hello, EhloClear):
        whole = hello.reply.code == 250 and hello.rejected is None and came_whole(hello)
    else:
        whole = hello.response.good and not hello.response.deviations and not hello.extra
    if not whole:
        why = "the list of what the server offers in clear did not come whole"
        return Offer(None, keywords, unreached(why, advice=ADVICE))
    if any(map(masked_keyword, keywords)):
        why = "something on the path masks keywords, so the server's own offer was not seen"
        return Offer(None, keywords, unreached(why, advice="see smtp/starttls-masked"))
    return Offer(False, keywords)
