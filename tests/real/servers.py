"""The real servers that tests can ask for, each set-up by name; a daemon starts when first asked for.

How a daemon is configured is in the module named after its software, how it is kept apart in `sandbox`.
"""

from __future__ import annotations

import random
import re
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import (
    courier,
    cyrus,
    dovecot,
    dovecot_access,
    exim,
    exim_services,
    nginx,
    opensmtpd,
    postfix,
    postfix_services,
)
from .nginx import AuthSite
from .packages import fetch
from .pki import Certificates, IssuerSite, Pki
from .recipe import Job, Listener, Mode, Recipe
from .sandbox import Sandbox, StartError, require_sandbox

if TYPE_CHECKING:
    from types import TracebackType

HOST_NAME = "mx.real.test"

RECIPES = {
    recipe.software: recipe for recipe in (postfix.RECIPE, exim.RECIPE, dovecot.RECIPE, opensmtpd.RECIPE)
}
SERVICES = {
    recipe.software: recipe
    for recipe in (
        dovecot_access.RECIPE,
        dovecot_access.LAX,
        postfix_services.RECIPE,
        exim_services.RECIPE,
        cyrus.RECIPE,
        courier.RECIPE,
        nginx.RECIPE,
    )
}
_ATTEMPTS = 3  # another process may take a port between its choice and its use
_PORT_TAKEN = re.compile(r"in use|EADDRINUSE", re.IGNORECASE)

SET_UPS: tuple[tuple[str, str], ...] = tuple(
    (recipe.software, set_up) for recipe in RECIPES.values() for set_up in recipe.set_ups
)
"""Every (software, set-up) of a server that takes mail by SMTP, with one matter of TLS each."""

SERVICE_SET_UPS: tuple[tuple[str, str], ...] = tuple(
    (recipe.software, set_up) for recipe in SERVICES.values() for set_up in recipe.set_ups
)
"""Every other (software, set-up): the further protocols, logins, relaying."""


@dataclass(frozen=True)
class RealServer:
    """A running real mail server, as a client reaches it.

    Attributes:
        software: As in `RECIPES` and `SERVICES`.
        version: The upstream version, such as "3.7.11".
        set_up: Its name, see README.md.
        host: A loopback IPv4 address; "" for a UNIX socket.
        port: Where it listens; 0 for a UNIX socket.
        mode: Whether TLS starts by STARTTLS (or not at all) or with the connection.
        name: The host name in its greeting and certificate.
        root_pem: The one certificate to trust.
        scheme: What it speaks, as the scheme of a URL.
        socket_path: Its UNIX socket; None for TCP.
    """

    software: str
    version: str
    set_up: str
    host: str
    port: int
    mode: Mode
    name: str
    root_pem: Path
    scheme: str = "smtp"
    socket_path: Path | None = None

    @property
    def url(self) -> str:
        """As a user of waxseal names it."""
        if self.socket_path is not None:
            return f"{self.scheme}+unix:{self.socket_path}"
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def protocol(self) -> str:
        """``smtp``, ``lmtp``, ``imap``, ``pop3`` or ``sieve``."""
        return {"submission": "smtp", "submissions": "smtp", "imaps": "imap", "pop3s": "pop3"}.get(
            self.scheme, self.scheme
        )

    @property
    def can_handshake(self) -> bool:
        """False for OpenSMTPD before 7: it was not made for OpenSSL 3 and answers with internal_error."""
        return not (self.software == "opensmtpd" and int(self.version.partition(".")[0]) < 7)


