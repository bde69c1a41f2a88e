"""The simulated mail world that the demo, the tests and ``--lab`` share, in one process on loopback.

`LabWorld` starts it; ``lab.domains`` is the table of what is in it.
"""

from waxseal.lab.domains import Expected, LabDomain
from waxseal.lab.world import LabWorld

__all__ = ["Expected", "LabDomain", "LabWorld"]
