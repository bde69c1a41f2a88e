"""The fixtures of this folder's tests."""

from tests.tls.fixtures import start_tls as start_tls
from tests.tls.fixtures import tls_servers as tls_servers
