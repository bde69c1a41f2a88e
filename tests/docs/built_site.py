"""Reads a built site: its pages, where their links lead, what can be reached from the first one."""

import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|//")


class Page(HTMLParser):
    """One page: its anchors, and its links as they are written."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.anchors: set[str] = {""}
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := found.get(name))}
        link = found.get("href") if tag in ("a", "link") else found.get("src")
        if link and not OUTSIDE.match(link):
            self.links.append(link)


def pages(site: Path) -> dict[str, Page]:
    """Every page by its path."""
    return {
        str(file.relative_to(site)): Page(file.read_text(encoding="utf-8")) for file in site.rglob("*.html")
    }


def led(link: str, page: str) -> tuple[str, str]:
    """The path and the anchor that a link on a page leads to."""
    path, _, anchor = link.partition("#")
    path = unquote(path.partition("?")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page, unquote(
        anchor
    )


def lost_links(found: dict[str, Page], files: set[str]) -> list[str]:
    """Links that lead to no page, no file, or to no anchor of their page."""
    lost = []
    for name, page in found.items():
        for link in dict.fromkeys(page.links):
            path, anchor = led(link, name)
            there = anchor in found[path].anchors if path in found else path in files
            if not there:
                lost.append(f"{name}: {link}")
    return lost


def reached(found: dict[str, Page], start: str = "index.html") -> set[str]:
    """The pages that one gets to by links."""
    seen, left = {start}, [start]
    while left:
        here = left.pop()
        new = {led(link, here)[0] for link in found[here].links} & set(found) - seen
        seen |= new
        left += new
    return seen
