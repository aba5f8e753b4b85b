"""What an example's gradients do to the tables: plain descent, or an optimizer's own rule.

Plain descent needs no rule: the learning rate is in the seed of backward, and what comes out is
added. Any other optimizer's `update` is run on symbols, once, on whole tables or on the rows that
were read. What of an optimizer a kernel would not run, such as a `step` of its own, is refused; and
a parameter that the optimizer does not hold stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.compiler.ir.instructions import Instruction, identifier
from tinygrad_w2v.compiler.trace.arguments import defined_at
from tinygrad_w2v.compiler.trace.indexing import from_start
from tinygrad_w2v.compiler.trace.symbol import Cell, Symbol, Trace
from tinygrad_w2v.nn import Module
from tinygrad_w2v.optim import SGD
from tinygrad_w2v.optim.optimizer import Optimizer

STEP = "step"
_HOOKS = ("update", "update_rows", "begin_step", "step", "lr")
_ROW_RULES = (Optimizer.update_rows, SGD.update_rows)
# What a rule may compute of rows: a row's number must not depend on how many others there are.
_BY_ROW = frozenset({"map", "constant", "size", "broadcast"})

Arrays = dict[str, Callable[[], Any]]


def learned_of(model: Module, optimizer: Optimizer | None) -> dict[str, int]:
    """Return the names of the parameters that a step changes, with their places in the optimizer.

    All others are frozen.

    Raises
    ------
    InputError
        When the optimizer holds no parameter of the model.
    """
    own = list(model.parameters())
    held = own if optimizer is None or not optimizer.parameters else optimizer.parameters
    places = {id(parameter): place for place, parameter in enumerate(held)}
    named = model.named_parameters()
    learned = {name: places[id(p)] for name, p in named if id(p) in places}
    if own and not learned:
        raise InputError(
            f"tw.compile: the parameters of {type(optimizer).__name__} are none of "
            f"{type(model).__name__}'s: make the optimizer without parameters, or with "
            "`model.parameters()`"
        )
    return learned


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


# ---------------------------------------------------------------------- what is written
class Updates:
    """Notes what gradients do to tables.

    Parameters
    ----------
    notes : Trace
    tables, gradients : dict
        By the names of parameters: their symbols, and the gradients that there are.
    arrays : dict
        What the program's parameters are, which tables of its own are added to.
    """

    def __init__(
        self,
        notes: Trace,
        tables: Mapping[str, Symbol],
        gradients: Mapping[str, Any],
        arrays: Arrays,
    ) -> None:
        self.notes, self.tables, self.gradients, self.arrays = notes, tables, gradients, arrays

    def add_gradients(self) -> dict[str, str]:
        """Add each gradient to a table of zeros; return their names by the parameters'."""
        made: dict[str, Symbol] = {}
        for name in self.gradients:
            shape = self.tables[name].shape
            made[name] = self.notes.given(
                "parameter", identifier(f"gradient_{name}"), shape, "float", wide=False
            )
            self.arrays[made[name].name] = partial(np.zeros, shape, self.notes.float)
        for name, table in made.items():
            self._add(name, table, 1.0)
        return {name: table.name for name, table in made.items()}

    def descend(self, learned: Collection[str]) -> None:
        """Subtract the gradients, in which the rate is already: it is backward's seed."""
        for name in self.gradients:
            if name in learned:
                self._add(name, self.tables[name], -1.0)

    def _add(self, name: str, table: Symbol, sign: float) -> None:
        g, notes = self.gradients[name], self.notes
        for ids, part in g.parts if isinstance(g, RowGrad) else [(None, g)]:
            values = notes.symbol(part)
            values = values if sign == 1.0 else sign * values
            if ids is None:
                notes.record("add_to", (table, values), name=f"write_{name}")
            else:
                inputs = (table, _ids(notes, ids, table), values)
                notes.record("add_rows", inputs, name=f"write_{name}")

    def by_rule(self, learned: Mapping[str, int], lr: Symbol, optimizer: Optimizer) -> None:
        """Run the optimizer's own rule on symbols: on the rows that were read, or on the whole.

        The rule is run twice, first for trial. What it wrote then into attributes of its own would
        be there in the next step of the optimizer, but not of a kernel: a rule that reads it is
        refused.
        """
        with self.notes.rehearsal():
            tried = copy.copy(optimizer)
            self._run(tried, optimizer, learned, lr, {})
        before = vars(optimizer)
        carried = [k for k, v in vars(tried).items() if v is not before.get(k, _ABSENT)]
        rule = copy.copy(optimizer)
        vars(rule).update(dict.fromkeys(carried, _ABSENT))
        try:
            self._run(rule, optimizer, learned, lr, self.arrays)
        except Exception as error:
            left = [name for name in carried if name not in ("_lr", "steps")]
            if not left or isinstance(error, CompileError):
                raise
            raise CompileError(
                f"{type(optimizer).__name__} keeps {' and '.join(left)} from one step to the next "
                "in Python, which a kernel does not run: compute it of `self.steps` and `self.lr`, "
                f"or name an array of it in `state_names`{defined_at(type(rule).begin_step)}"
            ) from error

    def _run(
        self,
        rule: Optimizer,
        optimizer: Optimizer,
        learned: Mapping[str, int],
        lr: Symbol,
        arrays: Arrays,
    ) -> None:
        notes = self.notes
        rule._lr = lr  # type: ignore[assignment]
        rule.steps = notes.given("input", STEP, (), "float")  # type: ignore[assignment]
        rule.begin_step()
        for name, g in self.gradients.items():
            if name not in learned:
                continue
            table = self.tables[name]
            place = learned[name]
            tables = [table]
            for k, state in enumerate(rule.state_names):
                own, wide = identifier(f"{name}_{state}"), table.instruction["wide"]
                tables.append(notes.given("parameter", own, table.shape, "float", wide=wide))
                arrays[tables[-1].name] = partial(_state_of, optimizer, place, k)
            if isinstance(g, RowGrad):
                self._update_rows(rule, name, tables, g)
                continue
            cells = [Cell(table) for table in tables]
            rule.update(cells[0], notes.symbol(g), *cells[1:])  # type: ignore[arg-type]
            for table, cell in zip(tables, cells, strict=True):
                notes.record("put", (table, cell.value), name=f"write_{table.name}")

    def _update_rows(self, rule: Optimizer, name: str, tables: list[Symbol], g: RowGrad) -> None:
        """Sum the gradients of rows that repeat at their first place, and update these rows."""
        notes, width = self.notes, tables[0].shape[1:]
        ids: list[Any] = [np.reshape(_ids(notes, part, tables[0]), (-1,)) for part, _ in g.parts]
        values: list[Any] = [np.reshape(notes.symbol(part), (-1, *width)) for _, part in g.parts]
        rows: Any = ids[0] if len(ids) == 1 else np.concatenate(ids)
        gs: Any = values[0] if len(values) == 1 else np.concatenate(values)
        first = notes.record("first_place", (rows,), name=f"first_{name}")
        total = notes.record("scatter", (gs, first), shape=gs.shape, name=f"sum_{name}", axis=0)
        cells = [Cell(np.take(table, rows, axis=0)) for table in tables]
        start = len(notes.instructions)
        rule.update(cells[0], total, *cells[1:])  # type: ignore[arg-type]
        _check_by_row(rule, notes.instructions, start)
        for table, cell in zip(tables, cells, strict=True):
            inputs = (table, rows, first, cell.value)
            notes.record("put_rows", inputs, name=f"write_{table.name}")


_ABSENT = object()  # what no rule can compute with


def _ids(notes: Trace, ids: Any, table: Symbol) -> Symbol:
    """The ids of a gradient's rows, counted from the start of the table."""
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
