"""Word vectors: queries, files and evaluation."""

from tinygrad_w2v.vectors.keys import MissingWordError
from tinygrad_w2v.vectors.word_vectors import WordVectors

KeyedVectors = WordVectors

__all__ = ["KeyedVectors", "MissingWordError", "WordVectors"]
