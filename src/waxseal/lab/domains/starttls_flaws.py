"""Lab servers with one flaw around STARTTLS each, and sound ones that answer in ways that could mislead."""

from typing import Any

from waxseal.grading.seal import State
from waxseal.lab.behaviour import KEYWORDS, Break, reply
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
    slight,
    warns,
)
from waxseal.lab.orders import LeafOrder, TlsOrder

_PLAIN = tuple(keyword for keyword in KEYWORDS if keyword != "STARTTLS")
_INJECTION = broken("starttls/command-injection")
_ANONYMOUS = {"keywords": (*KEYWORDS, "AUTH ANONYMOUS"), "keywords_tls": (*_PLAIN, "AUTH ANONYMOUS PLAIN")}
_Row = tuple[str, str, Expected, dict[str, Any]]
"""Domain, or label of the host; title; what is expected; what is changed."""
_OTHERS = {"lmtp": "LMTP", "imap": "IMAP", "pop3": "POP3", "sieve": "ManageSieve"}


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(1, first=140)
    mail = (*_injection(), *_sound(), *_kept(), *_commands(), *_web())
    return (
        *(mail_domain(name, title, plan, expected, **changes) for name, title, expected, changes in mail),
        *(
            service_host(label.partition("-")[0], f"{label}.flaws.test", title, plan, expected, **changes)
            for label, title, expected, changes in _elsewhere()
        ),
    )


def _injection() -> tuple[_Row, ...]:
    """Every way of executing what came in clear, and of showing it."""
    return (
        ("injection.test", "executes under TLS what came in clear", _INJECTION, {"keeps_buffer": True}),
        (
            "injection-partial.test",
            "completes under TLS a line that began in clear",
            _INJECTION,
            {"keeps_partial": True},
        ),
        (
            "injection-two-segments.test",
            "takes in what comes in clear for a while, and executes it under TLS",
            _INJECTION,
            {"keeps_buffer": True, "listens_s": 0.1},
        ),
        (
            "injection-late.test",
            "executes under TLS what came in clear, and answers late",
            _INJECTION,
            {"keeps_buffer": True, "late_s": 1.0},
        ),
        (
            "injection-joined.test",
            "executes under TLS what came in clear, and gives all answers in one piece",
            _INJECTION,
            {"keeps_buffer": True, "joins_answers": True},
        ),
        (
            "injection-one-line.test",
            "executes under TLS what came in clear, and answers EHLO with one line",
            _INJECTION,
            {"keeps_buffer": True, "keywords": ("STARTTLS",), "keywords_tls": ()},
        ),
    )


def _sound() -> tuple[_Row, ...]:
    """What could be taken for injection, and is none."""
    return (
        (
            "one-line.test",
            "answers EHLO under TLS with one line, in order",
            SEALED,
            {"keywords": ("STARTTLS",), "keywords_tls": ()},
        ),
        (
            "runs-in-clear.test",
            "answers commands behind STARTTLS at once, in clear",
            SEALED,
            {"runs_in_clear": True},
        ),
        (
            "takes-for-tls.test",
            "takes octets behind STARTTLS for TLS",
            SEALED,
            {"takes_for_tls": True},
        ),
        (
            "breaks-pipelining.test",
            "hangs up in place of the handshake where commands came behind STARTTLS",
            expect(State.SEALED, inconclusive=("starttls/command-injection",)),
            {"breaks_pipelining": Break.CLOSE},
        ),
        (
            "refuses-pipelining.test",
            "refuses commands behind STARTTLS in words",
            SEALED,
            {"refuses_pipelining": True},
        ),
    )


def _kept() -> tuple[_Row, ...]:
    """What should be forgotten, and is not."""
    return (
        (
            "hello-kept.test",
            "still goes by the EHLO of before TLS",
            slight("starttls/hello-kept"),
            {"keeps_hello": True},
        ),
        (
            "mail-kept.test",
            "goes on under TLS with a message begun in clear",
            broken("starttls/mail-kept"),
            {"keeps_mail": True},
        ),
        (
            "login-kept.test",
            "a login in clear still stands under TLS",
            warns("auth/anonymous-offered"),
            {**_ANONYMOUS, "keeps_login": True},
        ),
    )


