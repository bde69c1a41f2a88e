"""DKIM key records out of TXT records (RFC 6376 §3.6, RFC 8301, RFC 8463), and the keys that a message names.

Holds what a record says; how strong its key is, is found in ``checks/dkim`` with ``trust``. Signatures are
not verified. A breach of a rule is a problem, and reading goes on.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from waxseal.wire.dns_rdata import encode_name, name_text
from waxseal.wire.mail_message import header_fields
from waxseal.wire.tag_list import Problem, TagList, read_tag_list, shown

MAX_SIGNATURES: Final = 50
"""DKIM-Signature fields of a message that are looked at."""
ED25519_OCTETS: Final = 32

_BLANKS: Final = re.compile(r"[ \t\r\n]+")
_VERSION: Final = re.compile(rb"[ \t\r\n]*v[ \t\r\n]*=", re.IGNORECASE)
_DOMAIN: Final = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*"
)


class DkimKeyRecord(Struct, frozen=True, omit_defaults=True):
    """One key record.

    Attributes:
        key_type: The k tag: ``rsa`` (also where it is missing), ``ed25519``, or what is written.
        key: The decoded p tag; empty where the key was withdrawn; None where p is missing or no base64.
        hashes: The h tag; empty where it is missing, which allows every hash.
        services: The s tag; ``("*",)`` where it is missing.
        flags: The t tag.
        problems: What is wrong with it.
    """

    key_type: str
    key: bytes | None
    hashes: tuple[str, ...] = ()
    services: tuple[str, ...] = ("*",)
    flags: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def revoked(self) -> bool:
        """Whether p is empty: the key was withdrawn (RFC 6376 §3.6.1)."""
        return self.key == b""

    @property
    def testing(self) -> bool:
        """Whether the flag y stands, which has signed mail taken for unsigned (RFC 6376 §3.6.1)."""
        return "y" in self.flags


class KeyReading(Struct, frozen=True):
    """What the TXT records at a key's name hold.

    Attributes:
        records: The key records, in the order received.
        others: Records that are for something else: those of another version, and those without a p tag.
    """

    records: tuple[DkimKeyRecord, ...] = ()
    others: tuple[bytes, ...] = ()


def read_keys(texts: Iterable[bytes]) -> KeyReading:
    """Read the TXT records at the name of a key, the strings of each put together (RFC 6376 §3.6.2.2).

    A record of another version is discarded (RFC 6376 §3.6.1). One that neither names a version nor has a p
    tag is none of DKIM, as where a wildcard answers (RFC 6376 §6.1.2).
    """
    records: list[DkimKeyRecord] = []
    others: list[bytes] = []
    for text in texts:
        record = read_key(text)
        if record is None:
            others.append(text)
        else:
            records.append(record)
    return KeyReading(tuple(records), tuple(others))


def read_key(text: bytes) -> DkimKeyRecord | None:
    """Read one key record (RFC 6376 §3.6.1); None where it is a record for something else."""
    tags = read_tag_list(text)
    version = tags.value("v")
    if version != "DKIM1" and (version is not None or _VERSION.match(text) or tags.value("p") is None):
        return None
    problems = list(tags.problems)
    if version is not None and tags.tags[0][0] != "v":
        problems.append(Problem("version-not-first", "the tag v is not the first one"))
    key_type = tags.value("k")
    key = _key(tags, problems)
    if key_type is not None and key_type not in ("rsa", "ed25519"):
        problems.append(Problem("key-type", f'the key type "{shown(key_type)}" is none that is known'))
    # RFC 8463 §4.2: the octets of the key as they are, without any wrapping.
    if key_type == "ed25519" and key and len(key) != ED25519_OCTETS:
        problems.append(Problem("key-size", f"an Ed25519 key has 32 octets, and this one {len(key)}"))
    services = _names(tags, "s", problems) or ("*",)
    if not {"*", "email"} & set(services):
        problems.append(Problem("service", f"the key is not for e-mail: s={shown(':'.join(services))}"))
    hashes = _names(tags, "h", problems)
    # RFC 8301 §3.1 leaves SHA-256 alone.
    if hashes and "sha256" not in hashes:
        problems.append(
            Problem("hash", f"the key allows no hash that may be used: h={shown(':'.join(hashes))}")
        )
    return DkimKeyRecord(
        key_type=key_type if key_type is not None else "rsa",
        key=key,
        hashes=hashes,
        services=services,
        flags=_names(tags, "t", problems),
        problems=tuple(problems),
    )


def _key(tags: TagList, problems: list[Problem]) -> bytes | None:
    written = tags.value("p")
    if written is None:
        problems.append(Problem("key-missing", "there is no tag p, which holds the key"))
        return None
    # Blanks may stand anywhere in base64 (RFC 6376 §3.6.1, INFORMATIVE NOTE).
    try:
        return base64.b64decode(_BLANKS.sub("", written), validate=True)
    except (binascii.Error, ValueError):
        problems.append(Problem("key-base64", f'the key is no base64: p="{shown(written)}"'))
        return None


def _names(tags: TagList, name: str, problems: list[Problem]) -> tuple[str, ...]:
    """The names in a list with colons; empty where the tag is missing."""
    written = tags.value(name)
    if written is None:
        return ()
    names = tuple(part.strip() for part in written.split(":"))
    if "" in names:
        problems.append(Problem("name-empty", f'the tag {name} has an empty name: "{shown(written)}"'))
    return tuple(part for part in names if part)


def key_name(selector: str, signing_domain: str) -> str:
    """Where a key stands in DNS (RFC 6376 §3.6.2.1)."""
    return f"{selector}._domainkey.{signing_domain}".lower().removesuffix(".")


def selectors_of(message: bytes) -> tuple[tuple[str, str], ...]:
    """The keys that a message's DKIM-Signature fields name (RFC 6376 §3.5): selector and signing domain.

    Args:
        message: The message, or its beginning.

    Returns:
        In the order of the fields, each pair once, in lower case; fields without a usable s or d tag are
        passed over.
    """
    found: dict[tuple[str, str], None] = {}
    signatures = [body for name, body in header_fields(message) if name == "dkim-signature"]
    for body in signatures[:MAX_SIGNATURES]:
        tags = read_tag_list(body)
        selector, domain = (_dns_name(tags.value(tag)) for tag in ("s", "d"))
        # d has two labels at least (RFC 6376 §3.5, sig-d-tag).
        if selector and domain and "." in domain and encode_name(key_name(selector, domain)) is not None:
            found[selector, domain] = None
    return tuple(found)


def _dns_name(text: str | None) -> str:
    """A name in lower case; "" where it is none."""
    if text is None or len(text) > 255 or not _DOMAIN.fullmatch(text):
        return ""
    wire = encode_name(text)
    return "" if wire is None else name_text(wire)
