"""`Doc2Vec`: every mode in both engines, vectors of new documents, files, resume, wrong input."""

from __future__ import annotations

import copy
import logging
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v import Doc2Vec, TaggedDocument, TaggedLineDocument
from tinygrad_w2v._base import memory as left
from tinygrad_w2v._base.errors import InputError, NonFiniteError, TinygradError
from tinygrad_w2v.training.checkpoints import newest_checkpoint
from tinygrad_w2v.word2vec import inference, memory

DOCUMENTS = 12


def two_topics(seed: int = 7) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    topics = [["cat", "dog", "cow", "hen"], ["red", "blue", "pink", "grey"]]
    return [rng.choice(topics[i % 2], size=20).tolist() for i in range(DOCUMENTS)]


TEXTS = two_topics()
NUMBERED = [TaggedDocument(words, [number]) for number, words in enumerate(TEXTS)]
NAMED = [TaggedDocument(words, [f"d{n}", "ab"[n % 2]]) for n, words in enumerate(TEXTS)]
SMALL: dict[str, Any] = {"vector_size": 8, "min_count": 1, "sample": 0, "seed": 3, "workers": 1}
QUICK: dict[str, Any] = SMALL | {"dm": 0, "engine": "numpy", "epochs": 4}
MODES: dict[str, dict[str, Any]] = {
    "mean": {},
    "sum": {"dm_mean": 0},
    "concat": {"dm_concat": 1, "window": 2},
    "bag": {"dm": 0},
    "bag with words": {"dm": 0, "dbow_words": 1},
    "tree": {"hs": 1, "negative": 0},
}
every_mode = pytest.mark.parametrize(
    ("mode", "engine"),
    [("mean", "compiled"), ("bag", "compiled")]
    + [(mode, "numpy") for mode in MODES]
    + [
        pytest.param(mode, "compiled", marks=pytest.mark.proof)
        for mode in ("sum", "concat", "bag with words", "tree")
    ],
)


def bytes_of(model: Doc2Vec) -> bytes:
    tables = model.model.state_dict()
    return b"".join(np.ascontiguousarray(tables[name]).tobytes() for name in sorted(tables))


@every_mode
def test_documents_of_two_topics_are_told_apart(mode: str, engine: str, tmp_path: Path) -> None:
    trained = Doc2Vec(NUMBERED, epochs=24, alpha=0.1, engine=engine, **SMALL | MODES[mode])
    assert trained.losses[-1] < trained.losses[0]
    vectors = trained.dv.get_normed_vectors()
    cosines, even = vectors @ vectors.T, np.arange(DOCUMENTS) % 2 == 0
    alike = cosines[np.ix_(even, even)].mean() + cosines[np.ix_(~even, ~even)].mean()
    assert alike / 2 > cosines[np.ix_(even, ~even)].mean() + 0.05
    # What is inferred is the same each time, alone or with others, and near what was trained.
    before = bytes_of(trained)
    alone, together = trained.infer_vector(TEXTS[3]), trained.infer_vectors(TEXTS[:6])
    assert (alone == together[3]).all() and (alone == trained.infer_vector(TEXTS[3])).all()
    own = [trained.dv.similar_by_vector(row, topn=DOCUMENTS) for row in together]
    ranks = [[tag for tag, _ in near].index(number) for number, near in enumerate(own)]
    assert np.mean(ranks) < 3  # of 12; by chance 5.5
    assert bytes_of(trained) == before
    trained.save(tmp_path / "model")
    again = Doc2Vec.load(tmp_path / "model")
    assert bytes_of(again) == before and str(again) == str(trained)
    assert (again.infer_vector(TEXTS[3]) == alone).all()
    assert again.dv.index_to_key == list(range(DOCUMENTS))
    assert again.wv.index_to_key == trained.wv.index_to_key
    assert (again.wv.vectors == trained.wv.vectors).all()
    assert again.train(NUMBERED, total_examples=DOCUMENTS, epochs=1) == (240, 240)
    assert (again.wv.vectors.base is not None) and again.wv.vectors.shape == (8, 8)
    assert bytes_of(again) != before


