"""The backward part of a drawing: copies, parts and sums are those of the gradient."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.checking.cases import CASES
from tinygrad_w2v.drawing.reading.program import COPY, GIVEN, SUM
from tinygrad_w2v.drawing.reading.reader import Reader
from tinygrad_w2v.drawing.reading.text import lines_of


def backward_lines(v, **options):
    """The lines of the backward part, each without its shape."""
    text = tw.graph(v, **options).text.split("\nbackward\n")[1]
    lines = [line.strip() for line in text.splitlines()]
    return [f"{line.split()[0]} = {line.split(' = ', 1)[1]}" for line in lines if " = " in line]


def picture_of(v, backward=True, **options):
    """The names of values and ops along the edges of the backward part."""
    diagram = tw.graph(v, backward, **options)._diagram
    titles = {node.key: node.title for node in diagram.nodes if node.backward}
    return sorted((titles[e.tail], titles[e.head]) for e in diagram.edges if e.tail in titles)


@pytest.fixture
def variables():
    return [tw.Variable([1.0, 2.0], name=name) for name in "abc"]


def test_an_addition_is_shown_handing_its_gradient_on(variables):
    a, b, _ = variables
    s = a + b
    s.name = "s"
    assert backward_lines(s) == ["gs = ones", "ga = gs", "gb = gs"]
    assert picture_of(s) == [("copy", "ga"), ("copy", "gb"), ("gs", "copy"), ("gs", "copy")]
    dot = tw.graph(s, backward=True).dot
    assert dot.count("<B>copy</B>") == 2
    assert all(f"<B>{name}</B>" in dot for name in ("ga", "gb"))


def test_the_parts_of_what_is_used_twice_are_added():
    x, y = tw.Variable(2.0, name="x"), tw.Variable(3.0, name="y")
    z = (x + y) * y
    assert backward_lines(z) == [
        "gz = 1",
        "gh1 = multiply(gz, y)",
        "gy_1 = multiply(gz, h1)",
        "gx = gh1",
        "gy_2 = gh1",
        "gy = add(gy_1, gy_2)",
    ]
    edges = picture_of(z)
    assert {("copy", "gx"), ("copy", "gy_2"), ("gh1", "copy")} <= set(edges)
    assert {("gy_1", "add"), ("gy_2", "add"), ("add", "gy")} <= set(edges)


class Doubled(tw.Function):
    """z = 2 x + 2 y, whose rule gives both the same."""

    def forward(self, x, y):
        return 2 * x + 2 * y

    def backward(self, g):
        half = 2 * g
        return half, half


class Same(tw.Function):
    """y = x"""

    def forward(self, x):
        return x * 1

    def backward(self, g):
        return g


class Swapped(tw.Function):
    """z = x y, whose rule gives an input as it is."""

    def forward(self, x, y):
        self.save(x, y)
        return x * y

    def backward(self, g):
        x, y = self.saved
        return y, x


class OnArrays(tw.Function):
    """y = 3 x, whose rule computes outside of the graph."""

    def forward(self, x):
        return 3 * x

    def backward(self, g):
        return np.full(g.shape, 3.0)


class Unchanged(tw.Module):
    def forward(self, x):
        return x


def test_siblings_of_addition(variables):
    a, b, c = variables
    assert backward_lines(F.positive(a) * 2.0) == ["gy = ones", "gh1 = multiply(gy, 2)", "ga = gh1"]
    assert backward_lines(a - b) == ["gy = ones", "gb = negative(gy)", "ga = gy"]
    assert backward_lines(a + a) == ["gy = ones", "ga_1 = gy", "ga_2 = gy", "ga = add(ga_1, ga_2)"]
    assert backward_lines(a + 1.0) == ["gy = ones", "ga = gy"]
    assert backward_lines(a + b + c) == ["gy = ones", "gh1 = gy", "gc = gy", "ga = gh1", "gb = gh1"]
    assert backward_lines(a.reshape(2, 1)) == ["gy = ones", "ga = reshape(gy)"]
    assert backward_lines(F.stop_gradient(a) + b) == ["gy = ones", "gb = gy"]
    assert backward_lines(a.sum() + b.sum())[1:3] == ["gh1 = gy", "gh2 = gy"]
    assert backward_lines(a + b.sum()) == [
        "gy = ones",
        "t1 = sum(gy, axis=(0,))",
        "gh1 = reshape(t1)",
        "ga = gy",
        "t2 = expand_dims(gh1, (0,))",
        "gb = broadcast_to(t2)",
    ]


def test_ops_and_modules_that_return_their_input(variables):
    a, b, _ = variables
    dropout = tw.nn.Dropout(0.5)
    dropout.eval()
    for model in (Unchanged(), dropout):
        assert backward_lines(model(a)) == ["ga = ones"]
        assert backward_lines(model(a) + b) == ["gy = ones", "ga = gy", "gb = gy"]
    assert backward_lines(a) == ["ga = ones"]
    assert [node.title for node in tw.graph(a, backward=True)._diagram.nodes] == ["a", "ga"]


def test_rules_of_users(variables):
    a, b, _ = variables
    assert backward_lines(Same()(a)) == ["gy = ones", "ga = gy"]
    assert backward_lines(Doubled()(a, b)) == ["gy = ones", "ga = multiply(2, gy)", "gb = ga"]
    assert backward_lines(Swapped()(a, b)) == ["gy = ones", "ga = b", "gb = a"]
    assert backward_lines(OnArrays()(a) + b)[-1] == "ga = on_arrays.backward(gh1, a)"


def test_what_reaches_no_leaf_is_not_drawn(variables):
    a, b, _ = variables
    h = a * b
    lines = backward_lines(F.stop_gradient(h * 2.0) * a)
    assert lines == ["gy = ones", "ga = multiply(gy, h3)"]


def test_a_row_gradient_of_what_was_computed_is_made_dense_where_it_is_read():
    table = tw.Parameter(np.ones((7, 5)), name="table")
    h = table * 2.0
    lines = backward_lines(h[[1, 2]].sum() + h[[1]].sum())
    assert lines[-3:] == [
        "gh1 = add(gh1_1, gh1_2)",
        "t3 = to_dense(gh1)",
        "gtable = multiply(t3, 2)",
    ]


def test_a_line_of_a_sum_is_about_the_value_whose_gradient_it_is():
    x = tw.Variable(2.0, name="x")
    program = Reader(x * x).program(True, False, False)
    (line,) = [line for line in lines_of(program) if line.name == "gx"]
    assert program.values[line.about.value].name == "x"


def test_outputs_that_are_given_the_same_have_gradients_of_their_own(variables):
    first, second = F.split(variables[0], 2)
    lines = backward_lines(first + second)
    assert lines == ["gy = ones", "gh1 = gy", "gh2 = gy", "ga = concatenate(gh1, gh2)"]


# ---------------------------------------------------------------------- every op
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_drawn_of_every_op_is_its_gradient(case):
    arrays = case.draw(np.random.default_rng(0))
    leaves = [tw.Variable(array, name=f"x{i}") for i, array in enumerate(arrays)]
    result = case.function(*leaves)
    reader = Reader(result)
    program = reader.program(True, False, False)
    defined = {key for key, value in program.values.items() if value.kind in GIVEN}
    defined |= {program.seed} | ({program.result} if not program.forward else set())
    for step in program.steps:
        assert defined.issuperset(step.inputs)
        defined.update(key for key in step.outputs if key is not None)
    result.backward(np.ones(result.shape))
    found = {reader.leaves[key].name: reader.data[g] for key, g in program.gradients}
    for leaf in leaves:
        if leaf.grad is not None:
            drawn, expected = found[leaf.name], leaf.grad.data
            np.testing.assert_allclose(F.to_dense(drawn), F.to_dense(expected), rtol=1e-12)
    for step in program.backward:
        if step.label == COPY:
            source, made = (reader.data[key] for key in (step.inputs[0], step.outputs[0]))
            np.testing.assert_array_equal(F.to_dense(source), F.to_dense(made))


OPS = (
    lambda x, y: x + y,
    lambda x, y: x * y,
    lambda x, y: x - y,
    lambda x, y: F.tanh(x),
    lambda x, y: x @ y,
    lambda x, y: +x,
    lambda x, y: x.sum(axis=0) * y,
    lambda x, y: F.concatenate(F.split(x, 2, axis=1)[::-1], axis=1),
    lambda x, y: x[np.array([1, 0])],
    lambda x, y: F.stop_gradient(x) * y,
    lambda x, y: x.T,
)


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(["ops", "book"]))
def test_what_is_drawn_of_any_graph_is_its_gradient(data, detail):
    rng = np.random.default_rng(0)
    leaves = [tw.Variable(rng.normal(size=(2, 2)), name=name) for name in "ab"]
    pool = list(leaves)
    for _ in range(data.draw(st.integers(1, 12))):
        x, y = (data.draw(st.sampled_from(pool)) for _ in range(2))
        pool.append(data.draw(st.sampled_from(OPS))(x, y))
    result = pool[-1]
    reader = Reader(result)
    program = reader.program(True, False, False, detail=detail)
    found = {reader.leaves[key].name: reader.data[g] for key, g in program.gradients}
    made = {key: step for step in program.backward for key in step.outputs}
    for total, step in made.items():
        if step.label == SUM and step.rule_of < 0:
            parts = sum(F.to_dense(reader.data[part]) for part in step.inputs)
            np.testing.assert_allclose(F.to_dense(reader.data[total]), parts, rtol=1e-12)
    seed = np.ones((2, 2))
    if any(leaf.name in found for leaf in leaves):
        result.backward(seed)
    for leaf in leaves:
        if leaf.grad is not None:
            expected = F.to_dense(leaf.grad.data)
            np.testing.assert_allclose(F.to_dense(found[leaf.name]), expected, rtol=1e-9)
