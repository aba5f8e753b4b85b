"""Words that show what was learned: frequent ones that mean something.

The most frequent words of any text are function words, whose neighbours say little. Left out are
words with a large share of the text, short ones in Latin letters, words with hiragana in them
(the particles, endings and inflected words of Japanese), and English function words.
"""

from __future__ import annotations

import re

import numpy as np

from tinygrad_w2v.vectors.word_vectors import WordVectors

SHOWN = 8
# A word with a larger share of the text is likely to be "the" or "of"; one that occurs fewer times
# is not too frequent in any text.
TOO_FREQUENT, RARE = 2e-3, 100
# Sample words are spread over so many of the most frequent ones that are left.
AMONG = 80
_FUNCTION_WORDS = frozenset(
    """about above after again against almost alone along already also although always among
    another away because been before behind being below between both came come comes could does
    done down during each either else ever every except following from further gave give given
    gives goes gone have having hence here herself himself however into itself just know less
    like made make makes many might more most much must myself near never none nothing often
    once only onto other others otherwise over perhaps quite rather same seem seemed seems shall
    should since some something sometimes soon still such take taken tell than that their theirs
    them themselves then there therefore these they thing things this those though through thus
    together took toward towards under unless until unto upon used uses using very want well
    went were what whatever when where whereas whether which while whole whom whose will with
    within without would your yours""".split()
)
_HIRAGANA = re.compile("[\u3041-\u309f]")


def sample_words(vectors: WordVectors, number: int = SHOWN) -> list[str]:
    """Return a few words whose neighbours a person can judge, the more frequent first.

    Where too few words are left, function words fill up.

    Examples
    --------
    >>> words = ["the", "with", "lists", "x", "tuple"]
    >>> sample_words(WordVectors(words, np.eye(5), counts=[90000, 80, 70, 60, 2]), 3)
    ['lists', 'tuple', 'the']
    >>> sample_words(WordVectors(["で", "を", "猫", "吾輩"], np.eye(4)), 2)
    ['猫', '吾輩']
    """
    words, counts = vectors.index_to_key, vectors.counts
    often = np.zeros(len(words)) if counts is None else np.asarray(counts)
    most = max(TOO_FREQUENT * often.sum(), RARE)
    plain = [
        word
        for word, count in zip(words, often.tolist(), strict=True)
        if count < most and means_something(word)
    ]
    # A text of few words has none that is rare.
    plain += [word for word in words if means_something(word)] if len(plain) < number else []
    plain = list(dict.fromkeys(plain))[:AMONG]
    spread = plain[:: max(len(plain) // max(number, 1), 1)]
    return list(dict.fromkeys([*spread, *plain, *words[:number]]))[:number]


def means_something(word: str) -> bool:
    """Whether a word is likely to be more than a function word or a sign.

    Examples
    --------
    >>> [word for word in ("the", "which", "whale", "3", "から", "猫") if means_something(word)]
    ['whale', '猫']
    """
    return (
        word.isalpha()
        and (len(word) > 3 or not word.isascii())
        and word.casefold() not in _FUNCTION_WORDS
        and _HIRAGANA.search(word) is None
    )
