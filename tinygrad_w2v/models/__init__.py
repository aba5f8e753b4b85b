"""Word vectors as forward expressions: a representation (CBOW, skip-gram) and an objective."""

from tinygrad_w2v.models import objectives
from tinygrad_w2v.models.cbow import CBOW
from tinygrad_w2v.models.embedding_model import EmbeddingModel
from tinygrad_w2v.models.skipgram import SkipGram
from tinygrad_w2v.models.subwords import SubwordCBOW, SubwordSkipGram

__all__ = ["CBOW", "EmbeddingModel", "SkipGram", "SubwordCBOW", "SubwordSkipGram", "objectives"]
