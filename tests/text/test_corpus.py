from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text.corpus import build_corpus, encode_corpus
from tinygrad_w2v.text.vocabulary import Vocabulary

SENTENCES = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=8), max_size=12)


@given(SENTENCES, st.integers(1, 4))
def test_round_trip(sentences, min_count):
    counts = Counter(chain.from_iterable(sentences))
    kept = {word for word, count in counts.items() if count >= min_count}
    if len(kept) < 2:
        with pytest.raises(InputError):
            build_corpus(sentences, min_count)
        return
    vocabulary, corpus = build_corpus(iter(sentences), min_count)
    assert vocabulary.words == Vocabulary.from_counts(counts, min_count).words
    assert dict(zip(vocabulary.words, vocabulary.counts, strict=True)) == {
        word: counts[word] for word in kept
    }
    again = [
        [vocabulary.words[id_] for id_ in corpus.sentence(number)]
        for number in range(corpus.sentences)
    ]
    assert again == [[word for word in sentence if word in kept] for sentence in sentences]
    assert corpus.words == sum(counts[word] for word in kept)
    assert corpus.raw_words == sum(counts.values())
    assert corpus.ids.dtype == np.int32 and corpus.offsets.dtype == np.int64
    encoded = encode_corpus(sentences, vocabulary)
    np.testing.assert_array_equal(encoded.ids, corpus.ids)
    np.testing.assert_array_equal(encoded.offsets, corpus.offsets)
    assert encoded.raw_words == corpus.raw_words


def test_wrong_texts_are_named():
    with pytest.raises(InputError, match="no words"):
        build_corpus([])
    with pytest.raises(InputError, match="only one word, 'a'"):
        build_corpus([["a"], ["a"]])
    for make in (build_corpus, lambda s: encode_corpus(s, Vocabulary(["a", "b"], [1, 1]))):
        with pytest.raises(InputError, match="list of words, not the string 'you say'"):
            make(["you say"])


def test_check_window():
    _, corpus = build_corpus([["a", "b", "c"], ["a", "b"]], min_count=1)
    corpus.check_window(5)  # larger than a sentence: windows are cut at its ends
    with pytest.raises(InputError, match="window 6 is larger than the text of 5 words"):
        corpus.check_window(6)
    with pytest.raises(InputError, match="window must be 1 or more"):
        corpus.check_window(0)
    _, single = build_corpus([["a"], ["b"]], min_count=1)
    with pytest.raises(InputError, match="no sentence has two words"):
        single.check_window(1)
