"""Equal values by less work: signs and factors move out, transposed axes vanish into the products.

Each rule is a few lines; all are tried on every instruction, in order, and the program is gone
through again until nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.program import Program, Rewriter
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize, product
from tinygrad_w2v.compiler.passes.fold import constant_value

_MOST_ROUNDS = 500
Rule = Callable[[Instruction, Rewriter], "str | None"]


def simplify(program: Program) -> Program:
    """Apply all rules until none does anything."""
    for _ in range(_MOST_ROUNDS):
        changed = Rewriter(program, _any_rule).program
        if changed.instructions == program.instructions:
            return program
        program = changed
    raise CompileError("the rules of algebra undo each other; this is a fault of the compiler")


def _any_rule(step: Instruction, new: Rewriter) -> str | None:
    for rule in RULES:
        name = rule(step, new)
        if name is not None:
            return name
    return None


# ---------------------------------------------------------------------- axes
def _moved_nothing(step: Instruction, new: Rewriter) -> str | None:
    """A slice of everything, a reshape to the same shape, axes put back."""
    if step.op not in ("slice", "reshape", "broadcast", "transpose"):
        return None
    x = new.made[step.inputs[0]]
    if step.op == "slice":
        whole = all(
            part == ("range", 0, 1, n) for part, n in zip(step["spec"], x.shape, strict=True)
        )
        return x.name if whole else None
    if step.op == "transpose":
        return x.name if step["axes"] == tuple(range(len(x.shape))) else None
    return x.name if step.shape == x.shape else None


def _moved_twice(step: Instruction, new: Rewriter) -> str | None:
    """One reshape after another, one transpose after another, one broadcast after another."""
    if step.op not in ("reshape", "transpose", "broadcast"):
        return None
    inner = new.made[step.inputs[0]]
    if inner.op != step.op:
        return None
    parameters = {}
    if step.op == "transpose":
        parameters = {"axes": tuple(inner["axes"][axis] for axis in step["axes"])}
    return new.add(step, step.op, inner.inputs, parameters=parameters)


def _stretched_input(step: Instruction, new: Rewriter) -> str | None:
    """An element-wise function stretches its inputs itself."""
    if step.op not in ("map", "add_rows", "add_to", "put"):
        return None
    inputs = list(step.inputs)
    for i, name in enumerate(inputs):
        x = new.made[name]
        if step.op != "map" and i < len(inputs) - 1:
            continue
        if x.op == "broadcast":
            inputs[i] = x.inputs[0]
        elif x.op == "reshape" and all(n == 1 for n in x.shape):
            if new.made[x.inputs[0]].shape == ():
                inputs[i] = x.inputs[0]
    if tuple(inputs) == step.inputs:
        return None
    if step.op == "map":
        longest = max((len(new.made[name].shape) for name in inputs), default=0)
        bounds = [new.made[name].shape for name in inputs]
        covered = longest == len(step.shape) and all(
            n == 1
            or any(len(s) >= len(step.shape) - i and s[i - len(step.shape)] == n for s in bounds)
            for i, n in enumerate(step.shape)
        )
        if not covered:
            small = new.add(step, "map", tuple(inputs), parameters=step.parameters)
            return new.add(step, "broadcast", (small,))
    return new.add(step, step.op, tuple(inputs), parameters=step.parameters)


def _transposed_factor(step: Instruction, new: Rewriter) -> str | None:
    """A product reads a transposed factor by other letters."""
    if step.op != "einsum":
        return None
    terms, inputs = list(step["terms"]), list(step.inputs)
    for i, name in enumerate(inputs):
        x = new.made[name]
        if x.op == "transpose":
            letters = [""] * len(terms[i])
            for letter, axis in zip(terms[i], x["axes"], strict=True):
                letters[axis] = letter
            terms[i], inputs[i] = "".join(letters), x.inputs[0]
    if tuple(inputs) == step.inputs:
        return None
    return new.add(
        step, "einsum", tuple(inputs), parameters={**step.parameters, "terms": tuple(terms)}
    )


def _transposed_product(step: Instruction, new: Rewriter) -> str | None:
    """A transposed product is a product with its letters in that order."""
    if step.op != "transpose":
        return None
    x = new.made[step.inputs[0]]
    if x.op != "einsum":
        return None
    out = "".join(x["out"][axis] for axis in step["axes"])
    return new.add(step, "einsum", x.inputs, parameters={**x.parameters, "out": out})


def _sum_of_stretched(step: Instruction, new: Rewriter) -> str | None:
    """A sum over axes along which a value is only repeated is a multiple of it."""
    if step.op != "reduce" or step["function"] != "sum" or step.dtype != "float":
        return None
    x = new.made[step.inputs[0]]
    if x.op != "broadcast":
        return None
    inner = new.made[x.inputs[0]]
    extra = len(x.shape) - len(inner.shape)
    if any(i >= extra and inner.shape[i - extra] != 1 for i in step["axes"]):
        return None
    count = product(x.shape[i] for i in step["axes"])
    if len(step["axes"]) + len(step.shape) != len(x.shape):
        return None
    left = tuple(n for i, n in enumerate(inner.shape) if i + extra not in step["axes"])
    small = new.add(step, "reshape", (inner.name,), shape=left)
    if isinstance(count, SymbolicSize):
        number = new.add(step, "size", (), shape=(), parameters={"length": count})
    else:
        number = new.add(step, "constant", (), shape=(), parameters={"value": float(count)})
    return new.add(step, "broadcast", (_map(step, new, "multiply", small, number),))


# ---------------------------------------------------------------------- signs and factors
def _function(step: Instruction) -> str:
    return str(step["function"]) if step.op == "map" else ""


def _map(step: Instruction, new: Rewriter, function: str, *inputs: str) -> str:
    return new.add(step, "map", inputs, parameters={"function": function})


def _signs(step: Instruction, new: Rewriter) -> str | None:
    """``-(-x)`` is x; a factor of -1 is a sign; a sign moves out of products and sums."""
    name, made = _function(step), new.made
    inputs = [made[read] for read in step.inputs]
    if name == "negative":
        if _function(inputs[0]) == "negative":
            return inputs[0].inputs[0]
        if _function(inputs[0]) == "subtract":
            return _map(step, new, "subtract", *inputs[0].inputs[::-1])
    for i, x in enumerate(inputs[: _signed_inputs(step)]):
        if name == "multiply" and constant_value(x) == -1 and x.shape == ():
            if inputs[1 - i].shape == step.shape:
                return _map(step, new, "negative", inputs[1 - i].name)
        if _function(x) == "negative":
            given = (*step.inputs[:i], x.inputs[0], *step.inputs[i + 1 :])
            value = new.add(step, step.op, given, parameters=step.parameters)
            return _map(step, new, "negative", value)
    return None


def _signed_inputs(step: Instruction) -> int:
    """Of how many inputs the sign is that of the result; a broadcast moves the other way."""
    if step.op == "einsum" or (_function(step) in ("multiply", "divide") and step.dtype == "float"):
        return len(step.inputs)
    summed = step.op == "reduce" and step["function"] == "sum"
    return 1 if summed or step.op in ("transpose", "reshape", "slice") else 0


def _subtracted(step: Instruction, new: Rewriter) -> str | None:
    """Adding ``-x`` to a table, or to a value, is subtracting x."""
    made = new.made
    if step.op in ("add_rows", "add_to"):
        value = made[step.inputs[-1]]
        if _function(value) == "negative":
            sign = not step.parameters.get("subtract", False)
            inputs = (*step.inputs[:-1], value.inputs[0])
            return new.add(step, step.op, inputs, parameters={"subtract": sign})
    if _function(step) in ("add", "subtract"):
        x, y = (made[name] for name in step.inputs)
        if _function(y) == "negative":
            other = "subtract" if _function(step) == "add" else "add"
            return _map(step, new, other, x.name, y.inputs[0])
        if _function(step) == "add" and _function(x) == "negative":
            return _map(step, new, "subtract", y.name, x.inputs[0])
    return None


def _neutral(step: Instruction, new: Rewriter) -> str | None:
    """``x * 1``, ``x / 1``, ``x + 0``, ``x - 0``."""
    name = _function(step)
    neutral = {"multiply": 1, "divide": 1, "add": 0, "subtract": 0}.get(name)
    if neutral is None:
        return None
    places = (1, 0) if name in ("multiply", "add") else (1,)
    for i in places:
        x, y = new.made[step.inputs[i]], new.made[step.inputs[1 - i]]
        if x.shape == () and constant_value(x) == neutral and not isinstance(x["value"], bool):
            if y.shape == step.shape and y.dtype == step.dtype:
                return y.name
    return None


def _alike(one: str, other: str, new: Rewriter) -> bool:
    """Whether two names are of one value; what a rule has made twice is not shared yet."""
    return one == other or new.made[one].key == new.made[other].key


def _there_and_back(step: Instruction, new: Rewriter) -> str | None:
    """``x + (y - x)`` is y, where y is a multiple of x: then NaN in x is NaN in y, too."""
    if _function(step) != "add" or step.dtype != "float":
        return None
    for there, name in (step.inputs, step.inputs[::-1]):
        back = new.made[name]
        if _function(back) != "subtract" or not _alike(back.inputs[1], there, new):
            continue
        x, y = new.made[there], new.made[back.inputs[0]]
        of_x = y.inputs if _function(y) == "multiply" else y.inputs[:1]
        multiple = _function(y) in ("multiply", "divide")
        multiple = multiple and any(_alike(factor, there, new) for factor in of_x)
        if multiple and x.dtype == y.dtype == "float" and x.shape == y.shape == step.shape:
            return y.name
    return None


def _divided_by_number(step: Instruction, new: Rewriter) -> str | None:
    """Dividing many numbers by one is multiplying them by its inverse, which is taken once."""
    if _function(step) != "divide" or step.shape == ():
        return None
    x, y = (new.made[name] for name in step.inputs)
    if y.shape != () or x.shape != step.shape:
        return None
    one = new.add(step, "constant", (), shape=(), parameters={"value": 1.0})
    return _map(step, new, "multiply", x.name, _map(step, new, "divide", one, y.name))


def _power(step: Instruction, new: Rewriter) -> str | None:
    """``x^(1/2)`` is a root, ``x^2`` a square, ``x^1`` x."""
    if _function(step) != "power":
        return None
    x, exponent = (new.made[name] for name in step.inputs)
    value = constant_value(exponent)
    if x.shape != step.shape or value not in (0.5, 1, 2):
        return None
    if value == 1:
        return x.name
    return _map(step, new, "sqrt" if value == 0.5 else "square", x.name)


RULES: tuple[Rule, ...] = (
    _moved_nothing,
    _moved_twice,
    _stretched_input,
    _transposed_factor,
    _transposed_product,
    _sum_of_stretched,
    _neutral,
    _signs,
    _subtracted,
    _there_and_back,
    _divided_by_number,
    _power,
)
