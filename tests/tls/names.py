"""Names that every part of the test servers shares."""

from typing import Final

HOST_NAME: Final = "mx.tls.test"
"""In every certificate and greeting."""

LOOPBACK: Final = "127.0.0.1"
