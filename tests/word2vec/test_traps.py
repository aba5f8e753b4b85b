"""What users of gensim, word2vec.c and fastText trip over, and what happens here instead.

Most traps are answered in the tests of what they concern; these are the ones that belong to
nothing else. In the order of how many people were hurt:

=========================================================  =========================================
trap                                                       where it is tested
=========================================================  =========================================
a loss that is a sum in float32, of all epochs, or nothing here, `test_word2vec`, `test_cli_heldout`
a loss that depends on the number of workers               here
text that is misread: strings, generators, single words    `test_word2vec`, `test_sentences`
keywords of a wrong kind, and worker counts below 1        here, `test_word2vec`
long sentences that are cut                                `test_word2vec`, `test_sentences`
options that are misspelt                                  `test_cli_bad_input`
long names of files                                        here
NaN on a small repeated text at the defaults               `test_training`
another result for another process or number of workers    `test_word2vec`, `test_cli_train`
a slow engine in silence                                   `test_word2vec`, `test_cli_train`
NaN without a place or a remedy                            `test_word2vec`, `test_cli_resume`
files that run code                                        here, `test_archive`, `test_formats`
words that are written and cannot be read back             `test_formats`, `test_word2vec_format`
words added to vectors that then cannot be saved           `test_word_vectors`
no progress unless a log is set up                         here, `test_progress`
new words that are left out without a word about it        here, `test_word2vec`, `test_cli_update`
an interrupt that loses what was learned                   `test_word2vec`, `test_cli_resume`
saving in a callback                                       here
memory that is not told before                             `test_word2vec`, `test_stored`
CBOW whose update is not its gradient                      `test_models`
a projector that finds no words                            `test_formats`
vectors of a list of words, or of too little text          `test_word2vec`, `test_cli_eval`
=========================================================  =========================================
"""

from __future__ import annotations

import io
import os
import pickle
import sys

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.vectors import formats
from tinygrad_w2v.word2vec import Word2Vec

TEXT = [["you", "say", "goodbye", "and", "i", "say", "hello"][i % 3 :] for i in range(120)]
SMALL = {"vector_size": 6, "sample": 0.0, "epochs": 3, "engine": "numpy"}


# ---------------------------------------------------------------------- the loss
class Large(tw.Module):
    """Each window costs 2^16 + 1: float32 holds what a batch costs, and not all sums of batches."""

    def __init__(self, vocab_size: int, dim: int) -> None:
        self.w_in = tw.Parameter(np.ones((vocab_size, dim), np.float32))

    def loss(self, batch):
        cost = np.float32(2**16 + 1) * batch.center.size
        return 0 * self.w_in[batch.contexts].sum() + cost


def test_a_large_loss_goes_on_rising() -> None:
    totals = [0.0]

    class Watch:
        def on_epoch_end(self, model):
            totals.append(model.get_latest_training_loss())

    Word2Vec(TEXT, model=Large, alpha=1e-3, callbacks=[Watch()], **SMALL)
    steps = np.diff(totals)
    assert steps[0] == steps[1] == steps[2] > 0
    assert steps[0] % (2**16 + 1) == 0


def test_the_loss_is_there_unasked_and_for_any_number_of_workers() -> None:
    models = [
        Word2Vec(TEXT, compute_loss=asked, workers=workers, **SMALL)
        for asked, workers in ((False, 1), (True, 1), (True, 7))
    ]
    assert len({(*model.losses, model.get_latest_training_loss()) for model in models}) == 1
    assert models[0].get_latest_training_loss() > 0


# ---------------------------------------------------------------------- keywords
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"vector_size": 6.0}, "^vector_size must be a whole number, not 6.0"),
        ({"vector_size": "6"}, "^vector_size must be a whole number, not '6'"),
        ({"window": "5"}, "^window must be a whole number, not '5'"),
        ({"min_count": None}, "^min_count must be a whole number, not None"),
        ({"epochs": 2.5}, "^epochs must be a whole number, not 2.5"),
        ({"negative": 5.0}, "^negative must be a whole number, not 5.0"),
        ({"max_final_vocab": "9"}, "^max_final_vocab must be a whole number, not '9'"),
        ({"sample": "1e-3"}, "^sample must be a number, not '1e-3'"),
        ({"alpha": "fast"}, "^alpha must be a number, not 'fast'"),
        ({"min_alpha": None}, "^min_alpha must be a number, not None"),
        ({"ns_exponent": None}, "^ns_exponent must be a number, not None"),
        ({"workers": 2.5}, "^workers must be 1 or more, not 2.5"),
        ({"callbacks": 3}, "^callbacks is 3; give a list of them"),
    ],
    ids=str,
)
def test_keywords_of_a_wrong_kind_are_named(wrong, message) -> None:
    with pytest.raises(InputError, match=message):
        Word2Vec(TEXT, **(SMALL | wrong))


