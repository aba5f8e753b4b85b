"""The parts of words are fastText's, and stand beside the windows of their words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stretches import rows_of

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources import WindowSettings, native_pieces, subwords
from tinygrad_w2v.sources.subwords import Subwords, pieces_of
from tinygrad_w2v.sources.windows import WindowSource
from tinygrad_w2v.text import ngrams
from tinygrad_w2v.text.ngrams import bucket_of
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.engines.numpy import NumpyRun

# What fastText 0.9.3 gives for minn=3, maxn=4, bucket=2000000 (`get_subwords`).
FASTTEXT = {
    "where": [167652, 989715, 420941, 312621, 1473420, 1540811, 1529033, 1568469, 867498],
    "été": [1908133, 59617, 187927, 196363, 1291535],
    "日本語": [758587, 4581, 35559, 928923, 1674355],
    "a🙂b": [1214960, 1949398, 1373156, 54190, 564975],
}
WORDS = [*FASTTEXT, "a", "you", "yes", "</s>", "x-z"]


@pytest.mark.parametrize("word", FASTTEXT)
def test_buckets_are_those_of_fasttext(word):
    assert bucket_of(word, 3, 4, 2_000_000).tolist() == FASTTEXT[word]


def by_letters(word, min_n, max_n, buckets):
    """The same a character at a time, as fastText's `computeSubwords` is written."""
    marked, found = f"<{word}>", []
    if word == "</s>":
        return found
    for i in range(len(marked)):
        for n in range(1, max_n + 1):
            last = i + n == len(marked)
            if i + n > len(marked) or n < min_n or (n == 1 and (i == 0 or last)):
                continue
            hash_ = 2166136261
            for byte in marked[i : i + n].encode("utf-8", "surrogatepass"):
                signed = byte - 256 if byte > 127 else byte
                hash_ = ((hash_ ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
            found.append(hash_ % buckets)
    return found


@given(
    words=st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=6, unique=True),
    min_n=st.integers(1, 5),
    more=st.integers(0, 4),
    buckets=st.sampled_from([1, 7, 2_000_000, 2**31 - 1]),
    at_once=st.sampled_from([1, 2, 100]),
)
def test_parts_are_those_of_the_definition(words, min_n, more, buckets, at_once):
    words = [*words, "</s>"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ngrams, "WORDS_AT_ONCE", at_once)
        pieces = pieces_of(words, min_n, min_n + more, buckets)
    for number, word in enumerate(words):
        own = pieces.flat[pieces.offsets[number] : pieces.offsets[number + 1]].tolist()
        expected = by_letters(word, min_n, min_n + more, buckets)
        assert own == [number] + [len(words) + bucket for bucket in expected]
        assert bucket_of(word, min_n, min_n + more, buckets).tolist() == expected
    assert pieces.longest == np.diff(pieces.offsets).max()


def text(sentences=12, seed=1):
    rng = np.random.default_rng(seed)
    return [
        [WORDS[n] for n in rng.integers(0, len(WORDS), rng.integers(2, 9))]
        for _ in range(sentences)
    ]


@settings(max_examples=30, deadline=None)
@given(
    of=st.sampled_from(["contexts", "center"]),
    shared=st.booleans(),
    window=st.integers(1, 4),
    max_n=st.sampled_from([0, 3, 6]),
    cuts=st.lists(st.integers(0, 60), max_size=5),
)
def test_windows_are_those_of_the_text_with_the_parts_of_their_words(
    of, shared, window, max_n, cuts
):
    chosen = WindowSettings(window, sample=0, negative=2, shared_negatives=shared)
    source = Subwords(text(), chosen, of=of, max_n=max_n, buckets=99, min_count=1)
    found, used = rows_of(source, cuts)
    plain = WindowSource(source.windows.corpus, source.vocabulary.counts, chosen)
    expected, words = rows_of(plain)
    own = {"pieces", "owner"}
    assert [{n: v for n, v in row.items() if n not in own} for row in found] == expected
    assert used == words
    names = source.vocabulary.words
    for row in found:
        whose = [row["center"]] if of == "center" else row["contexts"]
        parts = [source.pieces_of(names[word]).tolist() for word in whose]
        assert list(row["pieces"]) == [piece for part in parts for piece in part]
        if of == "contexts":
            assert list(row["owner"]) == [c for c, part in enumerate(parts) for _ in part]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subwords, "copier", lambda: native_pieces.copy_pieces)
        patch.setattr("tinygrad_w2v.sources.arrays.native", lambda: None)
        assert rows_of(source, cuts) == (found, used)


