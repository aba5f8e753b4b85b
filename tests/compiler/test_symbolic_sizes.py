"""A dynamic size equals itself, is added to, and is a number only in the kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.compiler.ir.sizes import Size, bound_of, product, sizes_in, symbolic, value_of
from tinygrad_w2v.compiler.trace.symbol import Trace

C, T = symbolic(Size("C", 10)), symbolic(Size("T", 6))


def test_sums() -> None:
    assert C + 6 == 6 + C != C + 5
    assert C - C == 0
    assert 7 - C + C == 7
    assert C + T == T + C
    assert (C + T - 1).value({"C": 4, "T": 3}) == 6
    assert (C + 6).bound == 16 == bound_of(C + 6)
    assert hash(C + 1) == hash(1 + C)
    assert repr(C + T - 1) == "C + T - 1"
    assert value_of(C.times(3), {"C": 2}) == 6


def test_equal_to_itself_alone() -> None:
    assert C == symbolic(Size("C", 10))
    assert C != T
    assert C != 10
    assert symbolic(Size("C", 9)) != C


def test_products_of_axes() -> None:
    assert product([2, C, 3]) == C.times(6)
    assert product([C, T]) == product([T, C]) == C.times(T) != C.times(C)
    assert product([C + 1, T - 1]).value({"C": 4, "T": 3}) == 10
    assert repr(product([2, C, T + 1])) == "2 * C + 2 * C * T"
    assert product([C, T]).bound == 60
    assert product([]) == 1
    assert sizes_in((3, C + 1, T)) == [Size("C", 10), Size("T", 6)]


def test_parts_must_be_whole() -> None:
    assert (C.times(6) + 12).divided(3) == C.times(2) + 4
    with pytest.raises(ValueError, match="not 4 equal parts"):
        C.times(6).divided(4)


@pytest.mark.parametrize(
    "use",
    [int, bool, float, range, lambda c: c < 3, lambda c: [0][c]],
)
def test_it_is_no_python_number(use: Callable[[Any], Any]) -> None:
    with pytest.raises(
        CompileError, match=r"size C is known only when an example comes(.|\n)*test_"
    ):
        use(C)


def test_arithmetic_is_the_kernels() -> None:
    trace = Trace(np.float64)
    x = trace.given("input", "x", (C,), "float")
    n = x.shape[0]
    for value in (x * n, x / n, n * x, 2 / n, n * 1.5, n / 2, n**2, np.sqrt(n), 1.5 + n):
        assert value.dtype == np.float64
    assert n * 1 == n
    assert repr(2 * n * n) == "2 * C * C"  # a length again
    for value in (n // 2, n % 3, 7 // n, 7 % n, np.maximum(n, 1), x.shape[0] - np.arange(3)):
        assert value.dtype == np.int64
    assert "size" in {step.op for step in trace.instructions}


def test_it_is_a_number_in_a_trace_alone() -> None:
    with pytest.raises(CompileError, match="no number outside of a trace"):
        _ = C * 2.5
    with pytest.raises(CompileError, match="no number outside of a trace"):
        _ = C // 2
