"""`check_compiled`: does a kernel compute what the graph computes, for this model of yours?

Examples of several sizes are drawn after the given one: ids are places of what they index, other
numbers come from it. Then every form that the model takes on its way to a kernel is run on them
(`compare`), one after the other, and the source with every element that it touches checked
(`checked_source`).
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError, GradientError, InputError
from tinygrad_w2v._base.randomness import generator
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.modes import no_grad
from tinygrad_w2v.compiler.codegen.batch_layout import pack_one
from tinygrad_w2v.compiler.codegen.index_checks import Place, Places, places_of, viewed
from tinygrad_w2v.compiler.compile import compile
from tinygrad_w2v.compiler.inspect.checked_source import KernelFault
from tinygrad_w2v.compiler.inspect.compare import compare, copied
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import sizes_in, value_of
from tinygrad_w2v.compiler.loops.nest import statements_run
from tinygrad_w2v.compiler.loops.schedule import Schedule
from tinygrad_w2v.compiler.stages import build
from tinygrad_w2v.compiler.trace.trace import Axes, Field, example_arrays, fields_of, trace
from tinygrad_w2v.nn import Module
from tinygrad_w2v.optim.optimizer import Optimizer

DRAWN, ATTEMPTS, LONGEST = 8, 40, 12
PATIENCE = 1_000_000  # statements that are run as Python, at some microseconds each
RATE = 0.01  # small, so that the rounding of one example is not magnified by the next ones


def check_compiled(
    model: Module,
    example: Any,
    axes: Axes | None = None,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator | None = None,
    *,
    schedule: Schedule | None = None,
) -> None:
    """Compare a model's kernel with its graph, on examples of several sizes.

    Run it once for a model of your own, before a long training. The graph in double precision is
    what counts; the instructions, the kernel's source run as Python, with every index checked, and
    the native kernel must all change each Parameter alike. The model and the optimizer are
    copied first, and stay as they are. As Python runs only what takes seconds: of a model that
    scores all of a large vocabulary, give one with a small vocabulary.

    Parameters
    ----------
    model, example, axes, optimizer, schedule
        As for `compile`. The example's numbers are those that others are drawn from, so it should
        hold several of each kind.
    rng : numpy.random.Generator, optional
        ``np.random.default_rng(0)`` by default.

    Raises
    ------
    CompileError
        Where an answer differs: it names the Parameter, the element, both numbers and the sizes of
        the examples. And where the model cannot be compiled at all.
    InputError
        Where `axes` does not fit the example, or none can be drawn after it.
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
    >>> points = {"x": np.array([1.0, 2.0]), "y": np.array([2.0, 4.0])}
    >>> tw.check_compiled(Line(), points, {"x": ("n",), "y": ("n",)})
    """
    rng = generator(rng)
    fields = fields_of(example, axes)
    model, optimizer = copied(model, optimizer, np.dtype(np.float64))
    compile(model, example, axes, optimizer)  # which refuses what it refuses
    _stir(model, example, rng)
    examples = [example, *_drawn(model, example, fields, rng)]
    program = trace(model, example, fields, optimizer, np.float64).program
    few = _quick(program, examples, fields, schedule)
    settings: dict[str, Any] = {"lr": RATE, "schedule": schedule}
    try:
        compare(model, examples, axes, optimizer, source=len(few) == len(examples), **settings)
        if 0 < len(few) < len(examples):
            compare(model, few, axes, optimizer, native=False, **settings)
    except (GradientError, KernelFault) as error:
        sizes = ", ".join(_sizes_shown(drawn, fields) for drawn in examples)
        raise CompileError(
            f"the kernel of {type(model).__name__} is wrong: {error} (examples: {sizes}). This is "
            'a fault of the compiler; the graph and `engine="numpy"` do without it'
        ) from error


def _quick(
    program: Program, examples: list[Any], fields: tuple[Field, ...], schedule: Schedule | None
) -> list[Any]:
    """As many of the first examples as the source, as Python, takes no more than seconds for."""
    body = build(program, np.float64, "check", schedule).code.body
    statements = (statements_run(body, pack_one(x, fields).sizes_of(0)) for x in examples)
    total = itertools.accumulate(statements)
    return [x for x, n in zip(examples, total, strict=True) if n <= PATIENCE]


def _stir(model: Module, example: Any, rng: np.random.Generator) -> None:
    """Move the parameters a little, so that no gradient is 0 because a table is."""
    for parameter in model.parameters():
        before, width = parameter.data, float(np.std(parameter.data)) or 1.0
        parameter.data = before + 0.1 * width * rng.normal(size=before.shape)
        if not _is_finite(model, example):
            parameter.data = before


def _is_finite(model: Any, example: Any) -> bool:
    """Whether the graph has an answer for an example."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), no_grad():
            warnings.simplefilter("ignore")  # of the mean of nothing, for example
            return bool(np.isfinite(model.loss(example).data))
    except (ArithmeticError, ValueError):
        return False


