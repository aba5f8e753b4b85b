import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.text.rules import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, BoundedCounts
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.text.word_table import split_lines

SENTENCES = st.lists(st.lists(st.sampled_from("abcdefghijkl"), max_size=6), max_size=25)


def rule(word, count, min_count):
    """Every kind of answer, dependent on all that the rule is given."""
    if word == "c":
        return RULE_KEEP
    if word == "b" and count < 4 + min_count:
        return RULE_DISCARD
    return RULE_DEFAULT if word < "g" else None


@given(SENTENCES, st.integers(1, 8), st.sampled_from([None, rule]), st.integers(1, 9))
def test_counts_are_gensims(sentences, limit, trim_rule, cut):
    word2vec = pytest.importorskip("gensim.models.word2vec", reason="the counts of gensim")
    model = word2vec.Word2Vec(max_vocab_size=limit)
    model.scan_vocab(sentences, trim_rule=trim_rule)
    counted = BoundedCounts(limit, trim_rule)
    # In however many sentences at a time the words come.
    for start in range(0, len(sentences), cut):
        words, ends = [], []
        for sentence in sentences[start : start + cut]:
            words += sentence
            ends.append(len(words))
        counted.add(words, ends)
    assert list(counted.counts.items()) == list(model.raw_vocab.items())


@given(SENTENCES, st.integers(1, 8), st.integers(1, 9))
def test_counts_of_lines_are_gensims(sentences, limit, cut):
    word2vec = pytest.importorskip("gensim.models.word2vec", reason="the counts of gensim")
    text = "".join(" ".join(sentence) + "\n" for sentence in sentences)
    model = word2vec.Word2Vec(max_vocab_size=limit)
    model.scan_vocab(word2vec.LineSentence(io.BytesIO(text.encode())))
    counted = BoundedCounts(limit)
    lines = text.splitlines(keepends=True)
    for start in range(0, len(lines), cut):
        counted.add(*split_lines("".join(lines[start : start + cut]), drop_empty=True))
    assert list(counted.counts.items()) == list(model.raw_vocab.items())


@given(SENTENCES, st.integers(0, 3), st.one_of(st.none(), st.integers(2, 9)), st.integers(1, 9))
@example([["a", "b", "b", "b", "b"]], 0, 2, 2)
def test_vocabulary_is_gensims(sentences, min_count, max_final, limit):
    word2vec = pytest.importorskip("gensim.models.word2vec", reason="the vocabulary of gensim")
    model = word2vec.Word2Vec(min_count=min_count, max_final_vocab=max_final, max_vocab_size=limit)
    model.scan_vocab(sentences, trim_rule=rule)
    model.prepare_vocab(trim_rule=rule)
    expected = {word: model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key}
    try:
        vocabulary, corpus = build_corpus(
            sentences, min_count, max_final, max_vocab_size=limit, trim_rule=rule
        )
    except InputError:
        assert len(expected) < 2
        return
    assert dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == expected
    assert vocabulary.counts.tolist() == sorted(expected.values(), reverse=True)
    again = [
        [vocabulary.words[id_] for id_ in corpus.sentence(number)]
        for number in range(corpus.sentences)
    ]
    assert again == [[word for word in sentence if word in expected] for sentence in sentences]


def test_a_text_in_one_line_is_bounded():
    counted = BoundedCounts(10)
    for start in range(0, 1000, 20):
        counted.add([f"w{number}" for number in range(start, start + 20)], [])
    assert len(counted.counts) <= 40


def test_wrong_bounds_and_rules_are_named():
    with pytest.raises(InputError, match="max_vocab_size must be 1 or more, not 0"):
        build_corpus([["a", "b"]], max_vocab_size=0)
    with pytest.raises(InputError, match="trim_rule must be a function"):
        Vocabulary.from_counts({"a": 1, "b": 1}, trim_rule=5)
    with pytest.raises(InputError, match="trim_rule and min_count 1 leave 0 of 2 words"):
        Vocabulary.from_counts({"a": 1, "b": 1}, 1, trim_rule=lambda *_: RULE_DISCARD)
    with pytest.raises(InputError, match=r"max_vocab_size 2 was reached.*read only once"):
        build_corpus(iter([["a", "b"], ["c"]]), min_count=1, max_vocab_size=2)


BOUNDED = """
import sys
from tinygrad_w2v.text.corpus import build_corpus

types, bound = map(int, sys.argv[2:])

class Sentences:
    def __iter__(self):
        for start in range(0, types, 1000):
            yield [*map(str, range(start, start + 999)), "the"]

vocabulary, corpus = build_corpus(
    Sentences(), min_count=1, max_vocab_size=bound, folder=sys.argv[1]
)
assert corpus.raw_words == types, corpus.raw_words
assert vocabulary.words[0] == "the" and vocabulary.counts[0] == types // 1000
assert len(vocabulary) <= bound + 2000, len(vocabulary)
with open("/proc/self/status", encoding="utf-8") as status:
    print(status.read().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
@pytest.mark.parametrize(
    ("types", "bound", "most"),
    [
        (1_000_000, 20_000, 150e6),
        pytest.param(10_000_000, 200_000, 300e6, marks=pytest.mark.proof),
    ],
    ids=["a million", "ten million"],
)
def test_millions_of_types_in_bounded_memory(types, bound, most, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(tmp_path), str(types), str(bound)],
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    # Unbounded, the words alone would take more than 150 bytes each.
    assert int(done.stdout) * 1024 < most
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_is_another_one_when_it_is_read_again():
    """Its counts would be of one text, its ids of another."""

    class Shrinking:
        def __init__(self):
            self.sentences = [["a", "b", "c", "a", "b"]] * 9

        def __iter__(self):
            yield from list(self.sentences)
            self.sentences.pop()

    text = Shrinking()
    with pytest.raises(
        InputError, match="had 45 words when it was counted and 40 when it was read"
    ):
        build_corpus(text, min_count=1, max_vocab_size=2)
