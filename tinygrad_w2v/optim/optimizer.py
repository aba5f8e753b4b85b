"""`Optimizer`: what all update rules share.

A rule is written once, for arrays: `update` is given a parameter's array, its gradient and the
rule's own state, and writes into them in place. The same is done for a row gradient: the rows of
parameter and state that it touches are taken out, updated, and put back, so that the cost of a step
is that of the rows, whatever the size of the table.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.numbers import cast
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.nn.module import Module, check_fit

Rate = float | Callable[[int], float]


class Optimizer:
    """Base of the optimizers: a subclass names its state and writes `update`.

    For rows, state is *lazy*: where a table's gradient is a `RowGrad`, only the rows in it are
    touched, in the parameter and in the state. The state of all other rows is left as it is: their
    momentum neither decays nor moves them, their averages of squares do not fade. A row that
    is read again continues from where it was. (With dense gradients of zeros, rows would go on
    moving by momentum; the two agree where all rows are touched in every step.)

    Parameters
    ----------
    parameters : iterable of Variable, optional
        The leaves to change, such as ``model.parameters()``; without them `bind` comes later,
        as `Trainer` does.
    lr : float or function
        Learning rate; or a schedule: a function of the number of steps done so far.

    Attributes
    ----------
    parameters : list of Variable
    lr : float
        The rate of the next step (of the last, where there is a schedule); may be assigned.
    steps : int
        How many steps were done.

    Notes
    -----
    A deep copy or pickle of an optimizer holds copies of its parameters. Copy it together with its
    model, ``copy.deepcopy((model, optimizer))``, and the copies belong together.

    Raises
    ------
    InputError
        If a rate is not a positive finite number, or for parameters that are none.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> class SignDescent(tw.optim.Optimizer):
    ...     def update(self, x, g):
    ...         x -= self.lr * np.sign(g)
    >>> w = tw.Parameter([1.0, -1.0])
    >>> optimizer = SignDescent([w], lr=0.25)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data
    array([ 0.75, -0.75])
    """

    # The names of the arrays of a parameter's shape that `update` is given; they begin at 0.
    state_names: ClassVar[tuple[str, ...]] = ()
    # The names of the attributes that are numbers of the rule, kept by `state_dict`.
    settings: ClassVar[tuple[str, ...]] = ()

    @knowing(learning_rate="lr", params="parameters", rate="lr", alpha="lr")
    def __init__(self, parameters: Iterable[Variable] | None = None, lr: Rate = 0.01) -> None:
        self.parameters: list[Variable] = []
        self.state: list[tuple[AnyArray, ...]] = []
        self.steps = 0
        self.lr = lr
        if parameters is not None:
            self.bind(parameters)

    # ------------------------------------------------------------------ the rate
    @property
    def lr(self) -> float:
        """The learning rate."""
        return self._lr

    @lr.setter
    def lr(self, rate: Rate) -> None:
        self.schedule = rate if callable(rate) else None
        self._lr = self._checked_rate(rate(self.steps) if callable(rate) else rate)

    def _checked_rate(self, rate: Any) -> float:
        plain = np.ndim(rate) == 0 and not isinstance(rate, bool | str | bytes)
        number = float(rate) if plain else math.nan
        if not 0 < number < math.inf:
            shown = f"{number:g}" if plain else repr(rate)
            raise InputError(
                f"{type(self).__name__}: lr is {shown}; give a positive number such as 0.01"
            )
        return number

    # ------------------------------------------------------------------ what is changed
    def bind(self, parameters: Iterable[Variable]) -> None:
        """Take these parameters, with fresh state, in place of those from before.

        Parameters
        ----------
        parameters : iterable of Variable
            Leaves of floating-point numbers, each once.

        Raises
        ------
        InputError
            If there are none, or one is not a leaf, comes twice, or has no gradients.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> optimizer = tw.optim.Adam()
        >>> optimizer.bind([tw.Parameter(1.0) * 2])
        Traceback (most recent call last):
        tinygrad_w2v._base.errors.InputError: Adam: parameter 0 is the result of multiply: ...
        """
        self.parameters = checked_parameters(type(self).__name__, parameters)
        self.state = [
            tuple([np.zeros(p.shape, p.dtype) for _ in self.state_names]) for p in self.parameters
        ]
        self.steps = 0

    # ------------------------------------------------------------------ the step
    def step(self) -> None:
        """Change every parameter that has a gradient.

        Raises
        ------
        InputError
            If there are no parameters, none has a gradient, or one has changed its shape.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> tw.optim.SGD([tw.Parameter(1.0)]).step()
        Traceback (most recent call last):
        tinygrad_w2v._base.errors.InputError: SGD.step: no parameter has a gradient: ...
        """
        if not self.parameters:
            raise InputError(
                f"{type(self).__name__}.step: there are no parameters: give them, "
                f"`{type(self).__name__}(model.parameters())`"
            )
        if all(parameter.grad is None for parameter in self.parameters):
            raise InputError(
                f"{type(self).__name__}.step: no parameter has a gradient: call `loss.backward()` "
                "before it (and `zero_grad()` after it), with a loss that depends on them"
            )
        if self.schedule is not None:
            self._lr = self._checked_rate(self.schedule(self.steps))
        self.steps += 1
        self.begin_step()
        for i, parameter in enumerate(self.parameters):
            if parameter.grad is None:
                continue
            x, g = parameter.data, parameter.grad.data
            if g.shape != x.shape or (self.state_names and self.state[i][0].shape != x.shape):
                raise InputError(
                    f"{type(self).__name__}.step: {_name(i, parameter)} has now the shape "
                    f"{x.shape}, other than its gradient or the optimizer's state: call "
                    "`bind(model.parameters())` after a change of shape, then `backward`"
                )
            if isinstance(g, RowGrad):
                self.update_rows(x, g, *self.state[i])
            else:
                self.update(x, g, *self.state[i])

    def begin_step(self) -> None:
        """Do what is done once per step; `steps` has counted it already."""

    def update(self, x: AnyArray, g: AnyArray, *state: AnyArray) -> None:
        """Change `x` and `state` in place, given the gradient `g`; all of one shape."""
        raise NotImplementedError(f"{type(self).__name__} has no update rule")

    def update_rows(self, x: AnyArray, g: RowGrad, *state: AnyArray) -> None:
        """`update` of the rows in `g`; all others stay as they are, bit for bit."""
        g = g.coalesced()  # a row that was read twice has one gradient: squares need the sum
        touched = [array[g.rows] for array in (x, *state)]
        self.update(touched[0], g.values, *touched[1:])
        for array, rows in zip((x, *state), touched, strict=True):
            array[g.rows] = rows

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters:
            parameter.cleargrad()

    # ------------------------------------------------------------------ keeping it
    def state_dict(self) -> dict[str, AnyArray]:
        """Copies of all that `step` depends on, as arrays by name.

        ``steps``, ``lr`` and the settings are 0-d; the state of parameter number i is ``i.m``...
        A schedule is a function and is not kept: make the optimizer with it again.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> optimizer = tw.optim.Momentum([tw.Parameter([1.0, 2.0])])
        >>> {name: array.tolist() for name, array in optimizer.state_dict().items()}
        {'steps': 0, 'lr': 0.01, 'momentum': 0.9, '0.v': [0.0, 0.0]}
        """
        numbers = {name: np.array(getattr(self, name)) for name in self._numbers()}
        arrays = {
            f"{i}.{name}": array.copy()
            for i, arrays in enumerate(self.state)
            for name, array in zip(self.state_names, arrays, strict=True)
        }
        return numbers | arrays

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where `state_dict` was taken, for parameters of the same shapes in order.

        Raises
        ------
        InputError
            If entries are missing, unknown or of another shape; nothing is changed then.
        """
        arrays = {name: np.asarray(value) for name, value in state.items()}
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(self._numbers(), ())
        for i, parameter in enumerate(self.parameters):
            shapes |= {f"{i}.{name}": parameter.shape for name in self.state_names}
        check_fit(f"{type(self).__name__} of {len(self.parameters)} parameter(s)", shapes, arrays)
        rate = self._checked_rate(arrays["lr"])
        self.state = [
            tuple(cast(arrays[f"{i}.{n}"], p.dtype, f"{i}.{n}").copy() for n in self.state_names)
            for i, p in enumerate(self.parameters)
        ]
        self.steps, self._lr = int(arrays["steps"]), rate
        for name in self.settings:
            setattr(self, name, float(arrays[name]))

    def _numbers(self) -> tuple[str, ...]:
        return ("steps", "lr", *self.settings)

    def __repr__(self) -> str:
        """``Adam(lr=0.001, beta1=0.9, beta2=0.999)``."""
        settings = ", ".join(f"{name}={getattr(self, name):g}" for name in ("lr", *self.settings))
        return f"{type(self).__name__}({settings}) of {len(self.parameters)} parameter(s)"


