"""Lab servers with one fault in what they let mail programs log in with."""

from typing import Any

from waxseal.lab.behaviour import KEYWORDS
from waxseal.lab.domains.table import (
    SEALED,
    AddressPlan,
    Expected,
    LabDomain,
    broken,
    mail_domain,
    minor,
    service_host,
    warns,
)

_PLAIN = tuple(keyword for keyword in KEYWORDS if keyword != "STARTTLS")
_Row = tuple[str, str, str, Expected, dict[str, Any]]
"""Scheme, first label, title, what is expected, what is changed."""


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(3, first=140)
    services = tuple(
        service_host(scheme, f"{label}.auth.test", title, plan, expected, **changes)
        for scheme, label, title, expected, changes in (*_in_clear(), *_mechanisms())
    )
    return (*services, _relay(plan))


def _clear(*mechanisms: str) -> tuple[str, ...]:
    return (*KEYWORDS, f"AUTH {' '.join(mechanisms)}")


def _sealed(*mechanisms: str) -> tuple[str, ...]:
    return (*_PLAIN, f"AUTH {' '.join(mechanisms)}")


def _in_clear() -> tuple[_Row, ...]:
    offered = broken("auth/offered-in-clear")
    return (
        (
            "imap",
            "imap-login",
            "IMAP forgets to say that LOGIN is disabled in clear",
            broken("auth/login-not-disabled"),
            {"capabilities": ("IMAP4rev1", "STARTTLS")},
        ),
        (
            "imap",
            "imap-plain",
            "IMAP offers passwords in clear",
            offered,
            {"mechanisms": ("PLAIN",), "login_in_clear": True},
        ),
        (
            "sieve",
            "sieve-plain",
            "ManageSieve offers passwords in clear",
            offered,
            {"mechanisms": ("PLAIN",), "login_in_clear": True},
        ),
        (
            "submission",
            "submission-plain",
            "submission offers passwords in clear",
            offered,
            {"keywords": _clear("PLAIN"), "login_in_clear": True},
        ),
        (
            "pop3",
            "pop3-user",
            "POP3 takes USER and PASS in clear",
            broken("auth/user-in-clear"),
            {"login_in_clear": True},
        ),
        (
            "submission",
            "plus-in-clear",
            "submission offers channel binding in clear, where there is no channel",
            minor("auth/plus-in-clear"),
            {
                "keywords": _clear("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"),
                "keywords_tls": _sealed("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"),
            },
        ),
    )


def _mechanisms() -> tuple[_Row, ...]:
    return (
        (
            "submission",
            "scram",
            "submission with SCRAM and channel binding, in order",
            SEALED,
            {"keywords_tls": _sealed("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")},
        ),
        (
            "submission",
            "plus-missing",
            "submission offers SCRAM without channel binding",
            minor("auth/plus-missing"),
            {"keywords_tls": _sealed("PLAIN", "SCRAM-SHA-256")},
        ),
        (
            "submission",
            "anonymous",
            "submission lets everybody in without a name",
            warns("auth/anonymous-offered"),
            {"keywords_tls": _sealed("PLAIN", "ANONYMOUS")},
        ),
        (
            "submission",
            "obsolete",
            "submission offers CRAM-MD5",
            minor("auth/mechanism-obsolete"),
            {"keywords_tls": _sealed("PLAIN", "CRAM-MD5")},
        ),
        (
            "imap",
            "imap-obsolete",
            "IMAP offers NTLM",
            minor("auth/mechanism-obsolete"),
            {"mechanisms_tls": ("PLAIN", "NTLM")},
        ),
        (
            "submission",
            "external",
            "submission offers EXTERNAL and asks for no client certificate",
            minor("auth/external-unbacked"),
            {"keywords_tls": _sealed("PLAIN", "EXTERNAL")},
        ),
        (
            "submission",
            "differs",
            "submission offers a mechanism in clear that it does not offer under TLS",
            minor("auth/differs"),
            {"keywords": _clear("SCRAM-SHA-256"), "keywords_tls": _sealed("PLAIN")},
        ),
        (
            "imap",
            "imap-none",
            "IMAP offers no login under TLS",
            warns("auth/none-in-tls"),
            {"mechanisms_tls": (), "capabilities_tls": ("IMAP4rev1", "LOGINDISABLED")},
        ),
    )


def _relay(plan: AddressPlan) -> LabDomain:
    """Passwords at a server that takes mail from everybody."""
    return mail_domain(
        "auth-obsolete.test",
        "an MX host offers CRAM-MD5",
        plan,
        minor("auth/mechanism-obsolete"),
        keywords_tls=_sealed("PLAIN", "CRAM-MD5"),
    )
