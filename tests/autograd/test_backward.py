"""The walk: order, accumulation, memory, depth, several outputs, threads, modes."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import NonDifferentiableError, NonScalarError, ShapeError
from tinygrad_w2v.autograd.backward import Parts, consumers_first, gradients


def test_a_variable_used_many_times_collects_all_its_gradients(rng: np.random.Generator) -> None:
    w = tw.Variable(rng.normal(size=(4, 3)))
    xs = rng.normal(size=(5, 2, 4))
    loss = sum(((x @ w) ** 2).sum() for x in xs)
    loss.backward()
    np.testing.assert_allclose(w.grad.data, sum(2 * x.T @ x @ w.data for x in xs))


def test_several_backward_calls_add_up() -> None:
    x = tw.Variable(2.0)
    y = x * x
    y.backward()
    y.backward()
    assert float(x.grad) == 8.0
    x.cleargrad()
    assert x.grad is None


def test_each_op_is_met_once_in_reverse_topological_order() -> None:
    x = tw.Variable(1.0)
    a = x * 2
    b = a * 3
    c = a + b
    order = consumers_first([(c * a).creator])
    assert [op.label for op in order] == ["multiply", "add", "multiply", "multiply"]
    assert len(set(order)) == 4


def test_gradients_share_no_memory() -> None:
    x, y = tw.Variable([1.0, 2.0]), tw.Variable([3.0, 4.0])
    seed = np.ones(2)
    (x + y).backward(seed)
    x.grad.data[:] = 7.0
    np.testing.assert_array_equal(y.grad.data, [1.0, 1.0])
    np.testing.assert_array_equal(seed, [1.0, 1.0])


def test_leaf_backward_and_seeds() -> None:
    x = tw.Variable(3.0)
    x.backward()
    assert float(x.grad) == 1.0
    y = tw.Variable(np.ones((2, 3), np.float32))
    (y * 2).backward(np.full((2, 3), 3.0))
    assert y.grad.dtype == np.float32
    assert (y.grad.data == 6).all()
    with pytest.raises(ShapeError, match=r"\(2, 3\)"):
        (y * 2).backward(np.ones(3))
    with pytest.raises(NonScalarError, match=r"multiply.*backward\(grad\)"):
        (y * 2).backward()


def test_retain_grad_fills_the_way_and_nothing_else_does() -> None:
    x = tw.Variable([1.0, 2.0])
    h = x * 3
    y = h.sum()
    y.backward()
    assert h.grad is None and y.grad is None
    y.backward(retain_grad=True)
    np.testing.assert_array_equal(h.grad.data, [1.0, 1.0])
    assert float(y.grad) == 1.0


def test_integers_are_skipped_and_cannot_be_roots() -> None:
    ids = tw.Variable(np.array([0, 2]), name="ids")
    w = tw.Variable(np.ones((3, 2), np.float32))
    y = (w[ids] * ids.reshape(2, 1)).sum()
    y.backward()
    assert w.grad.dtype == np.float32
    assert ids.grad is None
    with pytest.raises(NonDifferentiableError, match="int64"):
        ids.sum().backward()


def test_chain_of_a_hundred_thousand_ops() -> None:
    x = tw.Variable(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert float(x.grad) == 1.0
    del y  # and it can be freed without recursion


def test_diamond_of_depth_a_thousand() -> None:
    x = tw.Variable(1.0)
    y = x
    for _ in range(1000):
        y = (y + y) / 2
    y.backward()
    assert float(x.grad) == 1.0


class TwoOutputs(tw.Function):
    """y = sin x, z = cos x"""

    def forward(self, x: Any) -> Any:
        y, z = np.sin(x), np.cos(x)
        self.save(y, z)
        return y, z

    def backward(self, gy: Any, gz: Any) -> Any:
        y, z = self.saved
        return gy * z - gz * y


class TwoOutputsAsTuple(TwoOutputs):
    def backward(self, g: Any) -> Any:  # type: ignore[override]
        y, z = self.saved
        return g[0] * z - g[1] * y


@pytest.mark.parametrize("op", [TwoOutputs, TwoOutputsAsTuple])
@pytest.mark.parametrize("used", [(True, True), (True, False), (False, True)])
def test_several_outputs_of_which_some_are_dropped(op: Any, used: tuple[bool, bool]) -> None:
    x = tw.Variable([0.3, 0.5])
    outputs = op()(x)
    loss = sum((y * y).sum() for y, keep in zip(outputs, used, strict=True) if keep)
    del outputs
    gc.collect()
    loss.backward(create_graph=True)
    s, c = np.sin(x.data), np.cos(x.data)
    np.testing.assert_allclose(x.grad.data, 2 * s * c * used[0] - 2 * s * c * used[1], atol=1e-15)
    slope = x.grad
    x.cleargrad()
    slope.sum().backward()
    expected = 2 * (c**2 - s**2) * (int(used[0]) - int(used[1]))
    np.testing.assert_allclose(x.grad.data, expected, atol=1e-14)


def test_training_leaves_nothing_for_the_garbage_collector(rng: np.random.Generator) -> None:
    table = tw.Variable(rng.normal(size=(30, 4)))
    w = tw.Variable(rng.normal(size=(4, 4)))

    def step() -> None:
        h = np.sum(table[rng.integers(0, 30, 5)] @ w, axis=-1)
        loss = (h * h).mean() + w.max()
        loss.backward()
        table.data -= 0.01 * table.grad.data
        w.data -= 0.01 * w.grad.data
        table.cleargrad()
        w.cleargrad()

    for _ in range(20):
        step()
    while gc.collect():  # what goes may let go of more
        pass
    gc.disable()
    try:
        tracemalloc.start()
        for _ in range(200):  # NumPy keeps some small blocks for itself at first
            step()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(1000):
            step()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < 10_000
    assert gc.collect() == 0


def test_higher_orders_through_saved_outputs_and_look_ups() -> None:
    table = tw.Variable(np.array([[0.5, 1.0], [2.0, -1.0], [0.3, 0.2]]))
    ids = np.array([0, 2, 2])
    y = (table[ids] ** 4).sum()
    y.backward(create_graph=True)
    assert isinstance(table.grad.data, tw.RowGrad)
    counts = np.array([[1.0], [0.0], [2.0]])
    for expected in (12 * table.data**2, 24 * table.data, np.full((3, 2), 24.0)):
        slope = F.to_dense(table.grad)
        table.cleargrad()
        slope.sum().backward(create_graph=True)
        np.testing.assert_allclose(F.to_dense(table.grad).data, counts * expected)


@pytest.mark.parametrize("name", ["exp", "sigmoid", "tanh", "softmax", "sqrt", "logsumexp"])
def test_ops_that_save_their_output_can_be_differentiated_twice(name: str) -> None:
    f = getattr(F, name)
    x = tw.Variable([0.3, 0.7])
    y = f(x)
    (y * y).sum().backward(create_graph=True)
    slope, step = x.grad, 1e-5

    def slope_at(data: Any) -> Any:
        z = tw.Variable(data)
        (f(z) * f(z)).sum().backward()
        return z.grad.data.sum()

    x.cleargrad()
    slope.sum().backward()
    for i, e in enumerate(np.eye(2)):
        numerical = (slope_at(x.data + step * e) - slope_at(x.data - step * e)) / (2 * step)
        assert x.grad.data[i] == pytest.approx(numerical, rel=1e-6, abs=1e-9)


def test_create_graph_after_the_data_was_replaced_is_refused() -> None:
    x = tw.Variable([1.0, 2.0])
    y = (x * x).sum()
    x.data = np.array([5.0, 6.0])
    y.backward()
    np.testing.assert_array_equal(x.grad.data, [2.0, 4.0])
    with pytest.raises(RuntimeError, match="replaced"):
        y.backward(create_graph=True)


def test_recording_is_per_thread_and_survives_exceptions() -> None:
    x = tw.Variable(1.0)
    seen: dict[str, Any] = {}

    def other() -> None:
        seen["creator"] = (x * 2).creator

    with pytest.raises(ZeroDivisionError), tw.no_grad():
        assert (x * 2).creator is None
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        raise ZeroDivisionError
    assert seen["creator"] is not None
    assert (x * 2).creator is not None
    with tw.no_grad(), tw.debug():
        pass
    with tw.no_grad():
        with tw.no_grad():
            pass
        assert (x * 2).creator is None


def test_empty_and_non_contiguous_arrays(rng: np.random.Generator) -> None:
    x = tw.Variable(np.zeros((0, 3)))
    (x * 2 + 1).sum().backward()
    assert x.grad.shape == (0, 3)
    data = rng.normal(size=(6, 4))[::2, ::-1]
    y = tw.Variable(data)
    (y @ data.T).sum().backward()
    np.testing.assert_allclose(y.grad.data, np.ones((3, 3)) @ data)


def test_mixed_dtypes_give_each_leaf_its_own() -> None:
    a = tw.Variable(np.ones(3, np.float32))
    b = tw.Variable(np.ones(3))
    (a * b).sum().backward()
    assert a.grad.dtype == np.float32
    assert b.grad.dtype == np.float64


@pytest.mark.parametrize(("x_shape", "y_shape"), [((2, 3, 0), (0, 4)), ((5, 2, 3), (3, 0))])
def test_matmul_of_a_batch_with_an_empty_matrix(
    x_shape: tuple[int, ...], y_shape: tuple[int, ...]
) -> None:
    x, y = tw.Variable(np.ones(x_shape)), tw.Variable(np.ones(y_shape))
    (x @ y).sum().backward(create_graph=True)
    np.testing.assert_array_equal(x.grad.data, np.zeros(x_shape))
    np.testing.assert_array_equal(y.grad.data, np.zeros(y_shape))


def test_inputs_that_share_one_array_keep_apart_to_second_order() -> None:
    class Product(tw.Function):
        def forward(self, *xs: Any) -> Any:
            self.save(*xs)
            return xs[0] * xs[1] * xs[2]

        def backward(self, g: Any) -> Any:
            x, y, z = self.saved
            return g * y * z, g * x * z, g * x * y

    x = tw.Variable(2.0)
    y = x.detach()
    Product()(x, y, x).backward(create_graph=True)
    slope = x.grad  # 2 x y
    x.cleargrad(), y.cleargrad()
    slope.backward()
    assert (float(slope), float(x.grad), float(y.grad)) == (8.0, 4.0, 4.0)


def test_backward_of_several_outputs_may_be_a_static_method_of_all_gradients() -> None:
    class TwiceAndThrice(tw.Function):
        def forward(self, x: Any) -> Any:
            return 2 * x, 3 * x

        @staticmethod
        def backward(gs: Any) -> Any:  # type: ignore[override]
            return 2 * gs[0] + 3 * gs[1]

    x = tw.Variable(1.0)
    twice, thrice = TwiceAndThrice()(x)
    (twice + 10 * thrice).backward()
    assert x.grad is not None and x.grad.data == 32.0


def test_parts_know_what_was_broadcast() -> None:
    x, y = tw.Variable(np.ones((4, 1))), tw.Variable(np.ones((2, 4, 3)))
    parts: dict[tw.Function, Parts] = {}
    z = x * y
    gradients(z, np.ones((2, 4, 3)), parts=parts)
    assert parts[z.creator].summed == {0: (0, 2)}
    assert parts[z.creator][0].shape == (4, 1)


@pytest.mark.parametrize("create_graph", [False, True])
def test_the_parts_of_a_gradient_are_what_each_rule_gave(create_graph: bool) -> None:
    x, y = tw.Variable([[1.0, 2.0]], name="x"), tw.Variable([[3.0], [4.0]], name="y")
    s = x + y  # broadcast: each part comes back in its input's shape
    z = s * y
    parts: dict[tw.Function, tuple[object, ...]] = {}
    leaves = gradients(z.sum(), np.ones(()), create_graph, parts=parts)
    added, multiplied = parts[s.creator], parts[z.creator]
    assert [part.shape for part in added] == [x.shape, y.shape]
    total = np.asarray(getattr(added[1] + multiplied[1], "_data", added[1] + multiplied[1]))
    assert np.array_equal(total, np.asarray(getattr(leaves[y], "_data", leaves[y])))


def test_a_constant_has_no_part() -> None:
    x = tw.Variable([1.0, 2.0])
    y = 3.0 * x
    parts: dict[tw.Function, tuple[object, ...]] = {}
    gradients(y, np.ones(2), parts=parts)
    assert parts[y.creator][0] is None
    assert np.array_equal(parts[y.creator][1], [3.0, 3.0])
