"""Materialize or inline: which values get arrays of their own, and which their readers compute.

A view, a look-up or a cheap scalar function is inlined: it is an expression in its reader, nothing
is stored, and it is computed where it is needed. Sums, and what would be computed too often
otherwise, are materialized. So is what a costly function reads and makes, so that it runs over
whole arrays. And a table is read before it is written: nothing that reads rows which change is
inlined into a write.
"""

from __future__ import annotations

from collections import Counter

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops import GIVEN, MOVED, WRITES
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.ir.sizes import Length, Shape
from tinygrad_w2v.compiler.loops.schedule import Schedule

SCALARS = ("lr", "step")
SUMMED = frozenset({"reduce", "einsum"})
BY_ROWS = frozenset({"add_rows", "put_rows"})


def squeezed(shape: Shape) -> Shape:
    """Return a shape without its axes of length 1, which need no loops.

    Examples
    --------
    >>> squeezed((1, 3, 1))
    (3,)
    """
    return tuple(n for n in shape if n != 1)


def uniform_numbers(program: Program) -> set[str]:
    """Return the numbers that depend on no array."""
    uniform: set[str] = set()
    for step in program:
        scalar = step.op == "input" and step.name in SCALARS
        number = step.op == "size" or (step.op == "constant" and step.shape == ())
        # (Whole numbers have no double precision to be computed in.)
        scalar_map = step.op == "map" and step.shape == () and step.dtype == "float"
        if scalar or number or (scalar_map and set(step.inputs) <= uniform):
            uniform.add(step.name)
    return uniform


