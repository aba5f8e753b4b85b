"""A field, a parameter or an axis may be called whatever the generated source calls its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.compiler.ir.scalar_functions import RESERVED
from tinygrad_w2v.compiler.trace.trace import fields_of

# Loops, arguments, values, what is derived of these, functions, Python's own words; letters of
# which Python makes the same name.
LOOPS = ("i", "j", "k", "c", "at", "first", "last", "i1", "i1_last")
VALUES = ("dot", "dot_total", "dot_total_p0", "dot_p1_next", "total", "w_rows", "w_at0", "ids_at0")
OTHERS = (
    "np",
    "real",
    "range",
    "min",
    "abs",
    "loss",
    "RULES",
    "exp",
    "larger",
    "int8",
    "if",
    "None",
)
LETTERS = ("ﬁ", "fi", "ℌ", "H", "lr", "step", "lr_", "_guarded", "C")
NAMES = (*LOOPS, *VALUES, *OTHERS, *LETTERS)


class Named(tw.Module):
    """Two tables and two fields, one of each called by a name."""

    def __init__(self, field: str, parameter: str) -> None:
        rng = np.random.default_rng(0)
        self.field, self.parameter = field, parameter
        self.tables = {parameter: tw.Parameter(rng.normal(size=(9, 16)))}
        self.other = tw.Parameter(rng.normal(size=(9, 16)))

    def named_parameters(self, *_: Any) -> Any:
        return [(self.parameter, self.tables[self.parameter]), ("other", self.other)]

    def parameters(self) -> Any:
        return [parameter for _, parameter in self.named_parameters()]

    def loss(self, batch: Any) -> Any:
        rows = self.tables[self.parameter][batch[self.field]]
        scores = rows @ np.swapaxes(self.other[batch["t"]], -1, -2)
        return F.softplus(scores).sum() + np.exp(0.1 * np.max(rows, axis=-1)).sum()


def windows(field: str) -> list[dict[str, Any]]:
    targets = np.array([1, 2, 5])
    return [{field: np.array(ids), "t": targets} for ids in ([1, 2, 3], [4], [0, 8])]


@pytest.mark.parametrize("name", NAMES)
def test_any_name(name: str) -> None:
    """Windows are run one after the other, so that rows are fetched ahead, too."""
    compare(Named("ids", name), windows("ids"), {"ids": ("C",)}, native=False, lr=0.1)
    axis = "C"
    if name not in RESERVED and name not in ("if", "None", "ﬁ", "ℌ"):
        axis = name
        assert fields_of(windows(name)[0], {name: (axis,)})[0].identifier != name
    compare(Named(name, name), windows(name), {name: (axis,)}, native=False, lr=0.1)


def test_every_name_of_a_kernel_at_once() -> None:
    """What a kernel calls its values is what the next model calls its fields."""
    model = Named("ids", "w")
    source = tw.compile(model, windows("ids")[0], {"ids": ("C",)}).source
    called = source.partition("def kernel(")[2].partition(")")[0].split(", ")

    class Many(tw.Module):
        def __init__(self) -> None:
            self.w, self.other = model.tables["w"], model.other

        def loss(self, batch: Any) -> Any:
            extra = sum(np.sum(batch[name]) for name in called)
            rows = self.w[batch["contexts"]]
            scores = rows @ np.swapaxes(self.other[batch["targets"]], -1, -2)
            return F.softplus(scores).sum() * extra + np.exp(0.1 * np.max(rows, axis=-1)).sum()

    window = {name: np.array(0.5) for name in called}
    window |= {"contexts": np.array([1, 2, 3]), "targets": np.array([1, 2, 5])}
    compare(Many(), [window] * 2, {"contexts": ("C",)}, native=False, lr=0.01)


def test_a_class_may_be_called_anything() -> None:
    kind = type('Odd """ \\ name', (Named,), {})
    compiled = tw.compile(kind("ids", "w"), windows("ids")[0], {"ids": ("C",)})
    assert compiled.source.startswith('"""The kernel of Odd')
