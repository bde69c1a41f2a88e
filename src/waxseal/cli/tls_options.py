"""What the options of ``waxseal tls`` mean: where to go, what is offered, who we are."""

import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import click

from waxseal.cli.network import host_and_port
from waxseal.errors import UsageError
from waxseal.facts import MailProtocol, TlsMode
from waxseal.facts.address import canonical
from waxseal.net.roots import pem_certificates
from waxseal.wire import tls_registry as reg
from waxseal.wire.idna import InvalidName, to_a_label
from waxseal.wire.tls12_credentials import credentials_of_key
from waxseal.wire.tls12_exchange import exchange_groups
from waxseal.wire.tls13_groups import available_groups
from waxseal.wire.tls_client_hello import TLS_1_3
from waxseal.wire.tls_client_offer import ALL_VERSIONS, ClientOffer, default_suites
from waxseal.wire.tls_credentials import ClientCredentials
from waxseal.wire.tls_openssl_names import openssl_name
from waxseal.wire.tls_suites import SUITE_NAMES, suite_name

DEFAULT_PORT = 25
_VERSIONS = {"ssl3": 0x0300, "1.0": 0x0301, "1.1": 0x0302, "1.2": 0x0303, "1.3": 0x0304}
_STARTTLS_PORTS = {
    25: MailProtocol.SMTP,
    587: MailProtocol.SMTP,
    2525: MailProtocol.SMTP,
    24: MailProtocol.LMTP,
    143: MailProtocol.IMAP,
    110: MailProtocol.POP3,
    4190: MailProtocol.SIEVE,
}
_IMPLICIT_PORTS = {465: MailProtocol.SMTP, 993: MailProtocol.IMAP, 995: MailProtocol.POP3}
_HYBRID = 0x11EC
"""X25519MLKEM768, which is offered first where this machine can do it."""
_GROUP_ALIASES = {"p-256": "secp256r1", "p-384": "secp384r1", "p-521": "secp521r1", "prime256v1": "secp256r1"}
_MAX_PEM_OCTETS = 1024 * 1024
_MAX_ALPN_OCTETS = 8192


class Seconds(click.FloatRange):
    """A number of seconds in a range, where ``nan`` is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See `click.ParamType.convert`."""
        seconds: float = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return seconds


class Place(NamedTuple):
    """A host, as A-label or canonical address, and a port."""

    host: str
    port: int

    @property
    def is_address(self) -> bool:
        """Whether the host is an address."""
        return _address(self.host) is not None


def place(text: str, default_port: int = DEFAULT_PORT) -> Place:
    """``HOST``, ``HOST:PORT``, ``[ADDRESS]:PORT`` or an address.

    Raises:
        UsageError: It is none of these.
    """
    host, port = text.strip(), default_port
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if _address(bare) is None and ":" in host:
        bare, port = host_and_port(host)
    address = _address(bare)
    if address is not None:
        return Place(address, port)
    try:
        return Place(to_a_label(bare), port)
    except InvalidName as error:
        raise UsageError(
            f"{text[:80]!r} is no host: {error}", "name a host or an address, with :port behind it if needed"
        ) from error


def speech(starttls: str | None, port: int) -> tuple[MailProtocol | None, TlsMode]:
    """What is spoken on a port, and how TLS begins: as asked, else as is usual there."""
    if starttls is None:
        if port in _STARTTLS_PORTS:
            return _STARTTLS_PORTS[port], TlsMode.STARTTLS
        return _IMPLICIT_PORTS.get(port), TlsMode.IMPLICIT
    if starttls == "none":
        return _IMPLICIT_PORTS.get(port), TlsMode.IMPLICIT
    return MailProtocol(starttls), TlsMode.STARTTLS


def offer(
    *,
    versions: str | None,
    suites: str | None,
    groups: str | None,
    schemes: str | None,
    alpn: str | None,
    server_name: str,
) -> ClientOffer:
    """What the ClientHello offers.

    Raises:
        UsageError: A name is not known, or cannot be spoken here.
    """
    base = ClientOffer(server_name=server_name, status_request=True, timestamps=True)
    chosen_suites = _suites(suites) if suites is not None else None
    chosen_versions = _versions(versions) if versions is not None else _fitting(chosen_suites, base.versions)
    chosen_groups = _groups(groups) if groups is not None else _usual_groups()
    shareable = [group for group in chosen_groups if group in available_groups()]
    shares = shareable[:2] if groups is None else shareable[:1]
    return ClientOffer(
        server_name=server_name,
        versions=chosen_versions,
        suites=chosen_suites,
        groups=chosen_groups,
        share_groups=tuple(shares),
        schemes=_schemes(schemes) if schemes is not None else base.schemes,
        protocols=_protocols(alpn) if alpn is not None else (),
        status_request=True,
        timestamps=True,
    )


def families(only_ipv4: bool, only_ipv6: bool) -> tuple[int, ...]:
    """Kinds of addresses to try.

    Raises:
        UsageError: Both were to be the only one.
    """
    if only_ipv4 and only_ipv6:
        raise UsageError("-4 and -6 exclude each other", "leave both out to try both")
    return (4,) if only_ipv4 else (6,) if only_ipv6 else (4, 6)


