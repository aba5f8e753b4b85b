"""From nests to source: plain Python, which Numba compiles as it stands.

The text is written to be read. It can also be run as it is, without Numba (`checked`), which is how
it is compared with the instructions and with the graph.
"""

from __future__ import annotations

import itertools
import keyword
import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import Program, identifier
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS, RESERVED, helpers
from tinygrad_w2v.compiler.ir.sizes import Shape, Size, Smaller, SymbolicSize, bound_of, sizes_in
from tinygrad_w2v.compiler.loops.contract import Placed
from tinygrad_w2v.compiler.loops.lower import Lowered
from tinygrad_w2v.compiler.loops.materialize import SCALARS
from tinygrad_w2v.compiler.loops.nest import (
    DERIVED,
    Call,
    Expression,
    Load,
    Loop,
    Number,
    SizeOf,
    Statement,
    Tree,
    Variable,
    Whole,
    loops_in,
    statements_in,
    walk,
)

# What looks through whole arrays. The second is given a table of places, -1 at first: that of an id
# is at a hash of it (Knuth 1973, "Sorting and Searching", 6.4), or behind that where others are.
SEARCHES = {
    "first_of": """\
def first_of(ids, place):
    for j in range(place):
        if ids[j] == ids[place]:
            return j
    return place
""",
    "first_among": """\
def first_among(ids, place, slots, shift, last):
    at = ((ids[place] * 2654435769) & 4294967295) >> shift
    while slots[at] >= 0 and ids[slots[at]] != ids[place]:
        at = (at + 1) & last
    if slots[at] < 0:
        slots[at] = place
    return slots[at]
""",
}
HEADER = '''\
"""{title}

Written by the compiler of tinygrad_w2v {version}; a change here has no effect.
"""

import numpy as np
from numba import njit

from tinygrad_w2v.compiler.codegen.intrinsics import power_of_two, prefetch

real = np.{real}
# What may be assumed of numbers (NaN and infinity are still what they are); x / 0 raises nothing.
RULES = {{
    "fastmath": {{"arcp", "contract", "afn", "reassoc", "nsz"}},
    "error_model": "numpy",
}}
'''
_LETTERS = tuple("ijklmnopqr")
_UPDATES = {"add": "+=", "subtract": "-=", "prod": "*="}
_INTEGER = "int64"


class Source(NamedTuple):
    """The text of a kernel, and how its `run` is called.

    Attributes
    ----------
    text : str
        The whole file.
    shapes : dict
        What every array that the kernel is given is called in the text, and its shape (for a field
        that of one window).
    size_names : dict
        The sizes, and what they are called in the text.
    own : tuple of str
        Which of the arrays are the kernel's own, made by its `run`.
    inputs, sizes, constants, parameters : tuple of str
        The parameters of ``run(first, last, ...)`` in this order; then rates, and the first step.
    """

    text: str
    shapes: Mapping[str, Shape] = {}
    size_names: Mapping[str, str] = {}
    own: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


def write(
    program: Program, lowered: Lowered, placed: Placed, dtype: Any, title: str, version: str
) -> Source:
    """Return the source of a kernel and of the loop that runs it over many windows."""
    return _Writer(program, lowered, placed, np.dtype(dtype)).source(title, version)


