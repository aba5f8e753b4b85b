"""From loop code to source: plain Python, which Numba compiles as it stands.

The text is written to be read. It can also be run as it is, without Numba (`checked_source`), which
is how it is compared with the instructions and with the graph.
"""

from __future__ import annotations

import itertools
import keyword
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.codegen.batch_layout import Packed
from tinygrad_w2v.compiler.codegen.fetching import examples_ahead, fetched_ahead
from tinygrad_w2v.compiler.ir.instructions import identifier
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS, RESERVED, helpers
from tinygrad_w2v.compiler.ir.sizes import (
    Length,
    Shape,
    Size,
    Smaller,
    SymbolicSize,
    bound_of,
    sizes_in,
)
from tinygrad_w2v.compiler.loops.materialize import SCALARS
from tinygrad_w2v.compiler.loops.nest import (
    DERIVED,
    Body,
    Call,
    Expression,
    Load,
    Loop,
    LoopCode,
    Nest,
    Number,
    SizeOf,
    Statement,
    Variable,
    Whole,
    nodes_in,
    walk,
)
from tinygrad_w2v.compiler.loops.schedule import Schedule

# What searches whole arrays. The second is given a hash table of places, -1 at first, with linear
# probing (Knuth 1973, "Sorting and Searching", 6.4).
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

