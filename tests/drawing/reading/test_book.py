"""Backward as a textbook writes it: the equations that are drawn are what the rules gave."""

import ast
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.checking.cases import CASES
from tinygrad_w2v.drawing.reading.program import COPY, GIVEN, made_by
from tinygrad_w2v.drawing.reading.reader import Reader
from tinygrad_w2v.drawing.reading.text import expression
from tinygrad_w2v.functions.products import Matmul
from tinygrad_w2v.functions.reductions import Reduction

sys.path.insert(0, str(Path(__file__).parents[2] / "functions"))
from formula_values import WORDS, _Transposes


def backward_lines(v, **options):
    """The lines of the backward part without shapes."""
    text = tw.graph(v, detail="book", **options).text.split("\nbackward\n")[1]
    lines = [line.strip() for line in text.splitlines()]
    return [f"{line.split()[0]} = {line.split(' = ', 1)[1]}" for line in lines if " = " in line]


@pytest.fixture
def model():
    rng = np.random.default_rng(0)
    x = tw.Variable(rng.normal(size=(4, 3)), name="x")
    w = tw.Parameter(rng.normal(size=(3, 5)), name="w")
    b = tw.Parameter(np.zeros(5), name="b")
    h = x @ w + b
    h.name = "h"
    return h


def test_softmax_with_cross_entropy_reads_as_in_the_chapter(model):
    loss = F.cross_entropy(model, np.array([0, 1, 2, 4]))
    assert backward_lines(loss) == [
        "gL = 1",
        "gh = (y - t) / N * gL;  y = softmax(h);  t = onehot([0, 1, 2, 4]);  N = 4",
        "gh1 = gh",
        "gb = sum(gh, axis=0)",
        "gx = gh1 @ w.T",
        "gw = x.T @ gh1",
    ]
    nodes = tw.graph(loss, True, detail="book")._diagram.nodes
    boxes = {node.title: node for node in nodes if node.shape == "op" and node.backward}
    assert set(boxes) == {
        "(y - t) / N * gL", COPY, "sum(gh, axis=0)", "gh1 @ w.T", "x.T @ gh1",
    }  # fmt: skip
    assert boxes["(y - t) / N * gL"].details[:2] == ("y = softmax(h)", "t = onehot([0, 1, 2, 4])")


def test_names_are_those_of_the_graph(model):
    loss = F.cross_entropy(model, np.array([0, 1, 2, 4]))
    loss.name = "loss"
    assert "dh = (y - t) / N * dloss;" in "\n".join(backward_lines(loss, notation="dh"))
    assert "dloss/dw = x.T @ dloss/dh1" in backward_lines(loss, notation="dL/dh")


def test_a_letter_that_is_a_name_of_the_graph_has_a_prime(model):
    y = tw.Variable(np.zeros((4, 5)), name="y")
    t = tw.Variable(np.array([0, 1, 2, 4]), name="t")
    lines = backward_lines(F.cross_entropy(y + model, t))
    assert lines[1] == "gh2 = (y′ - t′) / N * gL;  y′ = softmax(h2);  t′ = onehot(t);  N = 4"


def test_an_equation_is_taken_only_where_it_holds(model):
    whole, half = (tw.Variable(np.full((4, 5), n), name="t") for n in (0.2, 0.1))
    assert "(y - t) / N" in backward_lines(F.cross_entropy(model, whole))[1]
    assert "softmax(h) * sum(t, -1) - t" in backward_lines(F.cross_entropy(model, half))[1]
    chosen = np.max(model, axis=0, where=np.ones((4, 5), bool), initial=0.0)
    assert not any("==" in line for line in backward_lines(chosen))


def test_a_sum_is_copied_to_each_and_rows_are_added_at_their_places():
    table = tw.Parameter(np.ones((7, 5)), name="w_in")
    lines = backward_lines(table[np.array([2, 0, 2])].sum())
    assert lines == ["gy = 1", "gh1 = gy", "gw_in = 0;  gw_in[[2, 0, 2]] += gh1"]
    titles = [n.title for n in tw.graph(table.sum(), True, detail="book")._diagram.nodes]
    assert "copy to each" in titles


def test_parts_are_added_as_before():
    x, y = tw.Variable(2.0, name="x"), tw.Variable(3.0, name="y")
    assert backward_lines((x + y) * y) == [
        "gz = 1",
        "gh1 = gz * y",
        "gy_1 = gz * h1",
        "gx = gh1",
        "gy_2 = gh1",
        "gy = add(gy_1, gy_2)",
    ]


