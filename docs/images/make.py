"""Draws the pictures of the README and the docs: python docs/images/make.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.drawing import Graph


class CBOW(tw.Module):
    """The README's model."""

    def __init__(self, vocab_size: int, dim: int, rng: np.random.Generator) -> None:
        self.w_in = tw.Parameter(0.01 * rng.normal(size=(vocab_size, dim)))
        self.w_out = tw.Parameter(0.01 * rng.normal(size=(dim, vocab_size)))

    def forward(self, contexts: np.ndarray, target: np.ndarray) -> tw.Variable:
        h = 0.5 * (contexts[..., 0, :] @ self.w_in + contexts[..., 1, :] @ self.w_in)
        return F.cross_entropy(h @ self.w_out, target)


def drawing(backward: bool = False) -> Graph:
    """The graph of one batch of the book's sentence."""
    corpus, word_to_id, _ = tw.text.preprocess("You say goodbye and I say hello.")
    contexts, target = tw.text.create_contexts_target(corpus)
    model = CBOW(len(word_to_id), 5, np.random.default_rng(0))
    loss = model(tw.text.convert_one_hot(contexts, len(word_to_id)), target)
    loss.name = "loss"
    return tw.graph(loss, backward=backward)


def main(folder: Path) -> None:
    """Write the pictures into `folder`."""
    drawing().save(folder / "cbow.svg")
    drawing(backward=True).save(folder / "cbow-backward.svg")


if __name__ == "__main__":
    main(Path(__file__).parent)
