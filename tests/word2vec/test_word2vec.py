"""`Word2Vec`: gensim's names, one result for one seed, and every trap answered before training."""

from __future__ import annotations

import hashlib
import inspect
import logging
import math
import mmap
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
import tinygrad_w2v.word2vec.learned_words as learned_words_module
from tinygrad_w2v._base.errors import InputError, NonFiniteError
from tinygrad_w2v.text.builtin import builtin_corpus_lines
from tinygrad_w2v.text.tokenizing import tokenize
from tinygrad_w2v.word2vec import ALPHA, Word2Vec

TOPICS = [["cat", "dog", "cow", "hen"], ["red", "blue", "pink", "grey"]]


def two_topics(sentences: int = 300, seed: int = 7) -> list[list[str]]:
    """Sentences of one topic each: words of one topic never meet those of the other."""
    rng = np.random.default_rng(seed)
    return [rng.choice(TOPICS[i % 2], size=8).tolist() for i in range(sentences)]


TEXT = two_topics()
SMALL = {"vector_size": 8, "sample": 0.0, "epochs": 2, "engine": "numpy"}


def learned_the_topics(model: Word2Vec) -> bool:
    return all(
        {word for word, _ in model.wv.most_similar(topic[0], topn=3)} == set(topic[1:])
        for topic in TOPICS
    )


def bytes_of(model: Word2Vec) -> bytes:
    return model.wv.vectors.tobytes() + model.model.w_out.data.tobytes()


# ---------------------------------------------------------------------- it learns
@pytest.mark.parametrize(
    "keywords",
    [
        {},
        {"sg": 1},
        {"compat": "gradient"},
        {"compat": "word2vec"},
        {"cbow_mean": 0},
        {"hs": 1, "negative": 0},
        {"sg": 1, "shared_negatives": False},
        {"shrink_windows": False, "ns_exponent": 0.0},
        *(
            pytest.param(keywords, marks=pytest.mark.proof)
            for keywords in (
                {"hs": 1},
                {"sg": 1, "hs": 1, "negative": 0},
                {"sg": 1, "hs": 1, "negative": 2},
                {"sg": 1, "hs": 1, "negative": 2, "shared_negatives": False},
            )
        ),
    ],
    ids=str,
)
def test_words_of_one_topic_become_neighbours(keywords) -> None:
    # Of the size that most tests have, as one size shares one kernel.
    model = Word2Vec(two_topics(600), vector_size=8, sample=0, epochs=4, **keywords)
    assert learned_the_topics(model)
    assert model.losses[-1] < model.losses[0]


@pytest.mark.parametrize("sg", [0, 1])
def test_losses_are_what_guessing_costs_at_first(sg) -> None:
    """K + 1 even decisions, or as many turns as the way is long, or both."""
    for keywords, guessing in (
        ({}, 6 * math.log(2)),
        ({"hs": 1, "negative": 0}, 3 * math.log(2)),  # 8 words alike: 3 turns
        ({"hs": 1}, 9 * math.log(2)),
    ):
        text = [topic * 2 for topic in TOPICS] * 30
        slow = {"alpha": 1e-9, "min_alpha": 1e-9, "sg": sg, "min_count": 1}
        model = Word2Vec(text, **(SMALL | slow | keywords))
        np.testing.assert_allclose(model.losses, guessing, rtol=1e-4)


def test_loss_adds_up_to_gensims_number() -> None:
    seen: list[float] = []

    class Watch:
        def on_epoch_end(self, model):
            seen.append(model.get_latest_training_loss())

    model = Word2Vec(TEXT, callbacks=[Watch()], **SMALL)
    windows = sum(len(sentence) for sentence in TEXT)
    steps = np.diff([0.0, *seen])
    np.testing.assert_allclose(steps / windows, model.losses, rtol=1e-9)
    assert model.get_latest_training_loss() == seen[-1]


