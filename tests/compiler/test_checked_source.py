"""The checked mode notices what native code would not: faults in a source that is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v.compiler.codegen.batch_layout import Packed, pack
from tinygrad_w2v.compiler.inspect.checked_source import Checked, KernelFault
from tinygrad_w2v.compiler.stages import Built, build
from tinygrad_w2v.compiler.trace.trace import fields_of, trace


class Scores(tw.Module):
    """Rows against rows, and the largest score of each context."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.w = tw.Parameter(rng.normal(size=(9, 16)))
        self.u = tw.Parameter(rng.normal(size=(9, 16)))

    def loss(self, batch: Any) -> Any:
        scores = np.tanh(self.w[batch["ids"]] @ np.swapaxes(self.u[batch["t"]], -1, -2))
        return (scores * scores[..., :1]).sum()


WINDOWS = [{"ids": np.array(c), "t": np.array([1, 4, 4])} for c in ([1, 2, 8], [3], [5, 0])]


def made() -> tuple[Built, Packed, dict[str, Any]]:
    fields = fields_of(WINDOWS[0], {"ids": (("C", 4),)})
    traced = trace(Scores(), WINDOWS[0], fields, None, np.float64)
    tables = {name: array().copy() for name, array in traced.arrays.items()}
    return build(traced.program, np.float64, "test"), next(pack(WINDOWS, fields, 3)), tables


def run(built: Built, packed: Packed, tables: Any, *change: str) -> float:
    source = built.source
    if change:
        assert change[0] in source.text, source.text
        source = source._replace(text=source.text.replace(*change))
    arrays = [packed.arrays[name] for name in source.inputs]
    sizes = [packed.sizes[name] for name in source.sizes]
    given = [*arrays, *sizes, *(tables[name] for name in source.parameters)]
    return Checked(source, np.float64).run([0, packed.count, *given, np.full(3, 0.1), 1])


def test_a_right_source_runs_over_many_windows() -> None:
    built, packed, tables = made()
    loss = run(built, packed, tables)
    assert loss == pytest.approx(eager(), rel=1e-12)


def eager() -> float:
    model, losses = Scores(), []
    for window in WINDOWS:
        model.cleargrads()
        loss = model.loss(window)
        loss.backward()
        losses.append(float(loss))
        tw.optim.SGD(model.parameters(), lr=0.1).step()
    return sum(losses)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("for c in range(C):", "for c in range(C + 1):"), r"ids\[0, 3\] is read, but its len"),
        (("ids[at, c]", "ids[at, c - 1]"), r"ids\[0, -1\] is read"),
        (("ids[at, c]", "ids[0, c]"), r"ids\[0, 0\] is read"),
        (("t[at, i]", "t[at, i] + 5"), r"u\[9, 0\] is read"),
        (("t[at, i]", "t[at, i] * 0.5"), r"u\[0.5, 0\] is read"),
    ],
)
def test_places_beyond_an_end(change: tuple[str, str], message: str) -> None:
    with pytest.raises(KernelFault, match=message):
        run(*made(), *change)


def lines_of(built: Built, start: str) -> list[str]:
    kernel = built.source.text.partition("def kernel")[2].partition("@njit")[0]
    return [line for line in kernel.splitlines() if line.strip().startswith(start)]


def test_what_is_read_before_it_is_set() -> None:
    """Whatever is set as the life of an array begins: without that line it shows."""
    built, packed, tables = made()
    names = built.source.own
    assert names
    missed = []
    for name in names:
        for line in lines_of(built, f"{name}["):
            if " = " in line:
                empty = line[: len(line) - len(line.lstrip())] + "pass"
                try:
                    run(built, packed, {n: t.copy() for n, t in tables.items()}, line, empty)
                    missed.append(line)
                except KernelFault as error:
                    assert "before it is set" in str(error)
    assert not missed


def test_a_number_of_another_turn_is_none() -> None:
    """What one turn leaves in a register is not there in the next one."""
    text = '''
def kernel(at, x, n, y):
    """Keeps a number from one turn to the next."""
    for i in range(n):
        if i == 0:
            last = x[at, i]
        y[i] = last
    return y[0]


def run(first, last, x, n):
    y = np.empty((4,), real)
    return sum(kernel(at, x, n[at], y) for at in range(first, last))
'''
    from tinygrad_w2v.compiler.codegen.write import Source
    from tinygrad_w2v.compiler.ir.sizes import Size, symbolic

    n = (symbolic(Size("n", 4)),)
    checked = Checked(Source(text, {"x": n, "y": n}, {"n": "n"}, ("y",)), np.float64)
    assert checked.run([0, 1, np.ones((1, 4)), np.array([1])]) == 1
    with pytest.raises(KernelFault, match=r"a number is used before it is set"):
        checked.run([0, 1, np.ones((1, 4)), np.array([2])])
