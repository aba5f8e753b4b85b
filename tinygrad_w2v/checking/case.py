"""A case: a function of arrays in which an op is used, and how to draw the arrays.

The table of all cases (`checking.cases`) is what the gradient checks, the tests and the command
``tinygrad-w2v check`` run over: adding an op is a class and a row here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinygrad_w2v import functions
from tinygrad_w2v._base.types import AnyArray, Shape
from tinygrad_w2v.autograd.function import Function

Draw = Callable[[np.random.Generator], tuple[AnyArray, ...]]
EMPTY = "no element, no gradient"


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes
    ----------
    name : str
        The op and the variant, as ``"sum of two axes"``; unique.
    function : callable
        The arrays (or Variables) in, one array (or Variable) out, of any shape.
    draw : callable
        ``draw(rng)`` is the tuple of float64 arrays to differentiate with respect to. They keep
        away from kinks and poles.
    covers : tuple of Function classes
        The ops whose backward this case would find wrong.
    reference : callable, optional
        ``reference(np)`` is the same function written with the NumPy module that it is given, so
        that another library's derivative can be compared.
    without_reference : str
        Why there is none.
    toothless : str
        Why a backward that is wrong by a factor cannot be seen in this case; empty if it can.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.checking.cases import CASES
    >>> case = next(case for case in CASES if case.name == "exp")
    >>> (x,) = case.draw(np.random.default_rng(0))
    >>> bool(np.all(case.function(tw.Variable(x)).data == np.exp(x)))
    True
    """

    name: str
    function: Callable[..., Any]
    draw: Draw
    covers: tuple[type[Function], ...]
    reference: Callable[[Any], Callable[..., Any]] | None = None
    without_reference: str = ""
    toothless: str = ""

    def variant(self, what: str, **changes: Any) -> Case:
        """The same case with `changes`, named after `what`."""
        return replace(self, name=f"{self.name} {what}", **changes)

    def laid_out_apart(self) -> Case:
        """The same case on arrays that are not contiguous."""
        return self.variant("not contiguous", draw=not_contiguous(self.draw))

    def of_nothing(self, *shapes: Shape) -> Case:
        """The same case on empty arrays."""
        return self.variant(
            "of nothing",
            draw=lambda rng: tuple([np.zeros(shape) for shape in shapes]),
            reference=None,
            without_reference=EMPTY,
            toothless=EMPTY,
        )


def of_both(
    name: str,
    op: type[Function],
    function: Callable[..., Any],
    draw: Draw,
    reference: Callable[..., Any] | None = None,
    **changes: Any,
) -> Case:
    """A case of ``function(F, x, ...)``, which with NumPy in place of F is its own reference.

    Where the other library has no rule for it, `reference` says the same in other words.
    """
    theirs = reference or function
    return Case(
        name,
        lambda *xs: function(functions, *xs),
        draw,
        (op,),
        lambda np: lambda *xs: theirs(np, *xs),
        **changes,
    )


# ---------------------------------------------------------------------- ways to draw
def normal(*shapes: Shape) -> Draw:
    """Normally distributed numbers."""
    return lambda rng: tuple([_drawn(rng.normal, shape) for shape in shapes])


def between(low: float, high: float, *shapes: Shape) -> Draw:
    """Numbers between two bounds."""
    return lambda rng: tuple([_drawn(lambda size: rng.uniform(low, high, size), s) for s in shapes])


def away_from_zero(*shapes: Shape) -> Draw:
    """Numbers of both signs with absolute values between 0.4 and 2."""

    def draw(rng: np.random.Generator) -> tuple[AnyArray, ...]:
        return tuple(
            [np.asarray(rng.uniform(0.4, 2.0, s) * rng.choice([-1.0, 1.0], s)) for s in shapes]
        )

    return draw


def distinct(*shapes: Shape) -> Draw:
    """Numbers of which no two, of one array or of several, are closer than 0.1."""

    def draw(rng: np.random.Generator) -> tuple[AnyArray, ...]:
        sizes = [int(np.prod(shape)) for shape in shapes]
        total = sum(sizes)
        values = rng.permutation(total) * 0.2 - 0.1 * total + rng.uniform(0, 0.1, total)
        parts = np.split(values, np.cumsum(sizes)[:-1])
        return tuple([part.reshape(s) for part, s in zip(parts, shapes, strict=True)])

    return draw


def constant(*arrays: Any) -> Draw:
    """Always these numbers."""
    return lambda rng: tuple([np.array(array, np.float64) for array in arrays])


def not_contiguous(draw: Draw) -> Draw:
    """What `draw` draws, laid out in memory with gaps and the axes in reverse order."""

    def drawn(rng: np.random.Generator) -> tuple[AnyArray, ...]:
        return tuple([_spread(array) for array in draw(rng)])

    return drawn


def _spread(array: AnyArray) -> AnyArray:
    if array.ndim == 0:
        return array
    wide = np.zeros([2 * n for n in array.shape[::-1]])
    view = wide[tuple([slice(None, None, 2)] * array.ndim)].T
    view[...] = array
    return view


def _drawn(distribution: Callable[..., Any], shape: Shape) -> AnyArray:
    return np.asarray(distribution(size=shape))
