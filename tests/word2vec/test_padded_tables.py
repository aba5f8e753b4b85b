"""`Word2Vec` in the compiled engine, whose tables are moved into whole cache lines."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrad_w2v import Word2Vec
from tinygrad_w2v._base.cache_lines import with_padding
from tinygrad_w2v.training.engines import EngineOptions
from tinygrad_w2v.word2vec import TrainingSettings, memory

pytest.importorskip("numba")

WORDS = [f"w{i}" for i in range(200)]


def text(seed: int = 0, words: list[str] = WORDS) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [words, *(rng.choice(words[:40], 12).tolist() for _ in range(60))]


def is_padded(parameter: Any) -> bool:
    return with_padding(parameter.data) is not parameter.data


def trained(hold: bool = False, **keywords: Any) -> Word2Vec:
    """A model trained once; where its tables are held, they stay as they are."""
    options = {"vector_size": 100, "min_count": 1, "workers": 1, "engine": "compiled", "epochs": 2}
    model = Word2Vec(**options | keywords)
    model.build_vocab(text())
    kept = [p.data for p in model.model.parameters()] if hold else []
    model.train(text(), epochs=2)
    assert all(is_padded(p) == (not hold) for p in model.model.parameters())
    assert not hold or kept[0] is model.model.w_in.data
    return model


def bytes_of(model: Word2Vec) -> bytes:
    return model.wv.vectors.tobytes() + model.model.w_out.data.tobytes()


def test_vectors_files_and_growing_are_those_of_packed_tables(tmp_path: Path) -> None:
    models = [trained(), trained(hold=True)]
    assert bytes_of(models[0]) == bytes_of(models[1])
    written: list[dict[str, bytes]] = []
    for number, model in enumerate(models):
        folder = tmp_path / str(number)
        folder.mkdir()
        model.save(folder / "model")
        model.wv.save(folder / "vectors")
        model.wv.save_word2vec_format(folder / "vectors.txt")
        model.wv.save_word2vec_format(folder / "vectors.bin", binary=True)
        np.save(folder / "vectors.npy", model.wv.vectors)
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
        assert model.wv.most_similar("w1") == models[0].wv.most_similar("w1")
        for again in (Word2Vec.load(folder / "model"), copy.deepcopy(model)):
            assert bytes_of(again) == bytes_of(model)
        assert pickle.loads(pickle.dumps(model.wv)).vectors.tobytes() == model.wv.vectors.tobytes()
    # The seconds of a training are in the file of a model.
    del written[0]["model"], written[1]["model"]
    assert written[0] == written[1]
    more = text(1, [*WORDS, *(f"n{i}" for i in range(30))])
    for model in models:
        model.build_vocab(more, update=True)
        assert len(model.wv) == 230
        model.train(more, epochs=1)
    assert all(is_padded(p) for model in models for p in model.model.parameters())
    assert bytes_of(models[0]) == bytes_of(models[1])


def test_vectors_that_were_looked_at_do_not_hold_a_table_back(tmp_path: Path) -> None:
    trained().save(tmp_path / "model")
    model = Word2Vec.load(tmp_path / "model")
    wv, before = model.wv, model.wv["w3"].copy()
    assert not is_padded(model.model.w_in)
    model.train(text(), epochs=1)
    assert is_padded(model.model.w_in)
    assert model.wv is wv and np.shares_memory(wv.vectors, model.model.w_in.data)
    assert not np.array_equal(wv["w3"], before)
    # Numbers that are assigned become the model's, in its own memory.
    wv.vectors = np.ones((200, 100), np.float32)
    model.train(text(), epochs=1)
    assert is_padded(model.model.w_in) and np.shares_memory(wv.vectors, model.model.w_in.data)
    assert abs(wv["w150"] - 1).max() < 0.5


def test_a_training_that_is_refused_leaves_the_vectors_shared() -> None:
    model = Word2Vec(vector_size=100, min_count=1, workers=1, engine="compiled")
    model.build_vocab(text())
    wv = model.wv
    with pytest.raises(ValueError, match="heldout"):
        model.train(text(), epochs=1, heldout=1e-9)
    assert np.shares_memory(wv.vectors, model.model.w_in.data)


def test_the_numpy_engine_goes_on_with_padded_tables() -> None:
    models = [trained(), trained(hold=True)]
    for model in models:
        model.engine = "numpy"
        model.train(text(), epochs=1)
    assert bytes_of(models[0]) == bytes_of(models[1])
    assert [is_padded(model.model.w_in) for model in models] == [True, False]
    probabilities = [model.predict_output_word(["w1", "w2"]) for model in models]
    assert [word for word, _ in probabilities[0]] == [word for word, _ in probabilities[1]]


def test_the_padding_is_counted_before_it_is_taken() -> None:
    def needed(engine: str, size: int) -> int:
        settings = TrainingSettings(size=size)
        return memory._tables(settings, 10**6, EngineOptions(engine)).bytes

    model = trained()
    rows = sum(with_padding(p.data).nbytes for p in model.model.parameters()) // 400
    assert needed("compiled", 100) - needed("numpy", 100) == 2 * 10**6 * (rows - 400)
    assert needed("compiled", 11) == needed("numpy", 11)
