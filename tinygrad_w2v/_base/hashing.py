"""Every random draw is a hash of what it is for: no state, no order, no luck.

The draw for a word is a function of (seed, epoch, sentence, position, k), so that any part of a
corpus can be drawn by anyone, in any order, again and again. The counter is spread by Weyl
increments and mixed by the finaliser of splitmix64 (Steele, Lea, Flood 2014, "Fast splittable
pseudorandom number generators"; constants of D. Stafford's variant 13):

    state = key + sentence * W_s + position * W_p + k * W_k        (mod 2^64)
    z = (state ^ state >> 30) * M_1;  z = (z ^ z >> 27) * M_2;  hash = z ^ z >> 31

Each function is uint64 arithmetic only: on arrays it runs in NumPy, on scalars under Numba.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.types import FloatArray, IntArray

UInt64Array = npt.NDArray[np.uint64]

MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
# Odd and without relation to each other: small steps of one never cancel small steps of another.
WEYL_SENTENCE = np.uint64(0x9E3779B97F4A7C15)
WEYL_POSITION = np.uint64(0xD1B54A32D192ED03)
WEYL_DRAW = np.uint64(0xABC98388FB8FAC03)
SHIFT_30, SHIFT_27, SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)
SHIFT_1, SHIFT_11, SHIFT_32 = np.uint64(1), np.uint64(11), np.uint64(32)
LOW_32 = np.uint64(0xFFFFFFFF)
TO_UNIT = 2.0**-53

# One stream of draws for each purpose.
SUBSAMPLING, WINDOW_WIDTH, NEGATIVES, BATCH_ORDER, ROW_ORDER, KEYS = map(np.uint64, range(6))
FIRST_NUMBERS = np.uint64(6)
# Of each drawn column another: the number of the column is added.
DRAWN_COLUMNS = np.uint64(1 << 16)


def mix(state: UInt64Array) -> UInt64Array:
    """Spread every bit of a state over all bits of the result; a bijection.

    Parameters
    ----------
    state
        uint64, any shape.

    Returns
    -------
    UInt64Array
        Of the same shape.

    Examples
    --------
    >>> import numpy as np
    >>> mix(np.array([0x9E3779B97F4A7C15], dtype=np.uint64))  # the first output of splitmix64(0)
    array([16294208416658607535], dtype=uint64)
    """
    z = (state ^ (state >> SHIFT_30)) * MIX_1
    z = (z ^ (z >> SHIFT_27)) * MIX_2
    return z ^ (z >> SHIFT_31)


def draw(
    key: UInt64Array, sentence: UInt64Array, position: UInt64Array, k: UInt64Array
) -> UInt64Array:
    """Return 64 random bits for draw `k` at a place of the corpus.

    Parameters
    ----------
    key
        Of :func:`stream_key`.
    sentence
        The number of the sentence in the corpus.
    position
        The number of the word in its sentence, before subsampling.
    k
        The number of the draw at this place.

    Returns
    -------
    UInt64Array
        The shape that the arguments broadcast to.

    Examples
    --------
    >>> import numpy as np
    >>> key = stream_key(seed=1, epoch=0, stream=NEGATIVES)
    >>> sentence = np.array([7], dtype=np.uint64)
    >>> places = np.arange(3, dtype=np.uint64)
    >>> bits = draw(key, sentence, places, np.zeros(1, dtype=np.uint64))
    >>> bool(bits[2] == draw(key, sentence, places[2:], np.zeros(1, dtype=np.uint64))[0])
    True

    """
    return mix(key + sentence * WEYL_SENTENCE + position * WEYL_POSITION + k * WEYL_DRAW)


def place_of(sentence: UInt64Array, position: UInt64Array) -> UInt64Array:
    """Return what a place of the corpus adds to the state of each draw there.

    So many draws at one place, of all purposes, need it once:
    ``draw(key, sentence, position, k)`` is ``mix(key + place_of(sentence, position) + k * W_k)``,
    and the place of the next word is ``W_p`` more.

    Parameters
    ----------
    sentence
        The number of the sentence in the corpus.
    position
        The number of the word in its sentence, before subsampling.

    Returns
    -------
    UInt64Array
        The shape that the arguments broadcast to.

    Examples
    --------
    >>> import numpy as np
    >>> sentence, position, k = np.array([[7], [3], [2]], dtype=np.uint64)
    >>> key = stream_key(seed=1, epoch=0, stream=NEGATIVES)
    >>> state = key + place_of(sentence, position) + k * WEYL_DRAW
    >>> bool(mix(state)[0] == draw(key, sentence, position, k)[0])
    True
    """
    return sentence * WEYL_SENTENCE + position * WEYL_POSITION


@lru_cache
def stream_key(seed: int, epoch: int, stream: np.uint64) -> UInt64Array:
    """Return the key of one purpose's draws in one epoch.

    Parameters
    ----------
    seed
        Any integer; its lowest 64 bits count.
    epoch
        The number of the epoch.
    stream
        One of `SUBSAMPLING`, `WINDOW_WIDTH`, `NEGATIVES` and the others above.

    Returns
    -------
    UInt64Array
        Shape (1,), since NumPy warns of the overflow of its own scalars; not to be written into.

    Examples
    --------
    >>> bool(stream_key(1, 0, NEGATIVES) == stream_key(1, 0, WINDOW_WIDTH))
    False
    """
    state = np.array([seed % 2**64], dtype=np.uint64)
    for part in (epoch, int(stream)):
        state = mix(state + WEYL_SENTENCE) ^ np.array([part % 2**64], dtype=np.uint64)
    key = mix(state + WEYL_SENTENCE)
    key.flags.writeable = False
    return key


def hashed(key: IntArray, k: IntArray) -> IntArray:
    """Return 63 random bits for draw `k` of a key, as whole numbers that are not negative.

    ``mix(key + (k + 1) * W_k) >> 1``, splitmix64's number `k` with another step. What comes of it
    is a key again.

    Parameters
    ----------
    key, k
        Whole numbers of any dtype.

    Returns
    -------
    IntArray
        int64, of the shape that the arguments broadcast to.

    Examples
    --------
    >>> import numpy as np
    >>> hashed(np.array([7, 8]), np.array(0))
    array([4047781446748662875, 7419360132857851789])
    """
    with np.errstate(over="ignore"):
        steps = np.asarray(k).astype(np.uint64) * WEYL_DRAW + WEYL_DRAW
        state = np.asarray(key).astype(np.uint64) + steps
        bits = mix(state) >> SHIFT_1
    return np.asarray(bits, np.int64)


def uniform(bits: UInt64Array) -> FloatArray:
    """Turn random bits into float64 numbers of [0, 1), by the upper 53 bits.

    Parameters
    ----------
    bits
        uint64, any shape.

    Returns
    -------
    FloatArray
        float64, of the same shape.

    Examples
    --------
    >>> import numpy as np
    >>> uniform(np.array([0, 2**63], dtype=np.uint64))
    array([0. , 0.5])
    """
    return (bits >> SHIFT_11) * TO_UNIT


def bounded(bits: UInt64Array, bound: np.uint64) -> UInt64Array:
    """Turn random bits into integers of 0 ... bound - 1, by a product and a shift.

    A number's share is off by 2^-32 at most (Lemire 2019, "Fast random integer generation in an
    interval", without the rejection).

    Parameters
    ----------
    bits
        uint64, any shape; the upper 32 bits are used.
    bound
        1 ... 2^32 - 1, as uint64.

    Returns
    -------
    UInt64Array
        Of the same shape.

    Examples
    --------
    >>> import numpy as np
    >>> bounded(np.array([0, 2**63, 2**64 - 1], dtype=np.uint64), np.uint64(10))
    array([0, 5, 9], dtype=uint64)
    """
    return ((bits >> SHIFT_32) * bound) >> SHIFT_32
