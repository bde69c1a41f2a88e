"""Fuzz target: the client's side of SASL. No exception but `SaslError`, and no secret where none belongs.

Run with ``python fuzz/fuzz_sasl.py [corpus directory]``; needs atheris.
"""

import sys

from waxseal.wire import sasl

PASSWORD = "a-password-that-nobody-says"
NONCE = "fyko+d2lbbFgONRv9qkxdawL"


def fuzz_one(data: bytes) -> None:
    """The first octet names the mechanism; the others are challenges, parted by LF."""
    if not data:
        return
    mechanism = sasl.PREFERENCE[data[0] % len(sasl.PREFERENCE)]
    login = sasl.client(mechanism, "user", PASSWORD, NONCE)
    said = login.initial or b""
    for line in data[1:].split(b"\n")[:8]:
        # A challenge as it stands, one in Base64, and one that begins as the client's nonce asks it to.
        challenge = sasl.decoded(line)
        if challenge is None:
            challenge = line.replace(b"$", NONCE.encode())
        if b"i=" in challenge and len(challenge.partition(b"i=")[2]) > 3:
            continue  # rounds of hashing take time, and find nothing
        try:
            said += login.answer(challenge)
        except sasl.SaslError as error:
            told = str(error)
            break
    else:
        told = ""
    assert PASSWORD not in told
    assert mechanism in ("PLAIN", "LOGIN") or PASSWORD.encode() not in said
    assert not login.proved, "nobody can make the server's signature here"


def main() -> None:
    """Run atheris until it finds something."""
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
