"""What a recorded ClientHello looks like as a file of `src/waxseal/data/clients/`.

What a client makes afresh for each hello is left out of the file and made again by `wire.client_shapes`:
random, session id, public values of key shares, the server's name.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tools.clients.listener import HOST_NAME

from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.tls_client_hello import ClientHello
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import FieldReader
from waxseal.wire.tls_suites import suite_name

if TYPE_CHECKING:
    from tools.clients.listener import Recording
    from tools.clients.recipe import Recipe

_RECORDED_AT = "2026-11"
_SYSTEM = "Debian 12"
_SIGNALS = {0x00FF: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", 0x5600: "TLS_FALLBACK_SCSV"}
_ECH = 0xFE0D
_ECH_OUTER_FRONT = 8  # type 1, KDF 2, AEAD 2, config id 1, length of enc 2 (RFC 9849 §5)


def read_hello(octets: bytes) -> ClientHello:
    """The hello in these records, as data."""
    message, reader = b"", FieldReader(octets, "RFC 8446 §5.1")
    while reader.left:
        reader.take(3)
        message += reader.vector(2)
    fields = FieldReader(message, "RFC 8446 §4.1.2", 4)
    version, random, session_id = fields.number(2), fields.take(32), fields.vector(1)
    suites, compressions = fields.inner(2).numbers(2), tuple(fields.vector(1))
    extensions: tuple[Extension, ...] | None = None
    if fields.left:
        block, extensions = fields.inner(2), ()
        while block.left:
            extensions += (Extension(block.number(2), block.vector(2)),)
    hello = ClientHello(random, suites, extensions, version, session_id, compressions)
    if hello.message() != message:
        raise ValueError("the hello does not come back as it was")
    return hello


def shape_text(recipe: Recipe, versions: dict[str, str], first: Recording, second: Recording) -> str:
    """The file's text.

    Raises:
        ValueError: The two recordings differ in more than what is made afresh.
    """
    hello, other = read_hello(first.octets), read_hello(second.octets)
    shuffled = _check_alike(hello, other)
    source = [f"{package} {versions[package]}" for package in recipe.named]
    library = versions[recipe.library_package] if recipe.library_package else recipe.library_version
    lines = [
        "# Recorded with tools/record_clients.py.",
        'schema = "waxseal.client-shape/1"',
        f"id = {_quoted(recipe.id)}",
        f"name = {_quoted(recipe.name)}",
        f"version = {_quoted(recipe.version or _upstream(versions[recipe.named[0]]))}",
        f"library = {_quoted(recipe.library)}",
        f"library_version = {_quoted(_upstream(library))}",
        f"role = {_quoted(recipe.role)}",
        f"mainstream = {str(recipe.mainstream).lower()}",
        f"policy = {_quoted(recipe.policy)}",
        'provenance = "recorded"',
        f"source = {json.dumps([*source, _SYSTEM] if not recipe.npm else source)}",
        f"recorded = {_quoted(_RECORDED_AT)}",
    ]
    lines += [f"note = {_quoted(recipe.note)}"] if recipe.note else []
    lines += ["", "[hello]", f"record_version = {_hex(int.from_bytes(first.octets[1:3], 'big'))}"]
    lines += _record_lines(first)
    lines += [
        f"legacy_version = {_hex(hello.legacy_version)}",
        f"session_id_octets = {len(hello.session_id)}",
        f"compressions = {list(hello.compressions)}",
        "shuffles_extensions = true" if shuffled else "",
        "suites = [",
        *(f"    {_hex(suite)}, # {_SIGNALS.get(suite) or suite_name(suite)}" for suite in hello.suites),
        "]",
    ]
    for extension in hello.extensions or ():
        lines += ["", *_extension_lines(extension, hello)]
    return re.sub(r"\n(?=\nsuites)", "", "\n".join(lines)) + "\n"


def _record_lines(recording: Recording) -> list[str]:
    """Sizes of records and of writes, where there is more than one."""
    sizes, at = [], 0
    while at < len(recording.octets):
        sizes.append(int.from_bytes(recording.octets[at + 3 : at + 5], "big"))
        at += 5 + sizes[-1]
    lines = [f"record_octets = {sizes}"] if len(sizes) > 1 else []
    return [*lines, f"write_octets = {list(recording.reads)}"] if len(recording.reads) > 1 else lines


def _check_alike(hello: ClientHello, other: ClientHello) -> bool:
    """Whether the order of extensions differs; a ValueError where anything lasting does."""
    first, second = _lasting(hello), _lasting(other)
    if first[0] != second[0] or sorted(first[1]) != sorted(second[1]):
        raise ValueError(f"two hellos differ: {first} and {second}")
    return first[1] != second[1]


def _lasting(hello: ClientHello) -> tuple[object, list[tuple[int, str]]]:
    front = hello.legacy_version, len(hello.session_id), hello.suites, hello.compressions
    return front, [
        (e.number, "\n".join(_extension_lines(_one_aead(e), hello))) for e in hello.extensions or ()
    ]


def _one_aead(extension: Extension) -> Extension:
    """An encrypted_client_hello without a configuration names any AEAD; the file keeps the one recorded."""
    if extension.number != _ECH:
        return extension
    return Extension(_ECH, extension.octets[:3] + b"\0\0" + extension.octets[5:])


def _extension_lines(extension: Extension, hello: ClientHello) -> list[str]:
    """One [[hello.extensions]] table."""
    name = reg.extension_name(extension.number)
    lines = ["[[hello.extensions]]", f"number = {extension.number} # {name}"]
    if extension.number == reg.SERVER_NAME and extension == ext.server_name(HOST_NAME):
        return [*lines, "server_name = true"]
    if extension.number == reg.KEY_SHARE:
        shares, reader = [], FieldReader(extension.octets, "RFC 8446 §4.2.8").inner(2)
        while reader.left:
            shares.append([reader.number(2), len(reader.vector(2))])
        names = ", ".join(reg.group_name(group) for group, _ in shares)
        return [*lines, f"shares = {shares} # {names}"]
    if extension.number == reg.PADDING:
        return [*lines, f"padded_to = {len(hello.message())}"]
    if extension.number == _ECH and extension.octets[:1] == b"\x00":
        return [*lines, *_ech_lines(extension.octets)]
    return [*lines, *_comment(extension), f'body = "{extension.octets.hex()}"']


def _ech_lines(octets: bytes) -> list[str]:
    """An encrypted_client_hello without a configuration: config id, key and payload are drawn afresh."""
    enc = int.from_bytes(octets[6:8], "big")
    payload_at = _ECH_OUTER_FRONT + enc + 2
    fresh = [[5, 1], [_ECH_OUTER_FRONT, enc], [payload_at, len(octets) - payload_at]]
    body = bytearray(octets)
    for at, size in fresh:
        body[at : at + size] = bytes(size)
    return [f'body = "{body.hex()}"', f"fresh = {fresh}"]


def _comment(extension: Extension) -> list[str]:
    """The names in a list, for readers."""
    readers = {
        reg.SUPPORTED_GROUPS: (2, reg.group_name),
        reg.SIGNATURE_ALGORITHMS: (2, reg.scheme_name),
        reg.SIGNATURE_ALGORITHMS_CERT: (2, reg.scheme_name),
        reg.SUPPORTED_VERSIONS: (1, lambda number: f"0x{number:04X}"),
    }
    if extension.number not in readers:
        return []
    prefix, name = readers[extension.number]
    entries = FieldReader(extension.octets, "RFC 8446 §4.2").inner(prefix).numbers(2)
    return [f"# {', '.join(name(entry) for entry in entries)}"]


def _hex(number: int) -> str:
    return f"0x{number:04X}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _upstream(version: str) -> str:
    """A Debian version without epoch, repacking mark and revision."""
    bare = version.partition(":")[2] or version
    return re.split(r"[+~]", bare.rpartition("-")[0] or bare)[0]
