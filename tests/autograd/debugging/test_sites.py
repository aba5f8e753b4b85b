"""Where an op was applied, and the name that the user's code gives to its result."""

from __future__ import annotations

import asyncio
import functools
import linecache
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.autograd.debugging.sites import assigned_name

x = tw.Variable(np.ones((2, 2)), name="x")
w = tw.Variable(np.full((2, 2), 3.0), name="w")


def named(v: Any) -> str | None:
    return assigned_name(v.creator.site, v.index if v.creator.arity > 1 else None)


def ran(source: str, filename: str = "<nowhere>", **given: Any) -> dict[str, Any]:
    """The names that a text defines when it runs under `debug`, at the top of a module."""
    known = {"x": x, "w": w, "F": F, "np": np, "tw": tw, "reduce": functools.reduce, **given}
    with tw.debug():
        exec(compile(source, filename, "exec"), known)
    return known


class Layer(tw.Module):
    def __init__(self) -> None:
        self.w = tw.Parameter(np.ones((2, 2)))

    def forward(self, v: Any) -> Any:
        return v @ self.w

    def loss(self, v: Any) -> Any:
        return (self(v) ** 2).sum()


class Kept(Layer):
    def forward(self, v: Any) -> Any:
        inside = v @ self.w
        return F.stop_gradient(inside) if inside is v else inside


class Cube(tw.Function):
    def forward(self, v: Any) -> Any:
        self.save(v)
        return v**3

    def backward(self, g: Any) -> Any:
        (v,) = self.saved
        return 3 * v**2 * g


class Holder:
    def __init__(self) -> None:
        self.h: Any = x + 1
        self.layers = [Layer(), Layer()]
        self.by_name = {"first": Layer()}

    @property
    def doubled(self) -> Any:
        return self.h * 2

    @staticmethod
    def halved(v: Any) -> Any:
        return v / 2


def twice(v: Any) -> Any:
    return v * 2


def twice_of(function: Callable[..., Any], v: Any) -> Any:
    return function(v)


GIVEN = {
    "layer": Layer(),
    "kept": Kept(),
    "Cube": Cube,
    "holder": Holder(),
    "twice": twice,
    "twice_of": twice_of,
    "operator": operator,
}

NAMED = {
    "an operator": "h = x @ w",
    "over two lines": "h = (x\n     @ w)",
    "over several lines": "h = F.where(\n    x > 0,\n    x,\n    w,\n)",
    "a unary operator": "h = -x",
    "an augmented assignment": "h = x\nh += w",
    "with an annotation": "h: object = x @ w",
    "a walrus": "print(end='') if (h := x @ w) is None else None",
    "one of several targets": "h = other = x @ w",
    "a function": "h = F.relu(x)",
    "a function of several ops": "h = F.sum(x, axis=0)",
    "a function of NumPy": "h = np.exp(x)",
    "another function of NumPy": "h = np.sum(x, axis=0)",
    "a method": "h = x.sum(axis=0)",
    "a method of what is computed": "h = (x @ w).sum()",
    "methods over lines": "h = (x\n     .reshape(4)\n     .sum())",
    "a method of what a function returns": "h = F.relu(x).mean(axis=0)",
    "an attribute": "h = x.T",
    "an index": "h = x[0]",
    "a slice": "h = x[0:1]",
    "an op of one's own": "h = Cube()(x)",
    "a function of the user that returns it": "h = twice(x)",
    "through two functions": "h = twice_of(twice, x)",
    "a lambda": "f = lambda v: v * 2\nh = f(x)",
    "a static method": "h = holder.halved(x)",
    "a property": "h = holder.doubled",
    "a module": "h = layer(x)",
    "a method of a module": "h = layer.loss(x)",
    "an entry of a list of modules": "i = 1\nh = holder.layers[i](x)",
    "an entry of a dict of modules": "h = holder.by_name['first'](x)",
    "a choice": "h = x @ w if x.ndim else x",
    "in a loop": "for _ in range(3):\n    h = x @ w",
    "in a branch": "if x.ndim:\n    h = x @ w",
    "in finally": "try:\n    pass\nfinally:\n    h = F.relu(x)",
    "several outputs": "a, h = F.split(x, 2)",
}


@pytest.mark.parametrize("source", NAMED.values(), ids=NAMED)
@pytest.mark.parametrize("inside", [False, True], ids=["module", "function"])
def test_a_result_is_named_as_it_is_assigned(source: str, inside: bool) -> None:
    if inside:
        body = source.replace("\n", "\n    ")
        source = f"def f():\n    {body}\n    return h\nh = None\ngiven = f()"
    made = ran(source, **GIVEN)
    assert named(made["given" if inside else "h"]) == "h"