def test_the_defaults_are_gensims() -> None:
    model = Doc2Vec()
    assert (model.dm, model.dbow, model.epochs, model.window) == (1, 0, 10, 5)
    assert (model.alpha, model.min_alpha, model.min_count, model.negative) == (0.025, 1e-4, 5, 5)
    assert (model.cbow_mean, model.settings().compat, model.sample) == (1, "word2vec", 1e-3)
    assert len(model.dv) == len(model.wv) == 0
    assert str(model) == "Doc2Vec<PV-DM, mean, d100, n5, w5, mc5, s0.001, t3>"
    with pytest.warns(UserWarning, match="dv, comment: accepted as in gensim, without effect"):
        Doc2Vec(dv=object(), comment="mine")


def test_several_tags_are_learned_together() -> None:
    model = Doc2Vec(NAMED, **QUICK | {"epochs": 30, "alpha": 0.1})
    assert model.dv.index_to_key[:4] == ["d0", "a", "d1", "b"]
    assert model.dv.get_vecattr("a", "doc_count") == DOCUMENTS // 2
    near = [tag for tag, _ in model.dv.most_similar("a", topn=6)]
    assert all(tag[0] == "d" and int(tag[1:]) % 2 == 0 for tag in near)
    assert model.docvecs is model.dv


def test_int_tags_are_rows_and_answers(tmp_path: Path) -> None:
    model = Doc2Vec(NUMBERED, **QUICK)
    assert (model.dv[0] == model.dv.vectors[0]).all() and 0 in model.dv
    assert all(type(tag) is int for tag, _ in model.dv.most_similar(0))
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, TEXTS)), encoding="utf-8")
    for same in (
        Doc2Vec(corpus_file=path, **QUICK),
        Doc2Vec(TaggedLineDocument(path), **QUICK),
        Doc2Vec(corpus_iterable=NUMBERED, **QUICK),
    ):
        assert bytes_of(same) == bytes_of(model)
    with pytest.raises(TypeError, match=r"in `dv`, .* write `model.dv\[3\]` or `model.wv\[3\]`"):
        model[3]


def test_step_by_step_is_the_same_as_at_once() -> None:
    model = Doc2Vec(**QUICK)
    model.build_vocab(NUMBERED, keep_raw_vocab=True)
    assert (model.corpus_count, model.corpus_total_words) == (DOCUMENTS, 240)
    assert len(model.raw_vocab) == 8 and len(model.dv) == DOCUMENTS
    pair = model.train(NUMBERED, total_examples=model.corpus_count, epochs=model.epochs)
    assert pair == (960, 960)
    assert bytes_of(model) == bytes_of(Doc2Vec(NUMBERED, **QUICK))
    counted = Doc2Vec(**QUICK)
    counted.build_vocab_from_freq({"cat": 5, "dog": 3})
    with pytest.raises(InputError, match="document 0 has the tag 0, which this model does not"):
        counted.train(NUMBERED, epochs=1)


def test_words_and_tags_that_come_later() -> None:
    model = Doc2Vec(NAMED, **QUICK)
    old, counts = (
        {tag: model.dv[tag].copy() for tag in model.dv},
        model.dv.get_vecattr("a", "count"),
    )
    more = [TaggedDocument(["cat", "fox", "fox", "dog"], ["a", "new"])]
    with pytest.raises(InputError, match="tag 'new', which this model does not know; build_vocab"):
        model.train(more, epochs=1)
    model.build_vocab(more, update=True)
    assert list(model.dv) == [*old, "new"] and "fox" in model.wv
    assert all((model.dv[tag] == row).all() for tag, row in old.items())
    assert model.dv.get_vecattr("a", "count") == counts + 1
    model.train(more, total_examples=1, epochs=3)
    changed = [tag for tag, row in old.items() if (model.dv[tag] != row).any()]
    assert changed == ["a"]
    numbered = Doc2Vec(NUMBERED, **QUICK)
    numbered.build_vocab([TaggedDocument(["cat", "fox"], [DOCUMENTS])], update=True)
    assert len(numbered.dv) == DOCUMENTS + 1