from tinygrad_w2v.compiler.codegen.intrinsics import INLINED, noalias, power_of_two, prefetch
{private}
real = np.{real}
# What may be assumed of numbers (NaN and infinity are still what they are); x / 0 raises nothing.
RULES = {{
    "fastmath": {{"arcp", "contract", "afn", "reassoc", "nsz"}},
    "error_model": "numpy",
}}
'''
PRIVATE = "from tinygrad_w2v.compiler.codegen.exchange import exchange, fetch\n"
_LETTERS = tuple("ijklmnopqr")
_UPDATES = {
    "set": "{0} = {1}",
    "add": "{0} += {1}",
    "subtract": "{0} -= {1}",
    "prod": "{0} *= {1}",
    "max": "{0} = larger({0}, {1})",
    "min": "{0} = smaller({0}, {1})",
}
_HELPER_OF_MODE = {"max": "larger", "min": "smaller"}
_DTYPES = {"float": "real", "int": "np.int64", "bool": "np.bool_"}


class Source(NamedTuple):
    """The text of a kernel, and how its `run` is called.

    Attributes
    ----------
    text : str
        The whole file.
    shapes : dict
        What every array that the kernel is given is called in the text, and its shape (for a field
        that of one example).
    size_names : dict
        The sizes, and what they are called in the text.
    own : tuple of str
        Which of the arrays are the kernel's own, made by its `run`.
    inputs, sizes, parameters : tuple of str
    constants : dict of arrays
        What ``run(first, last, ...)`` is given: inputs, sizes, constants, parameters; then rates,
        and the first step.
    """

    text: str
    shapes: Mapping[str, Shape] = {}
    size_names: Mapping[str, str] = {}
    own: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    constants: Mapping[str, AnyArray] = {}
    parameters: tuple[str, ...] = ()

    def arguments(
        self, packed: Packed, tables: Mapping[str, AnyArray], rates: AnyArray, step: int
    ) -> list[Any]:
        """Return the arguments of ``run``, in order, from the third on."""
        return [
            *[packed.arrays[name] for name in self.inputs],
            *[packed.sizes[name] for name in self.sizes],
            *[tables.get(name, array) for name, array in self.constants.items()],
            *[tables[name] for name in self.parameters],
            rates,
            step,
        ]


def write(
    program: Program, code: LoopCode, dtype: Any, title: str, version: str, schedule: Schedule
) -> Source:
    """Return the source of a kernel and of the loop that runs it over many examples."""
    return _Writer(program, code, np.dtype(dtype), schedule).source(title, version)


class _Writer:
    def __init__(
        self, program: Program, code: LoopCode, dtype: np.dtype[Any], schedule: Schedule
    ) -> None:
        self.program, self.code, self.dtype, self.schedule = program, code, dtype, schedule
        self.steps = program.by_name()
        self.inputs = tuple(s.name for s in program.of_op("input") if s.name not in SCALARS)
        self.sizes = tuple(size.name for size in program.sizes())
        self.constants = program.constants
        self.parameters = tuple(step.name for step in program.of_op("parameter"))
        self.given = (*self.inputs, *self.constants, *self.parameters)
        self.taken = {*RESERVED, *keyword.kwlist}
        self.spelled = {name: name for name in SCALARS}
        # The user's own names first, so that they are what the user calls them.
        self.spelled |= {name: self._free(name) for name in self.given}
        self.size_names = {name: self._free(name) for name in self.sizes}
        self.spelled |= {n: self._free(n) for n in code.arrays if n not in self.spelled}
        self.own = {self.spelled[name]: a for name, a in code.arrays.items() if a.shape}
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
        title = "".join(letter for letter in title if letter.isalnum() or letter in " ,._")
        private = self.schedule.private_rows and bool(self.parameters)
        header = HEADER.format(
            title=title,
            version=version,
            real=self.dtype.name,
            private=PRIVATE if private else "",
        )
        inlined = [f"@njit(**RULES, **INLINED)\n{text}" for text in (*self._helpers(), kernel)]
        parts = [header, *inlined, self._run()]
        parts += [self._run_in_turns()] if private else []
        shapes = {self.spelled[name]: self.steps[name].shape for name in self.given}
        shapes |= {name: array.shape for name, array in self.own.items()}
        called = (self.inputs, self.sizes, self.constants, self.parameters)
        return Source("\n\n".join(parts), shapes, self.size_names, tuple(self.own), *called)

    def _helpers(self) -> list[str]:
        nodes = [node for node, _ in nodes_in(self.code.body)]
        statements = [node for node in nodes if isinstance(node, Statement)]
        expressions = [e for statement in statements for e in statement.expressions()]
        expressions += [e for node in nodes if isinstance(node, Nest) for e in node.loop.bounds()]
        parts = [p for e in (*expressions, self.code.loss) for p in walk(e)]
        called = [part.function for part in parts if isinstance(part, Call)]
        used = [FUNCTIONS[name].helper for name in called if name not in SEARCHES]
        modes = {statement.mode for statement in statements}
        used += [helper for mode, helper in _HELPER_OF_MODE.items() if mode in modes]
        texts = helpers([name for name in used if name], self.dtype.itemsize == 4)
        return [*texts, *(text for name, text in SEARCHES.items() if name in called)]

    def _signature(self, at: str = "") -> list[str]:
        given = [self.spelled[name] for name in self.given]
        sizes = [f"{self.size_names[name]}{at}" for name in self.sizes]
        return [*given[: len(self.inputs)], *sizes, *given[len(self.inputs) :]]

    def _kernel(self) -> str:
        arguments = ", ".join(["at", *self._signature(), *SCALARS, *self.own])
        lines = [
            f"def kernel({arguments}):",
            '    """One example: read rows, compute the loss and its gradient, write rows."""',
        ]
        apart = [*(self.spelled[name] for name in self.parameters), *self.own]
        if apart and self.schedule.noalias:
            lines.append(f"    noalias('{' '.join(apart)}')")
        is_uniform = [
            isinstance(node, Statement) and node.array in self.code.uniform
            for node in self.code.body
        ]
        uniform = is_uniform.index(False) if False in is_uniform else len(is_uniform)
        self.wide = True
        lines += self._body(self.code.body[:uniform], 1)
        self.wide = False
        lines.append("    lr = real(lr)")
        lines += self._body(self.code.body[uniform:], 1)
        lines.append(f"    return {self._text(self.code.loss)}")
        return "\n".join(lines) + "\n"

    def _run(self) -> str:
        lines = [
            *self._head("run"),
            '    """Examples number first to last; returns the sum of their losses."""',
            *self._new_arrays(),
            "    loss = 0.0",
            *self._examples("first, last", "    "),
            "    return loss",
        ]
        return "\n".join(lines) + "\n"

    def _run_in_turns(self) -> str:
        """The text of `run` for a thread that has copies of some rows of each table."""
        numbers = range(len(self.parameters))
        lines = [
            *self._head("run_in_turns", "turn", "private"),
            '    """As `run`; after each turn of so many examples private rows are exchanged."""',
            *self._new_arrays(),
            *(f"    fetch(*private[{number}])" for number in numbers),
            "    loss = 0.0",
            "    for begin in range(first, last, turn):",
            *self._examples("begin, min(begin + turn, last)", "        "),
            *(f"        exchange(*private[{number}])" for number in numbers),
            "    return loss",
        ]
        return "\n".join(lines) + "\n"

    def _head(self, name: str, *more: str) -> list[str]:
        arguments = ", ".join(["first", "last", *self._signature(), "rates", "step", *more])
        return [
            "@njit(**RULES, nogil=True, cache=True, no_cfunc_wrapper=True)",
            f"def {name}({arguments}):",
        ]

    def _new_arrays(self) -> list[str]:
        return [f"    {n} = {_apart(a.shape, _DTYPES[a.dtype])}" for n, a in self.own.items()]

    def _examples(self, numbers: str, pad: str) -> list[str]:
        """The loop over some examples."""
        given = self._signature(at="[at]")
        call = ", ".join(["at", *given, "rates[at]", "step + at - first", *self.own])
        fetched = self._prefetches() if self.schedule.prefetch else []
        return [
            f"{pad}for at in range({numbers}):",
            *(f"{pad}    {line}" for line in fetched),
            f"{pad}    loss += kernel({call})",
        ]

    def _prefetches(self) -> list[str]:
        """Touch the rows of an example to come while this one is computed."""
        lines: list[str] = []
        ahead = f"at + {examples_ahead(self.program, self.code, self.schedule)}"
        for table, ids in fetched_ahead(self.program, self.schedule):
            rows, places = self.spelled[table.name], self.spelled[ids.name]
            if not ids.shape:
                lines.append(f"    prefetch({rows}, {places}[{ahead}])")
                continue
            i, stop = self._free(*_LETTERS), self._length(ids.shape[0], f"[{ahead}]")
            self.taken.discard(i)
            lines += [
                f"    for {i} in range({stop}):",
                f"        prefetch({rows}, {places}[{ahead}, {i}])",
            ]
        return [f"if {ahead} < last:", *lines] if lines else []

    # ------------------------------------------------------------------ nests
    def _body(self, body: Body, indent: int) -> list[str]:
        lines: list[str] = []
        for node in body:
            if isinstance(node, Statement):
                lines += self._statement(node, "    " * indent)
                continue
            name = self._name_of(node.loop)
            lines.append(f"{'    ' * indent}for {name} in range({self._range(node.loop)}):")
            lines += self._body(node.body, indent + 1)
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
        if not loop.ragged:
            return self._length(loop.length)
        bounds = [_bare(self._text(bound)) for bound in loop.bounds()]
        return ", ".join(bounds if loop.step == 1 else [*bounds, str(loop.step)])

    def _statement(self, statement: Statement, pad: str) -> list[str]:
        value = self._text(statement.value)
        if self.wide and self.code.arrays[statement.array].dtype == "float":
            value = f"real({value})"
        line = _UPDATES[statement.mode].format(self._element(statement.element), _bare(value))
        if statement.only_if is None:
            return [pad + line]
        return [f"{pad}if {_bare(self._text(statement.only_if))}:", f"{pad}    {line}"]

    # ------------------------------------------------------------------ expressions
    def _element(self, load: Load) -> str:
        at = [_bare(self._text(index)) for index in load.indices]
        if load.array in self.inputs:
            at.insert(0, "at")
        elif not at and load.array in self.given:
            at.append("()")
        name = self.spelled[load.array]
        return f"{name}[{', '.join(at)}]" if at else name

    def _text(self, expression: Expression) -> str:
        match expression:
            case Number(value):
                return self._number(value)
            case Variable(name):
                return self.names[name]
            case SizeOf(length):
                return self._length(length)
            case Whole(array):
                return f"{self.spelled[array]}[at]" if array in self.inputs else self.spelled[array]
            case Load(array):
                text = self._element(expression)
                foreign = array in self.inputs or array in self.constants
                return f"real({text})" if foreign and self.steps[array].dtype == "float" else text
            case Call(function, arguments):
                texts = [self._text(part) for part in arguments]
                if function in SEARCHES:
                    return f"{function}({', '.join(texts)})"
                if self.wide and function == "float":
                    return f"float({texts[0]})"
                return FUNCTIONS[function].source.format(*texts)
        raise AssertionError(expression)

    def _number(self, value: float) -> str:
        if isinstance(value, bool | int):
            # The smallest one is not the negative of any other.
            return repr(value) if value > -(2**63) else f"({value + 1} - 1)"
        if math.isinf(value):
            return f"{'-' if value < 0 else ''}real(np.inf)"
        if math.isnan(value):
            return "real(np.nan)"
        return repr(value) if self.wide else f"real({value!r})"

    def _length(self, length: Length, suffix: str = "") -> str:
        """A length; `suffix` follows the name of each size."""
        if not isinstance(length, SymbolicSize):
            return str(length)
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
        texts = [_bare(self._length(n, suffix)) for n in (size.of, size.limit)]
        return f"min({', '.join(texts)})"


# Elements on both sides of an array of a kernel's own. Native code looks at run time whether two
# arrays lie within a few vectors of each other, and adds up in another order where they do: the
# last bits of a sum would depend on where the memory was allocated.
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
