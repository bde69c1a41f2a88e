"""waxseal's own facts as a `Seen`, so that they stand beside what the peers say."""

from pathlib import Path

from benchmarks.tls.seen import ANY, VERSIONS, Seen, group, scheme, suite

from waxseal.errors import UsageError
from waxseal.facts import Cause
from waxseal.facts.stored import load
from waxseal.facts.tls import CertificateChain
from waxseal.facts.tls_behaviour import (
    EarlyChangeCipherSpec,
    FallbackAnswer,
    HeartbeatAnswer,
    Renegotiation,
    RsaOracle,
    TlsSessions,
)
from waxseal.facts.tls_offer import (
    Ssl2Answer,
    TlsGroups,
    TlsKeyExchanges,
    TlsSchemes,
    TlsSpending,
    TlsSuites,
    TlsVersions,
)

EXTENDED_MAIN_SECRET = 23
RENEGOTIATION_INFO = 0xFF01
INAPPROPRIATE_FALLBACK = 86


def read_waxseal(folder: Path) -> Seen:
    """``--save waxseal.jsonl``: what the facts say, without any judgement."""
    path = folder / "waxseal.jsonl"
    try:
        facts = load(path.read_bytes().splitlines())
    except (OSError, UsageError) as error:
        return Seen(wrong=(str(error),))
    seen = Seen()
    for record in facts:
        _read(seen, record.fact)
    if not any(question.startswith("suites") for question in seen.sets):
        seen.wrong = (*seen.wrong, "no facts about suites")
    return seen


def _read(seen: Seen, fact: object) -> None:
    match fact:
        case TlsVersions():
            _read_versions(seen, fact)
        case TlsSuites():
            for found in fact.lists:
                seen.add(f"suites {found.version}", [suite(number) for number in found.accepted])
                seen.tell(f"order {found.version}", found.order or None)
        case TlsGroups():
            for one in fact.lists:
                seen.add(f"groups {one.version}", [group(number) for number in one.accepted])
                seen.add(f"groups {ANY}", [group(number) for number in one.accepted])
        case TlsSchemes():
            for one in fact.lists:
                seen.add(f"schemes {one.version}", [scheme(number) for number in one.accepted])
        case TlsKeyExchanges():
            primes = [found.prime for found in fact.parameters if found.prime]
            seen.add("DH bits", [str(int.from_bytes(prime, "big").bit_length()) for prime in primes])
        case CertificateChain():
            seen.add("certificates", [fact.certificates[0].key_type])
        case TlsSpending():
            seen.wrong = (*seen.wrong, *(f"not asked: {what}" for what in fact.not_asked))
        case _:
            _read_behaviour(seen, fact)


def _read_versions(seen: Seen, fact: TlsVersions) -> None:
    for answer in fact.answers:
        seen.tell(f"version {answer.version}", answer.accepted)
        if answer.accepted is False:
            seen.add(f"suites {answer.version}")
    old = [found for found in fact.answers if found.accepted and found.version in VERSIONS[1:5]]
    if old:
        seen.tell("compression", any(found.compression for found in old))
        seen.tell("secure renegotiation", all(RENEGOTIATION_INFO in found.extensions for found in old))
        newest = next((found for found in old if found.version == "TLSv1.2"), old[-1])
        seen.tell("extended main secret", EXTENDED_MAIN_SECRET in newest.extensions)


def _read_behaviour(seen: Seen, fact: object) -> None:
    match fact:
        case Ssl2Answer():
            seen.tell("version SSLv2", fact.answered)
        case FallbackAnswer():
            refused = fact.reaction.alert == INAPPROPRIATE_FALLBACK
            undecided = not refused and fact.reaction.cause is not Cause.COMPLETED
            seen.tell("fallback SCSV", None if undecided else refused)
        case HeartbeatAnswer():
            without = fact.without_padding
            seen.tell("heartbleed", without is not None and without.cause is Cause.COMPLETED)
        case EarlyChangeCipherSpec():
            seen.tell("CCS injection", fact.first.cause is Cause.TIMED_OUT)
        case Renegotiation():
            seen.tell("client renegotiation", fact.completed > 0 if fact.attempted else None)
        case TlsSessions():
            for found in fact.resumptions:
                question = {"session-id": "resumption by id", "ticket": "resumption by ticket"}.get(
                    found.means
                )
                if question:
                    seen.tell(question, found.resumed if found.given else found.given)
            seen.tell("early data", bool(fact.early_data_octets))
        case RsaOracle():
            replies = {str(found.replies) for found in fact.answers}
            seen.tell("ROBOT", None if len(replies) != 1 else False)
        case _:
            pass
