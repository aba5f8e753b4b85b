"""Whole numbers and truth values are computed as NumPy computes them, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v.compiler import Schedule
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.compiler.ir.interpreter import interpret
from tinygrad_w2v.compiler.ir.scalar_functions import INTEGERS, helpers
from tinygrad_w2v.compiler.trace.symbol import Trace

DTYPES = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
VALUES = (([0, 1, 1], [1, 0, 1]), ([3, 200, 7], [250, 2, 0]), ([0, 255, 2**31 - 1], [5, 1, 2]))

OF_TWO: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "floor_divide": lambda x, y: x // y,
    "remainder": lambda x, y: x % y,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "less": lambda x, y: x < y,
    "equal": lambda x, y: x == y,
    "at least": lambda x, y: x >= y,
    "and": np.logical_and,
    "or": np.logical_or,
    "bitwise and": lambda x, y: x & y,
    "either": lambda x, y: x ^ y,
    "where": lambda x, y: np.where(x > 1, x, y),
    "concatenate": lambda x, y: np.concatenate([x, y]),
    "logaddexp": np.logaddexp,
}
OF_ONE: dict[str, Callable[[Any], Any]] = {
    "negative": lambda x: -x,
    "absolute": abs,
    "square": np.square,
    "squared": lambda x: x**2,
    "cube": lambda x: x**3,
    "first power": lambda x: x**1,
    "root": lambda x: x**0.5,
    "not": np.logical_not,
    "invert": lambda x: ~x,
    "choice": lambda x: np.where(x, x, 2),
    "signs": lambda x: 2 * x - 1,
    "too large": lambda x: x + 300,
    "less one": lambda x: -1 + x,
    "half": lambda x: x + 0.5,
    "by nothing": lambda x: x // 0 + x % 0,
    "by minus one": lambda x: x // -1 + x % -1,
    "sum": np.sum,
    "sum and more": lambda x: np.sum(x) - x,
    "small sum": lambda x: np.sum(x, dtype=np.int8),
    "mean": np.mean,
    "variance": np.var,
    "product": np.prod,
    "largest": lambda x: np.max(x) + x,
    "smallest": lambda x: np.min(x) * x,
    "exp": np.exp,
    "exp of a part": lambda x: np.exp(x / 100.0),
    "sqrt": lambda x: np.sqrt(abs(x)),
    "sign": lambda x: np.sign(x) * x,
    "floor": lambda x: np.floor(x) * x,
    "isfinite": np.isfinite,
    "isnan": lambda x: np.isnan(x) | np.isinf(x),
    "reciprocal": np.reciprocal,
    "fabs": np.fabs,
    "ones": lambda x: np.ones_like(x) - x,
    "clip": lambda x: np.clip(x, 0, 2),
    "int8": lambda x: x.astype(np.int8) * x,
    "bool": lambda x: x.astype(bool) * x,
    "uint8": lambda x: (x * x).astype(np.uint8) - x,
    "int64": lambda x: x.astype(np.int64) * x,
    "float": lambda x: x.astype(np.float64) * x,
    "by int8": lambda x: x * np.int8(3),
    "by int64": lambda x: x * np.int64(3),
    "by an array": lambda x: x * np.array([1, 2, 100], np.uint8),
    "product of matrices": lambda x: x @ x,
    "below 300": lambda x: x < 300,
    "above -1": lambda x: x > -1,
}


def computed(function: Callable[..., Any], arrays: list[Any]) -> tuple[Any, Any]:
    """What the instructions of a function make of arrays, element by element, and their dtype."""
    trace = Trace(np.float64)
    names = ["x", "y"][: len(arrays)]
    given = []
    for name, array in zip(names, arrays, strict=True):
        kind = "bool" if array.dtype == np.bool_ else "int"
        given.append(trace.given("input", name, array.shape, kind, exact=array.dtype))
    result: Any = function(*given)
    window = dict(zip(names, arrays, strict=True))
    elements = []
    for at in np.ndindex(*result.shape):
        element = result
        if at:
            spec = tuple(("at", place) for place in at)
            element = trace.record("slice", (result,), (), result.kind, spec=spec)
        elements.append(interpret(trace.program(element), window, {}, {}))
    return np.array(elements).reshape(result.shape), result.dtype


def check(function: Callable[..., Any], arrays: list[Any]) -> bool:
    """Compare with NumPy; False where the compiler refuses."""
    with np.errstate(all="ignore"):
        try:
            expected: Any = function(*arrays)
        except (TypeError, OverflowError, ValueError) as error:
            with pytest.raises((type(error), CompileError)):
                computed(function, arrays)
            return False
        try:
            found, dtype = computed(function, arrays)
        except CompileError as error:
            assert "np." in str(error) or "cannot be compiled" in str(error)
            return False
    assert dtype == np.asarray(expected).dtype
    np.testing.assert_array_equal(found, np.asarray(expected, np.float64))
    return True


@pytest.mark.parametrize("name", OF_TWO)
def test_two_of_any_types(name: str) -> None:
    answers = 0
    for one in DTYPES:
        for other in DTYPES:
            for x, y in VALUES[1:] if one != "bool" else VALUES[:1]:
                arrays = [np.array(x).astype(one), np.array(y).astype(other)]
                answers += check(OF_TWO[name], arrays)
    assert answers > (0 if name in ("either", "bitwise and") else 20)


@pytest.mark.parametrize("name", OF_ONE)
def test_one_of_any_type(name: str) -> None:
    answers = [
        check(OF_ONE[name], [np.array(x).astype(dtype)]) for dtype in DTYPES for x, _ in VALUES
    ]
    assert any(answers) or name in ("product of matrices", "reciprocal")


# ---------------------------------------------------------------------- in a kernel
class Weighed(tw.Module):
    """A parameter times what a function makes of a field."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.w = tw.Parameter(np.array([0.5, -1.0]))
        self.function = function

    def loss(self, batch: Any) -> Any:
        return np.sum(self.w) * np.sum(self.function(batch["x"]) * 1.0)


