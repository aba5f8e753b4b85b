"""Symbolic sizes: lengths of axes that are known only when an example comes.

A `Size` is a name and a bound: ``C``, at most 10. Shapes are made of ints and of `SymbolicSize`, a
polynomial of sizes such as ``C * T + 6``; one without sizes is a plain int. Symbolic sizes are
compared, added and used in shapes. As numbers they exist only in the kernel, so `int` and `bool`
raise here, and any other arithmetic with one becomes an instruction.

A slice is clipped to its axis: ``x[..., :3]`` has ``min(C, 3)`` elements. That is a size like the
others (`Smaller`), and the rest, ``x[..., 3:]``, has ``C - min(C, 3)`` elements, so that the sum of
both is C again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NoReturn, Protocol

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.autograd.debugging.sites import user_line


class Recorder(Protocol):
    """Whoever turns a symbolic size into a number of the kernel.

    Attributes
    ----------
    refused : CompileError or None
        The last error for a use of a size, or of a value, as a Python number.
    """

    refused: CompileError | None

    def number_of(self, length: SymbolicSize) -> Any:
        """Return the symbolic size as a traced scalar."""

    def whole_number_of(self, length: SymbolicSize) -> Any:
        """Return the symbolic size as a traced scalar that is a whole number."""


@dataclass(frozen=True)
class Size:
    """A dynamic length: its name, and the most it can be."""

    name: str
    bound: int

    def value(self, sizes: Mapping[str, Any]) -> Any:
        """Return what it is for an example of these sizes (or for many, as arrays)."""
        return sizes[self.name]


@dataclass(frozen=True)
class Smaller(Size):
    """The smaller one of two lengths, as what is left of an axis that a slice cuts off."""

    of: SymbolicSize
    limit: Length

    def value(self, sizes: Mapping[str, Any]) -> Any:
        """Return what it is for an example of these sizes (or for many, as arrays)."""
        length, limit = self.of.value(sizes), value_of(self.limit, sizes)
        many = isinstance(length, np.ndarray) or isinstance(limit, np.ndarray)
        return np.minimum(length, limit) if many else min(length, limit)


@dataclass(frozen=True, eq=False)
class SymbolicSize(np.lib.mixins.NDArrayOperatorsMixin):
    """A sum of products of sizes (with how often each counts) and a number.

    Examples
    --------
    >>> c = symbolic(Size("C", 10))
    >>> c + 6, c + 1 == 1 + c, c == 4, (c + 6).bound
    (C + 6, True, False, 16)
    >>> int(c)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.CompileError: the size C is known only when an example comes, ...
    """

    terms: tuple[tuple[tuple[Size, ...], int], ...]
    constant: int = 0
    recorder: Recorder | None = None

    @property
    def bound(self) -> int:
        """The most it can be (terms that are subtracted are taken as nothing)."""
        return self.constant + sum(
            math.prod(size.bound for size in sizes) * max(times, 0) for sizes, times in self.terms
        )

    def value(self, sizes: Mapping[str, Any]) -> Any:
        """Return what it is for an example of these sizes (or for many, as arrays)."""
        return self.constant + sum(
            math.prod(size.value(sizes) for size in factors) * times
            for factors, times in self.terms
        )

    def __repr__(self) -> str:
        shown = [
            " * ".join([*([] if n == 1 else [str(n)]), *(size.name for size in sizes)])
            for sizes, n in self.terms
        ]
        if self.constant or not shown:
            shown.append(str(self.constant))
        return " + ".join(shown).replace("+ -", "- ")

    # A size equals only itself.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, SymbolicSize) and self._key() == other._key()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return self.terms, self.constant

    def __add__(self, other: Any) -> Any:
        if not _is_length(other):
            return super().__add__(other)
        terms = dict(self.terms)
        constant = self.constant
        if isinstance(other, int):
            constant += other
        else:
            constant += other.constant
            for sizes, times in other.terms:
                terms[sizes] = terms.get(sizes, 0) + times
        kept = tuple(sorted(((s, n) for s, n in terms.items() if n), key=_by_name))
        return SymbolicSize(kept, constant, self.recorder) if kept else constant

    def __radd__(self, other: Any) -> Any:
        return self + other if _is_length(other) else super().__radd__(other)

    def __neg__(self) -> SymbolicSize:
        return SymbolicSize(tuple((s, -n) for s, n in self.terms), -self.constant, self.recorder)

    def __sub__(self, other: Any) -> Any:
        return self + -other if _is_length(other) else super().__sub__(other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other if _is_length(other) else super().__rsub__(other)

    def times(self, factor: Length) -> Length:
        """Return it so many times over: the length of this axis and one of `factor` as one."""
        if isinstance(factor, int):
            terms = tuple((sizes, n * factor) for sizes, n in self.terms)
            return SymbolicSize(terms, self.constant * factor, self.recorder) if factor else 0
        total: Any = self.times(factor.constant)
        for sizes, n in factor.terms:
            for own, times in (*self.terms, ((), self.constant)):
                both = tuple(sorted((*own, *sizes), key=lambda size: size.name))
                if times:
                    total = total + SymbolicSize(((both, n * times),), 0, self.recorder)
        return total

    def divided(self, divisor: int) -> SymbolicSize:
        """Return it divided by a number that must divide all of it."""
        parts = [n for _, n in self.terms] + [self.constant]
        if divisor == 0 or any(n % divisor for n in parts):
            raise ValueError(f"an axis of length {self} is not {divisor} equal parts")
        terms = tuple((size, n // divisor) for size, n in self.terms)
        return SymbolicSize(terms, self.constant // divisor, self.recorder)

    # Any other arithmetic is the kernel's; an op that is given a size takes it as a scalar.
    shape: ClassVar[tuple[int, ...]] = ()
    ndim: ClassVar[int] = 0
    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.int64)

    def astype(self, dtype: Any) -> Any:
        """Return it as a traced number."""
        recorder = self._recording()
        whole = np.dtype(dtype).kind != "f"
        return recorder.whole_number_of(self) if whole else recorder.number_of(self)

    def _recording(self) -> Recorder:
        if self.recorder is None:
            raise CompileError(f"the size {self} is no number outside of a trace")
        return self.recorder

    def __mul__(self, other: Any) -> Any:
        return self.times(other) if _is_length(other) else super().__mul__(other)

    def __rmul__(self, other: Any) -> Any:
        return self.times(other) if _is_length(other) else super().__rmul__(other)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        others = [x for x in inputs if not isinstance(x, SymbolicSize)]
        if any(hasattr(x, "__array_ufunc__") and not isinstance(x, np.ndarray) for x in others):
            return NotImplemented  # a symbol knows what to do with a size
        whole = others and all(np.asarray(x).dtype.kind in "iu" for x in others)
        name = "whole_number_of" if whole and ufunc.__name__ in _OF_WHOLE_NUMBERS else "number_of"
        numbers = [
            getattr(x._recording(), name)(x) if isinstance(x, SymbolicSize) else x for x in inputs
        ]
        return getattr(ufunc, method)(*numbers, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function(*_as_numbers(args), **kwargs)

    def _refused(self, *_: Any) -> NoReturn:
        error = no_number(f"the size {self}", str(self))
        if self.recorder is not None:
            self.recorder.refused = error  # NumPy may catch it, and say something of its own
        raise error

    __int__ = __bool__ = __float__ = __index__ = _refused
    __lt__ = __le__ = __gt__ = __ge__ = _refused


def _as_numbers(values: Iterable[Any], method: str = "number_of") -> list[Any]:
    return [
        getattr(v._recording(), method)(v) if isinstance(v, SymbolicSize) else v for v in values
    ]


_OF_WHOLE_NUMBERS = "add subtract multiply floor_divide remainder maximum minimum".split()


def _is_length(number: Any) -> bool:
    return isinstance(number, SymbolicSize) or type(number) is int


def no_number(what: str, n: str = "n") -> CompileError:
    """The error for a size, or what is computed of sizes, where Python needs a number."""
    return CompileError(
        f"{what} is known only when an example comes, so it is no Python number: multiply or "
        f"divide values by it, or let `mean` do so; `np.arange({n}, like=x)`, for an array x of "
        f"the example, counts so far; a loop or an `if` over it cannot be compiled{user_line()}"
    )


Length = int | SymbolicSize
Shape = tuple[Length, ...]


def _by_name(term: tuple[tuple[Size, ...], int]) -> tuple[str, ...]:
    return tuple(size.name for size in term[0])


def symbolic(size: Size, recorder: Recorder | None = None) -> SymbolicSize:
    """Return the symbolic size that is one size."""
    return SymbolicSize((((size,), 1),), 0, recorder)


def bound_of(length: Length) -> int:
    """Return the most that a length can be.

    Examples
    --------
    >>> bound_of(3), bound_of(symbolic(Size("C", 10)))
    (3, 10)
    """
    return length.bound if isinstance(length, SymbolicSize) else length


@cache
def floor_of(length: Length) -> int:
    """Return a number that a length is never below; as a length it has to be 0 or more.

    What is subtracted is never more than either of two lengths of which it is the smaller one;
    what is added is one of them.

    Examples
    --------
    >>> c = symbolic(Size("C", 10))
    >>> floor_of(c + 2), floor_of(c - 4), floor_of(c - at_most(c, 4))
    (2, -4, 0)
    >>> floor_of(at_most(c, 4) - at_most(c, 3))
    0
    """
    if not isinstance(length, SymbolicSize):
        return length
    subtracted = [term for term in length.terms if term[1] < 0]
    if not subtracted:
        return length.constant
    floors = [max(floor_of(lower) for lower in _in_place_of(length, *subtracted[0]))]
    for sizes, times in length.terms:
        if times > 0 and any(isinstance(size, Smaller) for size in sizes):
            floors.append(min(floor_of(case) for case in _in_place_of(length, sizes, times)))
    return max(floors)


def _in_place_of(length: SymbolicSize, sizes: tuple[Size, ...], times: int) -> Iterator[Length]:
    """`length` with either length in place of a `Smaller` of the term, else with its bound."""
    rest = length - SymbolicSize(((sizes, times),))
    cut = next((size for size in sizes if isinstance(size, Smaller)), None)
    if cut is None:
        yield rest + times * math.prod(size.bound for size in sizes)
        return
    others = product(symbolic(size) for size in sizes if size is not cut)
    for whole in (cut.of, cut.limit):
        yield rest + product([others, whole, times])


def at_most(length: Length, limit: Length) -> Length:
    """Return the smaller one of two lengths, neither of which is below 0.

    Examples
    --------
    >>> c, t = symbolic(Size("C", 10)), symbolic(Size("T", 6))
    >>> at_most(c, 3), at_most(c, 10), at_most(t, c), c - at_most(c, 3) + at_most(c, 3)
    (min(C, 3), C, min(C, T), C)
    """
    if floor_of(limit - length) >= 0:
        return length
    if floor_of(length - limit) >= 0:
        return limit
    both = [length, limit]
    both.sort(key=lambda n: (not isinstance(n, SymbolicSize), repr(n)))
    (length, other), bound = both, min(bound_of(length), bound_of(limit))
    assert isinstance(length, SymbolicSize)
    return symbolic(Smaller(f"min({length}, {other})", bound, length, other), length.recorder)


def value_of(length: Length, sizes: Mapping[str, Any]) -> Any:
    """Return a length as a number, for an example of these sizes (or for many, as arrays).

    Examples
    --------
    >>> value_of(symbolic(Size("C", 10)) + 1, {"C": 4})
    5
    """
    return length.value(sizes) if isinstance(length, SymbolicSize) else length


def product(lengths: Iterable[Length]) -> Length:
    """Return the length of several axes as one.

    Examples
    --------
    >>> c = symbolic(Size("C", 10))
    >>> product([2, 3]), product([2, c, 3]), product([c, c + 1])
    (6, 6 * C, C + C * C)
    """
    total: Any = 1
    for n in lengths:
        total = total * n if total != 1 else n
    return total


def size_of(length: SymbolicSize) -> Size:
    """Return the one size that a symbolic size consists of."""
    (((size,), times),) = length.terms
    assert times == 1 and length.constant == 0, length
    return size


def sizes_in(shape: Iterable[Length]) -> list[Size]:
    """Return the sizes that a shape names, each as often as it does.

    Examples
    --------
    >>> c = symbolic(Size("C", 10))
    >>> [size.name for size in sizes_in((3, c + 1, at_most(c, 3)))]
    ['C', 'C']
    """
    named: list[Size] = []
    for n in shape:
        for size in (
            (s for sizes, _ in n.terms for s in sizes) if isinstance(n, SymbolicSize) else ()
        ):
            named += sizes_in((size.of, size.limit)) if isinstance(size, Smaller) else [size]
    return named


def broadcast_shapes(shapes: Iterable[Shape]) -> Shape:
    """Return the shape that all broadcast to; a symbolic size fits itself and 1.

    Raises
    ------
    ValueError
        When there is none.

    Examples
    --------
    >>> c = symbolic(Size("C", 10))
    >>> broadcast_shapes([(c, 1), (3,), ()])
    (C, 3)
    """
    result: list[Length] = []
    for lengths in itertools.zip_longest(*[shape[::-1] for shape in shapes], fillvalue=1):
        different = list(dict.fromkeys(n for n in lengths if n != 1))
        if len(different) > 1:
            raise ValueError(f"axes of lengths {different[0]} and {different[1]} do not broadcast")
        result.insert(0, different[0] if different else 1)
    return tuple(result)
