"""Checks that a program is one: run after every pass, so that a wrong pass is named at once."""

from __future__ import annotations

from typing import Any

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.compiler.extents import Shape, product
from tinygrad_w2v.compiler.functions import FUNCTIONS
from tinygrad_w2v.compiler.instructions import OPS, REDUCTIONS, WRITES, Instruction, Program
from tinygrad_w2v.compiler.symbols import broadcast_shapes


def verify(program: Program, made_by: str) -> Program:
    """Return the program if it is sound.

    Every value is made once, before it is read; shapes and dtypes follow from those of the inputs;
    all rows are read before any is written, so writes come last; and the loss is one number.

    Raises
    ------
    CompileError
        That names the pass, the instruction and what is wrong.
    """
    known: dict[str, Instruction] = {}
    writing = False
    for step in program:
        wrong = _fault(step, known)
        if wrong is None and step.name in known:
            wrong = "it is made twice"
        if step.op in WRITES:
            writing = True
        elif writing and wrong is None:
            wrong = "it comes after a write, and may read what was written"
        if wrong is not None:
            raise CompileError(f"after {made_by}: {step.op} {step.name}{step.inputs}: {wrong}")
        known[step.name] = step
    if program.loss not in known or known[program.loss].shape != ():
        raise CompileError(f"after {made_by}: the loss {program.loss} is not one number")
    return program


def _fault(step: Instruction, known: dict[str, Instruction]) -> str | None:
    if step.op not in OPS:
        return "there is no such op"
    for name in step.inputs:
        if name not in known:
            return f"it reads {name} before it is made"
        if known[name].op in WRITES:
            return f"it reads the write {name}"
    given = [known[name] for name in step.inputs]
    try:
        shape = _shape_rule(step, given)
    except (ValueError, IndexError, KeyError) as error:
        return str(error)
    if shape is not None and shape != step.shape:
        return f"its shape is {step.shape}, but follows as {shape}"
    return _kind_fault(step, given)


def _kind_fault(step: Instruction, given: list[Instruction]) -> str | None:
    ids = {"take": 1, "take_along": 1, "scatter": 1, "scatter_along": 1, "add_rows": 1}
    place = ids.get(step.op)
    if place is not None and given[place].dtype != "int":
        return f"its ids {given[place].name} are {given[place].dtype}"
    if step.op in WRITES and given[0].op != "parameter":
        return f"it writes {given[0].name}, which is no parameter"
    if step.op == "map" and step["function"] == "where" and given[0].dtype != "bool":
        return f"its condition {given[0].name} is {given[0].dtype}"
    return None


def _shape_rule(step: Instruction, given: list[Instruction]) -> Shape | None:
    """The shape that follows from the inputs; None where the instruction itself says it."""
    op = step.op
    shapes = [g.shape for g in given]
    if op == "map":
        scalar = FUNCTIONS[step["function"]]
        if len(given) != scalar.arity:
            raise ValueError(f"{step['function']} takes {scalar.arity} inputs, not {len(given)}")
        return broadcast_shapes(step["function"], shapes)
    if op == "reduce":
        if step["function"] not in REDUCTIONS:
            raise ValueError(f"there is no reduction {step['function']}")
        return tuple(n for i, n in enumerate(shapes[0]) if i not in step["axes"])
    if op == "einsum":
        return _einsum_shape(step, shapes)
    if op == "transpose":
        return tuple(shapes[0][axis] for axis in step["axes"])
    if op == "reshape":
        if product(shapes[0]) != product(step.shape):
            raise ValueError(f"{shapes[0]} has another size than {step.shape}")
    if op == "broadcast" and broadcast_shapes(op, [shapes[0], step.shape]) != step.shape:
        raise ValueError(f"{shapes[0]} does not broadcast to {step.shape}")
    if op == "slice":
        return tuple(part[3] for part in step["spec"] if part[0] == "range")
    if op == "take":
        axis = step["axis"]
        return (*shapes[0][:axis], *shapes[1], *shapes[0][axis + 1 :])
    if op == "concatenate":
        axis, total = step["axis"], 0
        for shape in shapes:
            total = total + shape[axis]  # type: ignore[operator]
        return (*shapes[0][:axis], total, *shapes[0][axis + 1 :])
    if op == "add_rows":
        broadcast = broadcast_shapes(op, [shapes[2], (*shapes[1], *shapes[0][1:])])
        if broadcast != (*shapes[1], *shapes[0][1:]):
            raise ValueError(f"values {shapes[2]} do not fit ids {shapes[1]}")
        return ()
    if op in ("add_to", "put"):
        if broadcast_shapes(op, [shapes[1], shapes[0]]) != shapes[0]:
            raise ValueError(f"the value {shapes[1]} does not fit the parameter {shapes[0]}")
        return ()
    return () if op in ("put_rows", "size") else None


def _einsum_shape(step: Instruction, shapes: list[Shape]) -> Shape:
    lengths: dict[str, Any] = {}
    for term, shape in zip(step["terms"], shapes, strict=True):
        if len(term) != len(shape):
            raise ValueError(f"the labels {term} do not fit the shape {shape}")
        for label, n in zip(term, shape, strict=True):
            known = lengths.get(label, 1)
            if known != 1 and n not in (1, known):
                raise ValueError(f"label {label} has the lengths {known} and {n}")
            lengths[label] = known if n == 1 else n
    if len(set(step["out"])) != len(step["out"]):
        raise ValueError("a label of the result comes twice")
    return tuple(lengths[label] for label in step["out"])
