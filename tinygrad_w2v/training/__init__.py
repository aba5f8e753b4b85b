"""Training: steps, runs and their history."""

from tinygrad_w2v.training.trainer import Trainer

__all__ = ["Trainer"]
