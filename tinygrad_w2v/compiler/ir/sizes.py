"""The length of an axis that is known only when a window comes.

A `Size` is a name and a bound: ``C``, at most 10. What shapes are made of is an `Extent`, a sum of
products of sizes and a number such as ``C * T + 6``; one without sizes is a plain int. Extents are
compared, added and used in shapes. As numbers they exist only in the kernel, so `int` and `bool`
raise here, and what multiplies or divides by one becomes an instruction.

A slice is clipped to what it is taken of: ``x[..., :3]`` has ``min(C, 3)`` elements. That is a size
like the others (`Least`), and the rest, ``x[..., 3:]``, has ``C - min(C, 3)`` of them, so that both
together are C again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NoReturn, Protocol

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.autograd.diagnosis import user_line


class Recorder(Protocol):
    """Whoever turns an extent into a number of the kernel.

    Attributes
    ----------
    refused : CompileError or None
        The last error for a use of a size, or of a value, as a Python number.
    """

    refused: CompileError | None

    def number_of(self, extent: Extent) -> Any:
        """Return the extent as a traced scalar."""

    def whole_number_of(self, extent: Extent) -> Any:
        """Return the extent as a traced scalar that is a whole number."""


@dataclass(frozen=True)
class Size:
    """A dynamic length: its name, and the most it can be."""

    name: str
    bound: int

    def value(self, sizes: Mapping[str, Any]) -> Any:
        """Return what it is for a window of these sizes (or for many, given as arrays)."""
        return sizes[self.name]


@dataclass(frozen=True)
class Least(Size):
    """The smaller one of two lengths, as what is left of an axis that a slice cuts off."""

    of: Extent
    limit: Length

    def value(self, sizes: Mapping[str, Any]) -> Any:
        """Return what it is for a window of these sizes (or for many, given as arrays)."""
        length, limit = self.of.value(sizes), value_of(self.limit, sizes)
        many = isinstance(length, np.ndarray) or isinstance(limit, np.ndarray)
        return np.minimum(length, limit) if many else min(length, limit)


@dataclass(frozen=True, eq=False)
class Extent:
    """A sum of products of sizes (with how often each counts) and a number.

    Examples
    --------
    >>> c = extent_of(Size("C", 10))
    >>> c + 6, c + 1 == 1 + c, c == 4, (c + 6).bound
    (C + 6, True, False, 16)
    >>> int(c)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.CompileError: the size C is known only when a window comes, ...
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
        """Return what it is for a window of these sizes (or for many, given as arrays)."""
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
        return isinstance(other, Extent) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return self.terms, self.constant

    def __add__(self, other: Any) -> Any:
        if not _is_length(other):
            return numpy.add(self, other)
        terms = dict(self.terms)
        constant = self.constant
        if isinstance(other, int):
            constant += other
        else:
            constant += other.constant
            for sizes, times in other.terms:
                terms[sizes] = terms.get(sizes, 0) + times
        kept = tuple(sorted(((s, n) for s, n in terms.items() if n), key=_by_name))
        return Extent(kept, constant, self.recorder) if kept else constant

    def __radd__(self, other: Any) -> Any:
        return self + other if _is_length(other) else numpy.add(other, self)

    def __neg__(self) -> Extent:
        return Extent(tuple((s, -n) for s, n in self.terms), -self.constant, self.recorder)

    def __sub__(self, other: Any) -> Any:
        return self + -other if _is_length(other) else numpy.subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other if _is_length(other) else numpy.subtract(other, self)

    def times(self, factor: Length) -> Length:
        """Return it so many times over: the length of this axis and one of `factor` as one."""
        if isinstance(factor, int):
            terms = tuple((sizes, n * factor) for sizes, n in self.terms)
            return Extent(terms, self.constant * factor, self.recorder) if factor else 0
        total: Any = self.times(factor.constant)
        for sizes, n in factor.terms:
            for own, times in (*self.terms, ((), self.constant)):
                both = tuple(sorted((*own, *sizes), key=lambda size: size.name))
                if times:
                    total = total + Extent(((both, n * times),), 0, self.recorder)
        return total

    def divided(self, divisor: int) -> Extent:
        """Return it divided by a number that must divide all of it."""
        parts = [n for _, n in self.terms] + [self.constant]
        if divisor == 0 or any(n % divisor for n in parts):
            raise ValueError(f"an axis of length {self} is not {divisor} equal parts")
        terms = tuple((size, n // divisor) for size, n in self.terms)
        return Extent(terms, self.constant // divisor, self.recorder)

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
        return self.times(other) if _is_length(other) else numpy.multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return self.times(other) if _is_length(other) else numpy.multiply(other, self)

    def __floordiv__(self, other: Any) -> Any:
        return numpy.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return numpy.floor_divide(other, self)

    def __mod__(self, other: Any) -> Any:
        return numpy.remainder(self, other)

    def __rmod__(self, other: Any) -> Any:
        return numpy.remainder(other, self)

    def __truediv__(self, other: Any) -> Any:
        return numpy.divide(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return numpy.divide(other, self)

    def __pow__(self, other: Any) -> Any:
        return numpy.power(self, other)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        others = [x for x in inputs if not isinstance(x, Extent)]
        if any(hasattr(x, "__array_ufunc__") and not isinstance(x, np.ndarray) for x in others):
            return NotImplemented  # a symbol knows what to do with a size
        whole = others and all(np.asarray(x).dtype.kind in "iu" for x in others)
        name = "whole_number_of" if whole and ufunc in _OF_WHOLE_NUMBERS else "number_of"
        numbers = [getattr(x._recording(), name)(x) if isinstance(x, Extent) else x for x in inputs]
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


def _as_numbers(values: Iterable[Any]) -> list[Any]:
    return [v._recording().number_of(v) if isinstance(v, Extent) else v for v in values]


numpy: Any = np  # its stubs do not know that its functions take sizes
_OF_WHOLE_NUMBERS = (
    *(np.add, np.subtract, np.multiply, np.floor_divide, np.remainder),
    *(np.maximum, np.minimum),
)


def _is_length(number: Any) -> bool:
    return isinstance(number, Extent) or type(number) is int


def no_number(what: str, n: str = "n") -> CompileError:
    """The error for a size, or what is computed of sizes, where Python needs a number."""
    return CompileError(
        f"{what} is known only when a window comes, so it is no Python number: multiply or divide "
        f"values by it, or let `mean` do so; `np.arange({n}, like=x)`, for an array x of the "
        f"window, counts so far; a loop or an `if` over it cannot be compiled{user_line()}"
    )


Length = int | Extent
Shape = tuple[Length, ...]


def _by_name(term: tuple[tuple[Size, ...], int]) -> tuple[str, ...]:
    return tuple(size.name for size in term[0])


def extent_of(size: Size, recorder: Recorder | None = None) -> Extent:
    """Return the extent that is one size."""
    return Extent((((size,), 1),), 0, recorder)


def bound_of(length: Length) -> int:
    """Return the most that a length can be.

    Examples
    --------
    >>> bound_of(3), bound_of(extent_of(Size("C", 10)))
    (3, 10)
    """
    return length.bound if isinstance(length, Extent) else length


@cache
def floor_of(length: Length) -> int:
    """Return a number that a length is never below; as a length it has to be 0 or more.

    What is subtracted is never more than either of two lengths of which it is the smaller one;
    what is added is one of them.

    Examples
    --------
    >>> c = extent_of(Size("C", 10))
    >>> floor_of(c + 2), floor_of(c - 4), floor_of(c - at_most(c, 4))
    (2, -4, 0)
    >>> floor_of(at_most(c, 4) - at_most(c, 3))
    0
    """
    if not isinstance(length, Extent):
        return length
    negative = [term for term in length.terms if term[1] < 0]
    if not negative:
        return length.constant
    found = [max(floor_of(lower) for lower in _in_place_of(length, *negative[0]))]
    for sizes, times in length.terms:
        if times > 0 and any(isinstance(size, Least) for size in sizes):
            found.append(min(floor_of(case) for case in _in_place_of(length, sizes, times)))
    return max(found)


def _in_place_of(extent: Extent, sizes: tuple[Size, ...], times: int) -> Iterator[Length]:
    """An extent with each of two lengths in place of the smaller one of them; or with a bound."""
    rest = extent - Extent(((sizes, times),))
    cut = next((size for size in sizes if isinstance(size, Least)), None)
    if cut is None:
        yield rest + times * math.prod(size.bound for size in sizes)
        return
    others = product(extent_of(size) for size in sizes if size is not cut)
    for whole in (cut.of, cut.limit):
        yield rest + product([others, whole, times])


def at_most(length: Length, limit: Length) -> Length:
    """Return the smaller one of two lengths, neither of which is below 0.

    Examples
    --------
    >>> c, t = extent_of(Size("C", 10)), extent_of(Size("T", 6))
    >>> at_most(c, 3), at_most(c, 10), at_most(t, c), c - at_most(c, 3) + at_most(c, 3)
    (min(C, 3), C, min(C, T), C)
    """
    if floor_of(limit - length) >= 0:
        return length
    if floor_of(length - limit) >= 0:
        return limit
    both = [length, limit]
    both.sort(key=lambda n: (not isinstance(n, Extent), repr(n)))
    (extent, other), bound = both, min(bound_of(length), bound_of(limit))
    assert isinstance(extent, Extent)
    return extent_of(Least(f"min({extent}, {other})", bound, extent, other), extent.recorder)


def value_of(length: Length, sizes: Mapping[str, Any]) -> Any:
    """Return a length as a number, for a window of these sizes (or for many, given as arrays).

    Examples
    --------
    >>> value_of(extent_of(Size("C", 10)) + 1, {"C": 4})
    5
    """
    return length.value(sizes) if isinstance(length, Extent) else length


def product(lengths: Iterable[Length]) -> Length:
    """Return the length of several axes as one.

    Examples
    --------
    >>> c = extent_of(Size("C", 10))
    >>> product([2, 3]), product([2, c, 3]), product([c, c + 1])
    (6, 6 * C, C + C * C)
    """
    total: Length = 1
    for n in lengths:
        if isinstance(total, Extent):
            total = total.times(n)
        else:
            total = n.times(total) if isinstance(n, Extent) else n * total
    return total


def size_of(extent: Extent) -> Size:
    """Return the size that an extent is, where it is no more than that."""
    (((size,), times),) = extent.terms
    assert times == 1 and extent.constant == 0, extent
    return size


def sizes_in(shape: Iterable[Length]) -> list[Size]:
    """Return the sizes that a shape names, each as often as it does.

    Examples
    --------
    >>> c = extent_of(Size("C", 10))
    >>> [size.name for size in sizes_in((3, c + 1, at_most(c, 3)))]
    ['C', 'C']
    """
    found: list[Size] = []
    for n in shape:
        for size in (s for sizes, _ in n.terms for s in sizes) if isinstance(n, Extent) else ():
            found += sizes_in((size.of, size.limit)) if isinstance(size, Least) else [size]
    return found
