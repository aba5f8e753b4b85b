"""Rows that are fetched before their example is computed: which, and how long before.

A row that no cache holds takes longer to come than a short example to compute. It is asked for
while an earlier example is computed, early enough to be there, and not so early that others have
taken its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import bound_of
from tinygrad_w2v.compiler.loops.nest import LoopCode, statements_run
from tinygrad_w2v.compiler.loops.schedule import Schedule


def fetched_ahead(
    program: Program, schedule: Schedule
) -> Iterator[tuple[Instruction, Instruction]]:
    """Yield the tables that are read by ids of the example, each with the field of the ids.

    One id or a row of them, that is not long: ids that are computed are not known before, and of
    many rows a core has not asked for the last ones when it comes to the first.
    """
    steps = program.by_name()
    for step in program.of_op("take"):
        table, ids = (steps[name] for name in step.inputs)
        if table.op == "parameter" and ids.op == "input":
            few = math.prod(bound_of(n) for n in ids.shape) <= schedule.prefetch_rows
            if len(table.shape) > 1 and len(ids.shape) < 2 and few:
                yield table, ids


def examples_ahead(program: Program, code: LoopCode, schedule: Schedule) -> int:
    """Return how many examples before its own a row is fetched.

    The next one's while a long example is computed, the one's after that while a short one is.
    """
    longest = {size.name: size.bound for size in program.sizes()}
    return 2 if statements_run(code.body, longest) < schedule.prefetch_short else 1