def test_vectors_that_are_assigned_are_the_models() -> None:
    model = Doc2Vec(NUMBERED, **QUICK)
    before = model.infer_vector(TEXTS[0])
    model.dv.vectors = 3 * model.dv.vectors
    model.wv.vectors = 2 * model.wv.vectors
    assert (model.infer_vector(TEXTS[0]) == before).all()  # a new document reads neither
    assert (model.model.w_doc.data == model.dv.vectors).all()
    assert (model.model.w_in.data == model.wv.vectors).all()
    row = model.dv[0].copy()
    model.train(NUMBERED, total_examples=DOCUMENTS, epochs=1)
    assert (model.dv[0] != row).any() and np.abs(model.dv[0] - row).max() < 0.5
    assert (model.infer_vector(TEXTS[0]) != before).any()  # the words' rows are others now


# ---------------------------------------------------------------------- the same bytes
class Killed(BaseException):
    """Ends a training as hard as one process can end itself."""


class After:
    """Ends a training after some epochs."""

    def __init__(self, epochs: int) -> None:
        self.left = epochs

    def on_epoch_end(self, model: Doc2Vec) -> None:
        self.left -= 1
        if not self.left:
            raise Killed


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_a_training_that_was_killed_goes_on(engine: str, tmp_path: Path) -> None:
    keywords = QUICK | {"engine": engine}
    kept: dict[str, Any] = {"checkpoint": tmp_path, "checkpoint_minutes": 1e-9}
    whole = Doc2Vec(NAMED, **keywords)
    with pytest.raises(Killed):
        Doc2Vec(NAMED, callbacks=[After(2)], **keywords | kept)
    assert newest_checkpoint(tmp_path) is not None
    renamed = [TaggedDocument(words, [tag.upper() for tag in tags]) for words, tags in NAMED]
    for other in (renamed, [*NAMED[1:], NAMED[0]]):
        with pytest.raises(InputError, match=r"sha256|another"):
            Doc2Vec(other, resume=True, **keywords | kept)
    again = Doc2Vec(NAMED, resume=True, **keywords | kept)
    assert bytes_of(again) == bytes_of(whole) and again.losses == whole.losses
    assert newest_checkpoint(tmp_path) is None


def test_any_number_of_threads_gives_the_same_bytes() -> None:
    keywords = SMALL | {"engine": "compiled", "deterministic": True, "epochs": 2}
    models = [Doc2Vec(NUMBERED, **keywords | {"workers": workers}) for workers in (1, 2, 3)]
    assert len({bytes_of(model) for model in models}) == 1


def test_new_documents_are_inferred_in_threads_and_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Doc2Vec(NUMBERED, **QUICK | {"engine": "compiled"})
    texts = [TEXTS[n % DOCUMENTS][n % 5 :] for n in range(40)]
    expected = model.infer_vectors(texts)
    assert len({row.tobytes() for row in expected}) > 30
    monkeypatch.setattr(inference, "FOR_THREADS", 1)
    monkeypatch.setattr(inference, "STRETCH", 7)
    for workers in (2, 3):
        model.workers = workers
        assert (model.infer_vectors(texts) == expected).all()
    monkeypatch.setattr(inference, "AT_ONCE", 16)
    model.seed = 4  # another key, another engine
    other = model.infer_vectors(texts)
    assert (other != expected).any() and (other[20] == model.infer_vector(texts[20])).all()


def test_vectors_that_are_not_finite_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Doc2Vec(NUMBERED, **QUICK)
    monkeypatch.setattr(inference.Inference, "vectors", lambda *_: np.full((1, 8), np.inf))
    with pytest.raises(NonFiniteError, match="use a smaller alpha"):
        model.infer_vector(["cat"])