class RealServers:
    """All real servers of a test session; a context manager that ends what it started.

    Attributes:
        pki: Issued every certificate in use.
        certificates: The servers' identities.
        issuer_site: Where the caIssuers address of `missing-intermediate` leads.
        auth_site: Where nginx asks for the backend of a client.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="waxseal-real-pki-"))
        self._running: dict[str, tuple[Sandbox, dict[str, RealServer]]] = {}
        self._failed: dict[str, Exception] = {}
        self.issuer_site = IssuerSite()
        self.auth_site = AuthSite()
        self.pki = Pki(self._folder)
        self.issuer_site.offer(self.pki.intermediate)
        self.certificates = Certificates.issue(self.pki, HOST_NAME, self.issuer_site.url)

    def __enter__(self) -> RealServers:
        self.issuer_site.__enter__()
        self.auth_site.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sandbox, _ in self._running.values():
            sandbox.close()
        self._running.clear()
        self.auth_site.__exit__(kind, error, trace)
        self.issuer_site.__exit__(kind, error, trace)
        shutil.rmtree(self._folder, ignore_errors=True)

    def server(self, software: str, set_up: str) -> RealServer:
        """The server of that set-up, started if it does not run yet.

        Raises:
            UnavailableError: It cannot run on this machine.
            StartError: It should run but did not come up; the message holds its log.
        """
        if software in self._failed:
            raise self._failed[software]
        if software not in self._running:
            try:
                self._running[software] = self._start({**SERVICES, **RECIPES}[software])
            except Exception as error:
                self._failed[software] = error  # a second attempt would only take as long again
                raise
        return self._running[software][1][set_up]

    def log(self, software: str) -> str:
        """What a running daemon has logged so far."""
        return self._running[software][0].log

    def pid(self, software: str) -> int:
        """The process whose end ends a running daemon."""
        return self._running[software][0].pid

    def _start(self, recipe: Recipe) -> tuple[Sandbox, dict[str, RealServer]]:
        require_sandbox()
        tree = fetch(recipe.packages)
        backends = {word: self.server(*needed) for word, needed in recipe.needs.items()}
        for attempt in range(1, _ATTEMPTS + 1):
            listeners = {
                set_up: Listener("", 0) if set_up in recipe.sockets else _free_listener()
                for set_up in recipe.set_ups
            }
            job = Job(
                tree,
                HOST_NAME,
                listeners,
                self.certificates,
                {word: Listener(at.host, at.port) for word, at in backends.items()},
                self.auth_site.url,
            )
            files = recipe.configure(job)
            sandbox = Sandbox(tree, HOST_NAME, recipe.accounts, files, {"pki": self._folder})
            try:
                sandbox.wait_until_listening(
                    str(sandbox.sockets / set_up) if set_up in recipe.sockets else (at.host, at.port)
                    for set_up, at in listeners.items()
                )
            except BaseException as error:
                sandbox.close()
                if attempt < _ATTEMPTS and isinstance(error, StartError) and _PORT_TAKEN.search(str(error)):
                    continue
                raise
            version = tree.upstream_version(recipe.packages[0])
            return sandbox, {
                set_up: self._running_server(recipe, version, set_up, at, sandbox)
                for set_up, at in listeners.items()
            }
        raise AssertionError("the last attempt returns or raises")

    def _running_server(
        self, recipe: Recipe, version: str, set_up: str, at: Listener, sandbox: Sandbox
    ) -> RealServer:
        mode = recipe.set_ups[set_up]
        return RealServer(
            software=recipe.software,
            version=version,
            set_up=set_up,
            host=at.host,
            port=at.port,
            mode=mode,
            name=HOST_NAME,
            root_pem=self.pki.root_pem,
            scheme=recipe.schemes.get(set_up, "submissions" if mode == "implicit" else "smtp"),
            socket_path=sandbox.sockets / set_up if set_up in recipe.sockets else None,
        )


def _free_listener() -> Listener:
    """An address of 127.0.0.0/8 that hardly anyone else uses, and a port that is free there."""
    host = f"127.{random.randint(2, 250)}.{random.randint(1, 250)}.{random.randint(2, 250)}"
    with socket.socket() as probe:
        probe.bind((host, 0))
        return Listener(host, probe.getsockname()[1])
