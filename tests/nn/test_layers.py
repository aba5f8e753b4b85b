"""The small layers compute what their docstrings say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError


def test_linear(rng: np.random.Generator) -> None:
    layer = tw.nn.Linear(3, 2, rng=rng)
    assert layer.bias is not None
    layer.bias.data[:] = [1.0, 2.0]
    x = rng.normal(size=(4, 5, 3)).astype(np.float32)
    y = layer(x)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.data, x @ layer.weight.data + layer.bias.data)
    y.sum().backward()
    np.testing.assert_allclose(layer.bias.grad.data, [20.0, 20.0])  # type: ignore[union-attr]
    assert tw.nn.Linear(3, 2, bias=False).bias is None
    assert len(tw.nn.Linear(3, 2, bias=False).parameters()) == 1


def test_embedding_gives_row_gradients() -> None:
    layer = tw.nn.Embedding(5, 2)
    layer([3, 1, 3]).sum().backward()
    grad: Any = layer.table.grad
    assert isinstance(grad.data, tw.RowGrad)
    np.testing.assert_array_equal(grad.data.to_dense()[:, 0], [0, 1, 0, 2, 0])


def test_dropout_follows_the_mode() -> None:
    model = tw.nn.Sequential(tw.nn.Dropout(0.5), F.tanh)
    x = tw.Variable(np.ones(200))
    assert 50 < int((model(x).data == 0).sum()) < 150
    np.testing.assert_allclose(model.eval()(x).data, np.tanh(1.0))


def test_sizes_are_checked() -> None:
    with pytest.raises(InputError, match="in_size is 0"):
        tw.nn.Linear(0, 2)
    with pytest.raises(InputError, match="dim is -1"):
        tw.nn.Embedding(3, -1)
