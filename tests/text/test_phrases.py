"""Phrases are gensim's: the same ones, with the same scores, on any text."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from gensim.models.phrases import FrozenPhrases as TheirFrozen
from gensim.models.phrases import Phrases as Theirs
from gensim.test.utils import common_texts
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text import numbering, pair_counts
from tinygrad_w2v.text.phrase_joining import PhrasedSentences
from tinygrad_w2v.text.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phraser, Phrases
from tinygrad_w2v.text.sentences import LineSentence

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = [*common_texts, ["graph", "minors", "survey", "human", "interface"]]
WORDS = ["new", "york", "new_york", "of", "the", "_", "city_of", "bank", "a"]
SENTENCES = st.lists(st.lists(st.sampled_from(WORDS), max_size=9), max_size=25)
ANY_WORDS = st.lists(st.lists(st.text(min_size=1, max_size=3), max_size=6), max_size=12)
SETTINGS = st.fixed_dictionaries(
    {
        "min_count": st.sampled_from([1, 1.5, 2, 4]),
        "delimiter": st.sampled_from(["_", " ", "__", "a", "ew"]),
        "connector_words": st.sets(st.sampled_from(WORDS), max_size=2).map(frozenset),
        "max_vocab_size": st.sampled_from([40_000_000, 40, 12, 3, 1]),
    }
)
SCORES = st.one_of(
    st.tuples(st.just("default"), st.sampled_from([1e-3, 0.5, 1, 2, 10])),
    st.tuples(st.just("npmi"), st.sampled_from([-1, -0.2, 0, 0.4, 1])),
)


def chunked(joined: PhrasedSentences) -> list[list[str]]:
    """The sentences as training takes them, many at a time."""
    sentences, opened = [], []
    for words, ends in joined.chunks():
        start = 0
        for end in ends.tolist():
            sentences.append(opened + words[start:end])
            opened, start = [], end
        opened += words[start:]
    return [*sentences, *([opened] if opened else [])]


def same(ours: Phrases, theirs: Theirs, *texts: list[list[str]]) -> None:
    assert ours.vocab == theirs.vocab
    assert ours.corpus_word_count == theirs.corpus_word_count
    assert ours.min_reduce == theirs.min_reduce
    assert ours.export_phrases() == theirs.export_phrases()
    frozen, their_frozen = ours.freeze(), TheirFrozen(theirs)
    for text in filter(None, texts):
        assert list(ours[text]) == list(theirs[text])
        assert list(frozen[text]) == list(their_frozen[text])
        assert ours.find_phrases(text) == theirs.find_phrases(text)
        assert frozen.find_phrases(text) == their_frozen.find_phrases(text)
        for model in (ours, frozen):
            assert chunked(model[text]) == list(model[text])


@given(SENTENCES, SENTENCES, SETTINGS, SCORES, st.sampled_from([1, 7, 1 << 18]))
def test_phrases_and_scores_are_gensims(text, more, settings, score, chunk) -> None:
    settings = settings | {"scoring": score[0], "threshold": score[1]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbering, "CHUNK_WORDS", chunk)
        patch.setattr(pair_counts, "PENDING", chunk)
        ours, theirs = Phrases(text, **settings), Theirs(text, **settings)
        same(ours, theirs, text, more)
        ours.add_vocab(more)
        theirs.add_vocab(more)
        same(ours, theirs, text, more)
        # A second round: words have the delimiter in them.
        if text:
            same(Phrases(ours[text], **settings), Theirs(theirs[text], **settings), text)


@given(ANY_WORDS, st.sampled_from(["_", "0", "\0"]))
def test_words_of_any_signs(text, delimiter) -> None:
    settings = {"min_count": 1, "threshold": 0.1, "delimiter": delimiter}
    same(Phrases(text, **settings), Theirs(text, **settings), text)


@pytest.mark.parametrize("scoring", ["default", "npmi"])
@pytest.mark.parametrize("words", [frozenset(), ENGLISH_CONNECTOR_WORDS])
def test_a_text_in_english(scoring, words) -> None:
    pages = sorted(DOCS.glob("*s.md"))
    lines = (line for page in pages for line in page.read_text(encoding="utf-8").split("\n"))
    text = list(tw.text.tokenize(lines))
    settings = {"scoring": scoring, "threshold": 0.6 if scoring == "npmi" else 10.0}
    ours = Phrases(text, connector_words=words, **settings)
    theirs = Theirs(text, connector_words=words, **settings)
    assert len(ours.export_phrases()) > 20
    same(ours, theirs, text)


class Pieces:
    """A text that is read in pieces, which end within sentences and between them."""

    def __init__(self, sentences: list[list[str]], length: int) -> None:
        self.sentences = [sentence for sentence in sentences if sentence]
        self.text = "\n".join(map(" ".join, sentences)) + "\n"
        self.length = length

    def __iter__(self) -> Iterator[list[str]]:
        return iter(self.sentences)

    def chunks(self) -> Iterator[str]:
        start = 0
        while start < len(self.text):
            blanks = [self.text.find(blank, start + self.length) for blank in " \n"]
            cut = min((blank for blank in blanks if blank >= 0), default=len(self.text)) + 1
            yield self.text[start:cut]
            start = cut


@given(SENTENCES.filter(any), st.sampled_from([0, 3, 20]))
def test_a_file_is_read_in_pieces(text, length) -> None:
    pieces = Pieces(text, length)
    settings = {"min_count": 1, "threshold": 0.1, "connector_words": ["of", "the"]}
    phrases = Phrases(pieces.sentences, **settings)
    assert Phrases(pieces, **settings).vocab == phrases.vocab
    assert chunked(phrases[pieces]) == list(phrases[pieces])
    assert phrases.find_phrases(pieces) == phrases.find_phrases(pieces.sentences)


def test_rare_words_of_one_long_line_are_forgotten() -> None:
    """In a line that gensim would keep in memory to its end."""
    text = [[f"word{number}" for number in range(500)] + ["new", "york"] * 200]
    phrases = Phrases(Pieces(text, 60), max_vocab_size=50)
    assert len(phrases.vocab) <= 50
    assert phrases.vocab["new_york"] > 100


def test_a_stream_is_read_once_and_a_text_again() -> None:
    phrases = Phrases((iter(sentence) for sentence in TEXT), min_count=1, threshold=1)
    assert phrases.vocab == Phrases(TEXT, min_count=1).vocab
    text = phrases[TEXT]
    assert len(text) == len(TEXT)
    assert list(text) == list(text)
    assert list(text)[-1] == ["graph_minors", "survey", "human_interface"]
    stream = phrases[(iter(sentence) for sentence in TEXT)]
    assert iter(stream) is stream
    assert list(stream) == list(text)
    assert list(stream) == []
    assert phrases[iter(TEXT[-1])] == list(text)[-1]
    for nothing in ([], iter(())):
        assert phrases[nothing] == []
    assert list(phrases[[[], []]]) == [[], []]


def test_two_rounds_over_a_file(tmp_path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, TEXT)) + "\n", encoding="utf-8")
    lines = LineSentence(path)
    pairs = Phrases(lines, min_count=1, threshold=1).freeze()
    longer = Phrases(pairs[lines], min_count=1, threshold=1)
    theirs = Theirs(TEXT, min_count=1, threshold=1)
    expected = Theirs(theirs[TEXT], min_count=1, threshold=1)
    assert list(longer[pairs[lines]]) == list(expected[theirs[TEXT]])
    assert "graph_minors_survey" in longer.all_phrases()


def test_word2vec_learns_phrases(tmp_path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, TEXT)) + "\n", encoding="utf-8")
    phrases = tw.Phrases(LineSentence(path), min_count=1, threshold=1)
    settings = {"vector_size": 4, "min_count": 1, "epochs": 1, "engine": "numpy", "sample": 0}
    model = tw.Word2Vec(sentences=phrases[LineSentence(path)], **settings)
    assert "graph_minors" in model.wv
    assert "minors" not in model.wv
    again = tw.Word2Vec(sentences=list(phrases[TEXT]), **settings)
    assert (model.wv.vectors == again.wv.vectors).all()
    with pytest.raises(InputError, match="only once"):
        tw.Word2Vec(sentences=phrases[iter(TEXT)])


def one(worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count):
    assert corpus_word_count >= worda_count >= 1
    return 1


def test_a_score_of_ones_own(tmp_path) -> None:
    settings = {"min_count": 1, "threshold": 0.001, "scoring": one}
    phrases = Phrases(TEXT, **settings)
    same(phrases, Theirs(TEXT, **settings), TEXT)
    path = tmp_path / "phrases.json"
    phrases.save(path)
    with pytest.raises(InputError, match=r"score of its own.*scoring=one"):
        Phrases.load(path)
    again = Phrases.load(path, scoring=one)
    assert again.export_phrases() == phrases.export_phrases()
    phrases.freeze().save(path)
    frozen = Phraser.load(path)
    assert frozen.phrasegrams == phrases.export_phrases()
    assert frozen.scoring is None
    frozen.save(path)
    assert b":one" in path.read_bytes()


def test_settings_may_be_changed_afterwards() -> None:
    ours, theirs = (kind(TEXT, min_count=1, threshold=1) for kind in (Phrases, Theirs))
    for model in (ours, theirs):
        model.threshold, model.min_count = 0.5, 2
    assert ours.export_phrases() == theirs.export_phrases()


def test_an_empty_word_is_kept_and_is_no_phrase() -> None:
    phrases = Phrases([["", "a", "", "b"]] * 3, min_count=1, threshold=1e-9)
    assert phrases[["", "a", "b", "", ""]] == ["", "a", "b", "", ""]


@given(SENTENCES, SETTINGS)
def test_files_hold_all(text, settings) -> None:
    phrases = Phrases(text, threshold=0.5, **settings)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "phrases.json")
        phrases.save(path)
        again = Phrases.load(path)
        assert again.settings() == phrases.settings()
        for model in (phrases, again):
            model.add_vocab(text)
        assert again.vocab == phrases.vocab
        assert again.export_phrases() == phrases.export_phrases()
        phrases.freeze().save(path)
        assert Phraser.load(path).phrasegrams == phrases.export_phrases()


def test_files_of_something_else(tmp_path) -> None:
    path = tmp_path / "phrases.json"
    phrases = Phrases(TEXT, min_count=1, threshold=1)
    phrases.save(path)
    with pytest.raises(InputError, match=r"holds Phrases, not Phraser; load it with Phrases.load"):
        Phraser.load(path)
    whole = json.loads(path.read_bytes())
    for name in set(whole) - {"format", "kind"}:
        for value in (None, [1], {"a": "b"}, -1.5, ""):
            path.write_text(json.dumps(whole | {name: value}), encoding="utf-8")
            with pytest.raises(InputError, match=str(path)):
                Phrases.load(path)
    for content in (b"", b"{}", b"[1]", b"\x80\x04", b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"no file of phrases|damaged"):
            Phrases.load(path)
    with pytest.raises(InputError, match="cannot be read"):
        Phrases.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_count": 0}, "min_count must be a number above 0, not 0"),
        ({"min_count": math.nan}, "min_count must be a finite number, not nan"),
        ({"min_count": "5"}, "min_count must be a number, not '5'"),
        ({"threshold": math.inf}, "threshold must be a finite number, not inf"),
        ({"threshold": -1}, "threshold must be above 0, not -1"),
        ({"threshold": 2, "scoring": "npmi"}, "threshold must be from -1 to 1 for npmi, not 2"),
        ({"scoring": "pmi"}, "scoring must be 'default', 'npmi' or a function, not 'pmi'"),
        ({"scoring": len}, "scoring is the function builtins:len, which does not take worda_count"),
        ({"delimiter": ""}, "delimiter must be a text of one sign or more, not ''"),
        ({"delimiter": b"_"}, "delimiter must be a text of one sign or more, not b'_'"),
        ({"max_vocab_size": 0}, "max_vocab_size must be 1 or more, not 0"),
        ({"connector_words": "of the"}, "connector_words must be a set of words"),
        ({"sentences": "text.txt"}, "sentences is 'text.txt'; give an iterable"),
        ({"sentences": ["new york"]}, "not the string 'new york'"),
        ({"sentences": [["new", 3]]}, "a word must be a string, but 3 is int"),
        ({"sentences": [["new", 3]], "max_vocab_size": 1}, "a word must be a string, but 3 is int"),
    ],
)
def test_what_cannot_be_used_is_refused(settings, message) -> None:
    with pytest.raises(InputError) as caught:
        Phrases(**settings)
    assert message in str(caught.value)


def test_names_of_gensim() -> None:
    assert tw.Phraser is tw.FrozenPhrases is FrozenPhrases is Phraser
    assert tw.Phrases is Phrases
    from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS as THEIR_WORDS

    assert tw.ENGLISH_CONNECTOR_WORDS == THEIR_WORDS
    with pytest.raises(TypeError, match="write `connector_words=`"):
        Phrases(common_terms=["of"])
    with pytest.raises(InputError, match="split it"):
        Phrases(TEXT)["new york"]
    with pytest.raises(InputError, match="not the string"):
        list(Phrases(TEXT)[[["a"], "new york"]])
    for call in (
        lambda phrases: phrases[5],
        lambda phrases: list(phrases.analyze_sentence("new york")),
        lambda phrases: phrases[["new", None]],
        lambda phrases: list(phrases[[[b"new", b"york"]]]),
    ):
        with pytest.raises(InputError, match=r"give a list of words|not the string|be a string"):
            call(Phrases(TEXT))
    with pytest.raises(InputError, match="connector_words must be a set of words"):
        Phrases(connector_words=None)
    with pytest.raises(TypeError, match="Phraser is made of a Phrases, not of list"):
        Phraser(TEXT)
    assert str(Phrases(TEXT)).startswith("Phrases<")
    assert "phrases, min_count=5" in str(Phrases(TEXT).freeze())
