"""ClientHellos of mail senders and mail programs, kept as data, each made again exactly (RFC 8446 §4.1.2).

A shape is everything in a hello but what a client makes afresh for each: random, session id, public values
of key shares, the server's name. The files are in ``data/clients``; recorded ones are written by
``tools/record_clients.py``, documented ones by hand from the pages they name. A server is asked in
``probes.tls.simulation``.
"""

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from waxseal.wire import tls_client_extensions as ext
from waxseal.wire import tls_registry as reg
from waxseal.wire.key_share_stand_ins import stand_in
from waxseal.wire.tls13_groups import Entropy, KeyShare, available_groups, key_share
from waxseal.wire.tls_client_hello import RANDOM_OCTETS, TLS_1_0, ClientHello, segments
from waxseal.wire.tls_extensions import Extension
from waxseal.wire.tls_fields import FieldReader, records

SCHEMA: Final = "waxseal.client-shape/1"


class Role(StrEnum):
    """What a client is to a mail server."""

    SENDER = "sender"
    """A mail server that delivers to MX hosts."""
    SUBMITTER = "submitter"
    """Hands the mail of a program or a machine to a relay."""
    MAIL_PROGRAM = "mail program"
    """What people read and write mail with."""
    TOOL = "tool"
    """A command line tool, for comparison."""


