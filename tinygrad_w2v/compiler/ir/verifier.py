"""Checks that a program is one: run after every pass, so that a wrong pass is named at once."""

from __future__ import annotations

from typing import Any

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.compiler.ir.instructions import OPS, REDUCTIONS, WRITES, Instruction, Program
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.ir.sizes import Shape, product
from tinygrad_w2v.compiler.trace.symbol import broadcast_shapes


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
        wrong = _kind_fault(step, given)
        shape = None if wrong else _shape_rule(step, given)
    except (ValueError, IndexError, KeyError) as error:
        return str(error)
    if shape is not None and shape != step.shape:
        return f"its shape is {step.shape}, but follows as {shape}"
    return wrong


_IDS = {
    **dict.fromkeys(("take", "take_along", "scatter", "scatter_along", "add_rows", "put_rows"), 1),
    **dict.fromkeys(("segment_sum", "segment_repeat"), 1),
    "first_place": 0,
}


def _kind_fault(step: Instruction, given: list[Instruction]) -> str | None:
    place = _IDS.get(step.op)
    if place is not None and given[place].dtype != "int":
        return f"its ids {given[place].name} are {given[place].dtype}"
    if step.op in ("arange", "argument") and step.dtype != "int":
        return f"places are whole numbers, not {step.dtype}"
    if step.op in WRITES and given[0].op != "parameter":
        return f"it writes {given[0].name}, which is no parameter"
    if step.op == "map":
        return _function_fault(step, given)
    if step.op in _KEEPING and any(of.dtype != step.dtype for of in given[: _KEEPING[step.op]]):
        return f"it is {step.dtype}, but made of {given[0].dtype}"
    return None


# Ops that hand on what their first inputs are (None: all of them).
_KEEPING = {
    **dict.fromkeys(("transpose", "reshape", "broadcast", "slice", "take", "take_along"), 1),
    **dict.fromkeys(("segment_sum", "segment_repeat", "scatter", "scatter_along"), 1),
    **dict.fromkeys(("scatter_slice", "reduce", "running"), 1),
    **dict.fromkeys(("concatenate", "einsum"), None),
}


def _function_fault(step: Instruction, given: list[Instruction]) -> str | None:
    scalar = FUNCTIONS[step["function"]]
    if step["function"] == "where" and given and given[0].dtype != "bool":
        return f"its condition {given[0].name} is {given[0].dtype}"
    if scalar.dtype != "same":
        return None if step.dtype == scalar.dtype else f"it is {step.dtype}, not {scalar.dtype}"
    mixed = [of for of in given[step["function"] == "where" :] if of.dtype != step.dtype]
    return (
        f"it is {step.dtype}, but its input {mixed[0].name} is {mixed[0].dtype}" if mixed else None
    )


def _shape_rule(step: Instruction, given: list[Instruction]) -> Shape | None:
    """The shape that follows from the inputs; None where the instruction itself says it."""
    shapes = [g.shape for g in given]
    for rules in (_computed_shape, _looked_up_shape, _put_back_shape, _written_shape):
        found = rules(step, shapes)
        if found is not None:
            return found
    return None


def _computed_shape(step: Instruction, shapes: list[Shape]) -> Shape | None:
    op = step.op
    if op == "map":
        scalar = FUNCTIONS[step["function"]]
        if len(shapes) != scalar.arity:
            raise ValueError(f"{step['function']} takes {scalar.arity} inputs, not {len(shapes)}")
        return broadcast_shapes(step["function"], shapes)
    if op == "reduce":
        if step["function"] not in REDUCTIONS:
            raise ValueError(f"there is no reduction {step['function']}")
        return tuple(n for i, n in enumerate(shapes[0]) if i not in step["axes"])
    if op == "einsum":
        return _einsum_shape(step, shapes)
    if op in ("running", "argument"):
        if step["function"] not in (("sum", "prod") if op == "running" else ("max", "min")):
            raise ValueError(f"there is no {op} {step['function']}")
        return shapes[0] if op == "running" else _replaced(shapes[0], step["axis"], ())
    if op == "arange":
        return step.shape[:1]
    if op == "transpose":
        return tuple(shapes[0][axis] for axis in step["axes"])
    if op == "reshape" and product(shapes[0]) != product(step.shape):
        raise ValueError(f"{shapes[0]} has another size than {step.shape}")
    if op == "broadcast" and broadcast_shapes(op, [shapes[0], step.shape]) != step.shape:
        raise ValueError(f"{shapes[0]} does not broadcast to {step.shape}")
    return () if op == "size" else None


