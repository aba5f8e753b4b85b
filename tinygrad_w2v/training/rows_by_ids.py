"""Which tables a program reads and writes by rows, at ids of the example alone.

The ids of such tables can be renumbered, so that a kernel works on copies of their rows: of those
that a shard reads, or of those that are read most. Tables that are read at the same ids go
together: weights and biases of one word, or a table and the mask of what of it is frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops import WRITES
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize, bound_of

_AT_IDS = ("take", "add_rows")


class Group(NamedTuple):
    """Tables that are read at the same ids.

    Attributes
    ----------
    tables : tuple of str
        Parameters and constants, all of so many rows.
    inputs : tuple of str
        The fields that hold their ids.
    rows : int
    """

    tables: tuple[str, ...]
    inputs: tuple[str, ...]
    rows: int


class Plan(NamedTuple):
    """How a program's tables are copied.

    Attributes
    ----------
    groups : tuple of Group
        What is copied by rows.
    whole : tuple of str
        The other tables that are written: copied as they are.
    written : frozenset of str
        What is written, of all tables.
    """

    groups: tuple[Group, ...]
    whole: tuple[str, ...]
    written: frozenset[str]


def plan_of(program: Program) -> Plan:
    """Return which tables can be copied by rows: those read at ids of the example alone.

    Ids that are anything else, too, than places in such tables cannot be renumbered, and then
    neither can the other ids of these tables.
    """
    tables = {step.name: step for op in ("parameter", "constant") for step in program.of_op(op)}
    readers = program.readers()
    written = frozenset(step.inputs[0] for step in program if step.op in WRITES)
    ids_of = {name: _ids_of(program, step, readers[name]) for name, step in tables.items()}
    fixed = {
        step.name
        for step in program.of_op("input")
        for use in readers[step.name]
        if use.op not in _AT_IDS or use.inputs[1] != step.name or use.inputs[0] not in tables
    }
    groups, whole = [], []
    for names in _connected({n: ids or set() for n, ids in ids_of.items()}):
        inputs = set().union(*[ids_of[name] or set() for name in names])
        rows = {tables[name].shape[:1] for name in names}
        by_rows = all(ids_of[name] for name in names) and not inputs & fixed and len(rows) == 1
        if not written.intersection(names):
            continue
        if by_rows:
            groups.append(Group(tuple(names), tuple(sorted(inputs)), bound_of(rows.pop()[0])))
        else:
            whole += [name for name in names if name in written]
    return Plan(tuple(groups), tuple(whole), written)


def _ids_of(program: Program, table: Instruction, uses: list[Instruction]) -> set[str] | None:
    """The fields that hold a table's ids; None where it is read in any other way."""
    ids = set()
    for use in uses:
        if use.op not in _AT_IDS or use.inputs[0] != table.name or use.parameters.get("axis", 0):
            return None
        field = program[use.inputs[1]]
        if field.op != "input" or (
            len(field.shape) > 1 and any(isinstance(n, SymbolicSize) for n in field.shape)
        ):
            return None
        ids.add(field.name)
    return ids


def _connected(ids_of: Mapping[str, set[str]]) -> list[list[str]]:
    """Tables, together where they share ids, in the order of the first of them."""
    found: list[tuple[list[str], set[str]]] = []
    for name, ids in ids_of.items():
        joined = [each for each in found if each[1] & ids]
        found = [each for each in found if each not in joined]
        names = [other for each in joined for other in each[0]]
        found.append(([*names, name], ids.union(*[each[1] for each in joined])))
    order = list(ids_of)
    return sorted(
        (sorted(names, key=order.index) for names, _ in found), key=lambda n: order.index(n[0])
    )
