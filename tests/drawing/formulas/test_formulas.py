"""Docstrings become equations whose letters are known; what is no formula becomes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.drawing.formulas.definitions import defined
from tinygrad_w2v.drawing.formulas.equations import Rule, Token
from tinygrad_w2v.drawing.formulas.notes import note_in
from tinygrad_w2v.drawing.formulas.rule import OF_BATCHES, OF_VECTORS, parameters_in, rule_of
from tinygrad_w2v.drawing.options import Detail
from tinygrad_w2v.drawing.reading.reader import read


def rule(v: Any, detail: Detail = "ops") -> Rule:
    found = rule_of(v.creator, detail)
    assert found is not None
    return found


def variable(*shape: int, name: str | None = None) -> tw.Variable:
    return tw.Variable(np.arange(1.0, 1 + np.prod(shape)).reshape(shape), name=name)


def roles(token: Token) -> str:
    return f"{token.role}{token.position}"


def texts(rule: Rule) -> list[str | None]:
    return [formula and formula.written(lambda token: token.text) for formula in rule.backward]


# ---------------------------------------------------------------------- letters
def test_letters_are_inputs_outputs_and_gradients() -> None:
    found = rule(variable(2) * variable(2))
    assert found.forward.written(roles) == "output0 = input0 * input1"
    assert [f.written(roles) for f in found.backward if f] == [
        "input_gradient0 = gradient0 * input1",
        "input_gradient1 = gradient0 * input0",
    ]


def test_attributes_are_letters_and_functions_and_arguments_are_not() -> None:
    found = rule(F.leaky_relu(variable(2), 0.25))
    assert (
        found.forward.written(roles) == "output0 = where(input0 > 0, input0, parameter0 * input0)"
    )
    assert {t.text for t in found.forward.tokens if t.role == "parameter"} == {"negative_slope"}
    shaped = rule(F.reshape(variable(2, 3), (3, 2)))
    assert shaped.forward.written(roles) == "output0 = reshape(input0, parameter0)"
    assert texts(shaped) == ["gx = reshape(g, x.shape)"]  # which is no attribute of the op


def test_notes_and_definitions_stand_apart() -> None:
    found = rule(F.std(variable(4)))
    assert found.note == "0 where all are equal"
    assert [f.source for f in found.definitions] == ["m = mean(x, axis)", "n = count - ddof"]
    assert texts(found) == ["gx = g * (x - m) / (n * y)"]


def test_definitions_are_read_where_they_stand_in_the_line() -> None:
    found = rule(F.sinc(variable(2)))
    assert [f.written(roles) for f in found.definitions] == ["u = pi * input0"]
    assert found.forward.written(roles) == "output0 = sin(u) / u"


def test_any_number_of_inputs() -> None:
    found = rule(F.concatenate([variable(2), variable(1), variable(3)]))
    assert found.forward.written(roles) == (
        "output0 = concatenate((input0, input1, input2), parameter0)"
    )
    assert found.backward[2] is not None
    assert found.backward[2].written(roles) == (
        "input_gradient2 = split(gradient0, parameter0, parameter0)[2]"
    )
    assert rule(F.concatenate([variable(2)])).forward.source == "z = concatenate((xs[0],), axis)"
    many = rule(F.stack([variable(2)] * 300))
    assert many.forward.source == "z = stack((xs[0], xs[1], xs[2], ..., xs[299]), axis)"
    assert len(many.backward) == 300
    assert rule(F.einsum("i,i->", variable(2), variable(2))).forward.source == (
        "z = einsum(subscripts, xs[0], xs[1])"
    )


def test_several_outputs() -> None:
    found = rule(F.split(variable(4), 2)[1])
    assert found.forward.written(roles) == (
        "(output0, output1) = split(input0, parameter0, parameter0)"
    )
    assert found.backward[0] is not None
    assert found.backward[0].written(roles).endswith("+= (gradient0, gradient1)")


def test_a_selection_on_the_left() -> None:
    found = rule(F.embedding(variable(3, 2), [0, 2]))
    (look_up,) = found.backward
    assert look_up is not None
    left, sign, right = look_up.sides
    assert [t.role for t in left] == ["input_gradient", "text", "parameter", "text"]
    assert (sign, [t.role for t in right]) == ("+=", ["gradient"])
    assert not look_up.is_copy


def test_addition_passes_its_gradient_on_and_a_difference_negates_one() -> None:
    def copies(v: Any, detail: Detail = "ops") -> list[bool]:
        return [bool(f and f.is_copy) for f in rule(v, detail).backward]

    x, y = variable(2), variable(2)
    assert copies(x + y) == [True, True]
    assert copies(x - y) == [True, False]
    assert copies(x * y) == [False, False]
    assert copies(F.sum(x)) == [False]
    assert copies(F.sum(x), "book") == [True]
    assert rule(F.stop_gradient(x)).backward == (None,)


# ---------------------------------------------------------------------- the chapter's form
def test_the_book_subtracts_what_is_true_from_what_the_model_says() -> None:
    logits, ids = variable(2, 3), np.array([0, 2])
    found = rule(F.cross_entropy(logits, ids), "book")
    names = {"gx": "ds", "x": "scores", "g": "dL", "ids": "target"}
    (backward,) = found.backward
    assert backward is not None
    assert backward.written(lambda t: names[t.text]) == "ds = (y - t) / N * dL"
    assert [f.written(lambda t: names[t.text]) for f in found.definitions] == [
        "y = softmax(scores)",
        "t = onehot(target)",
        "N = target.size",
    ]
    for loss in (
        F.cross_entropy(logits, np.eye(3)[ids]),
        F.sigmoid_cross_entropy(logits, np.ones((2, 3))),
    ):
        assert "(y - t) / N" in (texts(rule(loss, "book"))[0] or "")


def test_a_form_that_does_not_hold_is_not_given() -> None:
    logits = variable(2, 3)
    halves = rule(F.cross_entropy(logits, np.full((2, 3), 0.5)), "book")
    assert texts(halves)[0] == "gx = g * (softmax(x) * sum(t, -1) - t) / n"
    x = variable(3)
    assert rule(F.max(x)).note == "equal ones share"
    for of_some in (F.max(x, initial=2.0), F.min(x, initial=9.0, where=[True, False, True])):
        assert rule_of(of_some.creator) is None
        assert read(of_some, False).forward[-1].tooltip in ("max", "min")


def test_letters_of_a_rule_are_told_from_names_of_the_graph() -> None:
    loss = F.cross_entropy(variable(2, 3, name="y"), [0, 2])
    assert rule(loss, "book").made == "L"
    (backward,) = rule(loss, "book").apart_from({"y", "t", "t′"}).backward
    assert backward is not None
    assert backward.source == "gx = (y′ - t′′) / N * g"
    assert rule(loss, "book").apart_from({"x", "gx", "L"}) == rule(loss, "book")
    tooltip = read_tooltip(loss)
    assert "gy = (y′ - t) / N * gL" in tooltip
    assert "y′ = softmax(y)" in tooltip
    unnamed = read_tooltip(F.cross_entropy(variable(2, 3), [0, 2]))
    assert "L = -sum(t * log(y)) / N;  gx1 = (y - t) / N * gL" in unnamed


def read_tooltip(v: Any) -> str:
    return read(v, False, detail="book").forward[-1].tooltip


def test_an_op_without_a_form_of_the_book_keeps_its_own() -> None:
    z = variable(2, 3) @ variable(3, 2)
    assert rule(z, "book") == rule(z)
    assert texts(rule(z)) == ["gx = g @ y.T", "gy = x.T @ g"]


def test_another_detail_is_refused() -> None:
    with pytest.raises(InputError, match="detail must be 'ops' or 'book', not 'all'"):
        rule_of((variable(2) * 2).creator, "all")  # type: ignore[arg-type]


# ---------------------------------------------------------------------- writing
def test_powers_are_small_digits_and_negative_names_stand_in_brackets() -> None:
    squared = rule(F.square(variable(2)))
    assert squared.forward.written(lambda t: {"y": "k", "x": "h1"}[t.text]) == "k = h1²"
    power = rule(variable(2) ** 3)
    named = {"y": "k", "x": "h", "gx": "gh", "g": "gk", "exponent": "3", "lower": "2"}
    assert power.forward.written(lambda t: named[t.text]) == "k = h³"
    assert power.backward[0] is not None
    assert power.backward[0].written(lambda t: named[t.text]) == "gh = gk * 3 * h²"
    named |= {"exponent": "2", "lower": "1"}
    assert power.backward[0].written(lambda t: named[t.text]) == "gh = gk * 2 * h"
    named |= {"exponent": "0.5", "lower": "-0.5"}
    assert power.backward[0].written(lambda t: named[t.text]) == "gh = gk * 0.5 * h**(-0.5)"
    product = rule(variable(2) * -3.0)
    assert product.forward.written(lambda t: {"y": "-3"}.get(t.text, t.text)) == "z = x * (-3)"


# ---------------------------------------------------------------------- ops of a user
class Layer(Function):
    """y = x @ W;  dx = dout @ W.T,  dW = x.T @ dout"""

    def forward(self, x: Any, W: Any) -> Any:
        self.save(x, W)
        return x @ W

    def backward(self, dout: Any) -> Any:
        x, W = self.saved
        return dout @ W.T, x.T @ dout


def test_a_negative_number_is_squared_with_its_sign() -> None:
    z = (-2.0) ** variable(2, name="x")
    assert rule(z).forward.written(lambda token: {"x": "-2", "y": "x"}.get(token.text, "z")) == (
        "z = (-2)**x"
    )


def test_a_product_of_matrices_has_no_remark_on_vectors() -> None:
    notes = [
        rule(variable(*left) @ variable(*right)).note
        for left, right in [((2, 3), (3, 2)), ((3,), (3, 2)), ((4, 2, 3), (3, 2))]
    ]
    assert notes == ["", OF_VECTORS, OF_BATCHES]


def test_a_step_has_the_definitions_that_it_needs() -> None:
    larger = rule(F.maximum(variable(2), variable(2)))
    assert larger.definitions_for(larger.forward) == ()
    assert larger.definitions_for(*larger.backward) == (0,)
    loss = rule(F.cross_entropy(variable(2, 3), np.array([0, 2])), "book")
    left = [loss.definitions[i].sides[0][0].text for i in loss.definitions_for(*loss.backward)]
    assert left == ["y", "t", "N"]


def test_a_last_argument_that_is_none_is_left_out() -> None:
    x = variable(2, 3, name="x")
    for z, text in [(x.sum(), "z = sum(x)"), (x.sum(axis=0), "z = sum(x, 0)")]:
        names = {"y": "z", "axis": str(z.creator.axis)}
        assert rule(z).forward.written(lambda t, n=names: n.get(t.text, t.text)) == text


def test_what_was_broadcast_is_summed() -> None:
    formula = rule(variable(2) + variable(3, 2)).backward[0]
    assert formula is not None
    assert formula.summed((0,)).source == "gx = sum(g, axis=0)"
    assert formula.summed((0, 2)).source == "gx = sum(g, axis=(0, 2))"
    assert not formula.summed((0,)).is_copy


def test_the_books_letters_are_understood() -> None:
    found = rule(Layer()(variable(2, 3), variable(3, 2)))
    assert [f.written(roles) for f in found.backward if f] == [
        "input_gradient0 = gradient0 @ input1.T",
        "input_gradient1 = input0.T @ gradient0",
    ]


def test_the_gradient_may_be_named_after_the_output() -> None:
    class Twice(Function):
        """y = 2 * x;  gx = 2 * gy"""

        def forward(self, x: Any) -> Any:
            return 2 * x

        def backward(self, upstream: Any) -> Any:
            return 2 * upstream

    assert [f.written(roles) for f in rule(Twice()(variable(2))).backward if f] == [
        "input_gradient0 = 2 * gradient0"
    ]


def test_a_rule_in_words_has_its_letters_too() -> None:
    class Worst(Function):
        """y = the largest x;  gx = g at its place, 0 elsewhere"""

        def forward(self, x: Any) -> Any:
            return x.max()

    found = rule(Worst()(variable(2)))
    assert found.forward.written(roles) == "output0 = the largest input0"
    assert [f.written(roles) for f in found.backward if f] == [
        "input_gradient0 = gradient0 at its place, 0 elsewhere"
    ]


class Plain(Function):
    def forward(self, x: Any) -> Any:
        return x

    def backward(self, g: Any) -> Any:
        return g


@pytest.mark.parametrize(
    "doc",
    [
        None,
        "",
        "Passes x on.",
        "Return the value of x where x == y.",
        "Scale: the result = x times two.",
        "x = x + 1;  gx = g",
        "= x",
        "y =",
        "y <= x;  gx = g",
        "y = x" + " + x" * 1000,
        ("y", "x"),
    ],
)
def test_what_is_no_formula_is_none(doc: Any) -> None:
    kind = type("Mine", (Plain,), {"__doc__": doc})
    assert rule_of(kind()(variable(2)).creator) is None


def test_the_docstring_of_a_base_is_not_that_of_the_op() -> None:
    class Mine(F.arithmetic.Multiply):  # type: ignore[name-defined,misc]
        def forward(self, x: Any, y: Any) -> Any:
            return super().forward(x, y) * 2

    assert rule_of(Mine()(variable(2), variable(2)).creator) is None


def test_an_attribute_that_raises_is_not_asked() -> None:
    class Mine(Plain):
        """y = x / scale;  gx = g / scale"""

        @property
        def scale(self) -> float:
            raise RuntimeError("not yet")

    found = rule_of(Mine())
    assert found is not None
    assert parameters_in(found, Mine()) == {}


def test_what_attributes_hold_is_told_also_of_properties() -> None:
    x = variable(3)
    assert parameters_in(rule(F.mean(x)), F.mean(x).creator) == {"axis": None, "count": 3}
    dropped = F.dropout(x, 0.5, np.random.default_rng(0))
    values = parameters_in(rule(dropped), dropped.creator)
    assert (values["p"], values["kept"].tolist()) == (0.5, [True, False, False])


def test_notes_are_translated_where_they_are_known() -> None:
    assert note_in("ja", rule(abs(variable(1))).note) == "0 では 0"
    assert note_in("en", "0 at 0") == "0 at 0"
    assert note_in("ja", "a note of one's own") == "a note of one's own"
    with pytest.raises(InputError, match="lang must be"):
        note_in("fr", "0 at 0")  # type: ignore[arg-type]


def test_inputs_that_are_left_out_are_no_letters() -> None:
    class Line(Function):
        """y = x * a + b;  gx = g * a,  ga = g * x,  gb = g"""

        def forward(self, x: Any, a: Any, b: Any = 0) -> Any:
            self.save(x, a)
            return x * a + b

        def backward(self, g: Any) -> Any:
            x, a = self.saved
            return g * a, g * x

    y = Line()(variable(2), variable(2))
    found = rule(y)
    assert found.forward.written(roles) == "output0 = input0 * input1 + b"
    assert len(found.backward) == 2
    assert "y = x1 * x2 + b" in tw.graph(y).dot


def test_outputs_that_there_are_not_are_no_letters() -> None:
    class Pair(Plain):
        """y, z = x;  gx = gz"""

    found = rule(Pair()(variable(2)))
    assert found.forward.written(roles) == "output0, z = input0"
    assert texts(found) == ["gx = gz"]


def test_rules_follow_the_docstring() -> None:
    class Mine(Plain):
        """y = x;  gx = g"""

    assert texts(rule(Mine()(variable(2)))) == ["gx = g"]
    Mine.__doc__ = "y = x;  gx = 2 * g"
    assert texts(rule(Mine()(variable(2)))) == ["gx = 2 * g"]


LETTERS = st.text(st.sampled_from("yxg =+,;()[]*-.\n'\"\\é{}<>&ids0"), max_size=60)


@given(LETTERS)
@example("y = x;  gx = g   (((")
@example("y[ = x")
@example("y = x;  gx] = g")
@example("(y) = x;;;, = ,=")
def test_no_docstring_makes_an_error(doc: str) -> None:
    op = type("Mine", (Plain,), {"__doc__": doc})()
    for detail in ("ops", "book"):
        found = rule_of(op, detail)  # type: ignore[arg-type]
        if found is not None:
            assert len(found.backward) == 1
            for formula in (found.forward, *found.definitions, *filter(None, found.backward)):
                assert len(formula.sides) == 3
                formula.written(lambda token: token.text)


def test_an_axis_that_is_none_is_left_out_where_none_is_what_the_function_takes_anyway() -> None:
    y = F.logsumexp(variable(2, 3, name="x"), axis=None)
    found = rule_of(y.creator)
    assert found is not None and found.backward[0] is not None
    names = parameters_in(found, y.creator)
    written = [
        formula.written(lambda token: str(names.get(token.text, token.text)))
        for formula in (found.forward, found.backward[0])
    ]
    assert written == ["y = log(sum(exp(x)))", "gx = g * softmax(x, None)"]


def test_the_targets_of_a_large_vocabulary_take_no_more_room_than_its_scores() -> None:
    op = F.cross_entropy(variable(2, 50_000), np.array([3, 49_999])).creator
    found = rule_of(op, "book")
    assert found is not None
    t = defined(found, op)["t"]
    assert t.shape == (2, 50_000) and t.sum() == 2 and t[1, -1] == 1