def test_defaults_are_gensims() -> None:
    gensim = pytest.importorskip("gensim.models", reason="gensim is not installed")
    ours = inspect.signature(Word2Vec).parameters
    theirs = inspect.signature(gensim.Word2Vec).parameters
    assert list(theirs) == list(ours)[: len(theirs)]
    differ = {name for name in theirs if theirs[name].default != ours[name].default}
    assert differ == {"alpha", "compute_loss"}
    for name in ("build_vocab", "build_vocab_from_freq", "train", "predict_output_word"):
        known = inspect.signature(getattr(Word2Vec, name)).parameters
        wanted = inspect.signature(getattr(gensim.Word2Vec, name)).parameters
        assert set(wanted) - {"kwargs"} <= set(known)


# ---------------------------------------------------------------------- text in, counts out
def test_in_steps_as_in_one_call() -> None:
    at_once = Word2Vec(TEXT, **SMALL)
    steps = Word2Vec(**SMALL)
    assert len(steps.wv) == 0
    steps.build_vocab(TEXT)
    assert len(steps.wv) == 8
    pair = steps.train(TEXT, total_examples=steps.corpus_count, epochs=steps.epochs)
    assert pair == (2 * 2400, 2 * 2400)
    assert (steps.corpus_count, steps.corpus_total_words) == (300, 2400)
    assert bytes_of(steps) == bytes_of(at_once)
    assert steps.losses == at_once.losses


def test_files_and_keywords_for_a_text_are_alike(tmp_path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, TEXT)), encoding="utf-8")
    models = [
        Word2Vec(TEXT, **SMALL),
        Word2Vec(corpus_iterable=TEXT, **SMALL),
        Word2Vec(corpus_file=str(path), **SMALL),
        Word2Vec(corpus_file=[path], **SMALL),
        Word2Vec(tw.LineSentence(path), **SMALL),
        Word2Vec(tw.PathLineSentences(tmp_path), **SMALL),
    ]
    assert len({bytes_of(model) for model in models}) == 1
    by_file = Word2Vec(**SMALL)
    by_file.build_vocab(corpus_file=path)
    by_file.train(corpus_file=path, total_words=by_file.corpus_total_words, epochs=2)
    assert bytes_of(by_file) == bytes_of(models[0])


def test_ids_of_a_file_are_mapped_and_what_they_take_is_said(tmp_path, caplog, monkeypatch) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\n\n".join(map(" ".join, TEXT)), encoding="utf-8")
    made: list[object] = []
    real = learned_words_module.encode_corpus

    def spy(*arguments, **options):
        made.append(real(*arguments, **options).ids)
        return real(*arguments, **options)

    monkeypatch.setattr(learned_words_module, "encode_corpus", spy)
    with caplog.at_level(logging.INFO):
        model = Word2Vec(**SMALL)
        model.build_vocab(corpus_file=path)
        model.train(corpus_file=path, total_examples=model.corpus_count, epochs=1)
    assert "about 2,400 words in" in caplog.text
    assert "but the text has" not in caplog.text  # it was counted alike both times
    assert isinstance(made[0], np.memmap) or isinstance(made[0].base, (np.memmap, mmap.mmap))
    assert bytes_of(model) == bytes_of(Word2Vec(TEXT, **(SMALL | {"epochs": 1})))


def test_trained_words_are_those_that_subsampling_leaves() -> None:
    model = Word2Vec(**(SMALL | {"sample": 0.01}))
    model.build_vocab(TEXT)
    trained, raw = model.train([*TEXT, ["unknown", "cat"]], epochs=3)
    assert raw == 3 * 2402
    assert 0.2 * raw < trained < 0.5 * raw  # each of 8 words is kept with about 0.36


def test_vocabulary_keywords() -> None:
    text = [["aa", "bb", "cc", "aa"], ["aa", "bb", "dd"]] * 3

    def words(**keywords) -> list[str]:
        model = Word2Vec(**({"min_count": 1, "vector_size": 4} | keywords))
        model.build_vocab(text)
        return model.wv.index_to_key

    def trim(word: str, count: int, min_count: int) -> int:
        return {"aa": 1, "dd": 2}.get(word, 0)  # discard aa, keep dd whatever min_count says

    assert words() == ["aa", "bb", "cc", "dd"]
    assert words(min_count=4) == ["aa", "bb"]
    assert words(max_final_vocab=2) == ["aa", "bb"]
    assert words(trim_rule=trim, min_count=4) == ["bb", "dd"]
    assert words(max_vocab_size=3)[:2] == ["aa", "bb"]
    model = Word2Vec(min_count=4, vector_size=4)
    model.build_vocab(text, keep_raw_vocab=True)
    assert model.raw_vocab == {"aa": 9, "bb": 6, "cc": 3, "dd": 3}
    assert model.wv.get_vecattr("bb", "count") == 6


