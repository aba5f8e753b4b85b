"""Trial runs of a model: what they change beside its Parameters is noticed, and restored.

Everything that a module's methods can reach is searched: its attributes, those of its class, the
lists and dicts in them, and the generators that its functions name.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Self

import numpy as np

from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.nn.module import Module

_MOST = 1000  # entries of a list or dict that is searched; longer ones are data
_NUMBERS = (bool, int, float, complex, np.generic)
_GENERATORS = (np.random.Generator, np.random.BitGenerator, np.random.RandomState, random.Random)


class Trial:
    """A block in which a model is run on trial; at its end the model is as it was.

    Its generators, attributes, lists and dicts are restored. The values of arrays are not: a loss
    does not write into them.

    Parameters
    ----------
    model : Module

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> class Noise(tw.Module):
    ...     def __init__(self):
    ...         self.rng = np.random.default_rng(0)
    >>> noise = Noise()
    >>> with Trial(noise) as trial:
    ...     first = noise.rng.random()
    ...     print(trial.moved_on())
    self.rng
    >>> noise.rng.random() == first
    True
    """

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
        numbers = {}
        for name, value in _reached(self._root):
            if isinstance(value, _NUMBERS) and value == value:
                numbers[name] = value
        return numbers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.put_back()

    def put_back(self) -> None:
        """Restore generators and attributes."""
        for generator, before in self._generators.values():
            _set_state(generator, before)
        for container, copy in self._containers:
            if isinstance(container, list):
                container[:] = copy
            else:
                entries = _entries(container)
                entries.clear()
                entries.update(copy)


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
    function = unwrapped(function)
    code = getattr(function, "__code__", None)
    if code is None:
        return []
    named = {name: function.__globals__.get(name) for name in code.co_names}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        with suppress(ValueError):  # a cell that holds nothing yet
            named[name] = cell.cell_contents
    return [(name, value) for name, value in named.items() if isinstance(value, _GENERATORS)]


def unwrapped(function: Any) -> Any:
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
