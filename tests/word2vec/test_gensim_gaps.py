"""What gensim's own tests do with a model beyond training it."""

from __future__ import annotations

import copy
import signal

import numpy as np
import pytest
from gensim.models import Word2Vec as Theirs
from gensim.test.utils import common_texts as TEXT

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources.huffman import HuffmanTree
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.word2vec import Word2Vec

SMALL = {"vector_size": 4, "min_count": 1, "sample": 0, "window": 3}
ENGINES = [
    {"engine": "numpy"},
    {"engine": "compiled", "workers": 1},
    {"engine": "compiled", "workers": 2},
    {"engine": "compiled", "workers": 2, "deterministic": True},
]


@pytest.mark.parametrize("engine", ENGINES, ids=str)
@pytest.mark.parametrize("settings", [{"sg": 0, "hs": 1}, {"sg": 1}], ids=str)
def test_locked_words_stay_as_they_are(engine, settings) -> None:
    model = Word2Vec(**SMALL, **settings, **engine)
    model.build_vocab(TEXT)
    model.wv.vectors_lockf = np.ones(len(model.wv), dtype=np.float32)
    model.wv.vectors_lockf[[0, 5]] = 0
    before = model.wv.vectors.copy()
    model.train(TEXT, total_examples=model.corpus_count, epochs=3)
    same = (model.wv.vectors == before).all(axis=1)
    assert np.flatnonzero(same).tolist() == [0, 5]


def test_locks_come_and_go() -> None:
    model = Word2Vec(TEXT, **SMALL, engine="numpy", epochs=1)
    model.wv.vectors_lockf = np.zeros(1)
    model = copy.deepcopy(model)
    before = model.wv.vectors.copy()
    model.train(TEXT, total_examples=9, epochs=1)
    assert (model.wv.vectors == before).all()
    # New words are trained, old ones stay locked.
    model = copy.deepcopy(model)
    model.build_vocab([["user", "newcomer", "system"]] * 3, update=True)
    model.train([["user", "newcomer", "system"]] * 3, total_examples=3, epochs=1)
    assert model.wv.vectors_lockf.tolist() == [0] * len(before) + [1]
    assert (model.wv.vectors[: len(before)] == before).all()
    newcomer = model.wv["newcomer"].copy()
    model.wv.vectors_lockf = np.ones(1)
    model.train(TEXT, total_examples=9, epochs=1)
    assert not (model.wv.vectors[: len(before)] == before).all(axis=1).any()
    assert (model.wv["newcomer"] == newcomer).all()  # it is not in that text
    model.wv.vectors_lockf = np.ones(len(model.wv))
    model.wv.vectors_lockf[2] = 0.25
    with pytest.raises(InputError, match=r"vectors_lockf holds 0\.25"):
        model.train(TEXT, total_examples=9, epochs=1)


def test_a_training_goes_on_with_the_same_locks(tmp_path) -> None:
    class Stop:
        def on_epoch_end(self, model) -> None:
            if len(model.losses) == 1:
                signal.raise_signal(signal.SIGINT)

    def trained(locked: int | None, **options) -> Word2Vec:
        callbacks = () if options.get("resume") else [Stop()]
        model = Word2Vec(**SMALL, engine="numpy", callbacks=callbacks)
        model.build_vocab(TEXT)
        if locked is not None:
            model.wv.vectors_lockf = np.arange(len(model.wv)) != locked
        model.train(TEXT, epochs=3, checkpoint=tmp_path, **options)
        return model

    stopped = trained(2)
    assert stopped.interrupted
    for other in (None, 3):
        with pytest.raises(InputError, match=r"other keywords \(vectors_lockf\)"):
            trained(other, resume=True)
    again = trained(2, resume=True)
    assert len(again.losses) == 3
    same = (again.wv.vectors == stopped.wv.vectors).all(axis=1)
    assert np.flatnonzero(same).tolist() == [2]


def test_locks_outlive_an_error() -> None:
    class Failing:
        def on_epoch_end(self, model) -> None:
            raise RuntimeError("enough")

    model = Word2Vec(**SMALL, engine="numpy")
    model.build_vocab(TEXT)
    model.wv.vectors_lockf = np.array([0] + [1] * (len(model.wv) - 1))
    before = model.wv.vectors.copy()
    with pytest.raises(RuntimeError, match="enough"):
        model.train(TEXT, total_examples=9, epochs=1, callbacks=[Failing()])
    assert model.wv.vectors_lockf.tolist()[:2] == [0, 1]
    assert (model.wv.vectors[0] == before[0]).all()


