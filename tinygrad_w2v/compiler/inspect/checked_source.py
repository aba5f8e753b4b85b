"""A kernel's source as plain Python that raises where native code would silently go wrong.

Whatever is read or written must lie within the lengths of the current example, and an id within its
table. The lifetime of an array of the kernel's own begins with every iteration of the innermost
loop that holds all its uses; from there on until it is set it holds NaN, and may not be read. That
is derived from the text alone, so it does not rest on what the compiler believes about its loops.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, NoReturn

import numpy as np

from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.codegen.write import Source
from tinygrad_w2v.compiler.ir.sizes import value_of

_GUARD, _FORGET, _UNKNOWN = ".guard", ".forget", ".unknown"  # no name in a text has a dot
Path = tuple[int, ...]


class KernelFault(AssertionError):
    """A kernel read what was not set, or reached beyond an end."""


class Checked:
    """The source of a kernel, to be run as plain Python, with every place that it touches checked.

    Parameters
    ----------
    source : Source
    dtype : dtype
        What is computed in, whatever the text says.

    Examples
    --------
    >>> text = '''
    ... def kernel(at, x, n, half):
    ...     "Half of the numbers of an example."
    ...     for i in range(n):
    ...         half[i] = x[at, i] / 2
    ...     return half[0] + half[1]
    ...
    ... def run(first, last, x, n):
    ...     half = np.empty(4, real)
    ...     return sum(kernel(at, x, n[at], half) for at in range(first, last))
    ... '''
    >>> from tinygrad_w2v.compiler.ir.sizes import Size, symbolic
    >>> n = (symbolic(Size("n", 4)),)
    >>> run = Checked(Source(text, {"x": n, "half": n}, {"n": "n"}, ("half",)), np.float64).run
    >>> run([0, 1, np.array([[2.0, 4.0, 9.0]]), np.array([2])])
    3.0
    >>> run([0, 1, np.array([[2.0, 4.0, 9.0]]), np.array([1])])
    Traceback (most recent call last):
    tinygrad_w2v.compiler.inspect.checked_source.KernelFault: half[1] is read, but its \