@pytest.mark.parametrize(
    ("function", "dtype"),
    [
        (lambda x: 2 * x - 1, np.uint8),
        (lambda x: x * x + x, np.int8),
        (lambda x: -x, np.uint16),
        (lambda x: x * 70000, np.int32),
        (lambda x: x + x, np.bool_),
        (lambda x: x * x, np.bool_),
        (lambda x: np.sum(x), np.bool_),
        (lambda x: np.max(x), np.bool_),
        (lambda x: x // (x - 3) + x % (x - 3), np.int64),
        (lambda x: np.sign(x - 2) * np.square(x.astype(np.int16)), np.int64),
        (lambda x: np.max(x - 5), np.int64),
    ],
)
def test_kernels_compute_them(function: Any, dtype: Any) -> None:
    values = [np.array(x).astype(dtype) for x in ([0, 1, 1], [3, 200, 130], [1, 255, 40000])]
    with np.errstate(all="ignore"):
        windows = [{"x": x} for x in values]
        compare(Weighed(function), windows, {"x": ("n",)}, native=False, lr=1e-6)


def test_native_kernels_compute_them() -> None:
    """All in one kernel."""

    def everything(x: Any) -> Any:
        n = x.astype(np.int64)
        parts = [2 * x - 1, x * x, (n - 150) // (n - 200), (n - 150) % (n - 200), np.sign(n - 99)]
        parts += [(n * 77).astype(dtype) for dtype in INTEGERS]
        parts += [(n > 100) + (n > 3), (n > 100) * (n > 3), np.max(n - 500) + 0 * n]
        return sum(np.sum(part * 1.0) for part in parts)

    windows = [{"x": np.array(x, np.uint8)} for x in ([0, 1, 255], [3, 200], [199, 201])]
    with np.errstate(all="ignore"):
        compare(Weighed(everything), windows, {"x": ("n",)}, lr=1e-6)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_the_text_of_a_conversion_is_numpys(dtype: str, rng: np.random.Generator) -> None:
    scope: dict[str, Any] = {}
    for text in helpers([dtype], single=False):
        exec(text, scope)
    for n in [0, -1, 127, 128, 255, 256, -129, 2**31, -(2**63), *rng.integers(-(2**40), 2**40, 50)]:
        assert scope[dtype](int(n)) == np.int64(n).astype(dtype)


def test_division_at_the_ends() -> None:
    scope: dict[str, Any] = {}
    for text in helpers(["whole_divide", "whole_remainder"], single=False):
        exec(text, scope)
    least = np.iinfo(np.int64).min
    for x in (least, -7, 0, 7):
        for y in (-3, -1, 0, 1, 3):
            with np.errstate(all="ignore"):
                assert scope["whole_divide"](np.int64(x), np.int64(y)) == np.int64(x) // np.int64(y)
                assert scope["whole_remainder"](np.int64(x), np.int64(y)) == np.int64(x) % np.int64(
                    y
                )


# ---------------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("function", "dtype", "message"),
    [
        (lambda x: x - x, np.bool_, "np.subtract: numpy boolean subtract"),
        (lambda x: np.exp(x), np.uint8, r"np.exp of uint8 is float16 in NumPy(.|\n)*float64"),
        (lambda x: np.sqrt(x), np.int16, "np.sqrt of int16 is float32"),
        (lambda x: x + 300, np.uint8, "300 does not fit into uint8"),
        (lambda x: x + 1, np.uint64, r"np.add of uint64 and int is uint64 in NumPy.*astype"),
        (lambda x: np.sum(x) + 1, np.uint8, r"np.add of uint64 and int"),
        (lambda x: np.reciprocal(x), np.int64, "np.reciprocal"),
        (lambda x: x @ x, np.int64, "np.matmul of whole numbers alone"),
        (lambda x: x**-1, np.int64, "a power of whole numbers"),
        (lambda x: x.astype(np.float16), np.int64, "a conversion to float16"),
        (lambda x: (x * 0.5).astype(np.int64), np.int64, "a conversion from float to int"),
        (lambda x: np.mean(x, dtype=np.int64), np.int64, "a mean in int64"),
        (lambda x: np.take(x, np.array([0]), axis=0, mode="wrap"), np.int64, "mode='wrap'"),
        (lambda x: np.reshape(x, (3, 1), order="F"), np.int64, "order='F'"),
    ],
)
def test_what_is_refused_names_it_and_the_line(function: Any, dtype: Any, message: str) -> None:
    window = {"x": np.array([1, 0, 1]).astype(dtype)}
    with pytest.raises(CompileError, match=message) as caught:
        compare(Weighed(function), window, native=False)
    assert "lambda x" in str(caught.value)


def test_windows_keep_the_types_of_the_example() -> None:
    model = Weighed(lambda x: 2 * x - 1)
    compiled = tw.compile(model, {"x": np.array([1, 2], np.uint8)})
    for x in (np.array([1, 0]), np.array([1, 0], np.int8), np.array([1.0, 0.0])):
        with pytest.raises(InputError, match=rf"x of example 0 is {x.dtype}, not uint8"):
            compiled.step({"x": x}, 0.1)
    wide = tw.compile(model, {"x": np.array([1, 2])})
    for dtype in ("int8", "uint8", "int32", "uint32"):
        wide.gradients({"x": np.array([1, 0], dtype)})


def test_whole_numbers_beyond_int64() -> None:
    compiled = tw.compile(Weighed(lambda x: x), {"x": np.array([1, 2], np.uint64)})
    with pytest.raises(InputError, match=r"x of example 0 holds 9223372036854775808, beyond int64"):
        compiled.step({"x": np.array([1, 2**63], np.uint64)}, 0.1)


def test_a_whole_number_that_no_window_has_a_part_in_stays_one() -> None:
    """It may be a place: without folding it is computed in the kernel."""

    class Placed(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.arange(12.0).reshape(6, 2))

        def loss(self, batch: Any) -> Any:
            one = np.ones_like(np.max(batch["x"], axis=-1))
            place = np.minimum(np.maximum(one - 3, 0), 5)
            return np.sum(self.w[np.broadcast_to(place, (3,))] * np.sum(batch["x"]))

    window = {"x": np.array([1, 2])}
    without = Schedule().without("fold_constants", "simplify")
    compare(Placed(), window, native=False, schedule=without)
    compare(Placed(), window, native=False)