# ---------------------------------------------------------------------- examples
def _drawn(
    model: Module, example: Any, fields: tuple[Field, ...], rng: np.random.Generator
) -> Iterator[Any]:
    """Yield examples of several sizes that the graph has an answer for."""
    program = trace(model, example, fields, None, np.float64).program
    places, domains = Places(program), _domains(program)
    bounds = {size.name: size.bound for field in fields for size in sizes_in(field.shape)}
    count = 0
    for length in [1, 2, 3, LONGEST, 0, *[-1] * (ATTEMPTS - 5)] if bounds else [0] * DRAWN:
        sizes = {
            name: min(bound, length if length >= 0 else int(rng.integers(1, LONGEST + 1)))
            for name, bound in bounds.items()
        }
        drawn = _example(example, fields, sizes, domains, rng)
        if drawn is None or not _fits(model, drawn, fields, places):
            continue
        yield drawn
        count += 1
        if count == DRAWN:
            return
    if not count:
        raise InputError(
            f"nothing could be drawn after the example that {type(model).__name__}.loss has a "
            "finite answer for: give an example of several contexts, with numbers as they come"
        )


def _fits(model: Module, example: Any, fields: tuple[Field, ...], places: Places) -> bool:
    """Whether the ids of an example are in range, and its loss is finite."""
    try:
        places.check(pack_one(example, fields))
    except InputError:
        return False
    try:
        return _is_finite(model, example)
    except IndexError as error:
        raise CompileError(
            f"{type(model).__name__}: the graph refuses an example "
            f"({_sizes_shown(example, fields)}) that the kernel takes: {error}"
        ) from error


def _domains(program: Program) -> dict[str, list[Place]]:
    """Which axes a field's numbers are places of, where they are nothing but that."""
    known = program.by_name()
    domains: dict[str, list[Place]] = {}
    for place in places_of(program):
        step = viewed(known, place.ids)
        if step.op == "input":
            domains.setdefault(step.name, []).append(place)
    return domains


def _example(
    example: Any,
    fields: tuple[Field, ...],
    sizes: Mapping[str, int],
    domains: Mapping[str, list[Place]],
    rng: np.random.Generator,
) -> Any:
    """An example of these sizes; None where an axis is empty that ids are to be places of."""
    given = example_arrays(example)
    arrays: dict[str, AnyArray] = {}
    for field in fields:
        shape = tuple(int(value_of(n, sizes)) for n in field.shape)
        domain = domains.get(field.identifier, [])
        lengths = [int(value_of(place.length, sizes)) for place in domain]
        if not domain:
            arrays[field.name] = _taken_from(given[field.name], shape, rng)
        elif any(place.starts for place in domain):
            starts = np.sort(rng.integers(0, min(lengths) + 1, shape))
            starts[:1] = 0
            arrays[field.name] = starts.astype(field.dtype)
        elif min(lengths) == 0 and np.prod(shape) > 0:
            return None
        else:
            ids = rng.integers(0, max(min(lengths), 1), shape)
            if ids.size > 2 and rng.random() < 0.5:
                ids.flat[1] = ids.flat[0]  # a row that comes twice
            arrays[field.name] = ids.astype(field.dtype)
    if isinstance(example, Mapping):
        return {name: arrays.get(name) for name in example}
    return type(example)(**{name: arrays.get(name) for name in example._fields})


def _taken_from(array: AnyArray, shape: tuple[int, ...], rng: np.random.Generator) -> AnyArray:
    """The example's numbers, drawn anew along the axes that change."""
    if array.size == 0:
        return np.zeros(shape, array.dtype)
    for axis, n in enumerate(shape):
        if n != array.shape[axis]:
            array = array.take(rng.integers(0, array.shape[axis], n), axis=axis)
    if array.dtype.kind == "f" and np.any(array != np.floor(array)):
        array = (array * rng.uniform(0.5, 1.5, array.shape)).astype(array.dtype)
    return array


def _sizes_shown(example: Any, fields: tuple[Field, ...]) -> str:
    sizes = pack_one(example, fields).sizes_of(0)
    return " ".join(f"{name}={length}" for name, length in sizes.items()) or "fixed"
