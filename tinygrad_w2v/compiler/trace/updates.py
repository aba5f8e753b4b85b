"""What a window's gradients do to the tables: plain descent, or an optimizer's own rule.

Plain descent needs no rule: the learning rate is in the seed of backward, and what comes out is
added. Any other optimizer's `update` is run on symbols, once, on whole tables or on the rows that
were read. What of an optimizer a kernel would not run, such as a `step` of its own, is refused; and
a parameter that the optimizer does not hold stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.compiler.ir.instructions import Instruction, identifier
from tinygrad_w2v.compiler.trace.arguments import defined_at
from tinygrad_w2v.compiler.trace.indexing import from_start
from tinygrad_w2v.compiler.trace.symbol import Cell, Symbol, Trace
from tinygrad_w2v.nn import Module, Parameter
from tinygrad_w2v.optim import SGD
from tinygrad_w2v.optim.optimizer import Optimizer

STEP = "step"
_HOOKS = ("update", "update_rows", "begin_step", "step", "lr")
_ROW_RULES = (Optimizer.update_rows, SGD.update_rows)
# What a rule may compute of rows: a row's number must not depend on how many others there are.
_BY_ROW = frozenset({"map", "constant", "size", "broadcast"})

Arrays = dict[str, Callable[[], Any]]
Named = list[tuple[str, Parameter]]


def learned_of(model: Module, optimizer: Optimizer | None) -> set[int]:
    """Return the identities of the parameters that a step changes; all others are frozen.

    Raises
    ------
    InputError
        When the optimizer holds no parameter of the model.
    """
    own = {id(parameter) for parameter in model.parameters()}
    if optimizer is None or not optimizer.parameters:
        return own
    held = {id(parameter) for parameter in optimizer.parameters}
    if own and not held & own:
        raise InputError(
            f"tw.compile: the parameters of {type(optimizer).__name__} are none of "
            f"{type(model).__name__}'s: make the optimizer without parameters, or with "
            "`model.parameters()`"
        )
    return held


def is_plain(optimizer: Optimizer | None) -> bool:
    """Whether a step is ``x -= lr * gradient`` and nothing else.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> class Sign(tw.optim.SGD):
    ...     def update(self, x, g):
    ...         x -= self.lr * np.sign(g)
    >>> is_plain(tw.optim.SGD()), is_plain(Sign()), is_plain(tw.optim.Adam())
    (True, False, False)
    """
    if optimizer is None:
        return True
    kind = type(optimizer)
    return isinstance(optimizer, SGD) and all(
        getattr(kind, name) is getattr(SGD, name) for name in _HOOKS
    )


def check_rule(optimizer: Optimizer | None) -> None:
    """Refuse what of an optimizer a kernel would leave out.

    Raises
    ------
    CompileError
        It names the method and where it stands.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> class Loud(tw.optim.SGD):
    ...     def step(self):
    ...         print("a step")
    ...         super().step()
    >>> check_rule(Loud())
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.CompileError: Loud has a `step` of its own, which a kernel does not \
run: ...
    """
    if optimizer is None:
        return
    kind = type(optimizer)
    for name, known in (("step", (Optimizer.step,)), ("update_rows", _ROW_RULES)):
        if getattr(kind, name) not in known:
            raise CompileError(
                f"{kind.__name__} has a `{name}` of its own, which a kernel does not run: write "
                "the rule as `update(x, g, *state)`, and what is done once a step as `begin_step`"
                + defined_at(getattr(kind, name))
            )
    for name in _HOOKS:
        if name in vars(optimizer):
            raise CompileError(
                f"`{name}` was assigned to an object of {kind.__name__}, which a kernel does not "
                f"see: write a class, `class Mine({kind.__name__})`, with this method"
            )


# ---------------------------------------------------------------------- plain descent
def gradient_tables(
    notes: Trace, of: Mapping[str, Symbol], found: Mapping[Any, Any], named: Named, arrays: Arrays
) -> dict[str, Symbol]:
    """Make for each parameter with a gradient a table of zeros that it is added to."""
    tables: dict[str, Symbol] = {}
    for name, parameter in named:
        if found.get(parameter) is not None:
            shape, label = of[name].shape, identifier(f"gradient_{name}")
            tables[name] = notes.given("parameter", label, shape, "float", wide=False)
            arrays[tables[name].name] = partial(np.zeros, shape, notes.float)
    return tables


def write_linear(
    notes: Trace, named: Named, found: Mapping[Any, Any], of: Mapping[str, Symbol], sign: float
) -> None:
    """Add ``sign * gradient`` to each parameter: the rate is in the seed already."""
    for name, parameter in named:
        g = found.get(parameter)
        if g is None:
            continue
        table = of[name]
        for ids, values in g.parts if isinstance(g, RowGrad) else [(None, g)]:
            values = notes.symbol(values)
            values = values if sign == 1.0 else sign * values
            if ids is None:
                notes.record("add_to", (table, values), name=f"write_{name}")
            else:
                given = (table, _ids(notes, ids, table), values)
                notes.record("add_rows", given, name=f"write_{name}")


# ---------------------------------------------------------------------- an optimizer's own rule
def write_by_rule(
    notes: Trace,
    named: Named,
    found: Mapping[Any, Any],
    of: Mapping[str, Symbol],
    lr: Symbol,
    optimizer: Optimizer,
    arrays: Arrays,
) -> None:
    """Run the optimizer's own rule on symbols: on the rows that were read, or on the whole.

    The rule is run twice, first for trial. What it wrote then into attributes of its own would be
    there in the next step of the optimizer, but not of a kernel: a rule that reads it is refused.
    """
    updates = _Updates(notes, named, found, of, lr, optimizer, arrays)
    with notes.rehearsal():
        tried = copy.copy(optimizer)
        updates.run(tried, {})
    before, after = vars(optimizer), vars(tried)
    carried = [k for k, v in after.items() if v is not before.get(k, _ABSENT)]
    rule = copy.copy(optimizer)
    for name in carried:
        vars(rule)[name] = _ABSENT
    try:
        updates.run(rule, arrays)
    except Exception as error:
        left = [name for name in carried if name not in ("_lr", "steps")]
        if not left or isinstance(error, CompileError):
            raise
        raise CompileError(
            f"{type(optimizer).__name__} keeps {' and '.join(left)} from one step to the next in "
            "Python, which a kernel does not run: compute it of `self.steps` and `self.lr`, or "
            f"name an array of it in `state_names`{defined_at(type(rule).begin_step)}"
        ) from error


_ABSENT = object()  # what no rule can compute with


class _Updates:
    """All that a rule needs to write its instructions."""

    def __init__(
        self,
        notes: Trace,
        named: Named,
        found: Mapping[Any, Any],
        of: Mapping[str, Symbol],
        lr: Symbol,
        optimizer: Optimizer,
        arrays: Arrays,
    ) -> None:
        self.notes, self.of, self.lr, self.optimizer = notes, of, lr, optimizer
        places = {id(parameter): i for i, parameter in enumerate(optimizer.parameters)}
        self.changed = [
            (name, found[parameter], places[id(parameter)], of[name].instruction["wide"])
            for name, parameter in named
            if found.get(parameter) is not None and id(parameter) in places
        ]

    def run(self, rule: Optimizer, arrays: Arrays) -> None:
        notes = self.notes
        rule._lr = self.lr  # type: ignore[assignment]
        rule.steps = notes.given("input", STEP, (), "float")  # type: ignore[assignment]
        rule.begin_step()
        for name, g, place, wide in self.changed:
            tables = [self.of[name]]
            for k, state in enumerate(rule.state_names):
                label, shape = identifier(f"{name}_{state}"), self.of[name].shape
                table = notes.given("parameter", label, shape, "float", wide=wide)
                arrays[table.name] = partial(_state_of, self.optimizer, place, k)
                tables.append(table)
            if isinstance(g, RowGrad):
                self._rows(rule, name, tables, g)
                continue
            cells = [Cell(table) for table in tables]
            rule.update(cells[0], notes.symbol(g), *cells[1:])  # type: ignore[arg-type]
            for table, cell in zip(tables, cells, strict=True):
                notes.record("put", (table, cell.value), name=f"write_{table.name}")

    def _rows(self, rule: Optimizer, name: str, tables: list[Symbol], g: RowGrad) -> None:
        """Sum the gradients of rows that repeat at their first place, and update these rows."""
        notes, width = self.notes, tables[0].shape[1:]
        ids: list[Any] = [np.reshape(_ids(notes, part, tables[0]), (-1,)) for part, _ in g.parts]
        values: list[Any] = [np.reshape(notes.symbol(part), (-1, *width)) for _, part in g.parts]
        rows: Any = ids[0] if len(ids) == 1 else np.concatenate(ids)
        gs: Any = values[0] if len(values) == 1 else np.concatenate(values)
        first = notes.record("first_place", (rows,), name=f"first_{name}")
        total = notes.record("scatter", (gs, first), shape=gs.shape, name=f"sum_{name}", axis=0)
        read: list[Any] = [np.take(table, rows, axis=0) for table in tables]
        cells = [Cell(rows_of_one) for rows_of_one in read]
        start = len(notes.instructions)
        rule.update(cells[0], total, *cells[1:])  # type: ignore[arg-type]
        _check_by_row(rule, notes.instructions, start)
        for table, cell in zip(tables, cells, strict=True):
            given = (table, rows, first, cell.value)
            notes.record("put_rows", given, name=f"write_{table.name}")


def _ids(notes: Trace, ids: Any, table: Symbol) -> Symbol:
    """The ids of a gradient's rows; those that count from the end of the table are turned round."""
    return notes.symbol(from_start("take", ids, table.shape[0]))


def _check_by_row(rule: Optimizer, instructions: list[Instruction], start: int) -> None:
    """A kernel updates a row that repeats at each of its places, and keeps the first of these."""
    shapes = {step.name: step.shape for step in instructions}
    for step in instructions[start:]:
        within = step.op == "reduce" and 0 not in step["axes"]
        again = step.op == "reshape" and step.shape[:1] == shapes[step.inputs[0]][:1]
        if not (step.op in _BY_ROW or within or again):
            raise CompileError(
                f"{type(rule).__name__}.update mixes the rows of a table ({step.op}), which a "
                "kernel does not have each once: compute each row's change of that row alone"
                + defined_at(type(rule).update)
            )


def _state_of(optimizer: Optimizer, place: int, k: int) -> Any:
    """One array of the optimizer's state (which `load_state_dict` replaces)."""
    return optimizer.state[place][k]
