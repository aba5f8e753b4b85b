"""The page of live questions in a real browser, from the server that it belongs to."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrad_w2v._cli.exploring import Look
from tinygrad_w2v._cli.stored_run import read_run
from tinygrad_w2v.cli import main
from tinygrad_w2v.reports.server import LookServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_questions_are_asked_and_a_window_is_stepped_through(browser: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    lines = [" ".join(rng.choice(["cat", "dog", "cow", "hen", "pig"], 9)) for _ in range(40)]
    (tmp_path / "text.txt").write_text("\n".join(lines), encoding="utf-8")
    folder = tmp_path / "run"
    options = ["--size", "6", "--epochs", "1", "--engine", "numpy", "--quiet", "--sample", "0"]
    assert main(["train", str(tmp_path / "text.txt"), *options, "--output", str(folder)]) == 0
    look = Look(read_run(str(folder)), "en")
    server = LookServer(look.pages(), look.answers())
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        page = browser.new_page(viewport={"width": 400, "height": 860})
        complaints: list[str] = []
        requests: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(server.url)
        page.locator("#neighbours input").fill("cat")
        page.keyboard.press("Enter")
        page.locator("#neighbours .near button").first.click()
        page.wait_for_function("document.querySelector('#neighbours input').value !== 'cat'")
        page.locator("#odd input").fill("cat dog cow")
        page.keyboard.press("Enter")
        assert page.locator("#odd .near li").count() == 3 or page.wait_for_selector("#odd .near li")
        page.locator("#sentence input").fill("cat dog cow")
        page.keyboard.press("Enter")
        page.locator("#sentence tbody button").nth(1).click()
        contexts = page.locator("#sentence tbody tr:first-child td:nth-child(2) bdi")
        assert contexts.all_inner_texts() == ["dog", "cow"]  # each for itself, whichever way
        graph = page.frame_locator("#sentence iframe")
        graph.locator("#canvas .node").first.wait_for(timeout=20_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        page.locator("nav a").click()
        page.locator("#map").wait_for()
        assert complaints == []
        assert all(url.startswith(server.url) for url in requests)
        page.close()
    finally:
        server.stop()
        thread.join()