def test_vocabulary_from_counts() -> None:
    model = Word2Vec(min_count=2, vector_size=8)
    model.build_vocab_from_freq({"x": 1, "cat": 5, "dog": 7}, corpus_count=9, keep_raw_vocab=True)
    assert model.wv.index_to_key == ["dog", "cat"]
    assert (model.corpus_count, model.corpus_total_words) == (9, 13)
    assert model.raw_vocab["x"] == 1
    model.train([["cat", "dog"]], epochs=1)
    model.build_vocab_from_freq({"x": 3, "cat": 1}, update=True)
    assert model.wv.index_to_key == ["dog", "cat", "x"]
    assert model.wv.get_vecattr("cat", "count") == 6


def test_long_sentences_are_trained_whole() -> None:
    sentence = np.random.default_rng(0).choice(TOPICS[0] + TOPICS[1], size=30_000).tolist()
    model = Word2Vec(**(SMALL | {"epochs": 1}))
    model.build_vocab([sentence])
    assert model.train([sentence], epochs=1) == (30_000, 30_000)


# ---------------------------------------------------------------------- the same bytes
def test_seed_is_all_that_is_random() -> None:
    same = {bytes_of(Word2Vec(TEXT, workers=workers, **SMALL)) for workers in (1, 2, 3, 8)}
    assert len(same) == 1
    assert bytes_of(Word2Vec(TEXT, seed=2, **SMALL)) not in same


PROGRAM = """
import hashlib, random
import numpy as np
from tinygrad_w2v import Word2Vec
text = [["you", "say", "goodbye", "and", "i", "say", "hello"][i % 3 :] for i in range(200)]
for keywords in ({}, {"sg": 1, "hs": 1}):
    model = Word2Vec(text, vector_size=8, epochs=2, engine="numpy", **keywords)
    print(hashlib.sha256(model.wv.vectors.tobytes()).hexdigest(), model.wv.index_to_key)
"""


@pytest.mark.process
def test_same_bytes_in_every_process() -> None:
    outputs = set()
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        outputs.add(done.stdout)
    assert len(outputs) == 1


@pytest.mark.parametrize(
    ("keywords", "digest"),
    [
        ({}, "258819fb2872a732"),
        ({"sg": 1}, "c9c7be4dcd16e4aa"),
        ({"hs": 1, "negative": 0}, "33c844e815bd4ded"),
    ],
    ids=str,
)
def test_vectors_are_those_of_before(keywords, digest) -> None:
    """Of two digits behind the point: processors may differ in the last bits of float32."""
    vectors = Word2Vec(TEXT, **SMALL, **keywords).wv.vectors.astype(float)
    hundredths = (100 * vectors).round().astype("<i4")
    assert hashlib.sha256(hundredths.tobytes()).hexdigest()[:16] == digest


def test_each_training_draws_anew_and_goes_on() -> None:
    once, twice = Word2Vec(TEXT, **SMALL), Word2Vec(TEXT, **SMALL)
    before = twice.wv.vectors.copy()
    first, second = (twice.train(TEXT, epochs=1) for _ in range(2))
    assert first == second
    assert len(twice.losses) == 4
    assert twice.losses[2] != twice.losses[3]
    assert not np.array_equal(before, twice.wv.vectors)
    once.train(TEXT, epochs=1)
    once.train(TEXT, epochs=1)
    assert bytes_of(once) == bytes_of(twice)


