"""Asking about revocation: OpenSSL's own responder, lists served on loopback, and ways of failing."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID

from tests.net.http_server import heard as read_request
from tests.net.http_server import serving
from tests.net.test_http import Names
from tests.probes.scripted import DialerTo
from tests.trust import pki
from tests.trust.pki import DAY, Entity, Wish, issue, leaf_wish
from tests.trust.statements import crl, response
from waxseal.facts import (
    Attempt,
    Cause,
    CertificateChain,
    RevocationAnswer,
    Subject,
    TrustAnchors,
)
from waxseal.net.guard import AddressGuard
from waxseal.net.network import Network
from waxseal.probes.recorder import Recorder
from waxseal.probes.revocation import PROBE, ask_revocation
from waxseal.trust.anchors import RootStore
from waxseal.trust.crl import judge_crl
from waxseal.trust.ocsp import judge_ocsp
from waxseal.trust.revocation import CertificateStatus

NOW = datetime.now(UTC).replace(microsecond=0)
DATES: dict[str, Any] = {"not_before": NOW - DAY, "not_after": NOW + 30 * DAY}
ROOT = issue("Root", Wish(ca=True, key_usage=pki.CA_USAGE, **DATES))
INTER = issue("Inter", Wish(ca=True, key_usage=pki.CA_USAGE, **DATES), ROOT)
SUBJECT = Subject(
    domain="example.test",
    host="mx.example.test",
    address="192.0.2.25",
    port=25,
    server_name="mx.example.test",
    certificate_type="ec",
)
OCSP_URL = "http://ocsp.example.test/"
CRL_URL = "http://crl.example.test/list"


def leaf(*, ocsp: str = "", crl: str = "") -> Entity:
    extra: list[tuple[str, bool, bytes]] = []
    if ocsp:
        place = x509.UniformResourceIdentifier(ocsp)
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
        info = x509.AuthorityInformationAccess([access]).public_bytes()
        extra.append(("1.3.6.1.5.5.7.1.1", False, info))
    if crl:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
        extra.append(("2.5.29.31", False, x509.CRLDistributionPoints([point]).public_bytes()))
    return issue("mx.example.test", leaf_wish("mx.example.test", extra=extra, **DATES), INTER)


BOTH = leaf(ocsp=OCSP_URL, crl=CRL_URL)
TIMES: dict[str, Any] = {"this_update": NOW - DAY, "next_update": NOW + DAY}


def test_the_places_are_in_the_certificate() -> None:
    assert BOTH.fact.ocsp_urls == (OCSP_URL,)
    assert BOTH.fact.crl_urls == (CRL_URL,)
    assert BOTH.fact.issuer_urls == ()


Answer = Callable[[bytes, bytes], Awaitable[bytes | None]]


def asked(
    answer: Answer,
    entity: Entity = BOTH,
    *,
    chain: tuple[Entity, ...] = (INTER,),
    guard: AddressGuard | None = None,
) -> tuple[list[RevocationAnswer], Attempt, list[bytes]]:
    """Ask; give the answers recorded, the attempt, and the request lines that the server heard."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, body = await read_request(reader)
        heard.append(head.partition(b"\r\n")[0])
        octets = await answer(heard[-1], body)
        if octets is None:
            writer.write(b"HTTP/1.1 500 Sorry\r\nContent-Length: 0\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(octets) + octets)
        await writer.drain()

    async def work() -> Recorder:
        async with serving(serve) as port:
            network = Network(
                resolver=Names("192.0.2.7"),
                roots=RootStore((ROOT.der,), "test"),
                dialer=DialerTo(port),
                guard=guard or AddressGuard(allow_all=True),
            )
            recorder = Recorder(network.clock)
            shown = CertificateChain(
                certificates=(entity.fact, *(each.fact for each in chain)), shown_at=network.clock.now()
            )
            anchors = TrustAnchors(store="test:0", store_size=1, candidates=(ROOT.der,))
            await ask_revocation(network, recorder, (SUBJECT,), shown, anchors)
            return recorder

    facts = asyncio.run(work()).facts()
    (attempt,) = facts.at(Attempt, SUBJECT)
    assert attempt.probe == PROBE
    return list(facts.at(RevocationAnswer, SUBJECT)), attempt, heard


@pytest.mark.parametrize("revoked", [False, True])
def test_openssls_responder(revoked: bool, tmp_path: Path) -> None:
    """``openssl ocsp`` answers the very octets that waxseal posts."""
    for role, entity in (("leaf", BOTH), ("inter", INTER)):
        (tmp_path / f"{role}.pem").write_text(pki.pem(entity.der))
    key = INTER.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "inter.key").write_bytes(key)
    serial = f"{BOTH.x509.serial_number:X}"
    serial = serial.zfill(len(serial) + len(serial) % 2)
    end = f"{NOW + 30 * DAY:%y%m%d%H%M%SZ}"
    since = f"{NOW - timedelta(hours=1):%y%m%d%H%M%SZ},superseded" if revoked else ""
    row = "\t".join(["R" if revoked else "V", end, since, serial, "unknown", "/CN=mx.example.test"])
    (tmp_path / "index.txt").write_text(row + "\n")

    async def respond(line: bytes, body: bytes) -> bytes | None:
        (tmp_path / "request").write_bytes(body)
        command = "openssl ocsp -index index.txt -CA inter.pem -rsigner inter.pem -rkey inter.key"
        command += " -reqin request -respout response -ndays 3"
        subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False)
        return (tmp_path / "response").read_bytes()

    (answer,), attempt, heard = asked(respond)
    assert heard == [b"POST / HTTP/1.1"]
    assert (answer.method, answer.url, answer.ended.cause) == ("ocsp", OCSP_URL, Cause.COMPLETED)
    verdict = judge_ocsp(answer.octets, BOTH.fact, INTER.fact, answer.asked_at)
    assert verdict.problems == ()
    assert verdict.status is (CertificateStatus.REVOKED if revoked else CertificateStatus.GOOD)
    assert (attempt.ended.cause, attempt.connections) == (Cause.COMPLETED, 1)
    assert attempt.octets_in > len(answer.octets)


