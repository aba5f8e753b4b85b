"""One rule of copies: value, name and gradient come along, the graph does not."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw


def _pickled(x: Any) -> Any:
    return pickle.loads(pickle.dumps(x))


WAYS = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": _pickled}
EACH = pytest.mark.parametrize("way", WAYS)


class Model(tw.Module):
    def __init__(self) -> None:
        self.table = tw.Parameter(np.arange(6.0).reshape(3, 2))
        self.tied = self.table
        self.layers = [tw.nn.Linear(2, 2)]

    def forward(self, ids: Any) -> Any:
        self.last = self.layers[0](self.table[ids]) @ self.tied.T
        return self.last.sum()


@EACH
@pytest.mark.parametrize("kind", [tw.Variable, tw.Parameter])
def test_a_leaf(way: str, kind: Any) -> None:
    x = kind([1.0, 2.0], name="x")
    (x * x).sum().backward()
    y = WAYS[way](x)
    assert type(y) is kind and y.name == "x" and y.creator is None
    assert y.data.tolist() == [1.0, 2.0] and y.grad.data.tolist() == [2.0, 4.0]
    y.data[0] = 9.0
    assert (x.data[0] == 9.0) == (way == "copy")  # which shares the array
    y.cleargrad()
    assert x.grad is not None
    (y * 3).sum().backward()
    assert y.grad.data.tolist() == [3.0, 3.0] and x.grad.data.tolist() == [2.0, 4.0]


@EACH
def test_a_result_becomes_a_leaf(way: str) -> None:
    x = tw.Variable([1.0, 2.0])
    for result in (x * 2, (x * 2).sum()):
        y = WAYS[way](result)
        assert y.creator is None and result.creator is not None
        np.testing.assert_array_equal(y.data, result.data)
        (y * y).sum().backward()
        assert x.grad is None
        np.testing.assert_array_equal(y.grad.data, 2 * y.data)
    y.data -= 1.0  # a leaf's data may be written into


def test_a_long_graph_is_not_copied() -> None:
    y = tw.Variable(1.0)
    for _ in range(5000):
        y = y + 1.0
    y.backward(retain_grad=True)
    for way in WAYS.values():
        assert float(way(y)) == 5001.0
    assert len(pickle.dumps(y)) < 1000


@EACH
def test_a_gradient_of_rows(way: str) -> None:
    table = tw.Variable(np.ones((4, 2)))
    for _ in range(2000):  # a sum of many parts
        table[np.array([1, 3, 1])].sum().backward()
    y = WAYS[way](table)
    assert isinstance(y.grad.data, tw.RowGrad)
    np.testing.assert_array_equal(y.grad.data.to_dense(), table.grad.data.to_dense())
    once = WAYS[way](table.grad.data.coalesced())
    assert once.coalesced() is once
    (y * y).sum().backward()
    assert y.grad.data.tolist() == [[2, 2], [4002, 4002], [2, 2], [2002, 2002]]


@EACH
def test_integers_and_other_dtypes(way: str) -> None:
    for data in (np.array([1, 2]), np.array([True]), np.float32([1.5]), np.array(2.0)):
        y = WAYS[way](tw.Variable(data))
        assert y.dtype == data.dtype and y.shape == data.shape


@pytest.mark.parametrize("way", ["deepcopy", "pickle"])
def test_a_module(way: str) -> None:
    model = Model()
    model(np.array([0, 2])).backward()
    other = WAYS[way](model)
    assert other.tied is other.table and other.table is not model.table
    assert [name for name, _ in other.named_parameters()] == ["table", *_names(model)[1:]]
    for (name, a), (_, b) in zip(model.named_parameters(), other.named_parameters(), strict=True):
        assert a.name == b.name, name
        np.testing.assert_array_equal(a.data, b.data)
        np.testing.assert_array_equal(_dense(a), _dense(b))
    assert other.last.creator is None  # a result that it keeps comes along without its graph
    other.table.data[:] = 0
    assert model.table.data.any()


def _names(model: Any) -> list[str]:
    return [name for name, _ in model.named_parameters()]


def _dense(parameter: Any) -> Any:
    return tw.functions.to_dense(parameter.grad).data


@pytest.mark.parametrize("way", ["deepcopy", "pickle"])
@pytest.mark.parametrize("rule", [tw.optim.Adam, tw.optim.Momentum, tw.optim.SGD])
def test_an_optimizer_and_its_model(way: str, rule: Any) -> None:
    def step(model: Any, optimizer: Any) -> None:
        optimizer.zero_grad()
        model(np.array([0, 2, 2])).backward()
        optimizer.step()

    model = Model()
    optimizer = rule(model.parameters())
    for _ in range(2):
        step(model, optimizer)
    other, its_own = WAYS[way]((model, optimizer))
    assert its_own.parameters[0] is other.table
    for _ in range(3):
        step(model, optimizer)
        step(other, its_own)
    assert its_own.steps == optimizer.steps == 5
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_a_users_own_kind_keeps_what_it_adds() -> None:
    class Named(tw.Variable):
        def __init__(self, data: Any, unit: str) -> None:
            super().__init__(data)
            self.unit = unit

    for way in (copy.copy, copy.deepcopy):
        y = way(Named([1.0], "metre"))
        assert type(y) is Named and y.unit == "metre" and y.data.tolist() == [1.0]
