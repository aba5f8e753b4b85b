"""Is a kernel right? Every form that a model takes on its way to one is run on the same examples.

The graph in double precision is the reference. With it run the instructions as they were traced,
the instructions after all passes, the kernel's source as plain Python, and the native kernel; what
is compared is by how much each changes each table.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import GradientError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.codegen.batch_layout import Packed, pack, pack_one
from tinygrad_w2v.compiler.codegen.index_checks import Places
from tinygrad_w2v.compiler.inspect.checked_source import Checked
from tinygrad_w2v.compiler.ir.interpreter import interpret
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import value_of
from tinygrad_w2v.compiler.kernel import Kernel
from tinygrad_w2v.compiler.loops.schedule import Schedule
from tinygrad_w2v.compiler.stages import build
from tinygrad_w2v.compiler.trace.trace import Axes, Field, Traced, example_arrays, fields_of, trace
from tinygrad_w2v.nn import Module
from tinygrad_w2v.optim import SGD
from tinygrad_w2v.optim.optimizer import Optimizer

TOLERANCES = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 1e-5}
Tables = dict[str, AnyArray]


class Outcome(NamedTuple):
    """What an engine leaves: the losses of the examples, and the tables after them."""

    losses: list[float]
    tables: Tables


def compare(
    model: Module,
    example: Any,
    axes: Axes | None = None,
    optimizer: Optimizer | None = None,
    dtype: Any = np.float64,
    native: bool = True,
    lr: float = 0.5,
    tolerance: float | None = None,
    schedule: Schedule | None = None,
    source: bool = True,
) -> dict[str, float]:
    """Run examples in every engine and compare what becomes of the parameters.

    The model and the optimizer are copied first, and stay as they are.

    Parameters
    ----------
    model : Module
        With ``loss(batch)``.
    example : NamedTuple or dict of arrays, or a list of them
        Several are run one after the other, each from what the last one left.
    axes, optimizer, dtype, schedule
        As for `compile`. The copy's parameters are of this dtype.
    native : bool
        Whether to compile the kernel, too: the slow part.
    lr : float
        Learning rate of all examples.
    tolerance : float, optional
        The largest relative error: 1e-10 in float64 and 1e-5 in float32 by default.
    source : bool
        Whether to run the source as Python, which is slow where tables are large.

    Returns
    -------
    dict of float
        The largest error by engine: ``traced``, ``instructions``, ``source``, ``native``. An error
        is relative to the largest change of the table (of the loss to 1), and may be as large as
        what the rounding of the table's own numbers makes.

    Raises
    ------
    GradientError
        When one is too large; it names the engine and the worst place.
    CompileError
        When the model cannot be compiled.
    InputError
        When an example is none of the model's, such as one with an id that its table lacks.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> class Line(tw.Module):
    ...     def __init__(self):
    ...         self.slope = tw.Parameter(np.ones(1))
    ...     def loss(self, batch):
    ...         return ((self.slope * batch["x"] - batch["y"]) ** 2).sum()
    >>> points = {"x": np.array([1.0, 2.0]), "y": np.array([2.0, 4.0])}
    >>> errors = compare(Line(), points, {"x": ("n",), "y": ("n",)}, native=False)
    >>> [*errors], max(errors.values()) < 1e-12
    (['traced', 'instructions', 'source'], True)
    """
    dtype = np.dtype(dtype)
    examples = list(example) if isinstance(example, list) else [example]
    fields = fields_of(examples[0], axes)
    model, optimizer = copied(model, optimizer, dtype)
    traced = trace(model, examples[0], fields, optimizer, dtype)
    start = {name: array().copy() for name, array in traced.arrays.items()}
    first = 1 if optimizer is None else optimizer.steps + 1
    run = _Run(fields, examples, start, dtype, lr, first)
    before = [np.array(parameter.data) for parameter in model.parameters()]
    built = build(traced.program, dtype, "comparison", schedule)

    def checked(packed: Packed, tables: Tables) -> float:
        given = built.source.arguments(packed, tables, run.rates(), first)
        return Checked(built.source, dtype).run([0, packed.count, *given])

    def native_kernel(packed: Packed, tables: Tables) -> float:
        kernel = Kernel(traced, dtype, type(model).__name__, schedule)
        return kernel.run(packed, tables, run.rates(), first)

    engines: dict[str, Callable[[], Outcome]] = {
        "traced": lambda: run.interpreted(traced.program),
        "instructions": lambda: run.interpreted(built.program),
    }
    if source:
        engines["source"] = lambda: run.at_once(checked)
    if native:
        engines["native"] = lambda: run.at_once(native_kernel)
    Places(built.program).check(run.packed())
    with np.errstate(all="ignore"):
        outcomes = {name: engine() for name, engine in engines.items()}
        for parameter, data in zip(model.parameters(), before, strict=True):
            assert np.array_equal(parameter.data, data, equal_nan=True), "a trace changes nothing"
        expected = _eager(model, optimizer, traced, examples, lr)
    limit = TOLERANCES[dtype] if tolerance is None else tolerance
    return {name: _error(name, got, expected, start, limit) for name, got in outcomes.items()}


class _Run(NamedTuple):
    """What all engines are given."""

    fields: tuple[Field, ...]
    examples: list[Any]
    start: Tables
    dtype: np.dtype[Any]
    lr: float
    first: int

    def tables(self) -> Tables:
        return {name: array.copy() for name, array in self.start.items()}

    def rates(self) -> AnyArray:
        return np.full(len(self.examples), self.lr)

    def interpreted(self, program: Program) -> Outcome:
        """Run instructions one by one."""
        losses, tables = [], self.tables()
        for step, example in enumerate(self.examples, self.first):
            arrays = example_arrays(example)
            given = {field.identifier: arrays[field.name] for field in self.fields}
            given |= {"lr": self.lr, "step": float(step)}
            sizes = pack_one(example, self.fields).sizes_of(0)
            losses.append(interpret(program, given, tables, sizes, self.dtype))
        return Outcome(losses, tables)

    def at_once(self, kernel: Callable[[Packed, Tables], float]) -> Outcome:
        """Run a kernel over all examples in one call."""
        tables = self.tables()
        return Outcome([kernel(self.packed(), tables)], tables)

    def packed(self) -> Packed:
        """All examples; numbers beyond the end of one are NaN, so that it shows who reads them."""
        packed = next(pack(self.examples, self.fields, len(self.examples)))
        for field in self.fields:
            array = packed.arrays[field.identifier]
            for at in range(packed.count if field.kind == "float" else 0):
                sizes = packed.sizes_of(at)
                inside: Any = (at, *[slice(value_of(n, sizes)) for n in field.shape])
                kept = array[inside].copy()
                array[at] = np.nan
                array[inside] = kept
        return packed


def copied(
    model: Module, optimizer: Optimizer | None, dtype: np.dtype[Any]
) -> tuple[Module, Optimizer | None]:
    """Copies of both, with all numbers in one dtype."""
    if optimizer is not None and not optimizer.parameters:
        optimizer = copy.copy(optimizer)
        optimizer.bind(model.parameters())
    model, optimizer = copy.deepcopy((model, optimizer))
    _cast(model, optimizer, dtype)
    return model, optimizer


def _cast(model: Module, optimizer: Optimizer | None, dtype: Any) -> None:
    for parameter in model.parameters():
        parameter.grad = None
        parameter.data = parameter.data.astype(dtype)
    if optimizer is not None:
        optimizer.state = [tuple(x.astype(dtype) for x in state) for state in optimizer.state]


def _eager(
    model: Module, optimizer: Optimizer | None, traced: Traced, examples: list[Any], lr: float
) -> Outcome:
    """Train what was traced with the graph and its backward, in double precision."""
    _cast(model, optimizer, np.float64)
    rule = SGD(model.parameters()) if optimizer is None else optimizer
    rule.lr = lr
    losses = []
    for example in examples:
        model.cleargrads()
        loss = model.loss(example)  # type: ignore[attr-defined]
        loss.backward()
        losses.append(float(loss))
        if any(parameter.grad is not None for parameter in rule.parameters):
            rule.step()
    return Outcome(losses, {name: array() for name, array in traced.arrays.items()})


def _error(
    engine: str, got: Outcome, expected: Outcome, start: Mapping[str, AnyArray], limit: float
) -> float:
    """The largest relative error; a GradientError when it is above the limit."""
    worst, message = 0.0, ""
    each = len(got.losses) == len(expected.losses)  # else all examples were run in one call
    for number, loss in enumerate(got.losses):
        wanted = expected.losses[number] if each else math.fsum(expected.losses)
        apart = abs(loss - wanted) / max(1.0, abs(wanted))
        if not apart <= worst:
            worst, which = apart, f"example {number}" if each else "all examples"
            message = f"the loss of {which} is {loss!r}, but {wanted!r} in the graph"
    for name, before in start.items():
        right = np.asarray(expected.tables[name], np.float64)
        # Where hardly anything changes, rounding to the table's dtype is no error.
        rounding = 2 * np.finfo(before.dtype).eps * np.abs(before).max(initial=0.0) / limit
        change = max(float(np.abs(right - before).max(initial=0.0)), float(rounding)) or 1.0
        off = np.abs(got.tables[name].astype(np.float64) - right)
        largest = float(off.max(initial=0.0)) / change
        if not largest <= worst:
            worst = largest
            at = np.unravel_index(int(np.argmax(off)), off.shape)
            place = ", ".join(str(int(i)) for i in at)
            message = (
                f"{name}[{place}] becomes {float(got.tables[name][at])!r}, but "
                f"{float(right[at])!r} in the graph"
            )
    if not worst <= limit:
        raise GradientError(
            f"the engine `{engine}` differs from the graph by {worst:.3g} of the largest change, "
            f"more than {limit:g}: {message}"
        )
    return worst
