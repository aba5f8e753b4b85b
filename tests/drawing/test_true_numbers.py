"""What a page shows of any program is what its graph computed: every number, every step, once."""

import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.drawing.options import Options
from tinygrad_w2v.drawing.page import views
from tinygrad_w2v.drawing.page.moments import Moments
from tinygrad_w2v.drawing.page.passes import passes_of
from tinygrad_w2v.drawing.reading.grouping import grouped
from tinygrad_w2v.drawing.reading.reader import Reader
from tinygrad_w2v.drawing.reading.summary import collapse


class Both(tw.Function):
    """Makes two results, and has no formula."""

    def forward(self, x, y):
        return x + y, 2 * x

    def backward(self, g_sum, g_double):
        return g_sum + 2 * g_double, g_sum


class Layer(tw.Module):
    """A product and a bias."""

    def __init__(self, rng):
        self.w = tw.Parameter(rng.normal(size=(3, 3)), name="w")
        self.b = tw.Parameter(rng.normal(size=3), name="b")

    def forward(self, x):
        return F.tanh(x @ self.w + self.b)


def _rows(x, y, layer):
    return x[np.array([0, 1, 1, 0])][:2] + layer.w[np.array([2, 2])]


OPS = (
    lambda x, y, layer: x + y,
    lambda x, y, layer: x * y,
    lambda x, y, layer: x - 2.0 * y,
    lambda x, y, layer: x / (y * y + 1.0),
    lambda x, y, layer: x + y[0],
    lambda x, y, layer: x * y.sum(axis=1, keepdims=True),
    lambda x, y, layer: x * y.mean(),
    lambda x, y, layer: (x * 0.1) ** 3,
    lambda x, y, layer: F.exp(-abs(x)) + F.stop_gradient(y),
    lambda x, y, layer: F.softmax(x) + F.concatenate([y[:1], x[1:]]),
    lambda x, y, layer: layer(x),
    lambda x, y, layer: layer(layer(x)) * y,
    lambda x, y, layer: Both()(x, y)[0] + y,
    lambda x, y, layer: Both()(x, y)[1],
    lambda x, y, layer: np.multiply(*Both()(x, y)),
    lambda x, y, layer: x + np.array([[1, 2, 3]]),
    lambda x, y, layer: x * tw.Variable(np.array([1, 0, 2]), name="whole"),
    lambda x, y, layer: sum((layer.w[np.array([i % 3, i % 2])] for i in range(6)), x),
    lambda x, y, layer: F.where(x.data > 0, x, y),
    lambda x, y, layer: F.maximum(x, y.astype(x.dtype)),
    _rows,
)
ENDS = (
    lambda x: x,
    lambda x: x.sum(),
    lambda x: F.cross_entropy(x, np.array([0, 2])),
    lambda x: x.mean(axis=0),
)


