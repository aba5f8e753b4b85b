"""The models that the package brings, through the same door as any other.

Some are native code in every run, the others in the proofs; tests of training run them, too.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from plainly import plainly, rows

import tinygrad_w2v as tw
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v.compiler.inspect.compare import compare

AXES = {"contexts": ("C",), "offsets": ("C",)}
MODELS = {
    **{
        f"{kind.__name__}, {objective}": (kind, {"objective": objective})
        for kind in (tw.SkipGram, tw.CBOW)
        for objective in ("negative_sampling", "softmax", "hierarchical_softmax")
    },
    "CBOW, as word2vec": (tw.CBOW, {"compat": "word2vec"}),
    "CBOW, sum": (tw.CBOW, {"mean": False}),
}


def windows() -> list[Batch]:
    """Words that repeat, negatives that repeat or are the target; one word; two alike."""
    labels = np.array([1, 0, 0, 0, 0, 0], np.float32)
    targets = np.array([3, 0, 5, 5, 3, 2])
    contexts = [[1, 2, 4, 2], [3], [6, 6]]
    return [
        Batch(np.array(3), np.array(ids), np.arange(len(ids)) + 1, targets, labels)
        for ids in contexts
    ]


def made(name: str, rng: np.random.Generator) -> Any:
    kind, options = MODELS[name]
    model = kind(10, 16, **options)
    for parameter in model.parameters():
        parameter.data = rng.normal(size=parameter.shape)
    return model


SAMPLING = ("CBOW, negative_sampling", "SkipGram, negative_sampling")


@pytest.mark.parametrize(
    ("name", "native"), rows(MODELS, ("CBOW, hierarchical_softmax", "SkipGram, softmax"))
)
def test_float64(name: str, native: bool, rng: np.random.Generator) -> None:
    compare(made(name, rng), windows(), AXES, native=native)


@pytest.mark.parametrize(("name", "native"), rows(MODELS, SAMPLING[:1], SAMPLING[1:]))
def test_float32(name: str, native: bool, rng: np.random.Generator) -> None:
    compare(made(name, rng), windows(), AXES, dtype=np.float32, native=native)


@pytest.mark.parametrize(
    ("which", "native"),
    rows(
        itertools.product(MODELS, ("Momentum", "AdaGrad", "RMSprop", "Adam")),
        proofs=[(SAMPLING[1], "Adam")],
    ),
)
def test_optimizers(which: tuple[str, str], native: bool, rng: np.random.Generator) -> None:
    name, optimizer = which
    rule = getattr(tw.optim, optimizer)()
    compare(made(name, rng), windows(), AXES, rule, native=native, lr=0.05)


@pytest.mark.parametrize("native", [False, pytest.param(True, marks=pytest.mark.proof)])
def test_an_optimizer_goes_on_where_it_was(native: bool, rng: np.random.Generator) -> None:
    """Steps of the graph and of the kernel take turns on one optimizer."""
    model, alone = made("CBOW, negative_sampling", rng), tw.CBOW(10, 16)
    for own, other in zip(model.parameters(), alone.parameters(), strict=True):
        other.data = own.data.copy()
    mixed, eager = tw.optim.Adam(model.parameters()), tw.optim.Adam(alone.parameters())
    compiled = tw.compile(model, windows()[0], AXES, mixed, dtype=np.float64)
    compiled = compiled if native else plainly(compiled)
    for turn, window in enumerate(windows() * 2):
        for one, rule in ((model, mixed), (alone, eager)):
            if one is model and turn % 2:
                compiled.step(window, 0.01)
                continue
            one.cleargrads()
            one.loss(window).backward()
            rule.lr = 0.01
            rule.step()
    assert mixed.steps == eager.steps == 6
    for own, other in zip(model.parameters(), alone.parameters(), strict=True):
        np.testing.assert_allclose(own.data, other.data, rtol=1e-12, atol=1e-13)
