"""The servers that everyone is measured on: Postfix from Debian's package, and the standard library's ssl.

How Postfix is started is told in tests/real/README.md. The other one is for machines where that cannot be
done, and a second opinion where it can: the same OpenSSL, another order, one certificate of each kind.
"""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.real import postfix
from tests.real.pki import Pki
from tests.real.recipe import Job, inside
from tests.real.servers import RECIPES, RealServers

NAME = "mx.real.test"
_MODERN = "modern"
_AEAD = "ECDHE+AESGCM:ECDHE+CHACHA20"


@dataclass(frozen=True)
class Server:
    """A server under test.

    Attributes:
        label: Its short name in tables.
        what: What it is, for people.
    """

    label: str
    what: str
    host: str
    port: int


def _configure(job: Job) -> dict[str, str]:
    """Postfix as the tests have it, and one more listener: ECDHE and AEAD alone, two certificates."""
    files = postfix.RECIPE.configure(job)
    at, ecdsa = job.listeners[_MODERN], job.certificates.ecdsa
    options = [
        "smtpd_tls_protocols=>=TLSv1.2",
        "smtpd_tls_mandatory_protocols=>=TLSv1.2",
        "smtpd_tls_ciphers=high",
        f"tls_high_cipherlist={_AEAD}",
        f"smtpd_tls_eccert_file={inside(ecdsa.chain_pem)}",
        f"smtpd_tls_eckey_file={inside(ecdsa.key_pem)}",
    ]
    lines = [f"{at.host}:{at.port} inet n - n - - smtpd", *(f"    -o {option}" for option in options)]
    # As many sessions at once as any tool asks for, without the pause after errors: we measure tools.
    lines = [re.sub(r"(inet n - n - )-( smtpd)", r"\g<1>200\2", line) for line in lines]
    files["etc/postfix/master.cf"] += "\n".join(lines) + "\n"
    return files


RECIPES["postfix-bench"] = replace(
    postfix.RECIPE, set_ups={**postfix.RECIPE.set_ups, _MODERN: "starttls"}, configure=_configure
)


@contextmanager
def real_postfix() -> Iterator[list[Server]]:
    """M and D, both by one Postfix; everything ends with the context.

    Raises:
        UnavailableError: Postfix cannot be run here.
    """
    with RealServers() as servers:
        modern, default = (servers.server("postfix-bench", name) for name in (_MODERN, "default"))
        version = modern.version
        yield [
            Server("M", f"Postfix {version}, TLS 1.2 and 1.3, ECDHE and AEAD", modern.host, modern.port),
            Server("D", f"Postfix {version}, Debian's default policy", default.host, default.port),
        ]


@contextmanager
def library_servers(labels: str = "MD") -> Iterator[list[Server]]:
    """The same two kinds by the standard library's ssl behind a small SMTP front, in threads of ours."""
    with TemporaryDirectory(prefix="waxseal-bench-pki-") as folder:
        pki = Pki(Path(folder))
        identities = [pki.leaf("rsa", [NAME]), pki.leaf("ec", [NAME], key_type="ec-p256")]
        fronts = []
        for label in labels:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            modern = label == "M"
            context.set_ciphers(_AEAD if modern else "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1_2 if modern else ssl.TLSVersion.TLSv1
            context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
            for identity in identities:
                context.load_cert_chain(identity.chain_pem, identity.key_pem)
            fronts.append((label, Front(context)))
        what = f"ssl of the standard library ({ssl.OPENSSL_VERSION})"
        try:
            yield [Server(label, what, "127.0.0.1", front.port) for label, front in fronts]
        finally:
            for _, front in fronts:
                front.close()


class Front:
    """SMTP up to STARTTLS and a little behind it, one thread a connection."""

    def __init__(self, context: ssl.SSLContext, listener: socket.socket | None = None) -> None:
        self._context = context
        self._listener = listener or socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = int(self._listener.getsockname()[1])
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        self._listener.close()

    def wait(self) -> None:
        """Serve for ever."""
        self._accepting.join()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(60)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.sendall(f"220 {NAME} ESMTP\r\n".encode())
            if self._talk(sock, starttls=True):
                self._talk(self._context.wrap_socket(sock, server_side=True), starttls=False)
        except OSError:
            pass
        finally:
            sock.close()

    def _talk(self, sock: socket.socket, *, starttls: bool) -> bool:
        """Answer commands; True where TLS begins."""
        with sock.makefile("rb", buffering=0) as lines:
            while line := lines.readline(2048):
                verb = line.split()[0].upper() if line.split() else b""
                if verb == b"STARTTLS" and starttls:
                    sock.sendall(b"220 go ahead\r\n")
                    return True
                if verb == b"EHLO":
                    keyword = "250-STARTTLS\r\n" if starttls else ""
                    sock.sendall(f"250-{NAME}\r\n{keyword}250 8BITMIME\r\n".encode())
                elif verb == b"QUIT":
                    sock.sendall(b"221 bye\r\n")
                    return False
                else:
                    sock.sendall(b"250 ok\r\n" if verb in (b"HELO", b"NOOP", b"RSET") else b"500 what?\r\n")
        return False
