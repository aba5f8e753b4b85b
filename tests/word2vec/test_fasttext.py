"""`FastText`: gensim's class on the one run; vectors of unseen words, files, fastText's .bin."""

from __future__ import annotations

import inspect
import logging
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.text.ngrams import bucket_of
from tinygrad_w2v.training.engines import EngineOptions
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.subword_vectors import SubwordVectors
from tinygrad_w2v.word2vec import fasttext, memory, train_vectors
from tinygrad_w2v.word2vec.subword_settings import SubwordSettings

FIXTURES = Path(__file__).parent.parent / "fixtures" / "fasttext"
TEXT = [["walked", "talked", "walking"], ["red", "blue", "green"], ["été", "日本語", "猫"]] * 40
SMALL = {"vector_size": 6, "window": 2, "sample": 0, "bucket": 90, "epochs": 2}
NUMPY = SMALL | {"engine": "numpy"}
KINDS = {
    "cbow": {},
    "cbow sum": {"cbow_mean": 0},
    "skip-gram": {"sg": 1},
    "shared": {"sg": 1, "shared_negatives": True},
    "skip-gram hs": {"sg": 1, "hs": 1, "negative": 0},
    "cbow hs": {"hs": 1, "negative": 0},
    "both": {"sg": 1, "hs": 1, "negative": 2},
    "no n-grams": {"max_n": 0},
}