def test_no_document_is_compiled_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = inference.choose_engine
    monkeypatch.setattr(inference, "choose_engine", lambda *a: made.append(a) or real(*a))
    model = Doc2Vec(NUMBERED, **QUICK)
    for words in TEXTS:
        model.infer_vector(words)
    model.infer_vectors(TEXTS)
    assert len(made) == 1
    model.train(NUMBERED, total_examples=DOCUMENTS, epochs=1)
    model.infer_vector(TEXTS[0])
    assert len(made) == 2


def test_copies_go_through_the_file() -> None:
    model = Doc2Vec(NAMED, **QUICK)
    model.infer_vector(TEXTS[0])
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert type(again) is Doc2Vec and bytes_of(again) == bytes_of(model)
        assert again.dv.index_to_key == model.dv.index_to_key
        assert (again.infer_vector(TEXTS[0]) == model.infer_vector(TEXTS[0])).all()


def test_files_say_whose_they_are(tmp_path: Path) -> None:
    model = Doc2Vec(NAMED, **QUICK)
    model.save(tmp_path / "documents")
    with pytest.raises(InputError, match=r"it is a model of Doc2Vec; read it by Doc2Vec.load"):
        tw.Word2Vec.load(tmp_path / "documents")
    tw.Word2Vec(TEXTS, vector_size=4, sample=0, engine="numpy").save(tmp_path / "words")
    with pytest.raises(InputError, match=r"it is a model of Word2Vec; read it by Word2Vec.load"):
        Doc2Vec.load(tmp_path / "words")
    words = tw.WordVectors.load(tmp_path / "documents")
    assert words.index_to_key == model.wv.index_to_key
    model.save_word2vec_format(tmp_path / "v.txt", doctag_vec=True)
    both = tw.WordVectors.load_word2vec_format(tmp_path / "v.txt")
    assert len(both) == 8 + len(model.dv)
    assert (both["*dt_d3"] == model.dv["d3"]).all() and (both["cat"] == model.wv["cat"]).all()


def test_similarity_of_unseen_documents() -> None:
    model = Doc2Vec(NUMBERED, **QUICK | {"epochs": 40, "alpha": 0.1})
    near = model.similarity_unseen_docs(["cat", "cow", "dog"] * 5, ["hen", "cat", "dog"] * 5)
    far = model.similarity_unseen_docs(["cat", "cow", "dog"] * 5, ["red", "blue"] * 8)
    assert far < near <= 1


# ---------------------------------------------------------------------- what teaches little
def test_short_documents_and_unknown_words(caplog: pytest.LogCaptureFixture) -> None:
    documents = [*NUMBERED, TaggedDocument(["once"], [DOCUMENTS]), TaggedDocument(["cat"], [13])]
    with caplog.at_level(logging.INFO):
        model = Doc2Vec(documents, **QUICK | {"min_count": 2})
    assert "1 of 14 documents have no word of the vocabulary" in caplog.text
    start = model.settings().new_model(len(model.wv), 14).w_doc.data
    moved = (model.dv.vectors != start).any(axis=1)
    assert moved.tolist() == [True] * DOCUMENTS + [False, True]  # one word is enough
    with caplog.at_level(logging.WARNING):
        assert not model.infer_vector(["nowhere"]).any() and not model.infer_vector([]).any()
    assert "1 of 1 documents have no word of the vocabulary: their vectors are zero" in caplog.text
    assert (model.infer_vector(["cat", "nowhere"]) == model.infer_vector(["cat"])).all()


def test_tables_of_tags_are_held_against_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (left, memory):
        monkeypatch.setattr(module, "memory_left", lambda: 100 * 10**6)
    many = [TaggedDocument(["cat", "dog"], [number]) for number in range(3000)]
    with pytest.raises(InputError, match=r"tables of 2 words and 3,000 rows more with 20,000 numb"):
        Doc2Vec(many, **SMALL | {"vector_size": 20_000})


