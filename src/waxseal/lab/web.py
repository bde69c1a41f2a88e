"""An HTTPS host of the lab, as data: policy hosts (RFC 8461 §3.3) and endpoints for reports (RFC 8460 §3).

It is acted out in ``lab.sts_host``.
"""

import gzip
from dataclasses import dataclass
from enum import StrEnum

from waxseal.lab.orders import LeafOrder, TlsOrder

POLICY_PATH = "/.well-known/mta-sts.txt"
POLICY_HOST_PREFIX = "mta-sts."


class Manner(StrEnum):
    """How a host answers."""

    AT_ONCE = "at-once"
    DRIP = "drip"
    """The head at once, the content one octet in each half second."""
    ENDLESS = "endless"
    """Content without end, as fast as it is taken."""
    STALL = "stall"
    """The request is taken and never answered."""
    CUT = "cut"
    """The stream ends in the middle of the content."""
    CLOSE = "close"
    """The stream ends before the answer."""
    ALERT = "alert"
    """A TLS alert answers the hello: it does not know the name."""
    CLEAR = "clear"
    """HTTP in clear where TLS is due."""


@dataclass(frozen=True, kw_only=True)
class WebHost:
    """One host behind port 443, with one document.

    Attributes:
        host: Its name, A-labels.
        body: The document.
        path: Where it is.
        status: Status code and reason.
        media_type: The Content-Type; "" for none.
        fields: More response fields.
        methods: What it answers; others get 405.
        leaf: Its certificate; None for a sound one.
        manner: How it answers.
        old_tls: It speaks TLS 1.0 and 1.1 only, at an address of its own.
        word: A word of ``net.dial`` where nothing listens, at an address of its own; "" where it listens.
        missing: Its name has no address.
    """

    host: str
    body: bytes = b""
    path: str = POLICY_PATH
    status: str = "200 OK"
    media_type: str = "text/plain; charset=utf-8"
    fields: tuple[tuple[str, str], ...] = ()
    methods: tuple[str, ...] = ("GET", "HEAD")
    leaf: LeafOrder | None = None
    manner: Manner = Manner.AT_ONCE
    old_tls: bool = False
    word: str = ""
    missing: bool = False

    @property
    def alone(self) -> bool:
        """Whether it needs an address of its own."""
        return bool(self.word) or self.old_tls or self.manner is Manner.CLEAR

    def tls_order(self) -> TlsOrder:
        """How it shakes hands."""
        leaves = (self.leaf or LeafOrder(names=(self.host,)),)
        if self.old_tls:
            return TlsOrder(leaves=leaves, lowest="TLSv1", highest="TLSv1.1")
        return TlsOrder(leaves=leaves)


def policy(*mx: str, mode: str = "enforce", max_age_s: int = 2_419_200) -> str:
    """A policy as its lines (RFC 8461 §3.2)."""
    lines = [
        "version: STSv1",
        f"mode: {mode}",
        *(f"mx: {pattern}" for pattern in mx),
        f"max_age: {max_age_s}",
    ]
    return "".join(f"{line}\r\n" for line in lines)


def compressed(body: bytes) -> bytes:
    """The content in gzip, the same octets each time."""
    return gzip.compress(body, mtime=0)
