"""Options that belong together reach a command as one argument: a struct with a field for each."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def gathered(options: Sequence[Decorator], kind: type[Struct], name: str) -> Decorator:
    """A decorator that adds options to a command and hands them over together.

    Args:
        options: Made by ``click.option``; each stores under the name of a field of `kind`.
        kind: What their values are put into.
        name: Of the argument that the command takes.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        def gather(**arguments: Any) -> Any:
            own = {field: arguments.pop(field) for field in kind.__struct_fields__}
            return command(**arguments, **{name: kind(**own)})

        gather.__name__ = command.__name__
        gather.__doc__ = command.__doc__
        gather.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
        decorated: Callable[..., Any] = gather
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate
