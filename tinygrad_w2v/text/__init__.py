"""From text to what a model is given: sentences, a vocabulary, ids, windows with negatives.

The book's three functions stand beside what real text needs.
"""

from tinygrad_w2v.text.book import convert_one_hot, create_contexts_target, preprocess
from tinygrad_w2v.text.builtin import builtin_corpus_lines
from tinygrad_w2v.text.corpus import Corpus, build_corpus, encode_corpus
from tinygrad_w2v.text.negatives import AliasTable
from tinygrad_w2v.text.reading import read_lines
from tinygrad_w2v.text.subsampling import keep_probability
from tinygrad_w2v.text.tokenizing import get_tokenizer, tokenize
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.text.windows import WindowSettings, WindowSource

__all__ = [
    "AliasTable",
    "Corpus",
    "Vocabulary",
    "WindowSettings",
    "WindowSource",
    "build_corpus",
    "builtin_corpus_lines",
    "convert_one_hot",
    "create_contexts_target",
    "encode_corpus",
    "get_tokenizer",
    "keep_probability",
    "preprocess",
    "read_lines",
    "tokenize",
]
