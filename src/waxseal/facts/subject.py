"""What a fact is about: the scope of DESIGN §3.8, from the whole run down to one certificate.

Two addresses of one MX host are two subjects and are never merged.
"""

from enum import IntEnum
from functools import lru_cache

from msgspec import Struct


class Scope(IntEnum):
    """The levels of a subject, widest first; each one narrows the one before it."""

    RUN = 0
    DOMAIN = 1
    HOST = 2
    ADDRESS = 3
    PORT = 4
    CERTIFICATE = 5


class Subject(Struct, frozen=True, order=True, omit_defaults=True, gc=False, cache_hash=True):
    """One place in the tree: run > domain > host > address > port > certificate.

    Attributes:
        domain: Policy domain, as A-label without a trailing dot. None where a host or an address was
            named directly.
        host: MX host or the host that was named, A-label, lower case, no trailing dot. None where only
            an address is known.
        address: IPv4 or IPv6 address in its canonical text form, or ``unix:/path`` of a socket here.
        port: TCP port; 0 of a UNIX socket.
        server_name: The SNI that was sent, or "" where none was sent; None above certificate scope.
        certificate_type: Key type of the leaf that was asked for or seen ("rsa", "ec", ...).
    """

    domain: str | None = None
    host: str | None = None
    address: str | None = None
    port: int | None = None
    server_name: str | None = None
    certificate_type: str | None = None

    @property
    def scope(self) -> Scope:
        """The narrowest level that is filled in."""
        if self.certificate_type is not None or self.server_name is not None:
            return Scope.CERTIFICATE
        if self.port is not None:
            return Scope.PORT
        if self.address is not None:
            return Scope.ADDRESS
        if self.host is not None:
            return Scope.HOST
        if self.domain is not None:
            return Scope.DOMAIN
        return Scope.RUN

    def up_to(self, scope: Scope) -> "Subject":
        """The enclosing subject at a wider (or the same) level."""
        return Subject(
            domain=self.domain if scope >= Scope.DOMAIN else None,
            host=self.host if scope >= Scope.HOST else None,
            address=self.address if scope >= Scope.ADDRESS else None,
            port=self.port if scope >= Scope.PORT else None,
            server_name=self.server_name if scope >= Scope.CERTIFICATE else None,
            certificate_type=self.certificate_type if scope >= Scope.CERTIFICATE else None,
        )

    def outwards(self) -> tuple["Subject", ...]:
        """This subject and each one around it, narrowest first, the run last."""
        return _outwards(self)

    def within(self, other: "Subject") -> bool:
        """Whether this subject is `other` or lies inside it."""
        return self.up_to(other.scope) == other

    def __str__(self) -> str:
        """For people: ``mx.example.org [192.0.2.1]:25``."""
        where = self.host or self.domain or ""
        if self.address is not None:
            where = f"{where} [{self.address}]" if where else f"[{self.address}]"
        if self.port:
            where = f"{where}:{self.port}"
        if self.scope is Scope.CERTIFICATE:
            name = f"name {self.server_name}" if self.server_name else "no name sent"
            kind = f"{self.certificate_type}, " if self.certificate_type else ""
            where = f"{where} ({kind}{name})"
        return where or "this run"


@lru_cache(maxsize=65536)
def _outwards(subject: Subject) -> tuple[Subject, ...]:
    return tuple(dict.fromkeys(subject.up_to(level) for level in sorted(Scope, reverse=True)))