def _commands() -> tuple[_Row, ...]:
    return (
        (
            "starttls-parameter.test",
            "takes STARTTLS with a parameter",
            minor("starttls/parameter-accepted"),
            {"takes_parameter": True},
        ),
        (
            "starttls-in-tls.test",
            "takes STARTTLS inside TLS",
            broken("starttls/accepted-in-tls"),
            {"takes_again": True},
        ),
        (
            "starttls-dead.test",
            "says nothing more once it has turned STARTTLS down",
            expect(State.EXPOSED, fails=("smtp/starttls-temporary",), warns=("starttls/no-recovery",)),
            {"starttls": reply(454, "4.7.0 Not for now"), "after_refusal": Break.CLOSE},
        ),
        (
            "vrfy.test",
            "tells strangers who its users are",
            minor("smtp/users-disclosed"),
            {"tells_users": True},
        ),
    )


def _web() -> tuple[_Row, ...]:
    """Web clients that are led to a mail server."""
    wildcard = {"names": ("mx.web-stays.test", "*.web-stays.test")}
    strict = LeafOrder(names=("mx.web-refused.test", "*.web-refused.test"))
    return (
        (
            "web-stays.test",
            "puts up with a web request under a certificate for every name",
            minor("tls/cross-protocol"),
            {"leaf": wildcard, "errors_limit": None},
        ),
        (
            "web-echo.test",
            "sends a web request back under a certificate for a web server",
            minor("tls/cross-protocol"),
            {"leaf": {"names": ("mx.web-echo.test", "www.web-echo.test")}, "echoes": True},
        ),
        (
            "web-alpn.test",
            "confirms the web's ALPN name",
            broken("tls/alpn-foreign-accepted"),
            {"tls": TlsOrder(leaves=(LeafOrder(names=("mx.web-alpn.test",)),), alpn=("h2",))},
        ),
        (
            "web-refused.test",
            "refuses the web's ALPN names, in order",
            SEALED,
            {"tls": TlsOrder(leaves=(strict,), alpn=("smtp",), refuses_alpn=True), "errors_limit": None},
        ),
    )


def _elsewhere() -> tuple[_Row, ...]:
    """The same in the other protocols; labels begin with the scheme."""
    whole = (
        (
            f"{scheme}-injection",
            f"{word} executes under TLS what came in clear",
            _INJECTION,
            {"keeps_buffer": True},
        )
        for scheme, word in _OTHERS.items()
    )
    halves = (
        (
            f"{scheme}-partial",
            f"{word} completes under TLS a line that began in clear",
            _INJECTION,
            {"keeps_partial": True},
        )
        for scheme, word in _OTHERS.items()
    )
    return (
        *whole,
        *halves,
        (
            "imap-joined",
            "IMAP executes under TLS what came in clear, and gives all answers in one piece",
            _INJECTION,
            {"keeps_buffer": True, "joins_answers": True},
        ),
        (
            "imap-runs-in-clear",
            "IMAP answers commands behind STARTTLS in clear",
            SEALED,
            {"runs_in_clear": True},
        ),
        ("imap-takes-for-tls", "IMAP takes octets behind STARTTLS for TLS", SEALED, {"takes_for_tls": True}),
        (
            "imap-refuses-pipelining",
            "IMAP refuses commands behind STARTTLS",
            SEALED,
            {"refuses_pipelining": True},
        ),
        (
            "pop3-user-kept",
            "POP3 takes PASS under TLS for a user named in clear",
            SEALED,
            {"user_in_clear": True, "keeps_user": True},
        ),
        ("pop3-user", "POP3 takes USER in clear, and forgets it under TLS", SEALED, {"user_in_clear": True}),
        (
            "imap-parameter",
            "IMAP takes STARTTLS with a parameter",
            minor("starttls/parameter-accepted"),
            {"takes_parameter": True},
        ),
        (
            "pop3-in-tls",
            "POP3 takes STLS inside TLS",
            broken("starttls/accepted-in-tls"),
            {"takes_again": True},
        ),
        (
            "imap-dead",
            "IMAP says nothing more once it has turned STARTTLS down",
            expect(State.EXPOSED, fails=("access/starttls-temporary",), warns=("starttls/no-recovery",)),
            {"starttls": "NO [UNAVAILABLE] Not for now", "after_refusal": Break.CLOSE},
        ),
    )
