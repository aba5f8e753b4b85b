"""Sentences in, word vectors out: where text, models, training and vectors meet.

`word2vec` is the class with gensim's names; the other modules are what it and the command share.
"""

from tinygrad_w2v.word2vec.doc2vec import Doc2Vec
from tinygrad_w2v.word2vec.fasttext import FastText
from tinygrad_w2v.word2vec.settings import (
    ALPHA,
    MODELS,
    TrainingSettings,
    small_batch,
    windows_in_batch,
)
from tinygrad_w2v.word2vec.training import Trained, train_vectors
from tinygrad_w2v.word2vec.word2vec import Word2Vec

__all__ = [
    "ALPHA",
    "MODELS",
    "Doc2Vec",
    "FastText",
    "Trained",
    "TrainingSettings",
    "Word2Vec",
    "small_batch",
    "train_vectors",
    "windows_in_batch",
]
