"""Gradient clipping by the norm of all gradients together."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from tinygrad_w2v._base.errors import InputError, NonFiniteError
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.nn.parameter import frozen_of
from tinygrad_w2v.optim.freezing import free_gradient


def clip_grads(parameters: Iterable[Variable], max_norm: float) -> float:
    """Scale all gradients by one factor, so that their common norm is at most `max_norm`.

    With ``n = √(Σ g²)`` over all elements of all gradients: where ``max_norm / (n + 1e-6)`` is
    below 1, every gradient is multiplied by it [1]_. Repeated rows of a `RowGrad` are added up
    first. Arrays are not written into: each ``.grad`` is replaced.

    Parameters
    ----------
    parameters : iterable of Variable
        Those without a gradient are passed over, and what is frozen has no part in the norm.
    max_norm : float
        Positive.

    Returns
    -------
    float
        The norm n before clipping.

    Raises
    ------
    InputError
        If `max_norm` is not a positive number.
    NonFiniteError
        If a gradient holds NaN or infinity: no factor would help.

    References
    ----------
    .. [1] Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks",
       ICML 2013.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> w = tw.Parameter([3.0, 4.0])
    >>> (w * w / 2).sum().backward()
    >>> tw.optim.clip_grads([w], max_norm=1.0)
    5.0
    >>> print(f"{w.grad:.3f}")
    [0.600 0.800]
    """
    limit = float(max_norm)
    if not limit > 0:
        raise InputError(f"clip_grads: max_norm is {limit:g}; give a positive number")
    held, gradients = [], []
    total = 0.0
    for i, parameter in enumerate(p for p in parameters if p.grad is not None):
        assert parameter.grad is not None
        g = free_gradient(parameter.grad.data, frozen_of(parameter))
        if g is None:
            continue
        held.append(parameter)
        if isinstance(g, RowGrad):
            g = g.coalesced()
        gradients.append(g)
        with np.errstate(over="ignore"):
            values = g.values if isinstance(g, RowGrad) else g
            total += float(np.sum(np.square(values, dtype=np.float64)))
        if not math.isfinite(total):
            raise NonFiniteError(
                f"clip_grads: the gradient of {parameter.name or f'parameter {i}'} is not finite; "
                "run the step inside `with tw.debug():` to see which op made it so"
            )
    norm = math.sqrt(total)
    rate = limit / (norm + 1e-6)
    if rate < 1:
        for parameter, g in zip(held, gradients, strict=True):
            parameter.grad = Variable(g * rate)
    return norm
