"""`check_compiled`: does a kernel compute what the graph computes, for this model of yours?

Windows of several sizes are drawn after the example: ids are places of what they index, other
numbers come from the example. Then every form that the model takes on its way to a kernel is run on
them (`comparing`), one window after the other, and the source with every place that it touches
checked (`checked`).
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError, GradientError, InputError
from tinygrad_w2v._base.randomness import generator
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.modes import no_grad
from tinygrad_w2v.compiler.codegen.batch_layout import pack_one
from tinygrad_w2v.compiler.codegen.index_checks import Place, Places, places_of
from tinygrad_w2v.compiler.compile import compile
from tinygrad_w2v.compiler.inspect.checked_source import KernelFault
from tinygrad_w2v.compiler.inspect.compare import compare, copied
from tinygrad_w2v.compiler.ir.instructions import MOVED, Program
from tinygrad_w2v.compiler.ir.sizes import sizes_in, value_of
from tinygrad_w2v.compiler.loops.nest import turns_of
from tinygrad_w2v.compiler.stages import build
from tinygrad_w2v.compiler.trace.trace import Axes, Field, Traced, example_arrays, fields_of, trace
from tinygrad_w2v.nn import Module
from tinygrad_w2v.optim.optimizer import Optimizer

WINDOWS, ATTEMPTS, LONGEST = 8, 40, 12
PATIENCE = 1_000_000  # statements that are run as Python, at some microseconds each
RATE = 0.01  # small, so that the rounding of one window is not blown up by the next ones


def check_compiled(
    model: Module,
    example: Any,
    axes: Axes | None = None,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator | None = None,
) -> None:
    """Compare a model's kernel with its graph, on windows of several sizes.

    Run it once for a model of your own, before a long training. The graph in double precision is
    what counts; the instructions, the kernel's source run as Python, with every index checked, and
    the native kernel must change each Parameter by the same. The model and the optimizer are
    copied first, and stay as they are. As Python runs only what takes seconds: of a model that
    scores all of a large vocabulary, give one with a small vocabulary.

    Parameters
    ----------
    model, example, axes, optimizer
        As for `compile`. The example's numbers are those that windows are drawn from, so it should
        hold several, such as more than one context.
    rng : numpy.random.Generator, optional
        ``np.random.default_rng(0)`` by default.

    Raises
    ------
    CompileError
        Where an answer differs: it names the Parameter, the element, both numbers and the sizes of
        the window. And where the model cannot be compiled at all.
    InputError
        Where `axes` does not fit the example, or no window can be drawn after it.
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
    >>> window = {"x": np.array([1.0, 2.0]), "y": np.array([2.0, 4.0])}
    >>> tw.check_compiled(Line(), window, {"x": ("n",), "y": ("n",)})
    """
    rng = generator(rng)
    fields = fields_of(example, axes)
    model, optimizer = copied(model, optimizer, np.dtype(np.float64))
    compile(model, example, axes, optimizer)  # which refuses what it refuses
    _stir(model, example, rng)
    windows = [example, *_drawn(model, example, fields, rng)]
    few = _quick(trace(model, example, fields, optimizer, np.float64), windows, fields)
    try:
        compare(model, windows, axes, optimizer, lr=RATE, source=len(few) == len(windows))
        if 0 < len(few) < len(windows):
            compare(model, few, axes, optimizer, lr=RATE, native=False)
    except (GradientError, KernelFault) as error:
        sizes = ", ".join(_sizes_shown(window, fields) for window in windows)
        raise CompileError(
            f"the kernel of {type(model).__name__} is wrong: {error} (windows: {sizes}). This is a "
            'fault of the compiler; the graph and `engine="numpy"` do without it'
        ) from error


def _quick(traced: Traced, windows: list[Any], fields: tuple[Field, ...]) -> list[Any]:
    """As many of the first windows as the source, as Python, takes no more than seconds for."""
    tree, turns = build(traced.program, np.float64, "check").placed.tree, 0
    for number, window in enumerate(windows):
        sizes = {name: int(n[0]) for name, n in pack_one(window, fields).sizes.items()}
        turns += turns_of(tree, sizes)
        if turns > PATIENCE:
            return windows[:number]
    return windows


def _stir(model: Module, example: Any, rng: np.random.Generator) -> None:
    """Move the parameters a little, so that no gradient is 0 because a table is."""
    for parameter in model.parameters():
        before, width = parameter.data, float(np.std(parameter.data)) or 1.0
        parameter.data = before + 0.1 * width * rng.normal(size=before.shape)
        if not _is_finite(model, example):
            parameter.data = before


def _is_finite(model: Any, window: Any) -> bool:
    """Whether the graph has an answer for a window."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), no_grad():
            warnings.simplefilter("ignore")  # of the mean of nothing, for example
            return bool(np.isfinite(model.loss(window).data))
    except (ArithmeticError, ValueError):
        return False


