"""The fixtures of this folder's tests."""

from .fixtures import start_tls as start_tls
from .fixtures import tls_servers as tls_servers
