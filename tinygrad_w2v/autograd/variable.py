"""`Variable`: an array that remembers how it was computed.

All of Python's operators and NumPy's functions work on it and leave a graph; `backward` walks
that graph from the result to the leaves. A plain number or array in an expression is a constant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_w2v.autograd.array_interface import ArrayInterface
from tinygrad_w2v.autograd.backward import leave_gradients
from tinygrad_w2v.autograd.constants import as_data
from tinygrad_w2v.autograd.debugging import missing
from tinygrad_w2v.autograd.node import COPY, DETACHED, Node
from tinygrad_w2v.autograd.representation import html_of, repr_of


class Variable(ArrayInterface, Node, results=True):
    """An array in a graph: a leaf that you made, or the result of an op.

    Parameters
    ----------
    data : array, number or nested list
        Numbers and lists become float64; an array keeps its dtype. An integer array stays one:
        it may index, it is drawn by its name, and `backward` skips it.
    name : str, optional
        What pictures and messages call it.

    Attributes
    ----------
    grad : Variable or None
        After `backward`, the gradient; ``.grad.data`` is an array or a `RowGrad`.
    creator : Function or None
        The op that made it; None for a leaf.

    Notes
    -----
    A copy (`copy.copy`, `copy.deepcopy`, a pickle) is a leaf with the same value, name and
    gradient, and without the graph; a shallow one shares the array. The copy of a Parameter is
    one, and what is shared in a Module, or between a model and its optimizer, is shared in their
    copies.

    Raises
    ------
    NonDifferentiableError
        For text, objects and complex numbers.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> x = tw.Variable([1.0, 2.0, 3.0], name="x")
    >>> y = (x**2).sum()
    >>> y.backward()
    >>> x.grad.data
    array([2., 4., 6.])
    >>> x.shape, x.ndim, x.size, x.dtype, y.item()
    ((3,), 1, 3, dtype('float64'), 14.0)
    >>> x.cleargrad()
    >>> x.grad is None, x.detach().creator is None
    (True, True)
    >>> m = tw.Variable([[1.0, 0.0, 3.0], [4.0, 5.0, 6.0]])
    >>> m.T.shape, m.mT.shape, m.transpose(1, 0).shape, m.reshape(3, 2).shape
    ((3, 2), (3, 2), (3, 2), (3, 2))
    >>> m.ravel().shape, m.flatten().shape, m.conj() is m, m.conjugate() is m
    ((6,), (6,), True, True)

    What has no gradient is a plain array, and nothing is sorted in place:

    >>> m.argmax(), m.argmin(axis=1), m.any(), m.all(), len(m.nonzero()[0])
    (np.int64(5), array([1, 0]), np.True_, np.False_, 5)
    >>> m.argsort(axis=1)
    array([[1, 0, 2],
           [0, 1, 2]])
    >>> x.sort()  # and x.partition(1)
    Traceback (most recent call last):
    TypeError: v.sort() would sort a Variable in place, and a graph is made of new values: ...
    """

    __slots__ = ()

    def __init__(self, data: Any, name: str | None = None) -> None:
        self._data = as_data(data)
        self.creator = None
        self.index = 0
        self._grad = None
        self.name = name

    # ------------------------------------------------------------------ the value
    @property
    def data(self) -> Any:
        """The array itself (any change to it is not recorded)."""
        data = self._data
        if isinstance(data, np.generic):
            # An op's result without axes is kept as a NumPy scalar, which computes twice as fast.
            data = np.asarray(data)
            data.flags.writeable = False
        return data

    @data.setter
    def data(self, value: Any) -> None:
        if isinstance(value, Node):
            raise TypeError(
                "cannot assign a Variable to `.data`: write `x.data = y.data`, and for an update "
                "`x.data -= lr * x.grad.data`"
            )
        self._data = as_data(value)

    def detach(self) -> Variable:
        """A new leaf on the same data: what is computed from it does not reach this graph."""
        leaf = Variable(self._data, self.name)
        leaf.lost = DETACHED
        return leaf

    # ------------------------------------------------------------------ gradients
    @property
    def grad(self) -> Variable | None:
        """The gradient that `backward` left; None where none has come."""
        if self._grad is None:
            missing.check_read(self)
        return self._grad

    @grad.setter
    def grad(self, value: Variable | None) -> None:
        if not (value is None or isinstance(value, Node)):
            raise TypeError(
                f"`.grad` is a Variable or None, not of type {type(value).__name__}: write "
                "`x.grad = tw.Variable(...)`, or change the array `x.grad.data`"
            )
        self._grad = value

    def backward(
        self, grad: Any = None, retain_grad: bool = False, create_graph: bool = False
    ) -> None:
        """Add the gradient of this value to ``.grad`` of every leaf it was computed from.

        Parameters
        ----------
        grad : array or Variable, optional
            Gradient of this value itself, of its shape; 1 for a single element.
        retain_grad : bool
            Fill ``.grad`` of the Variables on the way, too.
        create_graph : bool
            Record the backward pass, so that the gradients can be differentiated.

        Raises
        ------
        NonScalarError
            If this has more than one element and no `grad` is given.
        NoGraphError
            If no leaf can be reached; it says why.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> x = tw.Variable(3.0)
        >>> y = x**3
        >>> y.backward(create_graph=True)
        >>> slope = x.grad
        >>> x.cleargrad()
        >>> slope.backward()
        >>> float(slope), float(x.grad)
        (27.0, 18.0)
        """
        leave_gradients(self, grad, retain_grad, create_graph)

    def cleargrad(self) -> None:
        """Forget the gradient; `backward` adds to what is there."""
        self._grad = None

    # ------------------------------------------------------------------ operators
    def __pos__(self) -> Variable:
        return self

    if TYPE_CHECKING:  # ops, which stand above this file: `functions.methods` puts them here

        def __add__(self, other: Any) -> Variable: ...
        def __radd__(self, other: Any) -> Variable: ...
        def __sub__(self, other: Any) -> Variable: ...
        def __rsub__(self, other: Any) -> Variable: ...
        def __mul__(self, other: Any) -> Variable: ...
        def __rmul__(self, other: Any) -> Variable: ...
        def __truediv__(self, other: Any) -> Variable: ...
        def __rtruediv__(self, other: Any) -> Variable: ...
        def __pow__(self, other: Any) -> Variable: ...
        def __rpow__(self, other: Any) -> Variable: ...
        def __matmul__(self, other: Any) -> Variable: ...
        def __rmatmul__(self, other: Any) -> Variable: ...
        def __floordiv__(self, other: Any) -> Variable: ...
        def __rfloordiv__(self, other: Any) -> Variable: ...
        def __mod__(self, other: Any) -> Variable: ...
        def __rmod__(self, other: Any) -> Variable: ...
        def __divmod__(self, other: Any) -> tuple[Variable, Variable]: ...
        def __rdivmod__(self, other: Any) -> tuple[Variable, Variable]: ...
        def __round__(self, ndigits: int = 0) -> Variable: ...
        def __neg__(self) -> Variable: ...
        def __abs__(self) -> Variable: ...

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            "a Variable cannot be written into, its graph would not know: make a new one with "
            "`np.where(mask, new, old)`, or change `x.data[...]` before the forward pass"
        )

    # ------------------------------------------------------------------ shown and copied
    def __repr__(self) -> str:
        return repr_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)

    # What `copy`, `deepcopy` and `pickle` all ask.
    def __getstate__(self) -> dict[str, Any]:
        lost = COPY if self.creator is not None else getattr(self, "lost", None)
        kept = {"_data": self._data, "_grad": self._grad, "name": self.name, "lost": lost}
        return kept | getattr(self, "__dict__", {})

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.creator, self.index = None, 0
        for name, value in state.items():
            if name != "lost" or value is not None:
                setattr(self, name, value)
        if isinstance(self._data, np.generic):
            self._data = np.asarray(self._data)  # a leaf's data may be written into