@st.composite
def programs(draw):
    """A result, and the Variables that it was made of."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    layer = Layer(rng)
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    pool = [tw.Variable(rng.normal(size=(2, 3)).astype(dtype), name=name) for name in "xyx"]
    leaves = [*pool, layer.w, layer.b]
    for _ in range(draw(st.integers(0, 6))):
        x, y = draw(st.sampled_from(pool[-4:])), draw(st.sampled_from(pool))
        pool.append(draw(st.sampled_from(OPS))(x, y, layer))
    return draw(st.sampled_from(ENDS))(pool[-1]), leaves


def same(shown, true):
    """Whether the numbers that are shown are those of an array, in the digits that are shown."""
    true = np.asarray(true.to_dense() if isinstance(true, RowGrad) else true)
    assert shown["shape"] == list(true.shape)
    assert shown.get("dtype", "float64") == str(true.dtype)
    assert "places" not in shown
    numbers = np.array([float(n) for n in shown["numbers"]])
    np.testing.assert_allclose(numbers, true.reshape(-1).astype(float), rtol=6e-4, atol=1e-12)


def ops_of(step):
    return step.get("ops", [step.get("op")])


def check_views(drawn, ops):
    """Every op is in the first view once, and in what opens from it; nothing is read too early."""
    first = [number for step in drawn[0]["steps"] for number in ops_of(step)]
    assert sorted(first) == sorted(ops)
    for view in drawn:
        made_in = {}
        for place, step in enumerate(view["steps"]):
            inside = "view" in step
            outputs = step["outputs"] if inside else ops[step["op"]].outputs
            made_in.update(dict.fromkeys((key for key in outputs if key is not None), place))
            if inside:
                opened = [n for each in drawn[step["view"]]["steps"] for n in ops_of(each)]
                assert sorted(opened) == sorted(step["ops"])
        for place, step in enumerate(view["steps"]):
            read = step["inputs"] if "view" in step else ops[step["op"]].inputs
            assert all(made_in.get(key, -1) < place for key in read)


@settings(max_examples=120, deadline=None)
@given(programs(), st.sampled_from(["ops", "book"]), st.sampled_from(["gh", "dh", "dL/dh"]))
def test_the_walk_shows_what_was_computed(program, detail, notation):
    result, leaves = program
    before = [(leaf.grad, leaf.data.copy(), leaf.name) for leaf in leaves]
    state = random.getstate()
    reader = Reader(result)
    whole = reader.program(False, False, False, notation, detail)
    passes = passes_of(reader, whole, Options(detail=detail, notation=notation))
    for lang in ("en", "ja"):
        json.dumps(passes_of(reader, whole, Options(), lang).values, allow_nan=False)
    for (grad, data, name), leaf in zip(before, leaves, strict=True):
        assert leaf.grad is grad is None and leaf.name == name
        assert np.array_equal(leaf.data, data)
    assert random.getstate() == state

    nodes = {}
    for function in reader.functions:
        for x in function.inputs:
            if isinstance(x, tw.Variable):
                nodes.setdefault(reader.key_of(x), x)
    nodes[reader.root_key] = result
    for key in whole.values:
        same(passes.values[key]["array"], reader.data[key])
    result.backward(np.ones_like(result.data), retain_grad=True)
    names = [g["gradient"]["name"] for g in passes.values.values() if "gradient" in g]
    assert len(set(names)) == len(names)
    for key, node in nodes.items():
        shown = passes.values[key]
        true = node.grad if node.dtype.kind == "f" else None
        assert ("gradient" in shown) == (true is not None)
        if true is not None:
            same(shown["gradient"]["array"], true.data)
            parts = [part["array"]["numbers"] for part in shown["parts"] if "array" in part]
            if parts:
                assert len(parts) == len(shown["parts"]) > 1
                total = np.sum(np.array(parts, float), axis=0)
                scale = np.abs(np.array(parts, float)).sum(axis=0).max() + 1e-12
                dense = true.data.to_dense() if isinstance(true.data, RowGrad) else true.data
                assert np.abs(total - np.reshape(dense, -1)).max() <= 1e-3 * scale
    sent = {part["op"] for shown in passes.values.values() for part in shown.get("parts", ())}
    walked = {number for number, op in passes.ops.items() if op["backward"]}
    assert sent <= walked and walked <= {step.number for step in whole.forward}
    order = [part["op"] for shown in passes.values.values() for part in shown.get("parts", ())]
    assert all(number in walked for number in order)
    for shown in passes.values.values():
        arrived = [(-part["op"], part["input"]) for part in shown.get("parts", ())]
        assert arrived == sorted(arrived)


def unplaced(drawn, direction, timeout):
    """Views without places: to lay out hundreds of graphs takes minutes."""
    geometry = {"width": 100.0, "height": 100.0, "edges": [], "frames": []}
    return [geometry | {"nodes": [[0, 0, 0, 0]] * len(view.diagram.nodes)} for view in drawn]


@settings(max_examples=120, deadline=None)
@given(programs(), st.integers(2, 30))
def test_no_view_loses_an_op_or_reads_too_early(program, most):
    result, _ = program
    reader = Reader(result)
    whole = reader.program(False, False, False)
    passes = passes_of(reader, whole, Options())
    ops = {step.number: step for step in whole.forward}
    modules = {scope.name for step in whole.forward for scope in step.scope}
    folded = collapse(whole, modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "laid_out", unplaced)
        for small in (whole, grouped(whole), folded, grouped(folded)):
            for limit in (most, 1000):
                drawn, values = views.views_of(small, passes, "TB", 30.0, limit)
                check_views(drawn, ops)
                assert {key for view in drawn for key in _drawn(view)} <= set(values)


@settings(max_examples=60, deadline=None)
@given(programs(), st.sampled_from(["ops", "book"]), st.booleans())
def test_the_animation_shows_each_step_once_and_the_gradients_at_its_end(program, detail, group):
    result, _ = program
    reader = Reader(result)
    whole = reader.program(False, False, False)
    passes = passes_of(reader, whole, Options(detail=detail))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "laid_out", unplaced)
        small = grouped(whole) if group else whole
        drawn, values = views.views_of(small, passes, "TB", 30.0)
    moments = Moments(drawn[0], values, whole, passes, "en")
    forward = [number for step in moments.steps for number in step["ops"]]
    assert sorted(forward) == [step.number for step in whole.forward]
    back = [
        number for step in moments.back for number in step["ops"] if passes.ops[number]["backward"]
    ]
    assert sorted(back) == sorted(n for n, op in passes.ops.items() if op["backward"])
    assert len(moments.captions) == moments.last + 1
    for key, shown in passes.values.items():
        if "gradient" in shown and moments.back and values[key].kind != "number":
            arrivals = moments.arrivals(key)
            lines, _ = moments.lines_of(key, 0, arrivals)
            assert lines[-1].kind == "gradient" and lines[-1].end is None
            assert lines[-1].text.endswith(shown["gradient"]["content"])
            assert lines[-1].first <= max(arrivals) + 1


def _drawn(view):
    return [node["value"] for node in view["nodes"] if "value" in node]
