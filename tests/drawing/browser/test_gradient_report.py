"""The report of a gradient check in a real browser: it fits, it is read by keys, it is legible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# The least contrast of a text and what lies under it, over the whole report.
CONTRAST = """() => {
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
  const texts = [...document.querySelectorAll(".tw-check *")].filter(
    (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  return Math.min(...texts.map((e) => {
    const [a, b] = [light(rgba(getComputedStyle(e).color)), light(under(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }));
}"""


class Wrong(tw.Function):
    """y = x * x;  gx = 2 * g * x, a thousandth more in one entry"""

    def forward(self, x: Any) -> Any:
        self.save(x)
        return x * x

    def backward(self, g: Any) -> Any:
        factors = np.ones(self.saved[0].shape)
        factors[3, 1] = 1.001
        return 2 * g * self.saved[0] * factors


@pytest.fixture(scope="module")
def report() -> Any:
    rng = np.random.default_rng(0)
    words = "you say goodbye and i hello .".split()
    with pytest.raises(tw.GradientError) as raised:
        tw.check_grads(
            lambda w_in, w: Wrong()(w_in) @ w,
            rng.normal(size=(7, 5)),
            rng.normal(size=(5, 40)),
            labels={"w_in": words},
        )
    return raised.value.report


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("width", [1280, 400])
def test_the_report_fits_and_is_legible(
    opened: Callable[..., Any], report: Any, width: int, lang: str
) -> None:
    screen = opened(report.html(lang), width)
    assert screen.page.evaluate("document.documentElement.scrollWidth") <= width
    worst = screen.page.locator(".map td.wrong.worst")
    assert worst.all_inner_texts()[1] == "✗ 1.0e-3 ◀"
    assert worst.first.locator("xpath=../th").inner_text() == "3 and"
    for scheme in ("light", "dark"):
        screen.page.emulate_media(color_scheme=scheme)
        assert screen.page.evaluate(CONTRAST) >= 4.5
    screen.shoot(f"report-{lang}")


def test_numbers_are_unfolded_by_keys(opened: Callable[..., Any], report: Any) -> None:
    screen = opened(report.html())
    numbers = screen.page.locator("details details").first
    table = numbers.locator("table")
    assert not table.is_visible()
    numbers.locator("summary").focus()
    screen.press("Enter")
    assert table.is_visible()
    assert table.locator("tbody tr").count() == 35
    assert table.locator("th.wrong").all_inner_texts() == ["✗ w_in[3, 1] 'and' ◀"]
