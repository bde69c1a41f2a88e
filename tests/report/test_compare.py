"""The sentences of a comparison, its headline, and that no terminal obeys what a server said."""

import io
import json
import re

import pytest
from rich.console import Console

from waxseal.checks import samples
from waxseal.facts import Scope
from waxseal.grading.compare_model import Comparison, Difference, Kind, Side, Unseen, Vantage
from waxseal.grading.severity import Severity
from waxseal.report.compare import print_comparison, render_json, sentence, weighty

PLACE = samples.SUBJECT.up_to(Scope.PORT)
HOME, CAFE = Vantage("home", samples.NOW), Vantage("cafe {a}", samples.NOW, via="command:ssh")


def comparison(*differences: Difference, unseen: tuple[Unseen, ...] = ()) -> Comparison:
    return Comparison((PLACE,), differences, unseen, ())


def printed(found: Comparison, width: int = 80) -> str:
    file = io.StringIO()
    print_comparison(Console(file=file, width=width, markup=False, emoji=False), found, HOME, CAFE)
    return file.getvalue()


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_sentence_in_the_names_of_the_sides(kind: Kind) -> None:
    one = Difference(kind, Severity.LOW, PLACE, "x", "y", Side.B)
    told = sentence(one, HOME, CAFE)
    assert told[0].isupper() or told.startswith("home")
    assert "{" not in told.replace("cafe {a}", "")
    assert sentence(one.swapped(), CAFE, HOME).count("home") == told.count("home")


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (comparison(), "THE SAME"),
        (comparison(Difference(Kind.SUITE, Severity.LOW, PLACE, "x", "y")), "ALIKE"),
        (comparison(Difference(Kind.REACH, Severity.HIGH, PLACE, "x", "y", Side.A)), "DIFFERENT"),
        (comparison(unseen=(Unseen(Side.B, PLACE, "TLS", "the time limit is spent"),)), "ALIKE"),
        (Comparison((), (), (), ()), "NOT SEEN"),
    ],
)
def test_headline(found: Comparison, word: str) -> None:
    assert printed(found).startswith(f" {word} ")
    assert weighty(found) is (word == "DIFFERENT")


def test_unseen_is_told_apart() -> None:
    text = printed(comparison(unseen=(Unseen(Side.B, PLACE, "TLS", "the time limit is spent"),)))
    assert "What differs" not in text
    assert "• cafe {a} did not see TLS: the time limit is spent" in text


def test_strangers_text_is_harmless_and_lines_fit() -> None:
    evil = Difference(Kind.BANNER, Severity.LOW, PLACE, "\x1b[2J" + "w" * 300, "[bold]x[/bold]")
    for width in (40, 80, 120):
        text = printed(comparison(evil), width)
        assert "\x1b" not in text
        assert "[bold]x[/bold]" in text
        assert max(map(len, text.splitlines())) <= width
    document = json.loads(render_json(comparison(evil), HOME, CAFE))
    assert document["differences"][0]["a"].startswith("\x1b[2J")


def test_the_same_difference_at_two_places_is_told_once() -> None:
    other = PLACE.__class__(domain="example.org", host="mx2.example.org", address="192.0.2.26", port=25)
    both = [
        Difference(Kind.STARTTLS, Severity.CRITICAL, p, "STARTTLS", "SIZE", Side.B) for p in (PLACE, other)
    ]
    text = " ".join(printed(comparison(*both)).split())
    assert len(re.findall("STARTTLS is offered", text)) == 1
    assert "mx.example.org [192.0.2.25]:25; mx2.example.org [192.0.2.26]:25" in text
