"""Functional transforms against closed forms, each other, and HIPS autograd."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)


def mixed(np: Any, x: Any, w: Any) -> Any:
    """A function with several outputs' elements, written with any NumPy module."""
    return np.tanh(x * w) + np.exp(-x) * np.sum(w * x) / (2 + np.sin(w))


def scalar(np: Any, x: Any) -> Any:
    return np.sum(np.log(1 + np.exp(x)) * x) + np.sum(x) ** 3 / 6


# ---------------------------------------------------------------------- jvp and vjp
@given(shape=shapes, seed=st.integers(0, 2**32 - 1))
def test_jvp_and_vjp_agree_in_a_dot_product(shape: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, w, tx, tw_, u = (rng.normal(size=shape) for _ in range(5))

    def f(x: Any, w: Any) -> Any:
        return mixed(np, x, w)

    value, pull = tw.vjp(f, x, w)
    again, tangent = tw.jvp(f, (x, w), (tx, tw_))
    assert value.shape == tangent.shape == shape
    assert np.array_equal(value, again)
    gx, gw = pull(u)
    assert gx.shape == gw.shape == shape
    assert np.allclose(np.sum(u * tangent), np.sum(gx * tx) + np.sum(gw * tw_), rtol=1e-10)


@given(seed=st.integers(0, 2**32 - 1), ids=st.lists(st.integers(-4, 3), max_size=5))
def test_the_dot_product_through_rows(seed: int, ids: list[int]) -> None:
    rng = np.random.default_rng(seed)
    table, t = rng.normal(size=(4, 2)), rng.normal(size=(4, 2))
    rows = np.array(ids, int)
    u = rng.normal(size=(len(ids), 2))
    _, pull = tw.vjp(lambda w: np.tanh(w[rows]), table)
    _, tangent = tw.jvp(lambda w: np.tanh(w[rows]), (table,), (t,))
    (g,) = pull(u)
    assert type(g) is np.ndarray
    assert np.allclose(np.sum(u * tangent), np.sum(g * t))


def test_jvp_of_nested_outputs_and_a_still_argument() -> None:
    x = np.array([1.0, 2.0])
    value, tangent = tw.jvp(lambda x, w: {"a": x * w, "b": [x.sum(), 5.0]}, (x, x), (x, None))
    assert np.array_equal(tangent["a"], [1.0, 4.0])
    assert tangent["b"] == [3.0, 0.0]
    assert value["b"][1] == 5.0
    assert np.array_equal(tw.jvp(np.square, x, x)[1], 2 * x * x)  # a single argument
    assert np.array_equal(tw.jvp(lambda x: tw.Variable([1.0]), x, x)[1], [0.0])


def test_vjp_leaves_integers_alone_and_may_be_pulled_often() -> None:
    x, ids = np.array([1.0, 2.0, 3.0]), np.array([0, 0, 2])
    value, pull = tw.vjp(lambda x, ids: {"picked": x[ids], "rest": (x**2,)}, x, ids)
    assert np.array_equal(value["picked"], [1, 1, 3])
    for _ in range(2):
        gx, nothing = pull({"picked": np.ones(3), "rest": (np.ones(3),)})
        assert np.array_equal(gx, [4.0, 4.0, 7.0])
        assert nothing is None


def test_shapes_of_seeds_and_tangents_are_checked() -> None:
    _, pull = tw.vjp(np.square, np.ones(3))
    with pytest.raises(ValueError, match=r"shape \(2,\) for a value of shape \(3,\)"):
        pull(np.ones(2))
    with pytest.raises(ValueError, match="2 gradients for 1"):
        pull((np.ones(3), np.ones(3)))
    with pytest.raises(ValueError, match="shape"):
        tw.jvp(np.square, (np.ones(3),), (np.ones(2),))
    with pytest.raises(ValueError, match="1 tangents for 2"):
        tw.jvp(np.multiply, (1.0, 2.0), (1.0,))


# ---------------------------------------------------------------------- gradients
def test_grad_takes_arrays_and_returns_arrays(rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 3))
    before = x.copy()
    gradient = tw.grad(lambda x: scalar(np, x))(x)
    assert type(gradient) is np.ndarray
    assert np.allclose(gradient, autograd.grad(lambda x: scalar(anp, x))(x))
    assert np.array_equal(x, before)
    single = tw.grad(lambda x: (x**2).sum())(np.ones(3, np.float32))
    assert single.dtype == np.float32


