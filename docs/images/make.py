"""Draws the pictures of the README and the docs: python docs/images/make.py"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.compiler.inspect.picture import Drawing, draw_model
from tinygrad_w2v.drawing import Graph

ROOT = Path(__file__).resolve().parents[2]


class CBOW(tw.Module):
    """The README's model."""

    def __init__(self, vocab_size: int, dim: int, rng: np.random.Generator) -> None:
        self.w_in = tw.Parameter(0.01 * rng.normal(size=(vocab_size, dim)))
        self.w_out = tw.Parameter(0.01 * rng.normal(size=(dim, vocab_size)))

    def forward(self, contexts: np.ndarray, target: np.ndarray) -> tw.Variable:
        h = 0.5 * (contexts[..., 0, :] @ self.w_in + contexts[..., 1, :] @ self.w_in)
        return F.cross_entropy(h @ self.w_out, target)


def sentence() -> tuple[CBOW, np.ndarray, np.ndarray]:
    """A new model for the book's sentence, its contexts as one-hot vectors, and its targets."""
    corpus, word_to_id, _ = tw.text.preprocess("You say goodbye and I say hello.")
    contexts, target = tw.text.create_contexts_target(corpus)
    model = CBOW(len(word_to_id), 5, np.random.default_rng(0))
    return model, tw.text.convert_one_hot(contexts, len(word_to_id)), target


def drawing(**options: Any) -> Graph:
    """The graph of one batch of the book's sentence."""
    model, contexts, target = sentence()
    loss = model(contexts, target)
    loss.name = "loss"
    return tw.graph(loss, **options)


def both_passes(lang: str) -> Graph:
    """The graph of which the animation is made; values are called as in the model's code."""
    model, contexts, target = sentence()
    with tw.debug():
        loss = model(contexts, target)
    loss.name = "L"
    return tw.graph(loss, detail="book", notation="dh", lang=lang)


def trained() -> tw.Trainer:
    """The training of the tutorial."""
    model, contexts, target = sentence()
    trainer = tw.Trainer(model, tw.optim.Adam())
    trainer.fit(contexts, target, max_epoch=3000, batch_size=3)
    return trainer


class SkipGram(tw.Module):
    """The model of docs/compiler.md."""

    def __init__(self, vocab_size: int, dim: int) -> None:
        self.w_in = tw.Parameter(np.zeros((vocab_size, dim), np.float32))
        self.w_out = tw.Parameter(np.zeros((vocab_size, dim), np.float32))

    def loss(self, window: dict[str, np.ndarray]) -> tw.Variable:
        h = self.w_in[window["contexts"]]
        words = self.w_out[window["targets"]]
        signs = 2 * window["labels"] - 1
        return -F.log_sigmoid(signs * (h @ words.swapaxes(-1, -2))).sum()


def compiled() -> Drawing:
    """The instructions of one window of skip-gram and their loops."""
    window = {
        "contexts": np.array([1, 2, 4, 2]),
        "targets": np.array([3, 0, 5]),
        "labels": np.array([1, 0, 0], np.float32),
    }
    return draw_model(SkipGram(1000, 16), window, {"contexts": (("C", 10),)})


def save(picture: Graph | Drawing, path: Path) -> None:
    """Write a picture in which lines of code are named from the root of the project."""
    picture.save(path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(f"{ROOT}{os.sep}", ""), encoding="utf-8")


def main(folder: Path) -> None:
    """Write the pictures into `folder`."""
    save(drawing(), folder / "cbow.svg")
    save(drawing(backward=True), folder / "cbow-backward.svg")
    book = drawing(backward=True, detail="book", notation="dh", symbols=True)
    save(book, folder / "cbow-book.svg")
    save(compiled(), folder / "skipgram-compiled.svg")
    both_passes("en").save(folder / "cbow-animated.svg", animated=True)
    both_passes("ja").save(folder / "cbow-animated.ja.svg", animated=True)
    curve, floor = trained(), 2 * np.log(2) / 6
    curve.plot(folder / "cbow-loss.svg", floor=floor)
    curve.plot(folder / "cbow-loss.ja.svg", floor=floor, lang="ja")


if __name__ == "__main__":
    main(Path(__file__).parent)
