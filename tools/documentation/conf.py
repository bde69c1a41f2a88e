"""How Sphinx builds the site and the manual page; `tools.documentation.__main__` calls it."""

import posixpath
from collections.abc import Callable
from typing import Any

from tools.documentation.manual import SUMMARY

from waxseal.version import __version__

project = "waxseal"
author = "the authors of waxseal"
project_copyright = ""
version = release = __version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["source/**"]
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]
smartquotes = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"

html_theme = "furo"
html_title = "waxseal"
html_static_path = ["static"]
html_css_files = ["waxseal.css"]
html_use_index = False
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_permalinks_icon = "#"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#7a2418", "color-brand-content": "#8f2d1f"},
    "dark_css_variables": {"color-brand-primary": "#f0a08f", "color-brand-content": "#f2ab9b"},
}

man_pages = [("waxseal", "waxseal", SUMMARY, [], 1)]
man_show_urls = False


def setup(app: Any) -> dict[str, bool]:
    """Keep the navigation of pages that it does not lead to: there it is the same in the whole folder."""
    kept: dict[tuple[str, str], str] = {}

    def before_theme(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
        made: Callable[..., str] | None = context.get("toctree")
        if made is None or "orphan" not in app.env.metadata.get(page, {}):
            return

        def toctree(**options: Any) -> str:
            key = posixpath.dirname(page), repr(sorted(options.items()))
            if key not in kept:
                kept[key] = made(**options)
            return kept[key]

        context["toctree"] = toctree

    app.connect("html-page-context", before_theme, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
