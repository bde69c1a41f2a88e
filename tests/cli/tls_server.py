"""A server for ``waxseal tls``: the standard library's TLS behind any clear dialogue, in threads."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from waxseal.lab.ca import CertificateAuthority, pem
from waxseal.lab.orders import LeafOrder, TlsOrder
from waxseal.lab.tls import server_context

HOST = "mx.example.test"
CA = CertificateAuthority()
ORDER = TlsOrder(leaves=(LeafOrder(names=(HOST, "localhost")),))

CLEAR: dict[str, tuple[bytes, ...]] = {
    "smtp": (b"220 mx ESMTP\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 go\r\n"),
    "lmtp": (b"220 mx LMTP\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 go\r\n"),
    "imap": (b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", b"a1 OK go\r\n"),
    "pop3": (b"+OK hi\r\n", b"+OK go\r\n"),
    "sieve": (b'"SIEVE" "x"\r\n"STARTTLS"\r\nOK "hi"\r\n', b'OK "go"\r\n'),
    "none": (),
}
"""What the server says in clear: at once, and to each command."""


@dataclass
class Served:
    """A server that is running.

    Attributes:
        port: On 127.0.0.1.
        lines: Every line that came under TLS.
        clear: Every line that came in clear.
        clients: DER of the client certificates that were shown.
        resumed: Of each handshake.
    """

    port: int
    lines: list[bytes] = field(default_factory=list)
    clear: list[bytes] = field(default_factory=list)
    clients: list[bytes | None] = field(default_factory=list)
    resumed: list[bool] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextlib.contextmanager
def serving(
    protocol: str = "smtp",
    context: ssl.SSLContext | None = None,
    *,
    clear: tuple[bytes, ...] | None = None,
    greeting: bytes = b"",
) -> Iterator[Served]:
    """A server that goes through the dialogue, shakes hands, and answers each line with itself."""
    chosen = context or server_context(ORDER, CA)
    spoken = CLEAR[protocol] if clear is None else clear
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = Served(listening.getsockname()[1])

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connection.settimeout(20)
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                for index, octets in enumerate(spoken):
                    if index:
                        served.clear.append(_line(connection))
                    connection.sendall(octets)
                with chosen.wrap_socket(connection, server_side=True) as tls:
                    served.clients.append(tls.getpeercert(binary_form=True))
                    served.resumed.append(bool(tls.session_reused))
                    tls.sendall(greeting)
                    _answer(tls, served)

        threading.Thread(target=accept, daemon=True).start()
        yield served
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


def _answer(tls: ssl.SSLSocket, served: Served) -> None:
    while line := _line(tls):
        served.lines.append(line)
        if line == b"SILENCE\r\n":
            continue
        tls.sendall(b"250 \x1b[31m" + line)
        if line.strip().upper().endswith((b"QUIT", b"LOGOUT")):
            return


def _line(connection: socket.socket) -> bytes:
    octets = b""
    while not octets.endswith(b"\n") and (octet := connection.recv(1)):
        octets += octet
    return octets


def write_root(folder: Path) -> Path:
    """The root to trust, PEM."""
    path = folder / "root.pem"
    path.write_bytes(pem(CA.root_der))
    return path


def write_client(folder: Path, password: bytes | None = None) -> tuple[Path, Path, bytes]:
    """A client's certificate and key as files, and the certificate's DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client.example.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    form: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        form = serialization.BestAvailableEncryption(password)
    certificate_file, key_file = folder / "client.pem", folder / "client.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, form)
    )
    return certificate_file, key_file, certificate.public_bytes(serialization.Encoding.DER)


def asking_context(client_file: Path) -> ssl.SSLContext:
    """A context that asks for a client certificate, and trusts that one."""
    context = server_context(ORDER, CA)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(client_file)
    return context
