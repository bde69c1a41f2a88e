"""Shapes of ClientHellos: each comes back octet for octet, and its fresh parts are fresh."""

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.hellos import client_hello
from waxseal.wire import tls_registry as reg
from waxseal.wire.client_shapes import (
    ClientShape,
    Role,
    ShapeError,
    client_shapes,
    read_shape,
)
from waxseal.wire.key_share_stand_ins import stand_in
from waxseal.wire.tls13_groups import available_groups
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import FieldReader

RECORDED = Path(__file__).parent.parent / "data" / "clients"
SERVER_NAME = "mail.recorded.test"
SHAPES = {shape.id: shape for shape in client_shapes()}
BY_RECORD = [shape for shape in client_shapes() if not shape.documented]
by_id = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
by_record = pytest.mark.parametrize("shape", BY_RECORD, ids=lambda shape: shape.id)


def entropy_of(seed: bytes) -> "Entropy":
    return Entropy(seed)


class Entropy:
    """Octets without end from a seed, none of them zero."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed

    def __call__(self, octets: int) -> bytes:
        self.seed = hashlib.sha256(self.seed).digest()
        return bytes(octet or 1 for octet in hashlib.shake_256(self.seed).digest(octets))


class Kept:
    """Gives back the fresh parts of a recorded hello."""

    def __init__(self, parts: list[bytes]) -> None:
        self.parts = parts

    def __call__(self, octets: int) -> bytes:
        part = self.parts.pop(0)
        assert len(part) == octets
        return part


def recorded(shape: ClientShape) -> bytes:
    return bytes.fromhex((RECORDED / f"{shape.id}.hex").read_text())


def message_of(octets: bytes) -> bytes:
    reader, message = FieldReader(octets, "test"), b""
    while reader.left:
        assert reader.number(1) == reg.HANDSHAKE
        reader.number(2)
        message += reader.vector(2)
    return message


def publics_in(hello: ClientHello) -> list[bytes]:
    found = hello.extension(reg.KEY_SHARE)
    if found is None:
        return []
    publics, reader = [], FieldReader(found.octets, "test").inner(2)
    while reader.left:
        reader.number(2)
        publics.append(reader.vector(2))
    return publics


@by_record
def test_a_recorded_hello_comes_back_octet_for_octet(shape: ClientShape) -> None:
    octets = recorded(shape)
    seen = client_hello(message_of(octets))
    parts = [
        body.octets[at : at + size]
        for extension in shape.extensions or ()
        for at, size in extension.fresh
        if (body := seen.extension(extension.number)) is not None
    ]
    made = shape.hello_of(SERVER_NAME, seen.random, seen.session_id, publics_in(seen), Kept(parts))
    writes = shape.writes(made)
    assert b"".join(writes) == octets
    assert tuple(map(len, writes)) == (shape.write_octets or (len(octets),))


@by_id
def test_fresh_parts_are_fresh_and_nothing_else(shape: ClientShape) -> None:
    first, shares = shape.hello("mx.example.test", entropy_of(b"1"))
    second, _ = shape.hello("mx.example.test", entropy_of(b"2"))
    assert first.random != second.random
    assert len(first.session_id) == shape.session_id_octets
    assert first.session_id != second.session_id or not first.session_id
    assert [share.public for share in shares] == publics_in(first)
    assert all(a != b for a, b in zip(publics_in(first), publics_in(second), strict=True))
    assert first.suites == second.suites == shape.suites
    assert client_hello(first.message()) == first
    fresh = {e.number for e in shape.extensions or () if e.fresh or e.shares is not None}
    for one, other in zip(first.extensions or (), second.extensions or (), strict=True):
        assert one.number == other.number
        assert (one == other) is (one.number not in fresh)


@by_id
def test_the_server_name_is_the_one_asked_for(shape: ClientShape) -> None:
    named, _ = shape.hello("a-rather-long-name.mail.example.test", entropy_of(b"1"))
    unnamed, _ = shape.hello("", entropy_of(b"1"))
    sni = named.extension(reg.SERVER_NAME)
    assert (sni is not None) is shape.sends_server_name
    assert sni is None or sni.octets.endswith(b"a-rather-long-name.mail.example.test")
    assert unnamed.extension(reg.SERVER_NAME) is None
    padded_to = next((e.padded_to for e in shape.extensions or () if e.padded_to is not None), None)
    if padded_to is not None:
        assert len(named.message()) == len(unnamed.message()) == padded_to


@by_id
def test_a_shape_says_where_it_is_from(shape: ClientShape) -> None:
    assert shape.source
    assert shape.policy
    assert shape.library
    assert bool(shape.unknown) is shape.documented
    assert len(set(shape.suites)) == len(shape.suites)
    assert shape.versions[-1] in (0x0303, 0x0304)
    assert set(shape.versions) <= {0x0301, 0x0302, 0x0303, 0x0304}
    numbers = [e.number for e in shape.extensions or ()]
    assert len(set(numbers)) == len(numbers)
    if shape.versions[-1] == 0x0304:
        shared = [g for e in shape.extensions or () for g, _ in e.shares or ()]
        assert set(shared) <= set(shape.groups)


def test_the_well_known_senders_are_there() -> None:
    senders = {shape.name for shape in client_shapes() if shape.role is Role.SENDER}
    assert {"Postfix", "Exim", "Sendmail", "OpenSMTPD"} <= senders
    assert all(shape.role in (Role.SENDER, Role.SUBMITTER) for shape in client_shapes() if shape.mainstream)
    assert any(reg.X25519_MLKEM768 in shape.groups for shape in client_shapes())


def test_the_page_lists_every_shape() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "client-shapes.md"
    listed = re.findall(
        r"^\| `([^`]+)` \| [^|]* \| [^|]* \| ([^|]*) \|", page.read_text("utf-8"), re.MULTILINE
    )
    assert {id_: role for id_, role in listed if id_ in SHAPES} == {
        s.id: s.role.value for s in client_shapes()
    }
    assert {id_ for id_, role in listed if role in set(Role)} == set(SHAPES)


def test_every_recording_belongs_to_a_shape() -> None:
    assert {path.stem for path in RECORDED.glob("*.hex")} == {shape.id for shape in BY_RECORD}


@pytest.mark.parametrize("group", [4588, 4587, 4589, 30, 256, 513])
def test_a_stand_in_has_the_form_of_its_group(group: int) -> None:
    sizes = {4588: 1216, 4587: 1249, 4589: 1665, 30: 56, 256: 256, 513: 1184}
    made = stand_in(group, sizes[group], entropy_of(b"x"))
    assert len(made) == sizes[group]
    if group in (4588, 513):
        key = made[:1152]
        for at in range(0, 1152, 3):
            both = int.from_bytes(key[at : at + 3], "little")
            assert max(both & 0xFFF, both >> 12) < 3329


@pytest.mark.skipif(513 not in available_groups() and 4588 not in available_groups(), reason="no ML-KEM here")
def test_a_stand_in_is_a_key_that_a_library_takes() -> None:
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey

    made = stand_in(4588, 1216, entropy_of(b"x"))
    secret, ciphertext = MLKEM768PublicKey.from_public_bytes(made[:1184]).encapsulate()
    assert (len(secret), len(ciphertext)) == (32, 1088)


def _text(hello: str) -> str:
    return (
        'schema = "waxseal.client-shape/1"\nid = "x"\nname = "X"\nversion = "1"\nlibrary = "L"\n'
        'library_version = "2"\nrole = "tool"\nmainstream = false\npolicy = "p"\nprovenance = "recorded"\n'
        'source = ["s"]\nrecorded = "2026-11"\n[hello]\nlegacy_version = 0x0303\nsession_id_octets = 0\n'
        f"{hello}"
    )


SMALL = "compressions = [0]\nsuites = [0xC02F]\n"


def test_a_hello_without_extensions() -> None:
    shape = read_shape("x", _text(SMALL))
    hello, shares = shape.hello("mx.example.test", entropy_of(b"1"))
    assert hello.extensions is None
    assert shares == ()
    assert shape.versions == (0x0303,)
    assert shape.groups == ()


def test_parts_of_a_body_and_cuts() -> None:
    hello = SMALL + "record_octets = [10, 37]\nwrite_octets = [5, 52]\n[[hello.extensions]]\nnumber = 65037\n"
    shape = read_shape("x", _text(hello + 'body = "0000000000"\nfresh = [[1, 2]]\n'))
    made, _ = shape.hello("", entropy_of(b"1"))
    body = made.extension(65037)
    assert body is not None
    assert (body.octets[0], body.octets[3:]) == (0, b"\0\0")
    assert 0 not in body.octets[1:3]
    writes = shape.writes(made)
    assert len(writes[0]) == 5
    assert writes[0][3:5] == b"\0\x0a"
    assert message_of(b"".join(writes)) == made.message()
    assert b"".join(writes).count(b"\x16\x03\x01") == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("y", _text(SMALL)),
        ("x", _text("suites = [1]")),
        ("x", "schema = "),
        ("x", _text(SMALL).replace('"tool"', '"robot"')),
        ("x", _text(SMALL).replace('"recorded"', '"guessed"')),
        ("x", _text(SMALL + '[[hello.extensions]]\nnumber = 1\nbody = "zz"\n')),
        ("x", _text(SMALL).replace("shape/1", "shape/2")),
    ],
)
def test_a_wrong_file_is_refused(name: str, text: str) -> None:
    with pytest.raises(ShapeError):
        read_shape(name, text)


@given(st.integers(0, 600), st.integers(0, 5))
def test_padding_is_exact_where_it_can_be(padded_to: int, extra: int) -> None:
    body = "00" * extra
    text = SMALL + f"[[hello.extensions]]\nnumber = 21\npadded_to = {padded_to}\n"
    shape = read_shape("x", _text(text + f'[[hello.extensions]]\nnumber = 22\nbody = "{body}"\n'))
    hello, _ = shape.hello("", entropy_of(b"1"))
    plain = 4 + 2 + 32 + 1 + 4 + 2 + 2 + 4 + extra
    assert hello.extensions is not None
    assert hello.extensions[-1] == Extension(22, bytes(extra))
    if padded_to <= plain:
        assert len(hello.message()) == plain
    elif padded_to >= plain + 4:
        assert len(hello.message()) == padded_to
    else:
        assert len(hello.message()) == plain + 5
