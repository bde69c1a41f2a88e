"""Lab hosts that speak IMAP, POP3, ManageSieve and LMTP: sound ones, and one for each dialogue fault."""

from typing import Any

from waxseal.facts import Stage
from waxseal.grading.seal import State
from waxseal.lab.access_behaviour import Break
from waxseal.lab.behaviour import KEYWORDS, reply
from waxseal.lab.domains.table import (
    SEALED,
    AddressPlan,
    Expected,
    LabDomain,
    broken,
    expect,
    exposed,
    minor,
    service_host,
    undeliverable,
    unknown,
)

_Row = tuple[str, str, str, Expected, dict[str, Any]]
"""Scheme, first label, title, what is expected, what is changed."""


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(2, first=140)
    rows = (*_sound(), *_greetings(), *_starttls(), *_under_tls(), *_silences())
    return tuple(
        service_host(scheme, f"{label}.access.test", title, plan, expected, **changes)
        for scheme, label, title, expected, changes in rows
    )


def _sound() -> tuple[_Row, ...]:
    return (
        ("imap", "imap", "IMAP with STARTTLS, in order", SEALED, {}),
        ("imaps", "imaps", "IMAP with implicit TLS, in order", SEALED, {}),
        ("pop3", "pop3", "POP3 with STLS, in order", SEALED, {}),
        ("pop3s", "pop3s", "POP3 with implicit TLS, in order", SEALED, {}),
        ("lmtp", "lmtp", "LMTP with STARTTLS, in order", SEALED, {}),
        ("sieve", "sieve", "ManageSieve with STARTTLS, in order", SEALED, {}),
        (
            "imap",
            "imap-talkative",
            "IMAP with untagged responses at any time, in order",
            SEALED,
            {"unsolicited": b"* 3 EXISTS\r\n* OK Still here\r\n"},
        ),
    )


def _greetings() -> tuple[_Row, ...]:
    return (
        (
            "imap",
            "imap-preauth",
            "IMAP takes everybody for logged in, in clear",
            exposed("access/preauth"),
            {"greeting": b"* PREAUTH ready\r\n"},
        ),
        (
            "imap",
            "imap-busy",
            "IMAP has no time",
            unknown("access/greeting-refused"),
            {"greeting": b"* BYE [UNAVAILABLE] Down for maintenance\r\n"},
        ),
        (
            "pop3",
            "pop3-refuses",
            "POP3 refuses us at the greeting",
            unknown("access/greeting-refused"),
            {"greeting": b"-ERR not from there\r\n"},
        ),
        (
            "imap",
            "imap-moved",
            "IMAP sends everybody elsewhere, in clear",
            expect(State.UNKNOWN, fails=("access/referral",)),
            {"greeting": b"* BYE [REFERRAL imap://imap.access.test/] Go there\r\n"},
        ),
        (
            "imap",
            "imap-garbage",
            "another service answers on the port of IMAP",
            undeliverable("access/greeting-malformed"),
            {"greeting": b"SSH-2.0-OpenSSH_9.6\r\n"},
        ),
        (
            "pop3",
            "pop3-two-greetings",
            "POP3 greets twice",
            broken("access/early-response"),
            {"greeting": b"+OK a proxy\r\n+OK pop3-two-greetings.access.test POP3\r\n"},
        ),
        (
            "imap",
            "imap-bare-lf",
            "IMAP ends a line with a bare LF",
            minor("access/response-malformed"),
            {"greeting": b"* OK hello\n"},
        ),
    )


