"""A notebook as HTML: its graphs step, each in its frame, and nothing else is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parents[3]
SCREENSHOTS = Path(__file__).with_name("screenshots")

pytestmark = [pytest.mark.browser]


def as_html(page: str) -> str:
    """What `jupyter nbconvert --to html` writes, without the scripts of widgets and of formulas."""
    notebook = nbformat.read(ROOT / "docs" / "notebooks" / f"{page}.ipynb", as_version=4)
    without = dict.fromkeys(("require_js_url", "mathjax_url", "jquery_url", "mermaid_js_url"), "")
    html, _ = HTMLExporter(**without).from_notebook_node(notebook)
    return html


def position(frame: Any) -> tuple[int, int]:
    now, last = frame.locator("#count").inner_text().split("/")
    return int(now), int(last)


@pytest.mark.parametrize("page", ["tutorial.en", "tutorial.ja"])
def test_the_graphs_of_a_notebook_step_in_its_html(opened: Any, page: str) -> None:
    screen = opened(as_html(page))
    frames = screen.page.locator("iframe").all()
    assert len(frames) == 2
    for number, element in enumerate(frames):
        element.scroll_into_view_if_needed()
        frame = element.content_frame
        assert element.evaluate(
            "it => it.getBoundingClientRect().right <= it.parentNode.getBoundingClientRect().right"
        ), "its border is not cut off"
        title = frame.locator("#title").inner_text()
        assert title == element.get_attribute("title")
        assert ("計算グラフ" in title) == page.endswith(".ja")
        start, last = position(frame)
        assert start == 0 < last
        frame.locator("#next").click()
        assert position(frame)[0] == 1
        screen.page.keyboard.press("End")
        assert position(frame)[0] == last
        given = {each for each in frame.locator("#canvas .note").all_text_contents() if each}
        assert given >= ({"gx", "gw"} if number == 0 else {"gw_in_1", "gw_in_2", "gw_out"})
        SCREENSHOTS.mkdir(exist_ok=True)
        screen.page.wait_for_timeout(450)  # colours and the view glide
        element.screenshot(path=SCREENSHOTS / f"notebook-{page}-{number}.png")
        for _ in range(last):
            screen.page.keyboard.press("ArrowLeft")
        assert position(frame)[0] == 0
    (curve,) = screen.page.locator("img").all()
    assert curve.evaluate("image => image.naturalWidth") > 400
    screen.page.screenshot(path=SCREENSHOTS / f"notebook-{page}.png", full_page=True)


def test_the_reports_of_checks_are_in_its_html(opened: Any) -> None:
    screen = opened(as_html("tutorial-hand-written.ja"))
    right, broken = screen.page.locator(".tw-check").all()
    assert "✗" not in right.inner_text() and "✗" in broken.inner_text()
    details = right.locator("details").first
    closed = details.inner_text()
    details.locator("summary").first.click()
    assert len(details.inner_text()) > 2 * len(closed), "the numbers of each entry"
    screen.page.screenshot(path=SCREENSHOTS / "notebook-check.png", full_page=True)
