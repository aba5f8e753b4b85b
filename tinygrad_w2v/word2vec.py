"""Word vectors of a text in one call."""

from tinygrad_w2v.settings import ALPHA, MODELS, TrainingSettings, small_batch, windows_in_batch
from tinygrad_w2v.vector_training import Trained, train_vectors

__all__ = [
    "ALPHA",
    "MODELS",
    "Trained",
    "TrainingSettings",
    "small_batch",
    "train_vectors",
    "windows_in_batch",
]
