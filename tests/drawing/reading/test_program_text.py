"""What a graph says as a program."""

import re

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError, MissingRuleError, NonDifferentiableError
from tinygrad_w2v._base.listing import Line, display_width, listing
from tinygrad_w2v.drawing.reading.reader import read
from tinygrad_w2v.nn.spans import Span


def text_lines(v, **options):
    """The lines, with runs of spaces as two."""
    return [re.sub(" {2,}", "  ", line) for line in tw.graph(v, **options).text.splitlines()]


def test_forward_and_backward_of_a_small_model():
    x = np.array([[1.0, 0.0], [0.0, 1.0]])
    w = tw.Parameter(np.ones((2, 3)), name="w")
    h = x @ w
    h.name = "h"
    loss = (h * h).sum()
    loss.name = "loss"
    assert tw.graph(loss).text == (
        "forward\n"
        "  c1     (2, 2)  constant\n"
        "  w      (2, 3)  parameter\n"
        "  h      (2, 3)  = matmul(c1, w)\n"
        "  h1     (2, 3)  = multiply(h, h)\n"
        "  loss   ()      = sum(h1)\n"
        "\n"
        "backward\n"
        "  gloss  ()      = 1\n"
        "  t1     (1, 1)  = expand_dims(gloss, (0, 1))\n"
        "  gh1    (2, 3)  = broadcast_to(t1)\n"
        "  gh_1   (2, 3)  = multiply(gh1, h)\n"
        "  gh_2   (2, 3)  = multiply(gh1, h)\n"
        "  gh     (2, 3)  = add(gh_1, gh_2)\n"
        "  gw     (2, 3)  = matmul(swapaxes(c1, -1, -2), gh)"
    )


def test_a_row_gradient_is_shown_as_rows():
    table = tw.Parameter(np.ones((7, 5)), name="w_in")
    loss = F.sum(table[np.array([2, 0, 2])])
    lines = text_lines(loss)
    assert "  h1  (3, 5)  = w_in[[2, 0, 2]]" in lines
    assert lines[-1] == "  gw_in  (7, 5) 3 rows  = scatter_rows(gh1, [2, 0, 2])"


def test_dtype_is_named_when_it_is_not_float64():
    x = tw.Variable(np.ones(2, np.float32), name="x")
    lines = text_lines(F.exp(x).sum())
    assert "  x  (2,) float32  variable" in lines
    assert any(line.startswith("  gx  (2,) float32  = multiply(") for line in lines)


def test_every_line_of_the_program_is_defined_before_it_is_read():
    rng = np.random.default_rng(0)
    w = [tw.Parameter(rng.normal(size=(4, 4)), name=f"w{i}") for i in range(3)]
    h = tw.Variable(rng.normal(size=(2, 4)), name="x")
    for each in (*w, *w):
        h = F.tanh(h @ each) + h
    program = read(h.mean(), backward=True)
    made = {key for key, value in program.values.items() if value.kind in ("parameter", "variable")}
    made |= {k for k, value in program.values.items() if value.kind in ("number", "constant")}
    made.add(program.seed)
    for step in program.steps:
        assert made.issuperset(step.inputs)
        made.update(step.outputs)
    assert made.issuperset(g for _, g in program.gradients)
    assert len({value.name for k, value in program.values.items() if value.kind != "number"}) == (
        sum(value.kind != "number" for value in program.values.values())
    )


def test_the_printed_gradient_is_the_gradient():
    """Run the listing of backward as Python and compare with `.grad`."""
    x = tw.Variable(np.array([[1.0, 2.0], [3.0, -1.0]]), name="x")
    w = tw.Variable(np.array([[0.5, -1.0, 2.0], [1.0, 0.0, 1.5]]), name="w")
    y = F.exp(F.tanh(x @ w) * 0.5) / (1.0 + F.exp(x @ w)).sum()
    known = {"x": x.data, "w": w.data, "ones": np.ones((2, 3)), "matmul": np.matmul}
    known |= {name: getattr(np, name) for name in ("exp", "tanh", "multiply", "divide", "add")}
    known |= {name: getattr(np, name) for name in ("swapaxes", "subtract", "negative", "sum")}
    known |= {"expand_dims": np.expand_dims, "reshape": lambda v: np.reshape(v, ())}
    known["add"] = lambda *terms: sum(terms)
    known["broadcast_to"] = lambda v: v
    for line in text_lines(y):
        if " = " in line:
            left, expression = line.split(" = ", 1)
            known[left.split()[0]] = eval(expression, known)
    y.backward(np.ones((2, 3)))
    np.testing.assert_allclose(known["y"], y.data)
    np.testing.assert_allclose(known["gx"], x.grad.data)
    np.testing.assert_allclose(known["gw"], w.grad.data)


