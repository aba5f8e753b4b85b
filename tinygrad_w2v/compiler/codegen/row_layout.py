"""Tables in whole cache lines: which are laid out so, and when.

A table that a kernel reads and writes by rows is moved into memory where each row begins at a cache
line and fills its last one (`_base.cache_lines`); `Parameter.data` becomes a view of its columns.
The kernel is given the rows with their padding, and its loops run over the columns as ever: only
strides change.

A table is moved only where nobody could tell: an array that somebody else holds, the user's own or
one that two Parameters are parts of, is shared with them, and stays where it is.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tinygrad_w2v._base.cache_lines import fills_lines, in_lines, new_storage, put
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.nn import Parameter

SMALL = 2**16  # bytes of a table that the cache next to a core holds
_BY_ROWS = ("take", "add_rows", "put_rows")


def read_by_rows(program: Program) -> set[str]:
    """Return the tables of which whole rows are read and written, and nothing else."""
    readers = program.readers()
    return {
        table.name
        for table in program.of_op("parameter")
        if all(
            reader.op in _BY_ROWS
            and reader.inputs[0] == table.name
            and reader.parameters.get("axis", 0) == 0
            for reader in readers[table.name]
        )
    }


def to_be_padded(program: Program, parameters: Mapping[str, Parameter]) -> list[Parameter]:
    """Return the Parameters of a program whose rows are to be whole cache lines.

    Parameters
    ----------
    program : Program
    parameters : dict
        What its tables are.
    """
    names = sorted(read_by_rows(program) & parameters.keys())
    return [parameters[name] for name in names if _gains(parameters[name])]


def _gains(parameter: Parameter) -> bool:
    shape, itemsize = tuple(parameter.shape), parameter.dtype.itemsize
    large = math.prod(shape) * itemsize > SMALL
    return large and fills_lines(in_lines(shape, itemsize), itemsize)


def pad_tables(parameters: Iterable[Parameter]) -> None:
    """Move tables into whole cache lines, each that is nobody else's and not there yet.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> mine = np.ones((200, 100), np.float32)
    >>> shared, own = tw.Parameter(mine), tw.Parameter(mine.copy())
    >>> pad_tables([shared, own])
    >>> shared.data is mine, own.data.strides, bool((own.data == mine).all())
    (True, (448, 4), True)
    """
    for parameter in parameters:
        if _is_nobody_elses(parameter):
            shape, dtype = tuple(parameter.shape), parameter.dtype
            storage = new_storage(in_lines(shape, dtype.itemsize), dtype)
            parameter.data = put(parameter.data, storage)


def _holders(variable: Any) -> int:
    return sys.getrefcount(variable._data)


_ALONE = _holders(Variable(np.empty(0)))


def _is_nobody_elses(parameter: Any) -> bool:
    """Whether an array, with the memory that it may be a view of, is held by its Parameter alone.

    It must be nothing but memory: not a mapped file, nor one that may not be written into.
    """
    if type(parameter._data) is not np.ndarray or _holders(parameter) != _ALONE:
        return False
    if not (parameter._data.flags.c_contiguous and parameter._data.flags.writeable):
        return False
    if parameter._data.base is None:
        return True
    whole = type(parameter._data.base) is np.ndarray and parameter._data.base.flags.owndata
    return whole and sys.getrefcount(parameter._data.base) == _ALONE
