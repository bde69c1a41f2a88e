"""Reports of IMAP, POP3, ManageSieve and LMTP servers: words that fit what is spoken, trials on request."""

import asyncio
import io

import pytest
from msgspec import structs
from rich.console import Console

from waxseal.api import Result, check
from waxseal.lab.common_behaviour import ACCOUNT
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import Account, ProbeSettings
from waxseal.report.terminal import print_report
from waxseal.report.transcript import render_transcript

TARGETS = {
    "sound": "imap://imap-account.trials.test",
    "garbage": "imap://imap-garbage.access.test",
    "sieve": "sieve://sieve-plain.auth.test",
    "injection": "pop3://pop3-partial.flaws.test",
    "lmtp": "lmtp://lmtp-refuses-in-tls.access.test",
}


async def _check() -> Result:
    async with LabWorld() as world:
        settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8, parallel=32, families=(4,))
        settings = structs.replace(settings, account=Account(*ACCOUNT))
        return await check(*TARGETS.values(), network=world.network(), settings=settings)


@pytest.fixture(scope="module")
def result() -> Result:
    return asyncio.run(_check())


def text_of(result: Result, name: str, verbose: int = 0) -> str:
    out = io.StringIO()
    report = result.reports[list(TARGETS).index(name)]
    print_report(Console(file=out, width=80, markup=False), report, result.facts, verbose=verbose)
    return out.getvalue()


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "sound",
            "SEALED Mail fetched from imap-account.trials.test travels sealed: its one address takes TLS",
        ),
        (
            "garbage",
            "NO SERVICE Mail cannot be fetched from imap-garbage.access.test: the greeting is not of",
        ),
        ("sieve", "MEND What goes to and from sieve-plain.auth.test is encrypted at its one address, but"),
        ("lmtp", "MEND Mail handed to lmtp-refuses-in-tls.access.test is encrypted at its one address"),
    ],
)
def test_the_sentence_fits_what_is_spoken(result: Result, name: str, sentence: str) -> None:
    assert squeezed(text_of(result, name)).startswith(sentence)


@pytest.mark.parametrize("name", ["sound", "garbage", "sieve", "injection"])
@pytest.mark.parametrize("verbose", [0, 1])
def test_no_word_of_smtp_stands_in_the_others_reports(result: Result, name: str, verbose: int) -> None:
    text = text_of(result, name, verbose).replace("smtp/starttls-elsewhere", "")
    for word in ("EHLO", "Postfix", "Exim", "smtpd_", "ReceiveConnector", "MX "):
        assert word not in text.replace("the answer to EHLO was not recorded", "")


def test_lmtp_says_lhlo(result: Result) -> None:
    assert "The server answers LHLO under TLS with 550" in squeezed(text_of(result, "lmtp"))


def test_the_proof_of_an_injection_can_be_read(result: Result) -> None:
    text = squeezed(text_of(result, "injection"))
    assert "sent in clear: STLS\\x0d\\x0aUS" in text
    assert "cut in two by the handshake: ER " in text
    assert "control: said under TLS, USER " in text


def test_the_footer_tells_what_injection_adds(result: Result) -> None:
    report = result.reports[list(TARGETS).index("injection")]
    assert 0 < report.injection_connections < report.connections
    assert f"({report.injection_connections} of them to try injection)" in squeezed(
        text_of(result, "injection")
    )


def test_logins_stand_side_by_side(result: Result) -> None:
    lines = [line.strip() for line in text_of(result, "sound", 1).splitlines()]
    at = lines.index("Logins in clear: none (LOGINDISABLED)")
    assert lines[at + 1] == "Logins in TLS: PLAIN, the command LOGIN"
    assert "Logins in clear: PLAIN" in text_of(result, "sieve", 1)
    assert "Logins in TLS: PLAIN, the command USER" in text_of(result, "injection", 1)


def test_what_was_asked_for_is_told_though_it_is_in_order(result: Result) -> None:
    text = squeezed(text_of(result, "sound"))
    assert "Tried on request, and in order • the account logged in with PLAIN" in text
    assert "EXAMINE INBOX: OK" in text
    assert ACCOUNT[1] not in text_of(result, "sound", 2)
    assert "Tried on request" not in text_of(result, "sieve")


def test_a_transcript_ends_in_the_protocols_words(result: Result) -> None:
    lines = list(render_transcript(result.facts, result.reports[0].root))
    assert "    ended: completed at LOGOUT" in lines
    assert not any("QUIT" in line for line in lines)
