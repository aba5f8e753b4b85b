"""Wrong use is met with the op's name, the shapes and the remedy."""

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import (
    InputError,
    MissingRuleError,
    NonDifferentiableError,
    ShapeError,
)
from tinygrad_w2v.functions.elementwise import Elementwise

TABLE = np.zeros((5, 3))


@pytest.mark.parametrize("table", [TABLE, tw.Variable(TABLE)], ids=["array", "Variable"])
def test_ids_out_of_range(table):
    for look_up in (F.embedding, lambda t, ids: F.take(t, ids, axis=0)):
        with pytest.raises(IndexError, match=r"from 0 to 7.*\(5, 3\).*0 to 4.*vocabulary"):
            look_up(table, [0, 7])
        with pytest.raises(IndexError, match="from -6 to 1"):
            look_up(table, [1, -6])
    with pytest.raises(IndexError, match="axis 1"):
        F.take(table, [3], axis=1)
    with pytest.raises(IndexError, match="take_along_axis: the ids go from 3 to 3"):
        F.take_along_axis(table, [[3]], axis=1)


def test_ids_are_integers():
    for ids in ([0.5], np.array([1.0]), [True, False], tw.Variable([1.0])):
        with pytest.raises(TypeError, match="ids are integers"):
            F.embedding(TABLE, ids)


def test_no_ids_are_ids():
    assert F.embedding(TABLE, []).shape == (0, 3)


def test_take_modes():
    with pytest.raises(ValueError, match="'raise', 'wrap' or 'clip'"):
        F.take(TABLE, [0], mode="around")


def test_targets_that_do_not_fit():
    logits = tw.Variable(TABLE)
    for targets in (np.zeros(4, int), np.zeros(5), np.zeros((5, 2))):
        with pytest.raises(ShapeError, match=r"class ids of shape \(5,\)"):
            F.cross_entropy(logits, targets)
    for ids in (np.array([0, 1, 2, 3, 0]), np.array([0, -1, 0, 0, 0])):
        with pytest.raises(IndexError, match=r"class ids go from .* classes 0 to 2"):
            F.cross_entropy(logits, ids)


def test_shapes_that_do_not_fit():
    a, b = tw.Variable(np.zeros((2, 3))), tw.Variable(np.zeros((4, 5)))
    for function in (F.maximum, F.logaddexp, F.tensordot, F.inner, F.dot):
        with pytest.raises(ShapeError, match=r"\(2, 3\).*\(4, 5\)"):
            function(a, b)
    with pytest.raises(ShapeError, match="einsum"):
        F.einsum("ij,jk->ik", a, b)
    with pytest.raises(ShapeError, match="concatenate"):
        F.concatenate([a, b])
    with pytest.raises(ShapeError, match="stack"):
        F.stack([a, b])
    with pytest.raises((ShapeError, ValueError), match="split"):
        F.split(b, 3)


def test_einsum_that_cannot_be_read():
    with pytest.raises(ValueError, match="einsum"):
        F.einsum("ij->k", tw.Variable(TABLE))


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_dropout_with_no_probability(p):
    with pytest.raises(InputError, match="dropout"):
        F.dropout(tw.Variable(TABLE), p, np.random.default_rng(0))


def test_arguments_that_an_op_does_not_take():
    with pytest.raises(MissingRuleError, match=r"np\.concatenate.*casting"):
        np.concatenate([tw.Variable(TABLE)], casting="safe")


def test_a_slope_of_something_else_is_refused():
    with pytest.raises(TypeError, match="takes `x`, `y` or both"):

        class Odd(Elementwise):
            ufunc = np.exp

            def slope(self, z):
                return z


def test_axes_that_do_not_exist_name_the_op():
    x = tw.Variable(np.ones((2, 3)))
    for op, call in {
        "moveaxis": lambda: F.moveaxis(x, 0, 5),
        "take": lambda: F.take(x, [0], axis=2),
        "take_along_axis": lambda: F.take_along_axis(x, [[0]], axis=-3),
        "sum": lambda: F.sum(x, axis=2),
    }.items():
        with pytest.raises(ShapeError, match=rf"^{op}: .*\(2, 3\)(?s:.)*test_function_errors\.py"):
            call()


def test_parts_of_unequal_length():
    with pytest.raises(ShapeError, match=r"split.*\(5,\).*equal division"):
        F.split(tw.Variable(np.ones(5)), 2)