@dataclass(frozen=True, slots=True)
class ShapedExtension:
    """One extension of a shape.

    Attributes:
        number: In the registry.
        octets: The body, zeros where it is drawn afresh; b"" where one of the next three makes it.
        server_name: It is the SNI; left out where there is no name to send.
        shares: It is key_share: group and length of the public value of each entry.
        padded_to: It is padding that brings the message to so many octets (RFC 7685 §3).
        fresh: Offset and length of each part of the body that is drawn afresh.
    """

    number: int
    octets: bytes = b""
    server_name: bool = False
    shares: tuple[tuple[int, int], ...] | None = None
    padded_to: int | None = None
    fresh: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ClientShape:
    """What one client sends as its first hello, and where that is known from.

    Attributes:
        id: Name of its file.
        name: The software, as people call it.
        version: Of the software; "" where the shape is that of a service.
        library: The TLS library.
        library_version: Of the library.
        role: What it is to a mail server.
        mainstream: Whether it stands for a client that is both common and current.
        policy: How it was configured.
        documented: From a vendor's documents; else recorded from the software itself.
        source: Packages and system that it was recorded from, or the pages.
        recorded: Year and month, ``2026-11``.
        unknown: What the documents do not say and the shape had to choose; none of a recorded one.
        note: What a reader has to know besides.
        record_version: Version in the headers of the hello's records.
        record_octets: Payload of each record; empty for one record.
        write_octets: How the client cut the octets in writing them; empty for one piece.
        legacy_version: As in `ClientHello`.
        session_id_octets: Length of the session id.
        suites: In order.
        compressions: In order.
        shuffles: Whether the client changes the order of its extensions with every hello.
        extensions: In order; None for a hello without the block.
    """

    id: str
    name: str
    version: str
    library: str
    library_version: str
    role: Role
    mainstream: bool
    policy: str
    documented: bool
    source: tuple[str, ...]
    recorded: str
    unknown: tuple[str, ...]
    note: str
    record_version: int
    record_octets: tuple[int, ...]
    write_octets: tuple[int, ...]
    legacy_version: int
    session_id_octets: int
    suites: tuple[int, ...]
    compressions: tuple[int, ...]
    shuffles: bool
    extensions: tuple[ShapedExtension, ...] | None

    @property
    def label(self) -> str:
        """Software and version, as a table names it."""
        return f"{self.name} {self.version}".rstrip()

    @property
    def versions(self) -> tuple[int, ...]:
        """Versions offered, the lowest first.

        Without supported_versions a hello tells only the highest (RFC 8446 §4.2.1), which is then alone here.
        """
        offered = self.numbers(reg.SUPPORTED_VERSIONS, 1)  # with a length field of 1 octet
        return tuple(sorted(set(offered) - set(reg.GREASE))) or (self.legacy_version,)

    @property
    def lists_versions(self) -> bool:
        """Whether the hello has supported_versions."""
        return any(extension.number == reg.SUPPORTED_VERSIONS for extension in self.extensions or ())

    @property
    def groups(self) -> tuple[int, ...]:
        """Groups offered, the preferred one first."""
        return self.numbers(reg.SUPPORTED_GROUPS, 2)

    @property
    def sends_server_name(self) -> bool:
        """Whether the hello names the server."""
        return any(extension.server_name for extension in self.extensions or ())

    def numbers(self, extension: int, prefix: int) -> tuple[int, ...]:
        """The 2-octet numbers in the list that an extension is; none where it is not there.

        Args:
            extension: Its number.
            prefix: Size of the list's length field.
        """
        found = next((e for e in self.extensions or () if e.number == extension), None)
        return () if found is None else FieldReader(found.octets, "").inner(prefix).numbers(2)

    def alike(self) -> tuple[object, ...]:
        """What makes two shapes the same hello but for what is made afresh."""
        return (
            self.record_version,
            self.record_octets,
            self.write_octets,
            self.legacy_version,
            self.session_id_octets,
            self.suites,
            self.compressions,
            self.extensions,
        )

    def sha256(self) -> str:
        """Of the hello's octets with zeros for all that is made afresh, and no name; lower-case hex."""
        publics = [bytes(octets) for e in self.extensions or () for _, octets in e.shares or ()]
        blank = self.hello_of("", bytes(RANDOM_OCTETS), bytes(self.session_id_octets), publics, bytes)
        return hashlib.sha256(b"".join(self.writes(blank))).hexdigest()

    def hello(self, server_name: str, entropy: Entropy) -> tuple[ClientHello, tuple[KeyShare, ...]]:
        """This client's hello, with all that is made afresh.

        A share of a group that this machine cannot exchange keys in is a public value of the right form that
        nobody holds the private key of: it shows what the server chooses, and goes no further.

        Args:
            server_name: SNI, an A-label; "" leaves the extension out, and so does a client that sends none.
            entropy: Gives random octets: random, session id, shares, further parts, in that order.
        """
        random, session_id = entropy(RANDOM_OCTETS), entropy(self.session_id_octets)
        groups = [share for e in self.extensions or () for share in e.shares or ()]
        shares = tuple(
            key_share(group, entropy)
            if group in available_groups()
            else KeyShare(group, stand_in(group, octets, entropy), ())
            for group, octets in groups
        )
        publics = [share.public for share in shares]
        return self.hello_of(server_name, random, session_id, publics, entropy), shares

    def hello_of(
        self, server_name: str, random: bytes, session_id: bytes, publics: Sequence[bytes], entropy: Entropy
    ) -> ClientHello:
        """The hello with these fresh parts.

        Args:
            server_name: As in `hello`.
            random: 32 octets.
            session_id: As long as the shape says.
            publics: Public value of each key share, in order.
            entropy: For the fresh parts of other extensions.
        """
        hello = ClientHello(
            random, self.suites, None, self.legacy_version, session_id, compressions=self.compressions
        )
        if self.extensions is None:
            return hello
        made: list[Extension] = []
        padding: tuple[int, int] | None = None
        for extension in self.extensions:
            if extension.padded_to is not None:
                padding = len(made), extension.padded_to
            elif not extension.server_name or server_name:
                made.append(_made(extension, server_name, publics, entropy))
        plain = ClientHello(
            random, self.suites, tuple(made), self.legacy_version, session_id, compressions=self.compressions
        )
        return plain if padding is None else _padded(plain, *padding)

    def writes(self, hello: ClientHello) -> tuple[bytes, ...]:
        """The hello's octets as this client writes them: its records, cut where it cuts them.

        Cuts are kept where they were recorded; a longer hello ends in a longer last record and write.
        """
        message = hello.message()
        pieces = segments(message, *self.record_octets[:-1])
        octets = b"".join(records(reg.HANDSHAKE, piece, self.record_version) for piece in pieces)
        return segments(octets, *self.write_octets[:-1])


