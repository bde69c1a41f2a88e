"""The lab's MTA-STS policy host: HTTPS with one document for each policy domain (RFC 8461 §3.3).

The policy is found by the Host field, the certificate by the server name. HTTP/1.1 as far as one GET needs it
(RFC 9112). The TXT records that announce the policies are in the domains' zones.
"""

import ssl
from collections.abc import Mapping

from waxseal.lab.ca import CertificateAuthority
from waxseal.lab.listener import LabStream, Listener
from waxseal.lab.orders import LeafOrder, TlsOrder
from waxseal.lab.tls import server_context

POLICY_PATH = "/.well-known/mta-sts.txt"
POLICY_HOST_PREFIX = "mta-sts."
_MAX_FIELDS = 100


def policy(*mx: str, mode: str = "enforce", max_age_s: int = 604800) -> str:
    """A policy as its lines (RFC 8461 §3.2)."""
    lines = [
        "version: STSv1",
        f"mode: {mode}",
        *(f"mx: {pattern}" for pattern in mx),
        f"max_age: {max_age_s}",
    ]
    return "".join(f"{line}\r\n" for line in lines)


class StsHost(Listener):
    """Serves the policies of several domains.

    Args:
        policies: Policy domain (A-label) to policy text.
        ca: Issues the certificate of each policy host.
    """

    def __init__(self, policies: Mapping[str, str], ca: CertificateAuthority) -> None:
        super().__init__(self._serve_one)
        self._policies = {POLICY_HOST_PREFIX + domain: text for domain, text in policies.items()}
        contexts = {host: _context(host, ca) for host in self._policies}
        self._context = _context("policies.lab.test", ca)

        def choose(tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
            if name is not None and name in contexts:
                tls.context = contexts[name]
                return None
            return ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

        self._context.sni_callback = choose

    async def _serve_one(self, stream: LabStream) -> None:
        await stream.start_tls(self._context)
        request = (await stream.read_line()).decode("latin-1").split(" ")
        fields: dict[str, str] = {}
        for _ in range(_MAX_FIELDS):
            line = (await stream.read_line()).decode("latin-1")
            if not line:
                break
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        await stream.write(self._respond(request, fields.get("host", "")))

    def _respond(self, request: list[str], host: str) -> bytes:
        name = host.lower().partition(":")[0]
        text = self._policies.get(name)
        if len(request) != 3 or request[0] not in ("GET", "HEAD"):
            return _response("400 Bad Request", "bad request\r\n")
        if text is None or request[1] != POLICY_PATH:
            return _response("404 Not Found", "there is nothing here\r\n")
        return _response("200 OK", text, with_body=request[0] == "GET")


def _context(host: str, ca: CertificateAuthority) -> ssl.SSLContext:
    return server_context(TlsOrder(leaves=(LeafOrder(names=(host,)),)), ca)


def _response(status: str, text: str, *, with_body: bool = True) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (body if with_body else b"")
