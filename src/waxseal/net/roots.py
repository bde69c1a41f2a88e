"""Loads a named root store: the system's, certifi's, or a file of PEM certificates.

What a store proves is decided in ``trust``; nothing here trusts anything.
"""

import base64
import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from waxseal.errors import UsageError

if TYPE_CHECKING:
    from waxseal.trust.anchors import RootStore

_PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----\s(.*?)-----END", re.DOTALL)
_SYSTEM_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
MAX_FILE_OCTETS = 32 * 1024 * 1024


def load_roots(source: str = "system") -> "RootStore":
    """Load a store.

    Args:
        source: ``system`` (certifi's where the system has none), ``certifi``, or the path of a PEM file.

    Raises:
        UsageError: The file cannot be read or holds no certificate.
    """
    from waxseal.trust.anchors import RootStore

    name, path = _place(source)
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_OCTETS)
    except OSError as error:
        raise UsageError(
            f"the root store {path} cannot be read: {error.strerror}",
            "--roots takes system, certifi or a PEM file",
        ) from error
    roots = pem_certificates(text)
    if not roots:
        raise UsageError(f"{path} holds no PEM certificate", "--roots takes system, certifi or a PEM file")
    return RootStore(roots=roots, name=name)


def pem_certificates(text: bytes) -> tuple[bytes, ...]:
    """DER of each CERTIFICATE block, in order; a block that holds no base64 is passed over."""
    found: list[bytes] = []
    for block in _PEM.finditer(text):
        try:
            octets = base64.b64decode(b"".join(block[1].split()), validate=True)
        except ValueError:
            continue
        if octets:
            found.append(octets)
    return tuple(found)


def _place(source: str) -> tuple[str, Path]:
    if source == "system":
        default = ssl.get_default_verify_paths().cafile
        for candidate in (default, *_SYSTEM_FILES):
            if candidate and Path(candidate).is_file():
                return "system", Path(candidate)
        source = "certifi"
    if source == "certifi":
        import certifi

        return "certifi", Path(certifi.where())
    return Path(source).name, Path(source)
