"""Chromium and axe-core for the tests of what a browser makes of a report.

Chromium is the system's (Debian package ``chromium``), driven by Playwright, which fetches no browser.
axe-core comes from npm as the old Node binaries do (``tests.tls.npm``).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.real.packages import UnavailableError, cache_folder
from tests.tls.npm import fetch, member

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_AXE: Final = "4.14.1"
_AXE_DIGEST: Final = (
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; where there is none the test is skipped, or fails where it must run."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        without("there is no Chromium on this machine (Debian package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        try:
            yield browser
        finally:
            browser.close()


def axe() -> str:
    """The script of axe-core, from the cache or else from the registry; as `chromium` without it."""
    kept = cache_folder() / f"axe-core-{_AXE}.js"
    try:
        if not kept.exists():
            script = member(fetch("axe-core", _AXE, _AXE_DIGEST), "/axe.min.js")
            assert script is not None, "axe-core holds its script"
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = kept.with_suffix(f".{os.getpid()}.part")
            part.write_bytes(script)
            part.rename(kept)
    except UnavailableError as error:
        without(str(error))
    return kept.read_text(encoding="utf-8")


def without(why: str) -> None:
    """Skip, or fail in continuous integration; WAXSEAL_REQUIRE_REAL decides, "0" or "1", before that."""
    must = os.environ.get("WAXSEAL_REQUIRE_REAL", os.environ.get("CI", "")).lower() not in ("", "0", "false")
    if must:
        pytest.fail(f"the browser tests must run here: {why}", pytrace=False)
    pytest.skip(why)
