"""`Kernel`: a program as a native function, and whether its tables are those it was made for.

Native code looks at nothing: that tables have kept shape, type and place, that none lies in
another's memory, and that ids are rows, is seen before it is called.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_w2v._base.cache_lines import with_padding
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.codegen import kernel_cache
from tinygrad_w2v.compiler.codegen.batch_layout import Packed
from tinygrad_w2v.compiler.codegen.index_checks import Places
from tinygrad_w2v.compiler.codegen.row_layout import pad_tables, to_be_padded
from tinygrad_w2v.compiler.ir.intervals import Interval
from tinygrad_w2v.compiler.ir.ops import WRITES
from tinygrad_w2v.compiler.loops.schedule import Schedule
from tinygrad_w2v.compiler.stages import Built, build
from tinygrad_w2v.compiler.trace.repeatability import check_constants
from tinygrad_w2v.compiler.trace.trace import Traced

# Rows of a table, copies of them to work on, and what these were when they were copied.
Private = tuple[AnyArray, AnyArray, AnyArray]


class Kernel:
    """A traced program, built and loaded, and how it is called."""

    def __init__(
        self, traced: Traced, dtype: np.dtype[Any], title: str, schedule: Schedule | None = None
    ) -> None:
        program = traced.program
        # Copies: what is written into an array of the model later must not change the kernel.
        own = {name: np.array(array, order="C") for name, array in program.constants.items()}
        traced = traced._replace(program=replace(program, constants=own))
        self.traced, self.dtype = traced, dtype
        self.built: Built = build(traced.program, dtype, f"The kernel of {title}.", schedule)
        self._loaded = kernel_cache.load(self.built.source.text)
        self.path, self._run = self._loaded.path, self._loaded["run"]
        self.runs_in_turns = "run_in_turns" in self._loaded
        self._given = [(name, traced.arrays[name]) for name in self.built.source.parameters]
        self._written = {s.inputs[0] for s in self.built.program if s.op in WRITES}
        self._places = Places(self.built.program)
        padded = schedule is None or schedule.padded_rows
        self.padded = to_be_padded(self.built.program, traced.parameters) if padded else []
        self._apart: list[weakref.ref[AnyArray]] = []
        made_for = {name: give() for name, give in self._given}
        self._tables = {name: (array.shape, array.dtype) for name, array in made_for.items()}

    def pad_tables(self) -> None:
        """Let rows of tables be whole cache lines; no other thread may write into them now."""
        pad_tables(self.padded)

    def arrays(self) -> dict[str, AnyArray]:
        """Return the tables that the kernel reads and writes, by name: rows with their padding."""
        for place in self.traced.places:
            if place.is_left():
                raise InputError(
                    f"{place.name} of the model is not the one that the kernel was made for: "
                    "compile the model again, or change a Parameter's values by `.data`"
                )
        self._check_frozen()
        check_constants(self.traced.held)
        given = {name: give() for name, give in self._given}
        tables = {name: with_padding(array) for name, array in given.items()}
        self._check_apart(tables)
        for name, array in given.items():
            if not array.flags.writeable and name in self._written:
                raise InputError(
                    f"{name} may not be written into, so a kernel cannot change it: assign a copy, "
                    f"`model.{name}.data = model.{name}.data.copy()`, or let the optimizer not "
                    "hold it"
                )
            if (array.shape, array.dtype) != self._tables[name]:
                shape, dtype = self._tables[name]
                raise InputError(
                    f"{name} is now {array.shape} {array.dtype}, but the kernel was made for "
                    f"{shape} {dtype}: compile the model again"
                )
            if not tables[name].flags.c_contiguous:
                raise InputError(
                    f"{name} is not contiguous, so a kernel cannot write it in place: assign a "
                    f"copy, `model.{name}.data = np.ascontiguousarray(model.{name}.data)`"
                )
        return tables

    def _check_frozen(self) -> None:
        for name, parameter, mask in self.traced.frozen:
            if parameter.frozen is not mask:
                raise InputError(
                    f"another part of {name} is frozen than when the kernel was made: compile the "
                    "model again"
                )

    def _check_apart(self, arrays: Mapping[str, AnyArray]) -> None:
        """Two tables in one memory would be written while the other is still read."""
        if len(self._apart) == len(arrays) and all(
            known() is array for known, array in zip(self._apart, arrays.values(), strict=True)
        ):
            return
        for (one, x), (other, y) in itertools.combinations(arrays.items(), 2):
            if np.may_share_memory(x, y):
                raise InputError(
                    f"{one} and {other} lie in the same memory, so a kernel cannot keep them "
                    "apart: use one Parameter for both, or give one a copy, `.data.copy()`"
                )
        self._apart = [weakref.ref(array) for array in arrays.values()]

    def run(
        self, packed: Packed, arrays: Mapping[str, AnyArray], rates: AnyArray, step: int
    ) -> float:
        """Call the native function over all examples of `packed`."""
        arguments = self.built.source.arguments(packed, arrays, rates, step)
        return float(self._run(0, packed.count, *arguments))

    def run_in_turns(
        self,
        packed: Packed,
        arrays: Mapping[str, AnyArray],
        rates: AnyArray,
        step: int,
        turn: int,
        private: Mapping[str, Private],
    ) -> float:
        """Call it so that private rows and those of the tables are exchanged after each turn.

        Parameters
        ----------
        turn
            How many examples.
        private
            The rows of a table, copies to work on, and what they were; each ``(n, dim)``. Tables
            that are missing have none.
        """
        arguments = self.built.source.arguments(packed, arrays, rates, step)
        rows = tuple(
            private[name] if name in private else (np.empty((0, 1), arrays[name].dtype),) * 3
            for name in self.built.source.parameters
        )
        return float(self._loaded["run_in_turns"](0, packed.count, *arguments, turn, rows))

    def check_ids(self, packed: Packed, ranges: Mapping[str, Interval] | None = None) -> None:
        """Raise an InputError for an id that is no place of its table: a kernel does not look.

        `ranges` says between which numbers the ids of fields are, where that is known already.
        """
        self._places.check(packed, ranges)
