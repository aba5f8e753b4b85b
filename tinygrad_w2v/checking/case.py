"""A case: a function of arrays in which an op is used, and how to draw the arrays.

The table of all cases (`checking.cases`) is what the gradient checks, the tests and the command
``tinygrad-w2v check`` run over: adding an op is a class and a row here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinygrad_w2v import functions
from tinygrad_w2v._base.types import AnyArray, Shape
from tinygrad_w2v.autograd.function import Function

Draw = Callable[[np.random.Generator], tuple[AnyArray, ...]]
Ops = type[Function] | tuple[type[Function], ...]
EMPTY = "no element, no gradient"
FLAT = "its slope is 0"


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

    # ------------------------------------------------------------------ the same, but
    def like(self, reference: Callable[..., Any]) -> Case:
        """The same case, with ``reference(np, x, ...)`` as the same function in other words."""
        return replace(self, reference=lambda np: lambda *xs: reference(np, *xs))

    def alone(self, why: str, toothless: str = "") -> Case:
        """The same case, without a reference."""
        toothless = toothless or self.toothless
        return replace(self, reference=None, without_reference=why, toothless=toothless)

    def blind(self, why: str = FLAT) -> Case:
        """The same case, declared toothless."""
        return replace(self, toothless=why)

    def on(self, what: str, *draws: Draw | Shape) -> Case:
        """The same case on other arrays, named after `what`."""
        return replace(self, name=f"{self.name} {what}", draw=drawn(*draws))

    def on_each(self, draws: Mapping[str, tuple[Draw | Shape, ...]]) -> list[Case]:
        """The case, and the same case on each of these other arrays."""
        return [self, *[self.on(what, *each) for what, each in draws.items()]]

    def strided(self) -> Case:
        """The same case on arrays that are not contiguous."""
        return self.on("not contiguous", lambda rng: tuple([_spread(a) for a in self.draw(rng)]))

    def and_strided(self) -> list[Case]:
        """The case, and the same case on arrays that are not contiguous."""
        return [self, self.strided()]

    def of_nothing(self, *shapes: Shape) -> Case:
        """The same case on empty arrays."""
        return self.on("of nothing", constant(*map(np.zeros, shapes))).alone(EMPTY, EMPTY)


# ---------------------------------------------------------------------- how to make them
def case(name: str, op: Ops, function: Callable[..., Any], *draws: Draw | Shape) -> Case:
    """A case of ``function(F, x, ...)``, which with NumPy in place of F is its own reference.

    A shape among the `draws` stands for normally distributed numbers of it.
    """
    return Case(
        name,
        lambda *xs: function(functions, *xs),
        drawn(*draws),
        op if isinstance(op, tuple) else (op,),
        lambda np: lambda *xs: function(np, *xs),
    )


def named(name: str, op: Ops, *draws: Draw | Shape, **how: Any) -> Case:
    """A case of the function that `name` begins with, called with the arguments `how`."""
    called = name.replace(",", " ").split()[0]
    plain = case(name, op, lambda np, *xs: getattr(np, called)(*xs, **how), *draws)
    # The function itself where that is possible: reports name it.
    return plain if how else replace(plain, function=getattr(functions, called))


def elementwise(
    name: str, op: Ops, drawing: Callable[..., Draw], like: Callable[..., Any] | None = None
) -> list[Case]:
    """A function of one number on arrays of all kinds, which `drawing` fills."""
    plain = named(name, op, drawing((3, 4)))
    plain = plain.like(like) if like else plain
    return [plain, plain.on("of a number", drawing(())), plain.of_nothing((0, 3)), plain.strided()]


def elementwise_pairs(name: str, op: Ops, drawing: Callable[..., Draw]) -> list[Case]:
    """A function of two numbers on arrays of all kinds, which `drawing` fills."""
    plain = named(name, op, drawing((3, 4), (3, 4)))
    return [
        plain,
        plain.on("broadcast", drawing((3, 1), (2, 1, 4))),
        plain.on("of numbers", drawing((), ())),
        plain.of_nothing((0, 3), (3,)),
        plain.strided(),
    ]


AXES: dict[str, dict[str, Any]] = {
    "": {},
    "along an axis": {"axis": 1},
    "along the last axis": {"axis": -1},
    "along two axes": {"axis": (0, -1)},
    "along two axes, falling": {"axis": (2, 1)},
    "keeping all axes": {"keepdims": True},
    "keeping an axis": {"axis": -2, "keepdims": True},
    "keeping two axes": {"axis": (0, 2), "keepdims": True},
}


def reductions(
    name: str, op: Ops, drawing: Callable[..., Draw], like: Callable[..., Any] | None = None
) -> list[Case]:
    """A function that reduces axes, given in every form, and on empty arrays."""

    def along(what: str) -> Case:
        how = AXES[what]
        plain = named(f"{name} {what}".strip(), op, drawing((2, 3, 4)), **how)
        return plain.like(lambda np, x: like(np, x, **how)) if like else plain

    strided = [along(what).strided() for what in ("along an axis", "keeping all axes")]
    return [*map(along, AXES), *strided, of_no_elements(name, op)]


def of_no_elements(name: str, op: Ops, axis: int = 0) -> Case:
    """A function along an axis of three rows without an element each."""
    what = "of nothing" if axis == 0 else "of nothing in each row"
    return named(f"{name} {what}", op, (3, 0), axis=axis).alone(EMPTY, EMPTY)


# ---------------------------------------------------------------------- draws
def drawn(*draws: Draw | Shape) -> Draw:
    """What all of them draw, in order; a shape draws normally distributed numbers."""

    def draw(rng: np.random.Generator) -> tuple[AnyArray, ...]:
        arrays: list[AnyArray] = []
        for each in draws:
            arrays += each(rng) if callable(each) else [np.asarray(rng.normal(size=each))]
        return tuple(arrays)

    return draw


def normal(*shapes: Shape) -> Draw:
    """Normally distributed numbers."""
    return drawn(*shapes)


def between(low: float, high: float, *shapes: Shape) -> Draw:
    """Numbers between two bounds."""
    return lambda rng: tuple([np.asarray(rng.uniform(low, high, shape)) for shape in shapes])


def within(low: float, high: float) -> Callable[..., Draw]:
    """`between` these bounds, of shapes that are given later."""
    return lambda *shapes: between(low, high, *shapes)


def away_from_zero(*shapes: Shape) -> Draw:
    """Numbers of both signs with absolute values between 0.4 and 2."""
    return lambda rng: tuple(
        [np.asarray(rng.uniform(0.4, 2.0, s) * rng.choice([-1.0, 1.0], s)) for s in shapes]
    )


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


def _spread(array: AnyArray) -> AnyArray:
    """The same numbers, laid out in memory with gaps and the axes in reverse order."""
    if array.ndim == 0:
        return array
    wide = np.zeros([2 * n for n in array.shape[::-1]])
    view = wide[tuple([slice(None, None, 2)] * array.ndim)].T
    view[...] = array
    return view