lengths are (1,)
    """

    def __init__(self, source: Source, dtype: Any) -> None:
        self._source = source
        self._sizes: Mapping[str, Any] = {}
        module = ast.parse(source.text[max(source.text.find("# What may be"), 0) :])
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and node.name == "kernel":
                _instrument(node, source)
        scope: dict[str, Any] = {
            "np": np,
            "float": np.float64,  # whose quotients raise nothing, as those of a kernel
            "njit": lambda *_, **__: lambda function: function,
            "INLINED": {},
            "noalias": lambda *_: None,
            "prefetch": _fetched_ahead,
            "power_of_two": lambda n: np.ldexp(np.dtype(dtype).type(1), int(n)),
            "real": np.dtype(dtype).type,
            _GUARD: self._guarded,
            _FORGET: Guarded.forget,
            _UNKNOWN: _Unknown(),
        }
        exec(compile(ast.fix_missing_locations(module), "<kernel>", "exec"), scope)
        self._run = scope["run"]
        self._parameters = list(inspect.signature(self._run).parameters)

    def run(self, arguments: Sequence[Any]) -> float:
        """Run examples, given as to the ``run`` of the kernel; return the sum of their losses.

        Raises
        ------
        KernelFault
            That names the array and the place.
        """
        given = dict(zip(self._parameters, arguments, strict=True))
        self._sizes = {name: given[text] for name, text in self._source.size_names.items()}
        with np.errstate(all="ignore"):
            return float(self._run(*arguments))

    def _guarded(self, array: AnyArray, at: int, name: str) -> Guarded:
        """An argument of the kernel, as it may be used in example number `at`."""
        sizes = {size: int(lengths[at]) for size, lengths in self._sizes.items()}
        shape = tuple(int(value_of(n, sizes)) for n in self._source.shapes[name])
        if len(shape) < array.ndim:  # a batch, of which only this example is touched
            return Guarded(name, array, (range(at, at + 1), *map(range, shape)))
        return Guarded(name, array, tuple(map(range, shape)))


class Guarded:
    """An array of which only some elements are to be touched.

    Parameters
    ----------
    name : str
    array : array
    places : tuple of range
        Which places there are now along each axis.
    """

    def __init__(self, name: str, array: AnyArray, places: tuple[range, ...]) -> None:
        self.name, self.array, self.places = name, array, places
        self.known: AnyArray | None = None

    def forget(self) -> Guarded:
        """Begin its lifetime anew: no element is known."""
        if self.array.dtype.kind == "f":
            self.array.fill(np.nan)
        self.known = np.zeros(self.array.shape, np.bool_)
        return self

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, tuple):
            if len(self.places) > 1:  # a whole example, to be searched
                return Guarded(self.name, self.array[index], self.places[1:])
            index = (index,)
        self._check(index, "read")
        if self.known is not None and not self.known[index]:
            raise KernelFault(f"{self._shown(index)} is read before it is set")
        return self.array[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        index = index if isinstance(index, tuple) else (index,)
        self._check(index, "written")
        if isinstance(value, _Unknown):
            value._refused()
        self.array[index] = value
        if self.known is not None:
            self.known[index] = True

    def _check(self, index: tuple[Any, ...], what: str) -> None:
        if len(index) == len(self.places):
            for place, places in zip(index, self.places, strict=True):
                whole = type(place) is int or isinstance(place, np.integer)
                if not (whole and places.start <= place < places.stop):
                    break
            else:
                return
        lengths = tuple(len(places) for places in self.places)
        raise KernelFault(f"{self._shown(index)} is {what}, but its lengths are {lengths}")

    def _shown(self, index: tuple[Any, ...]) -> str:
        return f"{self.name}[{', '.join(str(place) for place in index)}]"


class _Unknown:
    """A number that was not set: nothing can be done with it."""

    def _refused(self, *_: Any) -> NoReturn:
        raise KernelFault("a number is used before it is set")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _refused
    __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = _refused
    __lt__ = __le__ = __gt__ = __ge__ = __neg__ = __abs__ = __bool__ = __float__ = _refused
    __index__ = __eq__ = __ne__ = _refused
    __hash__ = object.__hash__


def _fetched_ahead(table: AnyArray, row: Any) -> None:
    """In place of fetching a row before it is needed."""
    if not 0 <= row < len(table):
        raise KernelFault(f"row {row} is fetched ahead of a table of {len(table)}")


# ---------------------------------------------------------------------- lifetimes, from the text
def _instrument(kernel: ast.FunctionDef, source: Source) -> None:
    """Guard the arrays that a kernel is given, and mark where each lifetime begins."""
    given = [argument.arg for argument in kernel.args.args if argument.arg in source.shapes]
    loops: dict[int, list[ast.For]] = {}
    uses: dict[str, list[Path]] = {}
    numbers: set[str] = set()
    for used, path in _uses(kernel.body, (), loops):
        uses.setdefault(used.id, []).append(path)
        numbers |= {used.id} if isinstance(used.ctx, ast.Store) else set()
    counters = {loop.target.id for pair in loops.values() for loop in pair}  # type: ignore[attr-defined]
    for name in (*source.own, *sorted(numbers - counters - set(given))):
        shared = _common(uses.get(name, [()]))
        new = _call(_FORGET, name) if name in source.own else _name(_UNKNOWN)
        for loop in loops[shared[-1]] if shared else ():
            loop.body.insert(0, _set(name, new))
    kernel.body[1:1] = [
        *(_set(name, _call(_GUARD, name, "at", ast.Constant(name))) for name in given),
        *(_set(name, _call(_FORGET, name)) for name in source.own),
    ]


def _name(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _call(function: str, *arguments: str | ast.expr) -> ast.expr:
    given = [_name(part) if isinstance(part, str) else part for part in arguments]
    return ast.Call(_name(function), given, [])


def _set(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def _uses(
    body: Iterable[ast.stmt], path: Path, loops: dict[int, list[ast.For]]
) -> Iterator[tuple[ast.Name, Path]]:
    """Yield every name with the loops around it; the two loops of a jammed one count as one."""
    before: ast.For | None = None
    for node in body:
        if not isinstance(node, ast.For):
            yield from ((part, path) for part in ast.walk(node) if isinstance(part, ast.Name))
            before = None
            continue
        yield from ((part, path) for part in ast.walk(node.iter) if isinstance(part, ast.Name))
        key = id(before) if before is not None and _goes_on(before, node) else id(node)
        loops.setdefault(key, []).append(node)
        yield from _uses(node.body, (*path, key), loops)
        before = node


def _goes_on(before: ast.For, node: ast.For) -> bool:
    """Whether a loop runs the last iteration alone, after one that runs two at a time."""
    first, second = before.iter, node.iter
    assert isinstance(first, ast.Call) and isinstance(second, ast.Call)
    return len(first.args) == 3 and len(second.args) == 2


def _common(paths: Iterable[Path]) -> Path:
    """The loops around all of these places."""
    levels = zip(*paths, strict=False)
    return tuple(level[0] for level in takewhile(lambda level: len(set(level)) == 1, levels))