class _Writer:
    def __init__(
        self, program: Program, lowered: Lowered, placed: Placed, dtype: np.dtype[Any]
    ) -> None:
        self.program, self.lowered, self.placed, self.dtype = program, lowered, placed, dtype
        fields = [step for step in program if step.op == "input" and step.name not in SCALARS]
        self.inputs = {step.name: step for step in fields}
        self.sizes = tuple(size.name for size in program.sizes())
        self.constants = tuple(program.constants)
        self.parameters = tuple(step.name for step in program.of_op("parameter"))
        self.temporaries = {name: a for name, a in placed.arrays.items() if a.shape}
        self.taken = {*RESERVED, *keyword.kwlist}
        given = (*self.inputs, *self.constants, *self.parameters)
        self.spelled = {name: name for name in SCALARS}
        # The user's own names first, so that they are what the user calls them.
        self.spelled |= {name: self._free(name) for name in given}
        self.size_names = {name: self._free(name) for name in self.sizes}
        self.spelled |= {n: self._free(n) for n in placed.arrays if n not in self.spelled}
        self.names: dict[str, str] = {}
        self.wide = False

    def _free(self, *wanted: str) -> str:
        """The first of some names that nothing in the source has yet, or the last with a number."""
        names = [identifier(name.replace(DERIVED, "_")) for name in wanted]
        numbered = (f"{names[-1]}_{number}" for number in itertools.count(2))
        name = next(n for n in itertools.chain(names, numbered) if n not in self.taken)
        self.taken.add(name)
        return name

    # ------------------------------------------------------------------ the file
    def source(self, title: str, version: str) -> Source:
        kernel = self._kernel()
        real = "float64" if self.dtype.itemsize == 8 else "float32"
        title = "".join(letter for letter in title if letter.isalnum() or letter in " ,._")
        parts = [HEADER.format(title=title, version=version, real=real)]
        parts += [f"@njit(**RULES, forceinline=True)\n{text}" for text in self._helpers()]
        decorator = "@njit(**RULES, nogil=True, forceinline=True)"
        parts += [f"{decorator}\n{kernel}", self._run()]
        given = (*self.inputs, *self.constants, *self.parameters)
        shapes = {self.spelled[name]: self.program[name].shape for name in given}
        shapes |= {self.spelled[name]: array.shape for name, array in self.temporaries.items()}
        called = (tuple(self.inputs), self.sizes, self.constants, self.parameters)
        own = tuple(self._rooms())
        return Source("\n\n".join(parts), shapes, self.size_names, own, *called)

    def _helpers(self) -> list[str]:
        used: list[str] = []
        expressions = [e for s in statements_in(self.placed.tree) for e in s.expressions()]
        expressions += [bound for loop in loops_in(self.placed.tree) for bound in loop.bounds()]
        for expression in (*expressions, self.lowered.loss):
            for part in walk(expression):
                if isinstance(part, Call) and part.function not in SEARCHES:
                    helper = FUNCTIONS[part.function].helper
                    if helper and helper not in used:
                        used.append(helper)
        modes = {statement.mode for statement in statements_in(self.placed.tree)}
        for mode, helper in (("max", "larger"), ("min", "smaller")):
            if mode in modes and helper not in used:
                used.append(helper)
        texts = helpers(used, self.dtype.itemsize == 4)
        called = {p.function for e in expressions for p in walk(e) if isinstance(p, Call)}
        return [*texts, *(text for name, text in SEARCHES.items() if name in called)]

    def _signature(self, at: str = "") -> list[str]:
        sizes = [f"{self.size_names[name]}{at}" for name in self.sizes]
        given = [self.spelled[name] for name in (*self.inputs, *self.constants, *self.parameters)]
        return [*given[: len(self.inputs)], *sizes, *given[len(self.inputs) :]]

    def _rooms(self) -> list[str]:
        return [self.spelled[name] for name in self.temporaries]

    def _kernel(self) -> str:
        arguments = ", ".join(["at", *self._signature(), *SCALARS, *self._rooms()])
        lines = [
            f"def kernel({arguments}):",
            '    """One window: read rows, compute the loss and its gradient, write rows."""',
        ]
        tree = list(self.placed.tree)
        self.wide = True
        while tree and isinstance(tree[0], Statement) and tree[0].array in self.lowered.uniform:
            lines += self._statement(tree.pop(0), 1)  # type: ignore[arg-type]
        self.wide = False
        lines.append("    lr = real(lr)")
        lines += self._tree(tuple(tree), 1)
        lines.append(f"    return {self._text(self.lowered.loss)}")
        return "\n".join(lines) + "\n"

    def _run(self) -> str:
        arguments = ", ".join(["first", "last", *self._signature(), "rates", "step"])
        allocated = [
            f"    {self.spelled[name]} = {_apart(a.shape, self._dtype(a.dtype))}"
            for name, a in self.temporaries.items()
        ]
        given = self._signature(at="[at]")
        call = ", ".join(["at", *given, "rates[at]", "step + at - first", *self._rooms()])
        ahead = self._prefetches()
        lines = [
            "@njit(**RULES, nogil=True, cache=True)",
            f"def run({arguments}):",
            '    """Windows number first to last; returns the sum of their losses."""',
            *allocated,
            "    loss = 0.0",
            "    for at in range(first, last):",
            *ahead,
            f"        loss += kernel({call})",
            "    return loss",
        ]
        return "\n".join(lines) + "\n"

    def _prefetches(self) -> list[str]:
        """Touch the rows of the next window while this one is computed."""
        lines: list[str] = []
        for step in self.program.of_op("take"):
            table, ids = (self.program[name] for name in step.inputs)
            if (
                table.op != "parameter"
                or ids.op != "input"
                or len(table.shape) < 2
                or not ids.shape
            ):
                continue
            if len(ids.shape) > 1:
                continue
            n = ids.shape[0]
            stop = self._length(n, "[at + 1]") if isinstance(n, SymbolicSize) else str(n)
            i = self._free(*_LETTERS)
            self.taken.discard(i)
            rows = f"{self.spelled[table.name]}, {self.spelled[ids.name]}[at + 1, {i}]"
            lines += [
                f"            for {i} in range({stop}):",
                f"                prefetch({rows})",
            ]
        return ["        if at + 1 < last:", *lines] if lines else []

    # ------------------------------------------------------------------ nests
    def _tree(self, tree: Tree, indent: int) -> list[str]:
        lines: list[str] = []
        for node in tree:
            if isinstance(node, Statement):
                lines += self._statement(node, indent)
                continue
            name = self._name_of(node.loop)
            lines.append(f"{'    ' * indent}for {name} in range({self._range(node.loop)}):")
            lines += self._tree(node.body, indent + 1)
            self.taken.discard(name)
            del self.names[node.loop.variable]
        return lines

    def _name_of(self, loop: Loop) -> str:
        """A free name: the size's in small letters, else i, j, k, ..."""
        sizes = list(dict.fromkeys(sizes_in((loop.length,))))
        own = [sizes[0].name.lower()] if len(sizes) == 1 else []
        self.names[loop.variable] = self._free(*own, *_LETTERS)
        return self.names[loop.variable]

    def _range(self, loop: Loop) -> str:
        if loop.ragged:
            assert loop.start is not None and loop.stop is not None
            bounds = [_bare(self._text(bound)) for bound in (loop.start, loop.stop)]
            return ", ".join(bounds if loop.step == 1 else [*bounds, str(loop.step)])
        return (
            self._length(loop.length) if isinstance(loop.length, SymbolicSize) else str(loop.length)
        )

    def _statement(self, statement: Statement, indent: int) -> list[str]:
        pad = "    " * indent
        target = self._place(statement.array, statement.indices)
        value = self._text(statement.value)
        if self.wide and self.placed.arrays[statement.array].dtype == "float":
            value = f"real({value})"
        if statement.mode in _UPDATES:
            line = f"{target} {_UPDATES[statement.mode]} {_bare(value)}"
        elif statement.mode in ("max", "min"):
            helper = "larger" if statement.mode == "max" else "smaller"
            line = f"{target} = {helper}({target}, {_bare(value)})"
        else:
            line = f"{target} = {_bare(value)}"
        if statement.only_if is None:
            return [pad + line]
        return [f"{pad}if {_bare(self._text(statement.only_if))}:", f"{pad}    {line}"]

    # ------------------------------------------------------------------ expressions
    def _place(self, array: str, indices: Iterable[Expression]) -> str:
        at = [_bare(self._text(index)) for index in indices]
        name = self.spelled[array]
        if array in self.inputs:
            at.insert(0, "at")
        elif not at and array not in self.placed.arrays and array not in SCALARS:
            at.append("()")
        return f"{name}[{', '.join(at)}]" if at else name

    def _text(self, expression: Expression) -> str:
        if isinstance(expression, Number):
            return self._number(expression.value)
        if isinstance(expression, Variable):
            return self.names[expression.name]
        if isinstance(expression, SizeOf):
            return self._length(expression.length)
        if isinstance(expression, Whole):
            name = self.spelled[expression.array]
            return f"{name}[at]" if expression.array in self.inputs else name
        if isinstance(expression, Load):
            text = self._place(expression.array, expression.indices)
            step = self.inputs.get(expression.array)
            constant = expression.array in self.program.constants
            if step is not None and step.dtype == "float":
                return f"real({text})"
            if constant and self.program[expression.array].dtype == "float":
                return f"real({text})"
            return text
        assert isinstance(expression, Call), expression
        arguments = [self._text(part) for part in expression.arguments]
        if expression.function in SEARCHES:
            return f"{expression.function}({', '.join(arguments)})"
        if self.wide and expression.function == "float":
            return f"float({arguments[0]})"
        return FUNCTIONS[expression.function].source.format(*arguments)

    def _number(self, value: float) -> str:
        if isinstance(value, bool | int):
            # The smallest one is not the negative of any other.
            return repr(value) if value > -(2**63) else f"({value + 1} - 1)"
        if math.isinf(value):
            return f"{'-' if value < 0 else ''}real(np.inf)"
        if math.isnan(value):
            return "real(np.nan)"
        return repr(value) if self.wide else f"real({value!r})"

    def _length(self, length: SymbolicSize, suffix: str = "") -> str:
        parts = [
            " * ".join([*([] if n == 1 else [str(n)]), *(self._size(s, suffix) for s in sizes)])
            for sizes, n in length.terms
        ]
        if length.constant:
            parts.append(str(length.constant))
        text = " + ".join(parts).replace("+ -", "- ")
        return text if len(parts) == 1 and "*" not in text else f"({text})"

    def _size(self, size: Size, suffix: str) -> str:
        if not isinstance(size, Smaller):
            return f"{self.size_names[size.name]}{suffix}"
        both = (size.of, size.limit)
        texts = [self._length(n, suffix) if isinstance(n, SymbolicSize) else str(n) for n in both]
        return f"min({', '.join(_bare(text) for text in texts)})"

    def _dtype(self, kind: str) -> str:
        return {"float": "real", "int": f"np.{_INTEGER}", "bool": "np.bool_"}[kind]


# Elements on both sides of an array of a kernel's own. Native code looks at run time whether two
# arrays lie within a few vectors of each other, and adds up in another order where they do: the
# last bits of a sum would hang on where the memory was found.
_APART = 256


def _apart(shape: Shape, dtype: str) -> str:
    """The text of a new array with room for the most that each axis can be long."""
    first, *rest = map(bound_of, shape)
    rows = -(-_APART // max(math.prod(rest), 1))
    lengths = ", ".join(map(str, (rows + first + rows, *rest)))
    return f"np.empty(({lengths},), {dtype})[{rows}:{rows + first}]"


def _bare(text: str) -> str:
    """An expression without the parentheses around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    level = 0
    for place, letter in enumerate(text):
        level += (letter == "(") - (letter == ")")
        if level == 0 and place < len(text) - 1:
            return text
    return text[1:-1]
