"""A model in a file, in a pickle, in another process: the same model, and nothing else."""

from __future__ import annotations

import copy
import io
import json
import multiprocessing
import operator
import pickle
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v import Word2Vec
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.word2vec.file import read_model, write_model

TEXT = [["you", "say", "goodbye", "and", "i", "say", "hello"][i % 3 :] for i in range(60)]
SMALL = {"vector_size": 4, "sample": 0.0, "epochs": 2, "engine": "numpy", "min_count": 1}


def same(one: Word2Vec, other: Word2Vec) -> None:
    assert other.wv.index_to_key == one.wv.index_to_key
    for name, table in one.model.state_dict().items():
        np.testing.assert_array_equal(other.model.state_dict()[name], table)
    assert other.settings() == one.settings()
    assert other.losses == one.losses
    assert other.get_latest_training_loss() == one.get_latest_training_loss()
    assert other.corpus_count == one.corpus_count


class Own(tw.Module):
    """A model of one's own, at the top of a module, so that it can be pickled."""

    def __init__(self, words: int, dim: int) -> None:
        self.w_in = tw.Parameter(np.ones((words, dim), np.float32))
        self.bias = tw.Parameter(np.zeros(words, np.float32))

    def loss(self, batch):
        return ((self.w_in[batch.contexts].sum(-1) - 1) ** 2).sum() + self.bias[batch.center].sum()


class Mine(Word2Vec):
    """A class of one's own with other arguments and an attribute."""

    def __init__(self, note: str, sentences=None, **keywords) -> None:
        super().__init__(sentences, **keywords)
        self.note = note


def rule(word, count, min_count):
    return 2


@pytest.mark.parametrize(
    "keywords",
    [{}, {"hs": 1, "negative": 0}, {"sg": 1, "hs": 1}, {"alpha": 0.01, "trim_rule": rule}],
    ids=["cbow", "hs", "both", "rule"],
)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_trained_model_is_pickled(keywords, protocol) -> None:
    model = Word2Vec(TEXT, **(SMALL | keywords))
    model.wv.most_similar("you")
    again = pickle.loads(pickle.dumps(model, protocol))
    same(model, again)
    for each in (model, again):
        each.train(TEXT, epochs=1)
    same(model, again)


def test_copies_are_apart() -> None:
    model = Word2Vec(TEXT, **SMALL)
    for other in (copy.copy(model), copy.deepcopy(model)):
        same(model, other)
        before = model.wv.vectors.copy()
        other.train(TEXT, epochs=1)
        np.testing.assert_array_equal(model.wv.vectors, before)
        assert not np.array_equal(other.wv.vectors, before)


def test_a_model_without_words_is_pickled() -> None:
    model = Word2Vec(sg=1, **SMALL)
    again = pickle.loads(pickle.dumps(model))
    assert again.vocabulary is None
    assert again.settings() == model.settings()
    again.build_vocab(TEXT)
    assert pickle.loads(pickle.dumps(again)).wv.index_to_key == again.wv.index_to_key


def test_a_model_of_ones_own_is_pickled() -> None:
    for given in (Own, Own(6, 4)):
        model = Word2Vec(TEXT, model=given, alpha=1e-3, **SMALL)
        again = pickle.loads(pickle.dumps(model))
        same(model, again)
        assert type(again.model) is Own
        again.train(TEXT, epochs=1)


def test_a_class_of_ones_own_keeps_its_attributes() -> None:
    model = Mine("about", TEXT, **SMALL)
    model.tags = {"a": [1]}
    again = pickle.loads(pickle.dumps(model))
    assert type(again) is Mine
    assert (again.note, again.tags) == ("about", {"a": [1]})
    same(model, again)


def test_vectors_that_were_assigned_are_in_the_pickle() -> None:
    model = Word2Vec(TEXT, **SMALL)
    model.wv.vectors = np.full(model.wv.vectors.shape, 0.25)
    again = pickle.loads(pickle.dumps(model))
    assert (again.wv.vectors == 0.25).all()
    model.wv.add_vector("fox", np.ones(4))
    with pytest.raises(InputError, match="words that were added to wv have no place"):
        pickle.dumps(model)


@pytest.mark.process
def test_other_processes_are_sent_a_model() -> None:
    model = Word2Vec(TEXT, **SMALL)
    # What is called there is of a module that is installed: this file is not found from there.
    ask = operator.methodcaller("predict_output_word", ["you", "goodbye"], topn=3)
    spawn = multiprocessing.get_context("spawn")
    # An executor, since a pool would wait for ever for a process that cannot read its task.
    with ProcessPoolExecutor(1, spawn) as executor:
        assert list(executor.map(ask, [model, model])) == [ask(model), ask(model)]


def test_the_loss_so_far_is_kept(tmp_path) -> None:
    model = Word2Vec(TEXT, **SMALL)
    assert model.get_latest_training_loss() > 0
    model.save(tmp_path / "model")
    assert Word2Vec.load(tmp_path / "model").get_latest_training_loss() == (
        model.get_latest_training_loss()
    )


# Files of a model of one's own, and of strangers