NAMELESS = {
    "what goes on into an operator": "h = (x @ w) + 1\nv = h.creator.inputs[0]",
    "what goes on into the user's function": "h = twice(x @ w)\nv = h.creator.inputs[0]",
    "what goes on into a module": "h = layer(x + 1)\nv = h.creator.inputs[0]",
    "a list of it": "h = [x @ w]\nv = h[0]",
    "a comprehension": "h = [x @ w for _ in range(2)]\nv = h[1]",
    "builtin sum": "h = sum([x, w])\nv = h.creator.inputs[0]",
    "builtin sum, the last": "v = sum([x, w])",
    "reduce": "v = reduce(operator.add, [x, w, x])",
    "map of NumPy's": "h = list(map(np.exp, [x]))\nv = h[0]",
    "map of the user's": "h = list(map(twice, [x]))\nv = h[0]",
    "map of a module": "h = list(map(layer, [x]))\nv = h[0]",
    "a loop over rows": "for v in x:\n    pass",
    "rows that are unpacked": "v, other = x @ w",
    "an array of objects": "h = objects + 1\nv = h[0]",
    "an array of objects, on the right": "h = 1 + objects\nv = h[0]",
    "an array of objects, negative": "h = -objects\nv = h[0]",
    "an array of objects and another": "h = objects + objects\nv = h[0]",
    "an entry": "d = {}\nd['h'] = x @ w\nv = d['h']",
    "nothing": "[x @ w]\nv = F.relu(x)\nv, = [v + 1]",
    "a part of what a function makes": "h = F.cosine_similarity(x, w)\nv = h.creator.inputs[0]",
    "a forward inside of a transform": (
        "kept = []\ndef f(v):\n    kept.append(v * v)\n    return kept[0].sum()\n"
        "h = tw.grad(f)(x.data)\nv = kept[0]"
    ),
}


@pytest.mark.parametrize("source", NAMELESS.values(), ids=NAMELESS)
@pytest.mark.parametrize("inside", [False, True], ids=["module", "function"])
def test_what_is_not_assigned_itself_has_no_name(source: str, inside: bool) -> None:
    objects = np.empty(1, object)
    objects[0] = w
    if inside:
        body = source.replace("\n", "\n    ")
        source = f"def f(objects):\n    {body}\n    return v\nv = f(objects)"
    assert named(ran(source, objects=objects, **GIVEN)["v"]) is None


def test_the_innermost_name_wins() -> None:
    assert named(ran("h = kept(x)", **GIVEN)["h"]) == "inside"


def test_attributes_are_named_by_their_last_part() -> None:
    holder, outer = Holder(), Holder()
    with tw.debug():
        holder.h = x @ w
        assert named(holder.h) == "h"
        holder.h += w
        assert named(holder.h) == "h"
        outer.h = holder
        outer.h.doubled_twice = F.relu(x)
        assert named(outer.h.doubled_twice) == "doubled_twice"


def test_outputs_are_named_one_by_one() -> None:
    holder = Holder()
    with tw.debug():
        first, holder.h, last = F.split(x, [1, 1])
        one, (two,) = F.split(x, 2)[0], F.split(x, 1)
    assert [named(v) for v in (first, holder.h, last)] == ["first", "h", "last"]
    assert [named(one), named(two)] == [None, None]
    site = first.creator.site
    assert assigned_name(site) is None and assigned_name(site, 3) is None


def test_a_name_does_not_pass_through_generators_and_coroutines() -> None:
    def generator() -> Iterator[Any]:
        yield x @ w

    async def coroutine() -> Any:
        return x @ w

    async def waiting() -> Any:
        h = await coroutine()
        return h if h is not x else None

    with tw.debug():
        h = next(generator())
        assert named(h) is None
        assert named(asyncio.run(waiting())) is None


def test_a_closure_and_a_global_are_stored_too() -> None:
    made = ran(
        "def f():\n    global outer\n    h = x @ w\n    outer = F.relu(x)\n    return lambda: h\n"
        "h = f()()"
    )
    assert named(made["h"]) == "h" and named(made["outer"]) == "outer"


def test_no_name_without_debug() -> None:
    h = x @ w
    assert h.creator.site is None and named(h) is None


# ---------------------------------------------------------------------- columns
def test_the_site_knows_the_expression() -> None:
    with tw.debug():
        y = F.relu(x @ w)
    for v, text in ((y, "F.relu(x @ w)"), (y.creator.inputs[0], "x @ w")):
        site = v.creator.site
        line = linecache.getline(site.path, site.line)
        assert line[site.column : site.end_column] == text and site.end_line == site.line
        assert str(site) == f"{site.path}:{site.line}: y = F.relu(x @ w)"


def test_columns_are_those_of_a_cell_and_count_bytes() -> None:
    source = "埋め込み = x @ w\nh = F.where(x > 0, x,\n            w)\n"
    linecache.cache["<cell 1>"] = (len(source), None, source.splitlines(keepends=True), "<cell 1>")
    try:
        made = ran(source, "<cell 1>")
        site = made["埋め込み"].creator.site
        line = linecache.getline("<cell 1>", 1).encode()
        assert line[site.column : site.end_column] == b"x @ w"
        assert named(made["埋め込み"]) == "埋め込み"
        site = made["h"].creator.site
        assert (site.line, site.end_line, site.end_column) == (2, 3, 14)
    finally:
        del linecache.cache["<cell 1>"]


def test_a_source_that_was_changed_does_not_change_the_name() -> None:
    name = "<edited>"
    linecache.cache[name] = (1, None, ["k = w @ x\n"], name)
    try:
        assert named(ran("h = x @ w", name)["h"]) == "h"
    finally:
        del linecache.cache[name]
