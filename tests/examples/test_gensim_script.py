"""The same script runs on gensim and here, and finds the same."""

from __future__ import annotations

import importlib.util
import logging
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from source_as_module import module_of

import tinygrad_w2v as tw

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "gensim_script.py"
OURS = "from tinygrad_w2v import LineSentence, Word2Vec"
THEIRS = "from gensim.models.word2vec import LineSentence, Word2Vec"

pytestmark = pytest.mark.example


@pytest.mark.proof
def test_only_the_import_line_differs(tmp_path, caplog, capsys) -> None:
    pytest.importorskip("gensim", reason="gensim is not installed")
    source = SCRIPT.read_text(encoding="utf-8")
    assert source.count(OURS) == 1
    assert "tinygrad" not in source.replace(OURS, "")
    caplog.set_level(logging.INFO)  # as basicConfig does where no log is set up yet
    ours = module_of(source, tmp_path / "on_ours.py")
    theirs = module_of(source.replace(OURS, THEIRS), tmp_path / "on_gensim.py")

    model, words, losses, pairs, analogies = ours.main(output=tmp_path / "ours")
    text = tmp_path / "ours" / "manual.txt"
    printed = capsys.readouterr().out
    other, other_words, other_losses, other_pairs, other_analogies = theirs.main(
        text, tmp_path / "gensim"
    )

    assert (model.corpus_count, model.corpus_total_words) == (
        other.corpus_count,
        other.corpus_total_words,
    )
    counts, other_counts = (
        {word: m.wv.get_vecattr(word, "count") for word in m.wv.index_to_key}
        for m in (model, other)
    )
    assert counts == other_counts
    assert words[1] == other_words[1]
    assert words[0] == pytest.approx(other_words[0], rel=0.02)  # both sample at random
    assert len(losses) == len(other_losses) == 5
    assert losses[-1] < losses[0]

    # Words near to each other for one are near for the other, and known pairs come out alike.
    near = {word: [w for w, _ in model.wv.most_similar(word, topn=10)] for word in counts}
    far = {word: [w for w, _ in other.wv.most_similar(word, topn=10)] for word in counts}
    frequent = list(model.wv.index_to_key[50:250])
    shared = np.mean([len(set(near[word]) & set(far[word])) / 10 for word in frequent])
    assert shared > 0.25  # 10 of 1,300 words, by chance 0.008
    assert pairs[2] == other_pairs[2]
    assert pairs[1][0] > 0.3
    assert abs(pairs[1][0] - other_pairs[1][0]) < 0.4
    assert [len(section["correct"]) + len(section["incorrect"]) for section in analogies[1]] == [
        len(section["correct"]) + len(section["incorrect"]) for section in other_analogies[1]
    ]
    first_line, other_first_line = (
        (tmp_path / folder / "vectors.txt").read_text(encoding="utf-8").split("\n", 1)[0]
        for folder in ("ours", "gensim")
    )
    assert first_line == other_first_line
    assert "epoch 5: loss" in printed
    # Two threads give no two runs the same vectors, so any of the words may be the odd one.
    assert re.search(r"does not match: \w+", printed)
    assert "words/s" in caplog.text
    name = "compiled" if importlib.util.find_spec("numba") else "numpy"
    assert f"engine {name} (" in caplog.text


def test_it_runs_without_numba(tmp_path, caplog, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    caplog.set_level(logging.INFO)
    script = module_of(SCRIPT.read_text(encoding="utf-8"), tmp_path / "script.py")
    text = tmp_path / "text.txt"
    rng = np.random.default_rng(0)
    kinds = [["list", "tuple", "string"], ["int", "float", "class"]]
    lines = [" ".join(rng.choice(kinds[i % 2], 8)) for i in range(400)]
    text.write_text("\n".join(lines), encoding="utf-8")
    with pytest.warns(tw.EngineWarning, match="numba is not installed"):
        model, (trained, raw), losses, _, _ = script.main(text, tmp_path / "out", epochs=3)
    assert "engine numpy (numba is not installed" in caplog.text
    assert (model.corpus_count, raw) == (400, 3 * 3200)
    assert 0 < trained <= raw
    assert len(losses) == 3
    assert model.losses[-1] < model.losses[0]
