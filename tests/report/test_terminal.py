"""The terminal report: widths, words beside colours, nothing of a peer's that could steer the screen."""

import asyncio
import io
import re
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.console import Console

from tests.report.written import exempted, facts, report
from waxseal.api import Result, check
from waxseal.checks.registry import all_checks
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings
from waxseal.report.terminal import print_explanation, print_report
from waxseal.report.transcript import render_transcript

TARGETS = (
    "sound.test",
    "bücher.test",
    "expired.test",
    "one-bad-address.test",
    "greeting-554.test",
    "null-mx.test",
)


async def _check() -> Result:
    async with LabWorld() as world:
        settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8)
        return await check(*TARGETS, network=world.network(), settings=settings)


@pytest.fixture(scope="module")
def result() -> Result:
    return asyncio.run(_check())


def text_of(result: Result, number: int, width: int = 80, verbose: int = 0, *, color: bool = False) -> str:
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, color_system="truecolor" if color else None, markup=False
    )
    print_report(console, result.reports[number], result.facts, verbose=verbose)
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 50, 80, 120])
@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_no_line_is_wider_than_the_terminal(result: Result, width: int, verbose: int) -> None:
    for number in range(len(TARGETS)):
        for line in text_of(result, number, width, verbose).splitlines():
            assert cell_len(line) <= width, line
            assert line == line.rstrip()


def test_the_first_line_is_the_verdict(result: Result) -> None:
    first = [" ".join(text_of(result, n).split("\n\n")[0].split()) for n in range(len(TARGETS))]
    assert first[0] == (
        "SEALED Mail to sound.test travels sealed: all 4 addresses take TLS "
        "and the certificates prove the server."
    )
    assert first[1].startswith("SEALED Mail to bücher.test travels sealed: both addresses take TLS")
    assert (
        first[2] == "MEND Mail to expired.test is encrypted at both addresses, but a certificate has expired."
    )
    assert first[4].startswith("NOT SEEN Whether mail to greeting-554.test is sealed could not be seen")
    assert first[5] == "NO MAIL null-mx.test takes no mail, and says so with a null MX."


def test_colour_adds_nothing_to_the_words(result: Result) -> None:
    for number in range(len(TARGETS)):
        coloured = text_of(result, number, color=True)
        assert "\x1b[" in coloured
        plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
        squeezed: Callable[[str], list[str]] = str.split
        assert squeezed(plain) == squeezed(text_of(result, number))


def test_each_address_has_its_own_row(result: Result) -> None:
    text = text_of(result, 3)
    rows = [line for line in text.splitlines() if line.strip().startswith("[")]
    assert len(rows) == 4
    assert sum("expired" in row for row in rows) == 2


def test_few_columns_break_no_word_of_an_address(result: Result) -> None:
    lines = [line.strip() for line in text_of(result, 0, 40).splitlines()]
    at = lines.index("[192.0.2.1]:25")
    assert " ".join(lines[at + 1 : at + 3]).startswith("sealed: TLS 1.3, ECDSA, ")
    assert "opportunistic TLS" in lines


def test_detail_names_what_was_seen(result: Result) -> None:
    text = text_of(result, 0, verbose=1)
    for label in ("Reverse name:", "Greeting:", "EHLO:", "TLS:", "Certificate:", "Time:", "Sealing cost:"):
        assert label in text


def test_every_check_can_be_explained_in_forty_columns() -> None:
    for known in all_checks().values():
        out = io.StringIO()
        print_explanation(Console(file=out, width=40, markup=False), known)
        assert known.id in " ".join(out.getvalue().split()) or "\n" in out.getvalue()
        assert all(cell_len(line) <= 40 for line in out.getvalue().splitlines())


def test_the_transcript_shows_both_sides_and_the_boundary(result: Result) -> None:
    lines = list(render_transcript(result.facts, result.reports[0].root))
    said = [re.sub(r"^ *[0-9.]+ ", "", line) for line in lines]
    start = said.index("    C STARTTLS")
    assert said[start - 3 : start] != []
    assert any(line.startswith("    S 220 ") for line in said)
    assert "tls C EHLO probe.test" in said[start:]
    mains = [line for line in lines if line.startswith("--- ") and line.endswith("  dialogue")]
    assert len(mains) == len(result.reports[0].endpoints)


def test_what_is_exempt_at_several_addresses_is_told_once() -> None:
    whole = exempted(report("dane-mismatch.test"), "dane/mismatch", "moving, until 2027-01-31")
    out = io.StringIO()
    print_report(Console(file=out, width=100, markup=False), whole, facts())
    part = out.getvalue().partition("Exempted by the profile")[2].partition("\n\n")[0]
    assert part.count("dane/mismatch") == part.count("Exempt: moving, until 2027-01-31") == 1
    assert part.count(":25") == 2
