"""What needs no native code runs as plain Python; what does, does in a few tests or as a proof.

Numba takes seconds for a kernel, and it is the same work for most models. What a test says of
values, of tables and of an optimizer's state holds of the source, too, and there every place that
is touched is checked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest

from tinygrad_w2v.compiler.compile import Compiled
from tinygrad_w2v.compiler.inspect.checked_source import Checked


def plainly(compiled: Compiled) -> Compiled:
    """Return what was given, which from now on runs its source in place of native code."""
    source = Checked(compiled.kernel.built.source, compiled.dtype)

    def run(*arguments: Any) -> float:
        return source.run(arguments)

    compiled.kernel._run = run
    return compiled


def rows(
    values: Iterable[Any], native: Collection[Any] = (), proofs: Collection[Any] | None = None
) -> list[Any]:
    """Rows `value, native` of a test: all values, of which those in `native` are native code.

    The others are native code, too, when proofs are asked for, or only those in `proofs`.
    """
    values = list(values)
    found = [pytest.param(value, value in native, id=named(value)) for value in values]
    rest = [value for value in values if value not in native]
    for value in rest if proofs is None else proofs:
        name = f"{named(value)}, native"
        found.append(pytest.param(value, True, id=name, marks=pytest.mark.proof))
    return found


def named(value: Any) -> str:
    if isinstance(value, tuple):
        return "-".join(map(named, value))
    return str(getattr(value, "__name__", value))
