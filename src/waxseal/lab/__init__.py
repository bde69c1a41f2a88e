"""The simulated mail world that the demo, the tests and ``--lab`` share."""
