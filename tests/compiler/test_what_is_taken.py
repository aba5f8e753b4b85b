"""Each op of the package: the compiler takes it, and then it is the graph's, or names it.

What it takes is said in docs/compiler.md; here the page is compared with the table of all cases.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.checking.case import Case
from tinygrad_w2v.checking.cases import CASES
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.compiler.trace.elementwise import COMPOSED
from tinygrad_w2v.compiler.trace.registry import HANDLERS, MADE
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

PAGE = Path(__file__).resolve().parents[2] / "docs" / "compiler.md"
WINDOW = {"scale": np.array(1.0)}
SHARE = 6  # of the cases one in so many is compared each time; the others in the long proof
# Cases of arrays without elements, which a kernel has no loops for.
OF_NOTHING = re.compile(r"of nothing|no time")


class Model(tw.Module):
    """A case's function of Parameters."""

    def __init__(self, case: Case) -> None:
        self.case = case
        drawn = [np.asarray(array) for array in case.draw(np.random.default_rng(0))]
        self.given = [tw.Parameter(np.array(a, float)) if a.dtype.kind == "f" else a for a in drawn]

    def loss(self, batch: Any) -> Any:
        found = self.case.function(*self.given)
        parts = found if isinstance(found, tuple | list) else (found,)
        return sum(np.sum(np.tanh(part * batch["scale"])) for part in parts)


def refused(case: Case) -> str:
    """Why a case is not compiled; empty where it is."""
    try:
        with np.errstate(all="ignore"):
            trace(Model(case), WINDOW, fields_of(WINDOW, None), None, np.float64)
    except CompileError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def reasons() -> dict[str, str]:
    return {case.name: refused(case) for case in CASES}


def check(case: Case) -> None:
    reason = refused(case)
    if reason:
        # It names what it is and the line: that of this model, as of any user's.
        assert "applied at" in reason
        assert "self.case.function(*self.given)" in reason or "checking/case" in reason
        return
    with np.errstate(all="ignore"):
        compare(Model(case), WINDOW, native=False)


@pytest.mark.parametrize("case", CASES[::SHARE], ids=lambda case: case.name)
def test_a_case_is_the_graphs_or_is_named(case: Case) -> None:
    check(case)


@pytest.mark.proof
@pytest.mark.parametrize(
    "case", [c for i, c in enumerate(CASES) if i % SHARE], ids=lambda case: case.name
)
def test_every_other_case_is_the_graphs_or_is_named(case: Case) -> None:
    check(case)


# ---------------------------------------------------------------------- the page
def listed(heading: str) -> set[str]:
    """The names in the list of the page that begins with some words."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^- \*\*{heading}.*?(?=^- \*\*|^\S)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return {name for group in re.findall(r"`([^`]+)`", found[0]) for name in group.split()}


def of_name(name: str) -> list[Case]:
    cases = [c for c in CASES if re.match(rf"{name}\b", c.name) and not OF_NOTHING.search(c.name)]
    assert cases, f"no case is called after {name}"
    return cases


def test_the_page_lists_the_functions_that_are_taken(reasons: dict[str, str]) -> None:
    names = [name for name in F.__all__ if name != "to_dense"]
    taken = {n for n in names if not any(reasons[case.name] for case in of_name(n))}
    assert listed("Functions") == taken
    assert listed("In part") == {
        n for n in names if n not in taken and not all(reasons[c.name] for c in of_name(n))
    }
    assert listed("Not taken") == {n for n in names if all(reasons[c.name] for c in of_name(n))}


def test_the_page_lists_what_numpy_is_asked_beside() -> None:
    """Functions without a derivative, which take fields and plain values."""
    own = set(F.__all__) | {"amax", "amin", "permute_dims", "around"}
    answered = {f.__name__ for f in (*HANDLERS, *MADE, *COMPOSED)}
    assert listed("Beside them") == {name for name in answered if name not in own}
