"""Lab domains with one fault in the SMTP dialogue: keywords, STARTTLS, the form of replies."""

from typing import Any

from waxseal.facts import Stage
from waxseal.grading.seal import State
from waxseal.lab.behaviour import KEYWORDS, reply
from waxseal.lab.domains.table import (
    AddressPlan,
    Expected,
    LabDomain,
    broken,
    expect,
    exposed,
    mail_domain,
    minor,
    undeliverable,
    warns,
)

_PLAIN = tuple(keyword for keyword in KEYWORDS if keyword != "STARTTLS")
_MASKED = ("SIZE 52428800", "8BITMIME", "XXXXXXXA", "XXXB")


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(1, first=40)
    rows = (*_greetings(), *_keywords(), *_starttls(), *_under_tls(), *_replies())
    return tuple(
        mail_domain(name, title, plan, expected, **changes) for name, title, expected, changes in rows
    )


_Row = tuple[str, str, Expected, dict[str, Any]]


def _greetings() -> tuple[_Row, ...]:
    return (
        (
            "garbage-greeting.test",
            "another service answers on port 25",
            undeliverable("smtp/greeting-malformed"),
            {"greeting": b"SSH-2.0-OpenSSH_9.6\r\n"},
        ),
        (
            "greeting-localhost.test",
            "greets with the name localhost",
            warns("smtp/greeting-host-name"),
            {"greeting": b"220 localhost ESMTP\r\n"},
        ),
        (
            "greeting-other-name.test",
            "greets with a name that is not its own",
            minor("smtp/greeting-name-unconfirmed"),
            {"greeting": b"220 mx1.sound.test ESMTP\r\n"},
        ),
        (
            "greeting-masked.test",
            "a firewall overwrites the greeting",
            warns("smtp/greeting-masked"),
            {"greeting": b"220 **************************\r\n"},
        ),
    )


def _keywords() -> tuple[_Row, ...]:
    return (
        ("no-starttls.test", "offers no STARTTLS", exposed("smtp/starttls-missing"), {"keywords": _PLAIN}),
        (
            "starttls-masked.test",
            "a firewall overwrites the offer of STARTTLS",
            exposed("smtp/starttls-masked"),
            {"keywords": _MASKED, "starttls": reply(500, "5.5.1 Command unrecognized")},
        ),
        (
            "ehlo-502.test",
            "knows HELO only",
            exposed("smtp/ehlo-rejected"),
            {"ehlo": reply(502, "5.5.1 Command not implemented"), "keywords": _PLAIN},
        ),
        (
            "ehlo-localhost.test",
            "answers EHLO with the name localhost",
            warns("smtp/ehlo-host-name"),
            {
                "ehlo": reply(250, "localhost", *KEYWORDS),
                "ehlo_tls": reply(250, "localhost", *_PLAIN),
            },
        ),
        (
            "requiretls-in-clear.test",
            "offers REQUIRETLS in clear",
            minor("smtp/requiretls-in-clear"),
            {"keywords": (*KEYWORDS, "REQUIRETLS")},
        ),
        (
            "auth-in-clear.test",
            "takes passwords in clear",
            broken("auth/offered-in-clear"),
            {"keywords": (*KEYWORDS, "AUTH PLAIN LOGIN")},
        ),
    )


def _starttls() -> tuple[_Row, ...]:
    return (
        (
            "starttls-454.test",
            "TLS is not available for now",
            exposed("smtp/starttls-temporary"),
            {"starttls": reply(454, "4.7.0 TLS not available due to a temporary reason")},
        ),
        (
            "starttls-refused.test",
            "offers STARTTLS and refuses it",
            exposed("smtp/starttls-refused"),
            {"starttls": reply(502, "5.5.1 Command not implemented")},
        ),
        (
            "starttls-extra.test",
            "octets in clear come behind the reply to STARTTLS",
            broken("smtp/starttls-extra-octets"),
            {"starttls": reply(220, "2.0.0 Ready to start TLS") + b"250 2.0.0 early\r\n"},
        ),
        (
            "starttls-slow.test",
            "begins TLS after four seconds",
            minor("smtp/starttls-cost"),
            {"delays": {Stage.STARTTLS: 4.0}},
        ),
    )


def _under_tls() -> tuple[_Row, ...]:
    return (
        (
            "starttls-again.test",
            "offers STARTTLS under TLS again",
            broken("smtp/starttls-offered-in-tls"),
            {"keywords_tls": KEYWORDS},
        ),
        (
            "keywords-lost.test",
            "lists less under TLS than in clear",
            minor("smtp/keywords-lost-in-tls"),
            {"keywords_tls": ("ENHANCEDSTATUSCODES",)},
        ),
        (
            "ehlo-tls-refused.test",
            "refuses EHLO under TLS",
            broken("smtp/ehlo-in-tls-failed"),
            {"ehlo_tls": reply(550, "5.7.1 Access denied"), "helo": reply(550, "5.7.1 Access denied")},
        ),
        ("no-farewell.test", "hangs up at QUIT", warns("smtp/quit-unanswered"), {"quit": b""}),
    )


def _replies() -> tuple[_Row, ...]:
    return (
        (
            "early-talker.test",
            "talks out of turn",
            broken("smtp/early-reply"),
            {"greeting": b"220 mx.early-talker.test ESMTP\r\n250 mx.early-talker.test\r\n"},
        ),
        (
            "bare-lf.test",
            "ends lines with a bare LF",
            broken("smtp/reply-bare-lf"),
            {"greeting": b"220 mx.bare-lf.test ESMTP\n"},
        ),
        (
            "long-line.test",
            "sends a line of 600 octets",
            warns("smtp/reply-line-too-long"),
            {"greeting": b"220 mx.long-line.test ESMTP " + b"x" * 600 + b"\r\n"},
        ),
        (
            "mixed-codes.test",
            "one reply with two codes",
            broken("smtp/reply-codes-mixed"),
            {"quit": b"250-2.0.0 Bye\r\n221 2.0.0 Bye\r\n"},
        ),
        (
            "nul.test",
            "a NUL in a reply",
            broken("smtp/reply-octets"),
            {"quit": b"221 2.0.0 B\x00ye\r\n"},
        ),
        (
            "oversized.test",
            "a greeting without end",
            expect(State.UNKNOWN, fails=("smtp/reply-oversized",)),
            {"greeting": b"220-mx.oversized.test ESMTP\r\n" * 4000 + b"220 mx.oversized.test ESMTP\r\n"},
        ),
        (
            "odd-code.test",
            "a reply code that does not exist",
            broken("smtp/reply-code-unknown"),
            {"quit": b"299 2.0.0 Bye\r\n"},
        ),
        (
            "enhanced-code.test",
            "an enhanced status code that contradicts its reply",
            warns("smtp/enhanced-code-mismatch"),
            {"quit": b"221 5.0.0 Bye\r\n"},
        ),
    )
