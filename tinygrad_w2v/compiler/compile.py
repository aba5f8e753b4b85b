"""`compile`: from a module and an example to a native function.

The example says which arrays there are; the axes say which lengths change from one example to the
next. What comes back runs whole examples: rows are read, loss and gradient computed, rows written.
The stages between, in order:

===============================  =================================================================
`trace.repeatability`            the loss, backward's rules and the optimizer's, run on symbols
`passes`                         fewer instructions, verified after each pass
`loops.lower`                    statements in loops, with `materialize` and `elements`
`loops.unroll`, `collapse`       short axes written out, costly functions in one loop
`loops.fuse`, `contract`         statements share loops, arrays shrink
`unroll_and_jam`                 two iterations of an outer loop at once
`invariant_motion`               what does not change is read before the innermost loops
`codegen.write`, `kernel_cache`  source, and what Numba makes of it
===============================  =================================================================

`stages.build` calls them; which are taken, and how far, is a `Schedule`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError, NonFiniteError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.codegen import kernel_cache
from tinygrad_w2v.compiler.codegen.batch_layout import OneExample, Packed, pack, pack_one
from tinygrad_w2v.compiler.codegen.columns import are_columns, pack_columns
from tinygrad_w2v.compiler.inspect.assembly import Assembly, inspected
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import value_of
from tinygrad_w2v.compiler.kernel import Kernel
from tinygrad_w2v.compiler.loops.schedule import Schedule
from tinygrad_w2v.compiler.trace.arguments import (
    check_model,
    check_optimizer,
    checked_rate,
    float_type,
)
from tinygrad_w2v.compiler.trace.repeatability import trace_repeatable
from tinygrad_w2v.compiler.trace.trace import Axes, fields_of
from tinygrad_w2v.nn import Module
from tinygrad_w2v.optim.optimizer import Optimizer

CHUNK = 4096  # examples that `run` hands to the kernel at a time


def compile(
    model: Module,
    example: Any,
    axes: Axes | None = None,
    optimizer: Optimizer | None = None,
    dtype: Any = np.float32,
    *,
    schedule: Schedule | None = None,
) -> Compiled:
    """Compile a model's loss, with its gradient and update, into one native function.

    The loss is run once on symbols, for one example; backward's rules and the optimizer's rule run
    on what it leaves. See ``docs/compiler.md``.

    Parameters
    ----------
    model : Module
        ``loss(batch)``, the sum over the examples of a batch, written over trailing axes.
    example : NamedTuple or dict of arrays
        A batch without leading axes. `loss` is given the same kind.
    axes : dict, optional
        For each field whose axes change from one example to the next a tuple with an entry for
        each: its length, or a name, or a name with the most it can be, ``{"ids": (("C", 10),)}``.
        Equal names are equal lengths.
    optimizer : Optimizer, optional
        Its rule and state are used, for the parameters that it holds: all others are frozen. Plain
        gradient descent of ``model.parameters()`` by default.
    dtype : dtype
        float32 or float64: what is computed in. Parameters keep their own.
    schedule : Schedule, optional
        Which optional steps make the kernel, and how far each goes:
        `tinygrad_w2v.compiler.Schedule`. No setting changes more than rounding.

    Returns
    -------
    Compiled

    Raises
    ------
    CompileError
        Where an op has no instruction; it names the op and the line.
    InputError
        When `axes` does not fit the example.
    MissingDependencyError
        Without numba.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> class Line(tw.Module):
    ...     def __init__(self):
    ...         self.slope = tw.Parameter(np.zeros(1, np.float32))
    ...     def loss(self, batch):
    ...         return ((self.slope * batch["x"] - batch["y"]) ** 2).sum()
    >>> line = Line()
    >>> points = {"x": np.array([1.0, 2.0]), "y": np.array([2.0, 4.0])}
    >>> step = tw.compile(line, points, {"x": ("n",), "y": ("n",)}).step
    >>> [step(points, 0.05) for _ in range(3)], line.slope.data
    ([20.0, 5.0, 1.25], array([1.75], dtype=float32))
    """
    check_model(model)
    check_optimizer(optimizer)
    real = float_type(dtype)
    kernel_cache.check_numba()
    return Compiled(model, example, axes, optimizer, real, schedule)


class Compiled:
    """A model as one native function; what `compile` returns.

    Attributes
    ----------
    model : Module
        Whose Parameters are read and written, in place.
    instructions : Program
        What an example is computed with; ``print(compiled.instructions)`` shows it.
    kernel : Kernel
        The native function.
    source : str
        The kernel as Python; `path` is the file that it stands in (None: in memory only).
    schedule : Schedule
        Which optional steps made it; ``print(compiled.schedule)`` shows it.
    """

    def __init__(
        self,
        model: Module,
        example: Any,
        axes: Axes | None,
        optimizer: Optimizer | None,
        dtype: np.dtype[Any],
        schedule: Schedule | None,
    ) -> None:
        self.model, self.optimizer, self.dtype = model, optimizer, dtype
        self.schedule = schedule or Schedule()
        self.fields = fields_of(example, axes)
        if optimizer is not None and not optimizer.parameters:
            optimizer.bind(model.parameters())
        self._one = OneExample(self.fields)
        self._rate = np.zeros(1)
        # Both are traced now, as the numbers that the loss reads are those of now.
        traces = trace_repeatable(model, example, self.fields, optimizer, dtype)
        self._traced, self._gradients = traces
        self._rule = self._settings()
        self.kernel = Kernel(self._traced, dtype, type(model).__name__, self.schedule)

    @property
    def instructions(self) -> Program:
        """The instructions of an example, optimized."""
        return self.kernel.built.program

    @property
    def source(self) -> str:
        """The text of the kernel."""
        return self.kernel.built.source.text

    @property
    def path(self) -> Path | None:
        """The file that the source stands in."""
        return self.kernel.path

    def predictions(self, sizes: Mapping[str, int]) -> int:
        """Return how many predictions an example of these sizes has: what a mean divides by."""
        return value_of(self._traced.predictions, sizes)

    def total_predictions(self, packed: Packed) -> int:
        """Return how many predictions the examples of `packed` have, all together."""
        each = self._traced.predictions
        if isinstance(each, int):
            return each * packed.count
        each = value_of(each, packed.all_sizes())
        return int(np.sum(np.broadcast_to(each, packed.count)))

    def step(self, batch: Any, lr: float) -> float:
        """Run one example: update the Parameters in place and return the loss from before.

        Raises
        ------
        InputError
            When an array's shape is not that of an example, or an id is out of range.
        NonFiniteError
            When the loss is NaN or infinite (the Parameters have been changed by then).
        """
        self._rate[0] = checked_rate(lr)
        return self.run_packed(self._one.filled(batch), self._rate)

    def run(self, source: Any, lr: float) -> float:
        """Run all examples that `source` holds, in order; return the sum of the losses.

        Parameters
        ----------
        source : iterable, or dict of columns
            Examples such as the model was compiled with; sizes may differ from one to the next. Or
            columns, which is many times faster: the arrays of all examples, each with an axis for
            them in front, ``(N, ...)``, or ragged, ``(flat, offsets)``, where example i is
            ``flat[offsets[i]:offsets[i + 1]]``.
        lr : float

        Raises
        ------
        InputError, NonFiniteError
            As `step`; those before the faulty ones have been run.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> class Mean(tw.Module):
        ...     def __init__(self):
        ...         self.mean = tw.Parameter(np.zeros(()))
        ...     def loss(self, example):
        ...         return ((self.mean - example["x"]) ** 2).sum()
        >>> mean = Mean()
        >>> run = tw.compile(mean, {"x": np.array([1.0, 2.0])}, {"x": ("n",)}).run
        >>> run({"x": (np.array([1.0, 2.0, 3.0]), np.array([0, 1, 3]))}, 0.25)
        9.5
        """
        total, lr = 0.0, checked_rate(lr)
        if isinstance(source, Mapping) or hasattr(source, "_fields"):
            if not are_columns(source, self.fields):
                raise InputError(
                    "run takes examples, and this is one: give a list of it, or call step"
                )
            parts = pack_columns(source, self.fields, CHUNK)
        elif isinstance(source, Iterable):
            parts = pack(source, self.fields, CHUNK)
        else:
            raise InputError(f"run takes examples, such as a list of them, not {source!r:.60}")
        for packed in parts:
            total += self.run_packed(packed, np.full(packed.count, lr, np.float64))
        return total

    def run_packed(self, packed: Packed, rates: AnyArray) -> float:
        """Run examples that are packed already, each with its learning rate."""
        self.kernel.check_ids(packed)
        self.kernel.pad_tables()
        steps = 0
        if self.optimizer is not None:
            self.check_settings()
            steps = self.optimizer.steps
            self.optimizer.steps += packed.count
        loss = self.kernel.run(packed, self.kernel.arrays(), rates, steps + 1)
        if not math.isfinite(loss):
            raise NonFiniteError(self._reason(loss, packed))
        return loss

    def _reason(self, loss: float, packed: Packed) -> str:
        for at in range(packed.count):
            for name, array in packed.example(self.instructions, at).items():
                if not np.isfinite(array).all():
                    return (
                        f"the loss is {loss}, as {name} of example {packed.first + at} holds "
                        "numbers that are not finite: leave such examples out"
                    )
        for name, parameter in self.model.named_parameters():
            if not np.isfinite(parameter.data).all():
                return (
                    f"the loss is {loss}, and {name} holds numbers that are not finite by now: use "
                    "a smaller learning rate, and begin with fresh numbers"
                )
        return f"the loss is {loss}: run it under `with tw.debug():` to see which op made it so"

    def _settings(self) -> tuple[Any, ...]:
        """What of the optimizer the kernel holds as it was when it was compiled."""
        rule = self.optimizer
        return () if rule is None else (rule.parameters, rule.numbers())

    def check_settings(self) -> None:
        """Raise an InputError when the optimizer is no longer the one that was compiled."""
        rule = self.optimizer
        if rule is None:
            return
        parameters, numbers = self._settings()
        if parameters is not self._rule[0]:
            raise InputError(
                f"{type(rule).__name__} holds other parameters than when the kernel was made: "
                "compile the model again"
            )
        before = self._rule[1]
        for name in before | numbers:
            if numbers.get(name) != before.get(name):
                raise InputError(
                    f"{name} of {type(rule).__name__} is now {numbers.get(name)}, but the kernel "
                    f"was made for {before.get(name)}: compile the model again"
                )

    @cached_property
    def _gradient_kernel(self) -> Kernel:
        title = f"{type(self.model).__name__}, gradients only"
        return Kernel(self._gradients, self.dtype, title, self.schedule)

    def gradients(self, batch: Any) -> dict[str, AnyArray]:
        """Return the gradient of an example's loss for each Parameter, as arrays of their shapes.

        The Parameters are not changed. (It is a kernel of its own, compiled at the first call.)
        """
        packed = pack_one(batch, self.fields)
        kernel = self._gradient_kernel
        kernel.check_ids(packed)
        arrays = kernel.arrays()
        kernel.run(packed, arrays, np.ones(1), 1)
        gradients = {}
        for name, parameter in self.model.named_parameters():
            array = arrays.get(kernel.traced.gradients.get(name, ""))
            gradients[name] = np.zeros(parameter.shape, self.dtype) if array is None else array
        return gradients

    def graph(self) -> Any:
        """Draw the instructions, with those that share a loop in one box: a `Drawing`."""
        from tinygrad_w2v.compiler.inspect.picture import draw

        return draw(self.kernel.built)

    def inspect_asm(self, packed: Packed | None = None) -> Assembly:
        """Compile the kernel once more and return its assembly, counted by the source's loops.

        Parameters
        ----------
        packed : Packed, optional
            Examples in arrays of the types that the kernel is to be compiled for; nothing is run.
            By default those that `step` and `run` make.

        Returns
        -------
        Assembly
            ``print`` shows loads, stores, FMAs and shuffles of each innermost loop; ``.loops`` has
            them as numbers, ``.text`` the instructions under the lines that they are of.

        Examples
        --------
        >>> import numpy as np
        >>> import tinygrad_w2v as tw
        >>> class Line(tw.Module):
        ...     def __init__(self):
        ...         self.slope = tw.Parameter(np.zeros(1, np.float32))
        ...     def loss(self, batch):
        ...         return ((self.slope * batch["x"] - batch["y"]) ** 2).sum()
        >>> points = {"x": np.array([1.0, 2.0]), "y": np.array([2.0, 4.0])}
        >>> compiled = tw.compile(Line(), points, {"x": ("n",), "y": ("n",)})
        >>> "for i in range(n)" in compiled.inspect_asm().text
        True
        """
        source = self.kernel.built.source
        arrays, packed = self.kernel.arrays(), packed or self._one.packed
        return inspected(source, source.arguments(packed, arrays, self._rate, 1))

    def __repr__(self) -> str:
        return (
            f"Compiled({type(self.model).__name__}, {len(self.instructions)} instructions, "
            f"{self.dtype})"
        )