# ---------------------------------------------------------------------- traps
@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ("you say goodbye", "sentences is the str .* whose letters would be taken as words"),
        (["you say goodbye", "hello"], "sentence 1 is the string 'you say goodbye'"),
        ((s for s in TEXT), "sentences is a generator, which can be read only once"),
        (iter(TEXT), "sentences is a list_iterator, which can be read only once"),
        (map(list, TEXT), "which can be read only once"),
        ([], "the text has no words"),
        ([[], []], "the text has no words"),
        ([["word"]] * 9, "the text has only one word, 'word'"),
        ([["rare", "words"]], "min_count 5 leaves 0 of 2 words: .* use min_count=1"),
        ([["one"], ["two"]] * 9, "no sentence has two words of the vocabulary"),
        ([list("you say hello")] * 9, "the words are single letters .* with blanks among them"),
        ([[1, 2]] * 9, "sentence 1 holds the int 1, which is no word"),
        (12, "sentences is the int 12"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else type(value).__name__,
)
def test_wrong_text_is_refused_before_training(sentences, message) -> None:
    with pytest.raises(InputError, match=message):
        Word2Vec(sentences, **SMALL)
    model = Word2Vec(**SMALL)
    with pytest.raises(InputError):
        model.build_vocab(sentences)
        model.train(sentences, epochs=1)


def test_letters_may_be_meant_and_are_reported() -> None:
    with pytest.warns(UserWarning, match="all words are single letters") as caught:
        Word2Vec([list("gattaca")] * 9, **SMALL)
    assert caught[0].filename == __file__, "the user's line"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Word2Vec([list("花鳥風月")] * 9, **SMALL)


def test_text_without_spaces_is_refused(tmp_path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("吾輩は猫である。\n名前はまだ無い。\n" * 9, encoding="utf-8")
    with pytest.raises(InputError, match="split text that is written without spaces into words"):
        Word2Vec(corpus_file=path, **SMALL)


def test_a_text_of_mostly_single_words_is_reported(caplog) -> None:
    Word2Vec([["cat", "dog"], ["cat"], ["dog"]] * 9, **SMALL)
    assert "18 of 27 sentences have one word of the vocabulary" in caplog.text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"workers": 0}, "workers must be 1 or more, not 0"),
        ({"workers": -1}, "workers must be 1 or more, not -1"),
        ({"seed": None}, "seed must be a whole number, not None"),
        ({"negative": 0}, "negative must be 1 or more, not 0, without hs"),
        ({"negative": -1, "hs": 1}, "negative must be 0 or more, not -1"),
        ({"vector_size": 0}, "^vector_size must be 1 or more, not 0"),
        ({"max_final_vocab": 0}, "^max_final_vocab must be 1 or more, not 0"),
        ({"window": 0}, "window must be 1 or more"),
        ({"epochs": 0}, "epochs must be 1 or more"),
        ({"sample": -1}, "sample must be 0 or more"),
        ({"alpha": 0.0}, "alpha must be a positive number"),
        ({"min_alpha": 1.0}, "min_alpha must be from 0 to alpha"),
        ({"engine": "gpu"}, "engine must be 'auto', 'numpy', 'compiled' or 'ray', not 'gpu'"),
        ({"compat": "gensim"}, "compat must be 'word2vec' .* or 'gradient'"),
        ({"callbacks": [print]}, "has none of the methods on_train_begin"),
        ({"corpus_file": "x"}, "give the text once"),
    ],
    ids=str,
)
def test_wrong_keywords_are_refused_before_training(wrong, message) -> None:
    with pytest.raises(InputError, match=message):
        Word2Vec(TEXT, **(SMALL | wrong))


def test_wrong_order_of_calls() -> None:
    model = Word2Vec(**SMALL)
    for act in (
        lambda: model.train(TEXT, epochs=1),
        lambda: model.predict_output_word(["cat"]),
        lambda: model.save("x"),
        lambda: model.build_vocab(TEXT, update=True),
    ):
        with pytest.raises(InputError, match="there is no vocabulary yet"):
            act()
    model.build_vocab(TEXT)
    with pytest.raises(InputError, match=r"train needs a number of epochs; epochs=model\.epochs"):
        model.train(TEXT, total_examples=model.corpus_count)
    with pytest.raises(InputError, match="epochs must be 1 or more, not 0"):
        model.train(TEXT, epochs=0)
    with pytest.raises(InputError, match="train needs a text"):
        model.train(epochs=1)
    with pytest.raises(InputError, match="build_vocab needs a text"):
        model.build_vocab()
    with pytest.raises(InputError, match="no sentence has two words of the vocabulary"):
        model.train([["all", "unknown"]], epochs=1)
    with pytest.raises(TypeError, match="epoch"):
        model.train(TEXT, epoch=1)


