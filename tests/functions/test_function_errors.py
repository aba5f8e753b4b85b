"""Wrong use is met with the op's name, the shapes and the remedy."""

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError, MissingRuleError, ShapeError
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


def test_clip_with_a_variable_bound():
    with pytest.raises(TypeError, match=r"np\.minimum"):
        F.clip(tw.Variable(TABLE), 0.0, tw.Variable(1.0))


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_dropout_with_no_probability(p):
    with pytest.raises(InputError, match="dropout"):
        F.dropout(tw.Variable(TABLE), p, np.random.default_rng(0))


def test_arguments_that_an_op_does_not_take():
    with pytest.raises(MissingRuleError, match=r"np\.var"):
        np.var(tw.Variable(TABLE), where=TABLE > 0)


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
