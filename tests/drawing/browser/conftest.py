"""A real Chromium for the page of a graph: it must not complain, and must reach nothing.

It is taken from the environment variable CHROMIUM, else from PATH, else from playwright's own.
Screenshots go to `screenshots/`, which git ignores, to be looked at.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

SCREENSHOTS = Path(__file__).with_name("screenshots")
WIDTHS = {1280: 800, 400: 860}
# The least contrast of a text and what lies under it, over all of a part of a page.
CONTRAST = """root => {
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = color;
    pixel.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const under = (element) => {
    const layers = [];
    for (; element; element = element.parentElement)
      layers.unshift(rgba(getComputedStyle(element).backgroundColor));
    const over = (below, [r, g, b, a]) => [r, g, b].map((v, i) => below[i] * (1 - a) + v * a);
    return layers.reduce(over, [255, 255, 255]);
  };
  const texts = [...document.querySelectorAll(`${root} *`)].filter(
    (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
      && e.checkVisibility());
  return Math.min(...texts.map((e) => {
    const [a, b] = [light(rgba(getComputedStyle(e).color)), light(under(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }));
}"""

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# While playwright is open a loop of asyncio runs in this thread, which other tests must not meet.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of a file."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("playwright is not installed: pip install playwright")
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), own)
        if not Path(found).exists():
            pytest.skip("no Chromium: install it, or name its program in CHROMIUM")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


class Screen:
    """A page in the browser, and what a reader does with it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: self.requests.append(request.url))

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).first.inner_text())

    @property
    def position(self) -> tuple[int, int]:
        """Where the reader is, and the last position."""
        now, last = self.text("#count").split("/")
        return int(now), int(last)

    def label(self, name: str) -> str:
        """What is said of the node of a value."""
        return str(self.node(name).get_attribute("aria-label"))

    def node(self, name: str) -> Any:
        """The node of a value, by the value's name."""
        key = self.page.evaluate(
            """name => { const { values } = JSON.parse(document.getElementById("data").textContent);
            return Object.keys(values).find(key => values[key].name === name); }""",
            name,
        )
        return self.page.locator(f'#canvas .node[data-value="{key}"]').first

    def choose(self, name: str) -> None:
        """Press the node of a value, by keys: it need not be in sight."""
        self.node(name).focus()
        self.press("Enter")

    def notes(self) -> list[str]:
        """What is written beside the edges."""
        return [text for text in self.page.locator("#canvas .note").all_text_contents() if text]

    def rows(self) -> dict[str, list[str]]:
        """The rows of the first table of the node that is shown, by their headings."""
        lines = self.page.locator("#inspector table").first.locator("tbody tr").all()
        return {
            line.locator("th").inner_text(): line.locator("td").all_inner_texts() for line in lines
        }

    def contrast(self, root: str) -> float:
        """The least contrast of a text that is seen in a part of the page."""
        return float(self.page.evaluate(CONTRAST, root))

    def shoot(self, name: str) -> None:
        """Save what is seen, in the light and in the dark."""
        SCREENSHOTS.mkdir(exist_ok=True)
        width = self.page.viewport_size["width"]
        self.page.wait_for_timeout(450)  # colours and the view glide
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme)
            self.page.wait_for_timeout(250)
            self.page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{theme}.png")
        self.page.emulate_media(color_scheme="light")


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Screen]]:
    """Open the page of a graph as a file; at the end it has complained of nothing."""
    screens = []

    def opened(page: str, width: int = 1280, **options: Any) -> Screen:
        path = tmp_path / f"graph{len(screens)}.html"
        path.write_text(page, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]}, offline=True, **options
        )
        screen = Screen(context.new_page())
        screens.append(screen)
        screen.page.goto(path.as_uri())
        return screen

    yield opened
    for number, screen in enumerate(screens):
        assert screen.complaints == []
        assert screen.requests == [(tmp_path / f"graph{number}.html").as_uri()]
        screen.page.context.close()


# ---------------------------------------------------------------------- graphs
@pytest.fixture
def z() -> tw.Variable:
    """``z = (x + y) y``, in which y is used twice."""
    x, y = tw.Variable(3.0, name="x"), tw.Variable(2.0, name="y")
    z = (x + y) * y
    z.name = "z"
    return z


class CBOW(tw.Module):
    """The chapter's model."""

    def __init__(self, words: int, dim: int, rng: np.random.Generator) -> None:
        self.w_in = tw.Parameter(0.1 * rng.normal(size=(words, dim)))
        self.w_out = tw.Parameter(0.1 * rng.normal(size=(dim, words)))

    def forward(self, contexts: Any, target: Any) -> Any:
        h = 0.5 * (contexts[..., 0, :] @ self.w_in + contexts[..., 1, :] @ self.w_in)
        return F.cross_entropy(h @ self.w_out, target)


@pytest.fixture
def cbow(rng: np.random.Generator) -> tuple[tw.Variable, CBOW, dict[str, Any]]:
    """The loss of the chapter's CBOW, the model, and words for its tables."""
    corpus, _, id_to_word = tw.text.preprocess("You say goodbye and I say hello.")
    contexts, target = tw.text.create_contexts_target(corpus, window_size=1)
    model = CBOW(len(id_to_word), 3, rng)
    with tw.debug():
        loss = model(tw.text.convert_one_hot(contexts, len(id_to_word)), target)
    loss.name = "loss"
    return loss, model, {"w_in": id_to_word, "w_out": (None, id_to_word)}
