"""What sealing costs in time: STARTTLS, the handshake and the second EHLO, against the bare round trip.

Sealing a connection takes about four round trips and some computing, a fraction of a second. Much more
than that means that the server is slow inside TLS: a huge RSA key, a starved random generator, a slow key
store or a look-up in the middle of it. Each sealed delivery pays it. The figure is always shown; it is a
warning only where more than two seconds cannot be explained by the distance.
"""

from collections.abc import Iterator

from waxseal.checks import samples
from waxseal.checks.api import (
    Example,
    Judgement,
    Level,
    Remedy,
    Scope,
    Verdict,
    check,
    not_applicable,
    passed,
    unreached,
    warn,
)
from waxseal.facts import Endpoint, Handshake, Timing, TlsMode

ROUND_TRIPS = 6
SLOW_S = 2.0


@check(
    title="STARTTLS is slow",
    level=Level.ADVICE,
    scope=Scope.PORT,
    cites=("RFC 3207 §4",),
    remedy=Remedy(
        general="See what the server waits for within TLS: use an ECDSA key or RSA with 2048 to 3072 bits, "
        "and keep look-ups and filters out of the handshake.",
        postfix="smtpd_tls_chain_files with an ECDSA key; see that tlsmgr and the milters answer at once",
        exim="see acl_smtp_starttls and acl_smtp_helo for look-ups",
    ),
    rows=("P5", "B2"),
)
def judge(endpoint: Endpoint, handshake: Handshake, timing: Timing) -> Judgement:
    """Judge the time between the STARTTLS command and the EHLO answer under TLS."""
    if endpoint.mode is TlsMode.IMPLICIT:
        return not_applicable("TLS begins with the first octet here, there is no STARTTLS")
    extra = timing.starttls_extra_s
    if extra is None:
        return unreached(
            "the conversation under TLS was not timed to its end",
            advice="see the finding that names the cause, and test again",
        )
    trips = timing.round_trips_extra
    cost = f"{extra * 1000:.0f} ms" + (f", {trips:.1f} round trips" if trips is not None else "")
    stages = (
        ("STARTTLS", timing.starttls_s),
        ("handshake", handshake.elapsed_s),
        ("first command under TLS", timing.ehlo_tls_s),
    )
    split = ", ".join(f"{name} {spent * 1000:.0f} ms" for name, spent in stages if spent is not None)
    if extra > SLOW_S + ROUND_TRIPS * (timing.connect_s or 0.0):
        return warn(f"Sealing the connection takes {cost}, far more than the distance explains", split)
    return passed(f"sealing the connection takes {cost}", split)


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""
    start, hello = samples.endpoint(), samples.handshake()
    quick = Timing(
        connect_s=0.02, starttls_s=0.02, ehlo_tls_s=0.02, starttls_extra_s=0.1, round_trips_extra=5.0
    )
    yield Example("five round trips", Verdict.PASS, (start, hello, quick))
    slow = Timing(connect_s=0.02, starttls_s=4.0, starttls_extra_s=4.2, round_trips_extra=210.0)
    yield Example("four seconds", Verdict.WARN, (start, hello, slow))
    yield Example("far away", Verdict.PASS, (start, hello, Timing(connect_s=0.6, starttls_extra_s=3.1)))
    yield Example("not timed", Verdict.INCONCLUSIVE, (start, hello, Timing(connect_s=0.02)))
    implicit = samples.endpoint(TlsMode.IMPLICIT)
    yield Example("implicit TLS", Verdict.NOT_APPLICABLE, (implicit, hello, quick))
