"""One instruction of a program: what is computed of which values, immutable and typed.

It names its result, its op, the results that it reads, and the shape and dtype of what it makes.
Shapes are those of one example, made of numbers and of symbolic sizes. What the ops mean is said in
`ops`, one class an op.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tinygrad_w2v.compiler.ir.scalar_functions import RESERVED
from tinygrad_w2v.compiler.ir.sizes import Length, Shape


@dataclass(frozen=True)
class Instruction:
    """One step.

    Attributes
    ----------
    name : str
        Of what it makes (of a written parameter: of the act of writing).
    op : str
        One of `ops.OPS`.
    inputs : tuple of str
        Names of what it reads; a written parameter comes first.
    shape : tuple
        Of what it makes, for one example.
    dtype : str
        ``"float"``, ``"int"`` or ``"bool"``.
    parameters : dict
        What else the op needs: a scalar function's name, axes, a value.
    site : str
        The user's line, where it is known.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    shape: Shape
    dtype: str
    parameters: Mapping[str, Any]
    site: str = ""

    def __getitem__(self, parameter: str) -> Any:
        return self.parameters[parameter]

    def lengths(self) -> Iterator[Length]:
        """Yield all lengths and places that are named in it."""
        yield from (*self.shape, self.parameters.get("length", 1))
        for part in self.parameters.get("spec", ()):
            yield from part[1:]
        for inner in self.parameters.get("body", ()):  # of a loop over time
            yield from inner.lengths()

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two instructions the same but for their names."""
        items = tuple(sorted(self.parameters.items()))
        return self.op, self.inputs, self.shape, self.dtype, repr(items)


class Names:
    """Gives every value a name of its own: ``h``, ``h_2``, ..."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._next: dict[str, int] = dict.fromkeys(taken, 1)

    def copy(self) -> Names:
        """Return one that gives the same names from here on."""
        same = Names()
        same._next = dict(self._next)
        return same

    def fresh(self, wanted: str) -> str:
        """Return `wanted`, or with a number appended where it was given before."""
        number = self._next.get(wanted, 0) + 1
        self._next[wanted] = number
        return wanted if number == 1 else self.fresh(f"{wanted}_{number}")


def identifier(name: str) -> str:
    """Return a user's name as one that Python code may hold and a kernel does not use itself.

    Examples
    --------
    >>> identifier("w_in"), identifier("layers.0.weight"), identifier("class"), identifier("lr")
    ('w_in', 'layers_0_weight', 'class_', 'lr_')
    """
    cleaned = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))  # as Python reads names
    if not cleaned.isidentifier():
        cleaned = f"_{cleaned}"
    return f"{cleaned}_" if keyword.iskeyword(cleaned) or cleaned in RESERVED else cleaned
