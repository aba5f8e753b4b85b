"""An op is one small class: its forward, its backward, and nothing of the plumbing.

``Exp()(x)`` runs `forward` on the arrays, wraps the result in a Variable and stays behind it as
its creator: the op instance *is* the node of the graph. What every op needs is done here once:
constants take the Variables' dtype, results become arrays, errors name the op and the shapes.

A node holds its inputs, never its outputs, so the graph has no reference cycles: it is freed at
the moment when the last Variable that was computed from it goes.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import MissingRuleError
from tinygrad_w2v.autograd.constants import PYTHON_NUMBERS, copied, promoted, with_constants
from tinygrad_w2v.autograd.debugging import watching
from tinygrad_w2v.autograd.debugging.errors import forward_error
from tinygrad_w2v.autograd.debugging.sites import Site, user_line
from tinygrad_w2v.autograd.modes import ARRAYS_ONLY, current, unusual
from tinygrad_w2v.autograd.node import NO_GRAD, Node, lost_leaf, made
from tinygrad_w2v.autograd.representation import repr_of_op

ndarray = np.ndarray
_FLOAT64, _FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)
_SCALARS = frozenset((np.float64, np.float32))
_NOTHING = np.float64(0)  # the last input of an op that has none
next_order = itertools.count().__next__


class Span(NamedTuple):
    """Ops that belong together in a drawing: those with ``start < order < end``."""

    name: str  # of the module whose call made them, or of the step of a loop
    start: int
    end: int


class Function:
    """Base of all ops, the built-in ones and yours.

    A subclass writes `forward` on arrays and `backward` on gradients; parameters of the op (an
    axis, an exponent) go to ``__init__``. `backward` is written with operators and NumPy's
    functions, so that it can itself be differentiated. See ``docs/how-to/add-an-op.md``.

    Attributes
    ----------
    inputs : tuple
        The Variables that the op was applied to; constants stand in it as plain arrays.
    order : int
        Ops are numbered as they are applied. An input is always older than its reader, so falling
        `order` is a reverse topological order.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> class Cube(tw.Function):
    ...     '''y = x**3;  gx = g * 3 * x**2'''
    ...     def forward(self, x):
    ...         self.save(x)
    ...         return x**3
    ...     def backward(self, g):
    ...         (x,) = self.saved
    ...         return 3 * x**2 * g
    >>> x = tw.Variable(2.0)
    >>> y = Cube()(x)
    >>> y.backward()
    >>> float(y), float(x.grad)
    (8.0, 12.0)
    >>> y.creator.label, y.creator.needs(0), y.creator.parameters_shown
    ('cube', True, {})

    An op with a parameter, which says why it does not fit:

    >>> class Pick(tw.Function):
    ...     def __init__(self, ids):
    ...         self.ids = self.keep_copy("ids", ids)
    ...     def forward(self, x):
    ...         return x[self.ids]
    ...     def misfit(self, *shapes):
    ...         return f"there is no row {self.ids.max()} in {shapes[0]}"
    >>> Pick(np.array([2, 5]))(tw.Variable(np.ones(3)))
    Traceback (most recent call last):
    IndexError: pick: there is no row 5 in (3,). The input has the shape (3,)...
    """

    # Integer and boolean *arrays* among the inputs take the Variables' float dtype, too. Numbers
    # always do. An op of your own that takes ids or masks as inputs leaves this False.
    promotes_integers: ClassVar[bool] = False

    # Integers of fewer than 64 bits are computed as int64: in their own dtype a sum, difference
    # or product of them would wrap around.
    widens_integers: ClassVar[bool] = False

    inputs: Any = None
    order: int = -1
    arity: int = 1  # how many outputs there are
    saved: tuple[Any, ...] = ()  # what `save` was given
    site: Site | None = None  # the user's line, recorded under debug()
    spans: tuple[Span, ...] = ()  # the modules whose result this op made: `nn.spans`
    parameter_names: Mapping[str, str] = MappingProxyType({})  # of those given as Variables
    _checksums: tuple[int, ...] = ()  # of what was saved, under debug()
    _outputs: tuple[Any, ...] = ()  # arrays, kept where there are several or one was saved
    _one_gradient: ClassVar[bool] = True  # whether `backward` has one parameter for all outputs

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        backward = next(vars(base)["backward"] for base in cls.__mro__ if "backward" in vars(base))
        code = getattr(inspect.unwrap(backward), "__code__", None)
        parameters = 1 if isinstance(backward, staticmethod) else 2
        cls._one_gradient = code is not None and (
            code.co_argcount == parameters and not code.co_flags & inspect.CO_VARARGS
        )

    # ------------------------------------------------------------------ what a subclass writes
    def forward(self, *arrays: Any) -> Any:
        """Compute the result (an array, or a tuple of arrays) from the inputs' arrays."""
        raise MissingRuleError(f"{self.label} has no forward: write `def forward(self, x)`")

    def backward(self, g: Any) -> Any:
        """Return the gradient for each input, given that of the output.

        One gradient, or a tuple with one for each input; ``None`` where there is none. An op with
        several outputs is given one gradient for each: ``def backward(self, g0, g1)``.
        """
        raise MissingRuleError(
            f"{self.label} has no backward rule: write `def backward(self, g)` in the class "
            f"{type(self).__name__}, or stop the gradient before it with `F.stop_gradient`"
        )

    def misfit(self, *shapes: tuple[int, ...]) -> str:
        """Say why inputs of these shapes cannot be taken; asked where `forward` has failed.

        Empty: there is nothing to say but what holds for all ops.
        """
        return ""

    def __repr__(self) -> str:
        return repr_of_op(self.label, self.inputs)

    # ------------------------------------------------------------------ what it may call
    def save(self, *arrays: Any) -> None:
        """Keep some of the op's own inputs and outputs for `backward`, which reads `saved`.

        There `saved` holds these arrays, or under ``create_graph`` the Variables they belong to.
        """
        self.saved = arrays

    def keep_copy(self, parameter: str, value: Any) -> Any:
        """A copy of a parameter that is an array (ids, a mask): its owner may change the original.

        Of an integer Variable it is a copy of its data, and pictures show its name.
        """
        if isinstance(value, Node):
            if value.name:
                self.parameter_names = {**self.parameter_names, parameter: value.name}
            value = value._data
        if type(value) is ndarray:
            return value.copy()
        if isinstance(value, ndarray | tuple):
            return copied(value, self, parameter)
        return value

    def needs(self, position: int) -> bool:
        """Whether input number `position` is a Variable: a constant needs no gradient."""
        return isinstance(self.inputs[position], Node)

    @property
    def label(self) -> str:
        """The op's name as a user knows it: class ``LogSigmoid`` is ``log_sigmoid``."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def parameters_shown(self) -> dict[str, Any]:
        """The op's parameters (what ``__init__`` set), for pictures and messages."""
        hidden = Function.__annotations__
        return {k: v for k, v in vars(self).items() if k not in hidden and not k.startswith("_")}

    # ------------------------------------------------------------------ applying an op
    def __call__(self, *inputs: Any) -> Any:
        """Apply the op: Variables in, Variables out; arrays in, arrays out."""
        if self.inputs is not None:
            raise RuntimeError(
                f"this {self.label} was applied already: an op instance is one node of the "
                f"graph, so write `{type(self).__name__}(...)` anew for each use"
            )
        arrays = []
        constants = 0
        last: Any = _NOTHING
        for x in inputs:
            if isinstance(x, Node):
                last = x._data
            else:
                last = x
                constants += 1
            arrays.append(last)
        mode = unusual()
        if mode is not None:
            mode = current()
        if constants:
            inputs = with_constants(self, inputs, arrays)
            if constants == len(inputs):
                mode = ARRAYS_ONLY
                if self.promotes_integers:
                    inputs = promoted(self, inputs, arrays)
                    arrays = [*inputs]
            last = arrays[-1]
        try:
            if mode is None or not mode.debugging:
                y = self.forward(*arrays)
            else:
                y = watching.forward(self, arrays)
        except Exception as error:
            raise forward_error(self, arrays, error)  # noqa: B904 (it says what caused it)
        first = arrays[0] if arrays else last
        kind = type(y)
        if kind is ndarray:
            dtype = y.dtype
            usual = dtype is last.dtype is first.dtype and (dtype is _FLOAT64 or dtype is _FLOAT32)
        else:
            usual = kind is type(last) is type(first) and kind in _SCALARS
        if not usual:
            if kind is not ndarray and kind not in _SCALARS:
                y = self._checked_output(y)
            fits = kind in _SCALARS and y.dtype is last.dtype is first.dtype
            if self.promotes_integers and not fits:
                fitting = promoted(self, inputs, arrays)
                if fitting is not inputs:
                    self.saved = ()
                    return self(*fitting)
        if mode is not None and not mode.recording:
            self.saved = ()
            if mode is ARRAYS_ONLY:
                return y
            leaves = [lost_leaf(part, NO_GRAD) for part in (y if kind is tuple else (y,))]
            return tuple(leaves) if kind is tuple else leaves[0]
        for array in self.saved:
            if array is y:
                self._outputs = (y,)
            elif array is not last and array is not first:
                self._check_saved(array, arrays, y)
        self.inputs = inputs
        self.order = next_order()
        if kind is not tuple:
            return made(y, self)
        self.arity, self._outputs = len(y), y
        return tuple([made(part, self, index) for index, part in enumerate(y)])

    def _checked_output(self, y: Any) -> Any:
        """What `forward` returned as arrays: a number becomes one, anything else is refused."""
        if type(y) is tuple:
            return tuple([self._checked_output(part) for part in y])
        if type(y) in PYTHON_NUMBERS:
            return np.float64(y)
        if isinstance(y, Node) or not hasattr(y, "shape"):
            raise TypeError(
                f"forward of {self.label} returned a {type(y).__name__}: return an array or a "
                "tuple of arrays" + user_line()
            )
        return y

    def _check_saved(self, array: Any, arrays: list[Any], y: Any) -> None:
        """Refuse what `save` was given that is neither an input nor an output."""
        outputs = y if type(y) is tuple else ()
        if not any(array is known for known in (*arrays, *outputs)):
            self.saved = ()
            what = f"an array of shape {array.shape}" if isinstance(array, ndarray) else repr(array)
            raise TypeError(
                f"{self.label}.save was given {what} that is neither an input nor an output of the "
                "op: save those, and compute the rest from them in backward (ids, axes and shapes "
                "are attributes)"
            )

    # ------------------------------------------------------------------ being differentiated
    def over_variables(self) -> Function:
        """The op with Variables in `saved`: what `backward` runs on under ``create_graph``."""
        view = copy.copy(self)
        owners: dict[int, list[Any]] = {}
        for x in self.inputs:
            owners.setdefault(id(x._data if isinstance(x, Node) else x), []).append(x)
        view.saved = tuple([self._variable_of(array, owners) for array in self.saved])
        return view

    def _variable_of(self, array: Any, owners: dict[int, list[Any]]) -> Any:
        """The Variable that a saved array belongs to; an output is wrapped anew (no cycle).

        Inputs that share one array (``x * x.detach()``) are taken in their order.
        """
        sharing = owners.get(id(array))
        if sharing:
            return sharing.pop(0) if len(sharing) > 1 else sharing[0]
        for index, output in enumerate(self._outputs):
            if output is array:
                return made(array, self, index)
        raise RuntimeError(
            f"backward(create_graph=True) of {self.label}: the `.data` of an input was replaced "
            "after forward, so the Variable that backward should read is gone; run forward again"
        )