def test_names_and_defaults_are_gensims() -> None:
    theirs = pytest.importorskip("gensim.models", reason="gensim is not installed").FastText
    ours = inspect.signature(tw.FastText).parameters
    others = {"alpha", "compute_loss"}  # by default what fits the model; gensim 4.3 lacks the other
    for name, parameter in list(inspect.signature(theirs).parameters.items()):
        if name not in others and parameter.default not in ((), None):
            mine = ours[name].default
            assert mine == parameter.default or name == "shrink_windows", name
    assert tw.FastText().alpha == 0.025


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_learns_and_knows_unseen_words(kind) -> None:
    model = tw.FastText(TEXT, **NUMPY, **KINDS[kind])
    assert model.losses[-1] < model.losses[0]
    words, rows = model.wv.index_to_key, model.model.w_in.data
    if kind == "no n-grams":
        assert "talker" not in model.wv and rows.shape == (9, 6)
        return
    assert rows.shape == (9 + 90, 6)
    parts = 9 + bucket_of("talking", 3, 6, 90)
    np.testing.assert_allclose(model.wv["talking"], rows[parts].mean(axis=0), rtol=1e-5, atol=1e-7)
    parts = [words.index("猫"), *(9 + bucket_of("猫", 3, 6, 90))]
    np.testing.assert_allclose(model.wv["猫"], rows[parts].mean(axis=0), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", ["cbow", "skip-gram"])
def test_the_compiled_engine_gives_the_same_bytes_for_any_number_of_threads(kind) -> None:
    models = [
        tw.FastText(TEXT, **SMALL, **KINDS[kind], engine="compiled", workers=n, deterministic=True)
        for n in (1, 2, 3)
    ]
    tables = [model.model.w_in.data.tobytes() for model in models]
    assert tables[0] == tables[1] == tables[2]
    assert models[0].losses[-1] < models[0].losses[0]


@pytest.mark.parametrize("kind", ["cbow", "skipgram"])
def test_both_engines_come_to_the_same_tables(kind) -> None:
    vocabulary, corpus = build_corpus(TEXT[:30])
    rates = {"alpha": 0.025, "min_alpha": 0.025, "batch": 1}  # of one window after another
    rates["shared_negatives"] = True
    settings = SubwordSettings(kind, 6, 2, sample=0, bucket=90, epochs=1, **rates)
    one, other = (
        train_vectors(vocabulary, corpus, settings, engine=engine).model
        for engine in ("numpy", "compiled")
    )
    np.testing.assert_allclose(one.w_in.data, other.w_in.data, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(one.w_out.data, other.w_out.data, rtol=1e-3, atol=1e-5)
    assert np.abs(other.w_out.data).max() > 0.01


def test_a_training_that_is_gone_on_with_gives_the_same_bytes(tmp_path) -> None:
    whole = tw.FastText(TEXT, **NUMPY | {"epochs": 3})

    class Stop:
        def on_epoch_end(self, model) -> None:
            if len(model.losses) == 1:
                raise KeyboardInterrupt

    folder = {"checkpoint": tmp_path / "c", "checkpoint_minutes": 0}
    broken = tw.FastText(TEXT, **NUMPY | {"epochs": 3}, **folder, callbacks=[Stop()])
    assert broken.interrupted
    again = tw.FastText(TEXT, **NUMPY | {"epochs": 3}, **folder, resume=True)
    assert (again.model.w_in.data == whole.model.w_in.data).all()
    assert (again.wv["talker"] == whole.wv["talker"]).all()


def test_vectors_follow_the_model_from_epoch_to_epoch() -> None:
    seen = []

    class Look:
        def on_epoch_end(self, model) -> None:
            own = tw.FastText._parts(model, np.array([0]))[0].mean(axis=0)
            np.testing.assert_allclose(model.wv.vectors[0], own, rtol=1e-5, atol=1e-7)
            seen.append((model.wv.vectors[0].copy(), model.wv["talker"].copy()))

    model = tw.FastText(TEXT, **NUMPY, callbacks=[Look()])
    assert len(seen) == 2 and all((a != b).any() for a, b in zip(*seen, strict=True))
    assert (model.wv["talker"] == seen[-1][1]).all()
    assert model.predict_output_word(["walked", "walking"], topn=1)[0][0] == "talked"


def test_new_words_join_and_ngrams_stay() -> None:
    model = tw.FastText(TEXT, **NUMPY)
    before = model.model.state_dict()
    before = {name: table.copy() for name, table in before.items()}
    unseen = model.wv["walkers"].copy()
    model.build_vocab([["walkers", "walked"]] * 9, update=True)
    assert len(model.wv) == 10 and "walkers" in model.wv.key_to_index
    assert (model.model.w_in.data[:9] == before["w_in"][:9]).all()
    assert (model.model.w_in.data[10:] == before["w_in"][9:]).all()
    assert (model.model.w_out.data[:9] == before["w_out"]).all()
    assert (model.wv["walkers"] != unseen).any()  # it has a row of its own now
    model.train([["walkers", "walked"]] * 9, total_examples=9, epochs=2)
    assert np.isfinite(model.wv["walkers"]).all()


def test_a_file_holds_model_and_vectors(tmp_path) -> None:
    model = tw.FastText(TEXT, **NUMPY, sg=1)
    model.save(tmp_path / "m.npz")
    again = tw.FastText.load(tmp_path / "m.npz")
    copied = pickle.loads(pickle.dumps(model))
    vectors = SubwordVectors.load(tmp_path / "m.npz")
    for other in (again.wv, copied.wv, vectors):
        for word in ("walked", "talker"):
            assert (other[word] == model.wv[word]).all()
    assert (WordVectors.load(tmp_path / "m.npz")["猫"] == model.wv["猫"]).all()
    assert (again.sg, again.bucket, again.min_n, again.losses) == (1, 90, 3, model.losses)
    for each in (model, again):
        each.train(TEXT, total_examples=each.corpus_count, epochs=1)
    assert (again.model.w_in.data == model.model.w_in.data).all()
    with pytest.raises(InputError, match=r"is a model of FastText; read it by FastText\.load"):
        tw.Word2Vec.load(tmp_path / "m.npz")
    tw.Word2Vec(TEXT, vector_size=4, epochs=1, engine="numpy").save(tmp_path / "w.npz")
    with pytest.raises(InputError, match=r"is a model of Word2Vec; read it by Word2Vec\.load"):
        tw.FastText.load(tmp_path / "w.npz")
    with pytest.raises(InputError, match="holds no n-grams"):
        SubwordVectors.load(tmp_path / "w.npz")


@pytest.mark.parametrize("kind", ["skip-gram", "cbow hs", "no n-grams"])
def test_a_binary_of_fasttext_goes_both_ways(kind, tmp_path) -> None:
    model = tw.FastText(TEXT, **NUMPY, **KINDS[kind])
    fasttext.save_facebook_model(model, tmp_path / "m.bin")
    again = fasttext.load_facebook_model(tmp_path / "m.bin")
    vectors = fasttext.load_facebook_vectors(tmp_path / "m.bin")
    for name, table in model.model.state_dict().items():
        assert (again.model.state_dict()[name] == table).all()
    assert (again.sg, again.hs, again.window) == (model.sg, model.hs, 2)
    assert (again.wv["猫"] == model.wv["猫"]).all() and (vectors["猫"] == model.wv["猫"]).all()
    again.save_facebook_model(tmp_path / "again.bin")
    assert (tmp_path / "again.bin").read_bytes() == (tmp_path / "m.bin").read_bytes()
    again.train(TEXT, total_examples=120, epochs=1)
    gensim = pytest.importorskip("gensim.models.fasttext", reason="gensim is not installed")
    theirs = gensim.load_facebook_model(str(tmp_path / "m.bin"))
    for word in ("walked", "猫", *(["talker", "日本"] if model.settings().buckets else [])):
        np.testing.assert_allclose(theirs.wv[word], model.wv[word], rtol=0, atol=1e-6)


def test_trees_of_fasttext_are_read_with_their_sign() -> None:
    """fastText's label of an inner node is the bit of the code, and here the other one."""
    model = tw.FastText.load_facebook_model(FIXTURES / "skipgram-hs.bin")
    text = ["you say goodbye and I say hello".split(), "a b é 猫 👍 you say".split()]
    corpus = tw.text.encode_corpus(text * 9, model.vocabulary)
    batches = [batch for batch, _ in model._source(corpus).batches(0)]
    right = sum(float(model.model.loss(batch).data) for batch in batches)
    model.model.w_out.data = -model.model.w_out.data
    assert right < sum(float(model.model.loss(batch).data) for batch in batches)


@pytest.mark.parametrize(
    ("keywords", "problem"),
    [
        ({"max_n": 2}, "max_n is 2, below min_n=3; use max_n=0 for no n-grams"),
        ({"min_n": 0}, "min_n must be 1 or more, not 0"),
        ({"bucket": 0}, "bucket must be 1 or more, not 0"),
        ({"bucket": 1.5}, "bucket must be a whole number"),
        ({"max_n": 65}, "max_n must be 0 or more and 64 or less, not 65"),
        ({"word_ngrams": 2}, "word_ngrams must be 1, not 2: n-grams of words are of fastText's"),
        ({"negative": 0}, "negative must be 1 or more, not 0, without hs"),
        ({"bucket": 10**9}, r"1,000,000,000 buckets .* use a smaller bucket or vector_size"),
    ],
)
def test_wrong_keywords_are_refused_before_the_text_is_read(keywords, problem) -> None:
    def never():
        raise AssertionError
        yield

    class Text:
        def __iter__(self):
            return never()

    with pytest.raises(InputError, match=problem):
        tw.FastText(Text(), **keywords)
    with pytest.raises(TypeError, match="compat"):
        tw.FastText(compat="gradient")


def test_classifiers_and_sums_of_losses_are_no_such_models(tmp_path) -> None:
    with pytest.raises(InputError, match="a model of supervised with loss softmax"):
        tw.FastText.load_facebook_model(FIXTURES / "supervised-softmax.bin")
    model = tw.FastText(TEXT, **NUMPY, hs=1)
    with pytest.raises(InputError, match="and this model both"):
        model.save_facebook_model(tmp_path / "m.bin")
    assert not list(tmp_path.iterdir())


def test_vectors_that_were_given_are_not_trained_on() -> None:
    model = tw.FastText(TEXT, **NUMPY)
    model.wv.vectors = 2 * model.wv.vectors
    with pytest.raises(InputError, match=r"change model\.model\.w_in"):
        model.train(TEXT, total_examples=120, epochs=1)


def test_vectors_of_another_model_are_not_taken_for_its_own() -> None:
    model, other = tw.FastText(TEXT, **NUMPY), tw.FastText(TEXT, **NUMPY, seed=5)
    before = other.wv.vectors.copy()
    model.wv = other.wv
    with pytest.raises(InputError, match=r"change model\.model\.w_in"):
        model.train(TEXT, total_examples=120, epochs=1)
    assert (other.wv.vectors == before).all()
    other.train(TEXT, total_examples=120, epochs=1)
    assert (other.wv.vectors != before).any()


def test_keywords_of_other_tables_are_refused(tmp_path) -> None:
    for name, value in (("bucket", 7), ("vector_size", 3), ("max_n", 0)):
        model = tw.FastText(TEXT, **NUMPY)
        setattr(model, name, value)
        for call in (
            lambda model: model.train(TEXT, total_examples=120, epochs=1),
            lambda model: model.save(tmp_path / "model.npz"),
            lambda model: model.save_facebook_model(tmp_path / "model.bin"),
        ):
            with pytest.raises(InputError, match=r"w_in has shape \(99, 6\), and the keywords of"):
                call(model)
    assert not list(tmp_path.iterdir())


def test_rows_that_were_changed_are_saved(tmp_path) -> None:
    model = tw.FastText(TEXT, **NUMPY)
    before = model.wv["walked"].copy()
    model.model.w_in.data *= 2
    model.save(tmp_path / "model.npz")
    for wv in (WordVectors.load(tmp_path / "model.npz"), model.wv):
        assert np.allclose(wv["walked"], 2 * before)


def test_locks_of_rows_are_refused() -> None:
    model = tw.FastText(TEXT, **NUMPY)
    for name in ("vectors_vocab_lockf", "vectors_ngrams_lockf"):
        with pytest.raises(InputError, match=f"{name} is not honoured"):
            setattr(model.wv, name, np.zeros(1))


def test_memory_is_said_first(caplog) -> None:
    with caplog.at_level(logging.INFO, logger="tinygrad_w2v"):
        tw.FastText(TEXT, **NUMPY)
    assert re.search(
        r"tables of 9 words and 90 buckets of n-grams with 6 numbers each take [\d.]+ \wB of "
        "memory; a smaller bucket takes less",
        caplog.text,
    )
    settings, options = SubwordSettings(), EngineOptions("compiled")
    told = "".join(map(str, memory.told_of_tables(settings, options, 71_020)))
    assert "2,000,000 buckets of n-grams with 100 numbers each take 9" in told
