"""The page of a run: what it holds, what it leaves out, how large it is."""

from __future__ import annotations

import base64
import json
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v.reports import layouts, stored_words
from tinygrad_w2v.reports.contents import Losses, Report, numbers
from tinygrad_w2v.reports.page import page_of
from tinygrad_w2v.reports.stored_words import MOST_ON_MAP, store


def data_of(page: str) -> dict[str, Any]:
    """What the page's scripts read."""
    *_, text = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    data: dict[str, Any] = json.loads(text)  # a graph's page within it has its own
    return data


def sections(page: str) -> list[str]:
    return re.findall(r'<section id="(\w+)" aria-labelledby', page)


def test_what_a_run_does_not_have_is_left_out() -> None:
    assert sections(page_of(Report("nothing"))) == ["curves"]
    page = page_of(Report("losses", losses=Losses(epochs=[2.0, float("nan")])))
    assert data_of(page)["curves"]["loss"] == [[1, 2.0], [2, None]]
    assert "http" not in page.replace("http://www.w3.org", "").replace("http-equiv", "")


def test_one_epoch_has_one_loss() -> None:
    page = page_of(Report("one", losses=Losses(epochs=[2.5])))
    assert "loss 2.5</p>" in page and "at first" not in page.partition("</header>")[0]


def test_a_loss_stands_with_its_epoch_and_labels_are_text() -> None:
    losses = Losses(epochs=[3.0, 2.5, 2.0], heldout=numbers([3.25, None, 2.25]))
    page = page_of(Report("losses", losses=losses))
    assert '<td class="number">nan</td></tr><tr>' in page.replace("\n", "")
    assert data_of(page)["curves"]["heldout"] == [[1, 3.25], [2, None], [3, 2.25]]
    assert re.findall(r'aria-label="(table[^"]*)"', page) == ["table: loss"]


def test_stored_directions_give_the_cosines(rng: np.random.Generator) -> None:
    table = rng.normal(size=(300, 40)).astype(np.float32)
    table[7] = 0
    words = [f"w{k}" for k in range(300)]
    vectors = tw.WordVectors(words, table, counts=rng.integers(1, 99, 300))
    data = store(vectors).as_data()
    counts = data["counts"]
    assert counts == sorted(counts, reverse=True) and data["of"] == 300
    numbers = np.frombuffer(base64.b64decode(data["directions"]), np.int8).reshape(300, 40)
    kept = numbers.astype(float)
    rows = [vectors.key_to_index[word] for word in data["words"]]
    lengths = np.linalg.norm(kept, axis=1, keepdims=True)
    found = (kept / np.where(lengths, lengths, 1)) @ (kept / np.where(lengths, lengths, 1)).T
    unit = table[rows] / np.maximum(np.linalg.norm(table[rows], axis=1, keepdims=True), 1e-9)
    assert np.abs(found - unit @ unit.T).max() < 0.01
    assert not kept[data["words"].index("w7")].any()


def test_twenty_thousand_words_are_the_most_and_large_vectors_are_fewer(monkeypatch: Any) -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(20_500, 10)).astype(np.float32)
    vectors = tw.WordVectors([str(k) for k in range(20_500)], table)
    stored = store(vectors)
    assert len(stored.words) == 20_000 and len(stored.points) == MOST_ON_MAP
    assert stored.of == 20_500
    monkeypatch.setattr(stored_words, "MOST_BYTES", 5000)
    assert len(store(vectors).words) == 500


@settings(max_examples=12, deadline=None)
@given(st.lists(st.text(min_size=1), min_size=2, max_size=6, unique=True))
def test_any_word_is_data(words: list[str]) -> None:
    vectors = tw.WordVectors(words, np.eye(len(words)))
    page = page_of(Report(words[0], vectors=vectors, samples=words))
    assert data_of(page)["vectors"]["words"] == words
    assert page.count("<script") == 2 and page.count("</script>") == 2