def credentials(certificate: Path, key: Path | None) -> ClientCredentials:
    """A client's certificate and key, PEM; asks for the password of an encrypted key on the terminal.

    Raises:
        UsageError: A file cannot be read or used.
    """
    chain = pem_certificates(_read(certificate))
    if not chain:
        raise UsageError(f"{certificate} holds no PEM certificate", "--cert takes the chain, leaf first")
    private = _private_key(key or certificate)
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        leaf = x509.load_der_x509_certificate(chain[0]).public_key().public_bytes(*form)
        if leaf != private.public_key().public_bytes(*form):
            raise UsageError(
                f"the key in {key or certificate} is not that of {certificate}",
                "the leaf's certificate comes first in the file",
            )
        return credentials_of_key(chain, private)
    except ValueError as error:
        raise UsageError(f"{certificate} cannot be used: {error}", "give an RSA or EC certificate") from error


def _private_key(path: Path):  # type: ignore[no-untyped-def]  # the library's union of key types
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    octets = _read(path)
    hint = "--key takes a PEM private key; without it the key is looked for in --cert"
    password = None
    if b"ENCRYPTED" in octets:
        password = _password(path)
    try:
        return load_pem_private_key(octets, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's words are left out, since nothing of a password or a key is to be shown.
        wrong = "cannot be opened with that password" if password else "holds no private key that can be used"
        raise UsageError(f"{path} {wrong}", hint) from None


def _password(path: Path) -> bytes:
    """What is typed on the terminal; standard input is for the dialogue, and would show it.

    Raises:
        UsageError: There is no terminal to ask on, or nothing was typed.
    """
    import getpass
    import warnings

    hint = "run waxseal on a terminal, or give the key without a password"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            typed = getpass.getpass(f"Password of {path}: ")
    except getpass.GetPassWarning:
        raise UsageError(f"{path} has a password, and no terminal is there to ask for it", hint) from None
    except EOFError:
        raise UsageError(f"{path} has a password, and none was given", hint) from None
    return typed.encode(errors="surrogateescape")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_PEM_OCTETS)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "give the path of a PEM file") from error


def _address(text: str) -> str | None:
    try:
        return canonical(text)
    except ValueError:
        return None


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,:\s]+", text) if word]


def _protocols(text: str) -> tuple[bytes, ...]:
    """Names of 1 to 255 octets (RFC 7301 §3.1)."""
    names = tuple(word.encode(errors="surrogateescape") for word in _words(text))
    if any(len(name) > 255 for name in names) or sum(len(name) + 1 for name in names) > _MAX_ALPN_OCTETS:
        raise UsageError(
            "--alpn: too long",
            f"a name has at most 255 octets, all of them together {_MAX_ALPN_OCTETS}",
        )
    return names


def _versions(text: str) -> tuple[int, ...]:
    """``1.2``, ``1.2-1.3`` or ``ssl3,1.0``; highest first."""
    found: set[int] = set()
    for part in text.lower().replace("tls", "").replace("v", "").split(","):
        low, dash, high = (word.strip() for word in part.partition("-"))
        ends = [_VERSIONS.get(low), _VERSIONS.get(high if dash else low)]
        if ends[0] is None or ends[1] is None or ends[0] > ends[1]:
            raise UsageError(
                f"--versions {text[:40]!r} is no range of versions",
                "write it as 1.3, 1.2-1.3 or ssl3-1.3; known are ssl3, 1.0, 1.1, 1.2, 1.3",
            )
        found.update(range(ends[0], ends[1] + 1))
    return tuple(sorted(found, reverse=True))


def _fitting(suites: tuple[int, ...] | None, usual: tuple[int, ...]) -> tuple[int, ...]:
    """The usual versions that the suites are for, so that no version is offered without one."""
    if suites is None:
        return usual
    for_13 = [suite >> 8 == 0x13 for suite in suites]
    versions = tuple(v for v in usual if any(new is (v == TLS_1_3) for new in for_13))
    return versions or usual


def _suites(text: str) -> tuple[int, ...]:
    by_name = {name.upper(): number for number, name in SUITE_NAMES.items()}
    by_name |= {name.upper(): number for number in SUITE_NAMES if (name := openssl_name(number))}
    can = frozenset(default_suites(ALL_VERSIONS))
    found = _numbers(text, by_name, "--suites", "an IANA or OpenSSL name, or a number such as 0xC02F")
    for number in found:
        if number not in can and number not in {0x00FF, 0x5600}:
            raise UsageError(
                f"--suites: waxseal cannot speak {suite_name(number)}", "leave it out, or use 'waxseal check'"
            )
    return found


def _groups(text: str) -> tuple[int, ...]:
    by_name = {name.upper(): number for number, name in reg.GROUP_NAMES.items()}
    by_name |= {alias.upper(): by_name[name.upper()] for alias, name in _GROUP_ALIASES.items()}
    return _numbers(text, by_name, "--groups", "a name such as x25519 or secp256r1, or a number")


def _usual_groups() -> tuple[int, ...]:
    hybrid = (_HYBRID,) if _HYBRID in available_groups() else ()
    return (*hybrid, *(group for group in exchange_groups() if group != _HYBRID))


def _schemes(text: str) -> tuple[int, ...]:
    by_name = {name.upper(): number for number, name in reg.SCHEME_NAMES.items()}
    return _numbers(text, by_name, "--schemes", "a name such as rsa_pss_rsae_sha256, or a number")


def _numbers(text: str, by_name: dict[str, int], option: str, what: str) -> tuple[int, ...]:
    found = []
    for word in _words(text):
        number = by_name.get(word.upper())
        if number is None and re.fullmatch("0x[0-9A-Fa-f]{1,4}", word):
            number = int(word, 16)
        if number is None:
            raise UsageError(f"{option}: {word[:60]!r} is not known", f"give {what}; commas between several")
        found.append(number)
    if not found:
        raise UsageError(f"{option} names nothing", f"give {what}")
    return tuple(dict.fromkeys(found))
