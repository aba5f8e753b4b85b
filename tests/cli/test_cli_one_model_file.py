"""The file of a model: the command and `Word2Vec` write one, and each reads the other's."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_w2v import Word2Vec, WordVectors

TEXT = [["cat", "dog", "cow", "hen"], ["red", "blue", "pink", "grey"]] * 20


@pytest.mark.parametrize(
    "options",
    ["", "--model skipgram --negatives-per-pair", "--hs", "--hs --negative 0", "--compat word2vec"],
)
def test_the_class_goes_on_with_a_model_of_the_command(options, run, text, tmp_path) -> None:
    small = ("--size", 8, "--window", 2, "--engine", "numpy", "--heldout", 0.2, "--quiet")
    assert run("train", text, *small, *options.split(), "--output", tmp_path / "out").status == 0
    path = tmp_path / "out" / "model.npz"
    model = Word2Vec.load(path)
    vectors = WordVectors.load(path)
    assert model.wv.vectors.tobytes() == vectors.vectors.tobytes()
    with np.load(path) as arrays:
        np.testing.assert_array_equal(model.model.w_out.data, arrays["w_out"])
    assert (model.vector_size, model.window, model.min_count) == (8, 2, 5)
    assert (model.sg, model.hs) == ("skipgram" in options, "--hs" in options)
    assert len(model.losses) == len(model.heldout_losses) == 5
    assert (model.corpus_count, model.corpus_total_words) == (60, 720)
    model.train(TEXT, epochs=1)
    assert len(model.losses) == 6
