"""Fuzz target: domain names. No exception but `InvalidName`, and every result is a name.

Run with ``python fuzz/fuzz_idna.py [corpus directory]``; needs atheris.
"""

import sys

from waxseal.wire.idna import InvalidName, a_label_problem, hostname_problem, to_a_label, to_u_label


def fuzz_one(data: bytes) -> None:
    """The octets are a name in UTF-8, broken sequences as lone surrogates."""
    name = data.decode("utf-8", "surrogateescape")
    to_u_label(name)
    a_label_problem(name)
    hostname_problem(name)
    try:
        a_label = to_a_label(name)
    except InvalidName:
        return
    assert a_label.isascii()
    assert len(a_label) <= 253
    assert all(1 <= len(label) <= 63 for label in a_label.split("."))
    assert to_a_label(a_label) == a_label
    if a_label_problem(a_label) is None:
        assert to_a_label(to_u_label(a_label)) == a_label


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
