"""The report of a run in a real browser: search, a click on a word, the analogy box, the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v.reports.contents import Kernel, Losses, Report, Seen
from tinygrad_w2v.reports.page import page_of
from tinygrad_w2v.word2vec.reporting import graph_page
from tinygrad_w2v.word2vec.settings import TrainingSettings

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KINGS = ("man", "woman", "king", "queen")
HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def vectors() -> tw.WordVectors:
    """Many words, of which a few are where an analogy wants them."""
    rng = np.random.default_rng(3)
    words = [*KINGS, HOSTILE, "猫", *(f"word{number}" for number in range(600))]
    table = rng.normal(size=(len(words), 20)).astype(np.float32)
    male, royal = 3 * rng.normal(size=(2, 20))
    for row, (is_male, is_royal) in enumerate([(1, 0), (0, 0), (1, 1), (0, 1)]):
        table[row] = 0.1 * table[row] + is_male * male + is_royal * royal + table[5]
    counts = np.arange(len(words), 0, -1) * 10
    return tw.WordVectors(words, table, counts=counts.tolist())


@pytest.fixture(scope="module")
def report(vectors: tw.WordVectors) -> Report:
    records = [Seen(1 + k // 50, 100 * k, 3 - k / 60, 0.1 - k / 1e3, k / 9) for k in range(1, 100)]
    records[49] = records[49]._replace(heldout_loss=2.5)
    settings = TrainingSettings(size=4, window=2)
    model = settings.new_model(9)
    return Report(
        f"cbow, {HOSTILE}",
        {"settings": {"size": 20, "sources": [HOSTILE]}, "versions": {"numpy": "2"}},
        Losses(records, [2.6, 1.6], [2.5], 2.7),
        vectors,
        samples=["king", HOSTILE],
        graph=lambda lang: graph_page(model, settings, [str(k) for k in range(9)], lang),
        kernel=Kernel("w_in[contexts]", "def kernel(): ..."),
        repeat="tinygrad-w2v train",
    )


def near(screen: Any, place: str) -> list[tuple[str, float]]:
    """The words of a list with their similarities."""
    rows = screen.page.locator(f"{place} .near button").all()
    parts = [row.locator("bdi, span:last-child").all_inner_texts() for row in rows]
    return [(word, float(number)) for word, number in parts]


@pytest.mark.parametrize("width", [1280, 400])
def test_a_word_is_found_and_clicked_and_an_analogy_is_asked(
    opened: Callable[..., Any], report: Report, vectors: tw.WordVectors, width: int
) -> None:
    screen = opened(page_of(report), width)
    page = screen.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Search, by keys
    page.locator("#query").fill("kin")
    screen.press("Enter")
    assert screen.text("#neighbours h3") == "king"
    true = vectors.most_similar("king", topn=10)
    assert [word for word, _ in near(screen, "#neighbours")[:3]] == [word for word, _ in true[:3]]
    for (_, shown), (_, cosine) in zip(near(screen, "#neighbours"), true, strict=True):
        assert shown == pytest.approx(cosine, abs=0.015)
    # A click on the label of a word
    page.evaluate("document.getElementById('map-tools').lastElementChild.click()")
    page.locator("#map").scroll_into_view_if_needed()
    page.wait_for_timeout(100)
    where = page.locator("#map").bounding_box()
    labels = page.evaluate("document.getElementById('map').labels()")
    label = next(
        box
        for box in labels
        if vectors.index_to_key[box["id"]].startswith("word")
        and 20 < box["x"] < where["width"] - 150
        and 20 < box["y"] < where["height"] - 200
    )
    page.mouse.click(where["x"] + label["x"] + label["w"] / 2, where["y"] + label["y"] + 8)
    word = vectors.index_to_key[label["id"]]
    assert screen.text("#neighbours h3") == word
    assert page.locator("#query").input_value() == word
    first = near(screen, "#neighbours")[0][0]
    page.locator("#neighbours .near button").first.click()  # the way leads on
    assert screen.text("#neighbours h3") == first
    # An analogy
    for field, given in zip("abc", ("man", "king", "woman"), strict=True):
        page.locator(f"#analogy-{field}").fill(given)
    screen.press("Enter")
    assert near(screen, "#answer")[0][0] == "queen"
    page.locator("#analogy-a").fill("nobody")
    screen.press("Enter")
    assert "nobody" in screen.text("#answer")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert screen.contrast("body") >= 4.5
    screen.shoot("run-report")


@pytest.mark.parametrize("width", [1280, 400])
def test_a_long_word_leaves_room_for_its_neighbours(opened: Callable[..., Any], width: int) -> None:
    vectors = tw.WordVectors(["x" * 300, "ordinary", "neighbour"], np.eye(3))
    contents = Report("long", vectors=vectors, samples=["x" * 300, "ordinary"])
    page = opened(page_of(contents), width).page
    left = "Math.round(document.querySelector('#sample td').getBoundingClientRect().left)"
    assert page.evaluate(left) < width / 2
    # What is ordinary is not broken for it.
    line = "document.querySelector('#sample tr:last-child th bdi').getClientRects()[0].height"
    assert page.evaluate(line) < 30


def test_labels_do_not_overlap_at_any_zoom(opened: Callable[..., Any], report: Report) -> None:
    page = opened(page_of(report)).page
    page.locator("#map").focus()
    seen = []
    for _ in range(4):
        boxes = page.evaluate("document.getElementById('map').labels()")
        seen.append(len(boxes))
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
                assert apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        page.keyboard.press("+")
        page.wait_for_timeout(60)
    assert min(seen) > 10


def test_a_japanese_report_with_its_graph(opened: Callable[..., Any], report: Report) -> None:
    screen = opened(page_of(report, "ja"))
    assert screen.text("h1") == f"cbow, {HOSTILE}"  # what words hold is text, and nothing else
    screen.page.locator("#query").fill("猫")
    screen.press("Enter")
    assert screen.text("#neighbours h3") == "猫"
    screen.page.locator("#graph summary").click()
    graph = screen.page.frame_locator("#graph iframe")
    graph.locator("#canvas .node").first.wait_for(timeout=10_000)
    assert "計算グラフ" in graph.locator("#title").inner_text()