def test_loading_a_model_of_ones_own_names_the_remedy(tmp_path) -> None:
    path = tmp_path / "own.model"
    model = Word2Vec(TEXT, model=Own, alpha=1e-3, **SMALL)
    model.save(path)
    with pytest.raises(InputError, match=r"own\.model: .*class of your model Own is .*model="):
        Word2Vec.load(path)
    same(model, Word2Vec.load(path, model=Own))
    Word2Vec(TEXT, **SMALL).save(path)
    with pytest.raises(InputError, match=r"own\.model: this state does not fit Own"):
        Word2Vec.load(path, model=Own)


class Alike(tw.CBOW):
    """Another model with the same tables."""

    def loss(self, batch):
        return 0.5 * super().loss(batch)


def test_tables_that_fit_by_chance_are_not_taken(tmp_path) -> None:
    Word2Vec(TEXT, model=Alike, **SMALL).save(tmp_path / "model")
    with pytest.raises(InputError, match=r"your model Alike is in no file; .*model=\.\.\."):
        Word2Vec.load(tmp_path / "model")
    assert type(Word2Vec.load(tmp_path / "model", model=Alike).model) is Alike


def test_numbers_that_a_training_lost_are_named(tmp_path) -> None:
    model = Word2Vec(TEXT, **SMALL)
    model.model.w_out.data[1, 2] = np.nan
    model.save(tmp_path / "model")
    with pytest.raises(InputError, match="model: its w_out holds NaN or infinity"):
        Word2Vec.load(tmp_path / "model")


def test_a_file_from_before_names_the_remedy_too(tmp_path) -> None:
    model = Word2Vec(TEXT, model=Own, alpha=1e-3, **SMALL)
    model.save(tmp_path / "new")
    saved = read_model(tmp_path / "new")
    description = {k: v for k, v in saved.description.items() if k != "own_model"}
    del description["counted"]["_latest_loss"]
    write_model(tmp_path / "old", saved.vocabulary, saved.tables, description)
    with pytest.raises(InputError, match=r"does not fit CBOW.*a model of yours is .*model="):
        Word2Vec.load(tmp_path / "old")
    assert Word2Vec.load(tmp_path / "old", model=Own).get_latest_training_loss() == 0


def changed(path: Path, change) -> None:
    """Change the description in a model's file."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    raw = np.lib.format.read_array(io.BytesIO(members["word2vec.npy"]))
    description = json.loads(raw.tobytes())
    change(description)
    buffer = io.BytesIO()
    text = json.dumps(description).encode()
    np.lib.format.write_array(buffer, np.frombuffer(text, np.uint8))
    members["word2vec.npy"] = buffer.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["keywords"].update(corpus_file="/etc/hostname"),
        lambda d: d["keywords"].update(checkpoint="folder"),
        lambda d: d["keywords"].update(model="os:system"),
        lambda d: d["keywords"].update(callbacks=[1]),
        lambda d: d["keywords"].update(sentences=[["a", "b"]]),
        lambda d: d["keywords"].update(vector_size="4"),
        lambda d: d["keywords"].update(vector_size=10**12),
        lambda d: d["keywords"].update(workers=[1]),
        lambda d: d.update(keywords=None),
        lambda d: d.update(counted=[1]),
        lambda d: d["counted"].update(losses="many"),
        lambda d: d["counted"].update(losses=["a"]),
        lambda d: d["counted"].update(corpus_count=None),
        lambda d: d["counted"].update(_epochs_drawn=1.5),
        lambda d: d["counted"].update(save=1),
        lambda d: d["counted"].pop("losses"),
        lambda d: d.pop("counted"),
    ],
)
def test_what_a_file_may_not_say(change, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.model"
    Word2Vec(TEXT, **SMALL).save(path)
    changed(path, lambda d: None)
    Word2Vec.load(path)
    changed(path, change)
    with pytest.raises(InputError, match=r"a\.model"):
        Word2Vec.load(path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.model"]


# What is expected between words


def test_ids_are_words_as_well() -> None:
    model = Word2Vec(TEXT, **(SMALL | {"epochs": 5}))
    words = ["you", "goodbye"]
    ids = [model.wv.key_to_index[word] for word in words]
    wanted = model.predict_output_word(words)
    assert model.predict_output_word(ids) == wanted
    assert model.predict_output_word([words[0], np.int64(ids[1])]) == wanted
    assert model.predict_output_word([*words, "never"]) == wanted
    for wrong in ([len(model.wv)], [-1], [True], [1.0], [None], ["you", ["say"]]):
        with pytest.raises(InputError, match="is neither a word nor an id below 6"):
            model.predict_output_word(wrong)
    with pytest.raises(InputError, match="not the string 'you'"):
        model.predict_output_word("you")


def test_ids_as_gensim_takes_them() -> None:
    gensim = pytest.importorskip("gensim.models")
    theirs = gensim.Word2Vec(TEXT, vector_size=4, min_count=1, sample=0, seed=1, workers=1)
    order = theirs.wv.index_to_key
    assert dict(theirs.predict_output_word([0, 1])) == dict(theirs.predict_output_word(order[:2]))


def test_a_softmax_of_ones_own_without_output_vectors() -> None:
    model = Word2Vec(TEXT, model=Own, alpha=1e-3, **SMALL)
    with pytest.raises(InputError, match="Own has no w_out"):
        model.predict_output_word(["you"])
