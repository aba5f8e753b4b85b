"""Random programs of ops on random broadcasting shapes, against finite differences and HIPS."""

from __future__ import annotations

from typing import Any, NamedTuple

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_w2v as tw

pytestmark = pytest.mark.grad

# Every op takes the NumPy module to compute with, so that HIPS autograd can run the program, too.
# Values stay of the order of 1: what grows is squashed.
UNARY: list[Any] = [
    lambda np, x: np.tanh(x),
    lambda np, x: np.exp(np.sin(x)),
    lambda np, x: np.sqrt(1 + x * x),
    lambda np, x: np.log(2 + np.cos(x)),
    lambda np, x: -x,
    lambda np, x: abs(np.exp(np.tanh(x))) ** 1.5,
    lambda np, x: np.sum(x, axis=-1, keepdims=True) if x.ndim else x,
    lambda np, x: np.mean(x, axis=0, keepdims=True) if x.ndim else x,
    lambda np, x: np.mean(x),
    lambda np, x: x[..., :1] if x.ndim else x,
    lambda np, x: x[[0, -1, 0]][:1] if x.ndim else x,
    lambda np, x: np.reshape(np.reshape(x, (-1,)), x.shape),
    lambda np, x: np.swapaxes(np.swapaxes(x, 0, -1) * 2, 0, -1) if x.ndim else x,
    lambda np, x: np.where(np.array(0.5) > 0, x, 0 * x),
]
BINARY: list[Any] = [
    lambda np, x, y: x + y,
    lambda np, x, y: x - 2 * y,
    lambda np, x, y: np.tanh(x) * y,
    lambda np, x, y: x / (1.5 + np.sin(y)),
    lambda np, x, y: np.logaddexp(x, y),
    lambda np, x, y: (1 + np.tanh(x) ** 2) ** np.tanh(y),
    lambda np, x, y: np.sum(np.matmul(_matrix(np, x), _matrix(np, x).T)) * 0.1 + y,
    lambda np, x, y: np.mean(np.concatenate([_matrix(np, x), 2 * _matrix(np, x)])) * y,
    lambda np, x, y: x * np.einsum("ij,ik->", _matrix(np, x), np.tanh(_matrix(np, x))) * 0.1 + y,
]


def _matrix(np: Any, x: Any) -> Any:
    return np.reshape(np.tanh(x), (-1, x.shape[-1] if x.ndim else 1))


class Program(NamedTuple):
    """Instructions that each append one value to a list, which starts with the arguments."""

    steps: list[tuple[int, int, int]]  # the op's number, and which values it reads

    def __call__(self, np: Any, *values: Any) -> Any:
        made = list(values)
        for op, i, j in self.steps:
            x, y = made[i % len(made)], made[j % len(made)]
            if op < len(UNARY):
                made.append(UNARY[op](np, x))
            else:
                made.append(BINARY[op - len(UNARY)](np, x, y))
        # The last value, with a little of all arguments: none goes unused.
        result = made[-1]
        for value in values:
            result = result + 0.1 * np.sin(value)
        return result


@st.composite
def broadcasting_shapes(draw: Any) -> list[tuple[int, ...]]:
    """Shapes that broadcast with each other: axes of size 1, missing axes in front."""
    whole = draw(st.lists(st.integers(1, 3), max_size=3))
    shapes = []
    for _ in range(draw(st.integers(1, 3))):
        kept = whole[draw(st.integers(0, len(whole))) :]
        shapes.append(tuple(n if draw(st.booleans()) else 1 for n in kept))
    return shapes


number = st.integers(0, 30)
programs = st.lists(
    st.tuples(st.integers(0, len(UNARY) + len(BINARY) - 1), number, number),
    min_size=1,
    max_size=7,
).map(Program)


@settings(max_examples=50)
@given(program=programs, shapes=broadcasting_shapes(), seed=st.integers(0, 2**32 - 1))
def test_first_and_second_derivatives(program: Program, shapes: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    args = [rng.uniform(-1, 1, shape) for shape in shapes]
    tw.check_grads(lambda *xs: program(np, *xs), *args, order=2)


@settings(max_examples=50)
@given(program=programs, shapes=broadcasting_shapes(), seed=st.integers(0, 2**32 - 1))
def test_gradients_equal_those_of_hips(program: Program, shapes: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    args = [rng.uniform(-1, 1, shape) for shape in shapes]
    argnums = tuple(range(len(args)))
    ours = tw.grad(lambda *xs: np.sum(program(np, *xs)), argnums)(*args)
    theirs = autograd.grad(lambda *xs: anp.sum(program(anp, *xs)), argnums)(*args)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == np.shape(b)
        assert np.allclose(a, b, rtol=1e-9, atol=1e-12)


@settings(max_examples=30)
@given(shapes=broadcasting_shapes(), seed=st.integers(0, 2**32 - 1))
def test_every_op_of_the_programs_is_right_on_these_shapes(shapes: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    op = int(rng.integers(len(UNARY) + len(BINARY)))
    x, y = rng.uniform(-1, 1, shapes[0]), rng.uniform(-1, 1, shapes[-1])
    tw.check_grads(lambda x, y: Program([(op, 0, 1)])(np, x, y), x, y, order=2)
