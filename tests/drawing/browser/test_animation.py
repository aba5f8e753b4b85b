"""The picture that moves, in a browser: what is seen, when; and by whom who wants no motion."""

from __future__ import annotations

from typing import Any

import tinygrad_w2v as tw
from tinygrad_w2v.drawing.page.animation import SECONDS

# What can be read at a time; where nothing moves, what can be read at all.
READ = """seconds => {
    for (const animation of document.getAnimations()) {
        animation.pause();
        animation.currentTime = 1000 * seconds;
    }
    const seen = element =>
        !element || (getComputedStyle(element).opacity > 0.5 && seen(element.parentElement));
    return [...document.querySelectorAll("svg text")].filter(seen).map(text => text.textContent);
}"""


def read(screen: Any, position: int) -> set[str]:
    return set(screen.page.evaluate(READ, SECONDS * (position + 0.5)))


def page_with(graph: Any) -> str:
    return f"<!doctype html><title>graph</title>{graph.svg(animated=True)}"


def test_values_appear_then_gradients_flow_back(opened: Any, z: tw.Variable) -> None:
    screen = opened(page_with(tw.graph(z)))
    assert "forward 0 / 2" in read(screen, 0)
    assert {"forward 1 / 2", "h1 = x + y", "5"} <= read(screen, 1)
    assert {"gz = 1", "gz  1"} <= read(screen, 3)
    back = read(screen, 4)
    assert {"gy_1 = gz * h1", "gy  5 + …"} <= back
    assert "gx  2" not in back
    for position in (5, 8):
        assert {"backward 2 / 2", "gx  2", "gy  5 + 2 = 7"} <= read(screen, position)
    screen.shoot("animation")


def test_it_begins_by_itself_and_again(opened: Any, z: tw.Variable) -> None:
    screen = opened(page_with(tw.graph(z)))
    kinds = screen.page.evaluate(
        "document.getAnimations().map(a => `${a.playState} ${a.effect.getTiming().iterations}`)"
    )
    assert len(kinds) > 20
    assert set(kinds) == {"running Infinity"}


def test_who_wants_no_motion_sees_the_end(opened: Any, z: tw.Variable) -> None:
    screen = opened(page_with(tw.graph(z)), reduced_motion="reduce")
    assert screen.page.evaluate("document.getAnimations().length") == 0
    texts = read(screen, 0)
    assert {"backward 2 / 2", "gx  2", "gy  5 + 2 = 7"} <= texts
    assert "forward 0 / 2" not in texts


def test_two_on_one_page_keep_apart(opened: Any, z: tw.Variable) -> None:
    """One is drawn in Japanese, from left to right."""
    other = tw.graph(z, lang="ja", direction="LR").svg(animated=True)
    screen = opened(page_with(tw.graph(z)) + other)
    texts = read(screen, 5)
    assert {"backward 2 / 2", "逆伝播 2 / 2"} <= texts
    assert {"forward 1 / 2", "順伝播 1 / 2"}.isdisjoint(texts)