def _starttls() -> tuple[_Row, ...]:
    plain_sieve = ("IMPLEMENTATION lab of waxseal", "SIEVE fileinto", "VERSION 1.0")
    missing = exposed("access/starttls-missing")
    later = exposed("access/starttls-temporary")
    return (
        (
            "imap",
            "imap-plain",
            "IMAP without STARTTLS",
            missing,
            {"capabilities": ("IMAP4rev1", "LOGINDISABLED")},
        ),
        ("pop3", "pop3-plain", "POP3 without STLS", missing, {"capabilities": ("UIDL",)}),
        (
            "sieve",
            "sieve-plain",
            "ManageSieve without STARTTLS",
            missing,
            {"capabilities": plain_sieve, "mechanisms": ("SCRAM-SHA-256",)},
        ),
        (
            "lmtp",
            "lmtp-plain",
            "LMTP without STARTTLS",
            exposed("smtp/starttls-missing"),
            {"keywords": tuple(keyword for keyword in KEYWORDS if keyword != "STARTTLS")},
        ),
        (
            "imap",
            "imap-refuses",
            "IMAP offers STARTTLS and refuses it",
            exposed("access/starttls-refused"),
            {"starttls": "BAD Unknown command"},
        ),
        (
            "imap",
            "imap-later",
            "IMAP has no TLS for now",
            later,
            {"starttls": "NO [UNAVAILABLE] Not for now"},
        ),
        ("pop3", "pop3-later", "POP3 has no TLS for now", later, {"starttls": "-ERR [SYS/TEMP] Not for now"}),
        (
            "sieve",
            "sieve-later",
            "ManageSieve has no TLS for now",
            later,
            {"starttls": 'NO (TRYLATER) "Not for now"'},
        ),
        (
            "imap",
            "imap-extra",
            "IMAP sends octets in clear behind the answer to STARTTLS",
            broken("access/starttls-extra-octets"),
            {"extra": b"* OK early\r\n"},
        ),
    )


def _under_tls() -> tuple[_Row, ...]:
    return (
        (
            "imap",
            "imap-again",
            "IMAP offers STARTTLS under TLS again",
            minor("access/starttls-offered-in-tls"),
            {"capabilities_tls": ("IMAP4rev1", "STARTTLS")},
        ),
        (
            "pop3",
            "pop3-again",
            "POP3 offers STLS under TLS again",
            minor("access/starttls-offered-in-tls"),
            {"capabilities_tls": ("UIDL", "STLS", "USER")},
        ),
        (
            "sieve",
            "sieve-silent",
            "ManageSieve does not say its capabilities again under TLS",
            broken("access/capabilities-not-repeated"),
            {"silent_after_tls": True, "slow": True},
        ),
        (
            "imap",
            "imap-no-list",
            "IMAP does not list its capabilities under TLS",
            broken("access/capabilities-failed"),
            {"capability_tls": "NO I will not"},
        ),
        (
            "imap",
            "imap-no-farewell",
            "IMAP hangs up at LOGOUT",
            minor("access/logout-unanswered"),
            {"breaks": {Stage.QUIT: Break.CLOSE}},
        ),
        (
            "imap",
            "imap-cuts-in-tls",
            "IMAP hangs up at CAPABILITY under TLS",
            broken("access/dialogue-cut"),
            {"breaks": {Stage.EHLO_TLS: Break.CLOSE}},
        ),
        (
            "lmtp",
            "lmtp-refuses-in-tls",
            "LMTP refuses LHLO under TLS",
            broken("smtp/ehlo-in-tls-failed"),
            {"ehlo_tls": reply(550, "5.7.1 Access denied")},
        ),
    )


def _silences() -> tuple[_Row, ...]:
    def stalls(stage: Stage) -> dict[str, Any]:
        return {"breaks": {stage: Break.STALL}, "slow": True}

    return (
        (
            "imap",
            "imap-silent",
            "IMAP never greets",
            unknown("access/greeting-missing"),
            stalls(Stage.GREETING),
        ),
        (
            "pop3",
            "pop3-closes",
            "POP3 closes the connection without a greeting",
            unknown("access/greeting-missing"),
            {"breaks": {Stage.GREETING: Break.CLOSE}},
        ),
        (
            "imap",
            "imap-stalls",
            "IMAP never answers CAPABILITY",
            unknown("access/dialogue-stalled"),
            stalls(Stage.EHLO),
        ),
        (
            "imap",
            "imap-stalls-at-starttls",
            "IMAP never answers STARTTLS",
            exposed("access/dialogue-stalled"),
            stalls(Stage.STARTTLS),
        ),
    )
