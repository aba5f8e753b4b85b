"""Windows of documents know which one they are of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stretches import rows_of

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources import WindowSettings, native_arrays, native_windows
from tinygrad_w2v.sources.columns import Ragged
from tinygrad_w2v.sources.documents import Documents, Tags
from tinygrad_w2v.sources.windows import WindowSource
from tinygrad_w2v.text.corpus import Corpus, build_corpus
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.engines.numpy import NumpyRun


def texts(lengths, words=6):
    """Document d has words that tell its number: ``d<number>`` stands in the middle of it."""
    rng = np.random.default_rng(sum(lengths))
    return [
        [f"w{rng.integers(words)}" for _ in range(n - 1)] + [f"d{number}"]
        for number, n in enumerate(lengths)
    ]


@settings(max_examples=20, deadline=None)
@given(
    lengths=st.lists(st.integers(2, 12), min_size=1, max_size=9),
    several=st.booleans(),
    shared=st.booleans(),
    hs=st.booleans(),
    sample=st.sampled_from([0, 0.05]),
    cuts=st.lists(st.integers(0, 60), max_size=5),
)
def test_windows_are_those_of_the_text_with_their_documents(
    lengths, several, shared, hs, sample, cuts
):
    rng = np.random.default_rng(len(lengths))
    tags = [rng.permutation(5)[: rng.integers(1, 5)].tolist() for _ in lengths]
    chosen = WindowSettings(2, sample=sample, negative=2, hs=hs, shared_negatives=shared)
    given_text = build_corpus(texts(lengths), min_count=1)
    source = Documents(given_text, tags if several else None, chosen)
    found, used = rows_of(source, cuts)
    plain = WindowSource(given_text[1], given_text[0].counts, chosen)
    expected, words = rows_of(plain)
    field = "documents" if several else "document"
    assert [{n: v for n, v in row.items() if n != field} for row in found] == expected
    assert used == words
    # Of the last word it is certain where it stands.
    names = source.vocabulary.words
    for row in found:
        named = [n for n in (row["center"], *row["contexts"]) if names[n].startswith("d")]
        own = row[field]
        if several:
            for name in named:
                assert [source.tags[id_] for id_ in own] == tags[int(names[name][1:])]
        else:
            assert all(int(names[name][1:]) == own for name in named)
    with pytest.MonkeyPatch.context() as patch:
        python = np.errstate(over="ignore")(native_windows.draw_windows)
        patch.setattr(native_windows, "sampler", lambda: python)
        patch.setattr("tinygrad_w2v.sources.arrays.native", lambda: None)
        assert rows_of(source, cuts) == (found, used)
    assert native_arrays.native() is not None


def test_documents_are_numbered_as_they_come():
    source = Documents(texts([3, 2, 4, 2]), settings=WindowSettings(1, sample=0), min_count=1)
    found, _ = rows_of(source)
    assert [row["document"] for row in found] == [0] * 3 + [1] * 2 + [2] * 4 + [3] * 2
    named = Documents(texts([3, 2]), ["b", "a"], min_count=1)
    assert named.tags == ["b", "a"]
    same = Documents(texts([3, 2]), ["b", "b"], WindowSettings(sample=0), min_count=1)
    assert same.tags == ["b"]
    assert {row["document"] for row in rows_of(same)[0]} == {0}


def kept_alone(lengths, sample=0.0, **options):
    chosen = WindowSettings(2, sample=sample, negative=2)
    return Documents(build_corpus(texts(lengths), min_count=1), None, chosen, alone=True, **options)


@settings(max_examples=15, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=9).filter(lambda n: sum(n) > 1),
    sample=st.sampled_from([0, 0.02]),
    cuts=st.lists(st.integers(0, 40), max_size=4),
)
def test_a_document_predicts_each_of_its_words(lengths, sample, cuts):
    """With a window around it, at its place, or alone: the same words, the same negatives."""
    near, used = rows_of(kept_alone(lengths, sample), cuts)
    assert used == len(near)
    alone, _ = rows_of(kept_alone(lengths, sample, contexts=None), cuts)
    same = ("center", "targets", "labels", "document")
    assert alone == [{name: row[name] for name in same} for row in near]
    places, _ = rows_of(kept_alone(lengths, sample, contexts="places"), cuts)
    padding = len(kept_alone(lengths).vocabulary)
    for at, row in enumerate(places):
        assert {name: row[name] for name in same} == alone[at]
        assert row["offsets"] == (-2, -1, 1, 2)
        for offset, word in zip(row["offsets"], row["contexts"], strict=True):
            there = 0 <= at + offset < len(alone)
            inside = there and alone[at + offset]["document"] == row["document"]
            assert word == (alone[at + offset]["center"] if inside else padding)
    with pytest.MonkeyPatch.context() as patch:
        python = np.errstate(over="ignore")(native_windows.draw_windows)
        patch.setattr(native_windows, "sampler", lambda: python)
        assert rows_of(kept_alone(lengths, sample, contexts="places"), cuts)[0] == places


def test_documents_are_drawn_by_their_numbers():
    """Not by where they stand: another order and other neighbours change no draw."""
    _, corpus = build_corpus(texts([5, 4, 1, 6]), min_count=1)
    numbers = np.array([11, 12, 13, 14], np.uint64)
    source = kept_alone([5, 4, 1, 6], numbers=numbers)
    rows, _ = rows_of(source)
    turned = [corpus.sentence(document) for document in (3, 0)]
    offsets = np.array([0, 6, 11])
    other = source.over(
        Corpus(np.concatenate(turned), offsets, 11),
        Ragged(np.array([3, 0]), np.arange(3), 1),
        numbers[[3, 0]],
    )
    expected = [row for document in (3, 0) for row in rows if row["document"] == document]
    assert rows_of(other)[0] == expected
    assert rows_of(source)[0] == rows
    assert source.digest() != kept_alone([5, 4, 1, 6]).digest()


def test_rows_of_tags_are_taken_as_they_are():
    text = build_corpus([["a", "b"], [], ["b"], ["a"] * 3], min_count=1)
    of = Ragged(np.array([1, 0, 1, 2, 2, 0, 1, 2]), np.array([0, 2, 4, 5, 8]), 3)
    source = Documents(text, Tags("xyz", of), WindowSettings(sample=0), alone=True)
    found = [row["documents"] for row in rows_of(source)[0]]
    assert found == [(1, 0)] * 2 + [(2,)] + [(0, 1, 2)] * 3
    assert source.tags == "xyz" and source.axes()["documents"] == (("D", 3),)


def test_as_many_tags_each_are_no_axis_that_changes():
    two = Documents(texts([3, 2]), [["a", "b"], ["b", "c"]], min_count=1)
    assert "documents" not in two.axes() and two.example().documents.shape == (2,)
    assert set(two.draw(0, 0, 5).sizes) == {"C", "T"}


@pytest.mark.parametrize("contexts", ["window", "places", None])
def test_the_numpy_engine_is_told_how_many_words_were_used(contexts):
    source = kept_alone([1, 9, 3, 30], 0.02, contexts=contexts)
    expected = source.draw(0, 0, source.units).used
    examples = sum(len(batch.center) for batch, _ in source.batches(0))
    assert 0 < examples == expected == source.kept_words < source.units


def test_another_tag_setting_or_seed_is_another_digest():
    lengths = [3, 2, 4]
    sources = [
        Documents(texts(lengths), min_count=1),
        Documents(texts(lengths), ["a", "b", "a"], min_count=1),
        Documents(texts(lengths), [["a"], ["b"], ["c"]], min_count=1),
        Documents(texts(lengths), settings=WindowSettings(window=3), min_count=1),
        Documents(texts(lengths), min_count=1, alone=True),
        Documents(texts(lengths), min_count=1, contexts="places"),
        Documents(texts(lengths), min_count=1, contexts=None),
        Documents(texts(lengths), min_count=1).seeded(3),
    ]
    assert len({source.digest() for source in sources}) == len(sources)
    seeded = Documents(texts(lengths), settings=WindowSettings(seed=3), min_count=1)
    assert seeded.digest() == sources[-1].digest()
    assert rows_of(seeded) == rows_of(sources[-1])


class Bag(tw.Module):
    """PV-DBOW: a document alone, or the mean of its tags, predicts its words."""

    def __init__(self, documents, words):
        rng = np.random.default_rng(0)
        self.w_doc = tw.Parameter(rng.normal(size=(documents, 6)) / 6)
        self.w_out = tw.Parameter(np.zeros((words, 6)))

    def loss(self, window):
        if hasattr(window, "documents"):
            h = self.w_doc[window.documents].mean(axis=-2, keepdims=True)
        else:
            h = self.w_doc[window.document[..., None]]
        scores = (h * self.w_out[window.targets]).sum(axis=-1)
        return F.softplus((1 - 2 * window.labels) * scores).sum()


@pytest.mark.parametrize("engine", [CompiledRun, NumpyRun])
@pytest.mark.parametrize("several", [False, True])
def test_documents_of_two_kinds_are_told_apart(engine, several):
    rng = np.random.default_rng(1)
    kinds = [[f"{kind}{n}" for n in rng.integers(0, 6, 30)] for kind in "ab" * 8]
    tags = [["a", f"doc{n}"] if n % 2 == 0 else [f"doc{n}"] for n in range(16)]
    chosen = WindowSettings(sample=0, batch_size=8)
    source = Documents(kinds, tags if several else None, chosen, min_count=1)
    model = Bag(len(source.tags), len(source.vocabulary))
    run = engine(model, source)
    for epoch in range(8):
        for part, _ in run.batches(epoch):
            assert np.isfinite(run.step(part, lr=0.1))
    of_a = np.array([word.startswith("a") for word in source.vocabulary.words])
    scores = model.w_doc.data @ model.w_out.data.T
    more = scores[:, of_a].mean(axis=1) - scores[:, ~of_a].mean(axis=1)
    if several:
        assert more[source.tags.index("a")] > 1
        assert max(more[source.tags.index(f"doc{n}")] for n in range(1, 16, 2)) < -1
    else:
        assert more[::2].min() > 1
        assert more[1::2].max() < -1


def test_threads_make_the_same_bytes():
    source = Documents(texts([9] * 60), [["all", n] for n in range(60)], min_count=1)
    tables = []
    for workers in (1, 3):
        model = Bag(len(source.tags), len(source.vocabulary))
        run = CompiledRun(model, source, workers=workers, deterministic=True)
        for part, _ in run.batches(0):
            run.step(part, lr=0.05)
        run.close()
        tables.append(model.w_doc.data.tobytes())
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    ("documents", "tags", "message"),
    [
        ([["a", "b"], []], None, "document 1 has no word of the vocabulary.*leave it out"),
        ([["a", "b"], ["a"], ["b"]], None, r"document 1 \(and 1 more\) has one word of the voc"),
        ([["a", "b"]], ["x", "y"], "tags are of 2 documents, but there are 1"),
        ([["a", "b"]] * 2, ["x", []], "tags document 1 has none; give it one or more"),
        ([["a", "b"]], [""], "tags document 0 has ''; a tag is a str or a whole number"),
        ([["a", "b"]], [[1.5]], "tags document 0 has 1.5; a tag is a str"),
        ([["a", "b"]], [["x", "y", "x"]], "tags document 0 has 'x' twice"),
    ],
)
def test_documents_that_teach_nothing_are_refused(documents, tags, message):
    with pytest.raises(InputError, match=message):
        Documents(documents, tags, min_count=1)


def test_a_word_alone_is_enough_where_it_is_drawn():
    for options in ({"alone": True}, {"contexts": None}, {"contexts": "places"}):
        drawn = WindowSettings(sample=0)
        source = Documents([["a", "b"], ["a"]], None, drawn, min_count=1, **options)
        assert source.draw(0, 0, 3).count == 3
        with pytest.raises(InputError, match="document 1 has no word of the vocabulary"):
            Documents([["a", "b"], []], min_count=1, **options)
    with pytest.raises(InputError, match="contexts must be 'window', 'places' or None, not 'all'"):
        Documents([["a", "b"]], min_count=1, contexts="all")