def test_argnums_and_structures() -> None:
    def f(p: Any, scale: Any, power: Any = 1) -> Any:
        return (p["w"][0] * p["b"] * scale).sum() ** power

    p = {"w": [np.array([1.0, 2.0])], "b": 3.0}
    g = tw.grad(f)(p, 2.0)
    assert np.array_equal(g["w"][0], [6.0, 6.0])
    assert float(g["b"]) == 6.0
    both = tw.grad(f, argnums=(1, 0))(p, 2.0, power=2)
    assert float(both[0]) == 2 * 18 * 9
    assert float(tw.grad(f, -1)(p, 2.0)) == 9.0
    value, slope = tw.value_and_grad(f, 1)(p, 2)
    assert (float(value), float(slope)) == (18.0, 9.0)
    with pytest.raises(IndexError, match="argnums"):
        tw.grad(f, 2)(p, 2.0)


def test_what_does_not_influence_the_result_gets_zeros() -> None:
    g = tw.grad(lambda x, y: (x * 2).sum(), (0, 1))(np.ones(2), np.ones((3, 1)))
    assert np.array_equal(g[1], np.zeros((3, 1)))
    constant = tw.Variable(np.ones((2, 1)))
    assert np.array_equal(tw.grad(lambda x: constant.sum())(np.ones(2)), [0.0, 0.0])
    assert np.array_equal(tw.jacobian(lambda x: constant)(np.ones(3)), np.zeros((2, 1, 3)))


def test_row_gradients_are_dense() -> None:
    table = np.arange(6.0).reshape(3, 2)
    ids = np.array([2, 0, 2])
    for g in (
        tw.grad(lambda w: (w[ids] ** 2).sum())(table),
        tw.grad(lambda w: (w[ids] ** 2).sum())(tw.Variable(table)).data,
        tw.hvp(lambda w: (w[ids] ** 2).sum(), table, table),
    ):
        assert type(g) is np.ndarray
        assert np.array_equal(g, [[0, 2], [0, 0], [16, 20]])


def test_nothing_is_written_on_the_graph() -> None:
    w, x = tw.Variable([2.0]), tw.Variable([3.0])
    tw.grad(lambda x: (w * x * x).sum())(np.ones(1))
    tw.hvp(lambda x: (w * x * x).sum(), x, x)
    assert w.grad is None
    assert x.grad is None
    assert x.creator is None


@pytest.mark.parametrize("transform", [tw.grad, tw.value_and_grad])
def test_errors_of_use(transform: Any) -> None:
    with pytest.raises(ValueError, match=r"shape \(2,\).*jacobian"):
        transform(lambda x: x * 2)(np.ones(2))
    with pytest.raises(ValueError, match="tuple"):
        transform(lambda x: (x, x))(1.0)
    with pytest.raises(TypeError, match=r"argument 0 of f .*int64.*argnums"):
        transform(lambda x: x.sum())(np.arange(2))
    with pytest.raises(TypeError, match="argument 0"):
        transform(lambda x: x.sum())("text")
    with pytest.raises(TypeError, match=r"argument 0 of f\['i'\]"):
        transform(lambda p: p["x"].sum())({"x": np.ones(2), "i": np.arange(2)})


# ---------------------------------------------------------------------- second derivatives
def test_jacobian_against_closed_form_and_hips(rng: np.random.Generator) -> None:
    a, x = rng.normal(size=(3, 4)), rng.normal(size=4)
    assert np.allclose(tw.jacobian(lambda x: a @ x)(x), a)
    x, w = rng.normal(size=(2, 3)), rng.normal(size=3)
    for i in (0, 1):
        ours = tw.jacobian(lambda x, w: mixed(np, x, w), i)(x, w)
        assert np.allclose(ours, autograd.jacobian(lambda x, w: mixed(anp, x, w), i)(x, w))
    both = tw.jacobian(lambda x, w: (x * w, w.sum()), (0, 1))(x, w)
    assert both[0][0].shape == (2, 3, 2, 3)
    assert np.array_equal(both[1][0], np.zeros((2, 3)))
    assert np.array_equal(both[1][1], np.ones(3))