def of_arrays(update: Callable[..., None]) -> Callable[..., None]:
    """A rule that refuses the lists which the book's ``update(params, grads)`` takes."""

    @functools.wraps(update)
    def checked(self: Any, x: Any, *rest: Any) -> None:
        if type(x) in (list, tuple, dict):
            from tinygrad_w2v._base.book_names import answer

            text = answer("update", "Optimizer")
            raise InputError(f"{type(self).__name__}.update takes one array{text}")
        update(self, x, *rest)

    return checked


def checked_parameters(owner: str, parameters: Iterable[Any]) -> list[Variable]:
    """`parameters` as a list, if they are leaves that can be learned, each once.

    Raises
    ------
    InputError
        That names `owner` and the parameter.
    """
    if isinstance(parameters, Module):
        raise InputError(f"{owner}: a Module was given; give `model.parameters()`")
    if isinstance(parameters, Node):
        raise InputError(f"{owner}: a single Variable was given; give a list, `[v]`")
    if not isinstance(parameters, Iterable):
        raise InputError(
            f"{owner}: the parameters are {parameters!r}; give a list of them, and a rate as "
            f"`lr=0.01`, as in `{owner.rpartition(' ')[2]}(lr={parameters!r})`"
        )
    listed = list(parameters)
    if not listed:
        raise InputError(
            f"{owner}: the list of parameters is empty: assign `tw.Parameter(...)` to attributes "
            "of the model"
        )
    first: dict[int, int] = {}
    for i, parameter in enumerate(listed):
        earlier = first.setdefault(id(parameter), i)
        if not isinstance(parameter, Variable):
            fault = f"is of type {type(parameter).__name__}; give tw.Parameter"
        elif parameter.creator is not None:
            fault = (
                f"is the result of {parameter.creator.label}: only leaves can be changed; give "
                "the Parameters that it was computed from"
            )
        elif parameter.dtype.kind != "f":
            fault = f"is of {parameter.dtype}, which has no gradients; use `.astype(np.float32)`"
        elif earlier != i:
            fault = f"came before as parameter {earlier}; give each once: `model.parameters()`"
        else:
            continue
        raise InputError(f"{owner}: {_name(i, parameter)} {fault}")
    return listed


def checked_share(owner: str, name: str, value: float) -> float:
    """`value` as a float, if it is a share such as a decay rate: at least 0 and less than 1."""
    number = float(value)
    if not 0.0 <= number < 1.0:
        raise InputError(f"{owner}: {name} is {number:g}; give a number from 0 to below 1")
    return number


def _name(position: int, parameter: Any) -> str:
    name = getattr(parameter, "name", None)
    return f"parameter {position}" + (f" ({name})" if name else "")
