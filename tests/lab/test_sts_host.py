"""Policy hosts and report endpoints of the lab do what their rows say."""

import asyncio
import contextlib
import gzip
import ssl
from dataclasses import dataclass

import pytest

from waxseal.lab.ca import CertificateAuthority, pem
from waxseal.lab.orders import LeafOrder
from waxseal.lab.sts_host import StsHost
from waxseal.lab.tls import limit_versions, speaks_old_versions
from waxseal.lab.web import POLICY_PATH, Manner, WebHost, compressed, policy

NAME = "mta-sts.a.test"
BODY = policy("mx.a.test").encode()


@dataclass
class Heard:
    """What a client got, and how it ended."""

    octets: bytes = b""
    error: str = ""
    waited: bool = False

    @property
    def status(self) -> bytes:
        return self.octets.partition(b"\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.octets.partition(b"\r\n\r\n")[2]


def ask(
    *hosts: WebHost,
    name: str = NAME,
    path: str = POLICY_PATH,
    method: str = "GET",
    limit_s: float = 5.0,
    limit_octets: int = 1_000_000,
    verify: bool = True,
    old: bool = False,
) -> Heard:
    ca = CertificateAuthority()
    context = ssl.create_default_context(cadata=pem(ca.root_der).decode())
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        limit_versions(context, "TLSv1", "TLSv1.1")
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE

    async def run() -> Heard:
        server = StsHost(hosts, ca)
        server.start()
        heard = Heard()
        try:
            reader, writer = await asyncio.open_connection(*server.place, ssl=context, server_hostname=name)
            writer.write(f"{method} {path} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            with contextlib.suppress(ssl.SSLError):
                async with asyncio.timeout(limit_s):
                    while len(heard.octets) < limit_octets:
                        block = await reader.read(65536)
                        if not block:
                            break
                        heard.octets += block
            writer.transport.abort()
        except TimeoutError:
            heard.waited = True
        except OSError as error:
            heard.error = str(error)
        finally:
            await server.stop()
        return heard

    return asyncio.run(run())


def host(**changes: object) -> WebHost:
    return WebHost(**{"host": NAME, "body": BODY, **changes})  # type: ignore[arg-type]


def test_a_sound_one() -> None:
    heard = ask(host())
    assert (heard.status, heard.body) == (b"HTTP/1.1 200 OK", BODY)
    assert b"Content-Type: text/plain; charset=utf-8\r\n" in heard.octets


def test_the_name_decides() -> None:
    other = WebHost(host="mta-sts.b.test", body=b"b")
    assert ask(host(), other, name="mta-sts.b.test").body == b"b"
    assert "unrecognized name" in ask(host(), name="mta-sts.c.test").error.lower().replace("_", " ")
    assert ask(host(), path="/elsewhere").status == b"HTTP/1.1 404 Not Found"


@pytest.mark.parametrize(("method", "status"), [("GET", b"405"), ("POST", b"200"), ("OPTIONS", b"405")])
def test_methods(method: str, status: bytes) -> None:
    heard = ask(host(path="/reports", methods=("POST",)), path="/reports", method=method)
    assert heard.status.split()[1] == status
    assert (b"\r\nAllow: POST\r\n" in heard.octets) is (status == b"405")


def test_head_has_no_content() -> None:
    assert ask(host(), method="HEAD").body == b""


def test_status_type_and_fields() -> None:
    heard = ask(host(status="301 Moved Permanently", media_type="", fields=(("Location", "https://b/"),)))
    assert heard.status == b"HTTP/1.1 301 Moved Permanently"
    assert b"\r\nLocation: https://b/\r\n" in heard.octets
    assert b"Content-Type" not in heard.octets


def test_a_bomb_is_small_on_the_way() -> None:
    heard = ask(host(body=compressed(bytes(10_000_000))))
    assert len(heard.octets) < 20_000
    assert len(gzip.decompress(heard.body)) == 10_000_000


@pytest.mark.parametrize(
    ("leaf", "word"),
    [
        (LeafOrder(names=("www.b.test",)), "hostname mismatch"),
        (LeafOrder(names=(NAME,), from_days=-9, to_days=-1), "expired"),
        (LeafOrder(names=(NAME,), issuer=None), "self-signed"),
    ],
)
def test_certificates(leaf: LeafOrder, word: str) -> None:
    assert word in ask(host(leaf=leaf)).error.lower()
    assert ask(host(leaf=leaf), verify=False).body == BODY


def test_manners() -> None:
    assert ask(host(manner=Manner.ALERT)).error
    assert "wrong_version_number" in ask(host(manner=Manner.CLEAR)).error.lower().replace(" ", "_")
    assert ask(host(manner=Manner.CLOSE)) == Heard()
    stalled = ask(host(manner=Manner.STALL), limit_s=0.3)
    assert (stalled.octets, stalled.waited) == (b"", True)
    cut = ask(host(manner=Manner.CUT))
    assert f"Content-Length: {len(BODY)}".encode() in cut.octets
    assert cut.body == BODY[: len(BODY) - len(BODY) // 2]
    dripping = ask(host(manner=Manner.DRIP), limit_s=0.8)
    assert (dripping.body, dripping.waited) == (BODY[:1], True)
    endless = ask(host(manner=Manner.ENDLESS), limit_octets=3_000_000)
    assert endless.body.startswith(BODY)
    assert len(endless.octets) >= 3_000_000


@pytest.mark.skipif(not speaks_old_versions(), reason="this OpenSSL speaks no TLS 1.1")
def test_old_tls() -> None:
    assert ask(host(old_tls=True)).error
    assert ask(host(old_tls=True), old=True).body == BODY