def test_names_that_are_no_text_are_written(tmp_path: Path) -> None:
    from tinygrad_w2v.reports.page import write_report

    write_report(Report("caf\udce9", {"text": {"sources": ["caf\udce9.txt"]}}), tmp_path / "r.html")
    assert "caf\\udce9.txt" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_layout_without_its_library_says_what_to_install(monkeypatch: Any) -> None:
    monkeypatch.setattr(layouts.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tinygrad_w2v\[maps\]'"):
        page_of(Report("run"), layout="umap")
    with pytest.raises(InputError, match="layout must be 'pca', 'umap' or 'pacmap', not 'tsne'"):
        page_of(Report("run"), layout="tsne")
    with pytest.raises(InputError, match="lang must be"):
        page_of(Report("run"), lang="fr")  # type: ignore[arg-type]


def test_pca_is_the_plane_of_the_largest_spread(rng: np.random.Generator) -> None:
    points = rng.normal(size=(200, 2)) * [9, 5]
    turned, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    rows = np.pad(points, ((0, 0), (0, 4))) @ turned + 0.01 * rng.normal(size=(200, 6))
    plane = layouts.principal_plane(rows)
    centred = points - points.mean(axis=0)
    for found, true in zip(plane.T, centred.T, strict=True):
        assert abs(np.corrcoef(found, true)[0, 1]) > 0.98
    assert np.abs(layouts.plane_of(rows)).max() == 1


# ---------------------------------------------------------------------- who makes reports
def test_word2vec_reports_its_losses_and_its_words(tmp_path: Path) -> None:
    text = [["cat", "dog", "cow", "hen"], ["red", "blue", "pink", "grey"]] * 60
    model = tw.Word2Vec(text, vector_size=8, sample=0, engine="numpy", epochs=2, heldout=0.1)
    path = tmp_path / "report.html"
    model.report(path)
    page = path.read_text(encoding="utf-8")
    parts = ["curves", "sample", "words", "analogies", "what", "graph", "repeat"]
    assert sections(page) == parts  # the words are in no test set; NumPy has no kernel
    assert len(data_of(page)["curves"]["heldout"]) == 2
    assert "vector_size=8" in page and "epochs=2" in page and "window=5" not in page
    assert "heldout=0.1" in page
    model.save(tmp_path / "model.npz")
    tw.Word2Vec.load(tmp_path / "model.npz").report(path, lang="ja")
    again = data_of(path.read_text(encoding="utf-8"))
    assert again["curves"]["units"] == "epochs" and len(again["curves"]["loss"]) == 2
    with pytest.raises(InputError):
        tw.Word2Vec().report(path)


def test_a_model_that_was_trained_twice_tells_of_both(tmp_path: Path) -> None:
    text = [["cat", "dog", "cow", "hen"], ["red", "blue", "pink", "grey"]] * 60
    keywords: dict[str, Any] = {"vector_size": 8, "sample": 0, "engine": "numpy"}
    model = tw.Word2Vec(text, **keywords, epochs=2, heldout=0.1)
    model.train(text, total_examples=len(text), epochs=1)
    path = tmp_path / "report.html"
    model.report(path)
    page = path.read_text(encoding="utf-8")
    data = data_of(page)["curves"]
    assert (data["units"], len(data["loss"]), data["heldout"]) == ("epochs", 3, [])
    assert "held out" not in page.partition("</header>")[0]
    assert "repeat" not in sections(page)  # no one call does this again
    model.train(text, total_examples=len(text), epochs=1, heldout=0.2)
    model.report(path)
    data = data_of(path.read_text(encoding="utf-8"))["curves"]
    assert [y is None for _, y in data["heldout"]] == [True, True, True, False]


class Mine(tw.Module):
    """A model of a user's."""

    def __init__(self, words: int) -> None:
        self.table = tw.Parameter(np.full((words, 3), 0.1))

    def loss(self, batch: Any) -> Any:
        return (F.embedding(self.table, batch.contexts).sum(axis=-1) ** 2).sum()


def test_a_models_own_history_has_words_where_its_examples_have(tmp_path: Path) -> None:
    source = tw.examples.Windows([["you", "say", "hello"]] * 30)
    path = tmp_path / "report.html"
    early = []
    history = tw.fit(
        Mine(3),
        source,
        lr=0.01,
        epochs=2,
        heldout=0.2,
        engine="numpy",
        progress=False,
        callbacks=[lambda history: early.append(history.report(path))],
    )
    assert len(early) == 2 and sections(path.read_text(encoding="utf-8"))[0] == "curves"
    history.report(path)
    page = path.read_text(encoding="utf-8")
    assert sections(page) == ["curves", "sample", "words", "analogies", "what", "graph"]
    # Which table the words' vectors are of: another may have as many rows.
    assert "<dt><bdi>vectors of the words</bdi></dt><dd><bdi>table</bdi></dd>" in page
    assert "Mine, Windows" in page and sorted(data_of(page)["vectors"]["words"]) == sorted(
        ["you", "say", "hello"]
    )
    table = {"x": np.arange(9.0), "y": np.arange(9.0)}
    history = tw.fit(Line(), table, epochs=1, lr=0.001, engine="numpy", progress=False)
    history.report(path)
    assert sections(path.read_text(encoding="utf-8")) == ["curves", "what", "graph"]
    pickle.loads(pickle.dumps(history)).report(path)  # without the model, whose class is elsewhere
    assert sections(path.read_text(encoding="utf-8")) == ["curves"]


class Line(tw.Module):
    def __init__(self) -> None:
        self.slope = tw.Parameter(np.zeros(()))

    def loss(self, example: Any) -> Any:
        return ((self.slope * example["x"] - example["y"]) ** 2).sum()
