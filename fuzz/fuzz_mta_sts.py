"""Fuzz target: MTA-STS records, policies, patterns. No exception, and what is read can be written again."""

import sys

from waxseal.wire.mta_sts import pattern_matches, read_policy, read_record, write_policy, write_record


def fuzz_one(data: bytes) -> None:
    """The octets as one record, as several (cut at NUL), as a policy, and as a pattern with a host."""
    for texts in ([data], data.split(b"\0"), [b"v=STSv1;" + data]):
        found = read_record(texts)
        assert found.record is None or found.candidates == 1
        if found.record is not None:
            again = read_record([write_record(found.record.id).encode()])
            assert again.record is not None
            assert again.record.id == found.record.id
    reading = read_policy(data)
    assert (reading.policy is None) == any(problem.fatal for problem in reading.problems)
    if reading.policy is not None and reading.conforms:
        assert read_policy(write_policy(reading.policy)).policy == reading.policy
    pattern, _, host = data.decode("utf-8", "surrogateescape").partition(" ")
    pattern_matches(pattern, host)


def main() -> None:
    """Run until something is found."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
