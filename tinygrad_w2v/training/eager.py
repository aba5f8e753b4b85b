"""One step of gradient descent on the graph: forward, backward, and the rows that were read.

It knows no model: whatever a module's ``loss(batch)`` computes is differentiated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from tinygrad_w2v._base.errors import NonFiniteError
from tinygrad_w2v.autograd import debug
from tinygrad_w2v.nn import Parameter


class Learner(Protocol):
    """A module with a loss."""

    def loss(self, batch: Any) -> Any:
        """Return a Variable: the sum over the batch."""

    def parameters(self) -> Sequence[Parameter]:
        """Return what is learned."""

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield all that there is, by name."""


class EagerStep:
    """Plain gradient descent on the NumPy engine: ``p -= lr * gradient`` for every parameter p.

    A row gradient touches its rows only, so that a step costs the same for any size of table.

    Parameters
    ----------
    model : Learner
        A Module (or its like) with ``loss(batch)``, a sum over the batch.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> class Line(tw.Module):
    ...     def __init__(self):
    ...         self.slope = tw.Parameter(np.array(0.0))
    ...     def loss(self, batch):
    ...         x, y = batch
    ...         return ((self.slope * x - y) ** 2).sum()
    >>> line = Line()
    >>> step = EagerStep(line).step
    >>> [step((np.array([1.0, 2.0]), np.array([2.0, 4.0])), lr=0.05) for _ in range(3)]
    [20.0, 5.0, 1.25]
    """

    def __init__(self, model: Learner) -> None:
        self.model = model

    def step(self, batch: Any, lr: float) -> float:
        """Follow the gradient of one batch and return its loss from before the step.

        Raises
        ------
        NonFiniteError
            When the loss is NaN or infinite; the op that made it is named.
        """
        loss = self.model.loss(batch)
        value: float = loss.item()
        if not math.isfinite(value):
            raise NonFiniteError(self._reason(batch, value))
        for _, parameter in self.model.named_parameters():
            parameter.grad = None  # what was left there is not of this batch
        loss.backward()
        for parameter in self.model.parameters():  # as they are now: a callback may assign others
            if parameter.grad is not None:
                parameter.data -= lr * parameter.grad.data
                parameter.grad = None
        return value

    def _reason(self, batch: Any, value: float) -> str:
        """Run the batch again, watched, to learn where the numbers were lost."""
        for name, parameter in self.model.named_parameters():
            if not np.isfinite(parameter.data).all():
                return (
                    f"the loss is {value}, as {name} holds numbers that are not finite: the update "
                    f"{name} -= lr * gradient of a step before made them"
                )
        try:
            with debug():
                self.model.loss(batch)
        except NonFiniteError as error:
            return str(error).partition("\n")[0]
        return f"the loss is {value}"
