"""How near words are to each other: cosines of pairs, of sets, and all against all.

``cos(x, y) = x . y / (|x| |y|)``, computed in float64 from the two rows; 0 where one of them is
a row of zeros. The distance is ``1 - cos``.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.memory import require_memory
from tinygrad_w2v._base.types import BoolArray, FloatArray
from tinygrad_w2v.vectors.table import Table, is_row, unit


def similarity(table: Table, w1: object, w2: object) -> float:
    """Return the cosine of two words.

    Examples
    --------
    >>> table = Table(["a", "b"], {"a": 0, "b": 1}, np.array([[1.0, 0.0], [1.0, 1.0]]))
    >>> round(similarity(table, "a", "b"), 4)
    0.7071
    """
    return float(table.unit(w1) @ table.unit(w2))


def similarities(table: Table, words: Iterable[object] | None = None) -> FloatArray:
    """Return the cosines of all pairs of `words` (None: of all words), shape ``(n, n)``.

    Examples
    --------
    >>> table = Table(["a", "b"], {"a": 0, "b": 1}, np.array([[2.0, 0.0], [0.0, 3.0]]))
    >>> similarities(table)
    array([[1., 0.],
           [0., 1.]])
    """
    rows = None if words is None else table.rows(words)
    n = len(table.words if rows is None else rows)
    size = n * n * table.vectors.dtype.itemsize
    require_memory(size, f"the cosines of {n:,} words with each other", "give fewer words")
    if rows is None:
        units = table.vectors / table.norms[:, None]
    else:
        units = table.vectors[rows] / table.norms[rows, None]
    return units @ units.T


def n_similarity(table: Table, ws1: Sequence[object], ws2: Sequence[object]) -> float:
    """Return the cosine of the means of two sets of words.

    Examples
    --------
    >>> table = Table(["a", "b"], {"a": 0, "b": 1}, np.eye(2))
    >>> round(n_similarity(table, ["a", "b"], ["a"]), 4)
    0.7071
    """
    if len(ws1) == 0 or len(ws2) == 0:
        raise InputError("n_similarity compares two lists of words; one of them is empty")
    means = [
        table.vectors[table.rows(words)].astype(np.float64).mean(axis=0) for words in (ws1, ws2)
    ]
    return float(unit(means[0]) @ unit(means[1]))


def distances(table: Table, word_or_vector: Any, other_words: Iterable[object] = ()) -> FloatArray:
    """Return ``1 - cos`` between a word or vector and other words (empty: all words).

    Examples
    --------
    >>> table = Table(["a", "b"], {"a": 0, "b": 1}, np.eye(2))
    >>> distances(table, "a")
    array([0., 1.])
    """
    if isinstance(word_or_vector, str) or is_row(word_or_vector):
        query = table.unit(word_or_vector)
    else:
        query = unit(table.query(word_or_vector))
    query = query.astype(table.vectors.dtype)
    rows = table.rows(other_words)
    if len(rows) == 0:
        cosines = table.vectors @ query / table.norms
    else:
        cosines = table.vectors[rows] @ query / table.norms[rows]
    return np.asarray(1 - cosines)


def rank(table: Table, w1: object, w2: object) -> int:
    """Return the place of `w2` among the neighbours of `w1`: 1 for the nearest.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> table = Table(["a", "b", "c"], {"a": 0, "b": 1, "c": 2}, vectors)
    >>> rank(table, "a", "b"), rank(table, "a", "c")
    (1, 2)
    """
    return int(np.count_nonzero(_nearer(table, w1, w2))) + 1


def closer_than(table: Table, w1: object, w2: object) -> list[str]:
    """Return the words that are nearer to `w1` than `w2` is, by rising row.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> table = Table(["a", "b", "c"], {"a": 0, "b": 1, "c": 2}, vectors)
    >>> closer_than(table, "a", "c"), closer_than(table, "a", "b")
    (['b'], [])
    """
    return [table.words[row] for row in np.flatnonzero(_nearer(table, w1, w2)).tolist()]


def _nearer(table: Table, w1: object, w2: object) -> BoolArray:
    """Say of each row whether it is nearer to `w1` than `w2` is."""
    row1, row2 = table.row(w1), table.row(w2)
    away = distances(table, row1)
    nearer: BoolArray = away < away[row2]
    nearer[row1] = False
    return nearer


def most_similar_to_given(table: Table, key: object, keys: Sequence[Any]) -> Any:
    """Return the one of `keys` that is nearest to `key`, the first of equal ones.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> table = Table(["a", "b", "c"], {"a": 0, "b": 1, "c": 2}, vectors)
    >>> most_similar_to_given(table, "a", ["c", "b"])
    'b'
    """
    if len(keys) == 0:
        raise InputError("most_similar_to_given needs at least one word to choose from")
    return max(keys, key=lambda other: similarity(table, key, other))


def mean_vector(
    table: Table,
    keys: Sequence[Any],
    weights: npt.ArrayLike | None = None,
    pre_normalize: bool = True,
    post_normalize: bool = False,
    ignore_missing: bool = True,
) -> FloatArray:
    """Return ``sum_i w_i x_i / sum_i |w_i|`` of words and vectors, in the table's dtype ``(dim,)``.

    Raises
    ------
    InputError
        If there are no keys, or not one weight each.

    Examples
    --------
    >>> table = Table(["a", "b"], {"a": 0, "b": 1}, np.array([[2.0, 0.0], [0.0, 4.0]]))
    >>> mean_vector(table, ["a", "b", "unknown"]), mean_vector(table, ["a"], pre_normalize=False)
    (array([0.5, 0.5]), array([2., 0.]))
    """
    if isinstance(keys, str) or len(keys) == 0:
        raise InputError("a mean needs a list of at least one word or vector")
    shares = np.ones(len(keys)) if weights is None else np.asarray(weights, np.float64)
    if shares.shape != (len(keys),) or not np.isfinite(shares).all():
        raise InputError(f"weights has shape {shares.shape}; give {len(keys)} keys a number each")
    total, weight = np.zeros(table.vectors.shape[1]), 0.0
    for key, share in zip(keys, shares.tolist(), strict=True):
        if not (isinstance(key, str) or is_row(key)):
            total += share * table.query(key)
        elif key in table or not ignore_missing:
            total += share * (table.unit(key) if pre_normalize else table.vectors[table.row(key)])
        else:
            continue
        weight += abs(share)
    mean = total / weight if weight else total
    return np.asarray(unit(mean) if post_normalize else mean, dtype=table.vectors.dtype)


def rank_by_centrality(
    table: Table, words: Iterable[object], use_norm: bool = True
) -> list[tuple[float, str]]:
    """Return ``x . m / |m|`` with the mean ``m`` of all, and the word, the largest first.

    With `use_norm` vectors count at length 1, so that it is the cosine.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> table = Table(["a", "b", "c"], {"a": 0, "b": 1, "c": 2}, vectors)
    >>> [word for _, word in rank_by_centrality(table, ["a", "b", "c"])]
    ['b', 'c', 'a']
    """
    if isinstance(words, str):
        raise InputError(f"give a list of words, not the string {words!r}; split it")
    rows = table.rows(words)
    if len(rows) == 0:
        raise InputError("give at least one word to choose from")
    chosen = table.vectors[rows].astype(np.float64)
    vectors = np.array([unit(vector) for vector in chosen]) if use_norm else chosen
    cosines = vectors @ unit(vectors.mean(axis=0))
    # Equal cosines are settled by spelling, as gensim does.
    named = zip(cosines.tolist(), (table.words[row] for row in rows), strict=True)
    return sorted(named, reverse=True)


def doesnt_match(table: Table, words: Iterable[object]) -> str:
    """Return the word whose cosine with the mean of the unit vectors of all is smallest.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> table = Table(["a", "b", "c"], {"a": 0, "b": 1, "c": 2}, vectors)
    >>> doesnt_match(table, ["a", "b", "c"])
    'c'
    """
    return rank_by_centrality(table, words)[-1][1]


def cosine_table(table: Table, words: Iterable[object] | None = None, digits: int = 3) -> str:
    """Return the cosines of all pairs of `words` as a table to print.

    Words of East Asian letters, twice as wide on a terminal, stay in their columns.

    Examples
    --------
    >>> table = Table(["you", "say"], {"you": 0, "say": 1}, np.array([[1.0, 0.0], [1.0, 1.0]]))
    >>> print(cosine_table(table))
           you    say
    you  1.000  0.707
    say  0.707  1.000
    """
    rows = range(len(table.words)) if words is None else table.rows(words).tolist()
    names = [table.words[row] for row in rows]
    cells = [
        [f"{round(cosine, digits) + 0.0:.{digits}f}" for cosine in line]
        for line in similarities(table, rows).tolist()
    ]
    widths = [
        max(map(_width, [name, *(line[column] for line in cells)]))
        for column, name in enumerate(names)
    ]
    first = max(map(_width, names), default=0)
    lines = [_joined("", first, names, widths)]
    lines += [_joined(name, first, line, widths) for name, line in zip(names, cells, strict=True)]
    return "\n".join(lines)


def _joined(name: str, first: int, cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        " " * (width - _width(cell)) + cell for cell, width in zip(cells, widths, strict=True)
    ]
    return "  ".join([name + " " * (first - _width(name)), *padded])


def _width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    return sum(
        0
        if unicodedata.combining(letter)
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )
