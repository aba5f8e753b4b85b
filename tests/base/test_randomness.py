"""Whatever draws takes a generator, and names it where it is given anything else."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v import counting
from tinygrad_w2v._base.errors import InputError

X = np.ones((4, 2))


def trained(rng):
    model = tw.nn.Linear(2, 1)
    model.forward = lambda x, t: ((x @ model.weight - t) ** 2).mean()
    tw.Trainer(model, tw.optim.SGD(lr=0.1)).fit(X, X[:, :1], max_epoch=1, rng=rng)


class Sum(tw.Module):
    def __init__(self):
        self.w = tw.Parameter(np.ones(2))

    def loss(self, x):
        return (x["x"] * self.w).sum()


def checked(rng):
    tw.check_compiled(Sum(), {"x": np.ones(2)}, rng=rng)
    return True


DRAWS = {
    "dropout": lambda rng: F.dropout(tw.Variable(X), 0.5, rng),
    "Dropout": lambda rng: tw.nn.Dropout(0.5, rng)(tw.Variable(X)),
    "Linear": lambda rng: tw.nn.Linear(2, 3, rng=rng),
    "Embedding": lambda rng: tw.nn.Embedding(4, 2, rng=rng),
    "CBOW": lambda rng: tw.CBOW(5, 2, rng=rng),
    "SkipGram": lambda rng: tw.SkipGram(5, 2, rng=rng),
    "Trainer.fit": trained,
    "check_grads": lambda rng: tw.check_grads(lambda x: (x * x).sum(), X, rng=rng),
    "check_compiled": checked,
    "svd_vectors": lambda rng: counting.svd_vectors(
        counting.ppmi(np.eye(3) + 1), 2, vocabulary=["a", "b", "c"], rng=rng
    ),
}
REQUIRED = {"dropout"}


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_is_no_generator(name) -> None:
    for wrong in (0, np.int64(7), 0.5, "seed", np.random.RandomState(0), np.random.default_rng):
        with pytest.raises(InputError, match=r"rng must be a generator.*np\.random\.default_rng\("):
            DRAWS[name](wrong)
    DRAWS[name](np.random.default_rng(0))


@pytest.mark.parametrize("name", DRAWS)
def test_the_default_is_a_fixed_one_where_there_is_one(name) -> None:
    if name in REQUIRED:  # None would draw the same mask each time
        with pytest.raises(InputError, match="rng must be a generator, not None"):
            DRAWS[name](None)
    else:
        DRAWS[name](None)


def test_the_message_repeats_the_seed() -> None:
    with pytest.raises(InputError, match=r"not 42; give np\.random\.default_rng\(42\)$"):
        tw.CBOW(5, 2, rng=42)


def test_all_that_draws_is_here() -> None:
    """A public function or class with an argument rng belongs into the list above."""
    found = set()
    for module in (tw, tw.nn, tw.optim, tw.text, F, counting):
        for name in dir(module):
            thing = getattr(module, name)
            if name.startswith("_") or not callable(thing):
                continue
            try:
                parameters = inspect.signature(thing).parameters
            except (TypeError, ValueError):
                continue
            if "rng" in parameters:
                found.add(name)
    assert found <= set(DRAWS)
