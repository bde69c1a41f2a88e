"""Finds every check: each module in a topic folder below ``checks`` that has a judge.

Adding a check means adding its file; nothing lists them by hand.
"""

import pkgutil
from functools import cache
from importlib import import_module

from waxseal.checks.api import CHECK_ATTRIBUTE, Check


@cache
def all_checks() -> dict[str, Check]:
    """Every check by id, sorted by id."""
    import waxseal.checks as package

    found: dict[str, Check] = {}
    for topic in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if not topic.ispkg:
            continue
        folder = import_module(topic.name)
        for module in pkgutil.iter_modules(folder.__path__, topic.name + "."):
            if module.name.rpartition(".")[2].startswith("_"):
                continue
            judge = import_module(module.name).judge
            registered: Check = getattr(judge, CHECK_ATTRIBUTE)
            found[registered.id] = registered
    return dict(sorted(found.items()))
