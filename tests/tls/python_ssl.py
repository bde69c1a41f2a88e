"""The standard library's `ssl` as a server, at security level 0: TLS 1.0 to 1.3 with this system's OpenSSL.

Run as a program it is the server; `start` is what the tests call.
"""

from __future__ import annotations

import contextlib
import json
import ssl
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .dh import dh_file
from .process import Order, Running, ServerProcess
from .threaded import SecuredStream, read_orders, serve

if TYPE_CHECKING:
    import socket

KINDS: Final = ("python-ssl",)
ROOT: Final = Path(__file__).resolve().parents[2]
_VERSIONS: Final = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


def start(order: Order) -> Running:
    """Starts one.

    Raises:
        StartError: It did not come up.
        ValueError: It cannot do what is asked.
    """
    options = order.options
    options.only(
        "leaves", "names", "suites", "lowest", "highest", "groups", "dh", "server_order", "tickets", "alpn",
        "client_certificate", "flags",
    )  # fmt: skip
    if {options.lowest, options.highest} & {"SSLv2", "SSLv3"}:
        raise ValueError("this kind of server begins at TLS 1.0")
    pair = order.identities.pair
    orders = {
        "dialogue": order.dialogue.as_data(),
        "greets": order.greets,
        "identities": [pair(leaf) for leaf in options.leaves],
        "names": {name: pair(leaf) for name, leaf in options.names},
        "suites": "ALL:COMPLEMENTOFALL:@SECLEVEL=0" if options.suites is None else options.suites,
        "lowest": options.lowest or "TLSv1",
        "highest": options.highest or "TLSv1.3",
        "group": options.groups,
        "dh": str(dh_file(options.dh, order.identities.folder)) if options.dh else None,
        "flags": [*options.flags, *([] if options.tickets else ["OP_NO_TICKET"])],
        "server_order": options.server_order,
        "alpn": options.alpn,
        "client": options.client_certificate,
        "root": str(order.identities.root_pem),
    }
    path = order.folder / "orders.json"
    path.write_text(json.dumps(orders))
    command = [sys.executable, "-m", f"{__package__}.python_ssl", str(path)]
    process = ServerProcess(command, order.folder / "log", {"PYTHONPATH": str(ROOT)})
    return Running(process, str(process.said["version"]))


def _context(orders: dict[str, Any], pairs: list[dict[str, str]]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if orders["suites"]:
        context.set_ciphers(orders["suites"])
    for pair in pairs:
        context.load_cert_chain(pair["chain"], pair["key"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[orders["lowest"]]
        context.maximum_version = _VERSIONS[orders["highest"]]
    if not orders["server_order"]:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    for flag in orders["flags"]:
        context.options |= getattr(ssl, flag.removeprefix("SSL_"))
    if orders["group"]:
        context.set_ecdh_curve(orders["group"])
    if orders["dh"]:
        context.load_dh_params(orders["dh"])
    if orders["alpn"]:
        context.set_alpn_protocols(orders["alpn"])
    if orders["client"] != "none":
        context.load_verify_locations(orders["root"])
        context.verify_mode = ssl.CERT_OPTIONAL if orders["client"] == "ask" else ssl.CERT_REQUIRED
    return context


class _Stream:
    def __init__(self, wrapped: ssl.SSLSocket) -> None:
        self._wrapped = wrapped

    def read(self, limit_octets: int) -> bytes:
        return self._wrapped.recv(limit_octets)

    def write(self, octets: bytes) -> None:
        self._wrapped.sendall(octets)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._wrapped.unwrap()
        self._wrapped.close()


def _main() -> None:
    orders = read_orders()
    context = _context(orders, orders["identities"])
    others = {name: _context(orders, [pair]) for name, pair in orders["names"].items()}

    def choose(wrapped: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name in others:
            wrapped.context = others[name]

    context.sni_callback = choose

    def shake_hands(connection: socket.socket) -> SecuredStream:
        return _Stream(context.wrap_socket(connection, server_side=True))

    serve(orders, shake_hands, version=f"Python ssl with {ssl.OPENSSL_VERSION}")


if __name__ == "__main__":
    _main()
