"""How near words are to each other: cosines of pairs, of sets, and all against all.

``cos(x, y) = x . y / (|x| |y|)``, computed in float64 from the two rows; 0 where one of them is
a row of zeros. The distance is ``1 - cos``.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import FloatArray
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
    if words is None:
        units = table.vectors / table.norms[:, None]
    else:
        rows = table.rows(words)
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
    row1, row2 = table.row(w1), table.row(w2)
    away = distances(table, row1)
    nearer = away < away[row2]
    nearer[row1] = False
    return int(np.count_nonzero(nearer)) + 1


def doesnt_match(table: Table, words: Iterable[object]) -> str:
    """Return the word whose cosine with the mean of the unit vectors of all is smallest.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> table = Table(["a", "b", "c"], {"a": 0, "b": 1, "c": 2}, vectors)
    >>> doesnt_match(table, ["a", "b", "c"])
    'c'
    """
    if isinstance(words, str):
        raise InputError(f"doesnt_match needs a list of words, not the string {words!r}; split it")
    rows = table.rows(words)
    if len(rows) == 0:
        raise InputError("doesnt_match needs at least one word")
    units = np.array([unit(vector) for vector in table.vectors[rows]])
    cosines = units @ unit(units.mean(axis=0))
    # Equal cosines are settled by spelling, as gensim does.
    return min(zip(cosines.tolist(), (table.words[row] for row in rows), strict=True))[1]


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
