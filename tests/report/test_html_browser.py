"""The HTML report in a real browser: accessible, no wider than a telephone, nothing asked of the network."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request

from tests.report.browser import axe, chromium
from waxseal.api import Result, check
from waxseal.lab.world import LabWorld
from waxseal.probes.settings import ProbeSettings
from waxseal.report.html import render_html

TARGETS = (
    "sound.test",
    "dane-mismatch.test",
    "no-starttls.test",
    "missing-intermediate.test",
    "greeting-554.test",
    "null-mx.test",
    "imap://imap.access.test",
)
ALONE = ("sound.test", "dane-mismatch.test", "missing-intermediate.test", "greeting-554.test", "null-mx.test")
WIDTHS = (380, 900, 1440)
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN_AXE = """async tags => {
    const runOnly = {type: 'tag', values: tags};
    const found = await axe.run(document, {runOnly, resultTypes: ['violations']});
    return {rules: found.passes.length, faults: found.violations.map(
        fault => `${fault.id}: ${fault.nodes.slice(0, 3).map(node => node.html.slice(0, 200)).join(' | ')}`)};
}"""


async def _check() -> Result:
    async with LabWorld() as world:
        settings = ProbeSettings(ehlo_name="probe.test", time_limit_s=8, simulate=("all",))
        return await check(*TARGETS, network=world.network(), settings=settings)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A document of each target of `ALONE`, and one of all targets, as files."""
    result = asyncio.run(_check())
    folder = tmp_path_factory.mktemp("html")
    chosen = {name: [r for r in result.reports if r.target.given == name] for name in ALONE}
    chosen |= {"several": list(result.reports[:3]), "brief": list(result.reports)}
    written = {}
    for name, reports in chosen.items():
        written[name] = folder / f"{name}.html"
        written[name].write_text(render_html(tuple(reports), result.facts), encoding="utf-8")
    return written


@pytest.fixture(scope="module")
def browser(documents: dict[str, Path]) -> Iterator[Browser]:
    """Begins behind `documents`: while Playwright runs, asyncio takes no other loop in its thread."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def script() -> str:
    return axe()


def opened(browser: Browser, document: Path, width: int = 900, *, dark: bool = False) -> Page:
    """The document in a window of its own, with everything unfolded."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    page.goto(document.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    return page


CASES = [
    *(("dane-mismatch.test", width, dark) for width in WIDTHS for dark in (False, True)),
    *((name, 900, dark) for name in ALONE if name != "dane-mismatch.test" for dark in (False, True)),
    ("several", 380, True),
    ("several", 1440, False),
    ("brief", 900, False),
]


@pytest.mark.parametrize(("name", "width", "dark"), CASES)
def test_axe_finds_nothing(
    browser: Browser, script: str, documents: dict[str, Path], name: str, width: int, dark: bool
) -> None:
    assert faults(opened(browser, documents[name], width, dark=dark), script) == []


def faults(page: Page, script: str) -> list[str]:
    """What axe finds; it has to have looked at something."""
    page.evaluate(script)
    found = page.evaluate(RUN_AXE, list(TAGS))
    page.close()
    assert found["rules"] > 20
    told: list[str] = found["faults"]
    return told


def test_axe_would_find_something(browser: Browser, script: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text('<!doctype html><p style="color:#999;background:#fff">pale<p><a href="#x"></a>')
    page = opened(browser, bad)
    page.evaluate(script)
    found = {fault.partition(":")[0] for fault in page.evaluate(RUN_AXE, list(TAGS))["faults"]}
    page.close()
    assert {"color-contrast", "document-title", "html-has-lang", "link-name"} <= found


def test_nothing_is_wider_than_the_window(browser: Browser, documents: dict[str, Path]) -> None:
    for name, document in documents.items():
        page = opened(browser, document)
        for width in (900, 380, 320):
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
            assert wide == [width, width], name
        page.close()


def test_nothing_is_asked_of_the_network(browser: Browser, documents: dict[str, Path]) -> None:
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.on("console", lambda message: said.append(message.text))
    page.goto(documents["several"].as_uri(), wait_until="networkidle")
    page.close()
    assert asked == [documents["several"].as_uri()]
    assert said == []


def test_the_policy_lets_no_script_and_no_style_in(browser: Browser, documents: dict[str, Path]) -> None:
    page = opened(browser, documents["sound.test"])
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    ran = page.evaluate(
        """() => { for (const name of ['script', 'style']) {
            const made = document.createElement(name);
            made.textContent = name === 'script' ? 'window.ran = true' : 'body {display: none}';
            document.head.append(made); }
            return [window.ran === true, getComputedStyle(document.body).display]; }"""
    )
    page.close()
    assert ran == [False, "block"]
    assert sum("Content Security Policy" in line for line in said) == 2, json.dumps(said)


def test_it_prints(browser: Browser, documents: dict[str, Path]) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 1000}, color_scheme="dark")
    page.goto(documents["dane-mismatch.test"].as_uri())
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.emulate_media(media="print")
    shown = page.locator(".finding .evidence").first
    assert shown.is_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth") == 700
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()