def _looked_up_shape(step: Instruction, shapes: list[Shape]) -> Shape | None:
    op = step.op
    if op == "slice":
        return _slice_shape(step, shapes[0])
    if op == "take":
        return _replaced(shapes[0], step["axis"], shapes[1])
    if op == "take_along":
        x, ids = shapes
        if len(x) != len(ids):
            raise ValueError(f"ids {ids} have another number of axes than {x}")
        axis = step["axis"]
        others = broadcast_shapes(op, [_replaced(x, axis, (1,)), _replaced(ids, axis, (1,))])
        return _replaced(others, axis, (ids[axis],))
    if op == "concatenate":
        axis = step["axis"]
        total: Any = 0
        for shape in shapes:
            if _replaced(shape, axis, ()) != _replaced(shapes[0], axis, ()):
                raise ValueError(f"the shapes {shapes} do not fit")
            total = total + shape[axis]
        return _replaced(shapes[0], axis, (total,))
    return shapes[0] if op == "first_place" else None


def _put_back_shape(step: Instruction, shapes: list[Shape]) -> Shape | None:
    """Of what is put back into zeros, the values must have the shape that a look-up would have."""
    op, shape = step.op, step.shape
    if op == "segment_sum":
        return (*shapes[1], *shapes[0][1:])
    if op == "segment_repeat":
        if shapes[0] != (*shapes[1], *shape[1:]):
            raise ValueError(f"values {shapes[0]} do not fit segments {shapes[1]}")
        return shape
    if op == "scatter":
        wanted = _replaced(shape, step["axis"], shapes[1])
    elif op == "scatter_slice":
        wanted = _slice_shape(step, shape)
    elif op == "scatter_along":
        axis = step["axis"]
        wanted = _replaced(shape, axis, (shapes[1][axis],))
        broadcast_shapes(op, [shapes[1], wanted])
    else:
        return None
    if shapes[0] != wanted:
        raise ValueError(f"values {shapes[0]} do not fit places of the shape {wanted}")
    return shape


def _written_shape(step: Instruction, shapes: list[Shape]) -> Shape | None:
    op = step.op
    if op == "add_rows":
        wanted = (*shapes[1], *shapes[0][1:])
        if broadcast_shapes(op, [shapes[2], wanted]) != wanted:
            raise ValueError(f"values {shapes[2]} do not fit ids {shapes[1]}")
        return ()
    if op == "put_rows":
        if shapes[2] != shapes[1] or shapes[3] != (*shapes[1], *shapes[0][1:]):
            raise ValueError(f"values {shapes[3]} do not fit ids {shapes[1]}")
        return ()
    if op in ("add_to", "put"):
        if broadcast_shapes(op, [shapes[1], shapes[0]]) != shapes[0]:
            raise ValueError(f"the value {shapes[1]} does not fit the parameter {shapes[0]}")
        return ()
    return None


def _replaced(shape: Shape, axis: int, by: Shape) -> Shape:
    """The shape with other axes in place of one."""
    return (*shape[:axis], *by, *shape[axis + 1 :])


def _slice_shape(step: Instruction, shape: Shape) -> Shape:
    if len(step["spec"]) != len(shape):
        raise ValueError(f"places of {len(step['spec'])} axes do not fit the shape {shape}")
    return tuple(part[3] for part in step["spec"] if part[0] == "range")


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
