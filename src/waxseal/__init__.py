"""waxseal: is e-mail sealed in transit?

``from waxseal import check`` gives the asynchronous API (``waxseal.api``); it is loaded when first used, so
that importing the package costs nothing.
"""

from typing import TYPE_CHECKING, Any

from waxseal.version import __version__

if TYPE_CHECKING:
    from waxseal.api import Result, check, judge

__all__ = ["Result", "__version__", "check", "judge"]


def __getattr__(name: str) -> Any:
    if name in {"Result", "check", "judge"}:
        import waxseal.api

        return getattr(waxseal.api, name)
    raise AttributeError(f"module 'waxseal' has no attribute {name!r}")
