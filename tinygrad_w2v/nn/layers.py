"""A few small layers, each its forward expression and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_w2v import functions as F
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.randomness import generator
from tinygrad_w2v.functions.keyed import KeyedGenerator
from tinygrad_w2v.nn.module import Module
from tinygrad_w2v.nn.parameter import Parameter


class Linear(Module):
    """``y = x @ weight + bias``, ``(..., in_size)`` to ``(..., out_size)``.

    Parameters
    ----------
    in_size, out_size : int
        Lengths of the last axis of input and output.
    bias : bool
        Whether there is a `bias`, which begins at 0.
    dtype : dtype
        Of both Parameters.
    rng : numpy.random.Generator, optional
        Draws the weight, normal with variance ``1 / in_size`` [1]_; by default
        ``default_rng(0)``, so that two layers of the same sizes are equal.

    Attributes
    ----------
    weight : Parameter ``(in_size, out_size)``
    bias : Parameter ``(out_size,)`` or None

    Raises
    ------
    InputError
        If a size is not positive.

    References
    ----------
    .. [1] LeCun et al., "Efficient BackProp", 1998.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> tw.nn.Linear(3, 2)(np.zeros((4, 3), np.float32)).shape
    (4, 2)
    """

    def __init__(
        self,
        in_size: int,
        out_size: int,
        bias: bool = True,
        dtype: Any = np.float32,
        rng: np.random.Generator | None = None,
    ) -> None:
        _check_sizes("Linear", in_size=in_size, out_size=out_size)
        rng = generator(rng)
        weight = rng.normal(0.0, 1.0 / np.sqrt(in_size), (in_size, out_size))
        self.weight = Parameter(weight.astype(dtype))
        self.bias = Parameter(np.zeros(out_size, dtype)) if bias else None

    def forward(self, x: Any) -> Any:
        y = x @ self.weight
        return y if self.bias is None else y + self.bias


class Embedding(Module):
    """``y = table[ids]``: a row of a table for each id, ``(...)`` to ``(..., dim)``.

    The gradient of the table is a `RowGrad`: only the rows that were read.

    Parameters
    ----------
    count, dim : int
        How many rows, and their length.
    dtype : dtype
        Of the table.
    rng : numpy.random.Generator, optional
        Draws the table, normal with standard deviation 0.01; by default ``default_rng(0)``.

    Attributes
    ----------
    table : Parameter ``(count, dim)``

    Raises
    ------
    InputError
        If a size is not positive.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> tw.nn.Embedding(10, 3)([[1, 2], [2, 9]]).shape
    (2, 2, 3)
    """

    def __init__(
        self, count: int, dim: int, dtype: Any = np.float32, rng: np.random.Generator | None = None
    ) -> None:
        _check_sizes("Embedding", count=count, dim=dim)
        rng = generator(rng)
        self.table = Parameter(rng.normal(0.0, 0.01, (count, dim)).astype(dtype))

    def forward(self, ids: Any) -> Any:
        return F.embedding(self.table, ids)


class Dropout(Module):
    """Elements set to 0 with probability `p` in training; everything passes after `eval`.

    Parameters
    ----------
    p : float
        Probability of a 0: at least 0, less than 1.
    rng : numpy.random.Generator, optional
        What the masks are drawn from; by default ``default_rng(0)``. In a model that is compiled
        a `KeyedGenerator` is handed to each call in its place.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> drop = tw.nn.Dropout(0.5)
    >>> drop(np.ones(3), tw.KeyedGenerator(np.array(7)))
    array([2., 0., 2.])
    >>> drop.eval()(np.ones(3))
    array([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, rng: np.random.Generator | None = None) -> None:
        self.p = p
        self.rng = generator(rng)

    def forward(self, x: Any, rng: KeyedGenerator | None = None) -> Any:
        return F.dropout(x, self.p, self.rng if rng is None else rng) if self.training else x


class Sequential(Module):
    """Layers in sequence: each is given what the one before it returned.

    Parameters
    ----------
    *layers : Module or function
        What is called in turn; functions such as ``F.tanh`` too.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> tw.nn.Sequential(tw.nn.Linear(2, 4), F.tanh, tw.nn.Linear(4, 1))
    Sequential
      layers.0: Linear
        weight: Parameter (2, 4) float32
        bias: Parameter (4,) float32
      layers.2: Linear
        weight: Parameter (4, 1) float32
        bias: Parameter (1,) float32
    """

    def __init__(self, *layers: Callable[..., Any]) -> None:
        for i, layer in enumerate(layers):
            if not callable(layer):
                raise InputError(
                    f"Sequential: layer {i} is a {type(layer).__name__}; give layers and functions "
                    "one by one, `Sequential(*layers)`"
                )
        self.layers = list(layers)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


def _check_sizes(layer: str, **sizes: int) -> None:
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or size < 1:
            raise InputError(f"{layer}: {name} is {size!r:.40}; give a positive number, whole")
