"""A loss that draws random numbers is found: a kernel would hold the first draw for all windows.

The loss is traced a second time. What it computes of the window and the parameters is the same
then, and so is every array that it brings along, unless something drew it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.compiler.tracing import Field, Traced, trace
from tinygrad_w2v.nn import Module


def check_repeatable(model: Module, example: Any, fields: tuple[Field, ...], dtype: Any) -> None:
    """Raise a CompileError when a model's loss is another one each time that it is run.

    Parameters
    ----------
    model, example, fields, dtype
        As in `trace`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> from tinygrad_w2v.compiler.tracing import fields_of
    >>> class Dropped(tw.Module):
    ...     def __init__(self):
    ...         self.w, self.rng = tw.Parameter(np.ones(8)), np.random.default_rng(0)
    ...     def loss(self, batch):
    ...         return (F.dropout(self.w, 0.5, self.rng) * batch["x"]).sum()
    >>> window = {"x": np.ones(8)}
    >>> check_repeatable(Dropped(), window, fields_of(window, None), np.float32)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.CompileError: Dropped.loss is another one each time: it draws random \
numbers, which a kernel would hold for all windows
    """
    first, again = (trace(model, example, fields, None, dtype) for _ in range(2))
    if not _are_the_same(first, again):
        raise CompileError(
            f"{type(model).__name__}.loss is another one each time: it draws random numbers, "
            "which a kernel would hold for all windows"
        )


def _are_the_same(first: Traced, again: Traced) -> bool:
    one, other = first.program, again.program
    if [i.key for i in one] != [i.key for i in other] or set(one.constants) != set(other.constants):
        return False
    return all(
        np.array_equal(array, other.constants[name], equal_nan=array.dtype.kind == "f")
        for name, array in ((name, np.asarray(array)) for name, array in one.constants.items())
    )
