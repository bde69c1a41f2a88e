"""TLSA: records matched a second, and what reading an answer costs. ``./run bench dane``.

    python -m benchmarks.dane

One core, no network. A chain seen for the first time has to be hashed, and under usage 2 its path proved with
its signatures checked, which is nearly all of that row; what comparing alone costs stands beside it. Figures
are to look at: nothing fails here.
"""

import statistics
import struct
import time
from collections.abc import Callable, Sequence

from tests.trust import pki

from waxseal.facts import Certificate, DnsAnswer, TlsaRecord
from waxseal.net.dns_message import Question, read_reply
from waxseal.net.dns_records import type_number
from waxseal.trust import chain, dane, reading, signature
from waxseal.trust.certificate import parse
from waxseal.wire.dns_rdata import encode_name, tlsa_records

CHAINS = 200
ROUNDS = 5
ANSWERS = 5000
HOST = "mx.example.org"

Chain = tuple[Certificate, ...]
Work = Sequence[tuple[Sequence[TlsaRecord], Chain]]


def row(what: str, measured: str, limit: str, ratio: float) -> None:
    print(f"{what:58} {measured:>14}   {limit:20} {ratio:6.2f}x")


def figure(found: float) -> tuple[str, str, float]:
    """A rate beside its target."""
    return f"{found:,.0f}/s", "target 50,000/s", found / 50_000


def chains() -> list[tuple[bytes, ...]]:
    """Distinct leaves below one intermediate and one root, as DER."""
    root = pki.issue("Root", pki.CA)
    inter = pki.issue("Inter", pki.CA, root)
    leaves = (
        pki.issue(f"mx{number}", pki.leaf_wish(HOST), inter, own=pki.key(str(number % 10)))
        for number in range(CHAINS)
    )
    return [(leaf.der, inter.der, root.der) for leaf in leaves]


def forget() -> None:
    """Drop everything that is remembered of certificates."""
    for cache in (
        dane._association,
        dane._key_of,
        dane._sound_paths,
        chain._verify,
        reading._decoded,
        signature.octets_fault,
    ):
        cache.cache_clear()


def rate(work: Work, *, fresh: bool) -> float:
    """Median records a second over the rounds."""
    rates = []
    for _ in range(ROUNDS):
        if fresh:
            forget()
        began = time.perf_counter()
        for records, shown in work:
            assert dane.verify(records, shown, (HOST,), pki.NOW).holds
        rates.append(sum(len(records) for records, _ in work) / (time.perf_counter() - began))
    return statistics.median(rates)


def matching() -> None:
    shown = [tuple(map(parse, each)) for each in chains()]
    stale = {3: TlsaRecord(3, 1, 1, bytes(32)), 2: TlsaRecord(2, 0, 1, bytes(32))}
    ee: Work = [((dane.record_for(each[0], 3, 1, 1), stale[3]), each) for each in shown]
    ta: Work = [((dane.record_for(each[1], 2, 0, 1), stale[2]), each) for each in shown]
    for name, work in (("3 1 1", ee), ("2 0 1", ta)):
        for what, fresh in (("seen for the first time", True), ("seen before", False)):
            found = rate(work, fresh=fresh)
            row(f"TLSA {name} matched, chain {what}", *figure(found))
    found = compared(shown)
    row(
        "TLSA 2 0 1 compared, chain new, no path to prove",
        f"{found:,.0f}/s",
        "target 50,000/s",
        found / 50_000,
    )


def compared(shown: Sequence[Chain]) -> float:
    """Records a second where none is of the chain, so that no path has to be proved."""
    records = [TlsaRecord(2, 0, 1, bytes([number]) * 32) for number in range(2)]
    rates = []
    for _ in range(ROUNDS):
        forget()
        began = time.perf_counter()
        for each in shown:
            assert not dane.verify(records, each, (HOST,), pki.NOW).holds
        rates.append(len(records) * len(shown) / (time.perf_counter() - began))
    return statistics.median(rates)


def answer_octets() -> tuple[bytes, Question]:
    """An answer of two TLSA records with their signature, as a validating resolver sends it."""
    name = encode_name(f"_25._tcp.{HOST}")
    assert name is not None
    question = Question(name, type_number("TLSA"))
    pointer = b"\xc0\x0c"
    rdata = [b"\x03\x01\x01" + bytes([number]) * 32 for number in range(2)]
    tlsa = [
        pointer + struct.pack("!HHIH", question.rdtype, 1, 3600, len(octets)) + octets for octets in rdata
    ]
    signer = encode_name("example.org")
    assert signer is not None
    fields = struct.pack("!HBBIIIH", question.rdtype, 13, 5, 3600, 1_800_000_000, 1_790_000_000, 12345)
    signed = fields + signer + bytes(64)
    rrsig = pointer + struct.pack("!HHIH", 46, 1, 3600, len(signed)) + signed
    header = struct.pack("!HHHHHH", 7, 0x81A0, 1, 3, 0, 1)
    opt = struct.pack("!BHHIH", 0, 41, 1232, 0x8000, 0)
    return header + question.octets + b"".join(tlsa) + rrsig + opt, question


def reading_answers() -> None:
    octets, question = answer_octets()

    def read() -> tuple[TlsaRecord, ...]:
        reply = read_reply(octets, question)
        answer = DnsAnswer(name=HOST, rdtype="TLSA", status=reply.status, rdata=reply.rdata)
        return tlsa_records(answer)

    assert len(read()) == 2
    found = microseconds(read)
    row(f"TLSA answer of 2 records read, {len(octets)} octets", f"{found:.1f} us", "target 30 us", found / 30)


def microseconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(ANSWERS):
            work()
        times.append((time.perf_counter() - began) / ANSWERS * 1e6)
    return statistics.median(times)


def main(arguments: list[str]) -> int:
    """Run and print every row; there are no options."""
    del arguments
    matching()
    reading_answers()
    return 0
