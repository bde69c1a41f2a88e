"""OpenSSL of many ages as a TLS server, inside Node binaries of its day; the script is `node/serve.js`.

What each can be told has grown over the years: `_SINCE` says from which Node on an option has an effect, and
an earlier one refuses it rather than go on without.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .dh import dh_file
from .npm import NodeRelease, node
from .options import VERSIONS, TlsOptions
from .process import Order, Running, ServerProcess

if TYPE_CHECKING:
    from .identities import Identities

RELEASES: Final = {
    f"openssl-{release.openssl.partition('+')[0]}": release
    for release in (
        NodeRelease(
            "0.8.28",
            "1.0.0m",
            "sha512-ABT5brxmILrbQFIzpXPdgkPFf9ructsOdJ8xrAo6jMt8IHqEbV+ZTqHnnoZelfuWp4szffHG8olwSb1NpQ2laA==",
        ),
        NodeRelease(
            "0.10.0",
            "1.0.1e",
            "sha512-9e6LHXXCQrg9qq8YoNQy0WkScTibZccXrSbqv88YPRlH7fSgUvnde8j1luKO5E2tVEs4tSUEtDXnBpv8mmXkeg==",
        ),
        NodeRelease(
            "0.12.18",
            "1.0.1u",
            "sha512-n4AaP6SVM5epkbknnkqfrOFMuH3k/ll9nBdqxCPxuK9x4Jaf2lsYDXgcHAS5UIhXZJJ0FcqjxD07YzjfgMPzMw==",
        ),
        NodeRelease(
            "4.4.1",
            "1.0.2g",
            "sha512-o6Gok6hzMKGpyHbrTLqejZtWMf1IxnszaNSirlorcgcEu4VqTFJEFDZjRkGZNRzLs+YnjrB036AVRJhoprMUrg==",
        ),
        NodeRelease(
            "4.9.1",
            "1.0.2o",
            "sha512-sRghZxixBhqsNL2rv1gFz8Q3VJKOMl0iWy8hwaGM5A8B+Rf7ciKDd06xHrcywjrDUthNauxzBsnf/VqsLKXwcw==",
        ),
        NodeRelease(
            "10.0.0",
            "1.1.0h",
            "sha512-U4PZMua4FM7t9GEQ08lZFUHJy9Bmp0lUPBcMHjurXCkWDewKhM2UUC+Gf88eRBMb2dUiVoOb+8L7Ryqj6b/FkQ==",
        ),
        NodeRelease(
            "10.24.1",
            "1.1.1k",
            "sha512-YMreId5u9hd3zWHqRyDkXFLdw46BWAxy9+mJNA6m9Bh2X6SN5zh3UrNh+vrbMF8Ci9Vsqv4DYFNe+PpGy0dHGQ==",
        ),
        NodeRelease(
            "16.20.2",
            "1.1.1v+quic",
            "sha512-oxOhUQeRI8VP2S933KzppWoQTXE/bhs3rskxrAXQA0xfIoy+WqVx47oe6upUsCqORfvAHcbdf9k+1iFyZnceqQ==",
        ),
        NodeRelease(
            "18.20.8",
            "3.0.16",
            "sha512-JWUTwZ9vMOjZXMtiBc74OZn12DXb4skKfY4Nlyc17Ss8BTaxjwkXAw6xZb0Ck5afUYU/neBbrHjo9O3baF34ww==",
        ),
        NodeRelease(
            "24.21.0",
            "3.5.8",
            "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
        ),
    )
}
"""By kind."""

_SCRIPT: Final = Path(__file__).with_name("node") / "serve.js"
_TLS13_SUITES: Final = (
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:"
    "TLS_AES_128_CCM_8_SHA256"
)

# The first Node that heeds an option, as (major, minor).
_SINCE: Final = {
    "groups": (0, 12),
    "dh": (0, 12),
    "staple": (0, 12),
    "session_lifetime_s": (0, 12),
    "ticket_keys": (4, 0),
    "alpn": (10, 0),
    "signatures": (16, 0),
}
_ALWAYS: Final = (
    "leaves", "names", "suites", "lowest", "highest", "server_order", "tickets", "session_ids",
    "client_certificate", "renegotiations", "flags",
)  # fmt: skip


def start(order: Order) -> Running:
    """Starts one.

    Raises:
        UnavailableError: The binary cannot be had.
        StartError: It did not come up.
        ValueError: This age of OpenSSL cannot do what is asked.
    """
    release = RELEASES[order.kind]
    age = _age(release)
    options = order.options
    options.only(*_ALWAYS, *(name for name, since in _SINCE.items() if age >= since))
    if len(options.leaves) > 1 and age < (4, 0):
        raise ValueError("this kind of server has one certificate")
    binary = node(release)
    orders = _orders(release, options, order.identities)
    orders |= {"dialogue": order.dialogue.as_data(), "greets": order.greets}
    path = order.folder / "orders.json"
    path.write_text(json.dumps(orders))
    # SSL 3.0 has to be allowed on the command line; only Node 0.12 can be told.
    switches = ["--enable-ssl3"] if age == (0, 12) else []
    process = ServerProcess([str(binary), *switches, str(_SCRIPT), str(path)], order.folder / "log")
    return Running(process, f"Node {process.said['node']} with OpenSSL {process.said['openssl']}")


def _orders(release: NodeRelease, options: TlsOptions, identities: Identities) -> dict[str, object]:
    age = _age(release)
    plain: dict[str, object] = {"honorCipherOrder": options.server_order}
    flags = [*options.flags, *([] if options.tickets else ["SSL_OP_NO_TICKET"])]
    if age >= (12, 0):
        plain["minVersion"] = options.lowest or "TLSv1"
        plain["maxVersion"] = options.highest or "TLSv1.3"
    else:
        plain["secureProtocol"] = "SSLv23_method"
        flags += _excluded(release, options)
    suites = _suites(age, options.suites)
    if suites:
        plain["ciphers"] = suites
    if options.groups is not None:
        plain["ecdhCurve"] = options.groups
    if options.signatures is not None:
        plain["sigalgs"] = options.signatures
    if options.session_lifetime_s is not None:
        plain["sessionTimeout"] = options.session_lifetime_s
    if options.alpn:
        plain["ALPNProtocols"] = options.alpn
    if options.client_certificate != "none":
        plain["requestCert"] = True
        plain["rejectUnauthorized"] = options.client_certificate == "require"
    return {
        "plain": plain,
        "flags": flags,
        "identities": [identities.pair(leaf) for leaf in options.leaves],
        "names": {name: identities.pair(leaf) for name, leaf in options.names},
        "dhparam": str(dh_file(options.dh, identities.folder)) if options.dh else None,
        "ca": str(identities.root_pem) if options.client_certificate != "none" else None,
        "ticketKeys": options.ticket_keys,
        "sessionIds": options.session_ids,
        "renegotiations": options.renegotiations,
        "staple": str(identities.staple(options.leaves[0])) if options.staple else None,
    }


def _excluded(release: NodeRelease, options: TlsOptions) -> list[str]:
    """The flags that leave only the versions asked for; newest first of what this OpenSSL knows."""
    at: dict[str, int] = {version: index for index, version in enumerate(VERSIONS)}
    low = at[options.lowest] if options.lowest else 0
    high = at[options.highest] if options.highest else len(VERSIONS)
    known = ["SSLv2", "SSLv3", "TLSv1"]
    if not release.openssl.startswith("1.0.0"):
        known += ["TLSv1.1", "TLSv1.2"]
    return [f"SSL_OP_NO_{name.replace('.', '_')}" for name in known if not low <= at[name] <= high]


def _suites(age: tuple[int, int], asked: str | None) -> str:
    """For `ciphers`; "" leaves Node's own."""
    if asked is not None:
        return asked
    everything = "ALL:COMPLEMENTOFALL"
    if age >= (10, 0):
        everything += ":@SECLEVEL=0"
    return f"{_TLS13_SUITES}:{everything}" if age >= (12, 0) else everything


def _age(release: NodeRelease) -> tuple[int, int]:
    major, minor, _ = release.version.split(".")
    return int(major), int(minor)
