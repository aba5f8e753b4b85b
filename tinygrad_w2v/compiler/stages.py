"""The stages between instructions and source, in order."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from tinygrad_w2v._base.version import __version__
from tinygrad_w2v.compiler.codegen.write import Source, write
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.loops.collapse import collapse
from tinygrad_w2v.compiler.loops.contract import contract
from tinygrad_w2v.compiler.loops.fuse import fuse
from tinygrad_w2v.compiler.loops.in_place import in_place
from tinygrad_w2v.compiler.loops.invariant_motion import hoist
from tinygrad_w2v.compiler.loops.lower import lower
from tinygrad_w2v.compiler.loops.nest import LoopCode
from tinygrad_w2v.compiler.loops.scan import embedded, within
from tinygrad_w2v.compiler.loops.schedule import Schedule
from tinygrad_w2v.compiler.loops.unroll import unroll
from tinygrad_w2v.compiler.loops.unroll_and_jam import jam
from tinygrad_w2v.compiler.passes import optimized

# All but `fuse` are optional; that makes nests in any case.
LOOP_STAGES = (unroll, collapse, in_place, fuse, contract, jam, hoist)


class Built(NamedTuple):
    """What the stages from a traced program to its source leave."""

    program: Program
    code: LoopCode
    source: Source


def build(program: Program, dtype: Any, title: str, schedule: Schedule | None = None) -> Built:
    """Return a program's source, with what is made on the way.

    Parameters
    ----------
    program, dtype, title
        Of a trace; what is computed in; what the file is called.
    schedule
        Which optional steps are taken, and how far; the default one if None.
    """
    schedule = schedule or Schedule()
    program = optimized(program, schedule.skipped_passes)
    code = _looped(lower(program, schedule), schedule)
    return Built(program, code, write(program, code, dtype, title, __version__, schedule))


def _looped(code: LoopCode, schedule: Schedule) -> LoopCode:
    """Code after all stages of loops; the bodies of loops over time take them first."""
    code = within(code, partial(_looped, schedule=schedule))
    for stage in LOOP_STAGES:
        if stage is fuse or getattr(schedule, stage.__name__):
            code = stage(code, schedule)
    return embedded(code)
