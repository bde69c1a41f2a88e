"""The server keeps an order of its own, and it puts weaker suites before stronger ones.

A client that offers both gets the weaker one, though both sides could do better. A server that follows the
client's order leaves the choice to the client, which is no fault where all its suites are sound. Anonymous
suites are left to tls/suite-anonymous. Counted as strongest are suites with forward secrecy and an AEAD
cipher (GCM, ChaCha20), then those with forward secrecy and CBC, then those without forward secrecy, then the
broken ones.
"""

from collections.abc import Iterator
from typing import Final

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
from waxseal.checks.tls import _samples
from waxseal.checks.tls._offer import FULL, fits, spoken
from waxseal.facts import SuiteList, TlsSpending, TlsSuites
from waxseal.wire.tls_suite_properties import suite_properties
from waxseal.wire.tls_suites import suite_name

_SURE_PLACES: Final = {"full": None, "standard": 4, "grade": 1}
"""How many of the first suites of a list are known to be preferred to all behind them, by depth."""


@check(
    title="Weaker suites come before stronger ones",
    level=Level.MUST,
    scope=Scope.PORT,
    cites=("RFC 9325 §4.2.1",),
    remedy=Remedy(
        general="Put suites with ECDHE and GCM or ChaCha20 first in the server's order.",
        postfix="tls_preempt_cipherlist = no",
        exim="tls_require_ciphers = ECDHE+AESGCM:ECDHE+CHACHA20:HIGH:!aNULL (OpenSSL)",
        dovecot="ssl_cipher_list = ECDHE+AESGCM:ECDHE+CHACHA20; ssl_prefer_server_ciphers = yes",
    ),
    rows=("C9",),
)
def judge(suites: TlsSuites, spending: TlsSpending | None) -> Judgement:
    """Judge the order of the suites in each version."""
    lists = [found for found in suites.lists if len(_ranks(found.accepted)) > 1]
    if not lists:
        return not_applicable("in each version all suites seen are about as strong as one another")
    depth = "grade" if spending is None else spending.depth
    sure = _SURE_PLACES.get(depth, 1)
    for found in lists:
        if found.order != "server":
            continue
        for place, suite in enumerate(found.accepted[:sure]):
            better = next((s for s in found.accepted[place + 1 :] if _rank(s) > _rank(suite)), None)
            if better is not None and _named(suite):
                line = f"{spoken(found.version)}: {suite_name(suite)} before {suite_name(better)}"
                return warn("The server prefers a weaker suite to a stronger one", line)
    if any(not found.order for found in lists):
        return unreached("whose order of suites decides was not seen", advice=FULL)
    whose = {
        "server": "the server's own order puts stronger suites first",
        "client": "the client's order decides",
    }
    return passed("; ".join(f"{spoken(f.version)}: {whose[f.order]}" for f in lists))


def _ranks(accepted: tuple[int, ...]) -> set[int]:
    return {_rank(suite) for suite in accepted if _named(suite)}


def _named(suite: int) -> bool:
    """Whether a suite is known, and shows a certificate."""
    return fits(suite, lambda found: found.authentication != "anon")


def _rank(suite: int) -> int:
    """How strong a suite is, 0 for a broken one to 3."""
    found = suite_properties(suite)
    if (
        found is None
        or found.key_bits < 112
        or found.cipher.startswith("RC4")
        or found.authentication == "anon"
    ):
        return 0
    if not found.forward_secret or found.block_bits == 64:
        return 1
    return 3 if found.mode == "AEAD" else 2


def examples() -> Iterator[Example]:
    """The smallest facts for each answer."""

    def ordered(order: str, *accepted: int) -> TlsSuites:
        return TlsSuites(lists=(SuiteList("TLSv1.2", accepted, order=order),))

    yield Example("weaker first", Verdict.WARN, (ordered("server", _samples.STATIC, _samples.GCM),))
    yield Example("stronger first", Verdict.PASS, (ordered("server", _samples.GCM, _samples.STATIC),))
    yield Example("the client's", Verdict.PASS, (ordered("client", _samples.STATIC, _samples.GCM),))
    yield Example("not seen", Verdict.INCONCLUSIVE, (ordered("", _samples.GCM, _samples.STATIC),))
    yield Example("all alike", Verdict.NOT_APPLICABLE, (ordered("server", _samples.GCM),))
