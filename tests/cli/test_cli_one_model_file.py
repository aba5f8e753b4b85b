"""The file of a model: the command and `Word2Vec` write one, and each reads the other's."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_w2v import CBOW, Word2Vec, WordVectors
from tinygrad_w2v._base.errors import InputError

SMALL = {"vector_size": 6, "sample": 0.0, "epochs": 2, "engine": "numpy"}
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


class Own(CBOW):
    """A model of a user's."""


@pytest.mark.parametrize("keywords", [{}, {"sg": 1}, {"hs": 1, "negative": 0}], ids=str)
def test_the_command_learns_on_from_a_model_of_the_class(keywords, run, text, tmp_path) -> None:
    path, out = tmp_path / "own name", tmp_path / "out"
    model = Word2Vec(TEXT, min_count=1, **(SMALL | keywords))
    model.save(path)
    rate = ("--alpha", "1e-12", "--min-alpha", 0, "--epochs", 1)
    assert run("train", text, "--update", path, *rate, "--quiet", "--output", out).status == 0
    after = Word2Vec.load(out / "model.npz")
    assert after.settings().size == 6 and after.min_count == 1
    for word in model.wv.index_to_key:
        np.testing.assert_allclose(after.wv[word], model.wv[word], atol=1e-8)
    assert run("neighbors", "cat", "--vectors", path).status == 0


def test_a_model_of_a_users_class_is_loaded_in_python(run, text, tmp_path) -> None:
    path = tmp_path / "own.model"
    Word2Vec(TEXT, min_count=1, model=Own, **SMALL).save(path)
    done = run("train", text, "--update", path, "--output", tmp_path / "out")
    assert done.status == 2
    assert "the class of your model Own is in no file" in done.err
    assert "load(path, model=...)" in done.err
    assert len(done.err.splitlines()) == 1
    with pytest.raises(InputError, match=r"your model Own is in no file; .*load\(path, model="):
        Word2Vec.load(path)
    assert type(Word2Vec.load(path, model=Own).model) is Own
