"""Lab domains that cannot be reached, or that do not want us: none of them says anything about STARTTLS."""

from typing import Any

from waxseal.facts import Stage
from waxseal.grading.seal import State
from waxseal.lab.behaviour import Behaviour, Break, reply
from waxseal.lab.domains.table import (
    SEALED,
    AddressPlan,
    Expected,
    LabDomain,
    LabServer,
    broken,
    expect,
    exposed,
    mail_domain,
    minor,
    mx,
    undeliverable,
    unknown,
)
from waxseal.lab.zone import host_records
from waxseal.net.dial import REFUSED, SILENT, UNREACHABLE


def domains() -> tuple[LabDomain, ...]:
    """The table."""
    plan = AddressPlan(3)
    return (*_unreached(plan), _broken_ipv6(plan), *_refusals(plan), *_slow(plan), *_silences(plan))


def _unreached(plan: AddressPlan) -> tuple[LabDomain, ...]:
    return (
        _no_server(
            "refused.test",
            "the connection is refused",
            plan,
            REFUSED,
            undeliverable("reach/connection-refused"),
        ),
        _no_server(
            "silent.test",
            "the connection is never answered",
            plan,
            SILENT,
            unknown("reach/connection-timed-out"),
            in_company=undeliverable("reach/connection-timed-out"),
            slow=True,
        ),
        _no_server(
            "unreachable.test",
            "no route leads to it",
            plan,
            UNREACHABLE,
            undeliverable("reach/connection-unreachable"),
        ),
    )


def _no_server(
    name: str, title: str, plan: AddressPlan, word: str, expected: Expected, **more: Any
) -> LabDomain:
    host = f"mx.{name}"
    addresses = plan.pair()
    return LabDomain(
        name=name,
        title=title,
        expected=expected,
        records=(*mx(name, host), *host_records(host, *addresses)),
        servers=(LabServer(addresses=addresses, behaviour=word),),
        **more,
    )


def _broken_ipv6(plan: AddressPlan) -> LabDomain:
    name = "ipv6-broken.test"
    host = f"mx.{name}"
    v4, v6 = plan.pair()
    return LabDomain(
        name=name,
        title="its IPv6 address cannot be reached",
        expected=expect(State.PARTLY_UNKNOWN, fails=("reach/ipv6-unreachable",)),
        records=(*mx(name, host), *host_records(host, v4, v6)),
        servers=(
            LabServer(addresses=(v4,), behaviour=Behaviour(host=host)),
            LabServer(addresses=(v6,), behaviour=UNREACHABLE),
        ),
    )


def _refusals(plan: AddressPlan) -> tuple[LabDomain, ...]:
    return (
        mail_domain(
            "greeting-554.test",
            "refuses us at the greeting",
            plan,
            unknown("smtp/greeting-refused"),
            greeting=reply(554, "5.7.1 mx.greeting-554.test Your address is on a block list"),
        ),
        mail_domain(
            "greeting-521.test",
            "says that it never takes mail",
            plan,
            undeliverable("smtp/greeting-refused"),
            greeting=reply(521, "mx.greeting-521.test does not accept mail"),
        ),
        mail_domain(
            "greeting-421.test",
            "is too busy at the greeting",
            plan,
            unknown("smtp/greeting-temporary"),
            greeting=reply(421, "mx.greeting-421.test Too busy, try again later"),
        ),
        mail_domain(
            "greylisted-450.test",
            "puts unknown clients off at the greeting",
            plan,
            unknown("smtp/greeting-temporary"),
            greeting=reply(450, "4.7.1 Greylisted, try again in five minutes"),
        ),
        mail_domain(
            "ehlo-421.test",
            "is too busy at EHLO",
            plan,
            unknown("smtp/ehlo-temporary"),
            ehlo=reply(421, "mx.ehlo-421.test Too many connections"),
        ),
        mail_domain(
            "closes-at-once.test",
            "closes the connection without a greeting",
            plan,
            unknown("smtp/greeting-closed"),
            breaks={Stage.GREETING: Break.CLOSE},
        ),
        mail_domain(
            "resets.test",
            "breaks the connection off without a greeting",
            plan,
            unknown("smtp/greeting-closed"),
            breaks={Stage.GREETING: Break.RESET},
        ),
    )


def _slow(plan: AddressPlan) -> tuple[LabDomain, ...]:
    return (
        mail_domain(
            "tarpit.test",
            "greets after six seconds",
            plan,
            minor("smtp/greeting-slow"),
            delays={Stage.GREETING: 6.0},
        ),
        mail_domain(
            "pregreet.test",
            "tests with half a greeting whether clients wait for their turn",
            plan,
            SEALED,
            teaser=b"220-mx.pregreet.test ESMTP\r\n",
        ),
    )


def _silences(plan: AddressPlan) -> tuple[LabDomain, ...]:
    stalled = (
        (
            "stalls-at-greeting.test",
            "the greeting never comes",
            Stage.GREETING,
            unknown("smtp/greeting-missing"),
        ),
        ("stalls-at-ehlo.test", "EHLO is never answered", Stage.EHLO, unknown("smtp/dialogue-stalled")),
        (
            "stalls-at-starttls.test",
            "STARTTLS is never answered",
            Stage.STARTTLS,
            exposed("smtp/dialogue-stalled"),
        ),
        (
            "stalls-at-handshake.test",
            "the TLS handshake hangs",
            Stage.HANDSHAKE,
            exposed("tls/handshake-stalled"),
        ),
        (
            "stalls-at-ehlo-tls.test",
            "EHLO under TLS is never answered",
            Stage.EHLO_TLS,
            broken("smtp/dialogue-stalled"),
        ),
    )
    cut = exposed("smtp/dialogue-cut")
    cuts = (
        ("cuts-at-ehlo.test", "hangs up at EHLO", Stage.EHLO, Break.CLOSE, unknown("smtp/dialogue-cut")),
        ("cuts-at-starttls.test", "hangs up at STARTTLS", Stage.STARTTLS, Break.CLOSE, cut),
        ("resets-at-starttls.test", "breaks off at STARTTLS", Stage.STARTTLS, Break.RESET, cut),
        (
            "cuts-at-ehlo-tls.test",
            "hangs up at EHLO under TLS",
            Stage.EHLO_TLS,
            Break.CLOSE,
            broken("smtp/dialogue-cut"),
        ),
    )
    return (
        *(
            mail_domain(name, title, plan, expected, breaks={stage: Break.STALL}, slow=True)
            for name, title, stage, expected in stalled
        ),
        *(
            mail_domain(name, title, plan, expected, breaks={stage: how})
            for name, title, stage, how, expected in cuts
        ),
    )
