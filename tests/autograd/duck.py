"""A foreign array for tests: it only notes what is done to it, and its sizes are not ints.

This is what the compiler's symbol will be. If a forward and a backward pass run on it, the rules
have kept to NumPy's API and never asked a size or a value to be a number.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np


class Size:
    """A size that is not known: equal only to itself; not a number, not a truth value."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __bool__(self) -> bool:
        raise TypeError(f"the size {self.name} has no truth value")

    def __int__(self) -> int:
        raise TypeError(f"the size {self.name} is not an int")

    __index__ = __int__

    def __mul__(self, other: Any) -> Duck:
        return Duck("size", (self, other), ())

    __rmul__ = __mul__


class Duck:
    """An array of which only shape and history are known."""

    log: ClassVar[list[str]] = []

    def __init__(self, op: str, ins: tuple[Any, ...], shape: tuple[Any, ...]) -> None:
        self.op, self.ins, self.shape = op, ins, shape
        self.dtype = np.dtype(np.float64)
        Duck.log.append(op)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"Duck({self.op}, {self.shape})"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        assert method == "__call__" and not kwargs
        return self._answer(ufunc, args, {})

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self._answer(func, args, kwargs)

    def __tinygrad_op__(self, name: str, *args: Any) -> Any:
        if name == "rows":
            return Duck("rows", (self, *args), (*args[0].shape, *self.shape[1:]))
        if name == "log_sigmoid":
            return Duck(name, (self,), self.shape)
        return NotImplemented

    def _answer(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        shapes = [getattr(a, "shape", ()) for a in args]
        if func is np.matmul:
            return Duck("matmul", args, (*shapes[0][:-1], shapes[1][-1]))
        if isinstance(func, np.ufunc):
            return Duck(func.__name__, args, broadcast(*shapes))
        if func in (np.ones_like, np.zeros_like):
            return Duck(func.__name__, (), self.shape)
        if func is np.swapaxes:
            shape = list(self.shape)
            a, b = args[1:]
            shape[a], shape[b] = shape[b], shape[a]
            return Duck("swapaxes", args[:1], tuple(shape))
        if func is np.where:
            return Duck("where", args, broadcast(*shapes))
        if func in (np.broadcast_to, np.reshape):
            return Duck(func.__name__, args[:1], tuple(args[1]))
        if func is np.expand_dims:
            axes = args[1] if isinstance(args[1], tuple) else (args[1],)
            out = list(self.shape)
            for axis in sorted(a % (self.ndim + len(axes)) for a in axes):
                out.insert(axis, 1)
            return Duck("expand_dims", args[:1], tuple(out))
        if func in (np.sum, np.mean, np.max):
            keep = kwargs.get("keepdims", False)
            axes = [a % self.ndim for a in kwargs["axis"]]
            shape = [
                1 if i in axes else n for i, n in enumerate(self.shape) if keep or i not in axes
            ]
            return Duck(func.__name__, args[:1], tuple(shape))
        raise TypeError(f"{func.__name__} is not known to this duck")

    # The operators go through NumPy's ufuncs, as in any duck array.
    def __add__(self, other: Any) -> Any:
        return np.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return np.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return np.subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return np.subtract(other, self)

    def __mul__(self, other: Any) -> Any:
        return np.multiply(self, _as_array(other))

    def __rmul__(self, other: Any) -> Any:
        return np.multiply(_as_array(other), self)

    def __truediv__(self, other: Any) -> Any:
        return np.divide(self, _as_array(other))

    def __rtruediv__(self, other: Any) -> Any:
        return np.divide(_as_array(other), self)

    def __neg__(self) -> Any:
        return np.negative(self)

    def __matmul__(self, other: Any) -> Any:
        return np.matmul(self, other)


def _as_array(value: Any) -> Any:
    """A size becomes a scalar of the program."""
    return Duck("size", (value,), ()) if isinstance(value, Size) else value


def broadcast(*shapes: tuple[Any, ...]) -> tuple[Any, ...]:
    length = max(map(len, shapes))
    out = []
    for i in range(length):
        sizes = [s[i - length + len(s)] for s in shapes if i - length + len(s) >= 0]
        known = [n for n in sizes if n != 1]
        assert all(n == known[0] for n in known)
        out.append(known[0] if known else 1)
    return tuple(out)
