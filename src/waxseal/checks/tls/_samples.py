"""Small facts of what a server takes, for the examples of the checks in this folder."""

from collections.abc import Mapping
from typing import Final

from waxseal.checks import samples
from waxseal.checks.api import At, at
from waxseal.facts import (
    Cause,
    Endpoint,
    Fact,
    Handshake,
    KeyExchangeParameters,
    NumberList,
    Reaction,
    SuiteList,
    TlsGroups,
    TlsKeyExchanges,
    TlsSuites,
    TlsTolerance,
    TlsVersions,
    ToleranceAnswer,
    VersionAnswer,
)

AES_13: Final = 0x1301
GCM: Final = 0xC02F  # TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
CBC: Final = 0xC013  # TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
DHE: Final = 0x009E  # TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
STATIC: Final = 0x009C  # TLS_RSA_WITH_AES_128_GCM_SHA256
STATIC_CBC: Final = 0x002F  # TLS_RSA_WITH_AES_128_CBC_SHA
TRIPLE: Final = 0x000A  # TLS_RSA_WITH_3DES_EDE_CBC_SHA
RC4: Final = 0x0005  # TLS_RSA_WITH_RC4_128_SHA
DES: Final = 0x0009  # TLS_RSA_WITH_DES_CBC_SHA
EXPORT: Final = 0x0003  # TLS_RSA_EXPORT_WITH_RC4_40_MD5
DHE_EXPORT: Final = 0x0014  # TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA
NULL: Final = 0x0002  # TLS_RSA_WITH_NULL_SHA
ANONYMOUS: Final = 0x006C  # TLS_DH_anon_WITH_AES_128_CBC_SHA256

VERSIONS: Final = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
REFUSED: Final = Reaction(Cause.ALERT, alert=70)
ALERT: Final = Reaction(Cause.ALERT, alert=40)
SILENT: Final = Reaction(Cause.TIMED_OUT)
CLOSED: Final = Reaction(Cause.CLOSED)
DONE: Final = Reaction(Cause.COMPLETED)
USUAL: Final = (0xFF01, 23, 11)
"""Numbers of renegotiation_info, extended_master_secret and ec_point_formats."""
PRIME_2048: Final = bytes.fromhex(
    "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695a9e13641146433fbcc939dce249b3ef9"
    "7d2fe363630c75d8f681b202aec4617ad3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3b557135e7f57c935"
    "984f0c70e0e68b77e2a689daf3efe8721df158a136ade73530acca4f483a797abc0ab182b324fb61d108a94bb2c8e3fb"
    "b96adab760d7f4681d4f42a3de394df4ae56ede76372bb190b07a7c8ee0a6d709e02fce1cdf7e2ecc03404cd28342f61"
    "9172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc2ec22005c58ef1837d1683b2c6f34a26c1b2effa"
    "886b423861285c97ffffffffffffffff"
)
"""The modulus of ffdhe2048 (RFC 7919 appendix A.1)."""


def versions(
    *accepted: str,
    unknown: tuple[str, ...] = (),
    extensions: Mapping[str, tuple[int, ...]] | None = None,
    compression: int = 0,
    sentinels: Mapping[str, str] | None = None,
) -> TlsVersions:
    """These versions accepted, the others refused."""
    shown = extensions or {}
    marks = sentinels or {}
    return TlsVersions(
        answers=tuple(
            VersionAnswer(
                version,
                None if version in unknown else version in accepted,
                None if version in accepted else REFUSED,
                server_hello=b"\x02" if version in accepted else b"",
                extensions=shown.get(version, USUAL) if version in accepted else (),
                compression=compression if version in accepted else 0,
                sentinel=marks.get(version, ""),
            )
            for version in VERSIONS
        )
    )


def offer(
    accepted: Mapping[str, tuple[int, ...]],
    undecided: Mapping[str, tuple[int, ...]] | None = None,
    *,
    mode: Endpoint | None = None,
    handshake: Handshake | None = None,
    order: str = "server",
    unknown: tuple[str, ...] = (),
    extensions: Mapping[str, tuple[int, ...]] | None = None,
) -> tuple[Endpoint, Handshake, TlsVersions, TlsSuites]:
    """What a server takes, by version."""
    open_ = undecided or {}
    lists = tuple(
        SuiteList(version, found, open_.get(version, ()), order=order if len(found) > 1 else "")
        for version, found in accepted.items()
    )
    return (
        mode or samples.endpoint(),
        handshake or samples.handshake(),
        versions(*accepted, unknown=unknown, extensions=extensions),
        TlsSuites(lists=lists),
    )


def exchange(**changes: object) -> TlsKeyExchanges:
    """One key exchange with ffdhe2048 that was seen twice."""
    fields: dict[str, object] = {
        "version": "TLSv1.2",
        "suite": DHE,
        "prime": PRIME_2048,
        "generator": b"\x02",
        "publics": (b"\x01", b"\x02"),
        "shown": 2,
    }
    return TlsKeyExchanges(parameters=(KeyExchangeParameters(**{**fields, **changes}),))  # type: ignore[arg-type]


def groups(version: str, *accepted: int, undecided: tuple[int, ...] = ()) -> TlsGroups:
    """The groups of one version."""
    return TlsGroups(lists=(NumberList(version, accepted, undecided),))


def tolerance(**answers: Reaction) -> TlsTolerance:
    """Answers to unusual hellos; underscores stand for hyphens."""
    return TlsTolerance(
        version="TLSv1.3",
        answers=tuple(
            ToleranceAnswer(what.replace("_", "-"), reaction, 1722) for what, reaction in answers.items()
        ),
        protocols_offered=("smtp",),
    )


def placed(port: int, *facts: Fact) -> tuple[At, ...]:
    """The same facts on another port."""
    return tuple(at(fact, port=port) for fact in facts)
