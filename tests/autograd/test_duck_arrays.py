"""The door for the compiler: rules run on a foreign array whose sizes are not numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

sys.path.insert(0, str(Path(__file__).parent))
from duck import Duck, Size

C = Size("C")


def leaf(*shape: Any) -> tw.Variable:
    return tw.Variable(Duck("input", (), shape))


def test_skipgram_runs_forward_and_backward_on_symbols() -> None:
    w_in, w_out = leaf(50, 8), leaf(50, 8)
    contexts, targets, signs = (
        Duck("input", (), (C,)),
        Duck("input", (), (6,)),
        Duck("in", (), (6,)),
    )
    for ids in (contexts, targets):
        ids.dtype = np.dtype(np.int64)
    h = w_in[contexts]
    scores = h @ np.swapaxes(w_out[targets], -1, -2)
    assert scores.shape == (C, 6)
    loss = -np.sum(F.log_sigmoid(scores * signs))
    loss.backward()
    assert isinstance(w_in.grad.data, tw.RowGrad)
    ((ids, values),) = w_in.grad.data.parts
    assert ids is contexts
    assert values.shape == (C, 8)
    ((_, values),) = w_out.grad.data.parts
    assert values.shape == (6, 8)


def test_cbow_with_a_mean_over_an_unknown_size() -> None:
    w_in = leaf(50, 8)
    contexts = Duck("input", (), (C,))
    contexts.dtype = np.dtype(np.int64)
    h = w_in[contexts].mean(axis=-2)
    loss = (h * h).sum()
    Duck.log.clear()
    loss.backward()
    assert "size" in Duck.log, "a mean divides by its size, which is a scalar of the program"
    ((_, values),) = w_in.grad.data.parts
    assert values.shape == (C, 8)


def test_broadcasting_over_an_unknown_size_is_undone() -> None:
    x, bias = leaf(C, 8), leaf(8)
    ((x + bias) * 2.0).sum().backward()
    assert x.grad.shape == (C, 8)
    assert bias.grad.shape == (8,)
