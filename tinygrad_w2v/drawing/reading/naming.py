"""A name for every value of a program: the user's where there is one, else a short one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.drawing.labels import content_of, printable
from tinygrad_w2v.drawing.options import Notation
from tinygrad_w2v.drawing.reading.program import Names, Step, read_or_made

# What a result is called that has no name.
_RESULT: dict[Notation, str] = {"gh": "yz", "dh": "yz", "dL/dh": "L"}


def gradient_name(notation: Notation, name: str, result: str) -> str:
    """The name of the gradient of a value.

    Parameters
    ----------
    notation : {"gh", "dh", "dL/dh"}
    name, result : str
        What the value is called, and the result that is differentiated.

    Examples
    --------
    >>> [gradient_name(notation, "h", "loss") for notation in ("gh", "dh", "dL/dh")]
    ['gh', 'dh', 'dloss/dh']
    """
    return f"d{result}/d{name}" if notation == "dL/dh" else f"{notation[0]}{name}"


class Naming:
    """Names the values of one graph.

    Parameters
    ----------
    leaves : mapping
        The Variables and arrays that no op made, by key.
    data : sequence
        The arrays of all values.
    result : int
        Key of the result.
    given : mapping
        The names that users gave.
    notation : {"gh", "dh", "dL/dh"}
    """

    def __init__(
        self,
        leaves: Mapping[int, Any],
        data: Sequence[Any],
        result: int,
        given: Mapping[int, str],
        notation: Notation,
    ) -> None:
        self.leaves, self.data, self.result = leaves, data, result
        self.given, self.notation = given, notation
        self.names = Names()
        self.named: dict[int, str] = {}
        self.views: dict[int, int] = {}  # constants that are another one transposed

    def forward(self, steps: Sequence[Step], assigned: Mapping[int, str], letter: str = "") -> None:
        """Name what the forward pass reads and makes.

        `assigned` is used where no name is given, and `letter` for a result without a name.
        """
        given = self.qualified(steps)
        self.named = {key: self.names.reserve(given[key]) for key in sorted(given)}
        # The last of `total = total + x` is what the user's variable holds.
        for key in sorted(assigned, key=lambda key: key != self.result):
            if key not in self.named:
                self.named[key] = self.names.reserve(assigned[key])
        if self.result not in self.named:
            usual = f"{letter}{_RESULT[self.notation]}"
            free = [name for name in usual if name not in self.names.taken]
            self.named[self.result] = self.names.reserve((free or usual)[0])
        self.rest(read_or_made(steps), "h")

    def backward(
        self,
        steps: Sequence[Step],
        used: set[int],
        gradient_of: Mapping[int, int],
        parts_of: Mapping[int, Sequence[int]],
    ) -> None:
        """Name gradients after their values, and ``gw_1``, ``gw_2`` what ``gw`` is the sum of."""
        named = self.named
        for key, g in gradient_of.items():
            if g in used and g not in named:
                named[g] = self.names.reserve(self.gradient_name(key))
                for position, part in enumerate(parts_of.get(g, ()), 1):
                    if part not in named:
                        named[part] = self.names.reserve(f"{named[g]}_{position}")
        self.name_views(used)
        self.rest((*read_or_made(steps), *sorted(used)), "t")

    def gradient_name(self, key: int) -> str:
        """What the gradient of a value is called, if no other value is called so."""
        return gradient_name(self.notation, self.named[key], self.named[self.result])

    def rest(self, keys: Iterable[int], letter: str) -> None:
        """Short names for those that have none."""
        for key in keys:
            if key not in self.named:
                self.named[key] = self.short_name(key, letter)

    def qualified(self, steps: Sequence[Step]) -> dict[int, str]:
        """The users' names; where two leaves have the same, with their modules' names before."""
        leaves: dict[str, list[int]] = {}
        for key in self.leaves:
            if key in self.given:
                leaves.setdefault(self.given[key], []).append(key)
        alike = {key for keys in leaves.values() if len(keys) > 1 for key in keys}
        given = dict(self.given)
        for step in steps if alike else ():
            for key in alike.intersection(step.inputs):
                path = [scope.name for scope in step.scope[1:]]
                given[key] = ".".join([*path, self.given[key]])
                alike.discard(key)
        return given

    def short_name(self, key: int, letter: str) -> str:
        leaf = self.leaves.get(key)
        fresh: Callable[[str], str] = self.names.fresh
        if leaf is None:
            return fresh(letter)
        if isinstance(leaf, Node):
            return fresh("x")
        if getattr(leaf, "ndim", 0) == 0:
            return content_of(leaf) or printable(str(leaf))
        return fresh("c")

    def name_views(self, used: set[int]) -> None:
        """``swapaxes(c1, -1, -2)`` for what a rule made of a constant without recording it."""
        known = {
            _layout(self.data[key]): key
            for key in self.named
            if isinstance(self.leaves.get(key), np.ndarray)
        }
        for key in sorted(used - self.named.keys()):
            leaf = self.leaves.get(key)
            if isinstance(leaf, np.ndarray) and leaf.ndim >= 2:
                original = known.get(_layout(np.swapaxes(leaf, -1, -2)))
                if original is not None:
                    self.named[key] = f"swapaxes({self.named[original]}, -1, -2)"
                    self.views[key] = original


def _layout(array: Any) -> tuple[Any, ...]:
    """Equal for two views of the same elements in the same order."""
    return (array.__array_interface__["data"][0], array.shape, array.strides, array.dtype)
