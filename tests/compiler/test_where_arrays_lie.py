"""The bits of a sum do not hang on where the memory of a kernel was found.

Native code may add up in another order, and before a loop that also stores it looks whether its
arrays lie too near to each other to be taken several elements at a time. So the arrays of a
kernel's own lie far apart, and no loop that adds up stores anywhere else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from own_models import EXAMPLES

import tinygrad_w2v as tw
from tinygrad_w2v.compiler.codegen import write
from tinygrad_w2v.compiler.codegen.write import Source
from tinygrad_w2v.compiler.ir import scalar_functions
from tinygrad_w2v.compiler.stages import build
from tinygrad_w2v.compiler.trace.trace import fields_of, trace


def sources(name: str) -> Iterator[Source]:
    example, rng = EXAMPLES[name], np.random.default_rng(0)
    window = example.windows(rng)[0]
    for optimizer in (None, tw.optim.Adam()):
        traced = trace(example.make(rng), window, fields_of(window, example.axes), optimizer)
        yield build(traced.program, np.float32, name).source


@pytest.mark.parametrize("name", EXAMPLES)
def test_own_arrays_lie_apart(name: str) -> None:
    for source in sources(name):
        run = next(node for node in ast.parse(source.text).body[::-1] if _is_function(node, "run"))
        made = {}
        for node in ast.walk(run):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
                whole, part = node.value.value, node.value.slice
                assert isinstance(whole, ast.Call) and isinstance(part, ast.Slice)
                lengths = ast.literal_eval(whole.args[0])
                first, last = ast.literal_eval(part.lower), ast.literal_eval(part.upper)  # type: ignore[arg-type]
                width = int(np.prod(lengths[1:]))
                assert min(first, lengths[0] - last) * width >= write._APART
                made[ast.unparse(node.targets[0])] = last - first
        assert set(made) == set(source.own)


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_loop_that_adds_up_stores_elsewhere(name: str) -> None:
    for source in sources(name):
        kernel = next(node for node in ast.parse(source.text).body if _is_function(node, "kernel"))
        for loop in ast.walk(kernel):
            if isinstance(loop, ast.For) and not any(
                isinstance(inner, ast.For) for inner in ast.walk(loop) if inner is not loop
            ):
                stores = [node for node in ast.walk(loop) if isinstance(node, ast.AugAssign)]
                sums = [node for node in stores if isinstance(node.target, ast.Name)]
                elsewhere = {
                    ast.unparse(node.value)
                    for node in ast.walk(loop)
                    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
                } - set(source.own)
                assert not (sums and elsewhere), ast.unparse(loop)


def test_a_sum_is_the_same_wherever_arrays_lie_that_far_apart() -> None:
    """Nearer, at 16 elements, it is another one where processors have AVX."""
    pytest.importorskip("numba", reason="numba is not installed")
    header = write.HEADER.format(title="A sum", version="0", real="float32", private="")
    used = scalar_functions.helpers(["softplus", "sigmoid"], single=True)
    decorated = [f"@njit(**RULES, forceinline=True)\n{text}" for text in used]
    scope: dict[str, Any] = {}
    exec("\n\n".join([header, *decorated, ADDING]), scope)
    rng = np.random.default_rng(0)
    apart = write._APART
    for _ in range(50):
        x = rng.normal(size=16).astype(np.float32)
        sums = set()
        for distance in (*range(apart, apart + 40, 3), 600):
            arena = np.empty(1024, np.float32)
            arena[400:416] = x
            sums.add(scope["add"](16, arena[400:416], arena[400 + distance :][:16]))
        assert len(sums) == 1


ADDING = """
@njit(**RULES)
def add(n, x, y):
    total = real(0.0)
    for i in range(n):
        total += softplus(x[i])
        y[i] = sigmoid(x[i])
    return total
"""


def _is_function(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name