def test_drawing_never_writes_grad():
    x = tw.Variable([1.0, 2.0], name="x")
    h = x * 3.0
    y = (h * h).sum()
    g = tw.graph(y, backward=True, values=True, gradients=True)
    assert g.text and g.dot
    assert x.grad is None and h.grad is None and y.grad is None
    before = x.grad = tw.Variable(np.array([5.0, 5.0]))
    assert tw.graph(y, backward=True).text
    assert x.grad is before and before.data.tolist() == [5.0, 5.0]


def test_drawing_holds_under_no_grad_and_debug():
    x = tw.Variable([1.0, 0.0], name="x")
    y = F.log(x + 1.0).sum()
    usual = tw.graph(y).text
    with tw.no_grad():
        assert tw.graph(y).text == usual
    z = F.sqrt(x).sum()  # its slope at 0 is infinite
    with tw.debug():
        assert "gx" in tw.graph(z, backward=True).text


def test_fan_out_of_one_parameter_is_one_sum():
    w = tw.Parameter(np.ones(3), name="w")
    total = w * 1.0
    for i in range(299):
        total = total + w * float(i)
    lines = text_lines(total.sum())
    sums = [line for line in lines if line.strip().startswith("gw ")]
    assert len(sums) == 1
    assert "add(gw_1, gw_2, gw_3, gw_4, gw_5, gw_6, … 293 more …, gw_300)" in sums[0]


def test_a_sum_hands_its_gradient_on():
    x, b = tw.Variable(np.ones(2), name="x"), tw.Variable(np.ones(2), name="b")
    lines = text_lines(x + b)
    assert lines[-3:] == ["  gy  (2,)  = ones", "  gx  (2,)  = gy", "  gb  (2,)  = gy"]


def test_an_output_that_was_dropped():
    x = tw.Variable(np.arange(6.0).reshape(3, 2), name="x")
    first, _, last = F.split(x, 3)
    lines = text_lines((first * last).sum())
    assert any(line.startswith("  h1, _, h2  (1, 2)  = split(x, ") for line in lines)


def test_a_graph_of_a_gradient():
    x = tw.Variable(3.0, name="x")
    y = x**3
    y.backward(create_graph=True)
    slope = x.grad
    text = tw.graph(slope).text
    assert "power(x, 3)" not in text  # the gradient does not read y
    assert "= power(x, 2)" in text
    assert text.splitlines()[-1].startswith("  gx")
    assert x.grad is slope


def test_integer_variables_have_names_and_no_gradient():
    ids = tw.Variable(np.array([1, 0]), name="ids")
    with pytest.raises(NonDifferentiableError, match="leave out"):
        tw.graph(ids, backward=True)
    text = tw.graph(ids).text
    assert "ids  (2,) int64  leaf" in text
    assert "backward: none, a value of dtype int64 has no gradient" in text


def test_no_dimensions_and_a_leaf():
    x = tw.Variable(2.0, name="x")
    assert tw.graph(x).text == "forward\n  x   ()  leaf\n\nbackward\n  gx  ()  = 1"
    assert tw.graph(x * 2.0).text.splitlines()[2] == "  y   ()  = multiply(x, 2)"


def test_an_op_without_backward_prints_forward_and_the_reason():
    class Halve(tw.Function):
        """y = x / 2"""

        def __init__(self, times):
            self.times = times

        def forward(self, x):
            return x / 2**self.times

    y = Halve(3)(tw.Variable([1.0], name="x"))
    text = tw.graph(y).text
    assert "= halve(x, 3)" in text
    assert "backward: none, backward of halve: halve has no backward rule" in text
    with pytest.raises(MissingRuleError):
        tw.graph(y, backward=True)


def test_modules_have_headings_and_qualified_names():
    model = tw.nn.Sequential(tw.nn.Linear(2, 3), tw.nn.Linear(3, 1))
    text = tw.graph(model(np.ones((4, 2), np.float32)).sum()).text
    assert "\n  Sequential:\n    layers.0:\n      " in text
    assert "  layers.1.weight " in text.split("backward")[0]
    assert "matmul(swapaxes(" in text.split("backward")[1]
    assert "\n    layers.1:\n" in text.split("backward")[1]


def test_spans_of_two_calls_are_told_apart():
    x = tw.Variable(np.ones(2), name="x")
    h = F.exp(x)
    start = h.creator.order
    h = F.tanh(h)
    h = h * 2.0
    h.creator.spans = (Span("block", start, h.creator.order + 1),)
    program = read(F.exp(h), backward=False)
    assert [[scope.name for scope in step.scope] for step in program.steps] == (
        [[], ["block"], ["block"], []]
    )