def test_a_word_that_is_not_known_has_no_row_of_its_own():
    source = Subwords(text(), buckets=99, min_count=1)
    known, unknown = source.pieces_of("you"), source.pieces_of("yous")
    number = len(source.vocabulary)
    assert source.vocabulary.words[known[0]] == "you"
    assert (known[1:] >= number).all()
    assert (unknown >= number).all()
    assert {*unknown.tolist()} & {*known.tolist()}
    assert source.rows == number + 99


def test_another_setting_is_another_digest():
    chosen = [{}, {"buckets": 9}, {"min_n": 2}, {"max_n": 4}, {"of": "center"}]
    sources = [Subwords(text(), min_count=1, **each) for each in chosen]
    sources += [sources[0].seeded(9), Subwords(text(seed=2), min_count=1)]
    assert len({source.digest() for source in sources}) == len(sources)
    seeded = Subwords(text(), WindowSettings(seed=9), min_count=1)
    assert seeded.digest() == sources[-2].digest()
    assert rows_of(seeded) == rows_of(sources[-2])


class Parts(tw.Module):
    """fastText: the mean of all parts predicts the centre; or each context's own sum does."""

    def __init__(self, rows, words, owned=False):
        rng = np.random.default_rng(0)
        self.w_in = tw.Parameter(rng.uniform(-0.1, 0.1, (rows, 6)))
        self.w_out = tw.Parameter(np.zeros((words, 6)))

    def loss(self, window):
        h = self.w_in[window.pieces].mean(axis=-2, keepdims=True)
        targets = window.targets
        if not hasattr(window, "owner"):  # The centre's parts, and what stands around it.
            scores = h @ self.w_out[window.contexts].swapaxes(-1, -2)
            wrong = h @ self.w_out[targets[..., 1:]].swapaxes(-1, -2)
            return F.softplus(-scores).sum() + F.softplus(wrong).sum()
        scores = (h * self.w_out[targets]).sum(axis=-1)
        return F.softplus((1 - 2 * window.labels) * scores).sum()


@pytest.mark.parametrize("engine", [CompiledRun, NumpyRun])
@pytest.mark.parametrize(("of", "shared"), [("contexts", True), ("contexts", False), ("center", 1)])
def test_parts_learn_in_both_engines(engine, of, shared):
    sentences = [["walked", "talked"], ["walking", "talking"]] * 40
    chosen = WindowSettings(1, sample=0, negative=2, shared_negatives=bool(shared), batch_size=8)
    source = Subwords(sentences, chosen, of=of, buckets=500)
    model = Parts(source.rows, len(source.vocabulary))
    run, means = engine(model, source), []
    for epoch in range(10):
        losses = [run.step(part, lr=0.1) for part, _ in run.batches(epoch)]
        means.append(sum(losses))
    assert means[-1] < 0.8 * means[0]
    # One that was never seen goes with those of its end.
    h = model.w_in.data[source.pieces_of("balking")].mean(axis=0)
    scores = dict(zip(source.vocabulary.words, model.w_out.data @ h, strict=True))
    assert min(scores["walking"], scores["talking"]) > max(scores["walked"], scores["talked"])


def test_threads_make_the_same_bytes():
    source = Subwords(text(200), buckets=500, min_count=1)
    tables = []
    for workers in (1, 3):
        model = Parts(source.rows, len(source.vocabulary))
        run = CompiledRun(model, source, workers=workers, deterministic=True)
        for part, _ in run.batches(0):
            run.step(part, lr=0.05)
        run.close()
        tables.append(model.w_in.data.tobytes())
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"of": "centre"}, "of must be 'contexts' or 'center', not 'centre'"),
        ({"min_n": 0}, "min_n must be 1 or more"),
        ({"min_n": 4, "max_n": 3}, "max_n is 3, below min_n=4; use max_n=0 for no n-grams"),
        ({"max_n": 2.5}, "max_n must be a whole number"),
        ({"buckets": 0}, "buckets must be 1 or more"),
    ],
)
def test_what_has_no_parts_is_refused(chosen, message):
    with pytest.raises(InputError, match=message):
        Subwords(text(), min_count=1, **chosen)
