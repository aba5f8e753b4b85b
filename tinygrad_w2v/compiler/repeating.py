"""A loss that is another one each time is found: a kernel would hold its first run for all windows.

A trace runs Python once. Whatever that run drew, counted or read off a clock would stand in the
kernel as a number for ever. So the loss is traced several times: what it computes, and each array
that it brings along, has to be the same, no generator in its reach may have moved on, and no number
among the attributes may go on changing. What the traces left in the model is taken back.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.autograd.diagnosis import Site
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.compiler.instructions import Instruction
from tinygrad_w2v.compiler.tracing import Field, Traced, trace
from tinygrad_w2v.nn import Module
from tinygrad_w2v.optim.optimizer import Optimizer

TIMES = 8  # a coin that nobody holds is thrown the same way so often once in 128 times
REMEDY = (
    "a kernel would hold the first run for all windows: make such numbers outside, and give them "
    "as an array of the window"
)
_MOST = 1000  # entries of a list or dict that is looked through; longer ones are data
_NUMBERS = (bool, int, float, complex, np.generic)


def trace_repeatable(
    model: Module,
    example: Any,
    fields: tuple[Field, ...],
    optimizer: Optimizer | None = None,
    dtype: Any = np.float32,
) -> tuple[Traced, Traced]:
    """Return the traces of a step and of the gradients alone, if the loss is the same each time.

    Parameters
    ----------
    model, example, fields, optimizer, dtype
        As in `trace`.

    Raises
    ------
    CompileError
        It names what changes from run to run, and the line.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> from tinygrad_w2v.compiler.tracing import fields_of
    >>> class Dropped(tw.Module):
    ...     def __init__(self):
    ...         self.w, self.rng = tw.Parameter(np.ones(8)), np.random.default_rng(0)
    ...     def loss(self, batch):
    ...         return (F.dropout(self.w, 0.5, self.rng) * batch["x"]).sum()
    >>> window = {"x": np.ones(8)}
    >>> trace_repeatable(Dropped(), window, fields_of(window, None))
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.CompileError: Dropped.loss draws random numbers from self.rng: ...
    """
    what = f"{type(model).__name__}.loss"
    held = _Held(model)
    try:
        traced = trace(model, example, fields, optimizer, dtype)
        gradients = trace(model, example, fields, None, dtype, only_gradients=True)
        first, counted = _Print(trace(model, example, fields, None, dtype)), held.numbers()
        for _ in range(TIMES - 3):
            again = _Print(trace(model, example, fields, None, dtype))
            drawn = held.moved_on()
            step = first.difference(again) or first.written()
            if drawn or step is not None:
                whence = f"draws random numbers from {drawn}" if drawn else _whence(step)
                line = f"\n  applied at {step.site}" if step is not None and step.site else ""
                raise CompileError(f"{what} {whence}: {REMEDY}{line or _defined(model)}")
            changed = [name for name, n in held.numbers().items() if n != counted.get(name, n)]
            if changed:
                raise CompileError(
                    f"{what} changes {changed[0]} each time that it is run: {REMEDY}"
                    f"{_defined(model)}"
                )
    finally:
        held.put_back()
    return traced, gradients


def _defined(model: Any) -> str:
    code = getattr(_plain(type(model).loss), "__code__", None)
    return f"\n  defined at {Site(code.co_filename, code.co_firstlineno)}" if code else ""


def _whence(step: Instruction | None) -> str:
    assert step is not None
    if step.op == "constant":
        shape = "a number" if step.shape == () else f"an array of the shape {step.shape}"
        return f"brings along {shape} that is another one each time"
    return f"computes something else each time, first at {step.op}"


class _Print:
    """What is compared of two traces: instructions, and the arrays that they bring along."""

    def __init__(self, traced: Traced) -> None:
        program = traced.program
        self.steps = tuple(program)
        self.arrays = {name: np.asarray(array) for name, array in program.constants.items()}
        self._sums = self._checksums()

    def _checksums(self) -> dict[str, int]:
        arrays = self.arrays.items()
        return {name: zlib.crc32(np.ascontiguousarray(array).data) for name, array in arrays}

    def difference(self, other: _Print) -> Instruction | None:
        """The first instruction that is another one."""
        for one, two in zip(self.steps, other.steps, strict=False):
            if one.key != two.key or not _same_bytes(
                self.arrays.get(one.name), other.arrays.get(two.name)
            ):
                return one
        longer = max(self.steps, other.steps, key=len)
        common = min(len(self.steps), len(other.steps))
        return longer[common] if common < len(longer) else None

    def written(self) -> Instruction | None:
        """An array that somebody wrote into since."""
        now = self._checksums()
        return next((s for s in self.steps if now.get(s.name) != self._sums.get(s.name)), None)


def _same_bytes(one: Any, other: Any) -> bool:
    if one is other:
        return True
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


class _Held:
    """What a model holds beside its Parameters: generators, numbers, and the containers of both."""

    def __init__(self, model: Module) -> None:
        self._containers: list[tuple[Any, Any]] = []
        self._generators: dict[str, tuple[Any, Any]] = {}
        self._root = model
        for name, value in _reached(model):
            if isinstance(value, Module | dict | list) and len(_entries(value)) <= _MOST:
                copy = list(value) if isinstance(value, list) else dict(_entries(value))
                self._containers.append((value, copy))
            elif isinstance(value, _GENERATORS):
                self._generators.setdefault(name, (value, _state(value)))
        self._generators["numpy.random"] = (np.random, _state(np.random))
        self._generators["the module random"] = (random, random.getstate())

    def moved_on(self) -> str | None:
        """The name of a generator that something was drawn from."""
        for name, (generator, before) in self._generators.items():
            if not _equal(_state(generator), before):
                return name
        return None

    def numbers(self) -> dict[str, Any]:
        """The plain numbers among the attributes by name."""
        found = {}
        for name, value in _reached(self._root):
            if isinstance(value, _NUMBERS) and value == value:
                found[name] = value
        return found

    def put_back(self) -> None:
        """Let generators and attributes be as they were."""
        for generator, before in self._generators.values():
            _set_state(generator, before)
        for container, copy in self._containers:
            if isinstance(container, list):
                container[:] = copy
            else:
                entries = _entries(container)
                entries.clear()
                entries.update(copy)


_GENERATORS = (np.random.Generator, np.random.BitGenerator, np.random.RandomState, random.Random)


def _entries(container: Any) -> Any:
    return vars(container) if isinstance(container, Module) else container


def _reached(model: Module) -> Iterator[tuple[str, Any]]:
    """Everything below a model with its name, through modules, lists, dicts and functions."""
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("self", model)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, Node | np.ndarray | type):
            continue
        yield name, value
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Module):
            waiting += [(f"{name}.{key}", part) for key, part in vars(value).items()]
            for kind in type(value).__mro__[: type(value).__mro__.index(Module)]:
                waiting += [(f"{name}.{key}", part) for key, part in vars(kind).items()]
        elif isinstance(value, dict | list | tuple) and len(value) > _MOST:
            continue
        elif isinstance(value, dict):
            waiting += [(f"{name}[{key!r}]", part) for key, part in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [(f"{name}[{i}]", part) for i, part in enumerate(value)]
        elif callable(value):
            waiting += _named_by(value)


def _named_by(function: Any) -> list[tuple[str, Any]]:
    """The generators that a function's text names, of its module and of what is around it."""
    function = _plain(function)
    code = getattr(function, "__code__", None)
    if code is None:
        return []
    found = {name: function.__globals__.get(name) for name in code.co_names}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        with suppress(ValueError):  # a cell that holds nothing yet
            found[name] = cell.cell_contents
    return [(name, value) for name, value in found.items() if isinstance(value, _GENERATORS)]


def _plain(function: Any) -> Any:
    """A function without what was wrapped around it."""
    return getattr(function, "__wrapped__", getattr(function, "__func__", function))


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    if isinstance(generator, np.random.BitGenerator):
        return generator.state
    return generator.getstate() if hasattr(generator, "getstate") else generator.get_state()


def _set_state(generator: Any, state: Any) -> None:
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif isinstance(generator, np.random.BitGenerator):
        generator.state = state
    elif hasattr(generator, "setstate"):
        generator.setstate(state)
    else:
        generator.set_state(state)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[k], other[k]) for k in one)
    if isinstance(one, tuple):
        return all(_equal(a, b) for a, b in zip(one, other, strict=True))
    return bool(np.array_equal(one, other))