def test_hessian_against_closed_form_and_hips(rng: np.random.Generator) -> None:
    a, x = rng.normal(size=(4, 4)), rng.normal(size=4)
    assert np.allclose(tw.hessian(lambda x: x @ a @ x)(x), a + a.T)
    x = rng.normal(size=(2, 3))
    ours = tw.hessian(lambda x: scalar(np, x))(x)
    assert ours.shape == (2, 3, 2, 3)
    assert np.allclose(ours, autograd.hessian(lambda x: scalar(anp, x))(x))
    blocks = tw.hessian(lambda x, y: (x * y * y).sum(), (0, 1))(x, x)
    assert np.allclose(blocks[0][1], blocks[1][0].transpose(2, 3, 0, 1))
    assert not blocks[0][0].any()


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 4))
def test_hvp_is_the_hessian_times_the_vector(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x, v = rng.normal(size=n), rng.normal(size=n)

    def f(x: Any) -> Any:
        return scalar(np, x)

    expected = tw.hessian(f)(x) @ v
    for product in (tw.hvp(f, x, v), tw.hvp(f, (x,), (v,)), tw.hvp(f)(x, v)):
        assert np.allclose(product, expected)
    of_x, of_y = tw.hvp(lambda x, y: (x * x * y).sum(), (x, v), (v, x))
    assert np.allclose(of_x, 2 * v * v + 2 * x * x)
    assert np.allclose(of_y, 2 * x * v)


# ---------------------------------------------------------------------- nesting
def test_nesting_to_the_fourth_order() -> None:
    f: Any = lambda x: x**5  # noqa: E731
    for expected in (5 * 16.0, 20 * 8.0, 60 * 4.0, 120 * 2.0):
        f = tw.grad(f)
        assert float(f(2.0)) == expected
        assert isinstance(f(tw.Variable(2.0)), tw.Variable)


def test_third_order_against_hips(rng: np.random.Generator) -> None:
    x = rng.normal(size=3)

    def third(np: Any, library: Any) -> Any:
        def inner(x: Any) -> Any:
            return np.sum(library.grad(lambda x: scalar(np, x))(x) ** 2)

        return library.hessian(inner)(x)

    assert np.allclose(third(np, tw), third(anp, autograd))


def test_inner_and_outer_variables_are_not_confused() -> None:
    # d/dx [x d/dy (x + y)] = 1: an engine that confuses them gives 2.
    assert float(tw.grad(lambda x: x * tw.grad(lambda y: x + y)(1.0))(5.0)) == 1.0
    assert float(tw.grad(lambda x: tw.grad(lambda y: x * y**3)(x))(2.0)) == 36.0
    assert float(tw.grad(lambda x: tw.grad(lambda y: x * y**3)(3.0))(2.0)) == 27.0
    assert float(tw.grad(lambda x: tw.grad(lambda y: x * x * x)(x))(2.0)) == 0.0


def test_transforms_inside_transforms(rng: np.random.Generator) -> None:
    x = rng.normal(size=3)

    def f(x: Any) -> Any:
        return scalar(np, x)

    hessian = tw.hessian(f)(x)
    assert np.allclose(tw.jacobian(tw.jacobian(f))(x), hessian)
    forward = tw.jacobian(lambda x: tw.jvp(f, (x,), (np.ones(3),))[1])(x)
    assert np.allclose(forward, hessian.sum(axis=0))
    backward = tw.jacobian(lambda x: tw.vjp(f, x)[1](np.array(1.0))[0])(x)
    assert np.allclose(backward, hessian)
    through_seed = tw.jacobian(lambda u: tw.vjp(np.square, x)[1](u)[0])(np.ones(3))
    assert np.allclose(through_seed, np.diag(2 * x))
    through_tangent = tw.jacobian(lambda t: tw.jvp(np.square, (x,), (t,))[1])(np.ones(3))
    assert np.allclose(through_tangent, np.diag(2 * x))
    tw.check_grads(tw.jacobian(np.sin), x, order=2)


def test_variables_in_variables_out() -> None:
    x = tw.Variable([1.0, 2.0], name="x")
    slope = tw.grad(lambda x: (x**3).sum())(x)
    slope.sum().backward()
    assert np.array_equal(x.grad.data, [6.0, 12.0])
    value, pull = tw.vjp(np.square, x)
    assert isinstance(value, tw.Variable)
    assert isinstance(pull(np.ones(2))[0], tw.Variable)
    assert isinstance(tw.jvp(np.square, (x,), (np.ones(2),))[1], tw.Variable)
    assert isinstance(tw.hessian(lambda x: (x**3).sum())(x), tw.Variable)
    # A Variable that is not differentiated by is enough.
    w = tw.Variable([5.0, 7.0])
    tw.grad(lambda y, w: (y * y * w).sum())(np.ones(2), w).sum().backward()
    assert np.array_equal(w.grad.data, [2.0, 2.0])


def test_inside_no_grad_and_debug() -> None:
    with tw.no_grad():
        assert float(tw.grad(tw.grad(lambda x: x**3))(2.0)) == 12.0
        kept = tw.grad(lambda x: x**2)(tw.Variable(3.0))
        assert np.allclose(tw.hvp(lambda x: (x**3).sum(), np.ones(2), np.ones(2)), 6.0)
    assert kept.creator is None
    assert float(kept) == 6.0
    with tw.debug():
        assert float(tw.grad(tw.grad(F.exp))(0.0)) == 1.0


def test_an_error_leaves_no_trace() -> None:
    x = tw.Variable(2.0)

    def broken(y: Any) -> Any:
        raise RuntimeError("inside")

    for _ in range(3):
        with pytest.raises(RuntimeError, match="inside"):
            tw.grad(lambda x: tw.grad(broken)(x))(x)
    assert isinstance(tw.grad(lambda y: x * y * y)(1.0), np.ndarray)
