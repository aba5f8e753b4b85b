"""`Optimizer`: what all update rules share.

A rule is written once, for arrays: `update` is given a parameter's array, its gradient and the
rule's own state, and writes into them in place. The same is done for a row gradient: the rows of
parameter and state that it touches are taken out, updated, and put back, so that the cost of a step
is that of the rows, whatever the size of the table. What may hold a rule back, such as weight
decay, and what is frozen, is around every rule alike.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.numbers import cast
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.nn.module import check_fit
from tinygrad_w2v.nn.parameter import frozen_of
from tinygrad_w2v.optim.arguments import checked_parameters, name_of
from tinygrad_w2v.optim.freezing import free_gradient, put_back
from tinygrad_w2v.optim.limits import Limit, clipped, into_ball

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
    weight_decay : float
        λ of ``x ← x - η λ x``, before the rule, which does not see it in its gradient (decoupled,
        as in AdamW [1]_). Like state, it is lazy: of a table that is read by rows, the rows that
        the step touches decay.
    clip : float, optional
        The most that the norm of a gradient may be, before the rule: of each row's, where a table
        is read by rows, else of the parameter's. (`clip_grads` is for all together.)
    max_norm : float, optional
        The most that the norm of a row may be: after the rule, rows are brought back to the ball of
        this radius, as TransE and Poincare embeddings ask for [2]_; up to rounding, and where a
        table is read by rows, those touched. A row is an entry along the first axis, so of a
        vector each number is one: let another rule have the biases (`Groups`).

    Attributes
    ----------
    parameters : list of Variable
        What of them is frozen (`tw.Parameter`) is not changed, nor is its state.
    lr : float
        The rate of the next step (of the last, where there is a schedule); may be assigned.
    steps : int
        How many steps were done.
    weight_decay, clip, max_norm : float or None
        May be assigned.

    Notes
    -----
    A deep copy or pickle of an optimizer holds copies of its parameters. Copy it together with its
    model, ``copy.deepcopy((model, optimizer))``, and the copies belong together.

    Raises
    ------
    InputError
        If a rate is not a positive finite number, or for parameters that are none.

    References
    ----------
    .. [1] Loshchilov, Hutter, "Decoupled weight decay regularization", ICLR 2019.
    .. [2] Bordes et al., "Translating embeddings for modeling multi-relational data", NIPS 2013;
       Nickel, Kiela, "Poincaré embeddings for learning hierarchical representations", NIPS 2017.

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
    >>> optimizer.zero_grad()
    >>> w.grad is None
    True
    >>> saved = optimizer.state_dict()
    >>> optimizer.load_state_dict({**saved, "lr": 0.5})
    >>> optimizer.lr, optimizer.steps
    (0.5, 1)

    What a subclass may change: what is done once a step, and the update of some rows.

    >>> optimizer.begin_step()
    >>> table = np.zeros((3, 1))
    >>> optimizer.update_rows(table, tw.RowGrad(np.array([1]), np.ones((1, 1)), (3, 1)))
    >>> table.T
    array([[ 0. , -0.5,  0. ]])
    """

    # The names of the arrays of a parameter's shape that `update` is given; they begin at 0.
    state_names: ClassVar[tuple[str, ...]] = ()
    # The names of the attributes that are numbers of the rule, kept by `state_dict`.
    settings: ClassVar[tuple[str, ...]] = ()
    # What every rule has, whatever its class.
    weight_decay = Limit(0.0)
    clip = Limit(None)
    max_norm = Limit(None)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in _LIMITS:
            if name in vars(cls) or name in cls.settings:
                raise InputError(
                    f"{cls.__name__}: {name} is a number that every Optimizer has: give it as "
                    f"`super().__init__(parameters, lr, {name}=...)`, or call yours otherwise"
                )

    @knowing(learning_rate="lr", params="parameters", rate="lr", alpha="lr")
    def __init__(
        self,
        parameters: Iterable[Variable] | None = None,
        lr: Rate = 0.01,
        *,
        weight_decay: float = 0.0,
        clip: float | None = None,
        max_norm: float | None = None,
    ) -> None:
        self.parameters: list[Variable] = []
        self.state: list[tuple[AnyArray, ...]] = []
        self.steps = 0
        self.lr = lr
        self.weight_decay, self.clip, self.max_norm = weight_decay, clip, max_norm
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
        self._begin_state()

    def _begin_state(self) -> None:
        self.state = [
            tuple([np.zeros(p.shape, p.dtype) for _ in self.rule_of(i)[0].state_names])
            for i, p in enumerate(self.parameters)
        ]
        self.steps = 0

    def rules(self) -> list[tuple[Optimizer, float]]:
        """Return the rules of the parameters, each with its rate as a multiple of `lr`."""
        return [(self, 1.0)]

    def rule_of(self, place: int) -> tuple[Optimizer, float]:
        """Return the one of `rules` that parameter number `place` is changed by."""
        return self.rules()[0]

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
            if g.shape != x.shape or any(array.shape != x.shape for array in self.state[i]):
                raise InputError(
                    f"{type(self).__name__}.step: {name_of(i, parameter)} has now the shape "
                    f"{x.shape}, other than its gradient or the optimizer's state: call "
                    "`bind(model.parameters())` after a change of shape, then `backward`"
                )
            rule, _ = self.rule_of(i)
            mask = rule.checked_mask(parameter)
            g = free_gradient(g, mask)
            if g is None:
                continue
            change = functools.partial(rule._change, x, g, self.state[i])
            if isinstance(mask, np.ndarray):
                put_back((x, *self.state[i]), mask, g, change)
            else:
                change()

    def checked_mask(self, parameter: Any) -> bool | AnyArray:
        """Return what of a parameter is frozen.

        Raises
        ------
        InputError
            Where a part of a row is, and rows are brought back to a ball.
        """
        mask = frozen_of(parameter)
        if self.max_norm is not None and not isinstance(mask, bool) and mask.ndim > 1:
            raise InputError(
                f"{type(self).__name__}: parts of rows of {parameter.name or 'a Parameter'} are "
                "frozen, so these rows cannot be brought back to max_norm: freeze whole rows"
            )
        return mask

    def _change(self, x: AnyArray, g: Any, state: tuple[AnyArray, ...]) -> None:
        """One parameter's part of a step; what holds a rule back is around its `update_rows`."""
        if not isinstance(g, RowGrad):
            self.update_within(x, g, *state, by_rows=False)
            return
        if self.clip is not None or self.weight_decay:
            touched = x[g.coalesced().rows]
            g = g.coalesced()._mapped(lambda values: self._held_back(touched, values, by_rows=True))
            if self.weight_decay:
                x[g.rows] = touched
        self.update_rows(x, g, *state)
        if self.max_norm is not None:
            rows = g.coalesced().rows
            x[rows] = into_ball(x[rows], self.max_norm)

    def update_within(self, x: Any, g: Any, *state: Any, by_rows: bool) -> None:
        """`update`, with what holds the rule back: of a parameter, or of rows that were taken out.

        The arrays may be the compiler's.
        """
        self.update(x, self._held_back(x, g, by_rows), *state)
        if self.max_norm is not None:
            into_ball(x, self.max_norm)

    def _held_back(self, x: Any, g: Any, by_rows: bool) -> Any:
        """Let `x` decay, and return the gradient as far as it may go."""
        if self.weight_decay:
            x -= (self.lr * self.weight_decay) * x
        return g if self.clip is None else clipped(g, self.clip, by_rows)

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

        ``steps``, ``lr`` and the numbers of the rule are 0-d; the state of parameter number i is
        ``i.m``... A schedule is a function and is not kept: make the optimizer with it again.
        Neither is what is frozen.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> optimizer = tw.optim.Momentum([tw.Parameter([1.0, 2.0])])
        >>> {name: array.tolist() for name, array in optimizer.state_dict().items()}
        {'steps': 0, 'lr': 0.01, 'momentum': 0.9, '0.v': [0.0, 0.0]}
        """
        numbers = {"steps": self.steps, "lr": self.lr} | self.numbers()
        arrays = {
            f"{i}.{name}": array.copy()
            for i, arrays in enumerate(self.state)
            for name, array in zip(self.rule_of(i)[0].state_names, arrays, strict=True)
        }
        return {name: np.array(number) for name, number in numbers.items()} | arrays

    def numbers(self) -> dict[str, Any]:
        """Return what a rule holds beside its rate: the settings, and the limits that are in use.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> tw.optim.Momentum(max_norm=1).numbers()
        {'momentum': 0.9, 'max_norm': 1.0}
        """
        off = {name: vars(Optimizer)[name].off for name in _LIMITS}
        held = [name for name in _LIMITS if getattr(self, name) != off[name]]
        return {name: getattr(self, name) for name in (*self.settings, *held)}

    def names_of_numbers(self, given: Collection[str]) -> list[str]:
        """Return the names that `numbers` must have had, where these were given."""
        return [*self.settings, *[name for name in _LIMITS if name in given]]

    def take_numbers(self, numbers: Mapping[str, float]) -> None:
        """Take over what `numbers` returned; a limit that is not in it is off."""
        limits: list[Limit] = [vars(Optimizer)[name] for name in _LIMITS]
        for limit in limits:
            limit.checked(type(self).__name__, numbers.get(limit.name, limit.off))
        for name in self.settings:
            setattr(self, name, float(numbers[name]))
        for limit in limits:
            setattr(self, limit.name, numbers.get(limit.name, limit.off))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where `state_dict` was taken, for parameters of the same shapes in order.

        Raises
        ------
        InputError
            If entries are missing, unknown or of another shape; nothing is changed then.
        """
        arrays = {name: np.asarray(value) for name, value in state.items()}
        names = self.names_of_numbers(arrays)
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("steps", "lr", *names), ())
        of_state = [self.rule_of(i)[0].state_names for i in range(len(self.parameters))]
        for i, parameter in enumerate(self.parameters):
            shapes |= {f"{i}.{name}": parameter.shape for name in of_state[i]}
        check_fit(f"{type(self).__name__} of {len(self.parameters)} parameter(s)", shapes, arrays)
        rate = self._checked_rate(arrays["lr"])
        read = [
            tuple(cast(arrays[f"{i}.{n}"], p.dtype, f"{i}.{n}").copy() for n in of_state[i])
            for i, p in enumerate(self.parameters)
        ]
        self.take_numbers({name: float(arrays[name]) for name in names})
        self.state, self.steps, self._lr = read, int(arrays["steps"]), rate

    def __repr__(self) -> str:
        """``Adam(lr=0.001, beta1=0.9, beta2=0.999)``."""
        numbers = {"lr": self.lr} | self.numbers()
        settings = ", ".join(f"{name}={value:g}" for name, value in numbers.items())
        return f"{type(self).__name__}({settings}) of {len(self.parameters)} parameter(s)"


_LIMITS = ("weight_decay", "clip", "max_norm")
