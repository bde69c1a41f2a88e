"""The DKIM keys that the checks of this folder judge, and how strong a key is."""

from collections.abc import Callable

from waxseal.checks.api import Around, Bundle, Judgement, Verdict, not_applicable, unreached
from waxseal.checks.dns._lookup import ANSWERED, TRY_AGAIN, bounded, shown
from waxseal.facts import DkimKey
from waxseal.trust import der
from waxseal.trust.keys import read_key
from waxseal.wire.dkim import DkimKeyRecord, KeyReading, read_keys
from waxseal.wire.dns_rdata import txt_records

_WORST = (Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.NOT_APPLICABLE)
MAX_LINES = 12


class DkimKeys(Bundle, frozen=True):
    """Every key that was asked for."""

    keys: Around[DkimKey]

    def worst(self, judge: Callable[[DkimKey], Judgement]) -> Judgement:
        """The worst answer over all keys, with the evidence of every key that has it."""
        found = [judge(key) for key in self.keys]
        verdict = min((judgement.verdict for judgement in found), key=_WORST.index)
        those = [judgement for judgement in found if judgement.verdict is verdict]
        evidence = tuple(dict.fromkeys(line for judgement in those for line in judgement.evidence))
        first = those[0]
        return Judgement(verdict, first.summary, evidence[:MAX_LINES], first.advice, first.follows)

    def worst_record(self, judge: Callable[[DkimKey, DkimKeyRecord], Judgement]) -> Judgement:
        """The worst answer over those keys that have one record; the others are reported elsewhere."""
        return self.worst(lambda key: _unless_one(key) or judge(key, read(key).records[0]))


def read(key: DkimKey) -> KeyReading:
    """The records at the name of a key."""
    return read_keys(txt_records(key.answer))


def named(key: DkimKey, text: str) -> str:
    """One line of evidence about a key."""
    return bounded(f"{key.answer.name}: {text}")


def unless_answered(key: DkimKey) -> Judgement | None:
    """The answer where the look-up of a key failed, which dkim/lookup-failed reports; else None."""
    if key.answer.status in ANSWERED:
        return None
    return unreached(
        f"the look-up of the key ended {key.answer.status.value}; see dkim/lookup-failed",
        shown(key.answer),
        advice=TRY_AGAIN,
    )


def _unless_one(key: DkimKey) -> Judgement | None:
    if unanswered := unless_answered(key):
        return unanswered
    records = read(key).records
    if not records:
        return not_applicable("there is no key; see dkim/key-missing")
    if len(records) > 1:
        return not_applicable("there are several keys at one name; see dkim/key-malformed")
    return None


def rsa_bits(record: DkimKeyRecord) -> int | None:
    """Size of an RSA key's modulus in bits; None where it is no readable RSA key.

    The standard speaks of an RSAPublicKey (RFC 6376 §3.6.1), its own example and all signers of a
    SubjectPublicKeyInfo (RFC 5280 §4.1.2.7); verifiers take both, and so does this.
    """
    if record.key_type != "rsa" or not record.key:
        return None
    try:
        key = read_key(record.key)
    except der.DerError:
        return _bare_bits(record.key)
    return key.bits if key.kind == "rsa" else None


def _bare_bits(encoded: bytes) -> int | None:
    try:
        numbers = der.elements(der.sole(encoded, der.SEQUENCE))
        if len(numbers) != 2:
            return None
        return der.integer(der.expect(numbers[0], der.INTEGER)).bit_length()
    except der.DerError:
        return None
