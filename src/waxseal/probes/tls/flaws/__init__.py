"""Tests of known flaws in TLS servers, one module for each flaw or family; `Flaws` says what is tried when.

Each sends the least octets that tell a flawed server from a sound one, with a control beside them. What the
replies mean is decided in ``checks/tls``. Flaws that show in what a server selects need no module: see
``facts.tls_offer``.
"""

from waxseal.probes.tls.flaws.plan import Flaws

__all__ = ["Flaws"]
