"""Errors whose fault is the user's. The network's own are in ``waxseal.net.errors``.

A peer's breach of a rule is never an exception: it is recorded as data (``facts.Deviation``).
"""


class UsageError(Exception):
    """What the user asked for cannot be done as it was said; exit code 2.

    Attributes:
        message: One sentence that says what is wrong.
        hint: One sentence that says what to do instead; empty where there is nothing to add.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