def test_it_is_told_what_is_trained(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Doc2Vec(NUMBERED[:4], **QUICK | {"dm": 1, "epochs": 1})
    assert "training PV-DM, mean: vector_size 8" in caplog.text
    assert "PV-DM, mean follows the update rule of word2vec.c and gensim" in caplog.text
    assert "tags: 4, of 4 documents" in caplog.text


WRONG: list[tuple[Any, str]] = [
    (lambda: Doc2Vec([["you", "say"]] * 9), r"document 0 is a list, and has no words and tags"),
    (lambda: Doc2Vec("text.txt"), r"documents is 'text.txt'; give TaggedDocuments"),
    (lambda: Doc2Vec(iter(NUMBERED)), r"a list_iterator, which can be read only once"),
    (lambda: Doc2Vec(NUMBERED, "text.txt"), r"give the documents once: as documents or as corpus"),
    (lambda: Doc2Vec([*NUMBERED, TaggedDocument(["a"], "abc")], **QUICK), r"document 12: tags is "
     r"the string 'abc', whose letters would be 3 tags"),
    (lambda: Doc2Vec([*NUMBERED, TaggedDocument([], [3])], **QUICK), r"document 12 has no words"),
    (lambda: Doc2Vec([*NUMBERED, TaggedDocument(["a"], [])], **QUICK), r"document 12 has no tag"),
    (lambda: Doc2Vec([*NUMBERED, TaggedDocument(["a"], ["x"])], **QUICK), r"give one kind"),
    (lambda: Doc2Vec([*NUMBERED, TaggedDocument(["a"], [10**8])], **QUICK), r"rows are of no doc"),
    (lambda: Doc2Vec([TaggedDocument("you say", [0])]), r"the words of document 0 are the string"),
    (lambda: Doc2Vec(NAMED, **QUICK | {"dm": 1, "dm_concat": 1}), r"document 0 has 2 tags, and "
     r"with dm_concat each has dm_tag_count \(1\)"),
    (lambda: Doc2Vec(dm=2), r"dm must be 0 or 1, False or True, not 2"),
    (lambda: Doc2Vec(dm_tag_count=0), r"dm_tag_count must be 1 or more, not 0"),
    (lambda: Doc2Vec(dm_concat="yes"), r"dm_concat must be 0 or 1"),
    (lambda: Doc2Vec(NUMBERED, resume=True), r"resume needs the folder of the checkpoints"),
    (lambda: Doc2Vec(NUMBERED, heldout=0.1), r"heldout"),
    (lambda: Doc2Vec(NUMBERED, size=10), r"write `vector_size=`"),
    (lambda: Doc2Vec().infer_vector(["you"]), r"there is no vocabulary yet: .* Doc2Vec"),
    (lambda: Doc2Vec().train(NUMBERED, epochs=1), r"there is no vocabulary yet"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_what_would_be_misread_is_refused_before_training(call: Any, message: str) -> None:
    with pytest.raises((TinygradError, TypeError), match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "mode", [{}, {"dm": 1}, {"dm": 1, "dm_concat": 1, "window": 2}, {"engine": "compiled"}], ids=str
)
def test_locked_tags_and_words_stay_as_they_are(mode: dict[str, Any]) -> None:
    model = Doc2Vec(NUMBERED, **QUICK | mode)
    model.dv.vectors_lockf = np.ones(DOCUMENTS)
    model.dv.vectors_lockf[[0, 5]] = 0
    model.wv.vectors_lockf = np.array([1, 0] + [1] * (len(model.wv) - 2))
    tags, words = model.dv.vectors.copy(), model.wv.vectors.copy()
    more = [*NUMBERED, TaggedDocument(["cat", "hen"], [DOCUMENTS])]
    for _ in range(2):
        model.train(more[: len(model.dv)], total_examples=len(model.dv), epochs=1)
        same = (model.dv.vectors[:DOCUMENTS] == tags).all(axis=1)
        assert np.flatnonzero(same).tolist() == [0, 5]
        same = (model.wv.vectors == words).all(axis=1)
        assert not model.dm or np.flatnonzero(same).tolist() == [1]
        model.build_vocab(more, update=True)
        assert model.dv.vectors_lockf.tolist()[-2:] == [1, 1]
        model = copy.deepcopy(model)
        assert model.dv.vectors_lockf.tolist()[-2:] == [1, 1]
    model.dv.vectors_lockf = np.ones(1)
    model.train(more, total_examples=len(more), epochs=1)
    assert not (model.dv.vectors[:DOCUMENTS] == tags).all(axis=1).any()


def test_keywords_of_other_tables_are_refused(tmp_path: Path) -> None:
    model = Doc2Vec(NUMBERED, **QUICK | {"dm": 1, "dm_concat": 1, "window": 1})
    model.window = 2
    for call in (
        lambda: model.infer_vector(["cat"]),
        lambda: model.train(NUMBERED, total_examples=DOCUMENTS, epochs=1),
        lambda: model.save(tmp_path / "model.npz"),
    ):
        with pytest.raises(InputError, match="w_out has 24 numbers a row, and the keywords of"):
            call()
    assert not list(tmp_path.iterdir())


def test_words_of_documents_are_scanned() -> None:
    model = Doc2Vec()
    assert model.scan_vocab(NUMBERED) == (240, DOCUMENTS)
    assert sum(model.raw_vocab.values()) == 240 and model.vocabulary is None


def test_questions_that_a_model_cannot_answer() -> None:
    tree = {"hs": 1, "negative": 0}
    for mode, message in (
        ({}, "in PV-DBOW words alone do not"),
        ({"dm": 1, "dm_concat": 1, "window": 1}, "in PV-DM, concatenated words alone do not"),
    ):
        with pytest.raises(InputError, match=message):
            Doc2Vec(NUMBERED, **QUICK | tree | mode).score([["cat", "dog"]])
    model = Doc2Vec(NUMBERED, **QUICK)
    for call, message in (
        (lambda: model.infer_vector("you say"), "the words of the document are the string"),
        (lambda: model.infer_vectors("you say"), "documents is 'you say'; give a list of lists"),
        (lambda: model.infer_vectors(["you", "say"]), "the words of document 0 are the string"),
        (lambda: model.infer_vector(["you"], epochs=0), "epochs must be 1 or more"),
        (lambda: model.infer_vector(["you"], alpha=-1), "alpha must be 0 or more"),
        (lambda: model.train(NUMBERED, epochs=1, heldout=0.2), "held out has no vector to predict"),
        (
            lambda: model.predict_output_word(["cat"]),
            "in PV-DBOW words alone do not predict",
        ),
        (lambda: model.dv["nobody"], "no document has the tag 'nobody'"),
        (lambda: model.save_word2vec_format("v.txt", word_vec=False), "neither words nor tags"),
        (lambda: model.build_vocab([NAMED[0]], update=True), "give one kind"),
    ):
        with pytest.raises((TinygradError, KeyError), match=message):
            call()
    assert list(model.dv) == list(range(DOCUMENTS))
    two = [TaggedDocument(words, [f"d{n}", "all"]) for n, words in enumerate(TEXTS[:4])]
    concatenated = Doc2Vec(two, **QUICK | {"dm": 1, "dm_concat": 1, "dm_tag_count": 2, "window": 1})
    with pytest.raises(InputError, match="concatenates 2 tags a document, and a new document has"):
        concatenated.infer_vector(["cat"])
    assert re.search("PV-DM, concatenated", str(concatenated))


@pytest.mark.parametrize(
    "mode", [{}, {"dm": 0}, {"dm": 0, "dbow_words": 1}, {"dm_concat": 1}, {"hs": 1, "negative": 0}]
)
def test_a_report_of_documents(mode: dict[str, int], tmp_path: Path) -> None:
    documents = [tw.TaggedDocument(["cat", "dog", "cow"], [n]) for n in range(9)]
    model = tw.Doc2Vec(documents, vector_size=4, min_count=1, epochs=1, engine="numpy", **mode)
    model.report(tmp_path / "report.html")
    assert "w_doc" in (tmp_path / "report.html").read_text(encoding="utf-8")