def test_totals_that_do_not_fit_are_said(caplog) -> None:
    model = Word2Vec(**SMALL)
    model.build_vocab(TEXT)
    model.train(TEXT, total_examples=7, epochs=1)
    assert "total_examples is 7, but the text has 300" in caplog.text


def test_keywords_without_effect_are_said_once() -> None:
    with pytest.warns(UserWarning) as caught:
        Word2Vec(TEXT, batch_words=100, hashfxn=len, null_word=1, comment="hi", **SMALL)
    assert len(caught) == 1
    assert "hashfxn, null_word, batch_words, comment: accepted as in gensim" in str(
        caught[0].message
    )
    assert caught[0].filename == __file__


def test_divergence_is_said() -> None:
    with pytest.raises(NonFiniteError, match=r"training diverged in epoch .*learning rate \(alpha"):
        Word2Vec(TEXT, vector_size=8, sample=0, sg=1, alpha=1e25)


# ---------------------------------------------------------------------- what is said
def test_the_update_rule_is_said(caplog) -> None:
    with caplog.at_level(logging.INFO):
        model = Word2Vec(TEXT, **SMALL)
        assert "CBOW follows the update rule of word2vec.c and gensim" in caplog.text
        assert model.settings().first_alpha == ALPHA["cbow", "word2vec"]
        caplog.clear()
        Word2Vec(TEXT, compat="word2vec", **SMALL)
        Word2Vec(TEXT, sg=1, alpha=0.05, **SMALL)
        Word2Vec(TEXT, compat="gradient", **SMALL)
        assert "update rule" not in caplog.text
        assert "true gradient" not in caplog.text
    caplog.clear()
    Word2Vec(TEXT, compat="gradient", alpha=0.05, **SMALL)  # as a warning: it is always seen
    assert "alpha 0.05 is a shorter step than in gensim; 0.15 does what 0.05" in caplog.text


def test_two_objectives_at_once_are_said(caplog) -> None:
    Word2Vec(TEXT, hs=1, **SMALL)
    assert "both learned, as hs and negative are both set" in caplog.text


def test_the_log_tells_what_happens(caplog) -> None:
    with caplog.at_level(logging.INFO, logger="tinygrad_w2v"):
        Word2Vec(TEXT, **SMALL)
    text = caplog.text
    for part in (
        "vocabulary: 8 words, 2,400 occurrences, of a text of 2,400 words in 300 sentences",
        "training cbow: vector_size 8, window 5, negative 5, hs 0, alpha 0.05 to 0.0001, 2 epochs",
        "engine numpy",
        "epoch 1: loss",
        "training: 100% of 4,800 words, loss",
        "words/s",
    ):
        assert part in text


def test_an_epoch_without_a_window_is_said(caplog) -> None:
    model = Word2Vec([["cat", "dog"]] * 9, vector_size=8, sample=1e-9, epochs=1)
    assert math.isnan(model.losses[0])
    assert "epoch 1 taught nothing: subsampling left no two words" in caplog.text


def test_nothing_is_written_when_nobody_asks(capsys) -> None:
    Word2Vec(TEXT, **SMALL)
    assert capsys.readouterr() == ("", "")


# ---------------------------------------------------------------------- callbacks
class Recorder:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def __getattr__(self, name: str):
        if not name.startswith("on_"):
            raise AttributeError(name)
        return lambda model: self.seen.append(f"{name} {len(model.losses)}")


def test_callbacks_come_in_order() -> None:
    recorder = Recorder()
    model = Word2Vec(TEXT, callbacks=[recorder], **SMALL)
    assert recorder.seen == [
        "on_train_begin 0",
        "on_epoch_begin 0",
        "on_epoch_end 1",
        "on_epoch_begin 1",
        "on_epoch_end 2",
        "on_train_end 2",
    ]
    other = Recorder()
    model.train(TEXT, epochs=1, callbacks=[other])
    assert len(recorder.seen) == 6
    assert len(other.seen) == 4


