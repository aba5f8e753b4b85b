"""The pages as the site takes them: copies of the Markdown, in which links lead on within the site.

The sources are plain Markdown, whose links are right on a code host and on a disk. Here each page
gets its place in one of two trees, one a language, and each link is turned to where its target
went: another page of the tree, a page of the other language, or the view of a file of code. Both
are functions from text to text; Sphinx then sees a tree in which nothing is special.
"""

from __future__ import annotations

import html
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = ("en", "ja")

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
OUTSIDE = {
    "README": "index",
    "CONTRIBUTING": "contributing",
    "CHANGELOG": "changelog",
    "examples/README": "examples",
}

Target = str  # what stands in the parentheses of a link
Live = dict[str, Callable[[Language], str]]


class Section(NamedTuple):
    """An entry of the bar at the top: its page, its title, and its pages in their order.

    What stands in `folder` and is not listed comes after what is.
    """

    page: str
    title: dict[Language, str]
    pages: tuple[str, ...]
    folder: str | None = None


SECTIONS = (
    Section(
        "tutorials",
        {"en": "Tutorial", "ja": "チュートリアル"},
        ("tutorial", "tutorial-hand-written", "notebooks/index", "examples"),
    ),
    Section(
        "how-to/index",
        {"en": "How to", "ja": "使い方"},
        (
            "how-to/train-on-your-text",
            "how-to/fit-your-own-model",
            "how-to/draw-a-graph",
            "how-to/move-from-gensim",
            "how-to/vector-files",
        ),
        folder="how-to",
    ),
    Section(
        "explanation",
        {"en": "Explanation", "ja": "解説"},
        ("maths", "counting-and-inference", "names", "numpy-functions", "compiler", "architecture"),
        folder=".",
    ),
    Section("api/index", {"en": "API reference", "ja": "API リファレンス"}, ()),
    Section(
        "development",
        {"en": "Development", "ja": "開発"},
        ("contributing", "adr/index", "changelog"),
    ),
)
IN_ENGLISH = "次のページは英語のみです。"


# ---------------------------------------------------------------------- where a page goes
def sources() -> list[Path]:
    """All pages: those of docs/, and those of the root and of examples/ that belong to them."""
    names = [f"{name}{suffix}" for name in OUTSIDE for suffix in (".md", ".ja.md")]
    outside = [ROOT / name for name in names if (ROOT / name).exists()]
    return outside + sorted(DOCS.rglob("*.md"))


def place(source: Path) -> tuple[str, Language]:
    """Return the name of a page on the site and its language: both languages share the name."""
    path = source.relative_to(ROOT).as_posix().removesuffix(".md")
    language: Language = "ja" if path.endswith(".ja") else "en"
    path = path.removesuffix(f".{language}")
    if path in OUTSIDE:
        return OUTSIDE[path], language
    return re.sub(r"(^|/)README$", r"\1index", path.removeprefix("docs/")), language


# ---------------------------------------------------------------------- links
# The line below the heading that leads to the other language: on the site the bar at the top does.
SWITCH = re.compile(r"^\[(?:日本語|English)\]\([^)]*\)(?: · )?\n?", re.M)
FENCED = re.compile(r"^( *)```.*?^\1```$", re.M | re.S)
LINK = re.compile(r"(?<![\\!])\[(?P<text>(?:`[^`]*`|[^\]`])*)\]\((?P<target>[^)\s]+)\)")
IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<target>[^)\s]+)\)")
TAG = re.compile(r"<img src=\"(?P<target>[^\"]+)\"(?P<rest>[^>]*)>")


def outside_of_code(text: str, turn: Callable[[str], str]) -> str:
    """Return a page of which everything but the fenced blocks is turned."""
    parts, last = [], 0
    for block in FENCED.finditer(text):
        parts += [turn(text[last : block.start()]), block[0]]
        last = block.end()
    return "".join([*parts, turn(text[last:])])