# ---------------------------------------------------------------------- windows
def _drawn(
    model: Module, example: Any, fields: tuple[Field, ...], rng: np.random.Generator
) -> Iterator[Any]:
    """Yield windows of several sizes that the graph has an answer for."""
    program = trace(model, example, fields, None, np.float64).program
    places, domains = Places(program), _domains(program)
    bounds = {size.name: size.bound for field in fields for size in sizes_in(field.shape)}
    if not bounds:
        lengths: Iterable[int] = itertools.repeat(0, WINDOWS)
    else:
        lengths = [1, 2, 3, LONGEST, 0, *[-1] * (ATTEMPTS - 5)]
    found = 0
    for length in lengths:
        sizes = {
            name: min(bound, length if length >= 0 else int(rng.integers(1, LONGEST + 1)))
            for name, bound in bounds.items()
        }
        window = _window(example, fields, sizes, domains, rng)
        if window is None or not _fits(model, window, fields, places):
            continue
        yield window
        found += 1
        if found == WINDOWS:
            return
    if not found:
        raise InputError(
            f"no window could be drawn after the example that {type(model).__name__}.loss has a "
            "finite answer for: give an example of several contexts, with numbers as they come"
        )


def _fits(model: Module, window: Any, fields: tuple[Field, ...], places: Places) -> bool:
    """Whether a window is one: its ids are in range, and its loss is finite."""
    try:
        places.check(pack_one(window, fields))
    except InputError:
        return False
    try:
        return _is_finite(model, window)
    except IndexError as error:
        raise CompileError(
            f"{type(model).__name__}: the graph refuses a window ({_sizes_shown(window, fields)}) "
            f"that the kernel takes: {error}"
        ) from error


def _domains(program: Program) -> dict[str, list[Place]]:
    """Which axes a field's numbers are places of, where they are nothing but that."""
    known = program.by_name()
    found: dict[str, list[Place]] = {}
    for place in places_of(program):
        step = known[place.ids]
        while step.op in MOVED:
            step = known[step.inputs[0]]
        if step.op == "input":
            found.setdefault(step.name, []).append(place)
    return found


def _window(
    example: Any,
    fields: tuple[Field, ...],
    sizes: Mapping[str, int],
    domains: Mapping[str, list[Place]],
    rng: np.random.Generator,
) -> Any:
    """A window of these sizes; None where an axis is empty that ids are to be places of."""
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
    """What stands in the example, in another order and number along the axes that change."""
    if array.size == 0:
        return np.zeros(shape, array.dtype)
    for axis, n in enumerate(shape):
        if n != array.shape[axis]:
            array = array.take(rng.integers(0, array.shape[axis], n), axis=axis)
    if array.dtype.kind == "f" and np.any(array != np.floor(array)):
        array = (array * rng.uniform(0.5, 1.5, array.shape)).astype(array.dtype)
    return array


def _sizes_shown(window: Any, fields: tuple[Field, ...]) -> str:
    sizes = pack_one(window, fields).sizes
    return " ".join(f"{name}={int(lengths[0])}" for name, lengths in sizes.items()) or "fixed"