def test_queries_within_an_epochs_callback_are_of_that_epoch() -> None:
    lengths: list[float] = []

    class Query:
        def on_epoch_end(self, model):
            lengths.append(float(np.linalg.norm(model.wv["cat"])))
            assert model.wv.similarity("cat", "cat") == pytest.approx(1, abs=1e-5)
            for wv in (model.wv, held):  # whoever holds the vectors sees them move, too
                length = np.linalg.norm(wv.get_vector("cat", norm=True))
                assert length == pytest.approx(1, abs=1e-5)

    model = Word2Vec(vector_size=8, sample=0, epochs=3, workers=1)
    model.build_vocab(TEXT)
    held = model.wv
    assert held.similarity("cat", "dog") < 0.99
    model.train(TEXT, epochs=3, callbacks=[Query()])
    assert len(set(lengths)) == 3  # and not what was computed before
    assert held is model.wv
    assert np.linalg.norm(held.get_vector("cat", norm=True)) == pytest.approx(1, 1e-5)


def test_an_error_of_a_callback_comes_through() -> None:
    class Failing:
        def on_epoch_end(self, model):
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        Word2Vec(TEXT, callbacks=[Failing()], **SMALL)


def test_ctrl_c_keeps_what_was_learned(caplog) -> None:
    class Stop:
        def on_epoch_end(self, model):
            raise KeyboardInterrupt

    model = Word2Vec(**SMALL)
    model.build_vocab(TEXT)
    _, raw = model.train(TEXT, epochs=5, callbacks=[Stop()])
    assert model.interrupted
    assert raw == 2400
    assert "interrupted after 2400 words" in caplog.text
    assert model.losses


# ---------------------------------------------------------------------- adding text
@pytest.mark.parametrize("keywords", [{}, {"hs": 1, "negative": 0}, {"hs": 1}], ids=str)
def test_words_are_added(keywords, caplog) -> None:
    model = Word2Vec(TEXT, **(SMALL | keywords))
    words, vectors = list(model.wv.index_to_key), model.wv.vectors.copy()
    outer = model.model.w_out.data.copy()
    counts = {word: model.wv.get_vecattr(word, "count") for word in words}
    more = [["cat", "fox", "dog", "fox", "rare"]] * 4 + [["fox", "rat"]] * 6
    caplog.clear()
    model.build_vocab(more, update=True)
    assert "1 new words are left out, as they occur fewer than 5 times" in caplog.text
    assert ("inner nodes start anew" in caplog.text) == ("hs" in keywords)  # both are warnings
    assert model.wv.index_to_key == [*words, "fox", "rat"]
    np.testing.assert_array_equal(model.wv.vectors[:8], vectors)
    if "negative" not in keywords:
        np.testing.assert_array_equal(model.model.w_out.data[:8], outer[:8])
        assert not model.model.w_out.data[8:].any()
    assert model.wv.get_vecattr("cat", "count") == counts["cat"] + 4
    assert model.wv.get_vecattr("hen", "count") == counts["hen"]
    assert model.corpus_count == 10
    _, raw = model.train(more, total_examples=model.corpus_count, epochs=3)
    assert raw == 3 * 32
    assert not np.array_equal(model.wv.vectors[8:], np.zeros((2, 8)))
    assert np.abs(model.wv["hen"] - vectors[words.index("hen")]).max() < 1e-6  # not in the text


# ---------------------------------------------------------------------- results
def test_predicted_words() -> None:
    model = Word2Vec(two_topics(600), vector_size=8, sample=0, epochs=5)
    best = model.predict_output_word(["cat", "dog"], topn=8)
    assert best is not None
    assert {word for word, _ in best[:4]} == set(TOPICS[0])
    assert sum(p for _, p in best) == pytest.approx(1)
    assert [p for _, p in best] == sorted((p for _, p in best), reverse=True)
    assert model.predict_output_word(["nobody"]) is None
    tree = Word2Vec(two_topics(600), vector_size=8, sample=0, epochs=5, hs=1, negative=0)
    best = tree.predict_output_word(["cat", "unknown", "dog"], topn=8)
    assert best is not None
    assert {word for word, _ in best[:4]} == set(TOPICS[0])
    assert sum(p for _, p in best) == pytest.approx(1)


