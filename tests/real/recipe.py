"""What is to be known about a mail server's software: its packages, set-ups and configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .sandbox import FILES, LOGS, SOCKETS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .packages import PackageTree
    from .pki import Certificates

Mode = Literal["starttls", "implicit"]

__all__ = ["LOGS", "PEMS", "SOCKETS", "Job", "Listener", "Mode", "Recipe", "inside"]

PEMS = f"{FILES}/pki"  # where a daemon finds the PKI's folder


@dataclass(frozen=True)
class Listener:
    """Where one set-up of a daemon listens; a UNIX socket has an empty host and port 0."""

    host: str
    port: int


@dataclass(frozen=True)
class Job:
    """What a recipe configures a daemon from.

    Attributes:
        tree: The unpacked packages, for stock configuration files.
        host_name: The server's name in its greeting and certificates.
        listeners: By set-up.
        certificates: For the set-ups to choose from.
        backends: The servers that the recipe needs, by its own words for them.
        auth_url: Where nginx asks which backend a client belongs to.
    """

    tree: PackageTree
    host_name: str
    listeners: Mapping[str, Listener]
    certificates: Certificates
    backends: Mapping[str, Listener] = field(default_factory=dict)
    auth_url: str = ""


@dataclass(frozen=True)
class Recipe:
    """One mail server's software.

    Attributes:
        software: As `RealServer.software` names it.
        packages: Debian packages; the first one's version is the software's.
        accounts: System users that its packages would create.
        set_ups: The mode of each.
        configure: Gives the files of `Sandbox`.
        schemes: What each set-up speaks, as the scheme of a URL; for those missing ``smtp``, or
            ``submissions`` where TLS is implicit.
        sockets: The set-ups that listen on a UNIX socket, the file of that name in `SOCKETS`.
        needs: Set-ups of other recipes that must run first, by the word for them in `Job.backends`.
    """

    software: str
    packages: tuple[str, ...]
    accounts: tuple[str, ...]
    set_ups: Mapping[str, Mode]
    configure: Callable[[Job], dict[str, str]]
    schemes: Mapping[str, str] = field(default_factory=dict)
    sockets: tuple[str, ...] = ()
    needs: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def inside(pem: Path) -> str:
    """The path at which a daemon finds a file of the PKI."""
    return f"{PEMS}/{pem.name}"
