"""What was built is looked at once more: its links, and that nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {
    ("script", "src"),
    ("link", "href"),
    ("img", "src"),
    ("iframe", "src"),
    ("object", "data"),
}


class Page(HTMLParser):
    """The places of a page that a link may name, and where its own links lead."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.places: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the places and links of a tag."""
        for name, value in attrs:
            if not value:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.places.add(value)
            elif (tag, name) in LOADED:
                self.loaded.append(value)
            elif name == "href":
                self.links.append(value)


def written(site: Path) -> list[Path]:
    """All pages, without the templates that a theme has among its files."""
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


def faults(site: Path) -> Iterator[str]:
    """Tell each link that leads nowhere, and each thing that would be loaded from elsewhere."""
    pages = {path: Page(path) for path in written(site)}
    for path, page in pages.items():
        for target in (*page.links, *page.loaded):
            what = _fault(target, path, site, pages, loaded=target in page.loaded)
            if what:
                yield f"{path.relative_to(site)}: {target} {what}"


def _fault(target: str, path: Path, site: Path, pages: dict[Path, Page], loaded: bool) -> str:
    url = urlsplit(target)
    if url.scheme == "data" or (url.scheme in ("http", "https", "mailto") and not loaded):
        return ""
    if url.scheme or url.netloc:
        return "is loaded from elsewhere"
    file = (path.parent / unquote(url.path)).resolve() if url.path else path
    if not file.is_file() or not file.is_relative_to(site.resolve()):
        return "is not there"
    place = unquote(url.fragment)
    if place and file in pages and place not in pages[file].places:
        return "names a place that is not there"
    return ""


def outside(site: Path) -> set[str]:
    """All addresses of the web that the site links to."""
    pages = (Page(path) for path in written(site))
    return {link for page in pages for link in page.links if link.startswith("http")}
