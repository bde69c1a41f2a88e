"""What a comparison of two runs consists of (``waxseal.compare/1``); it is made in ``grading.compare``.

Nothing here is in words: the sentences are made in ``report.compare``, from the kind of a difference and the
names of the two sides.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, structs

from waxseal.facts import FactSet, Subject
from waxseal.grading.severity import Severity


class Side(StrEnum):
    """One of the two runs."""

    A = "a"
    B = "b"

    @property
    def other(self) -> "Side":
        """The run that it is compared with."""
        return Side.B if self is Side.A else Side.A


class Vantage(Struct, frozen=True):
    """Where and when a run looked.

    Attributes:
        name: What the side is called: the name that the user gave the place, the way its connections took, or
            the file's name.
        started_at: Of the run; None where the facts hold no context.
        via: As in `RunContext`.
        version: waxseal's version.
    """

    name: str
    started_at: datetime | None = None
    via: str = ""
    version: str = ""


class Kind(StrEnum):
    """What differs, in the order in which differences of one weight are told."""

    STARTTLS = "starttls"
    """One side is offered STARTTLS; the other one heard the whole answer, and the keyword is not in it."""
    STARTTLS_MASKED = "starttls-masked"
    """The same, with keywords overwritten in the answer of the side that lacks it."""
    CERTIFICATE_ISSUER = "certificate-issuer"
    """Different keys, and the certificates of one side alone lead to a root."""
    CERTIFICATE_KEY = "certificate-key"
    """Different keys in the certificates shown."""
    STARTTLS_ANSWER = "starttls-answer"
    """STARTTLS is answered with yes, and on the other side it is not."""
    HANDSHAKE = "handshake"
    """The TLS handshake comes to its end on one side alone."""
    REACH = "reach"
    """The connection stands on one side alone."""
    GREETING = "greeting"
    """The server greets on one side; on the other it is silent or turns the client away."""
    HELLO = "hello"
    """EHLO (CAPABILITY, CAPA) is answered on one side alone."""
    MASKED = "masked"
    """Keywords or the greeting are overwritten on one side, STARTTLS left alone."""
    MECHANISMS = "mechanisms"
    """Other SASL mechanisms are offered in clear."""
    KEYWORDS = "keywords"
    """Other keywords or capabilities in clear."""
    KEYWORDS_TLS = "keywords-tls"
    """Other keywords or capabilities under TLS."""
    VERSION = "version"
    """Another version of TLS was negotiated."""
    MX = "mx"
    TLSA = "tlsa"
    ADDRESSES = "addresses"
    POLICY = "policy"
    """The MTA-STS record or policy."""
    DNSSEC = "dnssec"
    """The same answer, with another standing in DNSSEC."""
    CERTIFICATE = "certificate"
    """Another certificate for the same key."""
    SUITE = "suite"
    ENDING = "ending"
    """Both sides fail at the same stage, for different causes."""
    PARAMETERS = "parameters"
    """Keywords with other parameters."""
    BANNER = "banner"
    """The greeting's words differ, numbers and dates aside."""
    RENEWAL = "renewal"
    """Another key, in a certificate that was issued between the two runs by the same issuer."""


class Difference(Struct, frozen=True, omit_defaults=True):
    """One thing that the two runs saw differently.

    Attributes:
        kind: What it is.
        weight: How much it matters; HIGH and CRITICAL ones speak of the seal.
        subject: Where.
        a, b: What each side saw, in short.
        lacks: The side that is worse off; None where neither is.
    """

    kind: Kind
    weight: Severity
    subject: Subject
    a: str
    b: str
    lacks: Side | None = None

    def swapped(self) -> "Difference":
        """The same, with the sides the other way round."""
        lacks = self.lacks.other if self.lacks is not None else None
        return structs.replace(self, a=self.b, b=self.a, lacks=lacks)


class Unseen(Struct, frozen=True, omit_defaults=True):
    """What one side could not see, so that nothing is said of it.

    Attributes:
        side: Which.
        subject: Where.
        what: What was not seen.
        why: For what reason.
    """

    side: Side
    subject: Subject
    what: str
    why: str

    def swapped(self) -> "Unseen":
        """The same, with the sides the other way round."""
        return structs.replace(self, side=self.side.other)


Told = Difference | Unseen


class Runs(Struct, frozen=True):
    """The two runs."""

    a: FactSet
    b: FactSet

    def of(self, side: Side) -> FactSet:
        """The facts of one side."""
        return self.a if side is Side.A else self.b


def lacking_side(a: bool, b: bool) -> Side | None:
    """The one side of which something is true; None where it is of neither or of both."""
    return None if a is b else Side.A if a else Side.B


class Comparison(Struct, frozen=True):
    """What came of comparing two runs.

    Attributes:
        compared: Places (addresses with ports) that both sides looked at.
        differences: Weightiest first.
        unseen: What one side could not see and the other did.
        neither: What neither could see; each place once, under side A.
    """

    compared: tuple[Subject, ...]
    differences: tuple[Difference, ...]
    unseen: tuple[Unseen, ...]
    neither: tuple[Unseen, ...]

    @property
    def worst(self) -> Severity:
        """The greatest weight; NONE where nothing differs."""
        return max((difference.weight for difference in self.differences), default=Severity.NONE)