class Tree:
    """The pages of one language, and what they need beside them.

    `code` has the files of the project that a link leads to, by their paths from its root.
    """

    def __init__(self, language: Language, live: Live | None = None) -> None:
        self.language = language
        self.live = live or {}
        self.code: set[str] = set()
        self.pages: dict[str, Path] = {}
        self.elsewhere: dict[Path, tuple[str, Language]] = {}
        for source in sources():
            name, written_in = place(source)
            if written_in == language:
                self.pages[name] = source
            self.elsewhere[source] = name, written_in

    def page(self, name: str) -> str:
        """Return the text of a page, as Sphinx takes it."""
        source = self.pages[name]
        text = SWITCH.sub("", source.read_text(encoding="utf-8"), count=1)
        return outside_of_code(text, lambda part: self._turned(part, source, name))

    def _turned(self, text: str, source: Path, name: str) -> str:
        text = LINK.sub(lambda link: self._link(link, source, name), text)
        text = IMAGE.sub(lambda image: self._image(image, name), text)
        return TAG.sub(lambda tag: self._tag(tag, source, name), text)

    def _link(self, link: re.Match[str], source: Path, name: str) -> str:
        target, _, anchor = link["target"].partition("#")
        if not target or re.match(r"[a-z]+:", target):
            return link[0]
        path = (source.parent / target).resolve()
        if path.suffix == ".ipynb":
            return tagged(f"{up(name)}notebooks/{path.name}", link["text"])
        hash_ = f"#{anchor}" if anchor else ""
        if path in self.elsewhere:
            page, language = self.elsewhere[path]
            if language == self.language:
                return f"[{link['text']}]({between(name, page)}.md{hash_})"
            return tagged(f"{up(name)}../{language}/{page}.html{hash_}", link["text"])
        shown = (path, *path.glob("*.py"))
        self.code |= {each.relative_to(ROOT).as_posix() for each in shown}
        return tagged(f"{up(name)}../en/{code_page(path)}.html", link["text"])

    def _image(self, image: re.Match[str], name: str) -> str:
        if image["target"].rpartition("/")[2] not in self.live:
            return image[0]
        return live_frame(self.language, image["target"], html.escape(image["alt"]), up(name))

    def _tag(self, tag: re.Match[str], source: Path, name: str) -> str:
        path = (source.parent / tag["target"]).resolve().relative_to(DOCS).as_posix()
        shown = f'<img src="{up(name)}{path}"{tag["rest"]}>'
        still = re.sub(r"-animated(?:\.ja)?(?=\.svg$)", "", path.rpartition("/")[2])
        if still == path.rpartition("/")[2] or still not in self.live:
            return shown
        return f'{shown}\n<br><a href="{up(name)}{live_page(still)}">{STEP[self.language]}</a>'

    def write(self, folder: Path) -> None:
        """Write the tree: pages, the pages of sections, pictures, notebooks, live pages."""
        for name in self.pages:
            put(folder / f"{name}.md", self.page(name) + self._contents(name))
        for section in SECTIONS:
            if section.page not in self.pages and section.page != "api/index":
                title = section.title[self.language]
                put(folder / f"{section.page}.md", f"# {title}\n{self._section(section)}")
        shutil.copytree(DOCS / "images", folder / "images")
        extra = folder / "extra"
        shutil.copytree(DOCS / "images", extra / "images")
        for notebook in (DOCS / "notebooks").glob("*.ipynb"):
            put(extra / "notebooks" / notebook.name, notebook.read_text(encoding="utf-8"))
        for picture, page in self.live.items():
            put(extra / live_page(picture), page(self.language))

    def _contents(self, name: str) -> str:
        """Return what is below a page in the contents: sections, or the decisions."""
        if name == "index":
            return contents([section.page for section in SECTIONS], hidden=True)
        if name == "adr/index":
            below = sorted(page for page in self.pages if page.startswith("adr/0"))
            return contents([page.removeprefix("adr/") for page in below], hidden=True)
        return ""

    def _section(self, section: Section) -> str:
        listed = [name for name in self.members(section) if name in self.pages]
        below = contents([between(section.page, name) for name in listed])
        left = [name for name in self.members(section) if name not in self.pages]
        if left and self.language == "ja":
            english = Tree("en")
            links = [
                f"- {tagged(f'{up(section.page)}../en/{name}.html', english.title(name))}\n"
                for name in left
            ]
            below += f"\n{IN_ENGLISH}\n\n{''.join(links)}"
        return below

    def title(self, name: str) -> str:
        """Return the heading of a page."""
        return self.pages[name].read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")

    def members(self, section: Section) -> Iterator[str]:
        """The pages of a section, those that are not listed after those that are."""
        yield from section.pages
        if section.folder is not None:
            elsewhere = {page for each in SECTIONS for page in (each.page, *each.pages)} | {"index"}
            english = {name for name, language in self.elsewhere.values()}
            for name in sorted(english - elsewhere):
                if str(PurePosixPath(name).parent) == section.folder:
                    yield name


def contents(names: list[str], hidden: bool = False) -> str:
    """Return the directive by which Sphinx puts pages below a page."""
    if not names:
        return ""
    option = ":hidden:" if hidden else ":maxdepth: 1"
    return f"\n```{{toctree}}\n{option}\n\n" + "".join(f"{name}\n" for name in names) + "```\n"


def tagged(target: Target, text: str) -> str:
    """Return a link out of the tree, which Sphinx does not look at; the links are checked later."""
    return f'<a href="{target}">{text}</a>'


def up(name: str) -> str:
    """Return the way from a page to the top of its tree."""
    return "../" * name.count("/")


def between(page: str, other: str) -> str:
    """Return the way from a page to another one of its tree."""
    return Path(os.path.relpath(other, PurePosixPath(page).parent)).as_posix()


def code_page(path: Path) -> str:
    """Return the name of the page that shows a file or a folder of the project."""
    return f"code/{path.relative_to(ROOT).as_posix()}"


def put(path: Path, text: str) -> None:
    """Write a file of the tree."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


# ---------------------------------------------------------------------- live pages
STEP = {"en": "Step through it", "ja": "1 ステップずつたどる"}
ALONE = {"en": "on a page of its own", "ja": "別のページで開く"}


def live_page(picture: Target) -> str:
    """Return where the page stands that a picture is replaced by."""
    return f"graphs/{PurePosixPath(picture).stem}.html"


def live_frame(language: Language, picture: Target, title: str, top: str) -> str:
    """Return a frame with the page of a graph, and a link to it."""
    page = f"{top}{live_page(picture)}"
    return (
        f'<figure class="live">\n<iframe src="{page}" title="{title}" loading="lazy"></iframe>\n'
        f'<figcaption>{title} (<a href="{page}">{ALONE[language]}</a>)</figcaption>\n</figure>'
    )