def test_the_list_where_there_is_no_responder() -> None:
    entity = leaf(crl=CRL_URL)

    async def respond(line: bytes, body: bytes) -> bytes | None:
        return crl(entity.x509.serial_number, issuer=INTER, **TIMES)

    (answer,), _, heard = asked(respond, entity)
    assert heard == [b"GET /list HTTP/1.1"]
    verdict = judge_crl(answer.octets, entity.fact, INTER.fact, answer.asked_at)
    assert (answer.method, verdict.status) == ("crl", CertificateStatus.REVOKED)
    assert verdict.problems == ()


def test_the_list_where_the_responder_fails() -> None:
    async def respond(line: bytes, body: bytes) -> bytes | None:
        return None if line.startswith(b"POST") else crl(issuer=INTER, **TIMES)

    answers, attempt, heard = asked(respond)
    assert [line.split(b" ")[0] for line in heard] == [b"POST", b"GET"]
    assert [(a.method, a.ended.cause, bool(a.octets)) for a in answers] == [
        ("ocsp", Cause.DECLINED, False),
        ("crl", Cause.COMPLETED, True),
    ]
    assert (attempt.ended.cause, attempt.connections) == (Cause.COMPLETED, 2)


def test_nobody_answers() -> None:
    async def respond(line: bytes, body: bytes) -> bytes | None:
        return None

    answers, attempt, _ = asked(respond)
    assert [(a.method, a.octets) for a in answers] == [("ocsp", b""), ("crl", b"")]
    assert attempt.ended.cause is Cause.DECLINED


def test_the_root_of_the_store_is_an_issuer_too() -> None:
    direct = issue("mx.example.test", leaf_wish("mx.example.test", extra=[], **DATES), ROOT)

    async def respond(line: bytes, body: bytes) -> bytes | None:
        return response(leaf=direct, issuer=ROOT, signer=ROOT, **TIMES)

    answers, attempt, heard = asked(respond, direct, chain=())
    assert [(a.method, a.url) for a in answers] == [("", "")]  # it names no place to ask
    assert (attempt.ended.cause, heard) == (Cause.COMPLETED, [])


@pytest.mark.parametrize("url", ["ldap://ldap.example.test/x", "https://ocsp.example.test/"])
def test_other_schemes_are_not_asked(url: str) -> None:
    async def respond(line: bytes, body: bytes) -> bytes | None:
        raise AssertionError("nobody is to be asked")

    answers, _, heard = asked(respond, leaf(ocsp=url))
    assert [a.method for a in answers] == [""]
    assert heard == []


def test_nothing_is_asked_without_the_issuer() -> None:
    async def respond(line: bytes, body: bytes) -> bytes | None:
        raise AssertionError("nobody is to be asked")

    answers, attempt, heard = asked(respond, chain=())
    assert (answers, heard) == ([], [])
    assert attempt.ended.cause is Cause.DECLINED
    assert "issuer" in attempt.ended.detail


def test_the_guard_keeps_private_addresses_from_being_asked() -> None:
    async def respond(line: bytes, body: bytes) -> bytes | None:
        raise AssertionError("nobody is to be asked")

    answers, attempt, _ = asked(respond, leaf(ocsp="http://127.0.0.1/"), guard=AddressGuard())
    assert [a.ended.cause for a in answers] == [Cause.NOT_ALLOWED]
    assert attempt.connections == 0
