"""Ops that change what is learned, not what is computed: dropout and the stopped gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.randomness import require_generator
from tinygrad_w2v._base.types import BoolArray
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import offer_whole
from tinygrad_w2v.functions.casting import real


class Dropout(Function):
    """y = x / (1 - p) where it is kept, else 0;  gx = g / (1 - p) there, else 0"""

    def __init__(self, p: float, kept: BoolArray) -> None:
        self.p, self._kept = p, kept

    def forward(self, x: Any) -> Any:
        return np.where(self._kept, real(x) * (1 / (1 - self.p)), 0)

    def backward(self, g: Any) -> Any:
        return np.where(self._kept, g * (1 / (1 - self.p)), 0)


class StopGradient(Function):
    """y = x;  no gradient"""

    def forward(self, x: Any) -> Any:
        found = offer_whole("stop_gradient", x)
        return x if found is NotImplemented else found

    def backward(self, g: Any) -> Any:
        return None


def dropout(x: Any, p: float, rng: np.random.Generator) -> Any:
    """Set each element to 0 with probability `p` and scale the others by ``1 / (1 - p)``.

    The expected value stays that of `x` [1]_. Call it in training only.

    Parameters
    ----------
    x : Variable or array
    p : float
        Probability of a 0: at least 0, less than 1.
    rng : numpy.random.Generator
        What the mask is drawn from.

    Raises
    ------
    InputError
        If `p` is not a probability below 1, or `rng` no generator.

    References
    ----------
    .. [1] Srivastava et al., "Dropout", JMLR 15 (2014).

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.dropout(tw.Variable(np.ones(6)), 0.5, np.random.default_rng(0)).data
    array([2., 0., 0., 0., 2., 2.])
    """
    if not 0 <= p < 1:
        raise InputError(f"dropout: p is the probability of a 0, in [0, 1), not {p}")
    p = float(p)  # a NumPy float64 would widen float32 data
    return Dropout(p, require_generator(rng).random(np.shape(x)) >= p)(x)


def stop_gradient(x: Any) -> Any:
    """`x` itself; backward does not go beyond it.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable(3.0)
    >>> (x * F.stop_gradient(x)).backward()
    >>> float(x.grad)
    3.0
    """
    return StopGradient()(x)
