"""Acts out `WebHost`: the lab's MTA-STS policy hosts (RFC 8461 §3.3) and report endpoints, HTTPS on one port.

The certificate is found by the server name, the document by the Host field and the path. HTTP/1.1 as far as
one request needs it (RFC 9112).
"""

import asyncio
import ssl
from collections.abc import Iterable

from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.listener import LabStream, Listener
from waxseal.lab.orders import LeafOrder, TlsOrder
from waxseal.lab.tls import server_context
from waxseal.lab.web import Manner, WebHost

DRIP_S = 0.5
_MAX_FIELDS = 100
_ENDLESS_OCTETS = 16 * 1024
_MAX_ENDLESS_OCTETS = 64 * 1024 * 1024
_MAX_DRIPS = 600
_UNKNOWN_HOST = WebHost(host="policies.lab.test", status="404 Not Found", body=b"there is nothing here\r\n")


class StsHost(Listener):
    """Serves several hosts.

    Args:
        hosts: What it serves.
        ca: Issues the certificate of each host, when it is asked for.
    """

    def __init__(self, hosts: Iterable[WebHost], ca: CertificateAuthority) -> None:
        super().__init__(self._serve_one)
        self._hosts = {host.host: host for host in hosts}
        self._ca = ca
        self._contexts: dict[str, ssl.SSLContext] = {}
        # The versions are settled before the server name is read, so they are those of the first host.
        first = next(iter(self._hosts.values()), _UNKNOWN_HOST)
        fallback = (LeafOrder(names=(_UNKNOWN_HOST.host,)),)
        order = first.tls_order()
        self._in_clear = first.manner is Manner.CLEAR
        self._context = server_context(
            TlsOrder(leaves=fallback, lowest=order.lowest, highest=order.highest), ca
        )
        self._context.sni_callback = self._choose

    def _choose(self, tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        host = self._hosts.get(name or "")
        if host is None or host.manner is Manner.ALERT:
            return ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        if host.host not in self._contexts:
            self._contexts[host.host] = server_context(host.tls_order(), self._ca)
        tls.context = self._contexts[host.host]
        return None

    async def _serve_one(self, stream: LabStream) -> None:
        if self._in_clear:
            await stream.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            return
        await stream.start_tls(self._context)
        request = (await stream.read_line()).decode("latin-1").split(" ")
        fields: dict[str, str] = {}
        for _ in range(_MAX_FIELDS):
            line = (await stream.read_line()).decode("latin-1")
            if not line:
                break
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        named = fields.get("host", "").lower().partition(":")[0]
        await _respond(stream, request, self._hosts.get(named, _UNKNOWN_HOST))


async def _respond(stream: LabStream, request: list[str], host: WebHost) -> None:
    if len(request) != 3:
        await stream.write(_answer("400 Bad Request", b"bad request\r\n"))
        return
    method, target, _ = request
    if host.path != target:
        await stream.write(_answer(_UNKNOWN_HOST.status, _UNKNOWN_HOST.body))
    elif host.manner is Manner.STALL:
        await stream.swallow()
    elif host.manner is Manner.CLOSE:
        return
    elif method not in host.methods:
        allow = ("Allow", ", ".join(host.methods))
        await stream.write(_answer("405 Method Not Allowed", b"", fields=(allow,)))
    elif host.manner is Manner.AT_ONCE or method == "HEAD":
        octets = _answer(host.status, host.body, host.media_type, host.fields)
        await stream.write(octets[: len(octets) - len(host.body)] if method == "HEAD" else octets)
    else:
        await _badly(stream, host)


async def _badly(stream: LabStream, host: WebHost) -> None:
    if host.manner is Manner.CUT:
        octets = _answer(host.status, host.body, host.media_type, host.fields)
        await stream.write(octets[: len(octets) - len(host.body) // 2])
    elif host.manner is Manner.DRIP:
        # Without a length the content ends with the stream (RFC 9112 §6.3).
        await stream.write(_head(host.status, host.media_type, host.fields, None))
        for at in range(min(len(host.body), _MAX_DRIPS)):
            await asyncio.sleep(DRIP_S)
            await stream.write(host.body[at : at + 1])
    elif host.manner is Manner.ENDLESS:
        await stream.write(_head(host.status, host.media_type, host.fields, None) + host.body)
        block = b"x-more: of the same\r\n" * (_ENDLESS_OCTETS // 21)
        for _ in range(_MAX_ENDLESS_OCTETS // len(block)):
            await stream.write(block)


def _answer(
    status: str, body: bytes, media_type: str = "text/plain", fields: tuple[tuple[str, str], ...] = ()
) -> bytes:
    return _head(status, media_type, fields, len(body)) + body


def _head(
    status: str, media_type: str, fields: tuple[tuple[str, str], ...], length_octets: int | None
) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Connection: close"]
    lines += [f"Content-Type: {media_type}"] if media_type else []
    lines += [] if length_octets is None else [f"Content-Length: {length_octets}"]
    lines += [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