def _made(
    extension: ShapedExtension, server_name: str, publics: Sequence[bytes], entropy: Entropy
) -> Extension:
    if extension.server_name:
        return ext.server_name(server_name)
    if extension.shares is not None:
        groups = (group for group, _ in extension.shares)
        return ext.key_shares(tuple(zip(groups, publics, strict=True)))
    body = bytearray(extension.octets)
    for at, size in extension.fresh:
        body[at : at + size] = entropy(size)
    return Extension(extension.number, bytes(body))


def _padded(hello: ClientHello, place: int, message_octets: int) -> ClientHello:
    """The padding at its place; a hello that is long enough has none.

    Where fewer octets are missing than an empty extension takes, one octet is sent, as OpenSSL does.
    """
    extensions = hello.extensions or ()
    missing = message_octets - len(hello.message())
    if missing <= 0:
        return hello
    padding = ext.padding(missing - 4 if missing >= 4 else 1)
    return ClientHello(
        hello.random,
        hello.suites,
        (*extensions[:place], padding, *extensions[place:]),
        hello.legacy_version,
        hello.session_id,
        hello.compressions,
    )


class ShapeError(ValueError):
    """A file of ``data/clients`` is not what this version reads: a bug of ours."""


@cache
def client_shapes() -> tuple[ClientShape, ...]:
    """All shapes, by id.

    Raises:
        ShapeError: A file cannot be read.
    """
    folder = files("waxseal") / "data" / "clients"
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(
        read_shape(entry.name.removesuffix(".toml"), entry.read_text("utf-8"))
        for entry in sorted(found, key=lambda entry: entry.name)
    )


def read_shape(name: str, text: str) -> ClientShape:
    """One file's shape.

    Args:
        name: The file's, without its ending; the shape's id.
        text: TOML.

    Raises:
        ShapeError: A field is missing or wrong.
    """
    try:
        data = tomllib.loads(text)
        if data["schema"] != SCHEMA or data["id"] != name:
            raise ShapeError(f"{name} is no {SCHEMA} of its name")
        return _shape(data, data["hello"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ShapeError(f"{name}: {error!r}") from error


def _shape(data: dict[str, Any], hello: dict[str, Any]) -> ClientShape:
    texts: Callable[[str], tuple[str, ...]] = lambda key: tuple(data.get(key, ()))  # noqa: E731
    extensions = hello.get("extensions")
    return ClientShape(
        id=data["id"],
        name=data["name"],
        version=data["version"],
        library=data["library"],
        library_version=data["library_version"],
        role=Role(data["role"]),
        mainstream=data["mainstream"],
        policy=data["policy"],
        documented={"recorded": False, "documented": True}[data["provenance"]],
        source=texts("source"),
        recorded=data["recorded"],
        unknown=texts("unknown"),
        note=data.get("note", ""),
        record_version=hello.get("record_version", TLS_1_0),
        record_octets=tuple(hello.get("record_octets", ())),
        write_octets=tuple(hello.get("write_octets", ())),
        legacy_version=hello["legacy_version"],
        session_id_octets=hello["session_id_octets"],
        suites=tuple(hello["suites"]),
        compressions=tuple(hello["compressions"]),
        shuffles=hello.get("shuffles_extensions", False),
        extensions=None if extensions is None else tuple(_extension(entry) for entry in extensions),
    )


def _extension(entry: dict[str, Any]) -> ShapedExtension:
    shares = entry.get("shares")
    return ShapedExtension(
        number=entry["number"],
        octets=bytes.fromhex(entry.get("body", "")),
        server_name=entry.get("server_name", False),
        shares=None if shares is None else tuple((group, octets) for group, octets in shares),
        padded_to=entry.get("padded_to"),
        fresh=tuple((at, octets) for at, octets in entry.get("fresh", ())),
    )