@pytest.mark.parametrize("settings", [{"sg": 1}, {"sg": 0}, {"sg": 0, "cbow_mean": 0}], ids=str)
def test_sentences_have_gensims_scores(settings) -> None:
    theirs = Theirs(TEXT, **SMALL, **settings, hs=1, negative=0, epochs=9, workers=1)
    ours = Word2Vec(**SMALL, **settings, hs=1, negative=0, engine="numpy")
    ours.build_vocab_from_freq(
        {word: theirs.wv.get_vecattr(word, "count") for word in theirs.wv.index_to_key}
    )
    ours.wv.vectors = theirs.wv.vectors
    # Two trees of equal counts may differ: theirs becomes ours, word by word.
    tree = HuffmanTree.of(ours.vocabulary.counts)
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    for row, word in enumerate(ours.wv.index_to_key):
        path = slice(tree.starts[row], tree.starts[row + 1])
        theirs.wv.set_vecattr(word, "point", tree.nodes[path].astype(np.uint32))
        theirs.wv.set_vecattr(word, "code", tree.code[path].astype(np.uint8))
    ours.model.w_out.data[...] = theirs.syn1
    sentences = [*TEXT, ["unheard", "user"], ["user"], []]
    expected = theirs.score(sentences, len(sentences))
    found = ours.score(sentences, len(sentences))
    assert found.dtype == np.float32
    # Theirs looks up a table of a thousand logarithms.
    np.testing.assert_allclose(found, expected, rtol=0.03)
    assert found[0] < -1
    assert len(ours.score(sentences, total_sentences=2)) == 2


@pytest.mark.parametrize("settings", [{"sg": 1}, {}, {"cbow_mean": 0}], ids=str)
def test_scores_of_words_with_parts_are_the_loss_of_a_training(settings) -> None:
    options = SMALL | settings | {"hs": 1, "negative": 0, "shrink_windows": False, "bucket": 40}
    model = tw.FastText(TEXT, **options, engine="numpy", alpha=0.2)
    text = [words for words in TEXT if len(words) > 1]  # a word alone is not trained on
    near = sum(1 for words in text for i in range(len(words)) for j in range(len(words))
               if 0 < abs(i - j) <= 3)  # fmt: skip
    predictions = near if settings.get("sg") else sum(map(len, text))
    mean = -model.score([*text, [], ["unknown"]]).sum() / predictions
    model.train(TEXT, epochs=1, start_alpha=1e-9, end_alpha=1e-9)
    assert mean == pytest.approx(model.losses[-1], rel=1e-5)


def test_scores_need_a_tree() -> None:
    model = Word2Vec(TEXT, **SMALL, engine="numpy", epochs=1)
    with pytest.raises(InputError, match="hierarchical softmax alone: hs=1"):
        model.score(TEXT)
    both = Word2Vec(TEXT, **SMALL, hs=1, negative=2, engine="numpy", epochs=1)
    assert (both.score(TEXT) <= 0).all()
    with pytest.raises(InputError, match="not the string"):
        both.score(["user interface"])


def test_words_are_counted_alone() -> None:
    ours, theirs = Word2Vec(**SMALL), Theirs(**SMALL)
    assert ours.scan_vocab(TEXT) == theirs.scan_vocab(TEXT) == (29, 9)
    assert ours.raw_vocab == dict(theirs.raw_vocab)
    assert ours.vocabulary is None
    with pytest.raises(InputError, match="scan_vocab needs a text"):
        ours.scan_vocab()


def test_other_vectors_are_asked() -> None:
    vectors = WordVectors(["king", "queen"], np.eye(2, 4))
    model = Word2Vec(**SMALL)
    model.wv = vectors
    assert model.wv is vectors
    assert model.wv.most_similar("king")[0][0] == "queen"
    with pytest.raises(InputError, match="there is no vocabulary yet"):
        model.train(TEXT, total_examples=9, epochs=1)
    trained = Word2Vec(TEXT, **SMALL, engine="numpy", epochs=1)
    trained.wv = vectors
    with pytest.raises(InputError, match="wv has 2 words and the model 12"):
        trained.train(TEXT, total_examples=9, epochs=1)
    words = trained.vocabulary.words
    trained.wv = WordVectors(words[::-1], np.ones((12, 4)))
    with pytest.raises(InputError, match="wv has other words than the model, or in another order"):
        trained.save("nowhere")
    trained.wv = trained.wv.vectors_for_all(words)
    trained.train(TEXT, total_examples=9, epochs=1)
    assert trained.wv.index_to_key == words
    assert 0.5 < np.abs(trained.wv.vectors).mean() < 2
    with pytest.raises(TypeError, match="wv is given a dict; give WordVectors"):
        trained.wv = {}


def test_small_names() -> None:
    model = tw.Word2Vec(TEXT, **SMALL, engine="numpy", epochs=1)
    model.alpha -= 0.002
    assert 0 < model.alpha < 1
    by_id = [model.wv.key_to_index[word] for word in ("system", "human")]
    assert model.predict_output_word(by_id) == model.predict_output_word(["system", "human"])
    model.wv["system"] = np.ones(4)
    model.train(TEXT, total_examples=9, epochs=1)
    assert np.abs(model.wv["system"] - 1).max() < 0.9
