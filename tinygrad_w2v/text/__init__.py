"""From text to ids: sentences, a vocabulary, a corpus; and the three text functions of the book."""

from tinygrad_w2v.text.book import convert_one_hot, create_contexts_target, preprocess
from tinygrad_w2v.text.builtin import builtin_corpus_lines
from tinygrad_w2v.text.corpus import Corpus, build_corpus, encode_corpus
from tinygrad_w2v.text.plan import CorpusPlan, plan_corpus
from tinygrad_w2v.text.reading import read_lines
from tinygrad_w2v.text.rules import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, VocabularyRules
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import StoredCorpus, open_corpus
from tinygrad_w2v.text.tokenizing import get_tokenizer, tokenize
from tinygrad_w2v.text.vocabulary import Vocabulary

__all__ = [
    "RULE_DEFAULT",
    "RULE_DISCARD",
    "RULE_KEEP",
    "Corpus",
    "CorpusPlan",
    "StoredCorpus",
    "TextSettings",
    "Vocabulary",
    "VocabularyRules",
    "build_corpus",
    "builtin_corpus_lines",
    "convert_one_hot",
    "create_contexts_target",
    "encode_corpus",
    "get_tokenizer",
    "open_corpus",
    "plan_corpus",
    "preprocess",
    "read_lines",
    "tokenize",
]
