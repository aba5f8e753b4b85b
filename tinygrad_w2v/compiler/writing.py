"""From nests to source: plain Python, which Numba compiles as it stands.

The text is written to be read. It can also be run as it is, without Numba, which is how the tests
compare it with the instructions and with the graph.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.compiler.extents import Extent, bound_of, sizes_in
from tinygrad_w2v.compiler.functions import FUNCTIONS, helpers
from tinygrad_w2v.compiler.instructions import Program
from tinygrad_w2v.compiler.keeping import SCALARS
from tinygrad_w2v.compiler.loops import (
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
    statements_in,
    walk,
)
from tinygrad_w2v.compiler.lowering import Lowered
from tinygrad_w2v.compiler.placing import Placed

FIRST_OF = """\
def first_of(ids, place):
    for j in range(place):
        if ids[j] == ids[place]:
            return j
    return place
"""
HEADER = '''\
"""{title}

Written by the compiler of tinygrad_w2v {version}; a change here has no effect.
"""

import numpy as np
from numba import njit

from tinygrad_w2v.compiler.intrinsics import power_of_two, prefetch

real = np.{real}
# What may be assumed of numbers (NaN and infinity are still what they are); x / 0 raises nothing.
RULES = {{
    "fastmath": {{"arcp", "contract", "afn", "reassoc", "nsz"}},
    "error_model": "numpy",
}}
'''
_UPDATES = {"add": "+=", "subtract": "-=", "prod": "*="}
_INTEGER = "int64"


class Source(NamedTuple):
    """The text of a kernel, and how its `run` is called.

    Attributes
    ----------
    text : str
        The whole file.
    inputs, sizes, constants, parameters : tuple of str
        The parameters of ``run(first, last, ...)`` in this order; then rates, and the first step.
    """

    text: str
    inputs: tuple[str, ...]
    sizes: tuple[str, ...]
    constants: tuple[str, ...]
    parameters: tuple[str, ...]


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
        given = [step for step in program if step.op == "input" and step.name not in SCALARS]
        self.inputs = {step.name: step for step in given}
        self.sizes = tuple(size.name for size in program.sizes())
        self.constants = tuple(program.constants)
        self.parameters = tuple(step.name for step in program.of_op("parameter"))
        self.temporaries = {name: a for name, a in placed.arrays.items() if a.shape}
        self._check_names()
        reserved = {*self.inputs, *self.sizes, *self.constants, *self.parameters, *placed.arrays}
        self.taken = reserved | {*SCALARS, "at", "np", "real"}
        self.names: dict[str, str] = {}
        self.wide = False

    def _check_names(self) -> None:
        """The kernel's own names must not be those of the window or the model."""
        given = {*self.inputs, *self.sizes, *self.constants, *self.parameters}
        both = sorted(given & set(self.placed.arrays))
        if both:
            raise CompileError(
                f"the kernel has a value of its own called {both[0]}: give the parameter or the "
                "field another name"
            )

    # ------------------------------------------------------------------ the file
    def source(self, title: str, version: str) -> Source:
        kernel = self._kernel()
        real = "float64" if self.dtype.itemsize == 8 else "float32"
        parts = [HEADER.format(title=title, version=version, real=real)]
        parts += [f"@njit(**RULES, forceinline=True)\n{text}" for text in self._helpers()]
        decorator = "@njit(**RULES, nogil=True, forceinline=True)"
        parts += [f"{decorator}\n{kernel}", self._run()]
        return Source(
            "\n\n".join(parts), tuple(self.inputs), self.sizes, self.constants, self.parameters
        )

    def _helpers(self) -> list[str]:
        used: list[str] = []
        expressions = [e for s in statements_in(self.placed.tree) for e in s.expressions()]
        for expression in (*expressions, self.lowered.loss):
            for part in walk(expression):
                if isinstance(part, Call) and part.function != "first_of":
                    helper = FUNCTIONS[part.function].helper
                    if helper and helper not in used:
                        used.append(helper)
        modes = {statement.mode for statement in statements_in(self.placed.tree)}
        for mode, helper in (("max", "larger"), ("min", "smaller")):
            if mode in modes and helper not in used:
                used.append(helper)
        texts = helpers(used, self.dtype.itemsize == 4)
        calls = any(
            isinstance(p, Call) and p.function == "first_of" for e in expressions for p in walk(e)
        )
        return [*texts, *([FIRST_OF] if calls else [])]

    def _signature(self) -> list[str]:
        return [*self.inputs, *self.sizes, *self.constants, *self.parameters]

    def _kernel(self) -> str:
        arguments = ", ".join(["at", *self._signature(), *SCALARS, *self.temporaries])
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
        bounds = {
            name: _shape([bound_of(n) for n in a.shape]) for name, a in self.temporaries.items()
        }
        allocated = [
            f"    {name} = np.empty({bounds[name]}, {self._dtype(a.dtype)})"
            for name, a in self.temporaries.items()
        ]
        given = [*self.inputs, *[f"{s}[at]" for s in self.sizes], *self.constants, *self.parameters]
        call = ", ".join(["at", *given, "rates[at]", "step + at - first", *self.temporaries])
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
            stop = (
                str(n).replace(" ", "")
                if not isinstance(n, Extent)
                else self._extent(n, "[at + 1]")
            )
            lines += [
                f"            for i in range({stop}):",
                f"                prefetch({table.name}, {ids.name}[at + 1, i])",
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
        wanted = list("ijklmnopqr")
        sizes = sizes_in((loop.length,))
        if len(sizes) == 1:
            wanted.insert(0, sizes[0].name.lower())
        name = next(w for w in (*wanted, loop.variable, f"{loop.variable}_") if w not in self.taken)
        self.taken.add(name)
        self.names[loop.variable] = name
        return name

    def _range(self, loop: Loop) -> str:
        if loop.ragged:
            assert loop.start is not None and loop.stop is not None
            bounds = [_bare(self._text(bound)) for bound in (loop.start, loop.stop)]
            return ", ".join(bounds if loop.step == 1 else [*bounds, str(loop.step)])
        return self._extent(loop.length) if isinstance(loop.length, Extent) else str(loop.length)

    def _statement(self, statement: Statement, indent: int) -> list[str]:
        pad = "    " * indent
        target = self._place(statement.array, statement.indices)
        value = self._text(statement.value)
        if self.wide:
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
        if array in self.inputs:
            at.insert(0, "at")
        elif not at and array not in self.placed.arrays and array not in SCALARS:
            at.append("()")
        return f"{array}[{', '.join(at)}]" if at else array

    def _text(self, expression: Expression) -> str:
        if isinstance(expression, Number):
            return self._number(expression.value)
        if isinstance(expression, Variable):
            return self.names[expression.name]
        if isinstance(expression, SizeOf):
            return self._extent(expression.extent)
        if isinstance(expression, Whole):
            return (
                f"{expression.array}[at]" if expression.array in self.inputs else expression.array
            )
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
        if expression.function == "first_of":
            return f"first_of({', '.join(arguments)})"
        if self.wide and expression.function == "float":
            return f"float({arguments[0]})"
        return FUNCTIONS[expression.function].source.format(*arguments)

    def _number(self, value: float) -> str:
        if isinstance(value, bool | int):
            return repr(value)
        if math.isinf(value):
            return f"{'-' if value < 0 else ''}real(np.inf)"
        if math.isnan(value):
            return "real(np.nan)"
        return repr(value) if self.wide else f"real({value!r})"

    def _extent(self, extent: Extent, suffix: str = "") -> str:
        parts = [
            " * ".join([*([] if n == 1 else [str(n)]), *(f"{s.name}{suffix}" for s in sizes)])
            for sizes, n in extent.terms
        ]
        if extent.constant:
            parts.append(str(extent.constant))
        text = " + ".join(parts).replace("+ -", "- ")
        return text if len(parts) == 1 and "*" not in text else f"({text})"

    def _dtype(self, kind: str) -> str:
        return {"float": "real", "int": f"np.{_INTEGER}", "bool": "np.bool_"}[kind]


def _shape(lengths: list[int]) -> str:
    return f"({', '.join(str(n) for n in lengths)}{',' if len(lengths) == 1 else ''})"


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


def run_plainly(source: Source, arguments: Mapping[str, Any] | list[Any], dtype: Any) -> float:
    """Run a kernel's text as plain Python, without Numba, over the windows it is given.

    Parameters
    ----------
    source : Source
    arguments : list
        Those of ``run``.
    dtype
        What is computed in, whatever the text says.
    """

    def decorator(*_: Any, **__: Any) -> Any:
        return lambda function: function

    body = source.text[source.text.index("# What may be") :]
    scope: dict[str, Any] = {
        "np": np,
        "njit": decorator,
        "prefetch": lambda *_: None,
        "power_of_two": lambda n: np.ldexp(np.dtype(dtype).type(1), int(n)),
        "real": np.dtype(dtype).type,
    }
    exec(compile(body, "<kernel>", "exec"), scope)
    with np.errstate(all="ignore"):
        return float(scope["run"](*arguments))
