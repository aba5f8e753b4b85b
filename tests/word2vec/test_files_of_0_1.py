"""What `Word2Vec` of version 0.1 left: models are loaded, broken trainings are gone on with."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v import Parameter, Word2Vec
from tinygrad_w2v._base.errors import InputError

FILES = Path(__file__).parents[1] / "fixtures" / "0.1"
needs_numba = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="numba is not installed"
)
KEYWORDS = {"vector_size": 4, "window": 2, "min_count": 1, "sample": 0}
MORE = {
    "numpy": {"engine": "numpy", "heldout": 0.1},
    "compiled": {"engine": "compiled", "workers": 1, "sg": 1, "hs": 1},
}
ENGINES = ["numpy", pytest.param("compiled", marks=needs_numba)]


class Own(tw.CBOW):
    def __init__(self, vocab_size: int, dim: int) -> None:
        super().__init__(vocab_size, dim, compat="word2vec", rng=np.random.default_rng(0))
        self.bias = Parameter(np.ones(vocab_size, np.float32))

    def loss(self, batch):
        return super().loss(batch) + (F.take(self.bias, batch.center, axis=0) ** 2).sum()


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_a_model_is_loaded(engine) -> None:
    model = Word2Vec.load(FILES / f"word2vec-{engine}.npz")
    vectors = tw.WordVectors.load(FILES / f"word2vec-{engine}.npz")
    assert model.wv.vectors.tobytes() == vectors.vectors.tobytes()
    assert (model.corpus_count, model.corpus_total_words, len(model.losses)) == (40, 400, 5)
    assert (model.window, model.sg, model.hs) == (2, *((1, 1) if engine == "compiled" else (0, 0)))
    assert model.alpha == (0.05 if engine == "numpy" else 0.025)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_broken_training_goes_on_to_the_vectors_of_a_whole_one(engine, tmp_path) -> None:
    folder = tmp_path / "checkpoints"
    shutil.copytree(FILES / f"checkpoint-{engine}", folder)
    keywords = KEYWORDS | MORE[engine] | {"checkpoint": folder, "resume": True}
    model = Word2Vec(corpus_file=FILES / "text.txt", **keywords)
    whole = Word2Vec.load(FILES / f"word2vec-{engine}.npz")
    np.testing.assert_allclose(model.wv.vectors, whole.wv.vectors, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.losses, whole.losses, rtol=1e-6)
    assert not list(folder.glob("checkpoint-*"))


def test_a_model_of_a_user_is_loaded_with_its_class() -> None:
    path = FILES / "word2vec-own.npz"
    model = Word2Vec.load(path, model=Own)
    assert model.model.bias.shape == (30,)
    assert not np.array_equal(model.model.bias.data, np.ones(30))
    with pytest.raises(InputError, match=r"your model Own is in no file; .*load\(path, model="):
        Word2Vec.load(path)