@pytest.mark.parametrize(
    ("starts", "wrong"),
    [
        ([1, 2], "the first is 1"),
        ([0, 3, 2], r"starts\[2\] = 2 comes after 3"),
        ([0, 6], "the last is 6, but x has 5 rows"),
        ([], "no segment"),
    ],
)
def test_segments_that_do_not_follow_each_other(starts, wrong):
    with pytest.raises(InputError, match=rf"segment_sum: .*{wrong}(?s:.)*test_function_errors\.py"):
        F.segment_sum(tw.Variable(TABLE), starts)


def test_segments_of_what_has_no_rows():
    with pytest.raises(ShapeError, match=r"segment_sum: x of shape \(\)"):
        F.segment_sum(tw.Variable(1.0), [0])
    with pytest.raises(ShapeError, match=r"starts of shape \(1, 1\).*one at a time"):
        F.segment_sum(tw.Variable(TABLE), [[0]])
    with pytest.raises(TypeError, match="ids are integers"):
        F.segment_sum(tw.Variable(TABLE), [0.0, 2.0])


@pytest.mark.parametrize("module", [np, F], ids=["np", "F"])
@pytest.mark.parametrize(
    "name", "sum mean max min prod var std median average cumsum cumprod sort diff tile".split()
)
def test_a_list_of_variables_is_stacked_first(module, name):
    v = tw.Variable([1.0, 2.0])
    more = (2,) if name == "tile" else ()
    for several in ([v, v], [v.sum(), v.sum()], [[v, v], [v, v]]):
        with pytest.raises(TypeError, match=r"F\.stack"):
            getattr(module, name)(several, *more)


def test_norm_of_a_list_of_variables():
    for function in (np.linalg.norm, F.norm):
        with pytest.raises(TypeError, match=r"F\.stack"):
            function([tw.Variable(3.0), tw.Variable(4.0)])


def test_a_place_to_write_to_is_refused_by_name():
    x, buffer = tw.Variable(np.ones((2, 2))), np.zeros((2, 2))
    for name in "sum mean max min prod var std median cumsum cumprod trace round clip".split():
        with pytest.raises(TypeError, match=name):
            getattr(F, name)(x, out=buffer)
        if name != "round":  # which gives a plain array, and may
            with pytest.raises(TypeError, match=rf"np\.{name}"):
                getattr(np, name)(x, **({"min": 0} if name == "clip" else {}), out=buffer)
    for refused in (
        lambda: x.sum(0, None, buffer),
        lambda: x.round(1, buffer),
        lambda: np.fmod(x, 2.0, out=buffer),
        lambda: np.hypot(x, 2.0, buffer),
        lambda: np.dot(x, x, buffer),
        lambda: F.take(x, [0], 0, buffer),
        lambda: np.concatenate([x, x], 0, buffer),
        lambda: F.outer(x, x, buffer),
    ):
        with pytest.raises(TypeError, match="a graph is made of new values"):
            refused()
    assert not buffer.any()


def test_a_norm_without_a_rule_is_named():
    x = tw.Variable(TABLE)
    for order, axis in ((3, 0), (2, None), ("nuc", None), (-2, None), (0, 1), (-1, 0)):
        with pytest.raises(MissingRuleError, match=r"np\.linalg\.norm: ord=") as e:
            np.linalg.norm(x, order, axis)
        assert repr(order) in str(e.value) and "inf" in str(e.value) and "'fro'" in str(e.value)
    with pytest.raises(ShapeError, match=r"norm: .*\(5, 3, 1\)"):
        F.norm(x[..., None], 2)


def test_padding_without_a_rule_is_named():
    x = tw.Variable([1.0, 2.0])
    for mode, how in (("mean", {}), ("linear_ramp", {}), ("reflect", {"reflect_type": "odd"})):
        with pytest.raises(MissingRuleError, match=rf"np\.pad.*{mode}"):
            np.pad(x, 1, mode, **how)


def test_a_dtype_without_a_gradient_is_refused():
    x = tw.Variable([1.5, 2.5])
    for function in (F.sum, F.mean, F.prod, F.cumsum, F.cumprod, F.var):
        with pytest.raises(NonDifferentiableError, match=r"dtype=int64.*`\.data`"):
            function(x, dtype=int)
    with pytest.raises(NonDifferentiableError, match="astype: a Variable holds real numbers"):
        x.astype(complex)
    assert type(x.astype(int)) is np.ndarray and type(x.astype(bool)) is np.ndarray
    assert tw.Variable(np.array([1, 2])).astype(np.int8).dtype == np.int8


