"""Products that sum over axes: dot, inner, tensordot, and einsum for all others."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.debugging.misfits import axes, nth, unpaired
from tinygrad_w2v.autograd.dispatch import implements, refuse_out
from tinygrad_w2v.functions.arithmetic import Ring, multiply
from tinygrad_w2v.functions.axes import inverse, normalized_axes, stretched
from tinygrad_w2v.functions.products import matmul

__all__ = ["dot", "einsum", "inner", "tensordot"]


class Tensordot(Ring):
    """z = tensordot(x, y, axes);  gx = einsum(to_x, g, y),  gy = einsum(to_y, x, g)"""

    def __init__(self, axes: Any = 2) -> None:
        self.axes = axes

    def forward(self, x: Any, y: Any) -> Any:
        n, m = len(x.shape), len(y.shape)
        if isinstance(self.axes, int):
            ax, ay = tuple(range(n - self.axes, n)), tuple(range(self.axes))
        else:
            ax, ay = (_as_tuple(part) for part in self.axes)
            ax, ay = normalized_axes(ax, n), normalized_axes(ay, m)
        self._summed = ax, ay
        self._free = _others(ax, n), _others(ay, m)
        self.save(x, y)
        return np.tensordot(x, y, axes=(ax, ay))

    def misfit(self, *shapes: Shape) -> str:
        if isinstance(self.axes, int):
            few = [shape for shape in shapes if len(shape) < self.axes]
            if few:
                return f"{self.axes} axes of each are summed, and {few[0]} has {len(few[0])}"
            ax, ay = tuple(range(-self.axes, 0)), tuple(range(self.axes))
        else:
            ax, ay = (_as_tuple(part) for part in self.axes)
        sizes = [
            tuple([shape[i] for i in axes]) for shape, axes in zip(shapes, (ax, ay), strict=True)
        ]
        return (
            f"axes {ax} of the first have the sizes {sizes[0]}, axes {ay} of the second "
            f"{sizes[1]}: axes that are summed together must have equal sizes"
        )

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        (ax, ay), (fx, fy) = self._summed, self._free
        gx = gy = None
        if self.needs(0):  # g is (free x, free y); what is left of y are its summed axes, in order
            partner = dict(zip(ay, ax, strict=True))
            gx = np.tensordot(g, y, axes=(tuple(range(len(fx), len(fx) + len(fy))), fy))
            gx = np.transpose(gx, inverse([*fx, *[partner[a] for a in sorted(ay)]]))
        if self.needs(1):
            partner = dict(zip(ax, ay, strict=True))
            gy = np.tensordot(x, g, axes=(fx, tuple(range(len(fx)))))
            gy = np.transpose(gy, inverse([*[partner[a] for a in sorted(ax)], *fy]))
        return gx, gy

    @property
    def to_x(self) -> str:
        """What is summed for the gradient of `x`, in einsum's labels."""
        x, y, z = self._labels()
        return f"{z},{y}->{x}"

    @property
    def to_y(self) -> str:
        """The same for that of `y`."""
        x, y, z = self._labels()
        return f"{x},{z}->{y}"

    def _labels(self) -> tuple[str, str, str]:
        """A label for each axis of `x`, of `y` and of the result."""
        (ax, ay), (fx, fy) = self._summed, self._free
        x = string.ascii_letters[: len(ax) + len(fx)]
        fresh = iter(string.ascii_letters[len(x) :])
        y = [x[ax[ay.index(i)]] if i in ay else next(fresh) for i in range(len(ay) + len(fy))]
        return x, "".join(y), "".join([*(x[i] for i in fx), *(y[i] for i in fy)])


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum of the products over pairs of axes.

    Parameters
    ----------
    a, b : Variable or array
    axes : int or (axes of a, axes of b)
        A number N: the last N axes of `a` with the first N of `b`, in order.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.tensordot(tw.Variable(np.ones((2, 3, 4))), np.ones((3, 4, 5))).shape
    (2, 5)
    """
    return Tensordot(axes)(a, b)


implements(np.linalg.tensordot)(tensordot)


def _as_tuple(axes: Any) -> tuple[int, ...]:
    return tuple(axes) if isinstance(axes, Iterable) else (axes,)


def _others(axes: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    return tuple([i for i in range(ndim) if i not in axes])


def dot(a: Any, b: Any, out: None = None) -> Any:
    """NumPy's dot product: ``@`` for vectors and matrices, the product with a number.

    For more axes, the sum runs over the last of `a` and the last but one of `b`, and all others
    are combined: ``(i, j, k)`` and ``(l, k, m)`` make ``(i, j, l, m)``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.dot(tw.Variable([1.0, 2.0]), tw.Variable([3.0, 4.0])))
    11.0
    """
    refuse_out("dot", out)
    n, m = np.ndim(a), np.ndim(b)
    if n == 0 or m == 0:
        return multiply(a, b)
    if m > 2:
        return Tensordot(((n - 1,), (m - 2,)))(a, b)
    return matmul(a, b)


def inner(a: Any, b: Any) -> Any:
    """Sum of the products over the last axes of both.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.inner(tw.Variable([[1.0, 2.0], [3.0, 4.0]]), tw.Variable([1.0, 1.0])).data
    array([3., 7.])
    """
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return multiply(a, b)
    return Tensordot(((-1,), (-1,)))(a, b)


class Einsum(Ring):
    """z = einsum(subscripts, *xs);  gx = einsum of g and the other inputs, to the axes of x"""

    def __init__(self, subscripts: str, optimize: Any = False) -> None:
        self.subscripts, self.optimize = subscripts, optimize

    def forward(self, *xs: Any) -> Any:
        z = np.einsum(self.subscripts, *xs, optimize=self.optimize)
        self._terms, self._out = explicit_subscripts(self.subscripts, [len(x.shape) for x in xs])
        self._sizes: dict[str, Any] = {}  # a label's length: the one that is not 1, if any is not
        for term, x in zip(self._terms, xs, strict=True):
            for label, size in zip(term, x.shape, strict=True):
                if self._sizes.get(label, 1) == 1:
                    self._sizes[label] = size
        self.save(*xs)
        return z

    def misfit(self, *shapes: Shape) -> str:
        inputs = self.subscripts.replace(" ", "").partition("->")[0]
        terms = inputs.split(",")
        if len(terms) != len(shapes):
            return f"{self.subscripts!r} names {len(terms)} inputs, and there are {len(shapes)}"
        sizes: dict[str, tuple[int, int]] = {}  # of each label, and the input that has it
        unnamed: list[Shape] = []  # what stands for "..."
        for place, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
            labels = term.replace("...", "")
            if len(labels) > len(shape) or (labels == term and len(labels) < len(shape)):
                least = "" if labels == term else "at least "
                return (
                    f"{term!r} in {self.subscripts!r} names {least}{axes(len(labels))}, and "
                    f"{nth(place, len(shapes))} has {len(shape)}"
                )
            before = term.index("...") if labels != term else len(labels)
            after = len(labels) - before
            named = [*shape[:before], *shape[len(shape) - after :]]
            unnamed.append(shape[before : len(shape) - after])
            for label, size in zip(labels, named, strict=True):
                other, owner = sizes.setdefault(label, (size, place))
                here = nth(place, len(shapes))
                if owner == place and size != other:
                    return f"{label!r} in {self.subscripts!r} is both {other} and {size} in {here}"
                if other == 1:
                    sizes[label] = size, place
                elif size not in (1, other):
                    both = f"{other} in {nth(owner, len(shapes))} and {size} in {here}"
                    return f"{label!r} in {self.subscripts!r} is {both}"
        return unpaired(unnamed)

    def backward(self, g: Any) -> Any:
        xs = self.saved
        return tuple([self._gradient(i, g, xs) if self.needs(i) else None for i in range(len(xs))])

    def _gradient(self, i: int, g: Any, xs: tuple[Any, ...]) -> Any:
        """Gradient for input `i`."""
        wanted = "".join(dict.fromkeys(self._terms[i]))  # each label once
        terms = [self._out, *self._terms[:i], *self._terms[i + 1 :]]
        present = "".join([label for label in wanted if any(label in term for term in terms)])
        operands = (g, *xs[:i], *xs[i + 1 :])
        gx = np.einsum(f"{','.join(terms)}->{present}", *operands, optimize=self.optimize)
        # What was summed in x alone is equal along those axes; so is what others had as size 1.
        gone = [k for k, label in enumerate(wanted) if label not in present]
        gx = np.expand_dims(gx, tuple(gone))
        shape = tuple([self._sizes[label] for label in wanted])
        if gx.shape != shape:
            gx = stretched(gx, shape)
        if len(wanted) < len(self._terms[i]):
            gx = self._on_diagonal(gx, wanted, self._terms[i])
        return gx

    def _on_diagonal(self, g: Any, labels: str, term: str) -> Any:
        """Spread `g` over the diagonals that repeated labels in `term` had picked."""
        fresh = iter(_unused([term, labels]))
        target, identities, masks = "", [], []
        for label in term:
            if label in target:
                other = next(fresh)
                identities.append(label + other)
                masks.append(np.eye(self._sizes[label], dtype=g.dtype))
                label = other
            target += label
        return np.einsum(f"{','.join([labels, *identities])}->{target}", g, *masks)


def einsum(subscripts: Any, *operands: Any, optimize: Any = False) -> Any:
    """Sums of products of labelled axes, in Einstein's notation.

    Parameters
    ----------
    subscripts : str
        As ``"ij,jk->ik"``; ellipses, repeated labels and an implicit output are understood, and
        so is NumPy's form ``einsum(x, [0, 1], y, [1, 2], [0, 2])``.
    *operands : Variable or array
    optimize : bool or str
        NumPy's: whether to look for a cheap order of the products, and use BLAS.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([[1.0, 2.0], [3.0, 4.0]])
    >>> F.einsum("ii->i", x).data
    array([1., 4.])
    >>> F.einsum("ij,j->i", x, tw.Variable([1.0, 1.0])).data
    array([3., 7.])
    """
    if not isinstance(subscripts, str):
        subscripts, inputs = _from_sublists((subscripts, *operands))
    else:
        inputs = list(operands)
    return Einsum(subscripts, optimize)(*inputs)


def explicit_subscripts(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """Labels of every axis of the inputs and of the output: no ellipsis, no implicit output.

    Parameters
    ----------
    subscripts : str
        In NumPy's syntax, as ``"ij,...j"``.
    ndims : list of int
        Numbers of axes of the inputs.

    Examples
    --------
    >>> explicit_subscripts("ij,...j", [2, 3])
    (['ij', 'abj'], 'abi')
    """
    inputs, arrow, out = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    unnamed = [n - len(t.replace("...", "")) for t, n in zip(terms, ndims, strict=True)]
    most = max([k for t, k in zip(terms, unnamed, strict=True) if "..." in t], default=0)
    ellipsis = "".join(itertools.islice(_unused(terms), most))
    if not arrow:
        named = "".join(terms).replace("...", "")
        out = "..." + "".join(sorted(label for label in set(named) if named.count(label) == 1))
    full = [t.replace("...", ellipsis[most - k :]) for t, k in zip(terms, unnamed, strict=True)]
    return full, out.replace("...", ellipsis)


def _unused(terms: list[str]) -> list[str]:
    used = set("".join(terms))
    return [label for label in string.ascii_letters if label not in used]


def _from_sublists(operands: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """NumPy's other form, ``einsum(x, [0, 1], y, [1, 2], [0, 2])``, as subscripts and inputs."""

    def term(labels: Any) -> str:
        return "".join(["..." if k is Ellipsis else string.ascii_letters[k] for k in labels])

    pairs = len(operands) // 2
    subscripts = ",".join([term(operands[2 * k + 1]) for k in range(pairs)])
    if len(operands) % 2:
        subscripts += "->" + term(operands[-1])
    return subscripts, [operands[2 * k] for k in range(pairs)]
