"""GnuTLS as a server, by the system's shared library; it does what `gnutls-serv` does, but only on loopback.

Run as a program it is the server; `start` is what the tests call. Numbers are those of `gnutls/gnutls.h`, as
its ABI keeps them.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import sys
from typing import TYPE_CHECKING, Any, Final

from tests.real.packages import UnavailableError

from .dh import dh_file
from .process import Order, Running, ServerProcess
from .python_ssl import ROOT
from .threaded import SecuredStream, read_orders, serve

if TYPE_CHECKING:
    import socket

KINDS: Final = ("gnutls",)

EVERYTHING: Final = (
    "NORMAL:+VERS-TLS1.0:+VERS-TLS1.1:+ARCFOUR-128:+3DES-CBC:+AES-128-CCM:+AES-256-CCM:+AES-128-CCM-8:"
    "+AES-256-CCM-8:+CAMELLIA-128-GCM:+CAMELLIA-256-GCM:+CAMELLIA-128-CBC:+CAMELLIA-256-CBC:"
    "+SHA1:+SHA256:+SHA384:+RSA:+DHE-RSA:+ANON-DH:+ANON-ECDH:+GROUP-ALL:+SIGN-ALL:"
    "%ALLOW_SMALL_RECORDS:%VERIFY_ALLOW_SIGN_WITH_SHA1"
)
"""Priority string for all that goes together; NULL suites would switch TLS 1.3 off."""

_SERVER: Final = 1
_NO_TICKETS: Final = 1 << 10
_ENABLE_RAWPK: Final = 1 << 18
_ENABLE_EARLY_DATA: Final = 1 << 20
_CERTIFICATE, _ANONYMOUS = 1, 2
_PEM: Final = 1
_SEC_PARAM_MEDIUM: Final = 35
_HEARTBEATS_ALLOWED: Final = 1
_PING_RECEIVED: Final = -293
_DIGITAL_SIGNATURE: Final = 128
_SHUT_WRITE: Final = 1
_CLIENT: Final = {"none": 0, "ask": 1, "require": 2}
_COMPRESSIONS: Final = {"zlib": 2, "brotli": 3, "zstd": 4}
_WARNINGS: Final = (-16, -37)  # a warning alert, a rehandshake request


def start(order: Order) -> Running:
    """Starts one; besides the options of others it takes these words in `extra`.

    "heartbeat", "rawpk", "record-N" (the record size limit N), "compress-zlib", "compress-brotli" and
    "compress-zstd" (Debian 12's library has no certificate compression, and shakes no hands then).
    `suites` is a priority string.

    Raises:
        UnavailableError: There is no GnuTLS here.
        StartError: It did not come up.
        ValueError: It cannot do what is asked.
    """
    options = order.options
    options.only(
        "leaves", "suites", "lowest", "highest", "dh", "server_order", "tickets", "alpn",
        "client_certificate", "staple", "early_data_octets", "extra",
    )  # fmt: skip
    library = ctypes.util.find_library("gnutls")
    if library is None:
        raise UnavailableError("there is no GnuTLS library on this machine")
    priorities = EVERYTHING if options.suites is None else options.suites or "NORMAL"
    if options.server_order:
        priorities += ":%SERVER_PRECEDENCE"
    if "rawpk" in options.extra:
        priorities += ":+CTYPE-SRV-RAWPK"
    orders = {
        "dialogue": order.dialogue.as_data(),
        "greets": order.greets,
        "library": library,
        "identities": [order.identities.pair(leaf) for leaf in options.leaves],
        "priorities": priorities + _versions(options.lowest, options.highest),
        "dh": str(dh_file(options.dh, order.identities.folder)) if options.dh else None,
        "tickets": options.tickets,
        "alpn": options.alpn,
        "client": options.client_certificate,
        "root": str(order.identities.root_pem),
        "staple": str(order.identities.staple(options.leaves[0])) if options.staple else None,
        "early": options.early_data_octets,
        "extra": options.extra,
        "public": str(order.identities.public_key(options.leaves[0])),
    }
    path = order.folder / "orders.json"
    path.write_text(json.dumps(orders))
    command = [sys.executable, "-m", f"{__package__}.gnutls", str(path)]
    process = ServerProcess(command, order.folder / "log", {"PYTHONPATH": str(ROOT)})
    return Running(process, str(process.said["version"]))


def _versions(lowest: str | None, highest: str | None) -> str:
    known = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
    if lowest is None and highest is None:
        return ""
    low = known.index(lowest) if lowest else 0
    high = known.index(highest) if highest else len(known) - 1
    names = ["1.0", "1.1", "1.2", "1.3"][low : high + 1]
    return ":-VERS-ALL" + "".join(f":+VERS-TLS{name}" for name in names)


class _Datum(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_uint))


class _GnutlsError(OSError):
    """A call failed."""


class _Gnutls:
    """The library, with the credentials that all connections share."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self._orders = orders
        self._library = ctypes.CDLL(orders["library"])
        self._library.gnutls_check_version.restype = ctypes.c_char_p
        self._library.gnutls_strerror.restype = ctypes.c_char_p
        self._library.gnutls_record_recv.restype = ctypes.c_ssize_t
        self._library.gnutls_record_send.restype = ctypes.c_ssize_t
        self._words = {word.partition("-")[0]: word.partition("-")[2] for word in orders["extra"]}
        self._credentials = ctypes.c_void_p()
        self._anonymous = ctypes.c_void_p()
        self._priorities = ctypes.c_void_p()
        self._anti_replay = ctypes.c_void_p()
        self._ticket_key = _Datum()
        self._keep: list[object] = []
        self._prepare()

    @property
    def version(self) -> str:
        found: bytes = self._library.gnutls_check_version(None)
        return f"GnuTLS {found.decode()}"

    def call(self, name: str, *arguments: object) -> int:
        """A function whose negative results are errors."""
        return self._check(name, getattr(self._library, name)(*arguments))

    def _check(self, name: str, result: int) -> int:
        if result < 0:
            raise _GnutlsError(f"{name}: {self._library.gnutls_strerror(result).decode()} ({result})")
        return result

    def _prepare(self) -> None:
        orders, by = self._orders, ctypes.byref
        self.call("gnutls_certificate_allocate_credentials", by(self._credentials))
        for pair in orders["identities"]:
            self.call(
                "gnutls_certificate_set_x509_key_file",
                self._credentials, pair["chain"].encode(), pair["key"].encode(), _PEM,
            )  # fmt: skip
        if "rawpk" in self._words:
            self.call(
                "gnutls_certificate_set_rawpk_key_file",
                self._credentials, orders["public"].encode(), orders["identities"][0]["key"].encode(), _PEM,
                None, _DIGITAL_SIGNATURE, None, 0, 0, 0,
            )  # fmt: skip
        if orders["client"] != "none":
            root = orders["root"].encode()
            self.call("gnutls_certificate_set_x509_trust_file", self._credentials, root, _PEM)
        if orders["staple"]:
            self.call(
                "gnutls_certificate_set_ocsp_status_request_file",
                self._credentials, orders["staple"].encode(), 0,
            )  # fmt: skip
        self.call("gnutls_anon_allocate_server_credentials", by(self._anonymous))
        self._prepare_dh()
        wrong = ctypes.c_char_p()
        self.call("gnutls_priority_init", by(self._priorities), orders["priorities"].encode(), by(wrong))
        self.call("gnutls_session_ticket_key_generate", by(self._ticket_key))
        if orders["early"]:
            self.call("gnutls_anti_replay_init", by(self._anti_replay))
            add = ctypes.CFUNCTYPE(
                ctypes.c_int, ctypes.c_void_p, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p
            )
            accept = add(lambda *_: 0)  # every ticket is new to it
            self._keep.append(accept)
            self._library.gnutls_anti_replay_set_add_function(self._anti_replay, accept)

    def _prepare_dh(self) -> None:
        if not self._orders["dh"]:
            self.call("gnutls_certificate_set_known_dh_params", self._credentials, _SEC_PARAM_MEDIUM)
            self.call("gnutls_anon_set_server_known_dh_params", self._anonymous, _SEC_PARAM_MEDIUM)
            return
        parameters = ctypes.c_void_p()
        self.call("gnutls_dh_params_init", ctypes.byref(parameters))
        with open(self._orders["dh"], "rb") as file:
            pem = ctypes.create_string_buffer(file.read())
        datum = _Datum(ctypes.cast(pem, ctypes.c_void_p), len(pem.value))
        self.call("gnutls_dh_params_import_pkcs3", parameters, ctypes.byref(datum), _PEM)
        self._library.gnutls_certificate_set_dh_params(self._credentials, parameters)
        self._library.gnutls_anon_set_server_dh_params(self._anonymous, parameters)

    def shake_hands(self, connection: socket.socket) -> SecuredStream:
        connection.settimeout(None)  # the library wants a socket that blocks
        session = ctypes.c_void_p()
        flags = _SERVER | (_ENABLE_RAWPK if "rawpk" in self._words else 0)
        flags |= _ENABLE_EARLY_DATA if self._orders["early"] else 0
        flags |= 0 if self._orders["tickets"] else _NO_TICKETS
        self.call("gnutls_init", ctypes.byref(session), flags)
        stream = _Stream(self, self._library, session)
        try:
            self._set_up(session)
            self._library.gnutls_transport_set_int2(session, connection.fileno(), connection.fileno())
            result = _WARNINGS[0]
            while result in _WARNINGS:
                result = self._library.gnutls_handshake(session)
            if result < 0:
                self._library.gnutls_alert_send_appropriate(session, result)
            self._check("handshake", result)
        except BaseException:
            stream.free()
            raise
        return stream

    def _set_up(self, session: ctypes.c_void_p) -> None:
        orders = self._orders
        self.call("gnutls_priority_set", session, self._priorities)
        self.call("gnutls_credentials_set", session, _CERTIFICATE, self._credentials)
        self.call("gnutls_credentials_set", session, _ANONYMOUS, self._anonymous)
        self._library.gnutls_certificate_server_set_request(session, _CLIENT[orders["client"]])
        self._library.gnutls_handshake_set_timeout(session, 30_000)
        self._library.gnutls_record_set_timeout(session, 30_000)
        if orders["tickets"]:
            self.call("gnutls_session_ticket_enable_server", session, ctypes.byref(self._ticket_key))
        if orders["early"]:
            self._library.gnutls_anti_replay_enable(session, self._anti_replay)
            self.call("gnutls_record_set_max_early_data_size", session, ctypes.c_size_t(orders["early"]))
        if orders["alpn"]:
            names = [name.encode() for name in orders["alpn"]]
            data = (_Datum * len(names))(
                *(_Datum(ctypes.cast(ctypes.c_char_p(name), ctypes.c_void_p), len(name)) for name in names)
            )
            self.call("gnutls_alpn_set_protocols", session, data, len(names), 0)
        if "heartbeat" in self._words:
            self._library.gnutls_heartbeat_enable(session, _HEARTBEATS_ALLOWED)
        if "record" in self._words:
            self.call("gnutls_record_set_max_recv_size", session, ctypes.c_size_t(int(self._words["record"])))
        if "compress" in self._words:
            method = ctypes.c_int(_COMPRESSIONS[self._words["compress"]])
            count = ctypes.c_size_t(1)
            self.call("gnutls_compress_certificate_set_methods", session, ctypes.byref(method), count)


class _Stream:
    def __init__(self, gnutls: _Gnutls, library: ctypes.CDLL, session: ctypes.c_void_p) -> None:
        self._gnutls = gnutls
        self._library = library
        self._session = session

    def read(self, limit_octets: int) -> bytes:
        buffer = ctypes.create_string_buffer(limit_octets)
        while True:
            got: int = self._library.gnutls_record_recv(self._session, buffer, ctypes.c_size_t(limit_octets))
            if got >= 0:
                return buffer.raw[:got]
            if got == _PING_RECEIVED:
                self._gnutls.call("gnutls_heartbeat_pong", self._session, 0)
            elif self._library.gnutls_error_is_fatal(got):
                self.free()
                raise _GnutlsError(f"record: {self._library.gnutls_strerror(got).decode()} ({got})")

    def write(self, octets: bytes) -> None:
        while octets:
            size = ctypes.c_size_t(len(octets))
            octets = octets[self._gnutls.call("gnutls_record_send", self._session, octets, size) :]

    def close(self) -> None:
        self._library.gnutls_bye(self._session, _SHUT_WRITE)
        self.free()

    def free(self) -> None:
        """Releases the session; a second call does nothing."""
        if self._session:
            self._library.gnutls_deinit(self._session)
            self._session = ctypes.c_void_p()


def _main() -> None:
    orders = read_orders()
    gnutls = _Gnutls(orders)
    serve(orders, gnutls.shake_hands, version=gnutls.version)


if __name__ == "__main__":
    _main()
