"""Every function of NumPy has a rule, gives plain arrays, or is refused by its name."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import MissingRuleError
from tinygrad_w2v.autograd.dispatch import PLAIN, RULES
from tinygrad_w2v.checking.cases import CASES


def functions_of(module: Any) -> list[tuple[str, Any]]:
    """NumPy's functions that ask their arguments: ufuncs, and those of `__array_function__`."""
    named = [(name, getattr(module, name)) for name in sorted(module.__all__)]
    return [
        (name, f) for name, f in named if isinstance(f, np.ufunc) or hasattr(f, "_implementation")
    ]


ALL = [*functions_of(np), *functions_of(np.linalg)]


def test_the_scan_sees_numpy() -> None:
    assert {np.exp, np.sum, np.median, np.linalg.norm, np.linalg.svd} <= {f for _, f in ALL}
    assert len(ALL) > 300


@pytest.mark.parametrize("function", [function for _, function in ALL])
def test_each_has_a_rule_or_is_refused_by_name(function: Any) -> None:
    v = tw.Variable(np.eye(2))
    if function in RULES or function in PLAIN:
        return
    with pytest.raises(MissingRuleError, match=rf"np\..*{function.__name__}"):
        if isinstance(function, np.ufunc):
            function(*[v] * function.nin)
        else:
            v.__array_function__(function, (tw.Variable,), (v,), {})


@pytest.mark.filterwarnings("ignore:numpy.fix is deprecated")  # from 2.5 on, and still there
def test_what_is_plain_is_plain() -> None:
    v = tw.Variable(np.array([[1.5, -2.0], [0.0, 3.0]]))
    for function in (
        *(np.argpartition, np.argwhere, np.flatnonzero, np.lexsort, np.nanargmax, np.nanargmin),
        *(np.fix, np.isposinf, np.isneginf, np.isreal, np.iscomplex, np.array_equiv, np.isin),
        *(np.floor, np.round, np.digitize, np.triu_indices_from),
    ):
        more = {np.argpartition: (1,), np.array_equiv: (v,), np.isin: ([0.0],)}.get(function, ())
        more = ([0.0, 1.0],) if function is np.digitize else more
        ours = function(v, *more)
        theirs = function(v.data, *[getattr(m, "data", m) for m in more])
        assert not isinstance(ours, tw.Variable)
        np.testing.assert_array_equal(ours, theirs)


def test_every_function_stands_in_the_table_of_cases() -> None:
    inside = str(Path(tw.__file__).parent)
    table = str(Path(tw.__file__).parent / "checking")
    called: set[Any] = set()

    def note(frame: Any, event: str, argument: Any) -> None:
        caller = frame.f_back.f_code.co_filename if frame.f_back else ""
        if event == "call" and (not caller.startswith(inside) or caller.startswith(table)):
            called.add(frame.f_code)

    for case in CASES:
        arrays = case.draw(np.random.default_rng(0))
        sys.setprofile(note)
        try:
            case.function(*arrays)
        finally:
            sys.setprofile(None)
    missing = {name for name in F.__all__ if getattr(F, name).__code__ not in called}
    assert not missing


def test_the_page_of_functions_names_each() -> None:
    page = Path(__file__).parents[2] / "docs" / "numpy-functions.md"
    words = set(re.findall(r"\w+", page.read_text(encoding="utf-8")))
    assert not set(F.__all__) - words