def test_what_would_write_in_place_is_refused():
    x = tw.Variable([2.0, 1.0])
    for refused in (x.sort, lambda: x.partition(1), lambda: F.nan_to_num(x, copy=False)):
        with pytest.raises(TypeError, match="a graph is made of new values"):
            refused()


def test_an_initial_value_that_is_a_variable():
    x = tw.Variable([2.0, 1.0])
    with pytest.raises(TypeError, match=r"max: `initial` is a constant.*np\.maximum"):
        F.max(x, initial=tw.Variable(0.0))
    with pytest.raises(ValueError, match=r"min: .*'initial'"):
        F.min(x, where=[True, False])


def test_a_mask_that_does_not_fit_names_the_op():
    x = tw.Variable(TABLE)
    for name in ("sum", "mean", "prod", "var", "std"):
        with pytest.raises(ShapeError, match=rf"^{name}: .*(?s:.)*test_function_errors\.py"):
            getattr(F, name)(x, where=np.ones(4, bool))


def test_one_axis_is_one_int():
    x = tw.Variable(np.ones(3))
    for name, more in (("sort", ()), ("diff", (1,)), ("repeat", (2,)), ("take", ([0],))):
        for axis in ((0,), 0.0, "0"):
            with pytest.raises(TypeError, match=rf"{name}: `axis` is one int"):
                getattr(F, name)(x, *more, axis)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: F.diff(x, -1), "diff: n is 0 or more"),
        (lambda x: F.diff(F.sum(x)), "diff: a number has no neighbours"),
        (lambda x: F.gradient(x, 1.0, 2.0, 3.0), "gradient: give one spacing"),
        (
            lambda x: F.gradient(x, [1.0, 2.0], axis=0),
            r"5 samples, but coordinates of shape \(2,\)",
        ),
        (lambda x: F.gradient(x, edge_order=3), "edge_order is 1 or 2"),
        (lambda x: F.gradient(x[:2], edge_order=2), "takes 3 or more"),
        (lambda x: F.average(x, 0, [1.0, 2.0]), r"weights of shape \(2,\)"),
        (lambda x: F.cross(x[:, :2], x[:, :2]), "cross: vectors have three components"),
        (lambda x: F.diagonal(x[0]), r"`np\.diag` makes a matrix"),
        (lambda x: F.diag(x[None]), r"`np\.diagonal` takes more axes"),
        (lambda x: F.tril(F.sum(x)), "tril and triu take matrices"),
        (lambda x: F.rot90(x, 1, (0,)), "rot90: a plane has two axes"),
        (lambda x: F.rot90(x, 1, (0, 0)), "repeated axis"),
        (lambda x: F.roll(x, [[1]], [[0]]), "roll: shift and axis"),
        (lambda x: F.pad(x, -1), "pad: pad_width holds integers"),
        (lambda x: F.pad(x, 1, constant_value=2), "takes no constant_value"),
        (lambda x: F.ravel(x, "K"), "order is 'C' or 'F'"),
        (lambda x: F.array_split(x, 0), "array_split: there are no 0 parts"),
        (lambda x: F.vsplit(x[0], 3), "vsplit: an array of 2 or more axes"),
        (lambda x: F.broadcast_arrays(x, x[:, :2]), "broadcast_arrays"),
        (lambda x: F.sort(x, order="name"), "sort: `order` names the fields"),
        (lambda x: F.clip(x, 0, 1, max=2), "clip: a_min and a_max are other names"),
        (lambda x: F.var(x, ddof=1, correction=1), "correction is another name of ddof"),
        (lambda x: F.vecdot(x, x[:, :1]), "matmul"),
        (lambda x: np.linalg.outer(x, x), "takes vectors"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=rf"(?s){message}.*test_function_errors\.py"):
        call(tw.Variable(TABLE))


def test_weights_that_add_up_to_nothing():
    with pytest.raises(ZeroDivisionError, match=r"average: the weights add up to 0(?s:.)*\.py"):
        F.average(tw.Variable(TABLE), weights=TABLE)
