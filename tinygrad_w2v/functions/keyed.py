"""Random numbers that are a function of a key: the same for an example, whoever computes it.

A generator with a state gives what its turn is, so a kernel, a thread or a run that goes on would
draw others. Here a draw is a hash of the key, the number of the draw and the place of the element.
A key is a whole number that the example brings along, and the hash is an op of whole numbers, so
the loss stays a pure function of the example, on arrays and on a compiler's symbols alike.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v._base.hashing import hashed
from tinygrad_w2v._base.types import BoolArray
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.node import Node, is_duck_array, offer_whole

# Numbers of [0, 1) are multiples of 2^-24: single precision holds them, so both precisions draw
# the same ones, and none is rounded to 1.
GRAINS = 24
TOP, MIDDLE = 2 ** (63 - GRAINS), 2 ** (63 - 2 * GRAINS)


class KeyedGenerator:
    """A generator for one run of a loss, by the keys of its examples.

    Make it in `loss` from the field that `tw.examples.Keyed` adds, and hand it to `F.dropout` or
    call its methods, which are named as those of ``numpy.random.Generator``. Draws are numbered in
    the order that the loss makes them in; draw number n of element i is a hash of (key, n, i).
    Both engines, any number of threads, and a run that goes on draw the same numbers.

    Parameters
    ----------
    key : array of whole numbers
        Of one example ``()``, of a batch ``(B,)``: in general ``(...)``, and all that is drawn has
        the shape ``(..., *size)``.

    Raises
    ------
    InputError
        Where `key` holds no whole numbers.
    CompileError
        Where the step of an `F.scan` draws from a generator around it: a kernel has one step for
        all places. Give it keys, see `keys`.

    See Also
    --------
    tinygrad_w2v.examples.Keyed : gives every example a key.

    Notes
    -----
    The hash is splitmix64's (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
    generators"), counter by counter as Salmon et al. 2011, "Parallel random numbers: as easy as 1,
    2, 3".

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> class Noisy(tw.Module):
    ...     def __init__(self):
    ...         self.w = tw.Parameter(np.ones(3))
    ...     def loss(self, example):
    ...         rng = tw.KeyedGenerator(example["key"])
    ...         x = example["x"] + 0.1 * rng.standard_normal(3)
    ...         return F.dropout(self.w * x, 0.5, rng).sum()
    >>> batch = {"x": np.ones((2, 3)), "key": np.array([7, 8])}
    >>> first = {name: array[0] for name, array in batch.items()}
    >>> round(float(Noisy().loss(first)), 3), round(float(Noisy().loss(batch)), 3)
    (4.118, 6.165)
    >>> tw.KeyedGenerator(np.array(7)).dropped(np.ones(4), 0.5)
    array([False,  True, False,  True])
    """

    def __init__(self, key: Any) -> None:
        array = key if isinstance(key, Node) or is_duck_array(key) else np.asarray(key)
        if isinstance(array, Node) or array.dtype.kind not in "iu":
            raise InputError(
                "a KeyedGenerator is made of keys, whole numbers such as the field `key` of "
                f"tw.examples.Keyed, not {key!r:.60}{user_line()}"
            )
        self._key, self._draws = array, 0

    def keys(self, size: Any = ()) -> Any:
        """Return new keys, whole numbers from 0 below 2^63: for the steps of a loop, say.

        Examples
        --------
        A step of `F.scan` draws by a key that it is given beside its x:

        >>> import tinygrad_w2v as tw
        >>> import tinygrad_w2v.functions as F
        >>> def step(h, given):
        ...     x, key = given
        ...     return 0.5 * h + F.dropout(x, 0.5, tw.KeyedGenerator(key))
        >>> keys = tw.KeyedGenerator(np.array(7)).keys(4)
        >>> F.scan(step, np.zeros(1), (np.ones((4, 1)), keys))[:, 0].tolist()
        [0.0, 2.0, 3.0, 3.5]
        """
        stream = self._next()
        size = size if isinstance(size, tuple) else (size,)
        if not size:
            return hash_of(stream, 0)
        place: Any = np.arange(size[0], like=self._key)
        for n in size[1:]:
            place = np.expand_dims(place, -1) * n + np.arange(n, like=self._key)
        if self._key.ndim:
            stream = np.expand_dims(stream, tuple(range(-len(size), 0)))
        return hash_of(stream, place)

    def random(self, size: Any = (), dtype: Any = np.float64) -> Any:
        """Return numbers of [0, 1), multiples of 2^-24.

        Parameters
        ----------
        size : int or tuple of ints
            The axes behind those of the key.
        dtype : dtype
            As NumPy's: float32 does not widen what it is added to.

        Examples
        --------
        >>> KeyedGenerator(np.array([7, 8])).random(2).round(3).tolist()
        [[0.71, 0.357], [0.725, 0.936]]
        """
        return _as(self.keys(size) // TOP * 2.0**-GRAINS, dtype)

    def standard_normal(self, size: Any = (), dtype: Any = np.float64) -> Any:
        """Return normally distributed numbers, of mean 0 and variance 1, by Box and Muller.

        ``sqrt(-2 log u) cos(2 pi v)``, u in (0, 1] and v in [0, 1). None lies beyond 5.8.

        Parameters
        ----------
        size, dtype
            As of `random`.

        Examples
        --------
        >>> z = KeyedGenerator(np.array(7)).standard_normal(10_000)
        >>> bool(abs(z.mean()) < 0.03), bool(abs(z.std() - 1) < 0.03)
        (True, True)
        """
        bits = self.keys(size)
        u = (bits // TOP + 1) * 2.0**-GRAINS
        angle = bits // MIDDLE % 2**GRAINS * (2 * math.pi * 2.0**-GRAINS)
        return _as(np.sqrt(-2 * np.log(u)) * np.cos(angle), dtype)

    def integers(self, high: int, size: Any = ()) -> Any:
        """Return whole numbers from 0 below `high`, such as ids of a table with `high` rows.

        Examples
        --------
        >>> KeyedGenerator(np.array(7)).integers(10, size=5).tolist()
        [6, 7, 3, 7, 2]
        """
        return self.keys(size) % high

    def dropped(self, x: Any, p: float) -> BoolArray:
        """Return which elements of `x` are to be dropped, each with probability `p`.

        Raises
        ------
        ShapeError
            Where `x` does not begin with the axes of the key.
        """
        shape, ndim = np.shape(x), self._key.ndim
        if shape[:ndim] != self._key.shape:
            raise ShapeError(
                f"dropout: x has the shape {shape}, and the generator was made of keys of the "
                f"shape {self._key.shape}: give x an axis for the examples in front{user_line()}"
            )
        dropped: BoolArray = self.keys(shape[ndim:]) < int(p * 2**63)
        return dropped

    def _next(self) -> Any:
        """The key of the next draw."""
        number, self._draws = self._draws, self._draws + 1
        stream = offer_whole("draw_of", self._key, number)
        return hashed(self._key, np.asarray(number)) if stream is NotImplemented else stream


def hash_of(key: Any, k: Any) -> Any:
    """Return 63 random bits for draw `k` of a key; see `hashing.hashed`."""
    bits = offer_whole("hashed", key, k)
    return hashed(key, k) if bits is NotImplemented else bits


def _as(numbers: Any, dtype: Any) -> Any:
    return numbers.astype(dtype) if np.dtype(dtype) != np.float64 else numbers
