"""What may stand beside Variables: decided in one place, for operators, functions, parameters."""

from __future__ import annotations

import operator
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import NonDifferentiableError
from tinygrad_w2v.autograd.node import is_duck_array


class Quantity(np.ndarray):
    """An array with a unit, as the libraries for them make it: it answers ufuncs itself."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(isinstance(x, tw.Variable) for x in inputs):
            return NotImplemented
        raise AssertionError("the unit would be lost")


class Labelled(np.ndarray):
    """A subclass that only carries something along."""

    label = "x"


class Series:
    """What a pandas Series shows: ufuncs, a shape, and its numbers as an array."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)
        self.shape = self.values.shape
        self.dtype = self.values.dtype

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError("its index would decide which numbers meet")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.values


def _matrix() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.matrix([[1.0, 2.0], [3.0, 4.0]])


def _masked() -> Any:
    return np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[0, 1], [0, 0]])


def _quantity() -> Any:
    return np.array([[1.0, 2.0], [3.0, 4.0]]).view(Quantity)


REFUSED = {"matrix": _matrix, "MaskedArray": _masked, "Quantity": _quantity}
V = tw.Variable(np.eye(2))
USES = {
    "+": lambda c: V + c,
    "reflected -": lambda c: c - V,
    "*": lambda c: V * c,
    "reflected *": lambda c: c * V,
    "/": lambda c: V / c,
    "**": lambda c: V**c,
    "@": lambda c: V @ c,
    "reflected @": lambda c: c @ V,
    "np.maximum": lambda c: np.maximum(V, c),
    "np.concatenate": lambda c: np.concatenate([V, c]),
    "np.where": lambda c: np.where(np.eye(2) > 0, V, c),
    "its condition": lambda c: F.where(c, V, 0.0),
    "np.einsum": lambda c: np.einsum("ij,jk->ik", V, c),
    "a bound": lambda c: F.clip(V, c, None),
    "alone": lambda c: F.exp(c),
    "softmax alone": lambda c: F.softmax(c),
    "labels": lambda c: F.sigmoid_cross_entropy(V, c),
    "targets": lambda c: F.cross_entropy(V, c),
    "logits": lambda c: F.cross_entropy(c, np.array([0, 1])),
    "a cosine": lambda c: F.cosine_similarity(V, c),
    "data": lambda c: tw.Variable(c),
    "a Parameter": lambda c: tw.Parameter(c),
    "ids": lambda c: F.embedding(V, c.astype(int)),
    "an index": lambda c: V[c.astype(int)],
    "an index in a tuple": lambda c: V[0, c.astype(int)],
    "a gradient": lambda c: (V * 1.0).backward(c),
    "assigned data": lambda c: setattr(tw.Variable(1.0), "data", c),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", REFUSED)
def test_arrays_with_other_operators_are_refused_by_name(kind: str, use: str) -> None:
    said = "MaskedArray|masked array" if kind == "MaskedArray" else kind
    with pytest.raises(NonDifferentiableError, match=said) as caught:
        _used(use, REFUSED[kind]())
    assert "test_constants.py" in str(caught.value)


def _used(use: str, constant: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return USES[use](constant)


def test_masked_arrays_do_not_take_a_variable_for_its_data() -> None:
    # NumPy's masked operators look for `_data` and `_mask`, and never ask the other side.
    masked, w = np.ma.array([1.0, 2.0], mask=[0, 1]), tw.Variable([1.0, 2.0])
    for name in "add sub mul truediv pow eq ne lt le gt ge iadd isub imul".split():
        with pytest.raises(NonDifferentiableError, match="masked"):
            getattr(operator, name)(masked.copy(), w)
    for function in (np.ma.multiply, np.ma.add, np.ma.arctan2):
        with pytest.raises(NonDifferentiableError, match="masked"):
            function(w, masked)


def _mapped(path: Path, dtype: Any) -> Any:
    array = np.memmap(path, dtype, "w+", shape=(2, 2))
    array[:] = [[1, 2], [3, 4]]
    return array


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float32, np.bool_])
@pytest.mark.parametrize("kind", ["memmap", "recarray", "a subclass"])
def test_other_subclasses_are_plain_arrays(kind: str, dtype: Any, tmp_path: Path) -> None:
    plain = np.array([[1, 2], [3, 4]]).astype(dtype)
    if kind == "memmap":
        constant = _mapped(tmp_path / "numbers", dtype)
    else:
        constant = plain.view(np.recarray if kind == "recarray" else Labelled)
    v = tw.Variable(np.eye(2, dtype=np.float32))
    for y in (v * constant, constant * v, v @ constant, np.maximum(v, constant), v - constant):
        assert y.dtype == np.float32 and type(y.data) is np.ndarray
    np.testing.assert_array_equal((v @ constant).data, plain.astype(np.float32))
    assert type(tw.Variable(constant).data) is np.ndarray
    assert type(F.exp(constant)) is np.ndarray
    assert type(F.softmax(constant)) is np.ndarray


def test_ids_and_masks_of_a_file_are_copied(tmp_path: Path) -> None:
    ids = np.memmap(tmp_path / "ids", np.int64, "w+", shape=(2,))
    ids[:] = [0, 2]
    table = tw.Variable(np.eye(3))
    y = F.embedding(table, ids).sum()
    z = table[0, ids].sum()
    ids[:] = 1
    (y + z).backward()
    np.testing.assert_array_equal(F.to_dense(table.grad).data, [[2, 1, 2], [0, 0, 0], [1, 1, 1]])


def test_a_series_is_the_numbers_that_it_holds() -> None:
    series = Series([1.0, 2.0])
    assert not is_duck_array(series)
    v = tw.Variable([3.0, 4.0])
    assert (v * series).data.tolist() == [3.0, 8.0]
    assert tw.Variable(series).data.tolist() == [1.0, 2.0]
    assert F.cross_entropy(series, 0) > 0
    assert F.where(Series([True, False]), v, 0.0).data.tolist() == [3.0, 0.0]


def test_numbers_of_any_kind_keep_float32() -> None:
    v = tw.Variable(np.ones(2, np.float32))
    for number in (2, 2.5, True, np.float64(2), np.int8(2), np.array(2), np.array(2.5)):
        assert (v * number).dtype == (number + v).dtype == np.float32
