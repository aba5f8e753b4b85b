"""Repeated structures as one box: what is drawn is true."""

from collections import Counter
from itertools import chain

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.drawing.reading.grouping import ALIKE, grouped
from tinygrad_w2v.drawing.reading.program import GIVEN, made_by
from tinygrad_w2v.drawing.reading.reader import read


def labels(v, backward=False, **options):
    """The titles of the boxes, forward and then backward."""
    nodes = tw.graph(v, backward, **options)._diagram.nodes
    return [node.title for node in nodes if node.shape == "op"]


def look_ups(count, table=None):
    table = tw.Parameter(np.ones((7, 5)), name="w") if table is None else table
    total = table[np.array([0])]
    for i in range(1, count):
        total = total + table[np.array([i % 7])]
    return total


def ops_in(box, program):
    """The steps of a program that a box, or a step, of its grouped form stands for."""
    if box.inside:
        return [op for inner in box.inside for op in ops_in(inner, program)]
    found = [
        step
        for step in program.steps
        if (step.number == box.number if box.number >= 0 else step.outputs == box.outputs)
    ]
    assert len(found) == 1 and found[0].label == box.label
    return found


def check_that_it_is_true(program):
    """A grouped program has all ops, no cycle, and just the edges of the program."""
    small = grouped(program)
    ops = [ops_in(box, program) for box in small.steps]
    assert sorted(map(id, chain.from_iterable(ops))) == sorted(map(id, program.steps))
    for part, whole in ((small.forward, program.forward), (small.backward, program.backward)):
        assert {id(op) for box in part for op in ops_in(box, program)} == set(map(id, whole))
    defined = {key for key, value in small.values.items() if value.kind in GIVEN}
    defined |= {small.seed, *(() if small.forward else (small.result,))}
    for step in small.steps:
        assert defined.issuperset(step.inputs)
        defined.update(made_by([step]))
    assert defined.issuperset([small.result, *(g for _, g in small.gradients)])
    box_of = {key: number for number, of in enumerate(ops) for key in made_by(of)}
    drawn_in = {key: number for number, box in enumerate(small.steps) for key in made_by([box])}
    for number, box in enumerate(small.steps):
        shown, true = Counter(), Counter()
        for key in set(box.inputs):
            if key in drawn_in:
                value = small.values[key]
                count = int(value.type.split(" ×")[0]) if value.kind == "bundle" else 1
                shown[drawn_in[key]] += count
        for key in {key for op in ops[number] for key in op.inputs}:
            if key in box_of and box_of[key] != number:
                true[box_of[key]] += 1
        assert shown == true
    return small


# ---------------------------------------------------------------------- what is drawn
def test_ten_look_ups_are_one_box_and_their_sum_another():
    total = look_ups(10)
    assert labels(total) == ["rows × 10", "add × 9"]
    assert labels(total, backward=True)[2:] == ["copy × 18", "scatter_rows × 10", "add"]
    assert labels(total, group=False).count("rows") == 10
    assert tw.graph(total).text.count("w[[") == 10  # the text lists all


def test_few_are_drawn_one_by_one():
    assert labels(look_ups(ALIKE)).count("rows") == ALIKE
    assert labels(look_ups(ALIKE + 1)) == [f"rows × {ALIKE + 1}", f"add × {ALIKE}"]


def test_a_box_says_what_it_holds():
    g = tw.graph(look_ups(10))
    program = grouped(g._program)
    rows, adds = program.forward
    assert [len(rows.inside), len(adds.inside)] == [10, 9]
    (bundle,) = rows.outputs
    assert program.values[bundle].name == "h1 … h18"
    assert program.values[bundle].type == "10 × (1, 5)"
    assert adds.inputs == (bundle,)


def test_what_is_used_otherwise_is_not_in_the_box():
    table = tw.Parameter(np.ones((7, 5)), name="w")
    rows = [table[np.array([i])] for i in range(6)]
    first, *others = rows
    total = F.exp(first)
    for row in others:
        total = total + row
    assert sorted(labels(total)) == ["add × 5", "exp", "rows", "rows × 5"]
    check_that_it_is_true(read(total, True))


def test_two_tables_and_two_sums_are_kept_apart():
    tables = [tw.Parameter(np.ones((7, 5)), name=name) for name in ("w_in", "w_out")]
    product = look_ups(6, tables[0]) * look_ups(6, tables[1])
    assert labels(product).count("rows × 6") == 2
    assert labels(product).count("add × 5") == 2
    check_that_it_is_true(read(product, True))


def test_named_leaves_are_drawn_each():
    prices = [tw.Variable(float(i + 1), name=f"price{i}") for i in range(6)]
    total = prices[0] * 2.0
    for price in prices[1:]:
        total = total + price * 2.0
    assert labels(total).count("multiply") == 6


def test_calls_of_a_module_are_one_frame():
    class Part(tw.Module):
        def __init__(self):
            self.w = tw.Parameter(np.ones((7, 5)))

        def forward(self, ids):
            return np.tanh(self.w[ids])

    class Whole(tw.Module):
        def __init__(self):
            self.part = Part()

        def forward(self, ids):
            return sum([self.part(each) for each in ids[1:]], self.part(ids[0]))

    out = Whole()(np.arange(6).reshape(6, 1))
    dot = tw.graph(out).dot
    assert "part × 6" in dot and "tanh × 6" in dot
    assert labels(out, collapse="part") == ["part × 6", "add × 5"]


def test_a_recurrence_keeps_its_steps():
    w = tw.Parameter(np.eye(3), name="w")
    h = np.ones((2, 3))
    for _ in range(6):
        h = np.tanh(h @ w)
    assert labels(h).count("tanh") == 6
    check_that_it_is_true(read(h.sum(), True))


# ---------------------------------------------------------------------- any program
BRANCHES = (
    lambda x, w: w[np.array([0, 1])],
    lambda x, w: w[np.array([1, 1])],
    lambda x, w: x * 2.0,
    lambda x, w: F.sin(x),
    lambda x, w: F.tanh(F.sin(x)),
    lambda x, w: x + 1.0,
    lambda x, w: F.split(x, 2)[1] + np.zeros((2, 2)),
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_grouped_is_true(data):
    w = tw.Parameter(np.ones((3, 2)), name="w")
    pool = [tw.Variable(np.ones((2, 2)), name="x")]
    for _ in range(data.draw(st.integers(1, 4))):
        source = data.draw(st.sampled_from(pool))
        branch = data.draw(st.sampled_from(BRANCHES))
        other = data.draw(st.sampled_from(BRANCHES))
        made = [branch(source, w) for _ in range(data.draw(st.integers(1, 6)))]
        if data.draw(st.booleans()):
            made[0] = other(source, w)
        joined = data.draw(st.sampled_from(["chain", "tree", "stack", "none"]))
        if joined == "chain":
            total = made[0]
            for each in made[1:]:
                total = total + each
            pool.append(total)
        elif joined == "tree" and len(made) > 3:
            pool.append((made[0] + made[1]) * (made[2] + made[3]))
        elif joined == "stack":
            pool.append(F.stack(made).sum(axis=0))
        pool.append(data.draw(st.sampled_from(made)))
    result = data.draw(st.sampled_from(pool))
    for x in data.draw(st.lists(st.sampled_from(pool), max_size=6)):
        result = result * x if data.draw(st.booleans()) else result + x
    check_that_it_is_true(read(result, True))