def test_prediction_is_gensims() -> None:
    gensim = pytest.importorskip("gensim.models", reason="gensim is not installed")
    theirs = gensim.Word2Vec(TEXT, vector_size=8, workers=1)
    ours = Word2Vec(vector_size=8)
    ours.build_vocab(TEXT)
    order = [theirs.wv.key_to_index[word] for word in ours.wv.index_to_key]
    ours.model.w_in.data[...] = theirs.wv.vectors[order]
    ours.model.w_out.data[...] = theirs.syn1neg[order]
    wanted = dict(theirs.predict_output_word(["cat", "red"], topn=8))
    found = dict(ours.predict_output_word(["cat", "red"], topn=8))
    assert found == pytest.approx(wanted, rel=1e-4)


def test_output_tables_have_gensims_names() -> None:
    both = Word2Vec(TEXT, hs=1, **SMALL)
    assert both.syn1neg.shape == (8, 8)
    assert both.syn1.shape == (7, 8)
    assert np.shares_memory(both.syn1, both.model.w_out.data)
    assert not np.shares_memory(both.syn1, both.syn1neg)
    assert np.abs(both.syn1[-1]).max() > 0  # the root
    with pytest.raises(AttributeError, match="without hs there is no syn1"):
        _ = Word2Vec(TEXT, **SMALL).syn1
    tree = Word2Vec(TEXT, hs=1, negative=0, **SMALL)
    assert tree.syn1.shape == (7, 8)
    with pytest.raises(AttributeError, match="without negative words there is no syn1neg"):
        _ = tree.syn1neg


def test_vectors_that_are_assigned_are_trained_on() -> None:
    model = Word2Vec(**SMALL)
    model.build_vocab(TEXT)
    model.wv.vectors = np.full((8, 8), 0.25)
    model.train([["hen", "cow"]], epochs=1)
    untouched = [model.wv.key_to_index[word] for word in TOPICS[1]]
    assert (model.wv.vectors[untouched] == 0.25).all()
    assert (model.model.w_in.data == model.wv.vectors).all()
    with pytest.raises(ValueError, match="read-only"):
        model.wv.vectors[...] = 0.5
    assert np.shares_memory(model.wv.vectors, model.model.w_in.data)


def test_words_that_only_wv_has_are_not_trained() -> None:
    model = Word2Vec(TEXT, **SMALL)
    model.wv.add_vector("fox", np.ones(8))
    with pytest.raises(InputError, match=r"wv has 9 words and the model 8: .* update=True"):
        model.train(TEXT, epochs=1)


# ---------------------------------------------------------------------- a model of one's own
class Glossary(tw.Module):
    """A user's model: the difference of sides predicts the word; two tables and a bias."""

    def __init__(self, vocab_size, dim):
        rng = np.random.default_rng(0)
        self.w_in = tw.Parameter(rng.normal(size=(vocab_size, dim)).astype(np.float32) / dim)
        self.w_out = tw.Parameter(np.zeros((vocab_size, dim), np.float32))
        self.bias = tw.Parameter(np.zeros(vocab_size, np.float32))

    def loss(self, batch):
        h = self.w_in[batch.contexts].mean(axis=-2, keepdims=True)
        scores = (h * self.w_out[batch.targets]).sum(axis=-1) + self.bias[batch.targets]
        return -F.log_sigmoid((2 * batch.labels - 1) * scores).sum()


def test_a_users_module_is_trained(tmp_path) -> None:
    model = Word2Vec(two_topics(600), vector_size=8, sample=0, model=Glossary, alpha=0.1)
    assert learned_the_topics(model)
    assert model.losses[-1] < model.losses[0]
    assert np.abs(model.model.bias.data).max() > 0
    model.save(tmp_path / "model")
    again = Word2Vec.load(tmp_path / "model", model=Glossary)
    assert (again.model.bias.data == model.model.bias.data).all()
    assert bytes_of(again) == bytes_of(model)
    with pytest.raises(InputError, match="does not fit CBOW: unknown: bias"):
        Word2Vec.load(tmp_path / "model")
    instance = Word2Vec(TEXT, model=Glossary(8, 5), **SMALL)
    assert instance.wv.vector_size == 5
    with pytest.raises(InputError, match="w_in has 3 rows for 8 words"):
        Word2Vec(TEXT, model=Glossary(3, 5), **SMALL)
    with pytest.raises(InputError, match="needs a method loss"):
        Word2Vec(TEXT, model=tw.nn.Linear(3, 2), **SMALL)
    with pytest.raises(InputError, match="cannot enlarge a model of yours"):
        model.build_vocab(TEXT, update=True)


