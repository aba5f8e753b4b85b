"""Which values get arrays of their own, and which are seen through to whoever reads them.

A view, a look-up or a cheap scalar function is an expression in its reader: nothing is stored, and
it is computed where it is needed. Sums, and what would be computed too often otherwise, are kept.
What a costly function reads and makes is kept, too, so that it runs over whole arrays. And a table
is read before it is written: nothing is seen through from a write to rows that change.
"""

from __future__ import annotations

from collections import Counter

from tinygrad_w2v.compiler.ir.instructions import GIVEN, MOVED, WRITES, Instruction, Program
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.ir.sizes import Length, Shape

SCALARS = ("lr", "step")
SUMMED = frozenset({"reduce", "einsum"})


def squeezed(shape: Shape) -> Shape:
    """Return a shape without its axes of length 1, which need no loops.

    Examples
    --------
    >>> squeezed((1, 3, 1))
    (3,)
    """
    return tuple(n for n in shape if n != 1)


class Keeping:
    """What is kept of a program.

    Parameters
    ----------
    program : Program
    see_through : bool
        Whether anything is computed where it is read, rather than kept.

    Attributes
    ----------
    kept : set of str
        The values with arrays of their own.
    uniform : set of str
        The numbers that no array has a part in.
    """

    def __init__(self, program: Program, see_through: bool = True) -> None:
        self.program = program
        self.by_name = program.by_name()
        self.readers = program.readers()
        self.uniform = self._uniform()
        self.kept: set[str] = set()
        for step in program:  # in order: whether a value is kept depends on those before it
            computed = step.op not in GIVEN and step.op not in WRITES
            if computed and (not see_through or self._is_kept(step)):
                self.kept.add(step.name)
        self._keep_what_is_written()

    def _uniform(self) -> set[str]:
        """The numbers that no array has a part in."""
        found: set[str] = set()
        for step in self.program:
            scalar = step.op == "input" and step.name in SCALARS
            number = step.op == "size" or (step.op == "constant" and step.shape == ())
            # (Whole numbers have no double precision to be computed in.)
            scalar_map = step.op == "map" and step.shape == () and step.dtype == "float"
            computed = scalar_map and set(step.inputs) <= found
            if scalar or number or computed:
                found.add(step.name)
        return found

    def _keep_what_is_written(self) -> None:
        """A table is read before it is written: none is seen through to a write, or to the loss."""
        times = Counter(step.inputs[0] for step in self.program if step.op in WRITES)
        for step in self.program:
            if step.op not in WRITES:
                continue
            # Whatever writes each place once may read it in the same turn.
            once = step.op != "add_rows" and times[step.inputs[0]] == 1
            for name in step.inputs[1:]:
                self._keep_reads(name, name, set(times), step if once else None)
        self._keep_reads(self.program.loss, self.program.loss, set(times), None)

    def _keep_reads(
        self, name: str, root: str, written: set[str], write: Instruction | None
    ) -> None:
        """Keep the rows of written tables that `name` sees through to; else all of `root`."""
        step = self.by_name[name]
        if name in self.kept:
            return
        if step.op == "parameter" and name in written:
            if write is None or write.inputs[0] != name or write.op == "put_rows":
                self.kept.add(root)
        elif step.op == "take" and step.inputs[0] in written:
            if write is None or write.inputs[:2] != step.inputs:
                self.kept.add(name)
            self._keep_reads(step.inputs[1], step.inputs[1], written, None)
        else:
            # Behind anything but a scalar function, the place that is read is another one.
            inner = write if step.op == "map" else None
            for read in step.inputs:
                self._keep_reads(read, root, written, inner)

    def _is_kept(self, step: Instruction) -> bool:
        if any(reader.op in ("first_place", "argument") for reader in self.readers[step.name]):
            return True  # it is looked through as a whole, and what is found must be what is there
        if step.op in MOVED or step.op in ("take_along", "arange"):
            return False
        if step.op == "take":
            # Rows that are read several times are copied first, so that each is fetched once;
            # a row that is read once, and any other look-up, is just an index.
            readers = self._final_readers(step.name)
            loops = len(squeezed(step.shape))
            again = len(readers) > 1 or any(self._width(reader) > loops for reader in readers)
            return again and self.by_name[step.inputs[0]].op == "parameter"
        if step.op in SUMMED:
            return bool(self._summed_lengths(step)) or self._read_often(step)
        if step.op == "map":
            return self._read_often(step)
        return True

    def _summed_lengths(self, step: Instruction) -> list[Length]:
        if step.op == "reduce":
            shape = self.by_name[step.inputs[0]].shape
            return [shape[axis] for axis in step["axes"] if shape[axis] != 1]
        return [n for label, n in step["lengths"].items() if label not in step["out"] and n != 1]

    def _read_often(self, step: Instruction) -> bool:
        """Whether seeing through it would compute it more often than keeping it."""
        if step.name == self.program.loss:
            return False
        readers = self._final_readers(step.name)
        if step.name in self.uniform:
            return any(reader.name not in self.uniform for reader in readers)
        loops = len(squeezed(step.shape))
        wider = any(self._width(reader) > loops for reader in readers)
        if len(readers) > 1 and any(_picks(reader) for reader in readers):
            return True  # what is compared with its maximum must be the same number, bit for bit
        if loops > 1 and step.op == "map" and any(self._is_costly(r, step) for r in readers):
            return True  # so that what is costly reads whole arrays, and nothing else
        if loops > 1 and step.op == "map" and FUNCTIONS[step["function"]].costly:
            # It is computed for many elements at once, and kept, or added up on the spot.
            return not all(reader.op == "reduce" and not wider for reader in readers)
        if len(readers) < 2 and not wider:
            return False
        return loops == 0 or self._costs(step) or self._depth(step) > 2

    @staticmethod
    def _is_costly(reader: Instruction, step: Instruction) -> bool:
        same = squeezed(reader.shape) == squeezed(step.shape)
        return reader.op == "map" and same and FUNCTIONS[reader["function"]].costly

    def _costs(self, step: Instruction) -> bool:
        """Whether an element takes more than a little arithmetic."""
        if step.name in self.kept or step.op in GIVEN:
            return False
        own = FUNCTIONS[step["function"]].costly if step.op == "map" else False
        return own or any(self._costs(self.by_name[name]) for name in step.inputs)

    def _depth(self, step: Instruction) -> int:
        """How many scalar functions an element takes, those that it sees through included."""
        if step.name in self.kept or step.op in GIVEN:
            return 0
        below = max((self._depth(self.by_name[name]) for name in step.inputs), default=0)
        return below + (step.op not in MOVED)

    def _final_readers(self, name: str) -> list[Instruction]:
        """Who reads a value, views looked through."""
        found = []
        for reader in self.readers[name]:
            if reader.op in MOVED:
                found += self._final_readers(reader.name)
            else:
                found.append(reader)
        return found

    def _width(self, step: Instruction) -> int:
        """In how many loops an instruction reads its inputs."""
        own = len(squeezed(step.shape))
        if step.op in SUMMED:
            return own + len(self._summed_lengths(step))
        if step.op in WRITES:
            table = self.by_name[step.inputs[0]]
            if step.op in ("add_rows", "put_rows"):
                return len(squeezed((*self.by_name[step.inputs[1]].shape, *table.shape[1:])))
            return len(squeezed(table.shape))
        return own


def _picks(step: Instruction) -> bool:
    return step.op == "reduce" and step["function"] in ("max", "min")
