"""The same call by NumPy on arrays and by us: values, dtypes, shapes and refusals are NumPy's.

A row is the call as text, with ``m`` for the module: ``np`` for the answer, then ``F`` and NumPy's
protocols on Variables, and ``F`` on arrays, of which arrays must come.
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

sys.path.insert(0, str(Path(__file__).parent))
from numpy_calls import ALONG_AXES, CALLS, WITH_NUMBERS

inf, nan = np.inf, np.nan
MASK = np.array([[True, False, True, True], [False] * 4, [True] * 4])
REFUSED = (ValueError, TypeError, IndexError, ZeroDivisionError)
TOLERANCE = {np.float64: 1e-12, np.float32: 2e-6, np.float16: 2e-3}


class NumPy:
    """NumPy's functions, and those of `numpy.linalg` beside them."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name, None) or getattr(np.linalg, name)


def drawn(shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> Any:
    """Numbers of both signs, with ties where they are whole."""
    if dtype is bool:
        return np.asarray(rng.random(shape) < 0.5)
    if np.issubdtype(dtype, np.integer):
        return np.asarray(rng.integers(-3, 5, shape), dtype)
    return np.asarray(rng.uniform(-2, 2, shape), dtype)


def outcome(text: str, module: Any, values: list[Any]) -> Any:
    """What a call gives: its result, or the refusal itself."""
    names = {"m": module, "np": np, "MASK": MASK, "inf": inf, "nan": nan}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return eval(text, names | dict(zip("xyz", values, strict=False)))
        except REFUSED as error:
            return error


def compare(ours: Any, theirs: Any, of_variables: bool, same_dtype: bool = True) -> None:
    """Raise where a result is not the one of NumPy."""
    assert isinstance(ours, Exception) == isinstance(theirs, Exception), (ours, theirs)
    if isinstance(theirs, Exception):
        assert "a Variable is not an array" not in str(ours)
        return
    if isinstance(theirs, tuple | list):
        assert isinstance(ours, type(theirs)) and len(ours) == len(theirs)
        for part, expected in zip(ours, theirs, strict=True):
            compare(part, expected, of_variables, same_dtype)
        return
    if isinstance(ours, tw.Variable):
        assert of_variables
        ours = ours.data
    elif of_variables:
        # What has no derivative to speak of is a plain array.
        assert np.asarray(theirs).dtype.kind != "f"
    theirs = np.asarray(theirs)
    assert np.shape(ours) == theirs.shape
    assert ours.dtype == theirs.dtype or not same_dtype
    tolerance = TOLERANCE.get(np.result_type(ours.dtype, np.float16).type)
    tolerance = max(tolerance, TOLERANCE.get(theirs.dtype.type, 0))
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


# Where NumPy's own code fails on an array without elements, or refuses to subtract bools.
QUIRKS = ("division by zero", "cannot reshape array of size 0", "numpy boolean subtract")


def check(text: str, arrays: list[Any], same_dtype: bool = True) -> None:
    """One call in every way to make it."""
    if arrays[0].dtype.itemsize == 1:  # small integers and bools are computed in larger ones
        same_dtype = False
    theirs = outcome(text, NumPy(), arrays)
    if isinstance(theirs, Exception) and any(quirk in str(theirs) for quirk in QUIRKS):
        return
    variables = [tw.Variable(a) for a in arrays]
    compare(outcome(text, F, variables), theirs, True, same_dtype)
    if "m." not in text:
        return
    compare(outcome(text, NumPy(), variables), theirs, True, same_dtype)
    compare(outcome(text, F, arrays), theirs, False, same_dtype)
    if (
        arrays[0].size
        and arrays[0].dtype == np.float64
        and not re.search(r"\b[xyz]( [-+*/>]|\.|\[)", text)
    ):
        compare(outcome(text, F, [a.tolist() for a in arrays]), theirs, False, same_dtype)


DTYPES = [np.float64, np.float32, np.float16, np.int64, np.int8, bool]


@pytest.mark.parametrize(("text", "shapes"), CALLS, ids=str)
def test_a_call_is_numpys(text: str, shapes: Any, rng: np.random.Generator) -> None:
    for dtype in DTYPES:
        check(text, [drawn(shape, dtype, rng) for shape in shapes])


@pytest.mark.parametrize(("text", "shapes"), WITH_NUMBERS, ids=str)
def test_a_call_with_numbers_has_numpys_values(
    text: str, shapes: Any, rng: np.random.Generator
) -> None:
    for dtype in DTYPES:
        check(text, [drawn(shape, dtype, rng) for shape in shapes], same_dtype=False)


# ---------------------------------------------------------------------- any shape, any axis
@pytest.mark.parametrize("text", ALONG_AXES)
@settings(max_examples=20)
@given(data=st.data(), dtype=st.sampled_from(DTYPES))
def test_along_any_axes(text: str, data: Any, dtype: Any) -> None:
    shape = data.draw(st.lists(st.integers(0, 3), max_size=3).map(tuple))
    axis = st.one_of(st.none(), st.integers(-4, 3))
    several = st.lists(st.integers(-3, 2), max_size=3).map(tuple)
    drawn_by = {
        "AXES": axis | several,
        "AXIS": axis,
        "KEEP": st.booleans(),
        "K": st.integers(-4, 4),
    }
    for word, strategy in drawn_by.items():
        if word in text:
            text = text.replace(word, repr(data.draw(strategy)))
    check(text, [drawn(shape, dtype, np.random.default_rng(0))])
