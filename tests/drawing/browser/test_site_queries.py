"""A Japanese query of the site is cut into words that its index has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser]
SCRIPT = Path(__file__).resolve().parents[3] / "docs" / "site" / "static" / "query.js"
# What Sphinx has loaded before.
SPHINX = """
const terms = { 単語: 1, ベクトル: 2, 負: 1, 例: 1, 勾配: 3, 勾配確認: 1, word2vec: 1 };
const Search = { _index: { terms, titleterms: { サンプリング: 1 } } };
const Documentation = { addTranslations: catalog => { Documentation.catalog = catalog; } };
"""


@pytest.fixture(scope="module")
def cut(browser: Any) -> Any:
    """A function that cuts a query as the site does."""
    page = browser.new_page()
    script = f"{SPHINX}\n{SCRIPT.read_text(encoding='utf-8')}"
    page.set_content(f"<!doctype html><title>search</title><script>{script}</script>")
    yield lambda query: page.evaluate("query => splitQuery(query)", query)
    page.close()


@pytest.mark.parametrize(
    "query, words",
    [
        ("単語ベクトル", ["単語", "ベクトル"]),
        ("単語の ベクトルを", ["単語", "ベクトル"]),
        ("勾配確認", ["勾配確認"]),
        ("負例サンプリング", ["サンプリング"]),
        ("most_similar 単語", ["most_similar", "単語"]),
        ("Word2Vecの単語", ["Word2Vec", "単語"]),
        ("知らない", ["知らない"]),
        ("constructor", ["constructor"]),
        ("", []),
    ],
)
def test_a_query_is_cut_into_the_longest_words_of_the_index(
    cut: Any, query: str, words: list[str]
) -> None:
    assert cut(query) == words