def test_collapse_prints_a_module_as_one_line():
    model = tw.nn.Sequential(tw.nn.Linear(2, 3), tw.nn.Linear(3, 1))
    y = model(tw.Variable(np.ones((4, 2), np.float32), name="x")).sum()
    lines = text_lines(y, collapse="layers.0")
    assert any("= layers.0(x, layers.0.weight, layers.0.bias)" in line for line in lines)
    assert any("= layers.0.backward(" in line for line in lines)
    with pytest.raises(InputError, match=r"'layer'.*Sequential, layers\.0, layers\.1"):
        tw.graph(y, collapse="layer")


def test_names_are_printed_on_one_line_and_aligned():
    x = tw.Variable(np.ones(2), name="two\nlines")
    w = tw.Variable(np.ones(2), name="重み")
    lines = tw.graph(x * w).text.splitlines()
    assert lines[1] == "  two\\nlines   (2,)  variable"
    columns = {display_width(line[: line.index("(2,)")]) for line in lines if "(2,)" in line}
    assert len(columns) == 1


def test_values_stand_behind_the_lines():
    x = tw.Variable([1.0, 2.0], name="x")
    lines = text_lines((x * 3.0).sum(), values=True)
    assert lines[1] == "  x  (2,)  variable  # [1, 2]"
    assert any(line.endswith("# 9") for line in lines)


def test_listing_aligns_and_keeps_headings():
    lines = [Line("part"), Line("a", "(1,)", "f()", depth=1), Line("bcd", "()", "g(a)", "ok", 2)]
    assert listing(lines) == "part\n  a      (1,)  = f()\n    bcd  ()    = g(a)  # ok"


def test_wrong_arguments():
    with pytest.raises(TypeError, match="not list"):
        tw.graph([1.0])
    x = tw.Variable(1.0)
    for options, message in (
        ({"direction": "up"}, "direction"),
        ({"max_nodes": 0}, "max_nodes"),
        ({"timeout": 0}, "timeout"),
        ({"collapse": "x"}, "only calls of a Module"),
    ):
        with pytest.raises(InputError, match=message):
            tw.graph(x, **options)


def test_long_chains_are_printed_without_recursion():
    x = tw.Variable(np.ones((2, 3)), name="x")
    y = x
    for _ in range(1500):
        y = F.exp(y.T * 0.0)
    z = x
    for _ in range(3000):
        z = z.T
    assert tw.graph(y).text.count(" = exp(") == 1500
    assert tw.graph(z).text.count("transpose(") == 6000


def test_ids_with_a_name_are_shown_by_it() -> None:
    table = tw.Variable(np.ones((5, 3)), name="table")
    ids, targets = (tw.Variable(np.array([0, 1]), name=name) for name in ("contexts", "targets"))
    text = tw.graph(F.cross_entropy(table[ids], targets)).text
    assert "table[contexts]" in text and "cross_entropy(h1, targets)" in text
    assert "table[contexts]" in tw.graph(F.embedding(table, ids).sum()).text
    assert "take(table, contexts, 1)" in tw.graph(F.take(table, ids, axis=1).sum()).text


def test_values_are_called_as_the_users_variables() -> None:
    x, w = tw.Variable(np.ones((1, 2)), name="x"), tw.Variable(np.ones((2, 2)), name="w")
    with tw.debug():
        h = x @ w
        for _ in range(2):
            h = F.tanh(h) * 2.0
        first, second = F.split(h, 2, axis=1)
        scores = first + second
        scores.name = "s"
        loss = (scores * 1.0).sum()
    text = tw.graph(loss).text
    assert [line.split()[0] for line in text.split("backward")[0].splitlines()[1:] if line] == [
        "x", "w", "h", "h1", "h_2", "h2", "h_3", "first,", "s", "h3", "loss",
    ]  # fmt: skip
    assert "gloss " in text and "gh_2 " in text and "gfirst " in text


def test_of_several_values_of_one_variable_the_result_has_its_name() -> None:
    x = tw.Variable(2.0, name="x")
    with tw.debug():
        total = x * 1.0
        for _ in range(2):
            total = total + x
    assert text_lines(total)[1:5] == [
        "  x  ()  variable",
        "  total_2  ()  = multiply(x, 1)",
        "  total_3  ()  = add(total_2, x)",
        "  total  ()  = add(total_3, x)",
    ]


def test_the_result_of_a_model_is_called_as_the_users_variable() -> None:
    model = tw.nn.Linear(2, 1)
    with tw.debug():
        out = model(np.ones((4, 2), np.float32))
    assert "\n    out " in tw.graph(out).text
    without = model(np.ones((4, 2), np.float32))
    assert "\n    y " in tw.graph(without).text
