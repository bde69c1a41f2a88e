"""Fuzz target: what a user types as a target (``scan.target``): a `Target`, or a `UsageError`."""

import sys

from waxseal.errors import UsageError
from waxseal.scan.target import parse_target, subject_of


def fuzz_one(data: bytes) -> None:
    """Parse it as a target, and as the name given apart."""
    text = data.decode("utf-8", "surrogateescape")
    for name in (None, text):
        try:
            subject_of(parse_target(text, name=name))
        except UsageError:
            continue


def main() -> None:
    """Run under atheris."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