class Cube(tw.Function):
    """An op of a user, without an equation."""

    def forward(self, x):
        self.save(x)
        return x**3

    def backward(self, g):
        (x,) = self.saved
        return 3 * x**2 * g


def test_an_op_without_an_equation_is_shown_by_its_ops():
    x = tw.Variable([1.0, 2.0], name="x")
    lines = backward_lines(Cube()(x) * 2.0)
    assert lines[1] == "gh1 = gy * 2"
    assert lines[-1].startswith("gx = multiply(")


def test_look_ups_are_one_box_in_this_detail_too():
    table = tw.Parameter(np.ones((7, 5)), name="w")
    total = table[np.array([0])]
    for i in range(1, 10):
        total = total + table[np.array([i % 7])]
    nodes = tw.graph(total, True, detail="book")._diagram.nodes
    titles = [node.title for node in nodes if node.shape == "op"]
    assert titles == ["rows × 10", "add × 9", "copy × 18", "(gtable[ids] += g) × 10", "add"]


# ---------------------------------------------------------------------- every op
def python_of(text):
    """An equation as an expression: small digits are powers, ``.T`` exchanges the last axes."""
    digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "**" + m[0].translate(digits), text)
    text = text.replace("′", "_prime")
    tree = ast.fix_missing_locations(_Transposes().visit(ast.parse(text, mode="eval")))
    return compile(tree, text, "eval")


def value_of(step, program, reader):
    """What the equation of a step says, with the values of the graph."""
    op = op_of(step, reader)
    known = dict(WORDS, onehot=lambda ids: np.eye(np.shape(op.inputs[0])[-1])[ids])
    known["take_along_axis"] = lambda x, ids, axis: np.take_along_axis(x, np.array(ids), axis)
    for key in step.inputs:
        value = F.to_dense(reader.data[key])
        if isinstance(op, Reduction) and key != reader.key_of(op.inputs[0]):
            kept = np.sum(op.inputs[0].data, axis=op.axis, keepdims=True).shape
            value = np.reshape(value, kept)
        known[program.values[key].name] = value
    for definition in reversed(step.parameters):
        letter, meaning = definition.split(" = ", 1)
        known[letter.replace("′", "_prime")] = eval(python_of(meaning), known)
    return eval(python_of(step.formula), known)


def op_of(step, reader):
    return next((f for f in reader.functions if f.order == step.rule_of), None)


def is_comparable(step, reader):
    """Left out: places that are added at, and arrays and slices that are not written in full."""
    op = op_of(step, reader)
    vectors = isinstance(op, Matmul) and min(np.ndim(x) for x in op.inputs) < 2
    unread = re.search(r" \+= |[<…]|None|:|\[\]", step.formula)
    return bool(step.formula) and not unread and not vectors


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_written_of_every_op_is_what_its_rule_gave(case):
    arrays = case.draw(np.random.default_rng(0))
    result = case.function(*[tw.Variable(a, name=f"x{i}") for i, a in enumerate(arrays)])
    reader = Reader(result)
    program = reader.program(True, False, False, detail="book")
    defined = {key for key, value in program.values.items() if value.kind in GIVEN}
    defined |= {program.seed, *(() if program.forward else (program.result,))}
    for step in program.steps:
        assert defined.issuperset(step.inputs)
        defined.update(made_by([step]))
        if is_comparable(step, reader):
            part = F.to_dense(reader.data[step.outputs[0]])
            with np.errstate(all="ignore"):
                said = np.asarray(value_of(step, program, reader))
            assert expression(program, step, {}).startswith(step.formula)
            # A sum leaves its axes with size 1; a gradient may be copied to each element.
            said = said.reshape(part.shape) if said.ndim > part.ndim else said
            said = np.broadcast_to(said, part.shape)
            there = np.isfinite(said)
            np.testing.assert_allclose(said[there], part[there], rtol=1e-7, atol=1e-8)
    plain = Reader(result).program(True, False, False)
    assert len(program.gradients) == len(plain.gradients)


def test_most_ops_are_compared():
    ops = set()
    for case in CASES:
        if not case.name.endswith("not contiguous"):
            arrays = case.draw(np.random.default_rng(0))
            reader = Reader(case.function(*map(tw.Variable, arrays)))
            steps = reader.program(True, False, False, detail="book").backward
            ops |= {type(op_of(s, reader)) for s in steps if is_comparable(s, reader)}
    assert len(ops) > 60
