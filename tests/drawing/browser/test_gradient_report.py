"""The report of a gradient check in a real browser: it fits, it is read by keys, it is legible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw

pytestmark = [pytest.mark.browser, pytest.mark.slow]


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
        assert screen.contrast(".tw-check") >= 4.5
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