class Materialized:
    """What is materialized of a program.

    Attributes
    ----------
    stored : set of str
        The values with arrays of their own.
    uniform : set of str
        The numbers that depend on no array.
    """

    def __init__(self, program: Program, schedule: Schedule) -> None:
        self.program, self.schedule = program, schedule
        self.by_name = program.by_name()
        self.readers = program.readers()
        self.uniform = uniform_numbers(program)
        self.stored: set[str] = set()
        for step in program:  # in order: it depends on what is stored of those before
            computed = step.op not in GIVEN and step.op not in WRITES and step.op != "scan"
            if computed and (not schedule.inline or self._is_stored(step)):
                self.stored.add(step.name)
        self._store_what_is_written()

    def _store_what_is_written(self) -> None:
        """A table is read before it is written: no read is inlined into a write, or the loss."""
        times = Counter(step.inputs[0] for step in self.program if step.op in WRITES)
        for step in self.program:
            if step.op not in WRITES:
                continue
            # Whatever writes each element once may read it in the same iteration.
            once = step.op != "add_rows" and times[step.inputs[0]] == 1
            for name in step.inputs[1:]:
                self._store_reads(name, name, set(times), step if once else None)
        self._store_reads(self.program.loss, self.program.loss, set(times), None)

    def _store_reads(
        self, name: str, root: str, written: set[str], write: Instruction | None
    ) -> None:
        """Store the rows of written tables that are inlined into `name`; else all of `root`."""
        step = self.by_name[name]
        if name in self.stored:
            return
        if step.op == "parameter" and name in written:
            if write is None or write.inputs[0] != name or write.op == "put_rows":
                self.stored.add(root)
        elif step.op == "take" and step.inputs[0] in written:
            if write is None or write.inputs[:2] != step.inputs:
                self.stored.add(name)
            self._store_reads(step.inputs[1], step.inputs[1], written, None)
        else:
            # Under anything but a scalar function, another element is read.
            inner = write if step.op == "map" else None
            for read in step.inputs:
                self._store_reads(read, root, written, inner)

    def _is_stored(self, step: Instruction) -> bool:
        if any(reader.op in ("first_place", "argument") for reader in self.readers[step.name]):
            return True  # it is searched as a whole, for the very numbers that are stored
        if step.op in MOVED or step.op in ("take_along", "arange"):
            return False
        if step.op != "take" and any(x.op == "scan" for x in self._final_readers(step.name)):
            return True  # it is computed once, not once for each step
        if step.op == "take":
            # Rows that are read several times are copied first, so that each is fetched once;
            # a row that is read once, and any other look-up, is just an index.
            readers = self._final_readers(step.name)
            again = len(readers) > 1 or self._is_wider(readers, step)
            return again and self.by_name[step.inputs[0]].op == "parameter"
        if step.op in SUMMED and self._summed_lengths(step):
            return True
        return self._is_read_often(step) if step.op in SUMMED or step.op == "map" else True

    def _summed_lengths(self, step: Instruction) -> list[Length]:
        if step.op == "reduce":
            shape = self.by_name[step.inputs[0]].shape
            return [shape[axis] for axis in step["axes"] if shape[axis] != 1]
        return [n for name, n in step["lengths"].items() if name not in step["out"] and n != 1]

    def _is_read_often(self, step: Instruction) -> bool:
        """Whether inlined it would be computed more often than stored."""
        if step.name == self.program.loss:
            return False
        readers = self._final_readers(step.name)
        if step.name in self.uniform:
            return any(reader.name not in self.uniform for reader in readers)
        loops, wider = len(squeezed(step.shape)), self._is_wider(readers, step)
        if len(readers) > 1 and any(
            reader.op == "reduce" and reader["function"] in ("max", "min") for reader in readers
        ):
            return True  # what is compared with its maximum must be the same number, bit for bit
        if loops > 1 and step.op == "map":
            if any(self._is_costly(reader, step) for reader in readers):
                return True  # so that what is costly reads whole arrays, and nothing else
            if self._is_costly(step, step):
                # It is computed for many elements at once, and stored, or added up on the spot.
                return wider or any(reader.op != "reduce" for reader in readers)
        if len(readers) < 2 and not wider:
            return False
        if wider and loops > 0 and self._chooses(step):
            return True  # a choice between values in memory keeps the innermost loop at one element
        allowed = self.schedule.inline_functions
        return loops == 0 or self._costs(step) or self._depth(step) > allowed

    @staticmethod
    def _is_costly(reader: Instruction, step: Instruction) -> bool:
        same = squeezed(reader.shape) == squeezed(step.shape)
        return reader.op == "map" and same and FUNCTIONS[reader["function"]].costly

    def _costs(self, step: Instruction) -> bool:
        """Whether an element takes more than a little arithmetic."""
        if step.name in self.stored or step.op in GIVEN:
            return False
        own = step.op == "map" and FUNCTIONS[step["function"]].costly
        return own or any(self._costs(self.by_name[name]) for name in step.inputs)

    def _chooses(self, step: Instruction) -> bool:
        """Whether an element is one inlined value or another."""
        if step.name in self.stored or step.op not in (*MOVED, "map"):
            return False
        if step.parameters.get("function") == "where":
            return True
        return any(self._chooses(self.by_name[name]) for name in step.inputs)

    def _depth(self, step: Instruction) -> int:
        """How many scalar functions an element takes, inlined ones included."""
        if step.name in self.stored or step.op in GIVEN:
            return 0
        below = max((self._depth(self.by_name[name]) for name in step.inputs), default=0)
        return below + (step.op not in MOVED)

    def _final_readers(self, name: str) -> list[Instruction]:
        """Who reads a value, directly or through views."""
        readers = []
        for reader in self.readers[name]:
            readers += self._final_readers(reader.name) if reader.op in MOVED else [reader]
        return readers

    def _is_wider(self, readers: list[Instruction], step: Instruction) -> bool:
        """Whether anyone reads it in more loops than it has axes."""
        return any(self._width(reader) > len(squeezed(step.shape)) for reader in readers)

    def _width(self, step: Instruction) -> int:
        """In how many loops an instruction reads its inputs."""
        if step.op in WRITES:
            shape = self.by_name[step.inputs[0]].shape
            if step.op == "put_at":
                shape = shape[1:]
            if step.op in BY_ROWS:
                shape = (*self.by_name[step.inputs[1]].shape, *shape[1:])
            return len(squeezed(shape))
        summed = self._summed_lengths(step) if step.op in SUMMED else []
        return len(squeezed(step.shape)) + len(summed)
