"""What a user has as a table, as arrays of equal length: checked once, before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.checks import shown
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray, IntArray

CHECKED_AT_ONCE = 1 << 20  # numbers of a column, which may be a file larger than memory


class Ragged(NamedTuple):
    """A column whose rows differ in length: row i is ``flat[offsets[i]:offsets[i + 1]]``.

    Attributes
    ----------
    flat : AnyArray
        All rows, one after the other, shape (M, ...).
    offsets : IntArray
        Where each row begins, with the end of the last, int64, shape (N + 1,).
    longest : int
        The most elements of a row, at least 1.
    """

    flat: AnyArray
    offsets: IntArray
    longest: int


def columns_of(table: Any) -> dict[str, AnyArray]:
    """Return the columns of a dict of arrays, or of a pandas, polars or Arrow table, by name.

    Parameters
    ----------
    table
        A column that is a path is mapped from its ``.npy`` file, and not read into memory.

    Raises
    ------
    InputError
        For what is no table, and a column that holds no numbers; it is named.

    Examples
    --------
    >>> columns_of({"user": [0, 1], "rating": [3.5, 4.0]})["rating"]
    array([3.5, 4. ])
    """
    if isinstance(table, Mapping):
        given = dict(table)
    elif hasattr(table, "column_names"):
        given = {name: table.column(name) for name in table.column_names}
    elif hasattr(table, "columns") and hasattr(table, "__getitem__"):
        given = {name: table[name] for name in table.columns}
    else:
        raise InputError(
            f"columns is {shown(table)}; give a dict of arrays, such as {{'user': users, 'item': "
            "items}, or a pandas, polars or Arrow table"
        )
    if not given:
        raise InputError("columns is empty; give at least one, such as {'user': users}")
    return {_checked_name(name): numbers_of(f"column {name!r}", c) for name, c in given.items()}


def numbers_of(what: str, given: Any) -> AnyArray:
    """Return numbers of a type that is computed with: whole ones are int32 or int64.

    Raises
    ------
    InputError
        It says what was given, and where.

    Examples
    --------
    >>> numbers_of("column 'word'", ["you", "say"])
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: column 'word' holds <U3, not numbers; number its values, \
as by np.unique(values, return_inverse=True)
    """
    if isinstance(given, str | Path):
        try:
            array: AnyArray = np.load(given, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(f"{what}: {given} is not read as a .npy file: {error}") from error
        if not isinstance(array, np.ndarray):
            raise InputError(f"{what}: {given} holds several arrays; save each by np.save")
    else:
        array = given.to_numpy() if hasattr(given, "to_numpy") else np.asarray(given)
    array = array.view(np.ndarray)
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"{what} holds {array.dtype}, not numbers; number its values, as by "
            "np.unique(values, return_inverse=True)"
        )
    if array.dtype.kind == "u" and array.dtype.itemsize == 8:
        if array.max(initial=0) > np.iinfo(np.int64).max:
            raise InputError(f"{what} holds {array.max()}, which is beyond int64")
        return array.astype(np.int64)
    if array.dtype.kind in "iu" and array.dtype not in (np.int32, np.int64):
        return array.astype(np.int64 if array.dtype.itemsize == 4 else np.int32)
    if array.dtype.kind == "f" and array.dtype not in (np.float32, np.float64):
        return array.astype(np.float32 if array.dtype == np.float16 else np.float64)
    return array


def check_columns(columns: Mapping[str, AnyArray], ragged: Mapping[str, Ragged]) -> int:
    """Return the common length of all columns, none of which holds NaN or infinity.

    Raises
    ------
    InputError
        It names the columns that differ, or the row.

    Examples
    --------
    >>> check_columns({"x": np.zeros(3), "y": np.array([0.0, np.nan, 1.0])}, {})
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: column 'y' holds nan in row 1; leave such rows out, or \
put a number there
    """
    lengths = {}
    for name, column in columns.items():
        if not column.ndim:
            raise InputError(f"column {name!r} is one number; give an array with one for each row")
        lengths[name] = len(column)
    lengths |= {name: len(rows.offsets) - 1 for name, rows in ragged.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} has {n:,}" for name, n in lengths.items())
        raise InputError(f"columns have as many rows as each other, but {told}")
    rows = next(iter(lengths.values()))
    if not rows:
        raise InputError("the columns have no rows")
    for name, column in columns.items():
        bad = _not_finite(column)
        if bad is not None:
            _refuse_number(f"column {name!r}", column[bad], f"row {bad}")
    for name, each in ragged.items():
        bad = _not_finite(each.flat)
        if bad is not None:
            row = int(np.searchsorted(each.offsets, bad, side="right")) - 1
            _refuse_number(f"column {name!r}", each.flat[bad], f"row {row}")
    return rows


def ragged_of(name: str, given: Any) -> Ragged:
    """Return a ragged column for a pair of a flat array and offsets.

    Raises
    ------
    InputError
        When offsets do not begin at 0, fall, or end elsewhere than the flat array.

    Examples
    --------
    >>> ragged_of("words", ([7, 8, 9], [0, 2, 3])).longest
    2
    >>> ragged_of("words", ([7, 8, 9], [0, 2, 1, 3]))
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: ragged column 'words': offsets fall from 2 to 1 at row \
1; row i is flat[offsets[i]:offsets[i + 1]]
    """
    _checked_name(name)
    what, rule = f"ragged column {name!r}", "row i is flat[offsets[i]:offsets[i + 1]]"
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise InputError(f"{what} is {shown(given)}; give a pair (flat, offsets): {rule}")
    flat, offsets = numbers_of(what, given[0]), numbers_of(f"{what}: offsets", given[1])
    if flat.ndim != 1:
        raise InputError(f"{what}: flat has {flat.ndim} axes; give one number after the other")
    if offsets.ndim != 1 or len(offsets) < 2 or offsets.dtype.kind != "i":
        raise InputError(
            f"{what}: offsets are {offsets.dtype} of shape {offsets.shape}; give N + 1 whole "
            f"numbers for N rows: {rule}"
        )
    steps = np.diff(offsets)
    if offsets[0] != 0:
        raise InputError(f"{what}: offsets begin at {offsets[0]}, not at 0; {rule}")
    if np.any(steps < 0):
        at = int(np.argmax(steps < 0))
        raise InputError(
            f"{what}: offsets fall from {offsets[at]} to {offsets[at + 1]} at row {at}; {rule}"
        )
    if offsets[-1] != len(flat):
        raise InputError(
            f"{what}: offsets end at {offsets[-1]}, but flat holds {len(flat)} numbers; {rule}"
        )
    return Ragged(flat, offsets.astype(np.int64), max(int(steps.max()), 1))


def range_of_whole(column: AnyArray) -> tuple[int, int]:
    """Return the least and the greatest of whole numbers, of a file part by part.

    Examples
    --------
    >>> range_of_whole(np.array([[3, 1], [2, 8]]))
    (1, 8)
    """
    parts = [(int(part.min()), int(part.max())) for _, part in _parts(column) if part.size]
    return min(low for low, _ in parts), max(high for _, high in parts)


def _parts(column: AnyArray) -> Iterator[tuple[int, AnyArray]]:
    rows = max(CHECKED_AT_ONCE // max(int(np.prod(column.shape[1:])), 1), 1)
    for first in range(0, len(column), rows):
        yield first, column[first : first + rows]


def _not_finite(column: AnyArray) -> int | None:
    """The first row that holds a number which is not finite."""
    if column.dtype.kind != "f":
        return None
    for first, part in _parts(column):
        bad = ~np.isfinite(part)
        if bad.any():
            return first + int(np.argmax(bad.reshape(len(part), -1).any(axis=1)))
    return None


def _refuse_number(what: str, values: AnyArray, where: str) -> None:
    value = np.ravel(values)
    value = value[~np.isfinite(value)][0]
    raise InputError(f"{what} holds {value} in {where}; leave such rows out, or put a number there")


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not name.isidentifier():
        raise InputError(
            f"a column is called {name!r}; give names that are Python names, as `loss` reads "
            'them: `example["user"]`'
        )
    return name