def test_epochs_of_a_wrong_kind_are_named() -> None:
    model = Word2Vec(TEXT, **SMALL)
    for epochs in ("5", 2.5):
        with pytest.raises(InputError, match="epochs must be a whole number, not"):
            model.train(TEXT, epochs=epochs)


def test_arguments_in_gensims_order_are_not_misread(tmp_path) -> None:
    tw.WordVectors(["a", "b"], np.eye(2)).save_word2vec_format(tmp_path / "v.bin", binary=True)
    with pytest.raises(InputError, match=r"binary must be .* name arguments, .* binary=True"):
        tw.WordVectors.load_word2vec_format(tmp_path / "v.bin", None, True)


# ---------------------------------------------------------------------- text
def test_names_of_files_may_be_long_and_of_any_letters(tmp_path) -> None:
    path = tmp_path / ("corpus of 吾輩は猫 " + "x" * 200)
    path.write_text("\n".join(map(" ".join, TEXT)), encoding="utf-8")
    model = Word2Vec(corpus_file=path, **SMALL)
    model.wv.save_word2vec_format(path.with_name("v" * 200 + ".txt"))
    read = tw.WordVectors.load_word2vec_format(path.with_name("v" * 200 + ".txt"))
    np.testing.assert_array_equal(read.vectors, model.wv.vectors)


def test_a_text_of_other_words_is_reported(caplog) -> None:
    model = Word2Vec(TEXT, **SMALL)
    caplog.clear()
    model.train([*TEXT[:3], ["wholly", "unknown", "words"] * 9], epochs=1)
    assert "27 of 45 words of this text are not in the vocabulary" in caplog.text
    assert "build_vocab(more, update=True) adds new words" in caplog.text
    caplog.clear()
    model.train([*TEXT[:3], ["rare"]], epochs=1)
    assert "not in the vocabulary" not in caplog.text


# ---------------------------------------------------------------------- while it trains
class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_without_a_log(monkeypatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    Word2Vec(TEXT, **SMALL)
    assert "training" in terminal.getvalue()
    assert "loss" in terminal.getvalue()


def test_a_model_is_saved_in_a_callback_and_training_goes_on(tmp_path) -> None:
    class Save:
        def __init__(self) -> None:
            self.vectors: list[np.ndarray] = []

        def on_epoch_end(self, model):
            model.save(tmp_path / f"{len(model.losses)}")
            model.wv.save_word2vec_format(tmp_path / f"{len(model.losses)}.txt")
            self.vectors.append(model.wv.vectors.copy())

    save = Save()
    model = Word2Vec(TEXT, callbacks=[save], workers=4, **SMALL)
    assert (model.wv.vectors == Word2Vec(TEXT, **SMALL).wv.vectors).all()
    for epoch, vectors in enumerate(save.vectors, start=1):
        loaded = Word2Vec.load(tmp_path / f"{epoch}")
        assert loaded.losses == model.losses[:epoch]
        np.testing.assert_array_equal(loaded.wv.vectors, vectors)
        text = tw.WordVectors.load_word2vec_format(tmp_path / f"{epoch}.txt")
        np.testing.assert_array_equal(text.vectors, vectors)


# ---------------------------------------------------------------------- files
class RunsCode:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("suffix", ["", ".model", ".kv", ".npz", ".txt", ".bin"])
def test_no_file_runs_code(protocol, suffix, tmp_path) -> None:
    path, mark = tmp_path / f"file{suffix}", tmp_path / "mark"
    path.write_bytes(pickle.dumps(RunsCode(f"touch {mark}"), protocol))
    for load in (
        Word2Vec.load,
        tw.WordVectors.load,
        lambda path: tw.WordVectors.load(path, mmap=True),
        tw.WordVectors.load_word2vec_format,
        lambda path: tw.WordVectors.load_word2vec_format(path, binary=True),
        formats.load,
        lambda path: formats.convert(path, tmp_path / "other.npz"),
    ):
        with pytest.raises(InputError, match=path.name):
            load(path)
    assert sorted(each.name for each in tmp_path.iterdir()) == [path.name]
