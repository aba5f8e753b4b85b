"""The gradient check is checked: what it must accept, what it must refuse, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.functions.casting import cast


class Exp(tw.Function):
    """y = exp(x);  gx = factor y g"""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    def forward(self, x: Any) -> Any:
        y = np.exp(x)
        self.save(y)
        return y

    def backward(self, g: Any) -> Any:
        (y,) = self.saved
        return g * y * self.factor


def refused(f: Any, *args: Any, **kwargs: Any) -> str:
    """The report of a check that must fail."""
    with pytest.raises(tw.GradientError) as raised:
        tw.check_grads(f, *args, **kwargs)
    return str(raised.value)


@pytest.fixture
def x(rng: np.random.Generator) -> Any:
    return rng.normal(size=(3, 4))


# ---------------------------------------------------------------------- what is right
@pytest.mark.parametrize("order", [1, 2, 3])
def test_right_rules_are_accepted_to_any_order(x: Any, order: int) -> None:
    def f(x: Any, w: Any) -> Any:
        return np.tanh(x @ w) / (1 + np.exp(x[:, :1]))

    tw.check_grads(f, x, x.T.copy(), order=order)


def test_nothing_is_printed_and_no_global_generator_used(x: Any, capsys: Any) -> None:
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert tw.check_grads(np.exp, x)
    assert capsys.readouterr().out == ""
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_verbose_prints_one_line_for_each_argument(x: Any, capsys: Any) -> None:
    tw.check_grads(lambda x, w: x * w, x, x[0], verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "first order  x (3, 4)",
        "first order  w (4,)",
    ]


def test_arguments_are_left_as_they_were(x: Any) -> None:
    v = tw.Variable(x.astype(np.float32), name="v")
    before = v.data
    tw.check_grads(lambda a, v: (a * v).sum(), x, v, order=2)
    assert v.data is before
    assert v.grad is None
    assert before.flags.writeable
    assert x.flags.writeable


@pytest.mark.parametrize(
    "f, args",
    [
        (lambda x: x**3, (2.0,)),
        (lambda x: x**3, (3,)),
        (lambda x: x**3, (np.float32(1.5),)),
        (lambda x: (x**2).sum(), ([1.0, 2.0],)),
        (lambda x, axis: F.softmax(x, axis=axis), (np.arange(6.0).reshape(2, 3), 0)),
        (lambda w, ids: F.embedding(w, ids) ** 2, (np.ones((4, 2)), np.array([1, 1, 3]))),
        (lambda x, mode: x * 2 if mode == "twice" else None, (1.0, "twice")),
        (lambda p: p["w"] @ p["layers"][0] + p["b"][1], None),
        (lambda *xs: xs[0] * xs[1], (1.0, 2.0)),
        (np.multiply, (np.array([1.0, 2.0]), 3.0)),
        (lambda x: {"twice": x * 2, "more": (x.sum(), [x**2, "text", 3])}, (np.ones(3),)),
    ],
)
def test_any_kind_of_arguments_and_results(f: Any, args: Any) -> None:
    if args is None:
        args = ({"w": np.ones((2, 3)), "layers": [np.arange(3.0)], "b": (1, 2.0, None)},)
    tw.check_grads(f, *args, order=2)


def test_an_error_inside_nested_arguments_is_named() -> None:
    def f(p: Any) -> Any:
        return p["fine"] * Exp(1.001)(p["layers"][1])

    report = refused(f, {"fine": 2.0, "layers": [1.0, np.array([[0.5, 1.5]])]})
    assert "p['layers'][1][0, " in report


def test_variables_are_named_by_their_name() -> None:
    v = tw.Variable([1.0, 2.0], name="weights")
    assert "weights[" in refused(lambda x: Exp(1.1)(x), v)


def test_values_that_start_at_zero_and_empty_arrays(x: Any) -> None:
    tw.check_grads(lambda x, w: F.sigmoid(x @ w), x, np.zeros((4, 2)), order=2)
    tw.check_grads(lambda x: x * 2, np.zeros((0, 3)), order=2)
    tw.check_grads(lambda x, e: np.concatenate([x, e]), x, np.zeros((0, 4)), order=2)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e3, 1e12])
def test_the_step_fits_values_of_any_size(x: Any, scale: float) -> None:
    tw.check_grads(lambda x: np.exp(x / scale), x * scale, order=2)
    tw.check_grads(lambda x: scale * np.sin(x), x, order=2)
    assert "wrong" in refused(lambda x: Exp(1.001)(x / scale), x * scale)
    assert "wrong" in refused(lambda x: scale * Exp(1.001)(x), x)


def test_values_of_all_sizes_in_one_array() -> None:
    tw.check_grads(np.log, np.array([1e-8, 1e-3, 1.0, 1e6]), order=2)


def test_rounding_is_not_called_an_error(x: Any) -> None:
    tw.check_grads(lambda x: F.softmax(x).sum(), x, order=2)  # a constant
    tw.check_grads(lambda x: (x + 1e8) - 1e8, x)
    tw.check_grads(lambda x: F.logsumexp(x + 1000.0), x, order=2)


def test_row_gradients_of_tables_and_rows_as_arguments(rng: np.random.Generator) -> None:
    table = rng.normal(size=(5000, 8)).astype(np.float32)
    ids = np.array([[3, 5], [3, 4999]])
    tw.check_grads(lambda w: np.exp(w[ids]).sum(), table, order=2)
    rows = tw.RowGrad(np.array([2, 0, 2]), rng.normal(size=(3, 2)), (4, 2))
    tw.check_grads(lambda g: F.to_dense(g) ** 2, tw.Variable(rows), order=2)


def test_functions_of_float32_are_checked_in_float64() -> None:
    x = np.linspace(0.1, 1, 5, dtype=np.float32)
    seen = []

    def f(x: Any) -> Any:
        seen.append(x.dtype)
        return Exp()(x)

    tw.check_grads(f, x, order=2)
    assert set(seen) == {np.dtype(np.float64)}
    assert "1.0005 times" in refused(lambda x: Exp(1.0005)(x), x)


def test_float32_inside_a_function_is_allowed_for(x: Any) -> None:
    tw.check_grads(lambda x: np.exp(cast(x, np.float32)), x, order=2)
    refused(lambda x: Exp(1.01)(cast(x, np.float32)), x)


def test_functions_that_are_transforms(x: Any) -> None:
    tw.check_grads(tw.grad(lambda x: (x**3).sum()), x, order=2)
    tw.check_grads(lambda w: tw.grad(lambda y: (w * y**2).sum())(x), x)


# ---------------------------------------------------------------------- what is wrong
@pytest.mark.parametrize("factor", [1.001, 1.0005, 0.9995, 2.0])
def test_a_wrong_factor(x: Any, factor: float) -> None:
    report = refused(lambda x: Exp(factor)(2 * x), x)
    assert "finite difference" in report
    assert "backward rule" in report
    assert f"{factor:.6g} times the measured ones" in report
    assert "12 of 12 entries" in report
    assert "kink" not in report
    assert "x[" in report


def test_the_report_names_the_worst_entry_and_both_numbers() -> None:
    class WrongAtOne(Exp):
        def backward(self, g: Any) -> Any:
            (y,) = self.saved
            return g * y * (1 + np.array([0.0, 0.0001, 0.01]))

    with pytest.raises(tw.GradientError, match=r"x\[2\]") as raised:
        tw.check_grads(lambda x: (WrongAtOne()(x)).sum(), np.zeros(3))
    report = str(raised.value)
    assert "1.01\n" in report
    assert "9.9e-03" in report
    assert "2 of 3 entries" in report


def test_a_wrong_sign(x: Any) -> None:
    assert "the sign is wrong" in refused(lambda x: Exp(-1)(x), x)


def test_numbers_without_axes_and_a_given_step() -> None:
    assert "wrong at x (" in refused(lambda x: Exp(1.001)(x), 1.0)
    assert "wrong at x (" in refused(lambda x: Exp(1.001)(x), 1.0, eps=1e-4)
    tw.check_grads(lambda x: Exp(1.001)(x), 1.0, rtol=0.01)
    tw.check_grads(lambda x: Exp(1.001)(x), 1.0, atol=0.01)


class AddRows(tw.Function):
    """y = x + b for a row b; the sum over the rows is missing."""

    def forward(self, x: Any, b: Any) -> Any:
        return x + b

    def backward(self, g: Any) -> Any:
        return g, g[0]


def test_a_missing_sum_of_broadcasting(x: Any) -> None:
    report = refused(lambda x, b: AddRows()(x, b), x, np.ones(4))
    assert "wrong at b[" in report


def test_a_gradient_that_does_not_fit(x: Any) -> None:
    class Misfit(tw.Function):
        def forward(self, x: Any) -> Any:
            return x.sum()

        def backward(self, g: Any) -> Any:
            return np.ones((5, 4)) * g

    assert "does not fit" in refused(lambda x: Misfit()(x), x)


def test_a_missed_accumulation(x: Any) -> None:
    class Square(tw.Function):
        """y = a b, called with the same Variable twice; one use is forgotten."""

        def forward(self, a: Any, b: Any) -> Any:
            self.save(a, b)
            return a * b

        def backward(self, g: Any) -> Any:
            _, b = self.saved
            return g * b, None

    report = refused(lambda x: Square()(x, x), x)
    assert "0.5 times" in report

    class RowsOnce(tw.Function):
        """y = w[ids]; a row that is read twice is given one gradient only."""

        def forward(self, w: Any) -> Any:
            self.rows = w.shape
            return w[[0, 2, 2]]

        def backward(self, g: Any) -> Any:
            out = np.zeros(self.rows)
            out[[0, 2, 2]] = g
            return out

    assert "w[2, " in refused(lambda w: RowsOnce()(w), x)


def test_a_forgotten_use_outside_the_graph(x: Any) -> None:
    assert "wrong" in refused(lambda x: x * x.data, x)


def test_rules_that_are_wrong_at_second_order_only(x: Any) -> None:
    class Cube(tw.Function):
        def forward(self, x: Any) -> Any:
            self.save(x)
            return x**3

        def backward(self, g: Any) -> Any:
            (x,) = self.saved
            return (
                g * 3 * getattr(x, "data", x) ** 2 if isinstance(x, tw.Variable) else g * 3 * x**2
            )

    class CubeOfConstantGradient(Cube):
        def backward(self, g: Any) -> Any:
            (x,) = self.saved
            return (g.data if isinstance(g, tw.Variable) else g) * 3 * x**2

    for op in (Cube, CubeOfConstantGradient):
        tw.check_grads(lambda x, op=op: op()(x), x)
        report = refused(lambda x, op=op: op()(x), x, order=2)
        assert "second derivative" in report


def test_an_entry_in_a_large_array_is_found(rng: np.random.Generator) -> None:
    class WrongInOne(tw.Function):
        def forward(self, x: Any) -> Any:
            self.save(x)
            return x * x

        def backward(self, g: Any) -> Any:
            (x,) = self.saved
            gx = 2 * x * g
            gx[17, 31] *= 1.5
            return gx

    x = rng.normal(size=(60, 50))
    assert "x[17, 31]" in refused(lambda x: WrongInOne()(x), x)
    tw.check_grads(lambda x: np.exp(x), rng.normal(size=(300, 400)), order=2)
    refused(lambda x: Exp(1.0005)(x), rng.normal(size=(300, 400)))


def test_a_row_that_the_rule_forgets_is_found() -> None:
    class Forgetful(tw.Function):
        def forward(self, w: Any) -> Any:
            self.rows = w.shape
            return w[[1, 70]] * 1.0

        def backward(self, g: Any) -> Any:
            return tw.RowGrad(np.array([1]), g[:1], self.rows)

    assert "w[70, " in refused(lambda w: Forgetful()(w), np.ones((100, 3)))


# ---------------------------------------------------------------------- rules that write
class _Identity(tw.Function):
    def forward(self, x: Any) -> Any:
        y = x * 1.0
        self.save(x, y)
        return y

    def backward(self, g: Any) -> Any:
        return g * 1.0


class WritesIntoInput(_Identity):
    def forward(self, x: Any) -> Any:
        x += 0.0
        return x.copy()


class WritesIntoGradient(_Identity):
    def backward(self, g: Any) -> Any:
        g *= 1.0
        return g


class WritesIntoSavedInput(_Identity):
    def backward(self, g: Any) -> Any:
        self.saved[0][...] = 0.0
        return g * 1.0


class WritesIntoSavedOutput(_Identity):
    def backward(self, g: Any) -> Any:
        self.saved[1][...] = 0.0
        return g * 1.0


@pytest.mark.parametrize(
    "op", [WritesIntoInput, WritesIntoGradient, WritesIntoSavedInput, WritesIntoSavedOutput]
)
@pytest.mark.parametrize("before", [lambda x: x, lambda x: x * 2], ids=["leaf", "computed"])
def test_rules_that_write_are_refused(
    x: Any, op: type[_Identity], before: Callable[..., Any]
) -> None:
    tw.check_grads(lambda x: _Identity()(before(x)) * 3, x)
    report = refused(lambda x: op()(before(x)) * 3, x)
    assert "writes into an array" in report
    assert op.__name__[:6].lower() in report


def test_locked_arrays_are_writeable_again(x: Any) -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        kept.append((x * 2).reshape(-1))
        return kept[-1] * 3

    tw.check_grads(f, x)
    assert all(v.data.flags.writeable for v in kept)


# ---------------------------------------------------------------------- kinks
def test_a_kink_is_called_a_kink() -> None:
    report = refused(F.relu, np.array([1.0, 0.0, -1.0]))
    assert "kink" in report
    assert "[1]" in report
    report = refused(lambda x: F.leaky_relu(x).sum(), 0.0)
    assert "looks like a kink: the slope is 0.01 to the left and 1 to the right" in report


def test_near_a_kink_the_slope_is_measured() -> None:
    tw.check_grads(F.relu, np.array([1.0, 1e-6, -1e-6]), order=2)
    tw.check_grads(lambda x: F.maximum(x, 1.0), np.array([1.0 + 1e-6, 0.5]))


def test_a_wrong_rule_beside_a_kink_is_a_bug() -> None:
    report = refused(lambda x: Exp(1.001)(F.abs(x)), np.array([1.0, 2.0]))
    assert "kink" not in report


# ---------------------------------------------------------------------- nothing to compare, NaN
@pytest.mark.parametrize(
    "f, args, expected",
    [
        (lambda x: x.data, (1.0,), "not differentiable"),
        (lambda x: float(x.sum()), (1.0,), "not differentiable"),
        (lambda x: None, (1.0,), "not differentiable"),
        (lambda x: tw.Variable(np.arange(3)), (1.0,), "not differentiable"),
        (lambda x: tw.Variable(2.0) * 3, (1.0,), "does not depend"),
        (lambda x: x.detach() * 3, (1.0,), "does not depend"),
        (lambda i: i, (np.arange(3),), "nothing to differentiate by"),
        (lambda: tw.Variable(1.0), (), "no arguments"),
        (lambda s: s, ("text",), "nothing to differentiate by"),
    ],
)
def test_a_check_that_would_compare_nothing_is_refused(f: Any, args: Any, expected: str) -> None:
    assert expected in refused(f, *args)
    with pytest.raises(TypeError):  # it is an error of use, too
        tw.check_grads(f, *args)


def test_values_that_are_not_finite() -> None:
    report = refused(np.log, np.array([1.0, -1.0]))
    assert "not finite" in report
    assert "[1]" in report
    assert "log made NaN" in report  # the op that did it
    assert "not finite at x[0]" in refused(np.sqrt, np.array([0.0, 1.0]))


def test_values_that_are_not_finite_and_masked_are_no_error() -> None:
    def f(x: Any) -> Any:
        return F.where(np.array([True, False]), np.exp(x), F.stop_gradient(np.log(x)))

    with np.errstate(all="ignore"):
        tw.check_grads(lambda x: f(x)[:1], np.array([1.0, 0.0]))


def test_a_point_at_the_edge_of_the_domain() -> None:
    class Root(tw.Function):
        def forward(self, x: Any) -> Any:
            self.save(x)
            return np.sqrt(x) * x

        def backward(self, g: Any) -> Any:
            return 1.5 * np.sqrt(self.saved[0]) * g

    assert "edge of the domain" in refused(lambda x: Root()(x), np.array([0.0, 1.0]))


def test_a_function_that_is_random_is_refused(x: Any) -> None:
    rng = np.random.default_rng(0)
    assert "another value each time" in refused(lambda x: F.dropout(x, 0.5, rng), x)


def test_errors_of_the_function_itself_pass(x: Any) -> None:
    with pytest.raises(KeyError):
        tw.check_grads(lambda x: {}["missing"], x)
    with pytest.raises(ValueError, match="matmul"):
        tw.check_grads(lambda x: x @ x, x)
    with pytest.raises(ValueError, match="order"):
        tw.check_grads(np.exp, x, order=0)


# ---------------------------------------------------------------------- modules
class TwoLayers(tw.Module):
    def __init__(self, factor: float = 1.0) -> None:
        rng = np.random.default_rng(1)
        self.w_in = tw.Parameter(rng.normal(size=(5, 3)).astype(np.float32))
        self.w_out = tw.Parameter(np.zeros((3, 2), np.float32))
        self.factor = factor

    def forward(self, ids: Any) -> Any:
        return Exp(self.factor)(self.w_in[ids]) @ self.w_out

    def loss(self, ids: Any, targets: Any) -> Any:
        return ((self.forward(ids) - targets) ** 2).sum()


class OnlyForward(tw.Module):
    def __init__(self) -> None:
        self.scale = tw.Parameter(np.float32(2.0))

    def forward(self, x: Any) -> Any:
        return x * self.scale**2


def state(module: tw.Module) -> list[Any]:
    return [(p.data, p.dtype, p.grad) for p in module.parameters()]


def test_modules_are_checked_and_restored(capsys: Any) -> None:
    model = TwoLayers()
    before = state(model)
    batch = np.array([1, 1, 4]), np.ones((3, 2), np.float32)
    tw.check_grads(model, *batch, order=2, verbose=True)
    assert "w_in (5, 3)" in capsys.readouterr().out
    tw.check_grads(model.loss, *batch)
    tw.check_grads(model, batch[0])  # not the arguments of `loss`: its forward
    tw.check_grads(OnlyForward(), np.array([1.0, 2.0]), order=2)
    assert all(a[0] is b[0] and a[1:] == b[1:] for a, b in zip(state(model), before, strict=True))


def test_the_worst_entry_of_a_module_is_named_and_data_restored_on_failure() -> None:
    model = TwoLayers(factor=1.001)
    model.w_out.data = np.ones((3, 2), np.float32)
    before = state(model)
    report = refused(model, np.array([1, 1, 4]), np.ones((3, 2)))
    assert "of TwoLayers is wrong at w_in[" in report
    assert all(a[0] is b[0] and a[1:] == b[1:] for a, b in zip(state(model), before, strict=True))


def test_a_module_by_duck_typing_with_a_large_table() -> None:
    class Duck:
        def __init__(self) -> None:
            self.table = tw.Variable(np.ones((3000, 4), np.float32))

        def named_parameters(self) -> Any:
            yield "table", self.table

        def __call__(self, ids: Any) -> Any:
            return (self.table[ids] ** 3).sum()

    tw.check_grads(Duck(), np.array([7, 8, 7]), order=2)


def test_a_module_without_parameters() -> None:
    class Empty(tw.Module):
        def forward(self, x: Any) -> Any:
            return x

    assert "no parameters" in refused(Empty(), 1.0)


# ---------------------------------------------------------------------- the engine's part in it
def test_inputs_that_share_an_array_are_told_apart_at_second_order() -> None:
    x = tw.Variable([2.0, 3.0])
    second = tw.grad(lambda x: tw.grad(lambda x: (x * x.detach()).sum())(x).sum())(x)
    assert np.array_equal(second.data, [0.0, 0.0])
    shared = np.array([2.0, 3.0])
    a, b = tw.Variable(shared), tw.Variable(shared)
    (a * b * b).sum().backward(create_graph=True)
    slope = a.grad  # b^2
    a.cleargrad()
    b.cleargrad()
    slope.sum().backward()
    assert a.grad is None or not a.grad.data.any()
    assert np.array_equal(b.grad.data, 2 * shared)


@pytest.mark.parametrize("magnitude", [1e-3, 1e-6, 1e-9, 1e-12, 1e-300])
def test_values_that_happen_to_be_nearly_zero(magnitude: float, rng: np.random.Generator) -> None:
    x, w = rng.normal(size=5), rng.normal(size=5)

    def f(bias: Any) -> Any:
        return F.sum(F.log_sigmoid(w * x + bias))

    tw.check_grads(f, np.array(magnitude), order=2)
    tw.check_grads(lambda b: np.log(b), np.array(max(magnitude, 1e-100)), order=2)
    with pytest.raises(tw.GradientError):
        tw.check_grads(lambda b: f(b) + 1e-3 * F.sum(b - F.stop_gradient(b)), np.array(magnitude))


@pytest.mark.parametrize(
    ("tree", "paths"),
    [
        ([[1.0], 2.0], ["p[0]", "p[1]"]),
        ([[1.0, 2.0], [3.0]], ["p[0]", "p[1]"]),
        ([1.0, [2.0, [3.0]]], ["p[0]", "p[1][0]", "p[1][1]"]),
        ([[], [1.0]], ["p[1]"]),
        ([[1.0, 2.0], [3.0, 4.0]], ["p"]),
        ([1.0, 2.0], ["p"]),
    ],
)
def test_a_ragged_list_is_a_tree(tree: Any, paths: list[str], capsys: Any) -> None:
    def total(p: Any) -> Any:
        return sum((total(part) for part in p), 0.0) if isinstance(p, list) else (p * p).sum()

    tw.check_grads(total, tree, verbose=True)
    assert [line.split()[2] for line in capsys.readouterr().out.splitlines()] == paths
    gradient = tw.grad(total)(tree)
    assert repr(_doubled(tree)) == repr(_as_lists(gradient))


def _doubled(tree: Any) -> Any:
    return [_doubled(part) for part in tree] if isinstance(tree, list) else 2 * tree


def _as_lists(tree: Any) -> Any:
    return [_as_lists(part) for part in tree] if isinstance(tree, list) else tree.tolist()
