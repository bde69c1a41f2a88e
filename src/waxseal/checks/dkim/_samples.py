"""Facts from which the examples of this folder are made."""

import base64

from waxseal.checks.samples import answer
from waxseal.facts import DkimKey, DnsStatus
from waxseal.trust.der import BIT_STRING, INTEGER, NULL, OBJECT_IDENTIFIER, SEQUENCE, encode

_RSA = bytes.fromhex("2a864886f70d010101")


def rsa(bits: int = 2048) -> str:
    """The p tag of an RSA key of a size, that nobody has the private part of."""
    modulus = encode(INTEGER, b"\0" + (1 << bits - 1 | 1).to_bytes(bits // 8))
    number = encode(SEQUENCE, modulus, encode(INTEGER, b"\1\0\1"))
    algorithm = encode(SEQUENCE, encode(OBJECT_IDENTIFIER, _RSA), encode(NULL))
    return base64.b64encode(encode(SEQUENCE, algorithm, encode(BIT_STRING, b"\0" + number))).decode()


ED25519 = base64.b64encode(bytes(range(32))).decode()


def key(*texts: str, status: DnsStatus | None = None) -> DkimKey:
    """The look-up of the key ``s1`` of example.org; without texts there is none."""
    found = DnsStatus.ANSWERED if texts else DnsStatus.NXDOMAIN
    name = "s1._domainkey.example.org"
    rdata = (" ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255)) for text in texts)
    return DkimKey(
        selector="s1",
        signing_domain="example.org",
        answer=answer(name, "TXT", *rdata, status=status or found),
    )


SOUND = key(f"v=DKIM1; k=rsa; p={rsa()}")
SILENT = key(status=DnsStatus.TIMED_OUT)
