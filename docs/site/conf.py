"""Sphinx's settings for both languages: `make.py` calls it once for each, by a tag."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# The package of this checkout is described, whichever is installed.
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from extension import linkcode_resolve as linkcode_resolve  # noqa: E402
from tinygrad_w2v import __version__  # noqa: E402

language = "ja" if tags.has("ja") else "en"  # type: ignore[name-defined]  # noqa: F821

project = "tinygrad_w2v"
copyright = ""
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.linkcode",
    "numpydoc",
    "extension",
]
nitpicky = True
# What a docstring sets in single backticks is code: a parameter, a setting, a name.
default_role = "literal"
highlight_language = "none"
pygments_style = "default"
root_doc = "index"
exclude_patterns = ["extra"]

myst_heading_anchors = 6
myst_links_external_new_tab = False

autosummary_generate = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
add_module_names = False
python_display_short_literal_types = True
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_title = "tinygrad_w2v"
html_static_path = [str(HERE / "static")]
html_favicon = html_logo = str(HERE / "static" / "favicon.svg")
html_context = {"default_mode": "auto"}
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
templates_path = [str(HERE / "templates")]
html_math_renderer = "mathml"
html_search_language = language
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False
html_sidebars: dict[str, list[str]] = {"index": [], "code/**": [], "changelog": []}
html_theme_options: dict[str, Any] = {
    "logo": {"text": "tinygrad_w2v", "alt_text": ""},
    "navbar_end": ["language-switch", "theme-switcher"],
    "footer_start": [],
    "footer_end": [],
    "show_prev_next": True,
    "header_links_before_dropdown": 5,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "back_to_top_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
if language == "ja":
    html_search_options = {"type": "sphinx.search.ja.JanomeSplitter"}
