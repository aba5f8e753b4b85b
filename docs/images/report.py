"""Photographs the report of a run: python docs/images/report.py w2v-out/report.html

The picture shows the map of words with a word chosen; it needs playwright and Chromium.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).with_name("report.png")
WORD = "list"


def main() -> None:
    """Choose a word and take the picture."""
    report = Path(sys.argv[1]).resolve()
    with sync_playwright() as playwright:
        chromium = playwright.chromium
        program = shutil.which("chromium") or chromium.executable_path
        browser = chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 900})
        page.goto(report.as_uri())
        page.locator("#query").fill(WORD)
        page.keyboard.press("Enter")
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(300)
        page.locator(".map").screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
