"""Models that people write: gradients, kernel and both engines agree on each.

Numba takes seconds for a kernel: a few models are native code in every run, and the others in the
proofs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from every_source import loss_of
from models_of_users import MODELS

import tinygrad_w2v as tw

NATIVE = {
    *("max_pooling", "structured_skipgram", "pv_dbow", "subword_sums", "triplet"),
    *("bradley_terry", "matrix_factorization", "dist_mult", "recurrent"),
    *("softmax_regression", "linear_regression"),
}
COMPILED = [
    name if name in NATIVE else pytest.param(name, marks=pytest.mark.proof) for name in MODELS
]


@pytest.mark.grad
@pytest.mark.parametrize("name", MODELS)
def test_gradients_agree_with_numbers(name: str) -> None:
    model, examples = MODELS[name]
    batches = [batch for batch, _ in examples().batches(0)]
    tw.check_grads(model(), batches[0])


@pytest.mark.parametrize("name", COMPILED)
def test_the_kernel_computes_what_the_graph_does(name: str) -> None:
    model, examples = MODELS[name]
    source = examples()
    tw.check_compiled(model(), source.example(), source.axes())


@pytest.mark.parametrize("name", COMPILED)
def test_both_engines_come_to_the_same_tables(name: str) -> None:
    found: list[Any] = []
    for engine in ("numpy", "compiled"):
        model, examples = MODELS[name].model(), MODELS[name].examples()
        before = loss_of(model, examples)
        history = tw.fit(model, examples, lr=0.02, epochs=2, engine=engine, progress=False)
        assert loss_of(model, examples) < before
        found.append((model, history))
    (one, first), (other, second) = found
    for x, y in zip(one.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(x.data, y.data, rtol=0, atol=1e-12)
    np.testing.assert_allclose(first.losses, second.losses, rtol=1e-9)
