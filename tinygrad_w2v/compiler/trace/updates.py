"""What an example's gradients do to the tables: plain descent, or an optimizer's own rule.

Plain descent needs no rule: the learning rate is in the seed of backward, and what comes out is
added. Any other optimizer's `update` is run on symbols, once, on whole tables or on the rows that
were read. What of an optimizer a kernel would not run, such as a `step` of its own, is refused; and
a parameter that the optimizer does not hold, or that is frozen, stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.compiler.ir.instructions import Instruction, identifier
from tinygrad_w2v.compiler.trace.arguments import defined_at
from tinygrad_w2v.compiler.trace.indexing import from_start
from tinygrad_w2v.compiler.trace.symbol import Cell, Symbol, Trace
from tinygrad_w2v.nn import Module
from tinygrad_w2v.nn.parameter import frozen_of
from tinygrad_w2v.optim import SGD
from tinygrad_w2v.optim.optimizer import Optimizer

STEP = "step"
_HOOKS = ("update", "update_rows", "update_within", "begin_step", "step", "lr")
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
    found = [(name, p) for name, p in named if id(p) in places]
    if own and not found:
        raise InputError(
            f"tw.compile: the parameters of {type(optimizer).__name__} are none of "
            f"{type(model).__name__}'s: make the optimizer without parameters, or with "
            "`model.parameters()`"
        )
    return {name: places[id(p)] for name, p in found if frozen_of(p) is not True}


def masks_of(
    model: Module, learned: Mapping[str, int], optimizer: Optimizer | None
) -> dict[str, AnyArray]:
    """Return the masks of the parameters of which a part is frozen.

    Raises
    ------
    InputError
        When a rule does not take such a part.
    """
    masks: dict[str, AnyArray] = {}
    for name, parameter in model.named_parameters():
        if name in learned:
            rule = None if optimizer is None else optimizer.rule_of(learned[name])[0]
            mask = frozen_of(parameter) if rule is None else rule.checked_mask(parameter)
            if not isinstance(mask, bool):
                masks[name] = mask
    return masks


def is_plain(optimizer: Optimizer | None) -> bool:
    """Whether a step is ``x -= rate * gradient`` and nothing else, for all parameters.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> class Sign(tw.optim.SGD):
    ...     def update(self, x, g):
    ...         x -= self.lr * np.sign(g)
    >>> is_plain(tw.optim.SGD()), is_plain(Sign()), is_plain(tw.optim.Adam())
    (True, False, False)
    """
    return optimizer is None or all(_is_descent(rule) for rule, _ in optimizer.rules())


def _is_descent(rule: Optimizer) -> bool:
    own = isinstance(rule, SGD) and not rule.numbers()
    return own and all(getattr(type(rule), name) is getattr(SGD, name) for name in _HOOKS)


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
    for rule, _ in optimizer.rules():
        if rule is not optimizer:
            check_rule(rule)
    kind = type(optimizer)
    whole = [(name, (getattr(Optimizer, name),)) for name in ("step", "update_within")]
    for name, known in (*whole, ("update_rows", _ROW_RULES)):
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
    masks : dict
        By the names of parameters: what of them is frozen, where a part is.
    """

    def __init__(
        self,
        notes: Trace,
        tables: Mapping[str, Symbol],
        gradients: Mapping[str, Any],
        arrays: Arrays,
        masks: Mapping[str, AnyArray] | None = None,
    ) -> None:
        self.notes, self.tables, self.gradients, self.arrays = notes, tables, gradients, arrays
        self.masks: dict[str, Symbol] = {
            name: notes.symbol(mask) for name, mask in (masks or {}).items() if name in gradients
        }

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
            self._add(name, table)
        return {name: table.name for name, table in made.items()}

    def descend(self, learned: Mapping[str, int], optimizer: Optimizer | None) -> None:
        """Subtract the gradients, in which the rate is already: it is backward's seed."""
        for name, place in learned.items():
            if name in self.gradients:
                ratio = 1.0 if optimizer is None else optimizer.rule_of(place)[1]
                self._add(name, self.tables[name], -ratio)

    def _add(self, name: str, table: Symbol, factor: Any = None) -> None:
        g, notes = self.gradients[name], self.notes
        for ids, part in g.parts if isinstance(g, RowGrad) else [(None, g)]:
            values = notes.symbol(part)
            values = values if factor is None else factor * values
            if ids is None:
                values = self._free(name, values)
                notes.record("add_to", (table, values), name=f"write_{name}")
            else:
                rows = _ids(notes, ids, table)
                values = self._free(name, values, rows)
                notes.record("add_rows", (table, rows, values), name=f"write_{name}")

    def _free(self, name: str, values: Any, rows: Any = None) -> Any:
        """Values, and zeros in place of those that are frozen."""
        return np.where(self._mask(name, rows), 0.0, values) if name in self.masks else values

    def _mask(self, name: str, rows: Any = None) -> Any:
        """Where a table, or some rows of it, is frozen, with as many axes as these have."""
        mask, table = self.masks[name], self.tables[name]
        found = mask if rows is None else np.take(mask, rows, axis=0)
        behind = (1,) * (len(table.shape) - len(mask.shape))
        return np.reshape(found, (*found.shape, *behind)) if behind else found

    def by_rule(self, learned: Mapping[str, int], lr: Symbol, optimizer: Optimizer) -> None:
        """Run each rule on symbols: on the rows that were read, or on the whole.

        A rule is run twice, first for trial. What it wrote then into attributes of its own would
        be there in the next step of the optimizer, but not of a kernel: a rule that reads it is
        refused.
        """
        steps = self.notes.given("input", STEP, (), "float")
        for rule, ratio in dict(optimizer.rules()).items():
            own = {n: place for n, place in learned.items() if optimizer.rule_of(place)[0] is rule}
            rate: Any = lr if ratio == 1.0 else ratio * lr
            if rule is not optimizer and _is_descent(rule):
                for name in own:
                    if name in self.gradients:
                        self._add(name, self.tables[name], -rate)
                continue
            self._by_one(rule, optimizer, own, rate, steps)

    def _by_one(
        self,
        given: Optimizer,
        optimizer: Optimizer,
        learned: Mapping[str, int],
        rate: Symbol,
        steps: Symbol,
    ) -> None:
        with self.notes.rehearsal():
            tried = _begun(given, rate, steps)
            self._run(tried, optimizer, learned, {})
        before = vars(given)
        carried = [k for k, v in vars(tried).items() if v is not before.get(k, _ABSENT)]
        rule = copy.copy(given)
        vars(rule).update(dict.fromkeys(carried, _ABSENT))
        try:
            self._run(_begun(rule, rate, steps), optimizer, learned, self.arrays)
        except Exception as error:
            left = [name for name in carried if name not in ("_lr", "steps")]
            if not left or isinstance(error, CompileError):
                raise
            raise CompileError(
                f"{type(given).__name__} keeps {' and '.join(left)} from one step to the next "
                "in Python, which a kernel does not run: compute it of `self.steps` and `self.lr`, "
                f"or name an array of it in `state_names`{defined_at(type(rule).begin_step)}"
            ) from error

    def _run(
        self, rule: Optimizer, optimizer: Optimizer, learned: Mapping[str, int], arrays: Arrays
    ) -> None:
        notes = self.notes
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
            g = self._free(name, notes.symbol(g))
            rule.update_within(cells[0], g, *cells[1:], by_rows=False)
            for table, cell in zip(tables, cells, strict=True):
                stays = (self._mask(name),) if name in self.masks else ()
                notes.record("put", (table, *stays, cell.value), name=f"write_{table.name}")

    def _update_rows(self, rule: Optimizer, name: str, tables: list[Symbol], g: RowGrad) -> None:
        """Sum the gradients of rows that repeat at their first place, and update these rows."""
        notes, width = self.notes, tables[0].shape[1:]
        ids: list[Any] = [np.reshape(_ids(notes, part, tables[0]), (-1,)) for part, _ in g.parts]
        values: list[Any] = [np.reshape(notes.symbol(part), (-1, *width)) for _, part in g.parts]
        rows: Any = ids[0] if len(ids) == 1 else np.concatenate(ids)
        gs: Any = values[0] if len(values) == 1 else np.concatenate(values)
        first: Any = notes.record("first_place", (rows,), name=f"first_{name}")
        total = notes.record("scatter", (gs, first), shape=gs.shape, name=f"sum_{name}", axis=0)
        whole_rows = name in self.masks and len(self.masks[name].shape) == 1
        stays: tuple[Any, ...] = ()
        if name in self.masks and not whole_rows:
            total, stays = self._free(name, total, rows), (self._mask(name, rows),)
        cells = [Cell(np.take(table, rows, axis=0)) for table in tables]
        start = len(notes.instructions)
        rule.update_within(cells[0], total, *cells[1:], by_rows=True)
        _check_by_row(rule, notes.instructions, start)
        if whole_rows:  # a row whose first place is none is not written
            first = np.where(np.take(self.masks[name], rows, axis=0), -1, first)
        for table, cell in zip(tables, cells, strict=True):
            inputs = (table, rows, first, *stays, cell.value)
            notes.record("put_rows", inputs, name=f"write_{table.name}")


def _begun(rule: Optimizer, rate: Symbol, steps: Symbol) -> Optimizer:
    """A copy of a rule whose rate and count are known only when an example comes."""
    rule = copy.copy(rule)
    rule._lr, rule.steps = rate, steps  # type: ignore[assignment]
    return rule


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
