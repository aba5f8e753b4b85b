"""The ops that instructions have, one class an op.

What a kernel makes of an op is registered in `compiler.loops`. It shares nothing with `compute`
here, so that a kernel that agrees with the interpreter is right.

=================  ===========================================================================
given              ``input``, ``parameter``, ``constant``, ``size`` (a symbolic size as a number)
computed           ``map`` (a scalar function, element by element), ``reduce`` (sum, max, min or
                   product along axes), ``einsum`` (sum of products), ``running`` (sums or products
                   of all up to each element), ``concatenate``
counted            ``arange`` (the places of an axis), ``argument`` (where the largest or the
                   smallest stands), ``first_place`` (where each id stood first)
moved              ``transpose reshape broadcast slice``
looked up          ``take`` (along an axis), ``take_along`` (other places in every row),
                   ``segment_sum`` and ``segment_repeat`` (ragged rows)
put back           ``scatter scatter_along scatter_slice``: zeros with values added at places
written            ``add_rows put_rows add_to put``: the only ones that change anything
over time          ``scan`` (a program of its own, step after step), ``scan_output`` (one of its
                   results); in its body ``outer`` (what it reads), ``put_at`` and ``accumulate``
                   (what it writes)
=================  ===========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.intervals import ANY, BOOL, Interval
from tinygrad_w2v.compiler.ir.ops import computed, indexed, moved, scanned
from tinygrad_w2v.compiler.ir.ops.base import REGISTRY, Intervals, Op, Shapes

FAMILIES = (computed, indexed, moved, scanned)  # where the classes stand


def interval_of(step: Instruction, given: Intervals, shapes: Shapes) -> Interval:
    """Return between which numbers an instruction's elements are.

    Parameters
    ----------
    step : Instruction
        That computes something.
    given
        The intervals of its inputs.
    shapes
        Their shapes.

    Examples
    --------
    >>> def of(function, *given):
    ...     step = Instruction("x", "map", (), (), "int", {"function": function})
    ...     return interval_of(step, given, [()] * len(given))
    >>> of("multiply", (-3, 2), (0, 5)), of("floor_divide", (-7, 7), (-1, 2))
    ((-15, 10), (-7, 7))
    >>> of("add", (0, 2**62), (0, 2**62)) == ANY == of("exp", (0, 1))
    True
    """
    if step.dtype == "bool":
        return BOOL
    return OPS[step.op].interval(step, given, shapes) if step.dtype == "int" else ANY


OPS: Mapping[str, Op] = REGISTRY


def _family(family: str) -> frozenset[str]:
    return frozenset(name for name, op in OPS.items() if op.family == family)


GIVEN, MOVED, WRITES = _family("given"), _family("moved"), _family("written")
