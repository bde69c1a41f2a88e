"""Lab servers with faults that are only tried on request: relaying, smuggled mail, logins, mail in clear.

Unless asked so all but one are sound; what is said of them when asked is in `REQUESTS`.
"""

from typing import Any

from waxseal.grading.seal import State
from waxseal.lab.behaviour import ACCOUNT, KEYWORDS, RelayForm, reply
from waxseal.lab.domains.on_request import Request
from waxseal.lab.domains.table import (
    SEALED,
    AddressPlan,
    Expected,
    LabDomain,
    broken,
    expect,
    mail_domain,
    minor,
    service_host,
)
from waxseal.probes.settings import Account

_Row = tuple[str, str, Expected, dict[str, Any]]
"""Domain, or label of the host; title; what is expected when asked; what is changed."""
_OWN = "me@own-mailbox.test"
_TAKES_OWN = {"takes_for": _OWN, "local_domains": ("own-mailbox.test",)}
_UNASKED = {"clear-refused.test": minor("smtp/unencrypted-refused")}
"""What is said unasked, where that is not that all is well."""
_SUBMISSION = (*(keyword for keyword in KEYWORDS if keyword != "STARTTLS"), "AUTH PLAIN")


def domains() -> tuple[LabDomain, ...]:
    """The table; what is expected of each is what holds unasked."""
    plan = AddressPlan(2, first=200)
    mail = (*_relaying(), *_smuggling(), *_clear())
    return (
        *(
            mail_domain(name, title, plan, _UNASKED.get(name, SEALED), **changes)
            for name, title, _, changes in mail
        ),
        *(
            service_host(_scheme(label), _host(label), title, plan, SEALED, **changes)
            for label, title, _, changes in (*_logins(), *_accounts())
        ),
    )


def _scheme(label: str) -> str:
    return label.partition("-")[0]


def _host(label: str) -> str:
    return f"{label}.trials.test"


def _relaying() -> tuple[_Row, ...]:
    found = broken("smtp/relay-open")
    unseen = expect(State.SEALED, inconclusive=("smtp/relay-open",))
    forms = (
        (RelayForm.LOCAL_SENDER, "senders that claim to be its own"),
        (RelayForm.NULL_SENDER, "senders without a name"),
        (RelayForm.PERCENT, "recipients written with a percent sign"),
        (RelayForm.BANG, "recipients written with an exclamation mark"),
        (RelayForm.QUOTED, "recipients in quotation marks"),
        (RelayForm.TWO_ATS, "recipients with two at signs"),
        (RelayForm.SOURCE_ROUTE, "recipients behind a source route"),
    )
    disguises = (
        (f"relay-{form.value}.test", f"an open relay for {words}", found, {"relays": (form,)})
        for form, words in forms
    )
    return (
        ("relay.test", "an open relay", found, {"relays": tuple(RelayForm)}),
        *disguises,
        ("relay-none.test", "relays for nobody", SEALED, {}),
        ("relay-catch-all.test", "takes every user of its domain", unseen, {"catch_all": True}),
        (
            "relay-unknown.test",
            "takes no mail for its own postmaster",
            unseen,
            {"recipient": reply(550, "5.7.1 Not from you")},
        ),
    )


def _smuggling() -> tuple[_Row, ...]:
    ends = {
        "lf-dot-lf": b"\n.\n",
        "lf-dot-crlf": b"\n.\r\n",
        "crlf-dot-lf": b"\r\n.\n",
        "cr-dot-cr": b"\r.\r",
        "crlf-dot-cr": b"\r\n.\r",
    }
    found = broken("smtp/data-end-smuggled")
    flawed = (
        (
            f"data-{words}.test",
            f"takes {words.replace('-', ' ')} for the end of a message",
            found,
            {**_TAKES_OWN, "ends_at": (end,)},
        )
        for words, end in ends.items()
    )
    return (
        *flawed,
        ("data-sound.test", "ends messages where they end", SEALED, _TAKES_OWN),
        (
            "data-bare.test",
            "takes no message with bare line ends",
            SEALED,
            {**_TAKES_OWN, "refuses_bare_lf": True},
        ),
        (
            "data-refused.test",
            "takes no message at all",
            expect(State.SEALED, inconclusive=("smtp/data-end-smuggled",)),
            {},
        ),
    )


def _clear() -> tuple[_Row, ...]:
    refusal = reply(530, "5.7.0 Must issue a STARTTLS command first")
    return (
        ("clear-taken.test", "takes mail in clear", broken("smtp/clear-mail-taken"), {}),
        ("clear-refused.test", "takes mail under TLS only", SEALED, {"mail": refusal}),
    )


def _logins() -> tuple[_Row, ...]:
    let_in = broken("auth/made-up-user-let-in")
    in_clear = broken("auth/accepted-in-clear")
    anyone = {"lets_anyone_in": True}
    return (
        (
            "submission-anyone",
            "submission lets made-up users in",
            let_in,
            {**anyone, "keywords_tls": _SUBMISSION},
        ),
        ("imap-anyone", "IMAP lets made-up users in", let_in, anyone),
        ("pop3-anyone", "POP3 lets made-up users in", let_in, anyone),
        ("sieve-anyone", "ManageSieve lets made-up users in", let_in, anyone),
        ("submission-known", "submission lets its own users in", SEALED, {"keywords_tls": _SUBMISSION}),
        ("imap-known", "IMAP lets its own users in", SEALED, {}),
        ("pop3-known", "POP3 lets its own users in", SEALED, {}),
        ("sieve-known", "ManageSieve lets its own users in", SEALED, {}),
        (
            "submission-hidden",
            "submission takes passwords in clear without offering it",
            in_clear,
            {"keywords_tls": _SUBMISSION, "login_in_clear": True},
        ),
        (
            "imap-hidden",
            "IMAP takes passwords in clear though it says that LOGIN is disabled",
            in_clear,
            {"login_in_clear": True, "capabilities": ("IMAP4rev1", "STARTTLS", "LOGINDISABLED")},
        ),
        (
            "pop3-hidden",
            "POP3 takes USER and PASS in clear without offering it",
            in_clear,
            {"login_in_clear": True, "capabilities": ("UIDL", "STLS")},
        ),
    )


def _accounts() -> tuple[_Row, ...]:
    return (
        ("imap-account", "IMAP with the account that is tried", SEALED, {}),
        (
            "imap-stranger",
            "IMAP without the account that is tried",
            minor("auth/account-refused"),
            {"account": ("someone@lab.test", "else")},
        ),
    )


def _requests() -> tuple[Request, ...]:
    mail = (
        (_relaying(), {"relay": True}),
        (_smuggling(), {"own_recipient": _OWN}),
        (_clear(), {"expect_tls": True}),
    )
    hosts = ((_logins(), {"active_auth": True}), (_accounts(), {"account": Account(*ACCOUNT)}))
    kept = expect(State.MEND, fails=("starttls/login-kept",), warns=("auth/anonymous-offered",))
    return (
        Request("login-kept.test", {"active_auth": True}, kept),
        Request(
            "pop3://pop3-user-kept.flaws.test",
            {"active_auth": True},
            expect(State.MEND, fails=("auth/accepted-in-clear",), warns=("starttls/user-kept",)),
        ),
        *(Request(name, settings, expected) for rows, settings in mail for name, _, expected, _ in rows),
        *(
            Request(f"{_scheme(label)}://{_host(label)}", settings, expected)
            for rows, settings in hosts
            for label, _, expected, _ in rows
        ),
    )


REQUESTS = _requests()
