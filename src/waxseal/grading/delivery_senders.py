"""Sender models: what a kind of sending server does with what a domain publishes, read from data.

The data is ``sender_models.toml``. What each of them would do with one domain is worked out in ``delivery``.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Struct

NEXTHOP = "nexthop"
DOT_NEXTHOP = "dot-nexthop"
HOSTNAME = "hostname"


class SenderModel(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of sending server.

    Attributes:
        id, title: Its names.
        examples: Software or services that behave so.
        source: URL of the text that documents it.
        tls: What it does where no record and no list decides: never, may or must use TLS.
        dane: Whether it honours TLSA records, or delivers by them only (RFC 7672 §6).
        insecure_mx: Honours TLSA records of hosts from an MX RRset that is not secure (RFC 7672 §2.2.1).
        mta_sts: Honours MTA-STS policies.
        match: What a pinned list wants in the certificate: `NEXTHOP`, `DOT_NEXTHOP`, `HOSTNAME`.
        requiretls: The message was marked REQUIRETLS (RFC 8689 §4.2.1).
    """

    id: str
    title: str
    examples: str
    source: str
    tls: Literal["never", "may", "must"]
    dane: Literal["no", "offered", "always"] = "no"
    insecure_mx: bool = False
    mta_sts: bool = False
    match: tuple[Literal["nexthop", "dot-nexthop", "hostname"], ...] = ()
    requiretls: bool = False

    @property
    def validates(self) -> bool:
        """Whether its look-ups are validated by DNSSEC, so that a bogus answer stops it."""
        return self.dane != "no" or self.requiretls


class _File(Struct, frozen=True):
    version: str
    sender: tuple[SenderModel, ...]


@cache
def sender_models() -> tuple[SenderModel, ...]:
    """The built-in models, in the order in which they are shown."""
    text = files("waxseal.grading").joinpath("sender_models.toml").read_text(encoding="utf-8")
    return parse_sender_models(text)


def parse_sender_models(text: str) -> tuple[SenderModel, ...]:
    """Read models from TOML.

    Raises:
        ValueError: It is no TOML or not of the form; the message says where.
    """
    models = msgspec.convert(tomllib.loads(text), _File).sender
    if len({model.id for model in models}) != len(models):
        raise ValueError("two sender models have one id")
    return models