def test_nothing_is_said_of_cbow_where_it_is_not(caplog) -> None:
    with caplog.at_level(logging.INFO):
        Word2Vec(TEXT, model=Glossary, **SMALL)
    assert "training Glossary: vector_size 8" in caplog.text
    assert "CBOW" not in caplog.text


def test_the_library_model_as_ones_own_gives_the_same_bytes() -> None:
    def mine(words, dim):
        return tw.CBOW(words, dim, compat="word2vec", rng=np.random.default_rng(1))

    alpha = ALPHA["cbow", "word2vec"]
    assert bytes_of(Word2Vec(TEXT, model=mine, alpha=alpha, **SMALL)) == bytes_of(
        Word2Vec(TEXT, **SMALL)
    )


# ---------------------------------------------------------------------- files
@pytest.mark.parametrize(
    "keywords", [{}, {"sg": 1}, {"hs": 1}, {"sg": 1, "shared_negatives": False}], ids=str
)
def test_a_saved_model_goes_on_as_if_never_saved(keywords, tmp_path) -> None:
    model = Word2Vec(TEXT, **(SMALL | keywords))
    model.save(tmp_path / "word2vec.model")
    again = Word2Vec.load(str(tmp_path / "word2vec.model"))
    assert bytes_of(again) == bytes_of(model)
    assert again.losses == model.losses
    assert (again.corpus_count, again.corpus_total_words) == (300, 2400)
    assert again.settings() == model.settings()
    for each in (model, again):
        each.train(TEXT, total_examples=each.corpus_count, epochs=1)
    assert bytes_of(again) == bytes_of(model)
    vectors = tw.WordVectors.load(tmp_path / "word2vec.model")  # it is a file of vectors, too
    assert vectors.index_to_key == model.wv.index_to_key
    assert vectors.get_vecattr("cat", "count") == model.wv.get_vecattr("cat", "count")


def test_numpy_numbers_as_keywords_are_kept(tmp_path) -> None:
    model = Word2Vec(TEXT, seed=np.int64(3), workers=np.int32(2), alpha=np.float32(0.05), **SMALL)
    model.save(tmp_path / "model")
    again = Word2Vec.load(tmp_path / "model")
    assert (again.seed, again.workers) == (3, 2)
    assert bytes_of(Word2Vec(TEXT, seed=3, alpha=again.alpha, **SMALL)) == bytes_of(model)
    model.compute_loss = object()
    with pytest.raises(InputError, match="a object cannot be kept in a file"):
        model.save(tmp_path / "model")


def test_the_same_model_makes_the_same_file(tmp_path) -> None:
    digests = set()
    for name in ("a", "b"):
        model = Word2Vec(TEXT, **SMALL)
        model.total_train_time = 0.0
        model.save(tmp_path / name)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_other_files_are_refused(tmp_path) -> None:
    Word2Vec(TEXT, **SMALL).wv.save(tmp_path / "vectors")
    with pytest.raises(InputError, match=r"holds no Word2Vec model .* use WordVectors\.load"):
        Word2Vec.load(tmp_path / "vectors")
    (tmp_path / "text").write_text("hello", encoding="utf-8")
    with pytest.raises(InputError, match="text"):
        Word2Vec.load(tmp_path / "text")
    with pytest.raises((InputError, FileNotFoundError), match="nothing"):
        Word2Vec.load(tmp_path / "nothing")
    (tmp_path / "pickle").write_bytes(b"\x80\x04\x95gensim.models.word2vec")
    with pytest.raises(InputError, match="pickle"):
        Word2Vec.load(tmp_path / "pickle")


def test_real_text_at_the_defaults() -> None:
    sentences = list(tokenize(builtin_corpus_lines()[:6000]))
    model = Word2Vec(sentences, epochs=2)
    assert model.losses[1] < model.losses[0] < 6 * math.log(2)
    assert np.linalg.norm(model.wv.vectors, axis=1).max() < 20
