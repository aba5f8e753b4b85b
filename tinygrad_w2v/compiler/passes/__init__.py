"""What is done to instructions before they become loops; after each pass they are verified."""

from collections.abc import Callable, Collection
from dataclasses import replace

from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.verifier import verify
from tinygrad_w2v.compiler.passes.algebra import simplify
from tinygrad_w2v.compiler.passes.cse import share_common
from tinygrad_w2v.compiler.passes.dce import drop_unused
from tinygrad_w2v.compiler.passes.fold import fold_constants
from tinygrad_w2v.compiler.passes.names import name_values
from tinygrad_w2v.compiler.passes.product_order import order_products

PASSES = (
    drop_unused,
    fold_constants,
    share_common,
    order_products,
    simplify,
    fold_constants,
    share_common,
    drop_unused,
    name_values,
)


def optimized(program: Program, without: Collection[str] = ()) -> Program:
    """Return the program after all passes but some, each result verified."""
    verify(program, "tracing")
    for run_pass in PASSES:
        if run_pass.__name__ not in without:
            program = _everywhere(run_pass, program)
    return program


def _everywhere(run_pass: Callable[[Program], Program], program: Program) -> Program:
    """Run a pass over a program, and over the bodies of its loops where it does not itself."""
    program = verify(run_pass(program), run_pass.__name__)
    if run_pass is name_values or not program.of_op("scan"):
        return program
    steps = tuple(
        replace(step, parameters={**step.parameters, "body": _everywhere(run_pass, step["body"])})
        if step.op == "scan"
        else step
        for step in program
    )
    return replace(program, instructions=steps)


__all__ = [
    "PASSES",
    "drop_unused",
    "fold_constants",
    "name_values",
    "optimized",
    "order_products",
    "share_common",
    "simplify",
]
