"""The NumPy engine: gradient descent on the graph, on one core.

It knows no model: whatever a module's ``loss(batch)`` computes is differentiated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from tinygrad_w2v._base.errors import NonFiniteError
from tinygrad_w2v.autograd import debug
from tinygrad_w2v.nn import Parameter
from tinygrad_w2v.nn.parameter import frozen_of
from tinygrad_w2v.optim.freezing import free_gradient
from tinygrad_w2v.optim.optimizer import Optimizer
from tinygrad_w2v.training.engines.engine import Engine


class Learner(Protocol):
    """A module with a loss."""

    def loss(self, batch: Any) -> Any:
        """Return a Variable: the sum over the batch."""

    def parameters(self) -> Sequence[Parameter]:
        """Return what is learned."""

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield all that there is, by name."""


class NumpyRun(Engine):
    """Gradient descent on the graph, a batch at a time.

    Parameters
    ----------
    model : Learner
        A Module (or its like) with ``loss(batch)``, a sum over the batch.
    source : Source
        What is drawn.
    optimizer : Optimizer, optional
        Its rule, a step for each batch; ``p -= lr * gradient`` for every parameter p by default.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> print(NumpyRun(tw.CBOW(9, 4), source=None))
    engine numpy (asked for), 1 thread: the same seed gives the same bytes
    """

    name = "numpy"
    about: Mapping[str, Any] = {"name": "numpy"}

    def __init__(self, model: Learner, source: Any, optimizer: Optimizer | None = None) -> None:
        self.model, self.source, self.optimizer = model, source, optimizer
        self._count = getattr(model, "predictions", number_of_examples)
        self._units = 0

    def batches(self, epoch: int) -> Iterator[tuple[Any, int]]:
        """Yield the batches of an epoch with the number of units that each stands for."""
        for batch, units in self.source.batches(epoch):
            self._units += units
            yield batch, units

    def units_used(self) -> int:
        """Return how many units were used so far."""
        return int(getattr(self.source, "kept_words", self._units))

    def step(self, batch: Any, lr: float) -> float:
        """Follow the gradient of one batch; see `descend`."""
        return descend(self.model, batch, lr, self.optimizer)

    def predictions(self, batch: Any) -> int:
        """Return what the model counts, else the number of examples."""
        return int(self._count(batch))


def number_of_examples(batch: Any) -> int:
    """Return how many examples a batch has.

    Examples
    --------
    >>> number_of_examples({"x": np.zeros((3, 2)), "y": np.zeros(3)})
    3
    """
    return len(next(iter(batch.values() if isinstance(batch, Mapping) else batch)))


def descend(model: Learner, batch: Any, lr: float, optimizer: Optimizer | None = None) -> float:
    """Follow the gradient of one batch and return its loss from before the step.

    A row gradient touches its rows only, so that a step costs the same for any size of table. With
    an optimizer the step is its rule's.

    Raises
    ------
    NonFiniteError
        When the loss is NaN or infinite; the op that made it is named.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> class Line(tw.Module):
    ...     def __init__(self):
    ...         self.slope = tw.Parameter(np.array(0.0))
    ...     def loss(self, batch):
    ...         x, y = batch
    ...         return ((self.slope * x - y) ** 2).sum()
    >>> line, batch = Line(), (np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    >>> [descend(line, batch, lr=0.05) for _ in range(3)]
    [20.0, 5.0, 1.25]
    """
    loss = model.loss(batch)
    value: float = loss.item()
    if not math.isfinite(value):
        raise NonFiniteError(_reason(model, batch, value))
    for _, parameter in model.named_parameters():
        parameter.grad = None  # what was left there is not of this batch
    loss.backward()
    if optimizer is not None:
        optimizer.lr = lr
        optimizer.step()
        for _, parameter in model.named_parameters():
            parameter.grad = None
        return value
    for parameter in model.parameters():  # as they are now: a callback may assign others
        if parameter.grad is not None:
            g = free_gradient(parameter.grad.data, frozen_of(parameter))
            if g is not None:
                parameter.data -= lr * g
            parameter.grad = None
    return value


def _reason(model: Learner, batch: Any, value: float) -> str:
    """Run the batch again, watched, to learn where the numbers were lost."""
    for name, parameter in model.named_parameters():
        if not np.isfinite(parameter.data).all():
            return (
                f"the loss is {value}, as {name} holds numbers that are not finite: the update "
                f"{name} -= lr * gradient of a step before made them"
            )
    try:
        with debug():
            model.loss(batch)
    except NonFiniteError as error:
        return str(error).partition("\n")[0]
    return f"the loss is {value}"
