"""The site's own parts: where pages and links go, what the reference has, what a check finds.

Sphinx itself is run by the gate.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import tinygrad_w2v as tw

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that imports a file of docs/site."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "site")
    return importlib.import_module


@pytest.fixture
def reference(part: Any) -> Any:
    return part("reference")


# ---------------------------------------------------------------------- the reference
def public_names() -> set[str]:
    """All names that `import tinygrad_w2v` offers, each with its module."""
    found = set()
    for name in set(tw.__all__) - {"__version__"}:
        thing = getattr(tw, name)
        if isinstance(thing, ModuleType):
            found |= {f"tinygrad_w2v.{name}.{below}" for below in thing.__all__}
        else:
            found.add(f"tinygrad_w2v.{name}")
    return found


def test_the_reference_has_every_public_name_once(reference: Any) -> None:
    paths = [entry.path for entry in reference.entries()]
    assert len(paths) == len({*paths})
    assert public_names() - {*paths} == set()


def test_a_name_without_a_group_is_refused(reference: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tw, "Newcomer", object, raising=False)
    monkeypatch.setattr(tw, "__all__", [*tw.__all__, "Newcomer"])
    with pytest.raises(LookupError, match=r"NAMES has no place for \['Newcomer'\]"):
        reference.groups.__wrapped__()


def test_every_public_name_has_an_example(reference: Any) -> None:
    without = [
        entry.path
        for entry in reference.entries()
        if callable(entry.thing) and not reference.example(entry.thing)
    ]
    assert without == []


def test_every_method_is_used_in_an_example(reference: Any) -> None:
    """Its own, or one of its class."""
    without = []
    for entry in reference.entries():
        if not inspect.isclass(entry.thing):
            continue
        of_class = "\n".join(map(reference.example, entry.thing.__mro__))
        for name in reference.members(entry.thing):
            member = inspect.getattr_static(entry.thing, name)
            own = reference.example(getattr(member, "__func__", member))
            if not own and not re.search(rf"(?<!\w){name}\b", of_class):
                without.append(f"{entry.path}.{name}")
    assert without == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_name_is_described_on_one_page(reference: Any, language: str, tmp_path: Path) -> None:
    reference.write(tmp_path, language)
    pages = {path.stem: path.read_text("utf-8") for path in (tmp_path / "api").glob("*.rst")}
    described: list[str] = []
    for text in pages.values():
        module = "".join(re.findall(r"^\.\. currentmodule:: (.*)$", text, re.M))
        names = re.findall(r"^\.\. (?:auto\w+|py:data):: (.*)$", text, re.M)
        described += [f"{module}.{name}" for name in names if name]
    own = [entry.path for entry in reference.entries() if entry.path == entry.of]
    assert sorted(described) == sorted(own)
    for entry in reference.entries():
        assert f"`{entry.name} <{entry.of}>`" in pages["index"]


# ---------------------------------------------------------------------- pages and links
@pytest.fixture
def turned(part: Any) -> Any:
    """A function that turns the text of a page as the site does."""
    staging = part("staging")

    def turn(text: str, page: str = "how-to/draw-a-graph", language: str = "en") -> str:
        tree = staging.Tree(language, {"cbow.svg": lambda language: ""})
        source = tree.pages[page]
        change = functools.partial(tree._turned, source=source, name=page)
        return staging.outside_of_code(text, change)

    return turn


def test_both_languages_of_a_page_have_one_name(part: Any) -> None:
    staging = part("staging")
    english, japanese = staging.Tree("en"), staging.Tree("ja")
    assert japanese.pages.keys() <= english.pages.keys()
    assert english.pages["index"] == ROOT / "README.md"
    assert japanese.pages["tutorial"] == ROOT / "docs" / "tutorial.ja.md"
    assert len(english.pages) + len(japanese.pages) == len(staging.sources())


def test_a_link_to_a_page_stays_a_link(turned: Any) -> None:
    assert turned("[x](../tutorial.en.md#7-train)") == "[x](../tutorial.md#7-train)"
    assert turned("[x](vector-files.md)") == "[x](vector-files.md)"
    assert turned("[x](docs/how-to/graphs.md)", "index") == "[x](how-to/graphs.md)"
    assert turned("[x](../../README.md)") == "[x](../index.md)"


def test_a_link_to_the_other_language_leads_to_its_tree(turned: Any) -> None:
    assert turned("[x](../tutorial.ja.md)") == '<a href="../../ja/tutorial.html">x</a>'
    there = turned("[x](../benchmarks.md#quality) (英語)", language="ja")
    assert there == '<a href="../../en/benchmarks.html#quality">x</a> (英語)'


def test_a_link_to_code_leads_to_its_view(turned: Any) -> None:
    shown = turned("[`fit.py`](../../tinygrad_w2v/training/fit.py)")
    assert shown == '<a href="../../en/code/tinygrad_w2v/training/fit.py.html">`fit.py`</a>'


def test_links_out_and_code_stay_as_they_are(turned: Any) -> None:
    for text in ("[x](https://example.org)", "[x](#here)", "```python\n[x](graphs.md)(1)\n```"):
        assert turned(text) == text


def test_pictures(turned: Any) -> None:
    assert turned("![x](../images/rooms.svg)") == "![x](../images/rooms.svg)"
    live = turned('![a "graph"](../images/cbow.svg)')
    assert '<iframe src="../graphs/cbow.html" title="a &quot;graph&quot;"' in live
    moving = turned('<img src="docs/images/cbow-animated.svg" width="420">', "index")
    assert moving.startswith('<img src="images/cbow-animated.svg" width="420">')
    assert '<a href="graphs/cbow.html">' in moving


def test_every_page_is_in_one_section(part: Any) -> None:
    staging = part("staging")
    tree = staging.Tree("en")
    placed = [page for section in staging.SECTIONS for page in tree.members(section)]
    own = {section.page for section in staging.SECTIONS} | {"index"}
    decisions = {page for page in tree.pages if page.startswith("adr/0")}
    assert sorted(placed) == sorted(tree.pages.keys() - own - decisions)


# ---------------------------------------------------------------------- the check of what was built
def test_what_is_wrong_in_a_site_is_found(part: Any, tmp_path: Path) -> None:
    page = (
        '<p id="here">{}</p><a href="#here"></a><a href="b.html#there"></a>'
        '<a href="https://example.org"></a><img src="data:image/png;base64,">'
    )
    wrong = (
        '<a href="c.html"></a><a href="b.html#gone"></a><a href="../../x.html"></a>'
        '<script src="https://example.org/x.js"></script><img src="//example.org/x.png">'
    )
    checking = part("checking")
    (tmp_path / "b.html").write_text('<p id="there"></p>', encoding="utf-8")
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    assert list(checking.faults(tmp_path)) == []
    assert checking.outside(tmp_path) == {"https://example.org"}
    (tmp_path / "a.html").write_text(page + wrong, encoding="utf-8")
    assert list(checking.faults(tmp_path)) == [
        "a.html: c.html is not there",
        "a.html: b.html#gone names a place that is not there",
        "a.html: ../../x.html is not there",
        "a.html: https://example.org/x.js is loaded from elsewhere",
        "a.html: //example.org/x.png is loaded from elsewhere",
    ]
